//! Why nothing can be proposed.

use crate::model::{Blame, in_shell};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    #[error("the database {database} has no tables and no views")]
    Empty { database: String },

    #[error("the role {role} may read none of the {count} tables and views in the database {database}")]
    NoRights { role: String, database: String, count: usize, statements: Vec<String> },

    #[error("{option} {pattern} matches no table or view")]
    NoMatch { option: &'static str, pattern: String, near: Option<String> },

    #[error("--schema, --table and --exclude together leave no table or view")]
    AllExcluded,
}

impl ProposeError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Empty { .. } => "check the database's name at the end of the URL".to_owned(),
            Self::NoRights { statements, .. } => format!("as the tables' owner: {}", statements.join("; ")),
            Self::NoMatch { near: Some(near), option, .. } => format!("did you mean {option} {}?", in_shell(near)),
            Self::NoMatch { option: "--schema", .. } => {
                "write a schema's name, or a pattern with * and ? in it: --schema 'app*'".to_owned()
            }
            Self::NoMatch { option, .. } => {
                format!("write schema.table, a table's name, or a pattern with * and ? in it: {option} 'app.*'")
            }
            Self::AllExcluded => "leave one of them out".to_owned(),
        }
    }

    pub fn blame(&self) -> Blame {
        match self {
            Self::Empty { .. } | Self::NoRights { .. } => Blame::World,
            Self::NoMatch { .. } | Self::AllExcluded => Blame::Config,
        }
    }
}
