//! Runs that are over, as the state remembers them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::model::{FeedId, RunId};

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
    /// Of one that failed, when the first of those began that have failed one after the other.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<OffsetDateTime>,
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
        [self.upserts, self.deletes, self.quarantined].iter().any(|n| *n > 0) || self.rows_before.is_some()
    }

    /// The figures of two tables together.
    pub fn plus(self, other: Self) -> Self {
        Self {
            upserts: self.upserts.saturating_add(other.upserts),
            deletes: self.deletes.saturating_add(other.deletes),
            quarantined: self.quarantined.saturating_add(other.quarantined),
            bytes_billed: self.bytes_billed.saturating_add(other.bytes_billed),
            rows_before: match (self.rows_before, other.rows_before) {
                (Some(a), Some(b)) => Some(a.saturating_add(b)),
                (a, b) => a.or(b),
            },
        }
    }
}

impl PastRun {
    /// A run that has changed nothing, now at its end after so many seconds.
    pub fn of(run: &RunId, seconds: f64, error: Option<Complaint>) -> Self {
        let (finished, figures, tables) = (OffsetDateTime::now_utc(), Figures::default(), BTreeMap::new());
        let failing_since = error.as_ref().and_then(|_| run.started());
        Self { run: run.clone(), finished, seconds, figures, tables, error, failing_since }
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A run of these tables: 7 rows in all, and of each as many as its number.
    pub fn run(number: u64, tables: &[&str]) -> PastRun {
        let figures = |upserts| Figures { upserts, ..Figures::default() };
        PastRun {
            figures: figures(7),
            tables: tables.iter().map(|t| ((*t).to_owned(), figures(number))).collect(),
            ..PastRun::of(&RunId::new(OffsetDateTime::UNIX_EPOCH, number), 0.1, None)
        }
    }

    #[test]
    fn a_table_has_its_own_share_of_a_run() {
        let (shared, own) = (FeedId::of_changelog(), FeedId::of_target("a"));
        let upserts = |run: &PastRun, feed, target| run.of_table(feed, target).map(|r| r.figures.upserts);
        let both = run(3, &["a", "b"]);
        assert_eq!((upserts(&both, &shared, "a"), upserts(&both, &shared, "c")), (Some(3), None));
        // An older version has noted the feed's figures alone: of a feed of one table they are the table's.
        let old = run(3, &[]);
        assert_eq!((upserts(&old, &own, "a"), upserts(&old, &shared, "a")), (Some(7), None));
        let (message, hint) = (String::new(), String::new());
        let failed = PastRun { error: Some(Complaint { message, hint }), figures: Figures::default(), ..old };
        assert_eq!(upserts(&failed, &shared, "a"), Some(0), "every table's");
        // A failure of some tables is no other's.
        let of_a = PastRun { tables: [("a".to_owned(), Figures::default())].into(), ..failed.clone() };
        assert_eq!((upserts(&of_a, &shared, "a"), upserts(&of_a, &shared, "b")), (Some(0), None));
        let recovered = PastRun { error: None, ..failed };
        assert_eq!(upserts(&recovered, &shared, "a"), Some(0), "nothing was to be done for any of them");
    }
}
