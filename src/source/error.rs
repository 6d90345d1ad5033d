//! What goes wrong between us and a source.

use super::postgres::{ConnectFault, PostgresError};
use super::sqlserver::SqlServerError;
use crate::model::Blame;

/// An error of a source. What follows from it is asked here, whatever the kind.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SourceError {
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    #[error(transparent)]
    SqlServer(#[from] SqlServerError),
}

impl SourceError {
    /// Nobody answered at an address, or not in time.
    pub fn unreachable(address: String, reason: String) -> Self {
        PostgresError::Connect { address, reason, kind: ConnectFault::Unreachable }.into()
    }

    /// Whether the same run may succeed later without anybody's help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Postgres(e) => e.is_transient(),
            Self::SqlServer(e) => e.is_transient(),
        }
    }

    /// Whether the server has ended the statement for the sake of other transactions.
    pub fn is_lost_conflict(&self) -> bool {
        match self {
            Self::Postgres(e) => e.is_lost_conflict(),
            Self::SqlServer(e) => e.is_lost_conflict(),
        }
    }

    /// Whether what is in the way is one table's alone: it is locked, takes too long, or was just rewritten.
    pub fn is_of_one_table(&self) -> bool {
        match self {
            Self::Postgres(e) => e.is_of_one_table(),
            Self::SqlServer(e) => e.is_of_one_table(),
        }
    }

    /// Whether the role has no right to what it asked for.
    pub fn is_denied(&self) -> bool {
        match self {
            Self::Postgres(e) => e.is_denied(),
            Self::SqlServer(e) => e.is_denied(),
        }
    }

    /// Whether what lacks a right is a function, which the message names.
    pub fn is_of_a_function(&self) -> bool {
        match self {
            Self::Postgres(e) => e.is_of_a_function(),
            // What is asked of functions takes no right of its own.
            Self::SqlServer(_) => false,
        }
    }

    /// Whether a rule hides rows from the role, so that reading was refused.
    pub fn hides_rows(&self) -> bool {
        match self {
            Self::Postgres(e) => matches!(e, PostgresError::Hidden { .. }),
            Self::SqlServer(e) => e.hides_rows(),
        }
    }

    /// What the source says of the text of a statement, where that is at fault: its syntax, a name or a type that does not fit.
    pub fn fault_of_the_text(&self) -> Option<&str> {
        match self {
            Self::Postgres(e) => e.fault_of_the_text(),
            Self::SqlServer(e) => e.fault_of_the_text(),
        }
    }

    /// Whether a value can't be read as the type it is to be of.
    pub fn is_of_a_value(&self) -> bool {
        match self {
            Self::Postgres(e) => e.is_of_a_value(),
            Self::SqlServer(e) => e.is_of_a_value(),
        }
    }

    pub fn blame(&self) -> Blame {
        match self {
            Self::Postgres(e) => e.blame(),
            Self::SqlServer(e) => e.blame(),
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Postgres(e) => e.hint(),
            Self::SqlServer(e) => e.hint(),
        }
    }
}
