//! The passes of a run over one table.

use time::OffsetDateTime;

use super::error::CaptureError;
use crate::batch::{Absent, Repeated, RowsBefore, Standing};
use crate::capture::decision::{Decision, Part};
use crate::capture::named_keys::NextPlace;
use crate::encode::{Flag, KeyDigest, RowKind};
use crate::model::{ApplyBy, DeleteStyle, Deletes, Op, Refusals};
use crate::source::{Bulk, Columns, CursorColumn, CursorType, KeyRange, Moment, Read, Rows, Since, Table};

/// One read and what its rows are.
#[derive(Clone, Copy)]
pub struct Pass<'a> {
    pub kind: RowKind,
    pub read: Read<'a>,
    pub flag: Flag,
}

/// What the passes have found, as far as the next watermark needs it.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub cursor_max: Option<String>,
    /// How far the bulk of the cursor's values reaches.
    pub cursor_bulk: Bulk,
    pub upserts: u64,
    /// Rows read of the stretch, of a load in chunks.
    pub rows: u64,
    /// The digest of all keys of the source, where it was taken.
    pub keys: Option<KeyDigest>,
    /// Where the table stands in what names its keys.
    pub place: NextPlace,
    /// All rows of the source, where they were counted.
    pub source_rows: Option<u64>,
    /// Of those, or of the rows read, the ones whose key can't be held.
    pub left_out: u64,
    /// Rows that could not be held as they are.
    pub quarantined: u64,
    /// Of these, the columns and the reasons.
    pub refusals: Refusals,
}

/// Whether a target has to have rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedRows {
    /// It may have some, too.
    None,
    Some,
}

/// How one table is read in one run.
pub struct Capture<'a> {
    pub(super) table: Table<'a>,
    pub(super) moment: &'a Moment,
    pub(super) standing: Option<Standing<'a>>,
    pub decision: Decision,
    pub cursor: Option<CursorColumn>,
    /// The stretch of keys that is read, of a load in chunks.
    pub range: Option<KeyRange>,
    /// Of such a load, how many rows the table had when it began, by the source's own estimate.
    pub(super) about: Option<u64>,
}

impl<'a> Capture<'a> {
    pub fn new(
        table: Table<'a>,
        moment: &'a Moment,
        standing: Option<Standing<'a>>,
        decision: Decision,
    ) -> Result<Self, CaptureError> {
        let cursor = CursorColumn::of(table.spec, table.relation)?;
        Ok(Self { table, moment, standing, decision, cursor, range: None, about: None })
    }

