//! What a tick did, for people, programs and the log. The same object everywhere: `report.json`, `run --json`, `POST /runs`.

use serde::Serialize;
use time::OffsetDateTime;
use tracing::{error, info, warn};

use super::error::RunError;
use super::feeds::Feed;
use crate::batch::{Aside, LogCounts, TableBatch};
use crate::bigquery::Applied;
use crate::model::{Blame, DeleteStyle, FeedId, RunId, TableSpec};
use crate::state::Figures;
use crate::telemetry::ANSWERED;

#[derive(Clone, Debug, Serialize)]
pub struct TickReport {
    /// No run failed, and no table is set aside or postponed.
    pub ok: bool,
    #[serde(with = "time::serde::rfc3339")]
    pub started: OffsetDateTime,
    pub seconds: f64,
    pub runs: Vec<RunReport>,
    /// Targets of the request that it has not reached: another run was at work on their feed, or something failed.
    #[serde(skip)]
    pub unserved: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    Done,
    Empty,
    Busy,
    Failed,
    /// All tables of the feed that were asked for rest until somebody resumes them.
    Paused,
}

impl RunState {
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Empty => "empty",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::Paused => "paused",
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
    pub whole: Option<String>,
    /// The batch was sealed by an earlier run and only finished by this tick.
    pub replayed: bool,
    /// What the run may have missed as things stand, and what to do about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub caveats: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    #[serde(with = "time::serde::rfc3339")]
    pub started: OffsetDateTime,
    pub seconds: f64,
    /// How old what BigQuery has was when the run ended, by the oldest table of the feed; nothing where one was never loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<i64>,
    /// How long the run that the feed was busy with had been at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_seconds: Option<i64>,
    /// When a feed that was busy is free again, if the process that had it is gone.
    #[serde(skip)]
    pub free_at: Option<OffsetDateTime>,
    /// What the change log held, where the feed has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<LogCounts>,
    /// Tables of the feed that wait for somebody to mend them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aside: Vec<AsideReport>,
    /// Tables whose load in chunks goes on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub loading: Vec<LoadingReport>,
    /// Of those, the ones this run has brought further.
    #[serde(skip)]
    pub goes_on: Vec<String>,
    /// Tables of a run that read nothing because all of them are paused, as `--table` takes them.
    #[serde(skip)]
    pub paused: Vec<String>,
    /// Tables that something passing was in the way of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub postponed: Vec<PostponedReport>,
    pub tables: Vec<TableReport>,
}

/// A table that is loaded a stretch of keys at a time, and not through yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoadingReport {
    pub source: String,
    pub target: String,
    /// So far.
    pub rows: u64,
}

/// A table that has to wait for the next tick.
#[derive(Clone, Debug, Serialize)]
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

/// A table that was set aside.
#[derive(Clone, Debug, Serialize)]
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

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    pub left_out: u64,
    pub skipped: u64,
    pub unreadable: u64,
    pub staged_bytes: u64,
    pub parts: u32,
    // Of the counts that follow, those that a sink can't give are absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_processed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_billed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_inserted: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_updated: Option<u64>,
    /// Rows that the target has no more. Of a load that replaced it the least: `rows_before` less the rows of now, for as many as came
    /// by it may have gone as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_deleted: Option<u64>,
    /// Rows flagged as deleted, under soft deletes; absent where BigQuery's counts don't tell them from others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_flagged: Option<u64>,
    /// Rows that the target had before a load replaced them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_before: Option<u64>,
}

impl TableReport {
    pub fn of(table: &TableBatch, applied: &Applied) -> Self {
        let Applied { bytes_processed, bytes_billed, rows, refused } = *applied;
        let rows_before = table.rows_before.filter(|n| *n > 0);
        let fewer = rows_before.zip(rows.inserted).map_or(0, |(before, now)| before.saturating_sub(now));
        Self {
            source: table.source.clone(),
            target: table.target.to_string(),
            upserts: table.counts.upserts,
            deletes: table.counts.deletes,
            resent: table.counts.resent,
            quarantined: table.counts.quarantined + refused,
            nulled: table.counts.nulled,
            left_out: table.counts.left_out,
            skipped: table.counts.skipped,
            unreadable: table.counts.unreadable,
            staged_bytes: table.counts.staged_bytes,
            parts: table.parts.total(),
            bytes_processed,
            bytes_billed,
            rows_inserted: rows.inserted,
            rows_updated: rows.updated,
            rows_deleted: rows.deleted.map(|n| n + fewer),
            rows_flagged: match table.delete {
                DeleteStyle::Hard => None,
                DeleteStyle::Soft { .. } => table.apply.rows_flagged(&table.counts, rows),
            },
            rows_before,
        }
    }

    /// Rows of the target that are gone, or flagged as deleted. At least so many, where a load has replaced the target.
    pub fn removed(&self) -> u64 {
        self.rows_deleted.unwrap_or(0) + self.rows_flagged.unwrap_or(0)
    }

    /// As the state keeps it.
    pub(in crate::run) fn figures(&self) -> Figures {
        Figures {
            upserts: self.upserts,
            deletes: self.removed(),
            quarantined: self.quarantined,
            bytes_billed: self.bytes_billed.unwrap_or(0),
            rows_before: self.rows_before,
        }
    }
}

