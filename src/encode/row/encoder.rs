//! Rows to lines, by the table's policy.

use super::line::{Line, LineWriter};
use super::refusals::Refusals;
use super::refused::Refused;
use super::stamp::Stamp;
use super::tally::Tally;
use crate::batch::KeyBounds;
use crate::encode::decoder::Decoder;
use crate::encode::error::EncodeError;
use crate::encode::key_digest::KeyDigest;
use crate::encode::shape::{Shape, ShapeColumn};
use crate::model::{OP_COLUMN, OnUnrepresentable, Op, TargetType};

/// What the lines are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// Rows for a staging table, each with its op.
    Change(Op),
    /// Rows of a load straight into the target, which has no op column.
    Replacement,
}

/// Turns the rows of one statement into NDJSON lines.
///
/// The statement's columns are: where `flagged`, a boolean, which is counted; the shape's columns
/// (only the key's for [`Op::Key`] and [`Op::Delete`]); and where the cursor is not published, the cursor.
pub struct RowEncoder<D> {
    lines: LineWriter<D>,
    absent: KeyNotHeld,
    flag: Flag,
    policy: OnUnrepresentable,
    digest: Option<KeyDigest>,
    tally: Tally,
    refusals: Refusals,
    /// The columns of the last row that became NULL, by their numbers.
    nulled: Vec<usize>,
}

/// Whether the row leads with a boolean: of an upsert that it was sent before, of a deleted key that the target never had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    Leading,
    Absent,
}

/// What it means that a row's key can't be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyNotHeld {
    /// A row of the source is not in the target.
    IsLost,
    /// The row is gone from the source as well, and the target can't have had it.
    IsRight,
}

/// Whether a row has a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Staged {
    Yes,
    LeftOut,
}

impl<D: Decoder> RowEncoder<D> {
    /// The encoder of a table's rows, or of its keys, by the kind of lines.
    pub fn new(decoder: D, shape: &Shape, kind: RowKind, policy: OnUnrepresentable) -> Self {
        let key_alone = matches!(kind, RowKind::Change(Op::Key | Op::Delete));
        let columns = if key_alone { shape.key() } else { &shape.columns };
        let opening = match kind {
            RowKind::Change(op) => format!("\"{OP_COLUMN}\":\"{}\",", op.code()),
            RowKind::Replacement => String::new(),
        };
        let absent = match kind {
            RowKind::Change(Op::Delete) => KeyNotHeld::IsRight,
            RowKind::Change(_) | RowKind::Replacement => KeyNotHeld::IsLost,
        };
        let lines = LineWriter::new(decoder, columns, shape.key_len, &opening);
        Self {
            lines,
            absent,
            flag: Flag::Absent,
            policy,
            digest: None,
            tally: Tally::default(),
            refusals: Refusals::default(),
            nulled: Vec::new(),
        }
    }

    /// The encoder of rows that hold one column's values, which are no keys.
    pub fn of_scope(decoder: D, column: &ShapeColumn, policy: OnUnrepresentable) -> Self {
        let shape = Shape { columns: vec![column.clone()], key_len: 0 };
        Self::new(decoder, &shape, RowKind::Change(Op::Scope), policy)
    }

    /// The statement leads with the flag.
    pub fn flagged(mut self, flag: Flag) -> Self {
        self.flag = flag;
        self
    }

    /// Watches the largest value of the cursor; where it is not published it is the statement's last column.
    pub fn watching_cursor(mut self, source: &str, target: TargetType) -> Self {
        self.lines.watch_cursor(source, target);
        self
    }

    /// Adds up a digest of the keys.
    pub fn digesting_keys(mut self) -> Self {
        self.digest = Some(KeyDigest::default());
        self
    }

    /// Ends each line with the metadata columns.
    pub fn stamped(mut self, stamp: Stamp<'_>) -> Self {
        self.lines.end = stamp.end();
        self
    }

    /// With another limit than BigQuery's.
    #[cfg(test)]
    pub(crate) fn at_most(mut self, longest: usize) -> Self {
        self.lines.longest = longest;
        self
    }

    /// What was counted so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Which values could not be held so far, those of flagged rows left out: their column as the source names it, why, and how many.
    pub fn refusals(&self) -> impl Iterator<Item = (&str, &'static str, u64)> {
        let named =
            |(n, reason, values): (usize, _, _)| Some((self.lines.columns.get(n)?.source.as_str(), reason, values));
        self.refusals.iter().filter_map(named)
    }

    /// The columns of the last row that became NULL, for they can't be held or the row was too long, by their numbers. None where it has no
    /// line.
    pub fn nulled_columns(&self) -> &[usize] {
        &self.nulled
    }

