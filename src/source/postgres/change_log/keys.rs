//! The statement that collapses new entries to keys: where the key stands, and how it becomes a value of its type.

use crate::model::{Diff, KeyFormat, LogKey};
use crate::source::change_log::{Claimed, CollapsedEntry, Fetched, NewEntries};
use crate::source::column::SourceColumn;
use crate::source::keys::Spelling;
use crate::source::postgres::change_log::{DOING, action_is, diff, is_of_groups, names_no_row, since};
use crate::source::postgres::{
    PostgresError, PostgresType, Session, compared_as, ident, is_integer, literal, oid, qualified, resent,
};
use crate::source::read::Condition;

/// Rows fetched at once where each brings its diff along; with the bound on a diff, a few MiB at most.
const DIFFS_A_FETCH: usize = 256;

/// The collapsed entries of one claim, kept by the server and fetched some at a time, the keyless ones first.
pub struct KeyCursor<'a> {
    session: &'a Session,
    name: String,
    width: usize,
    diffs: Diffs,
    pub state: Fetched,
}

/// Whether each row brings a diff along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Diffs {
    Read,
    None,
}

impl Session {
    /// Has the server collapse the entries. `number` tells the cursors of one transaction apart.
    pub async fn collapse_entries(
        &self,
        number: usize,
        entries: NewEntries<'_>,
        claimed: Claimed<'_>,
        diff: Option<&Diff>,
    ) -> Result<KeyCursor<'_>, PostgresError> {
        let name = format!("plimsoll_keys_{number}");
        let query = keys_statement(entries, claimed, diff);
        self.execute(DOING, &format!("DECLARE {name} NO SCROLL CURSOR FOR {query}")).await?;
        let diffs = if diff.is_some() { Diffs::Read } else { Diffs::None };
        Ok(KeyCursor { session: self, name, width: claimed.columns.len(), diffs, state: Fetched::Some })
    }

    /// Closes every cursor over entries that was given up half-read.
    pub async fn close_cursors(&self) -> Result<(), PostgresError> {
        self.execute(DOING, "CLOSE ALL").await
    }
}

impl KeyCursor<'_> {
    /// The next rows, about as many as wanted.
    pub async fn fetch(&mut self, wanted: usize) -> Result<Vec<CollapsedEntry>, PostgresError> {
        let wanted = if self.diffs == Diffs::Read { DIFFS_A_FETCH } else { wanted };
        let rows = self.session.text_rows(DOING, &format!("FETCH FORWARD {wanted} FROM {}", self.name)).await?;
        self.state = if rows.len() < wanted { Fetched::All } else { Fetched::Some };
        Ok(rows.into_iter().map(|row| self.entry(row)).collect())
    }

    pub async fn close(&self) -> Result<(), PostgresError> {
        self.session.execute(DOING, &format!("CLOSE {}", self.name)).await
    }

    /// The row's fields: the key; whether it was sent before; whether it is missing from the entry; whether it was added; how many entries
    /// (or, where diffs are read, whether it is an update); the diff.
    fn entry(&self, mut row: Vec<Option<String>>) -> CollapsedEntry {
        let mut rest = row.split_off(self.width.min(row.len()));
        let flag = |n: usize| rest.get(n).and_then(|f| f.as_deref()) == Some("t");
        let (again, missing, added, is_update) = (flag(0), flag(1), flag(2), flag(3));
        let count = rest.get(3).and_then(|f| f.as_ref()).and_then(|t| t.parse().ok()).unwrap_or(1);
        let has_diff = self.diffs == Diffs::Read && is_update;
        let diff = has_diff.then(|| rest.split_off(4.min(rest.len())));
        CollapsedEntry { key: row, again, missing, added, count, diff }
    }
}

