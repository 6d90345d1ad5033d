//! What a tick did, for people, programs and the log. The same object everywhere: `report.json`, `run --json`, `POST /runs`.

use serde::Serialize;
use time::OffsetDateTime;

use super::error::RunError;
use crate::batch::TableBatch;
use crate::bigquery::Applied;
use crate::model::{Blame, FeedId, RunId, TableSpec};

#[derive(Clone, Debug, Serialize)]
pub struct TickReport {
    /// No run failed.
    pub ok: bool,
    #[serde(with = "time::serde::rfc3339")]
    pub started: OffsetDateTime,
    pub seconds: f64,
    pub runs: Vec<RunReport>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    Done,
    Empty,
    Busy,
    Failed,
}

impl RunState {
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Empty => "empty",
            Self::Busy => "busy",
            Self::Failed => "failed",
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct RunReport {
    pub run: RunId,
    pub feed: FeedId,
    pub source: String,
    pub state: RunState,
    /// Why the whole table was read, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole: Option<&'static str>,
    /// The batch was sealed by an earlier run and only finished by this tick.
    pub replayed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    #[serde(with = "time::serde::rfc3339")]
    pub started: OffsetDateTime,
    pub seconds: f64,
    pub tables: Vec<TableReport>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    pub message: String,
    pub hint: String,
    /// Whether the config has to change, or the world outside.
    #[serde(skip)]
    pub blame: Blame,
}

impl From<&RunError> for Failure {
    fn from(e: &RunError) -> Self {
        Self { message: e.to_string(), hint: e.hint(), blame: e.blame() }
    }
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct TableReport {
    pub source: String,
    pub target: String,
    pub upserts: u64,
    pub deletes: u64,
    pub resent: u64,
    pub quarantined: u64,
    pub nulled: u64,
    pub staged_bytes: u64,
    pub parts: u32,
    pub bytes_processed: u64,
    pub bytes_billed: u64,
    pub rows_inserted: u64,
    pub rows_updated: u64,
    pub rows_deleted: u64,
}

impl TableReport {
    pub fn of(table: &TableBatch, applied: &Applied) -> Self {
        Self {
            source: table.source.clone(),
            target: table.target.to_string(),
            upserts: table.counts.upserts,
            deletes: table.counts.deletes,
            resent: table.counts.resent,
            quarantined: table.counts.quarantined,
            nulled: table.counts.nulled,
            staged_bytes: table.counts.staged_bytes,
            parts: table.parts.total(),
            bytes_processed: applied.bytes_processed,
            bytes_billed: applied.bytes_billed,
            rows_inserted: applied.rows_inserted,
            rows_updated: applied.rows_updated,
            rows_deleted: applied.rows_deleted,
        }
    }
}

impl RunReport {
    /// The report of a run whose task panicked.
    pub(super) fn crashed(spec: &TableSpec, started: OffsetDateTime) -> Self {
        Self {
            run: RunId::new(started, 0),
            feed: spec.feed(),
            source: spec.source.to_string(),
            state: RunState::Failed,
            whole: None,
            replayed: false,
            error: Some(Failure {
                message: "the run crashed: a bug in Plimsoll".to_owned(),
                hint: "report it with the log; the next tick tries again".to_owned(),
                blame: Blame::World,
            }),
            started,
            seconds: seconds_since(started),
            tables: Vec::new(),
        }
    }
}

impl TickReport {
    pub fn new(started: OffsetDateTime, runs: Vec<RunReport>) -> Self {
        let ok = runs.iter().all(|r| r.state != RunState::Failed);
        Self { ok, started, seconds: seconds_since(started), runs }
    }

    fn states(&self) -> impl Iterator<Item = RunState> + '_ {
        self.runs.iter().map(|r| r.state)
    }

    /// Some feed was busy, and no other did anything.
    pub fn is_busy(&self) -> bool {
        self.states().any(|s| s == RunState::Busy)
            && self.states().all(|s| matches!(s, RunState::Busy | RunState::Empty))
    }

    /// Every run failed, and each because of the config.
    pub fn is_config_fault(&self) -> bool {
        !self.runs.is_empty() && self.runs.iter().all(|r| r.error.as_ref().is_some_and(|e| e.blame == Blame::Config))
    }
}

/// Seconds since a moment, to the millisecond.
pub(super) fn seconds_since(started: OffsetDateTime) -> f64 {
    ((OffsetDateTime::now_utc() - started).as_seconds_f64() * 1000.0).round() / 1000.0
}
