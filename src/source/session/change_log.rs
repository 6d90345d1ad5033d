//! What a session can be asked of a change log.

use super::Session;
use crate::model::{Diff, LogSpec, RelationName};
use crate::source::change_log::{
    Claimed, CollapsedEntry, EntryCounts, EntryTable, Fetched, LogEnds, LogFacts, LogQuery, NewEntries, Numbers,
};
use crate::source::error::SourceError;
use crate::source::of_kind::of_kind;
use crate::source::postgres;
use crate::source::sqlserver;

impl Session {
    /// Finds out what the statements over a log depend on.
    pub async fn log_facts(&self, spec: &LogSpec) -> Result<LogFacts, SourceError> {
        match self {
            Self::Postgres(session) => Ok(LogFacts::Postgres(session.log_facts(spec).await?)),
            Self::SqlServer(session) => Ok(LogFacts::SqlServer(session.log_facts()?)),
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

    /// The stretches of numbers that no entry has, the newest first; none where the rows say which transaction wrote them.
    pub async fn log_gaps(&self, table: &EntryTable, among: Numbers) -> Result<Vec<[i64; 2]>, SourceError> {
        match self {
            Self::Postgres(_) => Ok(Vec::new()),
            Self::SqlServer(session) => Ok(session.log_gaps(table, among).await?),
        }
    }

    /// The server's guess at how many rows an answer has.
    pub async fn estimate_log(&self, query: LogQuery<'_>) -> Result<u64, SourceError> {
        of_kind!(self, session => Ok(session.estimate_log(query).await?))
    }

    /// Has the server look at the rights that a look takes, without reading an entry.
    pub async fn try_log(&self, query: LogQuery<'_>) -> Result<(), SourceError> {
        of_kind!(self, session => Ok(session.try_log(query).await?))
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
        match self {
            Self::Postgres(session) => {
                Ok(KeyCursor::Postgres(session.collapse_entries(number, entries, claimed, diff).await?))
            }
            Self::SqlServer(session) => {
                Ok(KeyCursor::SqlServer(session.collapse_entries(number, entries, claimed).await?))
            }
        }
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
    SqlServer(sqlserver::KeyCursor<'a>),
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
