//! Why a run did not reach its commit.

use super::order::Mode;
use crate::bigquery::BigQueryError;
use crate::capture::CaptureError;
use crate::encode::EncodeError;
use crate::failpoint::Injected;
use crate::model::figures::count;
use crate::model::{Blame, in_shell};
use crate::pubsub_topic::TopicError;
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
    #[error(transparent)]
    Topic(#[from] TopicError),
    #[error(
        "the run would delete {} of the {} rows of {target}: more than max_delete_fraction = {fraction} allows",
        count(*deletes),
        count(*before)
    )]
    TooManyDeletes { target: String, mode: Mode, deletes: u64, before: u64, fraction: f64 },
    #[error("the run's budget of {} is used up", humantime::format_duration(*.0))]
    OutOfTime(std::time::Duration),
    #[error("the process is shutting down")]
    Stopping,
}

macro_rules! each {
    ($self:ident, $inner:ident => $call:expr, $too_many:expr, $out_of_time:expr, $stopping:expr) => {
        match $self {
            RunError::Source($inner) => $call,
            RunError::Capture($inner) => $call,
            RunError::Encode($inner) => $call,
            RunError::Stage($inner) => $call,
            RunError::Storage($inner) => $call,
            RunError::State($inner) => $call,
            RunError::BigQuery($inner) => $call,
            RunError::Topic($inner) => $call,
            RunError::TooManyDeletes { .. } => $too_many,
            RunError::OutOfTime(_) => $out_of_time,
            RunError::Stopping => $stopping,
        }
    };
}

/// A fault that a test asked for, of a step that is no single service's.
impl From<Injected> for RunError {
    fn from(injected: Injected) -> Self {
        Self::State(injected.into())
    }
}

impl RunError {
    pub fn blame(&self) -> Blame {
        each!(self, e => e.blame(), Blame::World, Blame::World, Blame::World)
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        each!(
            self,
            e => e.hint(),
            match self {
                // A run that looks for less would not find them.
                Self::TooManyDeletes { target, mode, .. } => format!(
                    "look at the source; if the rows are meant to go, `plimsoll run{} --allow-deletes --table {}` lets one run pass, \
                     or raise the table's max_delete_fraction",
                    if *mode == Mode::Full { " --full" } else { "" },
                    in_shell(target)
                ),
                _ => String::new(),
            },
            "raise [run] budget, or split the work with every = \"1h\"; what was not sealed yet starts over with the next tick".to_owned(),
            "the next tick goes on".to_owned()
        )
    }

    /// Whether the same run may succeed later without anybody's help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Source(e) => e.is_transient(),
            Self::Capture(e) => e.is_transient(),
            Self::Encode(e) => e.is_transient(),
            Self::Stage(e) => e.is_transient(),
            Self::Storage(e) => e.is_transient(),
            Self::State(e) => e.is_transient(),
            Self::BigQuery(e) => e.is_transient(),
            Self::Topic(e) => e.is_transient(),
            Self::TooManyDeletes { .. } => false,
            Self::OutOfTime(_) | Self::Stopping => true,
        }
    }

    /// Whether the fault can only be one table's: others of its feed can go on without it.
    pub fn is_of_one_table(&self) -> bool {
        match self {
            Self::Source(e) | Self::Capture(CaptureError::Source(e)) => e.is_of_one_table(),
            Self::Capture(CaptureError::Storage(_)) => false,
            Self::Capture(_) | Self::Encode(_) | Self::TooManyDeletes { .. } => true,
            Self::BigQuery(e) => e.is_of_one_table(),
            Self::Stage(_)
            | Self::Storage(_)
            | Self::State(_)
            | Self::Topic(_)
            | Self::OutOfTime(_)
            | Self::Stopping => false,
        }
    }

    /// Whether the fault is one table's if another one did not meet it. What is wrong with the connection, the bucket or
    /// the state is wrong for all.
    pub fn may_be_of_one_table(&self) -> bool {
        self.is_of_one_table() || matches!(self, Self::BigQuery(e) if e.may_be_of_one_table())
    }

    /// Whether the table's rows had been read when it failed.
    pub fn came_after_reading(&self) -> bool {
        matches!(
            self,
            Self::TooManyDeletes { .. }
                | Self::Encode(EncodeError::Unrepresentable { .. })
                | Self::Capture(CaptureError::NotUnique { .. })
        )
    }

    /// Whether the server has ended the statement for the sake of other transactions: another snapshot may be luckier.
    pub fn is_lost_conflict(&self) -> bool {
        matches!(self, Self::Source(e) | Self::Capture(CaptureError::Source(e)) if e.is_lost_conflict())
    }

    /// Another run is at work on the feed: no failure at all.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::State(StateError::Lost(_)))
    }
}
