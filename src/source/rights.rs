//! What a role may lack to read a relation.

/// What has to be read of a relation.
pub enum Needs<'a> {
    Rows {
        columns: &'a [String],
        /// What each row has to tell beside them.
        told: &'a [ToldByRows],
    },
    /// All of it: a lock is the whole table's.
    Whole,
}

/// What a row tells beside its columns; a source may want a right of its own for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToldByRows {
    /// Which transaction wrote it.
    Writer,
    /// In which partition it lies.
    Partition,
}

/// What is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// Statements for somebody who may give them.
    pub statements: Vec<String>,
    /// What is to be known of them: nobody thinks of system columns when granting columns.
    pub note: String,
}