/// The statement behind the cursor.
pub(super) fn keys_statement(entries: NewEntries<'_>, claimed: Claimed<'_>, diff: Option<&Diff>) -> String {
    let spec = entries.spec;
    let snapshot = entries.since.position.snapshot();
    let diffs = diff.map(|d| diff::columns(entries, d));
    let doubt = snapshot.filter(|s| !s.is_quiet()).map_or_else(|| "FALSE".to_owned(), resent);
    let legs = spec.keys().enumerate().map(|(n, key)| {
        let values = (0..claimed.columns.len()).map(|i| format!("{} AS k{i}", typed(entries, claimed, key, i)));
        let mut fields: Vec<String> = values.collect();
        fields.push(format!("{doubt} AS again"));
        fields.push(format!("{} AS missing", missing(entries, claimed, key)));
        fields.push(format!("{} AS added", action_is(spec, &spec.codes.added)));
        if let Some(diffs) = &diffs {
            fields.push(format!("{} AS is_update", action_is(spec, &spec.codes.changed)));
            fields.extend(diffs.iter().enumerate().map(|(i, c)| format!("{c} AS d{i}")));
        }
        format!("SELECT {} {}", fields.join(", "), entries_with(entries, claimed, n, key))
    });
    let legs = legs.collect::<Vec<_>>().join(" UNION ALL ");
    let names: Vec<String> = (0..claimed.columns.len()).map(|i| format!("k.k{i}")).collect();
    // By text: of `A` and `a` in citext, 1.0 and 1.00 in numeric, one may have been the target's key and the other be it now.
    let texts: Vec<String> = names.iter().map(|k| format!("{k}::text")).collect();
    let spelled = texts.iter().zip(claimed.spelling).filter(|(_, s)| **s == Spelling::Counts);
    let spelled: Vec<String> = spelled.map(|(k, _)| format!("{k} COLLATE \"C\"")).collect();
    let grouped: Vec<String> = names.iter().chain(&spelled).cloned().collect();
    let unkeyed: Vec<String> = names.iter().map(|k| format!("{k} IS NULL")).collect();
    let order = format!("({}) DESC, {}", unkeyed.join(" OR "), grouped.join(", "));
    match &diffs {
        Some(diffs) => {
            let diffs: String = (0..diffs.len()).map(|i| format!(", k.d{i}")).collect();
            format!(
                "SELECT {}, k.again, k.missing, k.added, k.is_update{diffs} FROM ({legs}) AS k ORDER BY k.missing DESC, {order}",
                texts.join(", ")
            )
        }
        None => format!(
            "SELECT {}, bool_and(k.again), bool_or(k.missing), bool_or(k.added), count(*)::text FROM ({legs}) AS k GROUP BY {} \
             ORDER BY bool_or(k.missing) DESC, {order}",
            texts.join(", "),
            grouped.join(", "),
        ),
    }
}

/// The entries of a claim that name a row by the n-th of the log's keys.
fn entries_with(entries: NewEntries<'_>, claimed: Claimed<'_>, n: usize, key: &LogKey) -> String {
    let spec = entries.spec;
    let mut conditions: Vec<String> = is_of_groups(entries, claimed.groups).into_iter().collect();
    conditions.push(since(entries.table, entries.since));
    if !spec.codes.ignored.is_empty() {
        conditions.push(format!("NOT {}", action_is(spec, &spec.codes.ignored)));
    }
    // The old key is there for updates and deletes only; that an insert has none says nothing.
    match (n, &spec.old_key) {
        (0, None) => {}
        (0, Some(_)) => conditions.push(format!("({} IS NOT NULL OR {})", packed_column(key), names_no_row(spec))),
        _ => conditions.push(format!("{} IS NOT NULL", packed_column(key))),
    }
    format!("FROM {} AS t WHERE {}", qualified(&entries.table.name), conditions.join(" AND "))
}

/// No new entry that any of the claims is about names the table's row.
pub fn unnamed(claims: &[(NewEntries<'_>, Claimed<'_>)]) -> Condition {
    let each: Vec<String> = claims.iter().map(|(entries, claimed)| is_named(*entries, *claimed)).collect();
    let named = if each.is_empty() { "FALSE".to_owned() } else { format!("({})", each.join(" OR ")) };
    Condition(format!("NOT {named}"))
}

