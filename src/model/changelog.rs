//! How a change log is written: which column says what.
//!
//! A log only ever says *which* rows may have changed; no value of it reaches a target. So a descriptor needs no more than
//! the key, the kind of thing it is the key of, and the few codes that mean something else than "look at this row".

use super::{Lag, RelationName};

/// A change log as the config describes it, by a preset or column by column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSpec {
    /// The preset's name, or `custom`.
    pub name: &'static str,
    pub table: LogTable,
    /// The log's own key: a number that grows, or anything else.
    pub id: String,
    /// When the entry was written, by the application's clock.
    pub at: Option<String>,
    /// How far ids that are numbers may come out of order; or how far that clock may be off: then it bounds the search where
    /// `id` is no number.
    pub lag: Option<Lag>,
    pub types: TypeColumn,
    pub key: LogKey,
    /// The key before the change, for logs that tell of changed keys.
    pub old_key: Option<LogKey>,
    /// The column that holds the action.
    pub action: Option<String>,
    pub codes: ActionCodes,
    pub diff: Option<Diff>,
}

impl LogSpec {
    /// Every way an entry names a row.
    pub fn keys(&self) -> impl Iterator<Item = &LogKey> + Clone {
        std::iter::once(&self.key).chain(&self.old_key)
    }

    /// What decides which entries are read, and as what: another log's place means nothing to this one.
    pub fn fingerprint(&self) -> String {
        let Self { table, id, types, key, old_key, action, codes, .. } = self;
        format!("{table:?} {id} {types:?} {key:?} {old_key:?} {action:?} {:?} {:?}", codes.truncated, codes.ignored)
    }
}

/// Where entries are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTable {
    /// One table for entries of all types.
    One(RelationName),
    /// A table for each type, which is the type's name (`django-simple-history`).
    PerType,
}

/// How an entry says what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeColumn {
    /// Its table does.
    Table,
    /// A column with the type's name.
    Name(String),
    /// Two columns with a relation's schema and name.
    Relation { schema: String, name: String },
    /// A column that refers to Django's content types, kept in this table beside the log or where the config says.
    ContentType { column: String, types: Option<RelationName> },
}

impl TypeColumn {
    /// The columns it stands in.
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Self::Table => vec![],
            Self::Name(column) | Self::ContentType { column, .. } => vec![column],
            Self::Relation { schema, name } => vec![schema, name],
        }
    }
}

/// Where an entry has the key of the row it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKey {
    /// The key's own columns under [`KeyFormat::Columns`]; otherwise columns that hold it packed, of which the first
    /// that has a field counts. Empty under `Columns` means: named like the row's.
    pub columns: Vec<String>,
    pub format: KeyFormat,
}

/// How a key is packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyFormat {
    /// One column for each column of the key.
    Columns,
    /// An object with a field for each column of the key, in `json` or `jsonb`.
    Json,
    /// An array with the values in the key's order, in `json` or `jsonb`.
    JsonArray,
    Hstore,
    /// One text, cut at this separator.
    Delimited(String),
}

/// Codes of the action column that mean more than "look at this row". All others do just that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionCodes {
    /// An insert: if the row is gone already, the target never had it.
    pub added: Vec<String>,
    /// An update: the only action whose diff may prove that nothing of interest changed.
    pub changed: Vec<String>,
    /// The whole table was emptied.
    pub truncated: Vec<String>,
    /// Nothing changed (somebody only looked).
    pub ignored: Vec<String>,
}

/// Where an entry says which columns an update has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Diff {
    /// `{"column": {"old": …, "new": …}}`.
    OldNew { column: String, merged: Option<Merged> },
    /// `{"column": [old, new]}`.
    Pair(String),
    /// Two objects, one with the old and one with the new values of what has changed.
    Values { old: String, new: String },
    /// Two objects with all values before and after.
    Records { old: String, new: String },
    /// An hstore with the new values of what has changed.
    Hstore(String),
}

/// Entries that stand for several changes of one request, of which older versions kept the last one's diff only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Not NULL in such an entry.
    pub column: String,
    /// A log with this column was written by a version that joins the diffs.
    pub joined_with: String,
}

impl Diff {
    /// The columns it stands in.
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Self::OldNew { column, .. } | Self::Pair(column) | Self::Hstore(column) => vec![column],
            Self::Values { old, new } | Self::Records { old, new } => vec![old, new],
        }
    }
}

/// A type of entries that concerns a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogType {
    pub name: String,
    /// The table's columns that hold the logged key; the table's own key where not given.
    pub key: Option<Vec<String>>,
    /// The key's names inside a packed or many-columned log; those of `key` where not given.
    pub fields: Option<Vec<String>>,
}
