//! What the runs of a process share.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use super::after_commit::AfterCommit;
use super::progress::{Progress, Silent};
use crate::bigquery::{BigQuery, Settings};
use crate::config::{BigQueryConfig, Config, Secret};
use crate::model::{FeedId, RunId};
use crate::pubsub_topic::Topic;
use crate::run::costs::CostLedger;
use crate::run::history::kept::KeptReports;
use crate::run::old_lists::OldLists;
use crate::run::sealed_table::LastSealed;
use crate::run::status::board::Board;
use crate::run::status::seen::Seen;
use crate::source::{Canceller, Session, Source, SourceError};
use crate::state::{Complaint, Holder, StateDocument};
use crate::storage::Store;

/// The request to end: runs stop at the next safe point.
pub type Stop = CancellationToken;

/// Connections and settings. Cheap to share; made once for a process.
pub struct Context {
    pub config: Config,
    pub source: Source,
    pub store: Store,
    pub bigquery: BigQuery,
    pub topic: Option<Topic>,
    /// Where each run's report goes.
    pub reports: Option<Topic>,
    pub stop: Stop,
    pub progress: Arc<dyn Progress>,
    idle: Mutex<Vec<Session>>,
    /// Since when.
    running: Mutex<HashMap<FeedId, OffsetDateTime>>,
    /// What a feed's last run in this process failed with.
    failures: Mutex<HashMap<FeedId, Complaint>>,
    /// What stops the statement that a feed's run has under way.
    cancellers: Mutex<HashMap<FeedId, Canceller>>,
    /// By target.
    seen: Mutex<HashMap<String, Seen>>,
    /// What a committed watermark allows.
    pub(super) after_commit: Vec<Box<dyn AfterCommit>>,
    /// When this process last read a feed's state, and found no table set aside or loading in it.
    looked: Mutex<HashMap<FeedId, OffsetDateTime>>,
    /// Reports of ticks that this process has read.
    pub(super) kept_reports: KeptReports,
    pub(super) cost_ledger: CostLedger,
    /// What pages show of every feed.
    pub(super) board: Board,
    pub(super) last_sealed: LastSealed,
}

impl Context {
    /// Opens what needs no network: credentials are found, clients made.
    pub async fn open(config: Config) -> Result<Self, super::RunError> {
        let BigQueryConfig { project, dataset, staging_dataset, location, job_timeout, write_endpoint } =
            config.bigquery.clone();
        let settings = Settings { project, dataset, staging_dataset, location, job_timeout, write_endpoint };
        let (store, bigquery) =
            tokio::join!(Store::open(&config.storage.bucket, &config.storage.prefix), BigQuery::open(settings));
        Self::of(config, store?, bigquery?).await
    }

    /// Of services that are at hand.
    pub async fn of(config: Config, store: Store, bigquery: BigQuery) -> Result<Self, super::RunError> {
        let timeout = config.source.statement_timeout.unwrap_or(config.run.budget);
        let source = Source::of_kind(config.source.dialect, config.source.url.expose(), timeout)?;
        let source = source.salted(config.source.hash_salt.as_ref().map(Secret::expose));
        let open = async |name: &Option<String>| match name {
            Some(name) => Topic::open(name).await.map(Some),
            None => Ok(None),
        };
        let (topic, reports) = tokio::try_join!(open(&config.topic), open(&config.reports))?;
        let lease = config.run.lease;
        Ok(Self {
            topic,
            reports,
            config,
            source,
            store,
            bigquery,
            stop: Stop::new(),
            progress: Arc::new(Silent),
            after_commit: vec![Box::new(OldLists { lease })],
            idle: Mutex::default(),
            running: Mutex::default(),
            failures: Mutex::default(),
            cancellers: Mutex::default(),
            seen: Mutex::default(),
            looked: Mutex::default(),
            kept_reports: KeptReports::default(),
            cost_ledger: CostLedger::default(),
            board: Board::default(),
            last_sealed: LastSealed::default(),
        })
    }

    /// Has this done after each commit, and tried again by every tick.
    pub fn followed_by(mut self, one: Box<dyn AfterCommit>) -> Self {
        self.after_commit.push(one);
        self
    }

    pub fn watched_by(mut self, progress: Arc<dyn Progress>) -> Self {
        self.progress = progress;
        self
    }

