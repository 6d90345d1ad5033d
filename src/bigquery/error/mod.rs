//! What goes wrong between us and BigQuery, by what follows from it: a new error is put where it belongs, and needs no more.
//!
//! | kind | passes by itself | whose it is |
//! | --- | --- | --- |
//! | [`Transient`] | yes | everybody's |
//! | [`Overtaken`] | yes: the next tick does something else | one table's |
//! | [`TableFault`] | no | one table's |
//! | [`ApiRefusal`] | no | one table's if another table did not meet it |
//! | [`ProjectFault`] | no | everybody's |

mod project;
mod refusal;
mod table;
mod transient;

pub use project::{ProjectFault, SaidBy};
pub use refusal::ApiRefusal;
pub use table::{Obstacle, TableFault};
pub use transient::{Overtaken, Transient};

use crate::emulator::NotAnAddress;
use crate::failpoint::Injected;
use crate::model::Blame;

/// What goes wrong between us and BigQuery.
#[derive(Debug, thiserror::Error)]
pub enum BigQueryError {
    #[error(transparent)]
    Transient(#[from] Transient),
    #[error(transparent)]
    Overtaken(#[from] Overtaken),
    #[error(transparent)]
    Table(#[from] TableFault),
    #[error(transparent)]
    Refused(#[from] ApiRefusal),
    #[error(transparent)]
    Project(#[from] ProjectFault),
}

impl From<Injected> for BigQueryError {
    fn from(injected: Injected) -> Self {
        Self::unavailable("reach", "the service", injected.to_string())
    }
}

impl From<NotAnAddress> for BigQueryError {
    fn from(e: NotAnAddress) -> Self {
        ProjectFault::Emulator(e).into()
    }
}

impl BigQueryError {
    pub(super) fn unavailable(doing: &'static str, what: impl Into<String>, reason: impl Into<String>) -> Self {
        Transient::Unavailable { doing, what: what.into(), reason: reason.into() }.into()
    }

    pub(super) fn rejected(doing: &'static str, what: impl Into<String>, reason: impl Into<String>) -> Self {
        ApiRefusal::Rejected { doing, what: what.into(), reason: reason.into() }.into()
    }

    pub(super) fn not_found(what: impl Into<String>) -> Self {
        ApiRefusal::NotFound { what: what.into() }.into()
    }

    pub(super) fn credentials(reason: impl Into<String>) -> Self {
        ProjectFault::Credentials(reason.into()).into()
    }

    /// Whether the same may succeed later without anybody's help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Transient(_) | Self::Overtaken(_) => true,
            Self::Table(_) | Self::Refused(_) | Self::Project(_) => false,
        }
    }

    /// Whether the fault can only be one table's.
    pub fn is_of_one_table(&self) -> bool {
        match self {
            Self::Overtaken(_) | Self::Table(_) => true,
            Self::Transient(_) | Self::Refused(_) | Self::Project(_) => false,
        }
    }

    /// Whether the fault is one table's if another table did not meet it: rights can be those of a table or of everything.
    pub fn may_be_of_one_table(&self) -> bool {
        match self {
            Self::Overtaken(_) | Self::Table(_) | Self::Refused(_) => true,
            Self::Transient(_) | Self::Project(_) => false,
        }
    }

    /// Whether the config has to change, or the world outside.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Project(e) => e.blame(),
            Self::Transient(_) | Self::Overtaken(_) | Self::Table(_) | Self::Refused(_) => Blame::World,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Transient(e) => e.hint(),
            Self::Overtaken(e) => e.hint(),
            Self::Table(e) => e.hint(),
            Self::Refused(e) => e.hint(),
            Self::Project(e) => e.hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_from_an_error_is_in_its_kind() {
        let follows = |e: BigQueryError| {
            (e.is_transient(), e.is_of_one_table(), e.may_be_of_one_table(), e.blame() == Blame::Config)
        };
        assert_eq!(follows(BigQueryError::unavailable("read", "x", "")), (true, false, false, false));
        assert_eq!(follows(Overtaken::TargetGone("t".into()).into()), (true, true, true, false));
        assert_eq!(follows(TableFault::Foreign("t".into()).into()), (false, true, true, false));
        assert_eq!(follows(BigQueryError::not_found("x")), (false, false, true, false));
        assert_eq!(follows(ProjectFault::Quota("m".into()).into()), (false, false, false, false));
    }
}
