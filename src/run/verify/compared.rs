//! A table under comparison, and what it has shown.

use std::sync::Arc;

use time::OffsetDateTime;

use super::again::{Complete, LookAgain};
use super::first_look::FirstLook;
use super::judge::Judged;
use crate::bigquery::{Billed, ComparedTarget};
use crate::canonical::{ALL_KEYS, ComparedColumn, KeyStretch};
use crate::model::{
    CaptureKind, ColumnMode, CompareDocuments, Deletes, Difference, IgnoredDeletes, TableSpec, TargetRef, TargetType,
    Verification,
};
use crate::run::report::{DifferingKey, SoFar, VerifyReport, VerifyState, seconds_since};
use crate::state::{Differs, Found, FoundKey, Verified, Verifying};

/// A table under comparison, or a stretch of it.
pub struct Compared {
    pub spec: TableSpec,
    pub target: TargetRef,
    pub columns: Vec<ComparedColumn>,
    pub key_len: usize,
    pub taken_at: OffsetDateTime,
    /// The stretch that is looked at.
    pub within: KeyStretch,
    /// With what the stretches before have shown.
    pub so_far: Verifying,
    pub ground: Ground,
    pub look: FirstLook,
    pub judged: Judged,
    pub is_all: Complete,
    /// Whether the second look has seen both sides.
    pub judged_again: bool,
    pub repaired: u64,
    /// Rows that a repair has deleted.
    pub removed: u64,
    pub billed: Arc<Billed>,
    pub began: OffsetDateTime,
}

const UNKNOWN: &str = "more rows were on their way than a second look takes, or the run between both looks left it out";
const STARTS_AGAIN: &str = "all its rows were read again meanwhile, so the comparison starts again";

/// How a comparison stands after a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The last stretch was looked at.
    Through,
    /// There is another stretch.
    GoesOn,
    /// Nobody knows what differs in this stretch.
    Unknown,
    /// All rows were read again meanwhile: what the stretches before have shown says nothing any more.
    StartsAgain,
}

/// Whether the stretches before are still what they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    Same,
    FilledAnew,
}

impl Compared {
    /// As BigQuery is asked for it.
    pub fn target(&self) -> ComparedTarget<'_> {
        let Self { target, columns, key_len, spec, billed, within, .. } = self;
        let (key_len, delete) = (*key_len, &spec.delete);
        ComparedTarget { table: target, columns, key_len, delete, billed, as_of: None, within }
    }

    pub fn asked(&self) -> Verification {
        self.so_far.asked
    }

    /// Whether rows that only the target has are no difference.
    pub fn ignores_deletes(&self) -> bool {
        let is_ignored = matches!(self.spec.capture, CaptureKind::Cursor | CaptureKind::Xmin)
            && self.spec.deletes == Deletes::Ignore;
        is_ignored && self.asked().ignored_deletes == IgnoredDeletes::Counted
    }

    /// Whether the table is compared a stretch at a time.
    pub fn is_cut(&self) -> bool {
        self.within != ALL_KEYS
    }

    pub fn verdict(&self) -> Verdict {
        match &self.within.until {
            _ if self.ground == Ground::FilledAnew => Verdict::StartsAgain,
            _ if self.is_all == Complete::No && self.differing() == 0 => Verdict::Unknown,
            Some(_) => Verdict::GoesOn,
            None => Verdict::Through,
        }
    }

    /// What is looked at again, with the columns that were compared.
    pub fn look_again(&self) -> Option<LookAgain> {
        Some(LookAgain { what: self.look.again.clone()?, columns: self.columns.clone() })
    }

    /// Rows that differ in any way.
    pub fn differing(&self) -> u64 {
        let Judged { missing, extra, different, .. } = self.judged;
        missing + different + if self.ignores_deletes() { 0 } else { extra }
    }

    /// How far the comparison is, this stretch included.
    pub fn gone_on(&self) -> Verifying {
        let mut so_far = self.so_far.clone();
        so_far.after.clone_from(&self.within.until);
        Verifying { found: so_far.found.plus(self.found()), ..so_far }
    }

    /// Another place of the comparison, with what all of it was billed for, this stretch included.
    pub fn billed_at(&self, place: Verifying) -> Verifying {
        let bytes_billed = self.gone_on().found.bytes_billed;
        Verifying { found: Found { bytes_billed, ..place.found }, ..place }
    }

    /// What this look has shown.
    fn found(&self) -> Found {
        let Self { look, judged, .. } = self;
        let ignores_deletes = self.ignores_deletes();
        let (extra, deletes_ignored) = if ignores_deletes { (0, judged.extra) } else { (judged.extra, 0) };
        let keys = judged.keys.iter().filter(|(_, d)| !ignores_deletes || *d != Difference::Extra);
        Found {
            source_rows: look.source_rows,
            target_rows: look.target_rows,
            missing: judged.missing,
            extra,
            different: judged.different,
            at_least: self.is_all == Complete::No,
            deletes_ignored: deletes_ignored + look.ignored,
            nulled: look.nulled + judged.nulled,
            columns: judged.columns.clone(),
            documents: look.documents,
            repaired: self.repaired,
            removed: self.removed,
            bytes_billed: self.billed.bytes(),
            seconds: seconds_since(self.began),
            keys: keys.map(|(key, kind)| FoundKey { kind: *kind, key: key.clone() }).collect(),
        }
    }
}

