//! What makes a capture impossible for a table.

use crate::model::Blame;
use crate::source::SourceError;

#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    #[error(transparent)]
    Source(#[from] SourceError),

    #[error("the cursor column {0} does not exist in the source")]
    NoSuchCursor(String),

    #[error("the cursor column {column} has the type {type_name}, which has no order that grows with every change")]
    NotOrdered { column: String, type_name: String },

    #[error("lag = {lag} does not fit the cursor column {column} of type {type_name}")]
    WrongLag { lag: &'static str, column: String, type_name: String },

    #[error("the rows of a {0} do not say which transaction wrote them")]
    NoTransactionIds(&'static str),
}

impl CaptureError {
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Source(e) if e.is_transient())
    }

    pub fn blame(&self) -> Blame {
        match self {
            Self::Source(e) => e.blame(),
            _ => Blame::Config,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Source(e) => e.hint(),
            Self::NoSuchCursor(_) => "mend cursor = \"…\" of the table".to_owned(),
            Self::NotOrdered { .. } => {
                "name an integer, date or timestamp column that every write sets, or use capture = \"xmin\"".to_owned()
            }
            Self::WrongLag { .. } => {
                "a whole number for an integer cursor, a duration such as \"10m\" for a date or timestamp".to_owned()
            }
            Self::NoTransactionIds(_) => {
                "use capture = \"cursor\" with a cursor column, or capture = \"full\"".to_owned()
            }
        }
    }
}
