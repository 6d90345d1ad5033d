//! Where every feed stands, from its state object.

pub(in crate::run) mod board;
mod failing_since;
mod known;
mod loading;
mod look;
mod next_tick;
mod pausing;
mod read_state;
pub(in crate::run) mod seen;
pub(in crate::run) mod standing;
mod verifying;

pub use board::{Doings, FRESH};
pub use known::KnownColumn;
pub use loading::LoadingStatus;
pub use look::{Known, TableLook, not_answered_yet};
pub use next_tick::NextTick;
pub use pausing::{Pause, Rest};
pub use standing::Standing;
pub use verifying::VerifyingStatus;

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;
use time::OffsetDateTime;

use self::failing_since::failing_since;
use self::next_tick::Rhythm;
use self::read_state::{ReadState, Unread, UnreadFor};
use super::context::Context;
use super::error::RunError;
use super::feeds::Feed;
use crate::model::figures::{age, counted, minute, total};
use crate::model::{FeedId, Refusals, TableSpec};
use crate::state::{Complaint, Handle, PastRun, PauseReason, PausedBy, StateDocument, StateError, Verified};

/// How long `/readyz` goes by what this process has seen itself, before it looks for what others have changed: each look is billed.
const LONGEST_TRUST: Duration = Duration::from_secs(60);

/// How long somebody waits who asks where the tables stand.
const PATIENCE: Duration = Duration::from_secs(10);

/// One table's place in its feed, as `status` and `GET /status` show it.
#[derive(Clone, Debug, Serialize)]
pub struct FeedStatus {
    pub feed: String,
    pub source: String,
    pub target: String,
    pub capture: &'static str,
    /// Which changes the capture finds, such as "all changes", "deletes every 6h" or "inserts and updates only".
    pub finds: String,
    /// The source snapshot up to which everything is in BigQuery.
    pub watermark: Option<String>,
    /// The moment of the source that BigQuery is known to be equal to.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_success: Option<OffsetDateTime>,
    /// How long ago that was: how old what BigQuery has is.
    pub age_seconds: Option<i64>,
    /// When a run last ended that had looked for the table's changes and left none behind.
    #[serde(with = "time::serde::rfc3339::option")]
    pub checked: Option<OffsetDateTime>,
    pub checked_seconds: Option<i64>,
    /// How old it may be.
    #[serde(rename = "age_limit_seconds", serialize_with = "in_seconds")]
    pub age_limit: Duration,
    /// Older than it may be, or never loaded.
    pub late: bool,
    /// When a tick is likely to look at the table next; absent where nothing tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_tick: Option<NextTick>,
    /// What BigQuery billed for the table in the runs that the state remembers, 30 at most.
    pub recent_bytes_billed: u64,
    pub recent_runs: usize,
    /// How far a load in stretches has come that is not through yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<LoadingStatus>,
    /// Rows that BigQuery could not hold as they are, since all rows were last read.
    pub quarantined: u64,
    /// Their columns and reasons.
    #[serde(skip_serializing_if = "Refusals::is_empty")]
    pub refusals: Refusals,
    /// The sealed run that is not yet in BigQuery.
    pub pending: Option<String>,
    /// The run that holds the feed now.
    pub held_by: Option<String>,
    /// When the feed is free again, if the process of that run is gone.
    #[serde(with = "time::serde::rfc3339::option")]
    pub held_until: Option<OffsetDateTime>,
    /// The last run that wrote the table, with the table's own figures.
    pub last_run: Option<PastRun>,
    /// Since when the table is paused.
    #[serde(with = "time::serde::rfc3339::option")]
    pub paused_since: Option<OffsetDateTime>,
    /// And why, in the words of who paused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_reason: Option<PauseReason>,
    /// Who that was; absent where an older version has noted the pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_by: Option<PausedBy>,
    /// What the last comparison with the source has found.
    pub verified: Option<Verified>,
    /// The comparison that goes on, a stretch of keys at a time.
    pub verifying: Option<VerifyingStatus>,
    /// The last runs that wrote the table or failed, with the table's own figures, the newest last; for the status page.
    #[serde(skip)]
    pub recent: Vec<PastRun>,
    pub error: Option<String>,
    /// The same in two parts, for people.
    #[serde(skip)]
    pub trouble: Option<Complaint>,
    /// Since when the table is set aside, and not read until what is wrong with it is put right.
    #[serde(with = "time::serde::rfc3339::option")]
    pub set_aside_since: Option<OffsetDateTime>,
    /// What the feed's last run failed with, until one succeeds.
    pub failure: Option<Complaint>,
    /// Since when its runs have failed.
    #[serde(with = "time::serde::rfc3339::option")]
    pub failing_since: Option<OffsetDateTime>,
    /// Transactions that were open at the watermark and had an id; absent where the source does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_transactions: Option<u64>,
}

