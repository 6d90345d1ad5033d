//! `_CHANGE_TYPE`, and a change.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::number::SequenceNumber;

/// What is said of a value that is no change type. The service says "in insert mode" where the stream takes no changes at all.
pub const NOT_A_CHANGE_TYPE: &str = "The given value is not a valid CHANGE_TYPE";

/// What a change does to its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeType {
    /// The row is put in the place of whatever the key had.
    Upsert,
    /// The key goes.
    Delete,
}

impl ChangeType {
    /// Reads a change type; nothing but the two words in upper case is one.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "UPSERT" => Some(Self::Upsert),
            "DELETE" => Some(Self::Delete),
            _ => None,
        }
    }
}

/// A row as its column's values in the REST API's JSON, without those that are NULL.
pub type Row = Map<String, Value>;

/// A key: the values of its columns, in the key's order, as one JSON text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub String);

impl Key {
    /// The key of a row; `None` if a column of it is NULL.
    pub fn of(row: &Row, columns: &[String]) -> Option<Self> {
        let values: Option<Vec<&Value>> = columns.iter().map(|column| row.get(column)).collect();
        values.map(|values| Self(serde_json::json!(values).to_string()))
    }
}

/// A change of one key.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its key.
    pub key: Key,
    /// What it does.
    pub kind: ChangeType,
    /// Its number, if it has one.
    pub number: Option<SequenceNumber>,
    /// The row that was sent. The log, the winner and the readers share it.
    pub row: Arc<Row>,
}
