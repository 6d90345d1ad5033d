//! Rows that nothing but their values tells apart: their key is a hash of these, and the number of the copy.

use std::collections::HashMap;
use std::sync::Arc;

use super::form::bad_plan;
use crate::error::ServerError;
use crate::model::{ColumnDef, Row, TableDef};
use crate::typed::{Collation, ColumnType as T, Value, row_hash};

const ROW: &str = "_plimsoll_row";
const COPY: &str = "_plimsoll_copy";

/// Is this such a key?
pub(crate) fn is_of_row(key: &[String]) -> bool {
    key.first().is_some_and(|name| name == ROW)
}

/// The table with both columns behind its own.
pub(crate) fn with_key(definition: &TableDef) -> Arc<TableDef> {
    let mut with = definition.clone();
    with.indexes.clear();
    with.columns.push(ColumnDef::new(ROW, T::Char(32)).not_null().collate(Collation::LATIN1_BIN2));
    with.columns.push(ColumnDef::new(COPY, T::BigInt).not_null());
    Arc::new(with)
}

/// The rows with both values behind their own.
pub(crate) fn keyed(rows: impl Iterator<Item = Row>, hashed: &[usize]) -> Vec<Row> {
    let mut copies: HashMap<String, i64> = HashMap::new();
    rows.map(|row| {
        let hash = row_hash(hashed.iter().map(|at| &row[*at]));
        let hash: String = hash[..16].iter().map(|byte| format!("{byte:02X}")).collect();
        let copy = copies.entry(hash.clone()).or_default();
        *copy += 1;
        row.iter().cloned().chain([hash.into(), Value::Int(*copy)]).collect()
    })
    .collect()
}

/// The columns that are hashed.
pub(crate) fn hashed(definition: &TableDef, names: Option<Vec<String>>) -> Result<Vec<usize>, ServerError> {
    let names = names.ok_or_else(|| bad_plan("a key of the row without hashed="))?;
    let names: Vec<String> = names.into_iter().filter(|name| name != ROW && name != COPY).collect();
    if names.is_empty() {
        return Err(bad_plan("a key of the row without hashed="));
    }
    definition.places(&names).ok_or_else(|| ServerError::new(207, "Invalid column name in hashed=."))
}
