//! What names keys of rows that may have changed.
//!
//! A key source only says *which* rows; what is true is read by key in the run's own snapshot. So a new one is a file that yields keys,
//! and the reading of the rows, deletes, the guard and the seal are there already.

use crate::capture::error::CaptureError;
use crate::encode::Shape;
use crate::model::{TableKey, TargetType};
use crate::source::{Keys, NamedKey, Origin, Relation, SourceColumn, Spelling};

/// The columns of a table that a key source names values of.
#[derive(Clone, Debug)]
pub struct KeyColumns {
    /// In the order of the source's values.
    pub columns: Vec<SourceColumn>,
    /// Of each, whether two spellings of one value are two keys to the target.
    pub spelling: Vec<Spelling>,
    pub reach: Reach,
}

/// How far a key reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// One row: it is the table's key.
    Key,
    /// Every row with the value, which is of another column.
    Scope,
}

impl KeyColumns {
    /// These columns of a table.
    pub fn of(columns: Vec<SourceColumn>, shape: &Shape, reach: Reach) -> Self {
        let spelling = columns.iter().map(|c| spelling_of(c, shape)).collect();
        Self { columns, spelling, reach }
    }

    /// The table's key.
    pub fn of_key(relation: &Relation, shape: &Shape) -> Self {
        let columns = shape.key().iter().filter_map(|c| relation.column(&c.source).cloned()).collect();
        Self::of(columns, shape, Reach::Key)
    }

    /// Whether one row may be read for two keys.
    pub fn may_name_a_row_twice(&self) -> bool {
        self.spelling.iter().any(|s| s.counts())
    }

    /// Keys of them that somebody names.
    pub fn named<'k>(&'k self, list: &'k [NamedKey]) -> Keys<'k> {
        Keys { columns: &self.columns, spelling: &self.spelling, list }
    }

    /// These keys of them.
    pub(super) fn keys<'k>(&'k self, chunk: &'k Chunk) -> Keys<'k> {
        self.named(&chunk.keys)
    }
}

/// Whether two spellings of a column's values are two keys to the target.
fn spelling_of(column: &SourceColumn, shape: &Shape) -> Spelling {
    match shape.column(&column.name).map(|c| c.target.target_type) {
        Some(TargetType::String) if column.has_one_spelling() => Spelling::IsFixed,
        Some(TargetType::String) => Spelling::Counts,
        Some(TargetType::Bytes) if column.ignores_last_zeros() => Spelling::BytesCount,
        _ => Spelling::IsOne,
    }
}

/// Keys a chunk. Where the hash is the key, no index has it: the fewer chunks, the fewer scans.
pub(super) fn keys_a_chunk(key: &TableKey) -> usize {
    match key {
        TableKey::Primary | TableKey::Columns(_) => 4096,
        TableKey::Row => 65_536,
    }
}

/// Some of the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    pub keys: Vec<NamedKey>,
}

impl Chunk {
    /// How many of the keys came with word of an insert.
    pub fn added(&self) -> u64 {
        self.keys.iter().filter(|k| k.origin == Origin::Added).count() as u64
    }
}

/// What a key source has passed over, for the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyCounts {
    /// Changes that touched nothing published.
    pub skipped: u64,
    /// Keys that no row of the table can have.
    pub unreadable: u64,
    /// Keys that an earlier run has had already.
    pub resent: u64,
}

/// Yields keys, a bounded chunk at a time.
pub trait KeySource {
    /// The next chunk; `None` at the end, which frees what the source held.
    fn next(&mut self) -> impl Future<Output = Result<Option<Chunk>, CaptureError>> + Send;

    /// Of the chunks so far.
    fn counts(&self) -> KeyCounts;
}
