//! The document itself. docs/FORMAT.md describes it for people.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::error::StateError;
use super::notes::Notes;
use super::past_run::{Complaint, PastRun};
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
    /// How many batches the feed has ever sealed.
    #[serde(default)]
    pub sealed: u64,
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
        Self { version: FORMAT_VERSION, feed, stamp, watermark, lease, sealed: 0, pending, aside, last, notes }
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

#[cfg(test)]
mod tests {
    use super::super::notes::Told;
    use super::super::past_run::Figures;
    use super::*;
    use crate::state::past_run::tests::run;

    #[test]
    fn a_failure_stands_until_the_table_is_looked_at() {
        let (message, hint) = ("m".to_owned(), "h".to_owned());
        let mut document = StateDocument::new(FeedId::of_changelog());
        let failed = PastRun { error: Some(Complaint { message, hint }), figures: Figures::default(), ..run(1, &[]) };
        document.notes.add(PastRun { tables: [("a".to_owned(), Figures::default())].into(), ..failed.clone() });
        assert!(document.failure_of("a").is_some() && document.failure_of("b").is_none());
        // Another table's run says nothing of this one.
        document.notes.add(run(2, &["b"]));
        assert!(document.failure_of("a").is_some());
        let checked = Some((vec!["a".to_owned()], failed.finished + time::Duration::SECOND));
        document.notes.note(&Told { checked, ..Told::default() }, |_| true);
        assert!(document.failure_of("a").is_none());
    }
}
