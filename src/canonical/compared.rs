//! What is compared of a table.

use crate::model::Column;

/// How much of the rows is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Which rows there are.
    Keys,
    /// And what they hold.
    Values,
}

/// A published column, as either side compares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparedColumn {
    pub column: Column,
    /// What both sides can say of its documents, where it holds some.
    pub structure: Structure,
}

/// How much of a document's structure is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Structure {
    /// Its kind, the keys of an object, the length of an array.
    Full,
    /// Its kind alone: the source has a text that is only said to be JSON, and asking it for keys could fail.
    Kind,
}
