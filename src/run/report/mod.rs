//! What a tick did, for people, programs and the log. The same object everywhere: `report.json`, `run --json`, `POST /runs`.

mod failure;
mod kind;
mod log_event;
mod table;
mod verb_seconds;
mod verified;
mod waiting;

pub use failure::Failure;
pub use kind::TickKind;
pub use table::{AppendReport, TableReport};
pub use verb_seconds::VerbSeconds;
pub(in crate::run) use verb_seconds::timed;
pub use verified::{DifferingKey, SoFar, VerifyReport, VerifyState};
pub use waiting::{AsideReport, LoadingReport, PausedReport, PostponedReport};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::feeds::Feed;
use crate::batch::LogCounts;
use crate::model::figures::total;
use crate::model::{Blame, FeedId, RunId};

#[derive(Clone, Debug, Serialize)]
pub struct TickReport {
    /// No run failed, and no table is set aside or postponed.
    pub ok: bool,
    /// What the tick was asked for.
    pub kind: TickKind,
    #[serde(with = "time::serde::rfc3339")]
    pub started: OffsetDateTime,
    pub seconds: f64,
    pub runs: Vec<RunReport>,
    /// Targets of the request that it has not reached: another run was at work on their feed, or something failed.
    #[serde(skip)]
    pub unserved: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    pub const ALL: [Self; 5] = [Self::Done, Self::Empty, Self::Busy, Self::Failed, Self::Paused];

    /// The state of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

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

/// Read back, fields may be absent that older versions did not write.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunReport {
    pub run: RunId,
    pub feed: FeedId,
    pub source: String,
    pub state: RunState,
    /// Why the whole table was read, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
    /// The batch was sealed by an earlier run and only finished by this tick.
    #[serde(default)]
    pub replayed: bool,
    /// What the run may have missed as things stand, and what to do about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caveats: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    #[serde(with = "time::serde::rfc3339")]
    pub started: OffsetDateTime,
    #[serde(default)]
    pub seconds: f64,
    /// Of these seconds, those of each verb.
    #[serde(default)]
    pub verb_seconds: VerbSeconds,
    /// Objects that the run wrote to storage, each a billed request: parts, manifest, state.
    #[serde(default)]
    pub storage_writes: u64,
    /// How old what BigQuery has was when the run ended, by the oldest table of the feed; nothing where one was never loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<i64>,
    /// How long the run that the feed was busy with had been at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_seconds: Option<i64>,
    /// When a feed that was busy is free again, if the process that had it is gone.
    #[serde(skip)]
    pub free_at: Option<OffsetDateTime>,
    /// What the change log held, where the feed has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogCounts>,
    /// Tables of the feed that wait until somebody corrects what is wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aside: Vec<AsideReport>,
    /// Tables whose load in chunks goes on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loading: Vec<LoadingReport>,
    /// Targets whose load in chunks, or comparison in stretches, has come further and is not through.
    #[serde(skip)]
    pub goes_on: Vec<String>,
    /// Tables of a run that read nothing because all of them are paused.
    #[serde(skip)]
    pub paused: Vec<PausedReport>,
    /// Tables that something passing was in the way of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub postponed: Vec<PostponedReport>,
    #[serde(default)]
    pub tables: Vec<TableReport>,
    /// Tables that were compared with their source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verified: Vec<VerifyReport>,
}

impl RunReport {
    /// The run did not fail, and no table waits for anything.
    pub fn is_well(&self) -> bool {
        self.state != RunState::Failed && self.aside.is_empty() && self.postponed.is_empty()
    }

    fn sum(&self, of: fn(&TableReport) -> u64) -> u64 {
        total(self.tables.iter().map(of))
    }

    /// Of a run that has just begun, and of which nothing else is known.
    pub fn new(run: RunId, feed: FeedId, source: String, state: RunState, started: OffsetDateTime) -> Self {
        Self {
            run,
            feed,
            source,
            state,
            whole: None,
            replayed: false,
            caveats: Vec::new(),
            error: None,
            started,
            seconds: seconds_since(started),
            verb_seconds: VerbSeconds::default(),
            storage_writes: 0,
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
            verified: Vec::new(),
        }
    }

    /// The report of a run whose task panicked.
    pub(in crate::run) fn crashed(feed: &Feed, started: OffsetDateTime) -> Self {
        let error = Failure {
            message: "the run crashed: a bug in Plimsoll".to_owned(),
            hint: "report it with the log; the next tick tries again".to_owned(),
            blame: Blame::World,
        };
        let run = RunId::new(started, 0);
        Self { error: Some(error), ..Self::new(run, feed.id.clone(), feed.label(), RunState::Failed, started) }
    }
}

impl TickReport {
    pub fn new(started: OffsetDateTime, runs: Vec<RunReport>) -> Self {
        let ok = runs.iter().all(RunReport::is_well);
        Self { ok, kind: TickKind::Tick, started, seconds: seconds_since(started), runs, unserved: Vec::new() }
    }

    /// Together with a later tick for what this one has not served.
    pub fn followed_by(self, later: Self) -> Self {
        let is_served = |r: &RunReport| r.state != RunState::Busy;
        let runs = self.runs.into_iter().filter(is_served).chain(later.runs).collect();
        Self { unserved: later.unserved, kind: self.kind, ..Self::new(self.started, runs) }
    }

    /// The report of a tick whose task panicked.
    pub fn crashed(started: OffsetDateTime) -> Self {
        let feed = Feed { id: FeedId::of_target("tick"), tables: Vec::new(), keys: None };
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

    /// Targets that a tick at once would bring further, by feed: loads and comparisons that have come on in this one.
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