    /// An idle session, or a new one. At most one for each feed that runs at once.
    pub(super) async fn session(&self, feed: &FeedId) -> Result<Session, SourceError> {
        let idle = lock(&self.idle).pop();
        let session = match idle.filter(|s| !s.is_closed()) {
            Some(session) => session,
            None => self.source.open().await?,
        };
        lock(&self.cancellers).insert(feed.clone(), session.canceller());
        Ok(session)
    }

    /// Gives a session back whose transaction has ended.
    pub(super) fn keep(&self, feed: &FeedId, session: Session) {
        lock(&self.cancellers).remove(feed);
        lock(&self.idle).push(session);
    }

    /// What would stop the statement that a feed's run was given up in.
    pub(super) fn take_canceller(&self, feed: &FeedId) -> Option<Canceller> {
        lock(&self.cancellers).remove(feed)
    }

    /// Closes idle sessions: between two ticks nothing of ours stays open at the source.
    pub fn close_idle(&self) {
        lock(&self.idle).clear();
    }

    /// Marks a feed as running in this process until the guard is dropped; or says since when it has been.
    pub(super) fn enter(&self, feed: &FeedId, now: OffsetDateTime) -> Result<Running<'_>, OffsetDateTime> {
        match lock(&self.running).entry(feed.clone()) {
            Entry::Occupied(since) => Err(*since.get()),
            Entry::Vacant(place) => {
                place.insert(now);
                Ok(Running { context: self, feed: feed.clone() })
            }
        }
    }

    /// Remembers a feed's failure, or forgets it.
    pub(super) fn note_failure(&self, feed: &FeedId, complaint: Option<Complaint>) {
        match complaint {
            Some(complaint) => lock(&self.failures).insert(feed.clone(), complaint),
            None => lock(&self.failures).remove(feed),
        };
    }

    pub(super) fn last_failure(&self, feed: &FeedId) -> Option<Complaint> {
        lock(&self.failures).get(feed).cloned()
    }

    /// Waits until no feed runs in this process.
    pub async fn idle(&self) {
        while !lock(&self.running).is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Notes that a table is up to date, as a run has found.
    pub(super) fn note_seen(&self, target: &str, seen: Seen) {
        lock(&self.seen).insert(target.to_owned(), seen);
    }

    /// A table that is set aside or loading is no longer known to be up to date, however lately it was: what the state says of it counts
    /// again.
    pub(super) fn note_state(&self, document: &StateDocument) {
        let marks = document.watermark.iter().flat_map(|w| &w.tables);
        let loading = marks.filter(|(_, mark)| mark.loading.is_some()).map(|(target, _)| target);
        let troubled: Vec<&String> = document.aside.keys().chain(loading).collect();
        lock(&self.seen).retain(|target, _| !troubled.contains(&target));
        match troubled.is_empty() {
            true => lock(&self.looked).insert(document.feed.clone(), OffsetDateTime::now_utc()),
            false => lock(&self.looked).remove(&document.feed),
        };
    }

    /// When this process last read the feed's state and found nothing amiss.
    pub(super) fn looked(&self, feed: &FeedId) -> Option<OffsetDateTime> {
        lock(&self.looked).get(feed).copied()
    }

    /// What this process has last seen of a table.
    pub(super) fn seen(&self, target: &str) -> Option<Seen> {
        lock(&self.seen).get(target).copied()
    }

    /// The moment of the source that this process knows BigQuery to be equal to.
    pub(super) fn last_success(&self, target: &str) -> Option<OffsetDateTime> {
        self.seen(target).map(|s| s.moment)
    }

    pub(super) fn new_run(&self, now: OffsetDateTime) -> RunId {
        RunId::new(now, entropy())
    }

    pub(super) fn new_holder(&self) -> Holder {
        Holder(format!("{:016x}", entropy()))
    }
}

/// A feed that runs in this process.
pub(super) struct Running<'a> {
    context: &'a Context,
    feed: FeedId,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        lock(&self.context.running).remove(&self.feed);
    }
}

/// The sets behind these locks are whole after any single step, so a panic elsewhere does not spoil them.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn entropy() -> u64 {
    // Where the system has no randomness the clock's nanoseconds still tell two runs apart; the seal's precondition, not
    // the id, is what keeps them from harming each other.
    getrandom::u64().unwrap_or_else(|_| u64::from(OffsetDateTime::now_utc().nanosecond()))
}
