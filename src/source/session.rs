//! A source that is open, and all that it can be asked. A new kind of source has a `Session` with the methods that are called here.

use super::catalog::Catalog;
use super::change_log::{Claimed, CollapsedEntry, EntryCounts, EntryTable, Fetched, LogEnds, LogFacts, NewEntries};
use super::cursor::{Bulk, CursorColumn};
use super::dependencies::Dependencies;
use super::error::SourceError;
use super::listing::Listing;
use super::moment::Moment;
use super::of_kind::of_kind;
use super::postgres;
use super::read::{KeyRange, Overlooked, Partitioned, Read, RepeatedKeys, Table};
use super::relation::Relation;
use super::rights::{Grants, Needs};
use super::row::RowStream;
use crate::model::{Dialect, Diff, LogSpec, RelationName, TableSpec};

/// A connection, and the one transaction that a run reads in. It is idle between runs.
pub enum Session {
    Postgres(postgres::Session),
}

/// The transaction and its snapshot.
impl Session {
    /// The kind of source, and so the language of its statements.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Starts the run's transaction and takes its snapshot.
    pub async fn begin(&self) -> Result<Moment, SourceError> {
        of_kind!(self, session => Ok(session.begin().await?))
    }

    /// Ends the run's transaction; the session can begin another.
    pub async fn end(&self) -> Result<(), SourceError> {
        of_kind!(self, session => Ok(session.end().await?))
    }

    /// Waits until nothing that the snapshot shows can be lost by a crash of the server.
    pub async fn await_durable(&self, moment: &Moment) -> Result<(), SourceError> {
        of_kind!(self, session => Ok(session.await_durable(moment).await?))
    }

    /// Whether that is so by now.
    pub async fn is_durable(&self, moment: &Moment) -> Result<bool, SourceError> {
        of_kind!(self, session => Ok(session.is_durable(moment).await?))
    }

    /// Sets the mark that [`Session::back_to_savepoint`] goes back to: nothing is ever written, so one serves a whole transaction.
    pub async fn savepoint(&self) -> Result<(), SourceError> {
        of_kind!(self, session => Ok(session.savepoint().await?))
    }

    /// Goes on in the transaction of a statement that has failed, with the same snapshot.
    pub async fn back_to_savepoint(&self) -> Result<(), SourceError> {
        of_kind!(self, session => Ok(session.back_to_savepoint().await?))
    }

    /// What stops a statement of this session, also once the session is gone.
    pub fn canceller(&self) -> Canceller {
        of_kind!(self, session => Canceller::Postgres(session.canceller()))
    }

    pub fn is_closed(&self) -> bool {
        of_kind!(self, session => session.is_closed())
    }

    /// What the server keeps to itself, and what follows from it.
    pub fn notes(&self) -> Vec<String> {
        of_kind!(self, session => session.notes())
    }

    /// The server's version, for people.
    pub async fn server_version(&self) -> Result<String, SourceError> {
        of_kind!(self, session => Ok(session.server_version().await?))
    }
}

/// The catalog.
impl Session {
    /// Reads relations in the transaction. Those that are not there are not in the answer.
    pub async fn read_catalog(&self, names: &[RelationName]) -> Result<Catalog, SourceError> {
        of_kind!(self, session => Ok(session.read_catalog(names).await?))
    }

    /// Reads one relation in the transaction.
    pub async fn read_relation(&self, name: &RelationName) -> Result<Relation, SourceError> {
        of_kind!(self, session => Ok(session.read_relation(name).await?))
    }