/// What is told of it, with all that the stretches before have shown.
pub fn report(c: &Compared) -> VerifyReport {
    let verdict = c.verdict();
    let so_far = c.gone_on();
    let unreported = so_far.unreported_bytes();
    let Verifying { asked, about, found, began, reported_bytes, .. } = so_far;
    let is_document = |c: &&ComparedColumn| c.column.target_type == TargetType::Json;
    let has_documents = c.columns.iter().any(|c| is_document(&c));
    let is_whole = matches!(asked.documents, CompareDocuments::All(_));
    let documents = c.columns.iter().filter(is_document).filter(|c| !is_whole || c.column.mode == ColumnMode::Repeated);
    let is_equal = found.differing() == 0;
    let (state, reason) = match verdict {
        Verdict::Unknown => (VerifyState::NotCompared, Some(UNKNOWN)),
        Verdict::StartsAgain => (VerifyState::NotCompared, Some(STARTS_AGAIN)),
        Verdict::GoesOn => (VerifyState::GoesOn, None),
        Verdict::Through if is_equal => (VerifyState::Equal, None),
        Verdict::Through => (VerifyState::Differs, None),
    };
    let Found { missing, extra, different, at_least, .. } = found;
    let note = (verdict == Verdict::Through).then(|| Verified {
        at: c.taken_at,
        began: c.is_cut().then_some(began),
        level: asked.level,
        // A difference that some documents have shown is only gone when all were looked at.
        all_documents: is_whole || (!is_equal && asked.documents != CompareDocuments::Structure),
        strict: asked.ignored_deletes == IgnoredDeletes::Differ,
        rows: found.source_rows,
        differs: (!is_equal).then_some(Differs { since: c.taken_at, missing, extra, different, at_least }),
    });
    VerifyReport {
        source: c.spec.source.to_string(),
        target: c.target.to_string(),
        level: asked.level,
        state,
        reason: reason.map(str::to_owned),
        goes_on: (state == VerifyState::GoesOn).then_some(SoFar { began, about: about.max(found.source_rows) }),
        source_rows: found.source_rows,
        target_rows: found.target_rows,
        missing,
        extra,
        different,
        at_least,
        deletes_ignored: found.deletes_ignored,
        nulled: found.nulled,
        columns: found.columns,
        structure_only: documents.map(|c| c.column.name.clone()).collect(),
        documents: (asked.documents != CompareDocuments::Structure && has_documents).then_some(found.documents),
        repaired: found.repaired,
        bytes_billed: unreported,
        bytes_billed_in_all: found.bytes_billed.filter(|_| reported_bytes > 0),
        seconds: found.seconds,
        key: c.columns[..c.key_len.min(c.columns.len())].iter().map(|c| c.column.name.clone()).collect(),
        keys: found.keys.into_iter().map(|k| DifferingKey { kind: k.kind.name(), key: k.key }).collect(),
        note,
    }
}