impl RunReport {
    /// One event a run, with every figure a metric may want; `deletes` are the rows that the targets have no more. Those of terraform/monitoring.tf are made from it.
    pub(in crate::run) fn log(&self) {
        macro_rules! finished {
            ($level:ident) => {
                $level!(
                    target: ANSWERED,
                    run = %self.run,
                    state = self.state.name(),
                    seconds = self.seconds,
                    error = self.error.as_ref().map(|e| e.message.as_str()),
                    hint = self.error.as_ref().map(|e| e.hint.as_str()),
                    replayed = self.replayed,
                    whole = self.whole,
                    caveats = (!self.caveats.is_empty()).then(|| self.caveats.join("; ")),
                    upserts = self.sum(|t| t.upserts),
                    deletes = self.sum(TableReport::removed),
                    resent = self.sum(|t| t.resent),
                    quarantined = self.sum(|t| t.quarantined),
                    nulled = self.sum(|t| t.nulled),
                    left_out = self.sum(|t| t.left_out),
                    skipped = self.sum(|t| t.skipped),
                    unreadable = self.sum(|t| t.unreadable),
                    log_entries = self.log.map(|l| l.entries),
                    log_unclaimed = self.log.map(|l| l.unclaimed),
                    aside = self.aside.len(),
                    postponed = self.postponed.len(),
                    loading = self.loading.len(),
                    rows_inserted = self.sum(|t| t.rows_inserted.unwrap_or(0)),
                    rows_updated = self.sum(|t| t.rows_updated.unwrap_or(0)),
                    rows_deleted = self.sum(|t| t.rows_deleted.unwrap_or(0)),
                    staged_bytes = self.sum(|t| t.staged_bytes),
                    bytes_processed = self.sum(|t| t.bytes_processed.unwrap_or(0)),
                    bytes_billed = self.sum(|t| t.bytes_billed.unwrap_or(0)),
                    age_seconds = self.age_seconds,
                    lease_seconds = self.lease_seconds,
                    "run finished"
                )
            };
        }
        if self.error.is_some() {
            finished!(error)
        } else if !self.aside.is_empty() || !self.postponed.is_empty() {
            finished!(warn)
        } else {
            finished!(info)
        }
    }

    /// The run did not fail, and no table waits for anything.
    pub fn is_well(&self) -> bool {
        self.state != RunState::Failed && self.aside.is_empty() && self.postponed.is_empty()
    }

    fn sum(&self, of: fn(&TableReport) -> u64) -> u64 {
        self.tables.iter().map(of).sum()
    }

    /// The report of a run whose task panicked.
    pub(in crate::run) fn crashed(feed: &Feed, started: OffsetDateTime) -> Self {
        Self {
            run: RunId::new(started, 0),
            feed: feed.id.clone(),
            source: feed.label(),
            state: RunState::Failed,
            whole: None,
            replayed: false,
            caveats: Vec::new(),
            error: Some(Failure {
                message: "the run crashed: a bug in Plimsoll".to_owned(),
                hint: "report it with the log; the next tick tries again".to_owned(),
                blame: Blame::World,
            }),
            started,
            seconds: seconds_since(started),
            age_seconds: None,
            lease_seconds: None,
            free_at: None,
            log: None,
            aside: Vec::new(),
            loading: Vec::new(),
            goes_on: Vec::new(),
            paused: Vec::new(),
            postponed: Vec::new(),
            tables: Vec::new(),
        }
    }
}

impl TickReport {
    pub fn new(started: OffsetDateTime, runs: Vec<RunReport>) -> Self {
        let ok = runs.iter().all(RunReport::is_well);
        Self { ok, started, seconds: seconds_since(started), runs, unserved: Vec::new() }
    }

    /// The report of a tick whose task panicked.
    pub fn crashed(started: OffsetDateTime) -> Self {
        let feed = Feed { id: FeedId::of_target("tick"), tables: Vec::new() };
        Self::new(started, vec![RunReport::crashed(&feed, started)])
    }

    fn states(&self) -> impl Iterator<Item = RunState> + '_ {
        self.runs.iter().map(|r| r.state)
    }

    /// Some feed was busy.
    pub fn has_met_a_busy_feed(&self) -> bool {
        self.states().any(|s| s == RunState::Busy)
    }

    /// Some feed was busy, and no other did anything.
    pub fn is_busy(&self) -> bool {
        self.states().any(|s| s == RunState::Busy)
            && self.states().all(|s| matches!(s, RunState::Busy | RunState::Empty | RunState::Paused))
    }

    /// Some run failed: the same tick may do better a moment later. A table that is set aside waits for somebody.
    pub fn is_worth_repeating(&self) -> bool {
        self.runs.iter().any(|r| r.state == RunState::Failed || !r.postponed.is_empty())
    }

    /// Targets that a tick at once would bring further, by feed: loads in chunks that have come on in this one.
    pub fn unfinished(&self) -> Vec<Vec<String>> {
        let last = self.runs.iter().enumerate().filter(|(n, r)| !self.runs[n + 1..].iter().any(|l| l.feed == r.feed));
        last.map(|(_, r)| r.goes_on.clone()).filter(|targets| !targets.is_empty()).collect()
    }

    /// Every run failed, and each because of the config.
    pub fn is_config_fault(&self) -> bool {
        !self.runs.is_empty() && self.runs.iter().all(|r| r.error.as_ref().is_some_and(|e| e.blame == Blame::Config))
    }
}

/// Seconds since a moment, to the millisecond.
pub(in crate::run) fn seconds_since(started: OffsetDateTime) -> f64 {
    ((OffsetDateTime::now_utc() - started).as_seconds_f64() * 1000.0).round() / 1000.0
}
