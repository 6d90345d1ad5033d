//! What passes by itself.

use crate::emulator;

/// The next tick tries again.
#[derive(Debug, thiserror::Error)]
pub enum Transient {
    #[error("BigQuery did not {doing} {what}: {reason}")]
    Unavailable { doing: &'static str, what: String, reason: String },

    #[error("the BigQuery job {job} failed {attempts} times for passing reasons, last: {message}")]
    JobKeepsFailing { job: String, attempts: u32, message: String },

    #[error("the BigQuery job {job} was cancelled, for it took longer than {}", humantime::format_duration(*limit))]
    JobTooLong { job: String, limit: std::time::Duration },
}

impl Transient {
    pub(super) fn hint(&self) -> String {
        match self {
            Self::JobTooLong { .. } => {
                "the next tick makes another attempt; for a very large table raise [bigquery] job_timeout".to_owned()
            }
            Self::Unavailable { .. } => emulator::when_unavailable(emulator::BIGQUERY, "BigQuery"),
            Self::JobKeepsFailing { .. } => "the next tick tries again".to_owned(),
        }
    }
}

/// The batch is of no use any more: it is given up, and the next tick does what is right now.
#[derive(Debug, thiserror::Error)]
pub enum Overtaken {
    #[error("the target {0} is gone, and changes alone cannot bring it back")]
    TargetGone(String),

    #[error("another run has given this batch up: the job {0} does nothing")]
    GivenUp(String),
}

impl Overtaken {
    pub(super) fn hint(&self) -> String {
        match self {
            Self::TargetGone(_) => "nothing: the next tick loads the whole table".to_owned(),
            Self::GivenUp(_) => "nothing: the next tick goes on".to_owned(),
        }
    }
}
