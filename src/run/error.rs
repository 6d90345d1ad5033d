//! Why a run did not reach its commit.

use crate::bigquery::BigQueryError;
use crate::capture::CaptureError;
use crate::encode::EncodeError;
use crate::model::Blame;
use crate::source::SourceError;
use crate::stage::StageError;
use crate::state::StateError;
use crate::storage::StorageError;

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Capture(#[from] CaptureError),
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error(transparent)]
    Stage(#[from] StageError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    BigQuery(#[from] BigQueryError),
    #[error("the run's budget of {0:?} is used up")]
    OutOfTime(std::time::Duration),
    #[error("the process is shutting down")]
    Stopping,
}

macro_rules! each {
    ($self:ident, $inner:ident => $call:expr, $out_of_time:expr, $stopping:expr) => {
        match $self {
            RunError::Source($inner) => $call,
            RunError::Capture($inner) => $call,
            RunError::Encode($inner) => $call,
            RunError::Stage($inner) => $call,
            RunError::Storage($inner) => $call,
            RunError::State($inner) => $call,
            RunError::BigQuery($inner) => $call,
            RunError::OutOfTime(_) => $out_of_time,
            RunError::Stopping => $stopping,
        }
    };
}

impl RunError {
    pub fn blame(&self) -> Blame {
        each!(self, e => e.blame(), Blame::World, Blame::World)
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        each!(
            self,
            e => e.hint(),
            "raise [run] budget, or split the work with every = \"…\"; the next tick starts over".to_owned(),
            "the next tick goes on".to_owned()
        )
    }

    /// Another run is at work on the feed: no failure at all.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::State(StateError::Lost(_)))
    }
}