/// As all lengths of time in JSON.
fn in_seconds<S: serde::Serializer>(length: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(length.as_secs())
}

impl FeedStatus {
    /// With the tick that is likely to look at it next.
    fn expecting(self, spec: &TableSpec, rhythm: Option<Rhythm>) -> Self {
        let rhythm = rhythm.filter(|_| self.paused_since.is_none());
        let next_tick = rhythm.and_then(|r| r.next(spec.every, self.checked, OffsetDateTime::now_utc()));
        Self { next_tick, ..self }
    }
}

impl Context {
    /// What this process has done so far that pages show.
    pub fn doings(&self) -> Doings {
        self.board.done()
    }

    /// How old a table's last success may be.
    fn age_limit(&self, spec: &TableSpec) -> Duration {
        let max_age = self.config.server.max_age;
        spec.every.map_or(max_age, |every| max_age.max(every * 2))
    }

    /// Where every configured table stands.
    pub async fn status(&self) -> Vec<FeedStatus> {
        let tables: Vec<&TableSpec> = self.config.tables.iter().collect();
        let feeds = Feed::of(&tables);
        let all = feeds.iter().map(async |feed| (feed.id.clone(), self.read_state(feed).await));
        let read: HashMap<FeedId, ReadState> = futures_util::future::join_all(all).await.into_iter().collect();
        let rhythm = Rhythm::of(read.values().map(|r| &r.document));
        let each = tables
            .into_iter()
            .filter_map(|spec| Some(self.table_status(spec, read.get(&spec.feed())?).expecting(spec, rhythm)));
        each.collect()
    }

    async fn read_state(&self, feed: &Feed) -> ReadState {
        let store = self.store.in_a_hurry();
        let load = Handle::load(&store, &feed.id, self.new_holder(), Duration::ZERO);
        let unread = match tokio::time::timeout(PATIENCE, load).await {
            Ok(Ok(handle)) => {
                self.note_state(handle.document());
                return ReadState { document: handle.document().clone(), unread: None };
            }
            Ok(Err(e)) => {
                let whose = match e {
                    StateError::Unreadable { .. } | StateError::TooNew { .. } => UnreadFor::ItsContent,
                    StateError::Storage(_) | StateError::Lost(_) => UnreadFor::TheBucket,
                };
                let e = RunError::from(e);
                Unread { complaint: Complaint { message: e.to_string(), hint: e.hint() }, whose }
            }
            Err(_) => {
                let message = format!("Cloud Storage did not answer within {} s", PATIENCE.as_secs());
                let hint = "`plimsoll check` says which service does not answer".to_owned();
                Unread { complaint: Complaint { message, hint }, whose: UnreadFor::TheBucket }
            }
        };
        ReadState { document: StateDocument::new(feed.id.clone()), unread: Some(unread) }
    }

