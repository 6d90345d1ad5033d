//! What stops a table from being encoded.

use crate::model::{Blame, TargetType};

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EncodeError {
    #[error("the key column {column} does not exist in {table}")]
    NoSuchKeyColumn {
        table: String,
        column: String,
        /// One that is there, and may be what was meant.
        near: Option<String>,
    },

    #[error("the column {column}, named in the config, does not exist in {table}")]
    NoSuchColumn { table: String, column: String, near: Option<String> },

    #[error("no key: the {kind} {table} has no primary key that could say which row is which")]
    NoKey { table: String, kind: &'static str },

    #[error("the key column {0} is excluded")]
    KeyExcluded(String),

    #[error("the column {0} is hashed, but the rows are found by it")]
    KeyHashed(String),

    #[error("the column {column} has the type {source_type}, whose values are no {target}")]
    CannotForce { column: String, source_type: String, target: TargetType },

    #[error("cluster: BigQuery does not cluster by the column {column} ({target}), or it is named twice")]
    BadCluster { column: String, target: TargetType },

    #[error("partition: BigQuery does not partition the column {column} ({target}) so")]
    BadPartition { column: String, target: TargetType },

    #[error("the key column {column} has the type {source_type}, which BigQuery cannot compare as {target}")]
    BadKeyType { column: String, source_type: String, target: TargetType },

    #[error("the columns {first} and {second} would both be called {name} in BigQuery")]
    NameCollision { first: String, second: String, name: String },

    #[error("no column is left to publish")]
    NoColumns,

    #[error("the column {column} holds a value that {target} cannot: {reason}")]
    Unrepresentable { column: String, target: TargetType, reason: &'static str },

    #[error("a row is longer than the 100 MB of JSON that BigQuery takes; its largest column is {0}")]
    RowTooLong(String),

    #[error("PostgreSQL sent a row with {found} columns instead of {expected}")]
    Malformed { expected: usize, found: usize },
}

impl EncodeError {
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Malformed { .. })
    }

    pub fn blame(&self) -> Blame {
        match self {
            Self::Unrepresentable { .. } | Self::RowTooLong(_) | Self::Malformed { .. } => Blame::World,
            _ => Blame::Config,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::NoSuchKeyColumn { near: Some(near), .. } => format!("did you mean key = [\"{near}\"]?"),
            Self::NoSuchKeyColumn { table, near: None, .. } => format!("name columns of {table} in its key"),
            Self::NoSuchColumn { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Self::NoSuchColumn { table, column, near: None } => {
                format!("remove {column} from the config of {table}, or correct its spelling")
            }
            Self::NoKey { table, kind: "view" } => format!(
                "name columns of {table} that are unique and never null: key = [\"id\"]; where an application logs its changes, \
                 also capture = \"changelog\"; or use capture = \"full\", which needs no key"
            ),
            Self::NoKey { table, .. } => format!(
                "name columns of {table} that are unique and never null: key = [\"id\"]; or use capture = \"full\", which needs no \
                 key"
            ),
            Self::KeyExcluded(column) => format!("take {column} out of exclude"),
            Self::KeyHashed(column) => format!("take {column} out of hash; key, cursor and log_key stay readable"),
            Self::CannotForce { column, .. } => format!(
                "remove columns.{column}.type, or write \"STRING\"; docs/TYPES.md says what each type can be forced to"
            ),
            Self::BadCluster { .. } => {
                "name columns that are no FLOAT64, BYTES, TIME, JSON or arrays, each once".to_owned()
            }
            Self::BadPartition { .. } => {
                "partition by a DATE (day, month, year), DATETIME or TIMESTAMP (hour too)".to_owned()
            }
            Self::BadKeyType { column, .. } => {
                format!("write columns.{column}.type = \"STRING\", or choose another key")
            }
            Self::NameCollision { second, .. } => format!("write rename = {{ {second} = \"{second}_2\" }}"),
            Self::NoColumns => "take a column out of exclude".to_owned(),
            Self::Unrepresentable { column, .. } => format!(
                "correct the value, or write columns.{column}.type = \"STRING\" or on_unrepresentable = \"quarantine\""
            ),
            Self::RowTooLong(column) => format!(
                "shorten the value, or write exclude = [\"{column}\"] or on_unrepresentable = \"quarantine\", which makes it NULL"
            ),
            Self::Malformed { .. } => "the table changed while it was read; the next tick reads it again".to_owned(),
        }
    }
}
