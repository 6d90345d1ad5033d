//! Keys that are named by something else than the table: a log's entries, for one.

use super::column::SourceColumn;

/// Some keys, and the table's columns that their values are of.
#[derive(Clone, Copy)]
pub struct Keys<'a> {
    pub columns: &'a [SourceColumn],
    /// Of each column, whether two spellings of one value are two keys to the target.
    pub spelling: &'a [Spelling],
    pub list: &'a [NamedKey],
}

/// A key that something names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedKey {
    /// The values of the key's columns, as text.
    pub values: Vec<String>,
    pub origin: Origin,
}

/// Since when there has been a row with the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Its insert is told of: if the row is gone already, the target never had it.
    Added,
    Before,
}

impl Origin {
    /// Of two that one key has come with.
    pub fn or(self, other: Self) -> Self {
        if self == Self::Added { self } else { other }
    }
}

/// Whether values that the source takes for equal (`A` and `a` in citext, 1.0 and 1.00 in numeric) are so in the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// The target compares values as well.
    IsOne,
    /// The target has it as a STRING, and each value of the type prints in one way.
    IsFixed,
    /// The target has it as a STRING, and equal values may print in several ways.
    Counts,
    /// The target has it as BYTES and compares all of them; to the source, zeros at the end don't count.
    BytesCount,
}

impl Spelling {
    /// Whether one value of the source may be two keys to the target.
    pub fn counts(self) -> bool {
        matches!(self, Self::Counts | Self::BytesCount)
    }
}
