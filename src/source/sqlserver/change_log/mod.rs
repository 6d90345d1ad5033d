//! A change log in SQL Server: the statements that look through its entries and read their keys.
//!
//! Keys are collapsed in a temporary table of the session, for only one answer can be read at a time. Each spelling of a text is a key of
//! its own there: the rows are found by the table's collation and come in their own spelling, and of a row that is gone every spelling that
//! was logged is deleted.

mod content_types;
mod counts;
mod ends;
mod facts;
mod keys;
mod since;
mod typed;

pub use counts::counts_statement;
pub use facts::SqlServerLogFacts;
pub use keys::{KeyCursor, keys_statement};

#[cfg(test)]
pub(super) use content_types::types_statement;
#[cfg(test)]
pub(super) use counts::try_statement;
#[cfg(test)]
pub(super) use ends::{ends_statement, gaps_statement};
#[cfg(test)]
pub(super) use keys::{close_statement, fetch_statement, forms};

use super::sql::{ident, literal};
use crate::model::LogSpec;
use crate::source::change_log::{Group, LogQuery};

const DOING: &str = "reading the change log";

/// The statement that asks a log.
pub fn log_statement(query: LogQuery<'_>) -> String {
    match query {
        LogQuery::Counts(entries) => counts_statement(entries),
        // No diff is read: the catalog can't tell what it would prove.
        LogQuery::Keys { entries, claimed, diff: _ } => keys_statement(0, entries, claimed),
    }
}

/// A text that is compared as it is written, but for blanks at its end: a column of fixed length has them.
fn plain_text(column: &str) -> String {
    format!("RTRIM(CAST(t.{} AS nvarchar(4000))) COLLATE Latin1_General_100_BIN2", ident(column))
}

/// The columns that say the type.
fn type_columns(spec: &LogSpec) -> Vec<String> {
    spec.types.columns().into_iter().map(plain_text).collect()
}

/// A condition for the entries `t` of any of the groups; `None` for all there are.
fn is_of_groups(spec: &LogSpec, groups: &[Group]) -> Option<String> {
    let columns = type_columns(spec);
    if columns.is_empty() {
        return None;
    }
    let is_one = |group: &Group| -> String {
        let each = columns
            .iter()
            .zip(group)
            .filter_map(|(column, value)| value.as_ref().map(|value| format!("{column} = {}", literal(value))));
        each.collect::<Vec<_>>().join(" AND ")
    };
    let any: Vec<String> = groups.iter().map(is_one).collect();
    Some(if any.len() == 1 { any.concat() } else { format!("(({}))", any.join(") OR (")) })
}

/// A condition over the entry `t`: its action is one of these codes; `None` where none is.
fn action_is(spec: &LogSpec, codes: &[String]) -> Option<String> {
    let action = spec.action.as_ref().filter(|_| !codes.is_empty())?;
    let list: Vec<String> = codes.iter().map(|c| literal(c)).collect();
    Some(format!("{} IN ({})", plain_text(action), list.join(", ")))
}

/// 1 where a condition over the entry `t` holds, else 0, also where it is NULL.
fn as_number(condition: Option<&str>) -> String {
    condition.map_or_else(|| "0".to_owned(), |c| format!("CASE WHEN {c} THEN 1 ELSE 0 END"))
}

/// A condition over the entry `t`: it holds no key at all; `None` where the log has no columns for keys of its own.
fn names_no_row(spec: &LogSpec) -> Option<String> {
    let columns: Vec<String> =
        spec.keys().flat_map(|k| &k.columns).map(|c| format!("t.{} IS NULL", ident(c))).collect();
    (!columns.is_empty()).then(|| format!("({})", columns.join(" AND ")))
}
