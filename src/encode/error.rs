//! What stops a table from being encoded.

use crate::model::{Blame, TargetType};

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EncodeError {
    #[error("the key column {0} does not exist in the source")]
    NoSuchKeyColumn(String),

    #[error("the column {0}, named in the config, does not exist in the source")]
    NoSuchColumn(String),

    #[error("no key: the source has no primary key that could say which row is which")]
    NoKey,

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
            Self::NoSuchKeyColumn(_) => "mend key = […] of the table".to_owned(),
            Self::NoSuchColumn(column) => format!("remove {column} from the table's config, or mend its spelling"),
            Self::NoKey => "name a unique, non-null column with key = [\"…\"], or use capture = \"full\"".to_owned(),
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
            Self::NameCollision { second, .. } => format!("write rename = {{ {second} = \"…\" }}"),
            Self::NoColumns => "shorten exclude = […] of the table".to_owned(),
            Self::Unrepresentable { column, .. } => format!(
                "mend the value, or write columns.{column}.type = \"STRING\" or on_unrepresentable = \"quarantine\""
            ),
            Self::RowTooLong(column) => format!(
                "shorten the value, or write exclude = [\"{column}\"] or on_unrepresentable = \"quarantine\", which makes it NULL"
            ),
            Self::Malformed { .. } => "the table changed while it was read; the next tick reads it anew".to_owned(),
        }
    }
}