    /// A relation that has to be there: of one that is not, the error says which was meant.
    pub async fn required_relation<'c>(
        &self,
        catalog: &'c Catalog,
        name: &RelationName,
    ) -> Result<&'c Relation, SourceError> {
        match catalog.get(name) {
            Some(relation) => Ok(relation),
            None => of_kind!(self, session => Err(session.missing(name).await.into())),
        }
    }

    /// The base columns below a relation. For a table none is `used`: its columns are published by name.
    pub async fn dependencies(&self, relation: &Relation) -> Result<Dependencies, SourceError> {
        of_kind!(self, session => Ok(session.dependencies(relation).await?))
    }

    /// Fails where a table below the relation was truncated or rewritten after the snapshot was taken: its rows would be taken for
    /// deleted. To be asked after the rows were read.
    pub async fn refuse_rewritten(&self, relation: &Relation) -> Result<(), SourceError> {
        of_kind!(self, session => Ok(session.refuse_rewritten(relation).await?))
    }

    /// Lists what the database has that could be published.
    pub async fn candidates(&self) -> Result<Listing, SourceError> {
        of_kind!(self, session => Ok(session.candidates().await?))
    }

    /// Lists one table or view, a partition as well; `None` where it is not there.
    pub async fn candidate(&self, name: &RelationName) -> Result<Option<Listing>, SourceError> {
        of_kind!(self, session => Ok(session.candidate(name).await?))
    }

    /// The names of all tables and views, for those who mistyped one.
    pub async fn relation_names(&self) -> Result<Vec<RelationName>, SourceError> {
        of_kind!(self, session => Ok(session.relation_names().await?))
    }

    /// What of this the role may not read.
    pub async fn grants(&self, name: &RelationName, needs: &Needs<'_>) -> Result<Grants, SourceError> {
        of_kind!(self, session => Ok(session.grants(name, needs).await?))
    }

    /// Statements that end it that rules hide rows from the role.
    pub async fn hidden_from(&self, name: &RelationName) -> Result<Vec<String>, SourceError> {
        of_kind!(self, session => Ok(session.hidden_from(name).await?))
    }
}

/// Rows of a table.
impl Session {
    /// Streams the rows of a read.
    pub async fn rows(&self, read: &Read<'_>) -> Result<RowStream, SourceError> {
        of_kind!(self, session => Ok(RowStream::Postgres(session.rows(read).await?)))
    }

    /// How many rows of the table are published now.
    pub async fn count(&self, table: Table<'_>) -> Result<Option<u64>, SourceError> {
        of_kind!(self, session => Ok(session.count(table).await?))
    }

    /// The server's guess at how many rows a read has.
    pub async fn estimate(&self, read: &Read<'_>) -> Result<u64, SourceError> {
        of_kind!(self, session => Ok(session.estimate(read).await?))
    }

    /// The server's guess at how many rows a statement gives.
    pub async fn estimate_rows(&self, select: &str) -> Result<u64, SourceError> {
        of_kind!(self, session => Ok(session.estimate_rows(select).await?))
    }

    /// About how many rows a relation has, also where nobody has counted.
    pub async fn estimate_size(&self, name: &RelationName) -> Result<u64, SourceError> {
        of_kind!(self, session => Ok(session.estimate_size(name).await?))
    }

    /// Has the server look at the rights that a read takes, on every column, without reading a row.
    pub async fn try_read(&self, read: &Read<'_>) -> Result<(), SourceError> {
        of_kind!(self, session => Ok(session.try_read(read).await?))
    }

    /// The same for a statement.
    pub async fn try_query(&self, query: &str) -> Result<(), SourceError> {
        of_kind!(self, session => Ok(session.try_query(query).await?))
    }

    /// Has the server look at the right to ask a row for its partition, where the table has any.
    pub async fn try_partitions(&self, table: Table<'_>) -> Result<(), SourceError> {
        of_kind!(self, session => Ok(session.try_partitions(table).await?))
    }

    /// Has the server parse the config's `where`.
    pub async fn try_where(&self, spec: &TableSpec) -> Result<(), SourceError> {
        of_kind!(self, session => Ok(session.try_where(spec).await?))
    }

    /// How far the bulk of a cursor's values reaches.
    pub async fn bulk(&self, table: Table<'_>, cursor: &CursorColumn) -> Result<Bulk, SourceError> {
        of_kind!(self, session => Ok(session.bulk(table, cursor).await?))
    }

    /// A digest of what decides the order of a table's keys, and how a key reads.
    pub async fn key_order(&self, table: Table<'_>) -> Result<String, SourceError> {
        of_kind!(self, session => Ok(session.key_order(table).await?))
    }

    /// The stretch of about `rows` rows behind a key.
    pub async fn stretch(
        &self,
        table: Table<'_>,
        after: Option<Vec<String>>,
        rows: u64,
    ) -> Result<KeyRange, SourceError> {
        of_kind!(self, session => Ok(session.stretch(table, after, rows).await?))
    }

