//! What a comparison of a table with its source has found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::model::VerifyLevel;
use crate::state::Verified;
use crate::telemetry::ANSWERED;

/// Whether a target is what its source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerifyState {
    Equal,
    Differs,
    /// Some stretches of its keys were compared, and the next tick goes on.
    GoesOn,
    /// Nothing can be said now.
    NotCompared,
}

impl VerifyState {
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Differs => "differs",
            Self::GoesOn => "goes on",
            Self::NotCompared => "not compared",
        }
    }
}

/// How a row differs, for those who list the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DifferingKey {
    /// `missing`, `extra` or `different`.
    pub kind: &'static str,
    /// The values of the key's columns.
    pub key: Vec<String>,
}

/// How far a comparison has come that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoFar {
    #[serde(with = "time::serde::rfc3339")]
    pub began: OffsetDateTime,
    /// About how many rows the source has.
    pub about: u64,
}

/// One table, compared with its source.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VerifyReport {
    pub source: String,
    pub target: String,
    pub level: VerifyLevel,
    pub state: VerifyState,
    /// Why nothing was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of a comparison that goes on; the other figures are those of the stretches so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goes_on: Option<SoFar>,
    /// Rows of either side at the first look; a change on its way makes them differ.
    #[serde(default)]
    pub source_rows: u64,
    #[serde(default)]
    pub target_rows: u64,
    /// Rows that the target lacks.
    #[serde(default)]
    pub missing: u64,
    /// Rows that only the target has.
    #[serde(default)]
    pub extra: u64,
    /// Rows with other values.
    #[serde(default)]
    pub different: u64,
    /// More rows differ than were looked at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
    /// Rows that only the target has, where the config lets deletes be.
    #[serde(default)]
    pub deletes_ignored: u64,
    /// Values that the target can't hold: they are NULL there, which is no difference.
    #[serde(default)]
    pub nulled: u64,
    /// In how many of the different rows each column differs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, u64>,
    /// Columns of documents, of which the structure alone was compared: which keys there are, how long arrays are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub structure_only: Vec<String>,
    /// Rows of which the documents were compared by what they mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documents: Option<u64>,
    /// Rows that differed and were repaired.
    #[serde(default)]
    pub repaired: u64,
    /// What BigQuery billed for the comparison and no report before has told: of a comparison that takes several runs, this run's share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_billed: Option<u64>,
    /// With what the reports of the runs before have told; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_billed_in_all: Option<u64>,
    #[serde(default)]
    pub seconds: f64,
    /// The columns of the key, and what differs. No report has values of rows.
    #[serde(skip)]
    pub key: Vec<String>,
    #[serde(skip)]
    pub keys: Vec<DifferingKey>,
    /// As the state remembers it.
    #[serde(skip)]
    pub note: Option<Verified>,
}

impl VerifyReport {
    /// Of a table that can't be compared now.
    pub(in crate::run) fn not_compared(source: String, target: String, level: VerifyLevel, reason: &str) -> Self {
        Self {
            source,
            target,
            level,
            state: VerifyState::NotCompared,
            reason: Some(reason.to_owned()),
            goes_on: None,
            source_rows: 0,
            target_rows: 0,
            missing: 0,
            extra: 0,
            different: 0,
            at_least: false,
            deletes_ignored: 0,
            nulled: 0,
            columns: BTreeMap::new(),
            structure_only: Vec::new(),
            documents: None,
            repaired: 0,
            bytes_billed: None,
            bytes_billed_in_all: None,
            seconds: 0.0,
            key: Vec::new(),
            keys: Vec::new(),
            note: None,
        }
    }

    /// One event a table; metrics and alerts are made from it.
    pub(in crate::run) fn log(&self) {
        macro_rules! verified {
            ($level:ident) => {
                tracing::$level!(
                    target: ANSWERED,
                    table = self.source,
                    state = self.state.name(),
                    level = self.level.name(),
                    reason = self.reason,
                    source_rows = self.source_rows,
                    target_rows = self.target_rows,
                    missing = self.missing,
                    extra = self.extra,
                    different = self.different,
                    deletes_ignored = self.deletes_ignored,
                    nulled = self.nulled,
                    repaired = self.repaired,
                    bytes_billed = self.bytes_billed,
                    bytes_billed_in_all = self.bytes_billed_in_all,
                    seconds = self.seconds,
                    "table compared"
                )
            };
        }
        match self.state {
            VerifyState::Differs => verified!(error),
            VerifyState::NotCompared => verified!(warn),
            VerifyState::Equal | VerifyState::GoesOn => verified!(info),
        }
    }
}
