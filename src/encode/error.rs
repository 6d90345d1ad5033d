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
    NoKey {
        table: String,
        kind: &'static str,
        /// Columns that may be one.
        likely: Vec<String>,
    },

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

    #[error("{source_name} sent a row with {found} columns instead of {expected}")]
    Malformed { source_name: &'static str, expected: usize, found: usize },
}

/// Whose fault it is that a table can't be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AtFault {
    Config,
    /// A row holds what can't be stored, and the config wants the run to fail then.
    Row,
    /// It sent what it should not.
    Source,
}

impl EncodeError {
    /// Whose fault it is.
    fn fault(&self) -> AtFault {
        match self {
            Self::Malformed { .. } => AtFault::Source,
            Self::Unrepresentable { .. } | Self::RowTooLong(_) => AtFault::Row,
            Self::NoSuchKeyColumn { .. }
            | Self::NoSuchColumn { .. }
            | Self::NoKey { .. }
            | Self::KeyExcluded(_)
            | Self::KeyHashed(_)
            | Self::CannotForce { .. }
            | Self::BadCluster { .. }
            | Self::BadPartition { .. }
            | Self::BadKeyType { .. }
            | Self::NameCollision { .. }
            | Self::NoColumns { .. } => AtFault::Config,
        }
    }

    pub fn is_transient(&self) -> bool {
        self.fault() == AtFault::Source
    }

    pub fn blame(&self) -> Blame {
        match self.fault() {
            AtFault::Config => Blame::Config,
            AtFault::Row | AtFault::Source => Blame::World,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::NoSuchKeyColumn { near: Some(near), .. } => format!("did you mean key = [{}]?", toml_text(near)),
            Self::NoSuchKeyColumn { table, near: None, .. } => format!("name columns of {table} in its key"),
            Self::NoSuchColumn { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Self::NoSuchColumn { table, column, near: None } => {
                format!("remove {column} from the config of {table}, or correct its spelling")
            }
            Self::NoKey { table, kind, likely } => {
                let columns: Vec<String> = likely.iter().map(|c| toml_text(c)).collect();
                let logged = match *kind {
                    "view" => "; where an application logs its changes, also capture = \"changelog\"",
                    _ => "",
                };
                format!(
                    "name columns of {table} that are unique and never null: key = [{}]{logged}; or write capture = \"digest\" and \
                     key = \"row\", which compares rows by all that they hold; or capture = \"full\", which needs no key",
                    columns.join(", ")
                )
            }
            Self::KeyExcluded(column) => format!("take {column} out of exclude"),
            Self::KeyHashed(column) => format!("take {column} out of hash; key, cursor and log_key stay readable"),
            Self::CannotForce { column, .. } => format!(
                "remove columns.{}.type, or write \"STRING\"; docs/TYPES.md says what each type can be forced to",
                toml_key(column)
            ),
            Self::BadCluster { .. } => {
                "name columns that are no FLOAT64, BYTES, TIME, JSON or arrays, each once".to_owned()
            }
            Self::BadPartition { .. } => {
                "partition by a DATE (day, month, year), DATETIME or TIMESTAMP (hour too)".to_owned()
            }
            Self::BadKeyType { column, .. } => {
                format!(
                    "write columns.{}.type = \"STRING\"; or choose another key, or capture = \"digest\" and key = \"row\"",
                    toml_key(column)
                )
            }
            Self::NameCollision { second, name, .. } => {
                format!("write rename = {{ {} = {} }}", toml_key(second), toml_text(&format!("{name}_2")))
            }
            Self::NoColumns => {
                "take a column out of exclude; if nothing is excluded, the table has no column: leave it out".to_owned()
            }
            Self::Unrepresentable { column, .. } => format!(
                "correct the value, or write columns.{}.type = \"STRING\" or on_unrepresentable = \"quarantine\"",
                toml_key(column)
            ),
            Self::RowTooLong(column) => format!(
                "shorten the value, or write exclude = [{}] or on_unrepresentable = \"quarantine\", which makes it NULL",
                toml_text(column)
            ),
            Self::Malformed { .. } => "the table changed while it was read; the next tick reads it again".to_owned(),
        }
    }
}

/// A name as a value of the config. What JSON escapes, TOML takes.
fn toml_text(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

/// A name as a key of the config.
fn toml_key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if is_bare { name.to_owned() } else { toml_text(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_can_be_typed_whatever_the_names_are() {
        for name in ["a b", "a.b", "A-B", "say \"x\"", "größe", "tab\t", "id"] {
            let name = name.to_owned();
            let collision =
                EncodeError::NameCollision { first: "a_b".into(), second: name.clone(), name: "a_b".into() };
            let typed = collision.hint().replace("write ", "");
            let parsed: toml::Table = typed.parse().unwrap_or_else(|e| panic!("{typed}: {e}"));
            assert_eq!(parsed["rename"][&name].as_str(), Some("a_b_2"));
            let bad =
                EncodeError::BadKeyType { column: name.clone(), source_type: "x".into(), target: TargetType::Json };
            let typed = bad
                .hint()
                .replace("write ", "")
                .replace("; or choose another key, or capture = \"digest\" and key = \"row\"", "");
            let parsed: toml::Table = typed.parse().unwrap_or_else(|e| panic!("{typed}: {e}"));
            assert_eq!(parsed["columns"][&name]["type"].as_str(), Some("STRING"));
        }
    }
}
