//! Encode: the encoder of a table's rows, and what all encoders of its passes have counted.

use time::OffsetDateTime;

use crate::batch::{Counts, KeyBounds};
use crate::bigquery::TargetPlan;
use crate::capture::{Capture, Found};
use crate::encode::{RowEncoder, RowKind, Stamp, join_bounds};
use crate::model::{Deletes, Metadata, Op};
use crate::run::staging_place::StagingPlace;
use crate::source::RowDecoder;

/// An encoder for rows of a kind. `began` is when the table's rows began to be read, by our clock.
pub(in crate::run) fn encoder(
    place: StagingPlace<'_>,
    capture: &Capture<'_>,
    plan: &TargetPlan,
    began: OffsetDateTime,
    kind: RowKind,
) -> RowEncoder<RowDecoder> {
    let policy = place.spec.on_unrepresentable;
    let table = capture.table();
    let mut encoder = RowEncoder::new(RowDecoder::of(table.relation.dialect), table.shape, kind, policy);
    if (kind, plan.metadata) == (RowKind::Replacement, Metadata::Columns) {
        encoder = encoder.stamped(Stamp { run: place.run, at: began });
    }
    if matches!(kind, RowKind::Change(Op::Upsert) | RowKind::Replacement) {
        if let Some(cursor) = &capture.cursor {
            encoder = encoder.watching_cursor(&cursor.name, cursor.kind.target_type());
        }
        let reads_all = capture.is_whole() && capture.range.is_none();
        if reads_all && place.spec.deletes == Deletes::Keys && !place.spec.keeps_key_list() {
            encoder = encoder.digesting_keys();
        }
    }
    encoder
}

/// The bounds of all staged keys so far.
#[derive(Default)]
pub(in crate::run) enum Bounds {
    #[default]
    Empty,
    Known(Option<KeyBounds>),
}

impl Bounds {
    fn add(&mut self, other: Option<KeyBounds>) {
        *self = match std::mem::replace(self, Self::Empty) {
            Self::Empty => Self::Known(other),
            Self::Known(known) => Self::Known(join_bounds(known, other)),
        };
    }
}

/// What the encoders of a table's passes have counted.
#[derive(Default)]
pub(in crate::run) struct Tally {
    pub counts: Counts,
    pub bounds: Bounds,
    /// What the next watermark needs of it.
    pub found: Found,
}

impl Tally {
    /// Adds what an encoder has counted since it was made.
    pub fn add_up(&mut self, kind: RowKind, encoder: &RowEncoder<RowDecoder>) {
        let tally = encoder.tally();
        match kind {
            RowKind::Change(Op::Delete) => {
                self.counts.deletes += tally.rows;
                self.counts.fleeting += tally.flagged;
            }
            RowKind::Change(Op::Key) => self.counts.keys += tally.rows,
            RowKind::Change(Op::Scope) => {}
            RowKind::Change(Op::Upsert) | RowKind::Replacement => {
                self.counts.upserts += tally.rows;
                self.counts.resent += tally.flagged;
            }
        }
        self.counts.quarantined += tally.quarantined;
        self.counts.nulled += tally.nulled;
        self.counts.truncated += tally.truncated;
        self.counts.left_out += tally.left_out;
        // A row whose key is bad is refused when it is read, not again with every list of keys.
        if kind != RowKind::Change(Op::Key) {
            self.found.quarantined += tally.refused;
            for (column, reason, values) in encoder.refusals() {
                self.found.refusals.add(column, reason, values);
            }
        }
        if tally.rows > 0 && kind != RowKind::Change(Op::Scope) {
            self.bounds.add(encoder.bounds());
        }
        self.found.upserts += if kind == RowKind::Change(Op::Upsert) { tally.rows } else { 0 };
        self.found.cursor_max = encoder.cursor_max().or(self.found.cursor_max.take());
        self.found.keys = encoder.digest().or(self.found.keys);
    }
}
