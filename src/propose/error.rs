//! Why nothing can be proposed.

use crate::model::{Blame, Dialect, in_shell, one_of};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    #[error("the database {database} has no tables and no views")]
    Empty { database: String },

    #[error("the {} {role} may not read {} in the database {database}", dialect.who_asks(), all_of(*count))]
    NoRights { dialect: Dialect, role: String, database: String, count: usize, statements: Vec<String> },

    #[error("{option} {pattern} matches no table or view")]
    NoMatch { option: &'static str, pattern: String, near: Vec<String> },

    #[error("--schema, --table and --exclude together leave no table or view")]
    AllExcluded,
}

impl ProposeError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Empty { .. } => "check the database's name at the end of the URL".to_owned(),
            Self::NoRights { statements, .. } => format!("as the tables' owner: {}", statements.join("; ")),
            Self::NoMatch { near, option, .. } if !near.is_empty() => {
                let quoted: Vec<String> = near.iter().map(|n| in_shell(n).into_owned()).collect();
                format!("did you mean {option} {}?", one_of(&quoted))
            }
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

fn all_of(count: usize) -> String {
    match count {
        1 => "the only table or view".to_owned(),
        n => format!("any of the {n} tables and views"),
    }
}
