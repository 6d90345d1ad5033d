//! One look over the new entries: of which types are there any, and do all of them name a row?

use crate::source::change_log::{EntryCounts, NewEntries};
use crate::source::postgres::change_log::{DOING, action_is, names_no_row, since, type_columns};
use crate::source::postgres::{PostgresError, Session, qualified};

/// The statement; an empty tick asks nothing else of the log.
pub(super) fn scan_statement(entries: NewEntries<'_>) -> String {
    let spec = entries.spec;
    let mut types: Vec<String> = type_columns(spec).iter().map(|c| format!("{c}::text")).collect();
    types.resize(2, "NULL::text".to_owned());
    let ignored = action_is(spec, &spec.codes.ignored);
    let truncated = action_is(spec, &spec.codes.truncated);
    format!(
        "SELECT {}, count(*)::text, (count(*) FILTER (WHERE {ignored}))::text, \
         (count(*) FILTER (WHERE NOT {ignored} AND ({truncated} OR {})))::text \
         FROM {} AS t WHERE {} GROUP BY 1, 2",
        types.join(", "),
        names_no_row(spec),
        qualified(&entries.table.name),
        since(entries.table, entries.since),
    )
}

impl Session {
    /// Counts the new entries by type.
    pub async fn count_entries(&self, entries: NewEntries<'_>) -> Result<Vec<EntryCounts>, PostgresError> {
        let rows = self.text_rows(DOING, &scan_statement(entries)).await?;
        let number = |f: &Option<String>| f.as_ref().and_then(|t| t.parse().ok()).unwrap_or(0);
        let types = rows.iter().filter_map(|row| match row.as_slice() {
            [a, b, count, ignored, nameless] => Some(EntryCounts {
                group: [a.clone(), b.clone()],
                count: number(count),
                ignored: number(ignored),
                nameless: number(nameless),
            }),
            _ => None,
        });
        Ok(types.collect())
    }
}
