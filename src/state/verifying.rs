//! A comparison that goes on: a stretch of keys at a time, each complete by itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::model::{Difference, Verification};

/// Keys that the state keeps: it is written as a whole each time.
const MOST_KEYS: usize = 1000;

/// How far a comparison has come that takes several runs, or several stretches of one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verifying {
    #[serde(with = "time::serde::rfc3339")]
    pub began: OffsetDateTime,
    /// What was asked for.
    pub asked: Verification,
    /// A digest of what is compared: columns, types, filter, the order of keys. Under another one it starts again.
    pub basis: String,
    /// The last key that was looked at, by the canonical texts of the key's first columns; absent before the first stretch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Vec<String>>,
    /// How many rows the source had when it began, as its planner knows.
    pub about: u64,
    pub found: Found,
    /// Of the bytes that it was billed for, those that the reports of runs have told. Who adds up reports must find each byte once.
    #[serde(default)]
    pub reported_bytes: u64,
}

/// What was found so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    pub source_rows: u64,
    pub target_rows: u64,
    pub missing: u64,
    pub extra: u64,
    pub different: u64,
    /// There are more: these are those that were looked at.
    #[serde(default)]
    pub at_least: bool,
    /// Rows that only the target has, where the config lets deletes be.
    #[serde(default)]
    pub deletes_ignored: u64,
    /// Values that the target can't hold.
    #[serde(default)]
    pub nulled: u64,
    /// In how many of the different rows each column differs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, u64>,
    /// Rows of which the documents were compared by what they mean.
    #[serde(default)]
    pub documents: u64,
    #[serde(default)]
    pub repaired: u64,
    /// Rows that a repair has deleted.
    #[serde(default)]
    pub removed: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_billed: Option<u64>,
    #[serde(default)]
    pub seconds: f64,
    /// The first keys that differ, as canonical texts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<FoundKey>,
}

/// A key that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundKey {
    pub kind: Difference,
    pub key: Vec<String>,
}

impl Verifying {
    /// Before its first stretch again: what was compared is no longer there, but it was billed.
    pub(super) fn restarted(self) -> Self {
        let Found { bytes_billed, seconds, .. } = self.found;
        Self { after: None, found: Found { bytes_billed, seconds, ..Found::default() }, ..self }
    }

    /// What was billed for it that no report has told.
    pub fn unreported_bytes(&self) -> Option<u64> {
        self.found.bytes_billed.map(|all| all.saturating_sub(self.reported_bytes))
    }

    /// Once a report has told all that was billed.
    #[must_use]
    pub fn reported(self) -> Self {
        Self { reported_bytes: self.found.bytes_billed.unwrap_or(self.reported_bytes), ..self }
    }

    /// As the state keeps it.
    pub(super) fn kept(mut self) -> Self {
        self.found.keys.truncate(MOST_KEYS);
        self
    }
}

impl Found {
    /// Rows that differ in any way.
    pub fn differing(&self) -> u64 {
        self.missing.saturating_add(self.extra).saturating_add(self.different)
    }

    /// With what another stretch has shown.
    pub fn plus(mut self, other: Self) -> Self {
        for (name, rows) in other.columns {
            *self.columns.entry(name).or_default() += rows;
        }
        self.keys.extend(other.keys);
        Self {
            source_rows: self.source_rows.saturating_add(other.source_rows),
            target_rows: self.target_rows.saturating_add(other.target_rows),
            missing: self.missing.saturating_add(other.missing),
            extra: self.extra.saturating_add(other.extra),
            different: self.different.saturating_add(other.different),
            at_least: self.at_least || other.at_least,
            deletes_ignored: self.deletes_ignored.saturating_add(other.deletes_ignored),
            nulled: self.nulled.saturating_add(other.nulled),
            documents: self.documents.saturating_add(other.documents),
            repaired: self.repaired.saturating_add(other.repaired),
            removed: self.removed.saturating_add(other.removed),
            bytes_billed: match (self.bytes_billed, other.bytes_billed) {
                (Some(a), Some(b)) => Some(a.saturating_add(b)),
                (a, b) => a.or(b),
            },
            seconds: self.seconds + other.seconds,
            columns: self.columns,
            keys: self.keys,
        }
    }
}
