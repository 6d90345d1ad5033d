//! What a role may lack to read a relation.

/// What has to be read of a relation.
pub enum Needs<'a> {
    /// These columns, system columns among them.
    Columns(&'a [String]),
    /// All of it: a lock is the whole table's.
    Whole,
}

/// What is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// Statements for somebody who may give them.
    pub statements: Vec<String>,
    /// The columns that the last one names.
    pub columns: Vec<String>,
    /// The grant that would do instead of one on columns.
    pub whole: String,
}
