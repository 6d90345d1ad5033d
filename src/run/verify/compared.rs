//! A table under comparison, and what is told of it.

use time::OffsetDateTime;

use super::again::Complete;
use super::difference::Difference;
use super::first_look::FirstLook;
use super::judge::Judged;
use crate::bigquery::{Billed, ComparedTarget};
use crate::canonical::ComparedColumn;
use crate::model::{
    CaptureKind, ColumnMode, CompareDocuments, Deletes, IgnoredDeletes, TableSpec, TargetRef, TargetType, Verification,
};
use crate::run::report::{DifferingKey, VerifyReport, VerifyState, seconds_since};
use crate::state::{Differs, Verified};

/// A table under comparison.
pub struct Compared {
    pub spec: TableSpec,
    pub target: TargetRef,
    pub columns: Vec<ComparedColumn>,
    pub key_len: usize,
    pub taken_at: OffsetDateTime,
    pub look: FirstLook,
    pub judged: Judged,
    pub is_all: Complete,
    pub repaired: u64,
    pub billed: Billed,
    pub began: OffsetDateTime,
}

impl Compared {
    /// As BigQuery is asked for it.
    pub fn target(&self) -> ComparedTarget<'_> {
        let Self { target, columns, key_len, spec, billed, .. } = self;
        ComparedTarget { table: target, columns, key_len: *key_len, delete: &spec.delete, billed, as_of: None }
    }

    /// Whether rows that only the target has are no difference.
    pub fn ignores_deletes(&self, asked: Verification) -> bool {
        let is_ignored = matches!(self.spec.capture, CaptureKind::Cursor | CaptureKind::Xmin)
            && self.spec.deletes == Deletes::Ignore;
        is_ignored && asked.ignored_deletes == IgnoredDeletes::Counted
    }
}

/// What is told of it.
pub fn report(c: Compared, asked: Verification) -> VerifyReport {
    let ignores_deletes = c.ignores_deletes(asked);
    let Compared { spec, target, columns, key_len, taken_at, look, judged, is_all, repaired, billed, began } = c;
    let is_document = |c: &&ComparedColumn| c.column.target_type == TargetType::Json;
    let has_documents = columns.iter().any(|c| is_document(&c));
    let is_whole = matches!(asked.documents, CompareDocuments::All(_));
    let documents = columns.iter().filter(is_document).filter(|c| !is_whole || c.column.mode == ColumnMode::Repeated);
    let (extra, deletes_ignored) = if ignores_deletes { (0, judged.extra) } else { (judged.extra, 0) };
    let at_least = is_all == Complete::No;
    let differs = Differs { since: taken_at, missing: judged.missing, extra, different: judged.different, at_least };
    let is_equal = differs.missing + differs.extra + differs.different == 0;
    let state = match (is_equal, at_least) {
        (true, false) => VerifyState::Equal,
        (true, true) => VerifyState::NotCompared,
        (false, _) => VerifyState::Differs,
    };
    let note = (state != VerifyState::NotCompared).then(|| Verified {
        at: taken_at,
        level: asked.level,
        // A difference that some documents have shown is only gone when all were looked at.
        all_documents: is_whole || (!is_equal && asked.documents != CompareDocuments::Structure),
        strict: asked.ignored_deletes == IgnoredDeletes::Differ,
        rows: look.source_rows,
        differs: (!is_equal).then(|| differs.clone()),
    });
    let keys = judged.keys.into_iter().filter(|(_, d)| !ignores_deletes || *d != Difference::Extra);
    VerifyReport {
        source: spec.source.to_string(),
        target: target.to_string(),
        level: asked.level,
        state,
        reason: (state == VerifyState::NotCompared).then(|| {
            "more rows were on their way than a second look takes, or the run between both looks left it out".to_owned()
        }),
        source_rows: look.source_rows,
        target_rows: look.target_rows,
        missing: judged.missing,
        extra,
        different: judged.different,
        at_least,
        deletes_ignored,
        nulled: look.nulled + judged.nulled_documents,
        columns: judged.columns,
        structure_only: documents.map(|c| c.column.name.clone()).collect(),
        documents: (asked.documents != CompareDocuments::Structure && has_documents).then_some(look.documents),
        repaired,
        bytes_billed: billed.bytes(),
        seconds: seconds_since(began),
        key: columns[..key_len.min(columns.len())].iter().map(|c| c.column.name.clone()).collect(),
        keys: keys.map(|(key, d)| DifferingKey { kind: d.name(), key }).collect(),
        note,
    }
}
