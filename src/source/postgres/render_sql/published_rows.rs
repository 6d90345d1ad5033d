//! What stands behind `FROM`: the table itself, or its rows with a key that is made of what they hold.

use super::filter::filter;
use super::row_bytes::row_bytes;
use crate::model::TableKey;
use crate::source::postgres::{ident, qualified};
use crate::source::read::Table;

/// The seeds of the two halves of a row's hash.
const SEEDS: [u32; 2] = [0, 1];

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

/// Both halves of the hash of an array.
pub(super) fn lanes(of: &str) -> [String; 2] {
    SEEDS.map(|seed| format!("pg_catalog.hash_array_extended({of}, {seed})"))
}

/// A condition on the hash goes through to before the copies are counted: the server knows that they are counted by hash. `OFFSET` keeps it
/// from making the bytes again wherever they are named.
fn with_row_key(table: Table<'_>) -> String {
    let [hash, copy] = TableKey::ROW_COLUMNS.map(ident);
    let columns = table.hashed_columns();
    let values: Vec<String> = columns.iter().map(|c| format!("t.{}", ident(&c.source))).collect();
    let names = values.join(", ");
    let bytes = row_bytes(table.relation, columns);
    let condition = filter(table.spec).map_or_else(String::new, |f| format!(" WHERE {f}"));
    let halves = lanes("t._plimsoll_bytes").map(|l| format!("pg_catalog.lpad(pg_catalog.to_hex({l}), 16, '0')"));
    format!(
        "(SELECT t.*, pg_catalog.row_number() OVER (PARTITION BY t.{hash}) AS {copy} FROM \
         (SELECT {names}, ({}) COLLATE \"C\" AS {hash} FROM \
         (SELECT {names}, {bytes} AS _plimsoll_bytes FROM {} AS t{condition} OFFSET 0) AS t) AS t) AS t",
        halves.join(" || "),
        qualified(&table.spec.source)
    )
}
