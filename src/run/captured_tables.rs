//! What a run gathers, table by table, until it is sealed.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::batch::{Aside, Batch, Counts, LogCounts, Position, TableBatch, TableMark, Watermark};
use crate::capture::Why;
use crate::model::TableSpec;
use crate::run::error::RunError;
use crate::run::verify::SourceSide;
use crate::source::Moment;

/// What a table adds to a run.
pub(super) struct StagedTable {
    /// `None` where there is nothing to do.
    pub table: Option<TableBatch>,
    pub mark: TableMark,
    pub counts: Counts,
    /// The moment its watermark speaks of, where that is an earlier run's: of a load in chunks.
    pub since: Option<(Position, OffsetDateTime)>,
}

/// What a capture has found, table by table.
pub(super) struct Captured<'a> {
    pub tables: Gathered<'a>,
    pub moment: Moment,
    /// What was looked through of a change log.
    pub log: Option<LogCounts>,
    /// Tables left for a run of their own: so much is at hand already that it should be sealed.
    pub rest: Vec<TableSpec>,
    pub advance: Advance,
    /// What was asked for beside the rows, by target.
    pub noted: BTreeMap<String, SourceSide>,
    /// The targets that are to be compared once the run is in them.
    pub to_compare: Vec<String>,
}

/// Whether the watermark may move where nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Advance {
    Moves,
    /// What was looked at could still be lost by a crash of the source; a later tick moves it.
    Stays,
}

/// What was captured, put together: what is to be sealed, and what is known beside it.
pub(super) struct Sealable {
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
    /// What the source had of what was asked for, by target.
    pub noted: BTreeMap<String, SourceSide>,
    /// The targets that are to be compared once the run is in them.
    pub to_compare: Vec<String>,
}

/// What a run has found out that has nothing to seal.
pub(super) struct Quiet {
    /// The tables that were read.
    pub done: Vec<TableSpec>,
    /// The targets of those whose changes were looked for.
    pub looked_at: Vec<String>,
    pub next: Watermark,
    /// The moment of the source that was looked at.
    pub moment: OffsetDateTime,
    pub aside: BTreeMap<String, Aside>,
}

/// The tables of a run, as they come.
#[derive(Default)]
pub(super) struct Gathered<'a> {
    pub batches: Vec<TableBatch>,
    pub marks: BTreeMap<String, TableMark>,
    pub whole: Vec<(String, Why)>,
    pub failed: Vec<(&'a TableSpec, RunError)>,
    pub counts: Counts,
    pub caveats: Vec<String>,
    pub since: Option<(Position, OffsetDateTime)>,
}

impl<'a> Gathered<'a> {
    pub fn add(&mut self, spec: &'a TableSpec, staged: StagedTable, whole: Option<Why>) {
        self.marks.insert(spec.target.clone(), staged.mark);
        self.batches.extend(staged.table);
        self.since = staged.since;
        self.whole.extend(whole.map(|w| (spec.target.clone(), w)));
        self.counts.skipped += staged.counts.skipped;
        self.counts.unreadable += staged.counts.unreadable;
    }
}
