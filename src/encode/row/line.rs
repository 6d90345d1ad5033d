//! The line of a row: its columns in their order, each behind its name.

use super::refused::Refused;
use super::stamp::END;
use crate::encode::codec::Codec;
use crate::encode::cursor::CursorTracker;
use crate::encode::decoder::Decoder;
use crate::encode::error::EncodeError;
use crate::encode::key_bounds::BoundsTracker;
use crate::encode::shape::ShapeColumn;
use crate::encode::value::{Unrepresentable, string};
use crate::model::TargetType;

/// BigQuery takes a JSON row of at most 100 MB (its message says 104,857,600 bytes); a cell has no limit of its own.
/// Sources: <https://cloud.google.com/bigquery/quotas#load_jobs>, <https://github.com/m-lab/etl/pull/1133>
pub const LONGEST_ROW: usize = 100_000_000;

/// A column that is read.
pub(super) struct LineColumn {
    /// The source's name, for the quarantine file and for errors.
    pub source: String,
    pub target: TargetType,
    /// `None` where it is not published: the cursor of a table that excludes it.
    pub codec: Option<Codec>,
    /// `,"name":` or, for the first column, everything from the opening brace on.
    pub lead: Vec<u8>,
}

/// Writes the lines of rows that have the same columns, and watches keys and cursor as they pass.
pub(super) struct LineWriter<D> {
    pub decoder: D,
    pub columns: Vec<LineColumn>,
    pub key_len: usize,
    /// What closes each line.
    pub end: Vec<u8>,
    pub longest: usize,
    pub cursor: Option<(usize, CursorTracker)>,
    pub bounds: BoundsTracker,
}

/// How far a row got.
pub(super) enum Line<Fields> {
    Whole {
        /// The place behind the key's last field.
        key_end: Fields,
    },
    TooLong,
}

impl<D: Decoder> LineWriter<D> {
    /// `opening` stands behind the brace of each line.
    pub fn new(decoder: D, columns: &[ShapeColumn], key_len: usize, opening: &str) -> Self {
        let lead = |(n, column): (usize, &ShapeColumn)| {
            let mut lead = if n == 0 { format!("{{{opening}").into_bytes() } else { b",".to_vec() };
            string(column.target.name.as_bytes(), &mut lead);
            lead.push(b':');
            let codec = Some(column.mapping.codec);
            LineColumn { source: column.source.clone(), target: column.target.target_type, codec, lead }
        };
        Self {
            decoder,
            columns: columns.iter().enumerate().map(lead).collect(),
            key_len,
            end: END.to_vec(),
            longest: LONGEST_ROW,
            cursor: None,
            bounds: BoundsTracker::new(columns[..key_len].first().map(|c| c.target.target_type)),
        }
    }

    /// Watches the largest value of a column; where it is not published it is the last one that is read.
    pub fn watch_cursor(&mut self, source: &str, target: TargetType) {
        let index = self.columns.iter().position(|c| c.source == source).unwrap_or_else(|| {
            self.columns.push(LineColumn { source: source.to_owned(), target, codec: None, lead: Vec::new() });
            self.columns.len() - 1
        });
        self.cursor = Some((index, CursorTracker::new(target)));
    }

    /// Appends the line of a row, but for the columns that are dropped, as long as it is short enough.
    pub fn append<'r>(
        &mut self,
        row: &D::Fields<'r>,
        refused: &mut Refused,
        out: &mut Vec<u8>,
    ) -> Result<Line<D::Fields<'r>>, EncodeError> {
        let start = out.len();
        let mut fields = row.clone();
        let mut key_end = row.clone();
        let mut seen = 0;
        for (n, column) in self.columns.iter().enumerate() {
            let Some(field) = fields.next() else { break };
            seen += 1;
            if n + 1 == self.key_len {
                key_end = fields.clone();
            }
            if n == 0 && self.key_len > 0 {
                self.bounds.add(field, &mut self.decoder);
            }
            if let Some((index, tracker)) = &mut self.cursor
                && *index == n
            {
                tracker.add(field, &mut self.decoder);
            }
            let Some(codec) = column.codec else { continue };
            let mark = out.len();
            // The first lead opens the object, so it stays even when the value does not.
            out.extend_from_slice(&column.lead);
            let outcome = if D::is_null(field) {
                if n < self.key_len { Err(Unrepresentable("a NULL in the key")) } else { Ok(false) }
            } else if refused.dropped.contains(&n) {
                Ok(false)
            } else {
                self.decoder.append_value(field, codec, out).map(|()| true)
            };
            match outcome {
                Ok(true) => {}
                Ok(false) => leave_out(n, column, mark, out),
                Err(reason) => {
                    leave_out(n, column, mark, out);
                    refused.values.push((n, reason));
                }
            }
            // What follows is not looked at: one row must not take the memory of many.
            if out.len() - start + self.end.len() > self.longest {
                return Ok(Line::TooLong);
            }
        }
        let extra = fields.count();
        if seen != self.columns.len() || extra > 0 {
            let (expected, found) = (self.columns.len(), seen + extra);
            return Err(EncodeError::Malformed { source_name: self.decoder.source(), expected, found });
        }
        out.extend_from_slice(&self.end);
        Ok(Line::Whole { key_end })
    }
}

/// Takes back a column's name: an absent field is NULL.
fn leave_out(n: usize, column: &LineColumn, mark: usize, out: &mut Vec<u8>) {
    out.truncate(mark);
    if n == 0 {
        // Only a table without a key gets here; a row of NULLs still needs its brace, and JSON no comma after it.
        out.extend_from_slice(&column.lead);
        out.extend_from_slice(b"null");
    }
}