/// A condition over the table's row `t`, never NULL: a new entry names it.
fn is_named(entries: NewEntries<'_>, claimed: Claimed<'_>) -> String {
    let legs = entries.spec.keys().enumerate().map(|(n, key)| {
        let values = (0..claimed.columns.len()).map(|i| format!("{} AS k{i}", typed(entries, claimed, key, i)));
        format!("SELECT {} {}", values.collect::<Vec<_>>().join(", "), entries_with(entries, claimed, n, key))
    });
    let same = claimed.columns.iter().enumerate().map(|(i, c)| format!("k.k{i} = t.{}", ident(&c.name)));
    format!(
        "EXISTS (SELECT 1 FROM ({}) AS k WHERE {})",
        legs.collect::<Vec<_>>().join(" UNION ALL "),
        same.collect::<Vec<_>>().join(" AND ")
    )
}

/// The first column a key stands in: NULL where the entry has no key of this kind.
fn packed_column(key: &LogKey) -> String {
    let columns: Vec<String> = key.columns.iter().map(|c| format!("t.{}", ident(c))).collect();
    match columns.as_slice() {
        [one] if key.format != KeyFormat::Hstore => one.clone(),
        // Of several columns that may hold a packed key, any will do; their types differ from log to log.
        several => format!("COALESCE({})", several.iter().map(|c| format!("{c}::text")).collect::<Vec<_>>().join(", ")),
    }
}

/// A condition over the entry: it does not say one of the key's values.
fn missing(entries: NewEntries<'_>, claimed: Claimed<'_>, key: &LogKey) -> String {
    let raw = (0..claimed.columns.len()).map(|i| match key.format {
        // A text with the separator inside a value says of more values than there are.
        KeyFormat::Delimited(_) => format!("{} IS NULL", raw(entries, claimed, key, i)),
        // An array of another length is no key of this table; only NULL says nothing.
        KeyFormat::JsonArray => format!("{} IS NULL", packed_column(key)),
        _ => format!("{} IS NULL", raw(entries, claimed, key, i)),
    });
    format!("({})", raw.collect::<Vec<_>>().join(" OR "))
}

/// The key's value as the log has it.
fn raw(entries: NewEntries<'_>, claimed: Claimed<'_>, key: &LogKey, i: usize) -> String {
    let field = &claimed.fields[i];
    let column = |name: &str| format!("t.{}", ident(name));
    let first_of = |each: &dyn Fn(&str) -> String| {
        let all: Vec<String> = key.columns.iter().map(|c| each(c)).collect();
        if all.len() == 1 { all.concat() } else { format!("COALESCE({})", all.join(", ")) }
    };
    match &key.format {
        KeyFormat::Columns => column(key.columns.get(i).unwrap_or(field)),
        KeyFormat::Json => {
            first_of(&|c| format!("({}{} ->> {})", column(c), as_json(entries, c), literal(field, "text")))
        }
        KeyFormat::JsonArray => first_of(&|c| format!("({}{} ->> {i})", column(c), as_json(entries, c))),
        KeyFormat::Hstore => {
            let schema = ident(entries.facts.postgres().hstore.as_deref().unwrap_or("public"));
            first_of(&|c| format!("({} OPERATOR({schema}.->) {})", column(c), literal(field, "text")))
        }
        KeyFormat::Delimited(separator) => {
            let parts = first_of(&|c| {
                format!("pg_catalog.string_to_array({}::text, {})", column(c), literal(separator, "text"))
            });
            format!(
                "CASE WHEN pg_catalog.cardinality({parts}) = {} THEN ({parts})[{}] END",
                claimed.fields.len(),
                i + 1
            )
        }
    }
}