    /// The table that is read.
    pub fn table(&self) -> Table<'a> {
        self.table
    }

    /// Reads a stretch of keys only, of a table of about so many rows.
    pub fn within(self, range: KeyRange, about: Option<u64>) -> Self {
        Self { range: Some(range), about, ..self }
    }

    /// What the changes are changes from; `None` where every row is read.
    pub(super) fn previous(&self) -> Option<Standing<'a>> {
        self.standing.filter(|_| self.decision == Decision::Changes)
    }

    /// Whether the target's rows are replaced by those read: nothing of the old ones stays.
    pub fn replaces(&self) -> bool {
        matches!(self.decision, Decision::Whole(_) | Decision::Chunk(_, Part::First(RowsBefore::None)))
            && self.table.spec.delete == DeleteStyle::Hard
    }

    /// Whether those read go beside the rows of the stretches before by a load job, as changes never have to: the target was created for this
    /// load, and none was ever sent to it.
    pub fn goes_beside(&self) -> bool {
        let mark = self.standing.filter(|_| matches!(self.decision, Decision::Chunk(_, Part::Next))).map(|s| s.mark);
        self.table.spec.apply == ApplyBy::Append
            && mark.is_some_and(|m| m.apply == ApplyBy::Append && m.created.is_some() && m.sent.is_none())
    }

    /// Whether every row is read.
    pub fn is_whole(&self) -> bool {
        self.decision != Decision::Changes
    }

    /// Rows to insert or update: all of them, or those the watermark does not cover.
    pub fn upserts(&self) -> Pass<'_> {
        let rows = match (self.since(), &self.range) {
            (Some(since), _) => Rows::Changed(since),
            (None, Some(range)) => Rows::Within(range),
            (None, None) => Rows::All,
        };
        self.published(rows)
    }

    /// The first rows by key where an index has them at hand, else any rows, for people: read like all of them.
    pub fn sample(&self, rows: u64) -> Pass<'_> {
        let pass = self.published(Rows::Some(rows));
        Pass { kind: RowKind::Change(Op::Upsert), flag: Flag::Absent, ..pass }
    }

    fn published<'p>(&'p self, rows: Rows<'p>) -> Pass<'p> {
        let shape = self.table.shape;
        let cursor = self.cursor.as_ref().filter(|c| shape.columns.iter().all(|s| s.source != c.name));
        let doubt = self.previous().filter(|p| self.table.relation.tells_its_writers() && !p.at.is_quiet());
        let kind =
            if self.replaces() || self.goes_beside() { RowKind::Replacement } else { RowKind::Change(Op::Upsert) };
        let flag = if doubt.is_some() { Flag::Leading } else { Flag::Absent };
        let columns = Columns::Published { doubt: doubt.map(|p| p.at), cursor };
        Pass { kind, read: Read { table: self.table, columns, rows }, flag }
    }

    /// Keys of changed rows that the filter does not let through: they may have been let through before.
    pub fn leavers(&self) -> Option<Pass<'_>> {
        self.table.spec.filter.as_ref()?;
        Some(self.keys(Op::Delete, Rows::Left(self.since()?)))
    }

    /// Every key of the source: for a digest of the list.
    pub fn all_keys(&self) -> Pass<'_> {
        self.keys(Op::Key, Rows::All)
    }

    /// The keys that [`Capture::upserts`] does not bring: together they are the full list, each key once.
    pub fn other_keys(&self) -> Option<Pass<'_>> {
        Some(self.keys(Op::Key, Rows::Unchanged(self.since()?)))
    }

    /// Whether the target has to have rows, by what was brought into it before.
    pub fn expected_rows(&self) -> ExpectedRows {
        let goes_on = matches!(self.decision, Decision::Changes | Decision::Chunk(_, Part::Next));
        let mark = self.standing.filter(|_| goes_on).map(|s| s.mark);
        match mark.and_then(|m| m.rows.or(m.held_rows())) {
            None | Some(0) => ExpectedRows::None,
            Some(_) => ExpectedRows::Some,
        }
    }

    /// When BigQuery made the target that goes on to be changed, where that is known.
    pub fn expected_table(&self) -> Option<&str> {
        let goes_on = matches!(self.decision, Decision::Changes | Decision::Chunk(_, Part::Next));
        self.standing.filter(|_| goes_on)?.mark.created.as_deref()
    }

    /// The passes over what has changed: rows, those that the filter lets through no more, and with the full list of keys the others.
    pub fn changes(&self, absent: Absent) -> impl Iterator<Item = Pass<'_>> {
        let others = if absent == Absent::Remove { self.other_keys() } else { None };
        [Some(self.upserts()), self.leavers(), others].into_iter().flatten()
    }

    /// The passes over every row, or over a stretch of keys; with the last stretch go the keys of those before.
    pub fn all(&self) -> impl Iterator<Item = Pass<'_>> {
        let before = if self.ends_a_load_over_rows() { self.keys_before() } else { None };
        [Some(self.upserts()), before].into_iter().flatten()
    }

    /// The keys of the stretches that were loaded before, for the last one: what else the target has is to go.
    pub fn keys_before(&self) -> Option<Pass<'_>> {
        let range = self.range.as_ref().filter(|r| r.after.is_some())?;
        Some(self.keys(Op::Key, Rows::Before(range)))
    }

    fn keys<'p>(&'p self, op: Op, rows: Rows<'p>) -> Pass<'p> {
        let read = Read { table: self.table, columns: Columns::Key, rows };
        Pass { kind: RowKind::Change(op), read, flag: Flag::Absent }
    }

    /// Whether a MERGE is given the full list of keys, and removes what that lacks.
    fn stages_keys(&self) -> bool {
        self.table.spec.deletes == Deletes::Keys && !self.table.spec.keeps_key_list()
    }

    /// Whether deleted rows are looked for by the full list of keys, now or later.
    pub fn lists_keys(&self) -> bool {
        self.previous().is_some_and(|_| self.stages_keys())
    }

    /// Whether this run has to look for deleted rows by the full list of keys.
    pub fn keys_are_due(&self, now: OffsetDateTime) -> bool {
        let Some(previous) = self.previous().filter(|_| self.stages_keys()) else { return false };
        match (previous.mark.keys(), self.table.spec.deletes_every) {
            (Some(mark), Some(every)) => now - mark.at >= every,
            _ => true,
        }
    }

    /// Whether the list of keys is the one that is in BigQuery already.
    pub fn keys_are_unchanged(&self, digest: KeyDigest) -> bool {
        let mark = self.previous().and_then(|p| p.mark.keys());
        mark.is_some_and(|m| m.count == digest.count && m.digest == digest.hex() && m.repeats == Repeated::No)
    }

    /// What changes are changes since; `None` for a whole read.
    fn since(&self) -> Option<Since<'_>> {
        Some(Since { cursor: self.cursor.as_ref(), standing: self.previous()? })
    }

    /// The cursor, where the bulk of its values has to be known: rows were found, and nothing else may bound their values. A number has no clock to
    /// bound it: one far ahead of all others would hide those that come after it. Where rows don't tell their writers, the first chunk of a load has
    /// seen the values of its own rows alone.
    pub fn bulk_cursor(&self, found: &Found) -> Option<&CursorColumn> {
        let is_first_chunk = matches!(self.decision, Decision::Chunk(_, Part::First(_)));
        let is_needed = self.table.relation.tells_its_writers() || is_first_chunk;
        let is_number = |c: &CursorColumn| c.kind == CursorType::Integer;
        self.cursor.as_ref().filter(|c| found.cursor_max.is_some() && (is_needed || is_number(c)))
    }
}

impl Capture<'_> {
    /// Whether a load in chunks goes over rows that were there before.
    pub fn is_over_rows(&self) -> bool {
        self.loaded_so_far().is_some_and(|(_, before)| before == RowsBefore::Some)
    }

    /// Whether a MERGE of the rows writes only those that differ: all of them are read over those that are there.
    pub fn compares(&self) -> bool {
        matches!(self.decision, Decision::Reconcile(_)) || self.is_over_rows()
    }

    /// Whether this is the last stretch of a load over rows that were there before.
    pub fn ends_a_load_over_rows(&self) -> bool {
        self.is_over_rows() && self.range.as_ref().is_some_and(|r| r.until.is_none())
    }
}
