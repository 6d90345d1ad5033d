//! The document itself. docs/FORMAT.md describes it for people.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::error::StateError;
use super::notes::Notes;
use crate::batch::{Aside, Batch, FORMAT_VERSION, Watermark};
use crate::model::{FeedId, RunId};

/// What is known of a feed between two runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateDocument {
    pub version: u32,
    pub feed: FeedId,
    /// Who wrote this, and which write it was: tells our own write from another's after a lost answer.
    pub stamp: String,
    pub watermark: Option<Watermark>,
    pub lease: Option<Lease>,
    /// The sealed batch that is not yet in BigQuery.
    pub pending: Option<Batch>,
    /// Tables of a shared feed that failed for good, by target: the others go on without them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub aside: BTreeMap<String, Aside>,
    pub last: Option<PastRun>,
    #[serde(flatten)]
    pub notes: Notes,
}

/// Who works on the feed, and until when others must keep off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub holder: String,
    pub run: RunId,
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
}

/// A run that is over, for `status` and the status page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PastRun {
    pub run: RunId,
    #[serde(with = "time::serde::rfc3339")]
    pub finished: OffsetDateTime,
    #[serde(default)]
    pub seconds: f64,
    /// Of all its tables.
    #[serde(flatten)]
    pub figures: Figures,
    /// Each table's share, by target; of a run that failed or has changed nothing, the tables that it was for. Empty where those are all
    /// tables of the feed, or an older version made the note.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<String, Figures>,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Complaint>,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    pub upserts: u64,
    /// Rows of the target that are gone, or flagged under soft deletes. At least so many, where a load has replaced the target.
    pub deletes: u64,
    pub quarantined: u64,
    pub bytes_billed: u64,
    /// Rows of the target that a load has replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_before: Option<u64>,
}

impl Figures {
    /// Whether any row came or went.
    pub fn has_rows(self) -> bool {
        self.upserts + self.deletes + self.quarantined > 0 || self.rows_before.is_some()
    }

    /// The figures of two tables together.
    pub fn plus(self, other: Self) -> Self {
        Self {
            upserts: self.upserts + other.upserts,
            deletes: self.deletes + other.deletes,
            quarantined: self.quarantined + other.quarantined,
            bytes_billed: self.bytes_billed + other.bytes_billed,
            rows_before: match (self.rows_before, other.rows_before) {
                (Some(a), Some(b)) => Some(a + b),
                (a, b) => a.or(b),
            },
        }
    }
}

impl PastRun {
    /// A run that has changed nothing, now at its end after so many seconds.
    pub fn of(run: &RunId, seconds: f64, error: Option<Complaint>) -> Self {
        let (finished, figures, tables) = (OffsetDateTime::now_utc(), Figures::default(), BTreeMap::new());
        Self { run: run.clone(), finished, seconds, figures, tables, error }
    }

    /// What the run did to one table of its feed; `None` where it was not for it, or did nothing to it.
    pub fn of_table(&self, feed: &FeedId, target: &str) -> Option<Self> {
        let is_everyones = self.tables.is_empty()
            && (*feed == FeedId::of_target(target) || self.error.is_some() || self.figures == Figures::default());
        let figures = self.tables.get(target).copied().or(is_everyones.then_some(self.figures))?;
        Some(Self { figures, tables: BTreeMap::new(), ..self.clone() })
    }
}

/// What went wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complaint {
    pub message: String,
    pub hint: String,
}

impl StateDocument {
    /// Reads a document of this version or an older one.
    pub fn parse(feed: &FeedId, content: &[u8]) -> Result<Self, StateError> {
        #[derive(serde::Deserialize)]
        struct Version {
            version: u32,
        }
        let unreadable = |e: serde_json::Error| StateError::Unreadable { feed: feed.clone(), reason: e.to_string() };
        let Version { version } = serde_json::from_slice(content).map_err(unreadable)?;
        if version > FORMAT_VERSION {
            return Err(StateError::TooNew { feed: feed.clone(), found: version, known: FORMAT_VERSION });
        }
        let document: Self = serde_json::from_slice(content).map_err(unreadable)?;
        // An older version is written back as this one: what it does not know must survive the next write.
        Ok(Self { version: FORMAT_VERSION, ..document })
    }

    pub fn new(feed: FeedId) -> Self {
        let (stamp, watermark, lease, pending, last) = (String::new(), None, None, None, None);
        let (aside, notes) = (BTreeMap::new(), Notes::default());
        Self { version: FORMAT_VERSION, feed, stamp, watermark, lease, pending, aside, last, notes }
    }

    /// What the table's last run failed with, until one has looked at it and left nothing behind.
    pub fn failure_of(&self, target: &str) -> Option<&Complaint> {
        let is_own = |run: &&PastRun| run.of_table(&self.feed, target).is_some();
        let last = self.notes.recent.iter().rev().find(is_own)?;
        let checked = self.notes.tables.get(target).and_then(|n| n.checked);
        last.error.as_ref().filter(|_| checked.is_none_or(|at| at <= last.finished))
    }

    /// Whether two documents say the same but for what is written in the margin: a run that goes by the one may go by the other.
    pub(super) fn is_same_but_for_notes(&self, other: &Self) -> bool {
        let plain = |d: &Self| Self { stamp: String::new(), notes: Notes::default(), ..d.clone() };
        plain(self) == plain(other)
    }

    /// The lease, if it still holds at `now`.
    pub fn live_lease(&self, now: OffsetDateTime) -> Option<&Lease> {
        self.lease.as_ref().filter(|l| l.until > now)
    }
}

/// The name of a feed's state object below the storage prefix. A feed's name is a BigQuery table's: no slash in it.
pub fn object_name(feed: &FeedId) -> String {
    format!("state/{feed}.json")
}