/// Packed JSON may be kept as text.
fn as_json(entries: NewEntries<'_>, column: &str) -> &'static str {
    let found = entries.table.relation.column(column);
    if found.is_some_and(|c| matches!(c.postgres().base_oid, oid::JSON | oid::JSONB)) { "" } else { "::json" }
}

/// The key's value with the type it is compared as; NULL where it is none of it.
fn typed(entries: NewEntries<'_>, claimed: Claimed<'_>, key: &LogKey, i: usize) -> String {
    let raw = raw(entries, claimed, key, i);
    let from = match key.format {
        KeyFormat::Columns => {
            let name = key.columns.get(i).unwrap_or(&claimed.fields[i]);
            entries.table.relation.column(name)
        }
        _ => None,
    };
    cast(&raw, from.map(SourceColumn::postgres), claimed.columns[i].postgres(), entries.facts.postgres().version)
}

const TEXTS: [u32; 4] = [18, 19, 25, 1043];
/// `pg_input_is_valid` came with PostgreSQL 16.
const TELLS_VALID_INPUT: u32 = 160_000;

/// Types whose values a cast cuts to the modifier's length without a word; storing such a value is an error.
const CUT: [u32; 4] = [oid::BPCHAR, oid::VARCHAR, oid::BIT, oid::VARBIT];

/// The value as the column would store it: rounded to `numeric(8,2)` or `timestamp(0)`; NULL where it could not, being too
/// long for `varchar(3)`.
fn cast(raw: &str, from: Option<&PostgresType>, to: &PostgresType, version: u32) -> String {
    let plain = cast_plain(raw, from, to, version);
    match to.typmod {
        -1 => plain,
        _ if CUT.contains(&to.base_oid) => {
            format!("CASE WHEN {plain} = ({plain})::{0} THEN ({plain})::{0} END", to.base_type)
        }
        _ => format!("({plain})::{}", to.base_type),
    }
}

fn cast_plain(raw: &str, from: Option<&PostgresType>, to: &PostgresType, version: u32) -> String {
    let wanted = compared_as(to);
    let to_integer = is_integer(to);
    let same = from.is_some_and(|f| f.base_oid == to.base_oid || (to_integer && is_integer(f)));
    if same || TEXTS.contains(&to.base_oid) {
        return format!("{raw}::{wanted}");
    }
    let text = format!("({raw})::text");
    let valid = if to_integer {
        // CASE keeps the order, so that no cast meets a text it can't take.
        format!(
            "CASE WHEN {text} ~ '^[+-]?[0-9]{{1,40}}$' THEN {text}::numeric \
             BETWEEN -9223372036854775808 AND 9223372036854775807 ELSE FALSE END"
        )
    } else if to.base_oid == oid::UUID {
        format!("{text} ~* '^[0-9a-f]{{8}}-?([0-9a-f]{{4}}-?){{3}}[0-9a-f]{{12}}$'")
    } else if version >= TELLS_VALID_INPUT {
        format!("pg_catalog.pg_input_is_valid({text}, {})", literal(wanted, "text"))
    } else {
        // Older servers can't be asked; a value they refuse fails the table with the server's own error.
        return format!("{text}::{wanted}");
    };
    format!("CASE WHEN {valid} THEN {text}::{wanted} END")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(base_oid: u32, base_name: &str) -> PostgresType {
        PostgresType {
            base_oid,
            base_name: base_name.to_owned(),
            base_type: base_name.to_owned(),
            ..PostgresType::default()
        }
    }

    #[test]
    fn a_number_needs_no_test_and_a_text_does() {
        let integer = column(23, "integer");
        assert_eq!(cast("t.\"object_id\"", Some(&integer), &integer, 150_000), "t.\"object_id\"::int8");
        let tested = cast("t.\"object_id\"", Some(&column(25, "text")), &integer, 150_000);
        assert!(tested.starts_with("CASE WHEN CASE WHEN (t.\"object_id\")::text ~"), "{tested}");
        assert!(tested.ends_with("THEN (t.\"object_id\")::text::int8 END"), "{tested}");
        let date = column(1082, "date");
        assert_eq!(cast("x", None, &date, 150_000), "(x)::text::date");
        assert!(cast("x", None, &date, 160_000).contains("pg_input_is_valid"));
    }
}
