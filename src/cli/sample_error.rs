//! Why a table can't be sampled.

use crate::model::{Blame, Dialect, in_shell, one_of};

/// Why a table can't be sampled.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum SampleError {
    #[error("the database has no table or view {typed}, or the {} may not see it", dialect.who_asks())]
    NoSuchTable { dialect: Dialect, typed: String, near: Vec<String> },

    #[error("the {} may not read {table}", dialect.who_asks())]
    Denied { dialect: Dialect, table: String, statements: Vec<String> },

    #[error("row-level security would hide rows of {table} from the {}", dialect.who_asks())]
    Hidden { dialect: Dialect, table: String, statements: Vec<String> },

    #[error("nothing can be proposed for {table}: {reason}")]
    NoSettings { table: String, reason: String },
}

impl SampleError {
    pub fn hint(&self) -> String {
        match self {
            Self::NoSuchTable { near, .. } if !near.is_empty() => {
                let names: Vec<String> = near.iter().map(|n| in_shell(n).into_owned()).collect();
                format!("did you mean --table {}?", one_of(&names))
            }
            Self::NoSuchTable { .. } => {
                "write --table schema.table; `plimsoll init --output -` lists the tables and views".to_owned()
            }
            Self::Denied { statements, .. } => format!("as the table's owner: {}", statements.join("; ")),
            Self::Hidden { dialect: Dialect::Postgres, statements, .. } => {
                format!("as a superuser: {}", statements.join(", or "))
            }
            Self::Hidden { dialect: Dialect::SqlServer, statements, .. } => {
                format!("as a member of db_owner: {}", statements.join("; "))
            }
            Self::NoSettings { .. } => "write a [[table]] for it into plimsoll.toml (docs/CONFIG.md)".to_owned(),
        }
    }

    pub fn blame(&self) -> Blame {
        match self {
            Self::NoSuchTable { .. } | Self::NoSettings { .. } => Blame::Config,
            Self::Denied { .. } | Self::Hidden { .. } => Blame::World,
        }
    }
}
