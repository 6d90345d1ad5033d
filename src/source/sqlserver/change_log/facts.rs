//! What the statements over a log depend on beside its tables.

use crate::source::sqlserver::facts::Place;
use crate::source::sqlserver::{Session, SqlServerError};

/// What a server says of itself that the statements over a log depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqlServerLogFacts {
    floor: RowVersionFloor,
}

/// Whether `MIN_ACTIVE_ROWVERSION()` speaks of all who write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RowVersionFloor {
    OfAll,
    /// It knows nothing of the transactions that are open on the primary.
    OfReplica,
}

impl SqlServerLogFacts {
    /// Whether `MIN_ACTIVE_ROWVERSION()` speaks of all who write.
    pub fn trusts_versions(self) -> bool {
        self.floor == RowVersionFloor::OfAll
    }

    /// For tests of statements.
    #[cfg(test)]
    pub(crate) fn of_primary() -> Self {
        Self { floor: RowVersionFloor::OfAll }
    }
}

impl Session {
    /// Finds out what the statements over a log depend on.
    pub fn log_facts(&self) -> Result<SqlServerLogFacts, SqlServerError> {
        self.facts().refuse_torn()?;
        let floor = match self.facts().place {
            Place::Secondary => RowVersionFloor::OfReplica,
            Place::Primary => RowVersionFloor::OfAll,
        };
        Ok(SqlServerLogFacts { floor })
    }
}
