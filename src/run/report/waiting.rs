//! Tables that are not where they should be when a run ends: set aside, put off, paused, or in the middle of a load.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::batch::Aside;
use crate::model::TableSpec;
use crate::run::error::RunError;
use crate::state::{PauseReason, Paused, PausedBy};

/// A table that is loaded a stretch of keys at a time, and not done yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadingReport {
    pub source: String,
    pub target: String,
    /// So far.
    pub rows: u64,
}

/// A table that has to wait for the next tick.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PostponedReport {
    pub source: String,
    pub target: String,
    pub message: String,
    pub hint: String,
}

impl PostponedReport {
    pub(in crate::run) fn new(spec: &TableSpec, error: &RunError) -> Self {
        let (source, target) = (spec.source.to_string(), spec.target.clone());
        Self { source, target, message: error.to_string(), hint: error.hint() }
    }
}

/// A table of a run that read nothing, because somebody has paused it.
#[derive(Clone, Debug)]
pub struct PausedReport {
    /// As `--table` takes it.
    pub source: String,
    pub since: OffsetDateTime,
    /// Who has paused it, and why, as far as that is noted.
    pub by: Option<PausedBy>,
    pub reason: Option<PauseReason>,
}

impl PausedReport {
    pub(in crate::run) fn new(spec: &TableSpec, paused: &Paused) -> Self {
        let Paused { since, reason, by } = paused.clone();
        Self { source: spec.source.to_string(), since, by, reason }
    }
}

/// A table that was set aside.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AsideReport {
    pub source: String,
    pub target: String,
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    pub message: String,
    pub hint: String,
}

impl AsideReport {
    pub(in crate::run) fn new(target: &str, aside: &Aside) -> Self {
        Self {
            source: aside.source.clone(),
            target: target.to_owned(),
            since: aside.since,
            message: aside.reason.clone(),
            hint: aside.hint.clone(),
        }
    }
}
