//! A change log, as a source is asked for it: which table its entries stand in, which of them, and where in them the key is.

use crate::batch::{CursorMark, LogPosition, ReadEntries};
use crate::model::Dialect;
use crate::model::{Diff, LogSpec, RelationName};
use crate::source::column::SourceColumn;
use crate::source::cursor::CursorColumn;
use crate::source::error::SourceError;
use crate::source::keys::Spelling;
use crate::source::postgres::PostgresLogFacts;
use crate::source::relation::Relation;
use crate::source::sqlserver::SqlServerLogFacts;

/// One table of entries.
#[derive(Clone, Debug)]
pub struct EntryTable {
    pub name: RelationName,
    pub relation: Relation,
    /// What bounds the search; `None` where neither ids nor times are ordered.
    pub ids: Option<CursorColumn>,
}

impl EntryTable {
    /// Whether it has what the diff is read from: some versions of a library don't.
    pub fn has_diff(&self, diff: &Diff) -> bool {
        diff.columns().iter().all(|c| self.relation.column(c).is_some())
    }
}

/// What a server says of itself that the statements over a log depend on.
#[derive(Clone, Debug)]
pub enum LogFacts {
    Postgres(PostgresLogFacts),
    SqlServer(SqlServerLogFacts),
}

impl LogFacts {
    /// What a PostgreSQL server says.
    pub(super) fn postgres(&self) -> &PostgresLogFacts {
        static UNKNOWN: std::sync::LazyLock<PostgresLogFacts> = std::sync::LazyLock::new(PostgresLogFacts::default);
        match self {
            Self::Postgres(facts) => facts,
            Self::SqlServer(_) => &UNKNOWN,
        }
    }

    /// What a SQL Server says.
    pub(super) fn sqlserver(&self) -> Option<SqlServerLogFacts> {
        match self {
            Self::SqlServer(facts) => Some(*facts),
            Self::Postgres(_) => None,
        }
    }

    /// Whether a `rowversion` in the log tells which of its entries are new.
    pub fn trusts_versions(&self) -> bool {
        self.sqlserver().is_some_and(SqlServerLogFacts::trusts_versions)
    }

    /// The language of these statements.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Postgres(_) => Dialect::Postgres,
            Self::SqlServer(_) => Dialect::SqlServer,
        }
    }

    /// Fails where the server can't read keys or diffs as the log packs them.
    pub fn refuse_packed(&self, spec: &LogSpec) -> Result<(), SourceError> {
        match self {
            Self::Postgres(facts) => Ok(facts.refuse_packed(spec)?),
            // Each column says for itself whether it can hold a key.
            Self::SqlServer(_) => Ok(()),
        }
    }
}

/// Whether there may be more rows of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetched {
    Some,
    All,
}

/// The values of the log's type columns.
pub type Group = [Option<String>; 2];

/// From where entries are read: a table's place in the log.
#[derive(Clone, Debug)]
pub struct LogPlace {
    pub position: LogPosition,
    pub ids: Option<CursorMark>,
    /// Which numbers were read, of a source whose rows don't say who wrote them.
    pub read: Option<ReadEntries>,
}

/// Among which numbers those are looked for that no entry has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// All above this one.
    Above(i64),
    /// Those of the newest entries.
    OfTheNewest,
}

/// The new entries of one table of a log.
#[derive(Clone, Copy)]
pub struct NewEntries<'a> {
    pub spec: &'a LogSpec,
    pub table: &'a EntryTable,
    pub facts: &'a LogFacts,
    pub since: &'a LogPlace,
}

/// The entries of a log that concern one table, and what of the table their key is.
#[derive(Clone, Copy)]
pub struct Claimed<'a> {
    /// The table that they concern.
    pub relation: &'a RelationName,
    /// Any of them; without type columns, all entries.
    pub groups: &'a [Group],
    /// The table's columns that hold the logged key, in the log's order.
    pub columns: &'a [SourceColumn],
    pub spelling: &'a [Spelling],
    /// Their names inside the log.
    pub fields: &'a [String],
}

/// What is asked of new entries, for the server to plan and for people to read.
#[derive(Clone, Copy)]
pub enum LogQuery<'a> {
    /// How many there are, by type; an empty tick asks nothing else of the log.
    Counts(NewEntries<'a>),
    /// The keys that they name.
    Keys { entries: NewEntries<'a>, claimed: Claimed<'a>, diff: Option<&'a Diff> },
}

impl<'a> LogQuery<'a> {
    /// The entries that are asked for.
    pub fn entries(&self) -> NewEntries<'a> {
        match self {
            Self::Counts(entries) | Self::Keys { entries, .. } => *entries,
        }
    }
}

/// What a look over new entries has found, by type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryCounts {
    pub group: Group,
    pub count: u64,
    /// Entries that only tell of a look.
    pub ignored: u64,
    /// Entries that change rows without naming them.
    pub nameless: u64,
}

/// A row of the collapsed entries: a key, and what they say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollapsedEntry {
    /// NULL where a value is none of its column's type.
    pub key: Vec<Option<String>>,
    /// An earlier run has had all of them.
    pub again: bool,
    /// An entry does not say one of the key's values.
    pub missing: bool,
    /// An insert is among them.
    pub added: bool,
    /// How many there are; where diffs are read, 1.
    pub count: u64,
    /// Where diffs are read, of an update: its diff.
    pub diff: Option<Vec<Option<String>>>,
}

/// The ends of a table of entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogEnds {
    /// The newest entry's number or time.
    pub newest: Option<String>,
    /// The last number that the sequence gave out, 0 for none; `None` where there is no sequence, it may not be read, or
    /// entries have other numbers.
    pub drawn: Option<i64>,
    /// What tells the newest entry from another one with its number.
    pub proof: Option<String>,
    /// The same of the entry with the number that was asked for.
    pub seen_proof: Option<String>,
    /// The first number of all that were drawn.
    pub first: Option<i64>,
}
