//! A change log in PostgreSQL: the statements that look through its entries and read their keys.

mod content_types;
mod diff;
mod ends;
mod facts;
mod keys;
mod query;
mod scan;

pub use facts::PostgresLogFacts;
pub use keys::{KeyCursor, unnamed};
pub use query::log_statement;

use crate::model::{LogSpec, TypeColumn};
use crate::source::change_log::{EntryTable, Group, LogPlace, NewEntries};
use crate::source::postgres::render_sql::above_floor;
use crate::source::postgres::{changed_since, ident, literal};

const DOING: &str = "reading the change log";

/// A condition over the entry `t`: written since.
fn since(table: &EntryTable, place: &LogPlace) -> String {
    let floor = table.ids.as_ref().zip(place.ids.as_ref()).and_then(|(ids, mark)| above_floor(ids, mark));
    // A position of another kind of source tells of no entry.
    let rule = place.position.snapshot().map_or_else(|| "TRUE".to_owned(), changed_since);
    floor.into_iter().chain([rule]).collect::<Vec<_>>().join(" AND ")
}

/// The columns that say the type, as the scan and the conditions name them.
fn type_columns(spec: &LogSpec) -> Vec<String> {
    spec.types.columns().into_iter().map(|c| format!("t.{}", ident(c))).collect()
}

/// A condition for the entries `t` of any of the groups; `None` for all there are.
fn is_of_groups(entries: NewEntries<'_>, groups: &[Group]) -> Option<String> {
    let columns = type_columns(entries.spec);
    if columns.is_empty() {
        return None;
    }
    let is_one = |group: &Group| -> String {
        let each = columns.iter().zip(group).filter_map(|(column, value)| {
            value.as_ref().map(|v| match &entries.spec.types {
                // Of whatever type the reference is.
                TypeColumn::ContentType { .. } => format!("{column} = '{}'", v.replace('\'', "''")),
                _ => format!("{column}::text = {}", literal(v, "text")),
            })
        });
        each.collect::<Vec<_>>().join(" AND ")
    };
    let any: Vec<String> = groups.iter().map(is_one).collect();
    Some(if any.len() == 1 { any.concat() } else { format!("(({}))", any.join(") OR (")) })
}

/// A condition that is never NULL: the entry's action is one of these codes.
fn action_is(spec: &LogSpec, codes: &[String]) -> String {
    match &spec.action {
        Some(action) if !codes.is_empty() => {
            let list: Vec<String> = codes.iter().map(|c| literal(c, "text")).collect();
            format!("COALESCE(t.{}::text IN ({}), FALSE)", ident(action), list.join(", "))
        }
        _ => "FALSE".to_owned(),
    }
}

/// A condition over the entry `t`: it holds no key at all.
fn names_no_row(spec: &LogSpec) -> String {
    let columns: Vec<String> =
        spec.keys().flat_map(|k| &k.columns).map(|c| format!("t.{} IS NULL", ident(c))).collect();
    if columns.is_empty() { "FALSE".to_owned() } else { format!("({})", columns.join(" AND ")) }
}