    fn table_status(&self, spec: &TableSpec, read: &ReadState) -> FeedStatus {
        let now = OffsetDateTime::now_utc();
        let ReadState { document, unread } = read;
        let unread = unread.as_ref().map(|u| u.complaint.clone());
        let standing = document.watermark.as_ref().and_then(|w| w.standing(&spec.target));
        let loading = standing.and_then(|s| s.mark.loading.as_ref());
        let committed = standing.filter(|_| loading.is_none()).map(|s| s.taken_at);
        let aside = document.aside.get(&spec.target);
        let unread_error = unread.as_ref().map(|c| format!("{}; {}", c.message, c.hint));
        let error = unread_error
            .or_else(|| aside.map(|a| format!("set aside since {}: {}; {}", minute(a.since), a.reason, a.hint)));
        let trouble = unread.or_else(|| aside.map(|a| Complaint { message: a.reason.clone(), hint: a.hint.clone() }));
        // What another process has set aside, or is loading, is not what this one has seen.
        let own_success = self.last_success(&spec.target).filter(|_| aside.is_none() && loading.is_none());
        let last_success = committed.or(aside.and_then(|a| a.last_success)).max(own_success);
        // An older version has noted only where the watermark stands.
        let note = document.notes.tables.get(&spec.target);
        let checked = note.and_then(|n| n.checked).or(committed).max(self.seen(&spec.target).map(|s| s.checked));
        let own = |run: &PastRun| run.of_table(&document.feed, &spec.target);
        let recent: Vec<PastRun> = document.notes.recent.iter().filter_map(own).collect();
        let last_run = note.and_then(|n| n.last.clone()).or_else(|| document.last.as_ref().and_then(own));
        let limit = self.age_limit(spec);
        let paused = document.notes.paused.get(&spec.target);
        let paused_since = paused.map(|p| p.since);
        FeedStatus {
            feed: spec.feed().to_string(),
            source: spec.source.to_string(),
            target: self.bigquery.target(&spec.target).to_string(),
            capture: spec.capture.name(),
            finds: spec.finds().to_string(),
            watermark: standing.map(|s| s.at.to_string()),
            last_success,
            age_seconds: last_success.map(|t| (now - t).whole_seconds().max(0)),
            checked,
            checked_seconds: checked.map(|t| (now - t).whole_seconds().max(0)),
            age_limit: limit,
            next_tick: None,
            recent_bytes_billed: total(recent.iter().map(|run| run.figures.bytes_billed)),
            recent_runs: recent.len(),
            failing_since: failing_since(document, &spec.target),
            late: paused_since.is_none() && last_success.is_none_or(|t| now - t > limit),
            load: standing.and_then(|s| LoadingStatus::of(s, recent.last().map(|run| run.finished))),
            quarantined: standing.map_or(0, |s| s.mark.quarantined),
            refusals: standing.map(|s| s.mark.refusals.clone()).unwrap_or_default(),
            pending: document.pending.as_ref().map(|b| b.run.to_string()),
            held_by: document.live_lease(now).map(|l| l.run.to_string()),
            held_until: document.live_lease(now).map(|l| l.until),
            last_run,
            paused_since,
            paused_reason: paused.and_then(|p| p.reason.clone()),
            paused_by: paused.and_then(|p| p.by.clone()),
            verified: note.and_then(|n| n.verified.clone()),
            verifying: note.and_then(|n| n.verifying.as_ref()).map(VerifyingStatus::of),
            failure: match document.notes.recent.is_empty() {
                true => self.last_failure(&document.feed),
                false => document.failure_of(&spec.target).cloned(),
            },
            open_transactions: standing.and_then(|s| s.at.snapshot()).map(|s| s.open.len() as u64),
            recent,
            error,
            trouble,
            set_aside_since: aside.map(|a| a.since),
        }
    }

    /// The feeds that make no progress, each with the reason; empty when ready. Of a feed that this process has seen up to date itself,
    /// the state is only read now and then: reads are billed too.
    pub async fn not_ready(&self) -> Vec<String> {
        let tables: Vec<&TableSpec> = self.config.tables.iter().collect();
        let feeds = Feed::of(&tables);
        let all = feeds.iter().map(|feed| self.feed_not_ready(feed));
        futures_util::future::join_all(all).await.concat()
    }

    async fn feed_not_ready(&self, feed: &Feed) -> Vec<String> {
        let now = OffsetDateTime::now_utc();
        let is_fresh =
            |spec: &TableSpec| self.last_success(&spec.target).is_some_and(|t| now - t <= self.age_limit(spec));
        let trust = LONGEST_TRUST.min(self.config.run.heartbeat);
        if feed.tables.iter().all(is_fresh) && self.looked(&feed.id).is_some_and(|t| now - t < trust) {
            return Vec::new();
        }
        let read = self.read_state(feed).await;
        let mut reasons = Vec::new();
        for spec in &feed.tables {
            let limit = self.age_limit(spec);
            // While the state can't be read, what this process has seen counts.
            if read.unread.is_some() && is_fresh(spec) {
                continue;
            }
            let status = self.table_status(spec, &read);
            if status.paused_since.is_some() {
                continue;
            }
            if let (None, Some(load)) = (&status.error, &status.load) {
                reasons.push(format!(
                    "{}: its first load goes on, {} so far",
                    spec.source,
                    counted(load.rows, "row", "rows")
                ));
                continue;
            }
            match (status.error, status.age_seconds) {
                (Some(error), _) => reasons.push(format!("{}: {error}", spec.source)),
                (None, None) => reasons.push(format!("{}: never loaded", spec.source)),
                (None, Some(seconds)) if status.late => {
                    let most = age(i64::try_from(limit.as_secs()).unwrap_or(i64::MAX));
                    reasons.push(format!("{}: last success {} ago, limit {most}", spec.source, age(seconds)));
                }
                (None, Some(_)) => {}
            }
        }
        reasons
    }
}
