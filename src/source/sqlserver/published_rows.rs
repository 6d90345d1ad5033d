//! What stands behind `FROM`: the table itself, or its rows with a key that is made of what they hold.

use super::filter::filter;
use super::row_bytes::{hash, row_bytes};
use super::row_key::{COLLATION, HASH_TYPE};
use super::sql::{ident, qualified};
use crate::model::TableKey;
use crate::source::read::Table;

/// The rows of a table, called `t`; [`published`] says which of them are published.
pub(super) fn rows_of(table: Table<'_>) -> String {
    match table.spec.key {
        TableKey::Primary | TableKey::Columns(_) => format!("{} AS t", qualified(&table.spec.source)),
        TableKey::Row => with_row_key(table),
    }
}

/// The condition over the row `t` for what the config lets through. Copies are counted among those rows alone, so under
/// [`TableKey::Row`] the others are left out already.
pub(super) fn published(table: Table<'_>) -> Option<String> {
    match table.spec.key {
        TableKey::Primary | TableKey::Columns(_) => filter(table.spec),
        TableKey::Row => None,
    }
}

/// The row's hash in hexadecimal. Which of two equal rows is the first does not matter.
fn with_row_key(table: Table<'_>) -> String {
    let [row, copy] = TableKey::ROW_COLUMNS.map(ident);
    let columns = table.hashed_columns();
    let names: Vec<String> = columns.iter().map(|c| format!("t.{}", ident(&c.source))).collect();
    let condition = filter(table.spec).map_or_else(String::new, |f| format!(" WHERE {f}"));
    format!(
        "(SELECT t.*, ROW_NUMBER() OVER (PARTITION BY t.{row} ORDER BY t.{row}) AS {copy} FROM \
         (SELECT {}, CONVERT({HASH_TYPE}, SUBSTRING({}, 1, 16), 2) COLLATE {COLLATION} AS {row} FROM {} AS t{condition}) AS t) AS t",
        names.join(", "),
        hash(&row_bytes(table.relation, columns)),
        qualified(&table.spec.source)
    )
}