    /// The bounds of the keys so far; `None` where they are of no use.
    pub fn bounds(&self) -> Option<KeyBounds> {
        self.lines.bounds.bounds()
    }

    /// The largest value of the cursor so far.
    pub fn cursor_max(&self) -> Option<String> {
        self.lines.cursor.as_ref().and_then(|(_, tracker)| tracker.max())
    }

    /// The digest of the keys so far, where they are digested.
    pub fn digest(&self) -> Option<KeyDigest> {
        self.digest
    }

    /// The text of one of a row's columns as the source prints it, the flag not counted. Of a NULL it may be anything.
    pub fn plain_text<'a, 'r: 'a>(&'a mut self, row: &'r D::Row, column: usize) -> Option<&'a [u8]> {
        let field = D::fields(row).nth(column + usize::from(self.flag == Flag::Leading))?;
        Some(self.lines.decoder.plain_text(field))
    }

    /// Appends the row's line to `out`, and a line to `quarantine` for every value its column can't hold.
    pub fn encode(&mut self, row: &D::Row, out: &mut Vec<u8>, quarantine: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.nulled.clear();
        let start = out.len();
        let mut fields = D::fields(row);
        let is_flagged = self.flag == Flag::Leading && fields.next().is_some_and(D::is_true);
        let mut refused = Refused::default();
        let mut line = self.lines.append(&fields, &mut refused, out)?;
        if matches!(line, Line::TooLong) {
            out.truncate(start);
            // What so long a row took goes back at once, each time.
            out.shrink_to(0);
            refused = self.shorten(&fields, out)?;
            out.shrink_to(0);
            self.lines.decoder.take_truncated();
            line = self.lines.append(&fields, &mut refused, out)?;
        }
        let truncated = self.lines.decoder.take_truncated();
        let key_is_held = refused.values.first().is_none_or(|(n, _)| *n >= self.lines.key_len);
        let key_end = match line {
            Line::Whole { key_end } if key_is_held => Some(key_end),
            Line::Whole { .. } | Line::TooLong => None,
        };
        if key_end.is_none() {
            out.truncate(start);
            if self.absent == KeyNotHeld::IsRight {
                return Ok(());
            }
        }
        if !refused.is_empty() {
            let staged = if key_end.is_some() { Staged::Yes } else { Staged::LeftOut };
            self.refuse(&refused, staged, &fields, quarantine)?;
            if !is_flagged {
                self.tally.refused += 1;
                self.refusals.add(&refused);
            }
        }
        let Some(key_end) = key_end else { return Ok(()) };
        if let Some(digest) = &mut self.digest {
            digest.add(self.lines.decoder.key_bytes(fields, key_end));
        }
        self.tally.rows += 1;
        self.tally.truncated += truncated;
        self.tally.flagged += u64::from(is_flagged);
        Ok(())
    }

    /// Which columns a row that is too long has to do without, where the policy allows it.
    fn shorten(&mut self, row: &D::Fields<'_>, out: &mut Vec<u8>) -> Result<Refused, EncodeError> {
        let refused = self.lines.shorten(row, out);
        if let (OnUnrepresentable::Fail, KeyNotHeld::IsLost) = (self.policy, self.absent) {
            let columns = &self.lines.columns;
            let largest = refused.dropped.first().and_then(|n| columns.get(*n)).or(columns.first());
            return Err(EncodeError::RowTooLong(largest.map(|c| c.source.clone()).unwrap_or_default()));
        }
        Ok(refused)
    }

    /// What becomes of values that can't be held, and of a row that is too long.
    fn refuse(
        &mut self,
        refused: &Refused,
        staged: Staged,
        row: &D::Fields<'_>,
        quarantine: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        if let (OnUnrepresentable::Fail, Some((n, reason))) = (self.policy, refused.values.first()) {
            let column = &self.lines.columns[*n];
            let (column, target) = (column.source.clone(), column.target);
            return Err(EncodeError::Unrepresentable { column, target, reason: reason.0 });
        }
        // A row that is left out has no column that became NULL.
        match staged {
            Staged::Yes => {
                self.nulled.extend(refused.values.iter().map(|(n, _)| *n).chain(refused.dropped.iter().copied()));
                self.tally.nulled += self.nulled.len() as u64;
            }
            Staged::LeftOut => self.tally.left_out += 1,
        }
        // A bad key always quarantines the row: there is no NULL to put in its place.
        if self.policy == OnUnrepresentable::Quarantine || staged == Staged::LeftOut {
            self.tally.quarantined += 1;
            self.lines.quarantine(refused, row, quarantine);
        }
        Ok(())
    }
}
