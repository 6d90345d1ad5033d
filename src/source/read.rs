//! What is read of a table, as values: each kind of source renders them in its own language.
//!
//! All reads of a run are of one snapshot, so that the rows of several reads are those of one moment.

use std::ops::RangeInclusive;

use super::cursor::CursorColumn;
use super::keys::Keys;
use super::relation::Relation;
use crate::batch::{At, Standing};
use crate::canonical::{ALL_KEYS, KeyStretch};
use crate::encode::{Shape, ShapeColumn};
use crate::model::{PartitionBy, TableKey, TableSpec};

/// A table, as the config and the catalog have it.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    pub spec: &'a TableSpec,
    pub relation: &'a Relation,
    pub shape: &'a Shape,
}

impl<'a> Table<'a> {
    /// The columns that a row's hash is made of: of a list of keys, those of the key.
    pub fn hashed_columns(&self) -> &'a [ShapeColumn] {
        match self.spec.key {
            TableKey::Primary | TableKey::Columns(_) if self.spec.keeps_key_list() => self.shape.key(),
            TableKey::Primary | TableKey::Columns(_) => &self.shape.columns,
            // The others are that hash.
            TableKey::Row => &self.shape.columns[self.shape.key_len.min(self.shape.columns.len())..],
        }
    }
}

/// A table's rows that are compared with its target: those of a stretch of keys, where it is cut.
#[derive(Clone, Copy)]
pub struct ComparedRows<'a> {
    pub table: Table<'a>,
    pub within: &'a KeyStretch,
}

impl<'a> ComparedRows<'a> {
    pub fn all(table: Table<'a>) -> Self {
        Self { table, within: &ALL_KEYS }
    }
}

/// Which columns of which rows.
#[derive(Clone, Copy)]
pub struct Read<'a> {
    pub table: Table<'a>,
    pub columns: Columns<'a>,
    pub rows: Rows<'a>,
}

/// What is read of each row.
#[derive(Clone, Copy)]
pub enum Columns<'a> {
    Published {
        /// Where given, a boolean leads: the row was visible at this position already, as far as a position tells.
        doubt: Option<At<'a>>,
        /// A cursor that is not published, and read all the same: the last column.
        cursor: Option<&'a CursorColumn>,
    },
    Key,
    /// One number: how many rows there are.
    Count,
}

/// Which rows. Where nothing else is said, only those that the config's `where` lets through.
#[derive(Clone, Copy)]
pub enum Rows<'a> {
    All,
    /// The first rows by key where an index has them at hand, else any.
    Some(u64),
    /// What may have changed since the watermark.
    Changed(Since<'a>),
    /// What may have changed and is not let through, where no row that is has the same key.
    Left(Since<'a>),
    /// What [`Rows::Changed`] leaves.
    Unchanged(Since<'a>),
    Within(&'a KeyRange),
    /// The keys of the stretches before.
    Before(&'a KeyRange),
    /// The rows that have one of the keys.
    Among(Keys<'a>),
    /// The keys that no row has; a boolean leads: the log tells of the row's insert.
    Absent(Keys<'a>),
    /// The keys themselves.
    Given(Keys<'a>),
}

/// What a table's changes are told by: its cursor, if it has one, and where it stands.
#[derive(Clone, Copy)]
pub struct Since<'a> {
    pub cursor: Option<&'a CursorColumn>,
    pub standing: Standing<'a>,
}

/// A row that a run of changes would not send, and that would be missed.
#[derive(Clone)]
pub enum Overlooked<'a> {
    /// It holds a value in one of these columns, which the target does not have yet.
    Filled { columns: Vec<&'a str>, unsent: Unsent<'a> },
    /// It was written since the watermark, and the cursor's floor hides it.
    BelowTheFloor(Since<'a>),
    /// It is in one of these partitions, and no entry of the log names it.
    InPartitions { partitions: Vec<u32>, unnamed: Condition },
}

/// Which rows a run does not send.
#[derive(Clone)]
pub enum Unsent<'a> {
    /// Those that no entry of the log names.
    Unnamed(Condition),
    Unchanged(Since<'a>),
    /// Nobody knows: any row may be one.
    Unknown,
}

/// A condition over a table's row, in the source's own language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition(pub(super) String);

/// A stretch of keys: all that lie behind the one and up to the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRange {
    /// As the source prints the key's columns.
    pub after: Option<Vec<String>>,
    /// `None` for the last stretch.
    pub until: Option<Vec<String>>,
    /// A digest of what decides the order of the keys.
    pub order: String,
}

/// By which of its columns a target is partitioned, and how many partitions there may be.
#[derive(Clone, Copy)]
pub struct Partitioned<'a> {
    pub column: &'a ShapeColumn,
    pub by: PartitionBy,
    /// The years whose rows have partitions of their own.
    pub years: &'a RangeInclusive<u64>,
    pub most: usize,
}

/// Keys that stand in more than one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepeatedKeys {
    pub keys: u64,
    /// The rows that have them.
    pub rows: u64,
}
