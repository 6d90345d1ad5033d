//! One look over the new entries: of which types are there any, and do all of them name a row?

use super::{DOING, action_is, as_number, names_no_row, since, type_columns};
use crate::source::change_log::{EntryCounts, LogQuery, NewEntries};
use crate::source::sqlserver::plan::{LogReading, Plan};
use crate::source::sqlserver::sql::{ident, qualified};
use crate::source::sqlserver::{Session, SqlServerError};

/// The statement; an empty tick asks nothing else of the log.
pub fn counts_statement(entries: NewEntries<'_>) -> String {
    let spec = entries.spec;
    let types = type_columns(spec);
    let (conditions, since) = since::new(entries);
    let ignored = action_is(spec, &spec.codes.ignored);
    let nameless = action_is(spec, &spec.codes.truncated).into_iter().chain(names_no_row(spec));
    let nameless: Vec<String> = nameless.collect();
    let nameless = (!nameless.is_empty()).then(|| format!("({})", nameless.join(" OR ")));
    let nameless = match (as_number(nameless.as_deref()), as_number(ignored.as_deref())) {
        (nameless, ignored) if ignored == "0" => nameless,
        (nameless, ignored) => format!("CASE WHEN {ignored} = 0 THEN {nameless} ELSE 0 END"),
    };
    // A group that is told by nothing is there also where no entry is.
    let selected: String = types.iter().map(|column| format!("{column}, ")).collect();
    let grouped = if types.is_empty() { String::new() } else { format!(" GROUP BY {}", types.join(", ")) };
    let condition = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    let sql = format!(
        "SELECT {selected}COUNT_BIG(*) AS entries, COALESCE(SUM(CAST({} AS bigint)), 0) AS ignored, COALESCE(SUM(CAST({nameless} AS bigint)), 0) AS nameless \
         FROM {} AS t{condition}{grouped} OPTION (RECOMPILE)",
        as_number(ignored.as_deref()),
        qualified(&entries.table.name)
    );
    Plan::LogCounts(reading(entries, &since)).statement(&sql)
}

/// What the comment of a statement says of the entries it is about.
pub(super) fn reading<'a>(entries: NewEntries<'a>, since: &'a [String]) -> LogReading<'a> {
    let spec = entries.spec;
    LogReading {
        table: &entries.table.name,
        types: spec.types.columns(),
        key: spec.key.columns.iter().map(String::as_str).collect(),
        old: spec.old_key.iter().flat_map(|key| &key.columns).map(String::as_str).collect(),
        action: spec.action.as_deref(),
        added: &spec.codes.added,
        ignored: &spec.codes.ignored,
        truncated: &spec.codes.truncated,
        since,
    }
}

impl Session {
    /// Counts the new entries by type.
    pub async fn count_entries(&self, entries: NewEntries<'_>) -> Result<Vec<EntryCounts>, SqlServerError> {
        self.facts().refuse_torn()?;
        let rows = self.text_rows(DOING, &counts_statement(entries)).await?;
        let width = entries.spec.types.columns().len();
        let counts = rows.into_iter().map(|row| {
            let number = |n: usize| row.get(n)?.as_deref()?.parse().ok();
            let text = |n: usize| row.get(n).cloned().flatten().filter(|_| n < width);
            Some(EntryCounts {
                group: [text(0), text(1)],
                count: number(width)?,
                ignored: number(width + 1)?,
                nameless: number(width + 2)?,
            })
        });
        let counts: Option<Vec<EntryCounts>> = counts.collect();
        let counts = counts.ok_or_else(|| SqlServerError::unexpected(DOING))?;
        Ok(counts.into_iter().filter(|c| c.count > 0).collect())
    }

    /// Nobody guesses how many entries are new without the right to see a plan.
    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn estimate_log(&self, _: LogQuery<'_>) -> Result<u64, SqlServerError> {
        Ok(0)
    }

    /// Has the server look at the rights to the columns, without reading an entry.
    pub async fn try_log(&self, query: LogQuery<'_>) -> Result<(), SqlServerError> {
        self.execute(DOING, &try_statement(query)).await
    }
}

/// The statement that reads none of the entries.
pub(in crate::source::sqlserver) fn try_statement(query: LogQuery<'_>) -> String {
    let entries = query.entries();
    let mut columns: Vec<&str> = vec![&entries.spec.id];
    let own = entries.spec.keys().flat_map(|key| &key.columns).map(String::as_str);
    let single = entries.spec.at.iter().chain(&entries.spec.action).map(String::as_str);
    let fields = match query {
        LogQuery::Keys { claimed, .. } if entries.spec.key.columns.is_empty() => claimed.fields,
        _ => &[],
    };
    for column in single.chain(own).chain(entries.spec.types.columns()).chain(fields.iter().map(String::as_str)) {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    let selected: Vec<String> = columns.iter().map(|c| format!("t.{}", ident(c))).collect();
    let sql = format!("SELECT TOP (0) {} FROM {} AS t", selected.join(", "), qualified(&entries.table.name));
    Plan::LogTry { table: &entries.table.name, columns: &columns }.statement(&sql)
}
