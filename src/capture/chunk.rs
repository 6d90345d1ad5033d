//! A load in chunks: one stretch of keys a run, each sealed and loaded, so that a table that no budget is long enough for
//! comes nearer its end with every run.
//!
//! ```text
//!   run 1  snapshot S1   keys ..= k1        the watermark is S1, and stays it
//!   run 2  snapshot S2   k1 < keys ..= k2
//!   run 3  snapshot S3   k2 < keys          what the target had before and the source lacks goes now
//!   run 4                changes since S1
//! ```
//!
//! A stretch ends at a key, so the order of keys must stay what it was: the position goes with a digest of what decides it
//! (types, collations and their versions, an enum's labels), and under another one the load begins anew.
//!
//! What changes meanwhile has a later transaction than S1, or an entry in the log, and is found by the run after the last
//! chunk, whichever side of the stretch under way it lies on.

use crate::encode::Shape;
use crate::model::{CaptureKind, TableKey, TableSpec};
use crate::source::{Relation, RelationKind, Table, columns_in_order};

/// Whether a comparison with the target can walk both sides by the key: an index has it here, and its first columns are ordered alike.
pub fn may_be_cut(table: Table<'_>) -> bool {
    may_be_chunked(table.spec, table.relation, table.shape) && columns_in_order(table) > 0
}

/// Whether the source can walk the table by its key: an index has it, and no NULL is in it.
pub fn may_be_chunked(spec: &TableSpec, relation: &Relation, shape: &Shape) -> bool {
    let key: Vec<&str> = shape.key().iter().map(|c| c.source.as_str()).collect();
    let is_table = matches!(relation.kind, RelationKind::Table | RelationKind::Partitioned);
    let is_indexed = relation.unique.iter().any(|u| u.iter().map(String::as_str).eq(key.iter().copied()));
    let has_nulls = key.iter().any(|k| relation.column(k).is_none_or(|c| !c.not_null));
    // A key that is made of the row is in no index.
    is_table && is_indexed && !has_nulls && spec.capture != CaptureKind::Full && spec.key != TableKey::Row
}
