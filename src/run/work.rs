//! What a run passes from one of its steps to the next.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::context::Context;
use super::error::RunError;
use super::feeds::Feed;
use super::order::{Guard, Mode, Order};
use crate::batch::{Aside, Batch, Counts, LogCounts, Position, Standing, TableBatch, TableMark, Watermark};
use crate::capture::keyed::log::Claim;
use crate::capture::keyed::log::Judge;
use crate::capture::{Decision, Why};
use crate::encode::Shape;
use crate::model::{CaptureKind, FeedId, RunId, TableSpec};
use crate::source::{LogPlace, Relation, Session};

/// What is staged, for whom and where.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub context: &'a Context,
    pub spec: &'a TableSpec,
    pub feed: &'a FeedId,
    pub mode: Mode,
    pub guard: Guard,
    pub run: &'a RunId,
    /// The run's folder.
    pub folder: &'a str,
}

impl Place<'_> {
    /// Whether the table's log tells inserts from other changes.
    pub fn tells_inserts(self) -> bool {
        let log = self.context.config.changelog.as_ref().filter(|_| self.spec.capture == CaptureKind::Changelog);
        log.is_some_and(|log| !log.codes.added.is_empty())
    }
}

/// What a table's rows are read by.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub session: &'a Session,
    pub relation: &'a Relation,
    pub shape: &'a Shape,
    pub standing: Option<Standing<'a>>,
}

/// Where one claim of a table reads the log.
pub(super) struct ClaimReading<'a> {
    pub claim: &'a Claim,
    pub place: LogPlace,
    pub judge: Option<Judge>,
}

/// What a table adds to a run.
pub(super) struct Staged {
    /// `None` where there is nothing to do.
    pub table: Option<TableBatch>,
    pub mark: TableMark,
    pub counts: Counts,
    /// The moment its watermark speaks of, where that is an earlier run's: of a load in chunks.
    pub since: Option<(Position, OffsetDateTime)>,
}

/// What a capture has found.
pub(super) struct Captured {
    /// `None` where nothing has changed.
    pub batch: Option<Batch>,
    pub next: Watermark,
    /// The moment of the source that was looked at. The watermark may stay behind it where nothing has changed.
    pub moment: OffsetDateTime,
    pub aside: BTreeMap<String, Aside>,
    pub log: Option<LogCounts>,
    /// The tables read whole, by target, and why.
    pub whole: Vec<(String, Why)>,
    /// Tables that something passing was in the way of; they stand where they stood.
    pub postponed: Vec<(TableSpec, RunError)>,
    /// What the run may have missed, as things stand.
    pub caveats: Vec<String>,
    /// Tables left for a run of their own: so much is at hand already that it should be sealed.
    pub rest: Vec<TableSpec>,
}

/// What a run is to capture.
#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    pub context: &'a Context,
    pub feed: &'a Feed,
    /// The tables of the feed that are due.
    pub tables: &'a [TableSpec],
    pub order: Order,
    /// Targets whose load in chunks this tick has begun: it goes on, whatever was asked for.
    pub begun: &'a [String],
    pub run: &'a RunId,
    pub started: OffsetDateTime,
    pub previous: Option<&'a Watermark>,
    pub aside: &'a BTreeMap<String, Aside>,
}

/// A table, looked at.
pub(super) struct Looked<'a> {
    pub spec: &'a TableSpec,
    pub relation: &'a Relation,
    pub shape: Shape,
    pub claims: Vec<Claim>,
    pub standing: Option<Standing<'a>>,
    pub decision: Decision,
    /// What the run may miss of it.
    pub caveats: Vec<String>,
    /// About how many rows a whole read has.
    pub rows: u64,
}

/// The tables of a run, as they come.
#[derive(Default)]
pub(super) struct Found<'a> {
    pub batches: Vec<TableBatch>,
    pub marks: BTreeMap<String, TableMark>,
    pub whole: Vec<(String, Why)>,
    pub failed: Vec<(&'a TableSpec, RunError)>,
    pub counts: Counts,
    pub caveats: Vec<String>,
    pub since: Option<(Position, OffsetDateTime)>,
}

impl<'a> Found<'a> {
    pub fn add(&mut self, spec: &'a TableSpec, staged: Staged, whole: Option<Why>) {
        self.marks.insert(spec.target.clone(), staged.mark);
        self.batches.extend(staged.table);
        self.since = staged.since;
        self.whole.extend(whole.map(|w| (spec.target.clone(), w)));
        self.counts.skipped += staged.counts.skipped;
        self.counts.unreadable += staged.counts.unreadable;
    }
}