    /// Values of the key that stand in more than one published row; `None` where there are none.
    pub async fn repeated_keys(&self, table: Table<'_>) -> Result<Option<RepeatedKeys>, SourceError> {
        of_kind!(self, session => Ok(session.repeated_keys(table).await?))
    }

    /// Whether the table has a row that a run of changes would miss.
    pub async fn has_overlooked(&self, table: Table<'_>, what: &Overlooked<'_>) -> Result<bool, SourceError> {
        of_kind!(self, session => Ok(session.has_overlooked(table, what).await?))
    }

    /// Counts the target's partitions that the rows would be of, up to a little more than `most`; `None` where that would cost a long
    /// read.
    pub async fn partitions(&self, table: Table<'_>, by: Partitioned<'_>) -> Result<Option<usize>, SourceError> {
        of_kind!(self, session => Ok(session.partitions(table, by).await?))
    }
}

/// A change log.
impl Session {
    /// Finds out what the statements over a log depend on.
    pub async fn log_facts(&self, spec: &LogSpec) -> Result<LogFacts, SourceError> {
        match self {
            Self::Postgres(session) => Ok(LogFacts::Postgres(session.log_facts(spec).await?)),
        }
    }

    /// Locks tables of entries to the end of the transaction, all or none: one that is emptied meanwhile would look as if nothing were
    /// new.
    pub async fn lock_entries(&self, names: &[&RelationName]) -> Result<(), SourceError> {
        of_kind!(self, session => Ok(session.lock_entries(names).await?))
    }

    /// Looks at the ends of a table of entries. `seen` is the number of the entry that was newest at the last look. Fails where the table
    /// was emptied or rewritten after the snapshot was taken: to that, all entries are gone.
    pub async fn log_ends(
        &self,
        spec: &LogSpec,
        table: &EntryTable,
        seen: Option<&str>,
    ) -> Result<LogEnds, SourceError> {
        of_kind!(self, session => Ok(session.log_ends(spec, table, seen).await?))
    }

    /// Counts the new entries by type.
    pub async fn count_entries(&self, entries: NewEntries<'_>) -> Result<Vec<EntryCounts>, SourceError> {
        of_kind!(self, session => Ok(session.count_entries(entries).await?))
    }

    /// Has the server collapse the entries. `number` tells the cursors of one transaction apart.
    pub async fn collapse_entries(
        &self,
        number: usize,
        entries: NewEntries<'_>,
        claimed: Claimed<'_>,
        diff: Option<&Diff>,
    ) -> Result<KeyCursor<'_>, SourceError> {
        of_kind!(self, session => {
            Ok(KeyCursor::Postgres(session.collapse_entries(number, entries, claimed, diff).await?))
        })
    }

    /// Closes every cursor over entries that was given up half-read.
    pub async fn close_cursors(&self) -> Result<(), SourceError> {
        of_kind!(self, session => Ok(session.close_cursors().await?))
    }

    /// Every content type as `app.model`, and its number; `None` where there is no such table.
    pub async fn content_types(&self, table: &RelationName) -> Result<Option<Vec<(String, String)>>, SourceError> {
        of_kind!(self, session => Ok(session.content_types(table).await?))
    }
}

/// The collapsed entries of one claim, kept by the server and fetched some at a time, the keyless ones first.
pub enum KeyCursor<'a> {
    Postgres(postgres::KeyCursor<'a>),
}

impl KeyCursor<'_> {
    /// The next rows, about as many as wanted.
    pub async fn fetch(&mut self, wanted: usize) -> Result<Vec<CollapsedEntry>, SourceError> {
        of_kind!(self, cursor => Ok(cursor.fetch(wanted).await?))
    }

    /// Whether there may be more.
    pub fn state(&self) -> Fetched {
        of_kind!(self, cursor => cursor.state)
    }

    pub async fn close(&self) -> Result<(), SourceError> {
        of_kind!(self, cursor => Ok(cursor.close().await?))
    }
}

/// Stops what a session is doing on the server.
#[derive(Clone)]
pub enum Canceller {
    Postgres(postgres::Canceller),
}

impl Canceller {
    /// Asks the server, over a connection of its own; whether it was in time nobody says.
    pub async fn cancel(self) -> Result<(), SourceError> {
        of_kind!(self, canceller => Ok(canceller.cancel().await?))
    }
}
