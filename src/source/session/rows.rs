//! What a session can be asked of a table's rows.

use super::Session;
use crate::model::{RelationName, TableSpec};
use crate::source::cursor::{Bulk, CursorColumn};
use crate::source::error::SourceError;
use crate::source::of_kind::of_kind;
use crate::source::read::{KeyRange, Overlooked, Partitioned, Read, RepeatedKeys, Table};
use crate::source::row::RowStream;

impl Session {
    /// Streams the rows of a read.
    pub async fn rows(&self, read: &Read<'_>) -> Result<RowStream<'_>, SourceError> {
        Ok(match self {
            Self::Postgres(session) => RowStream::Postgres(session.rows(read).await?),
            Self::SqlServer(session) => RowStream::SqlServer(session.rows(read).await?),
        })
    }

    /// How many rows of the table are published now.
    pub async fn count(&self, table: Table<'_>) -> Result<Option<u64>, SourceError> {
        of_kind!(self, session => Ok(session.count(table).await?))
    }

    /// The server's guess at how many rows a read has.
    pub async fn estimate(&self, read: &Read<'_>) -> Result<u64, SourceError> {
        of_kind!(self, session => Ok(session.estimate(read).await?))
    }

    /// About how many rows a relation has, also where nobody has counted.
    pub async fn estimate_size(&self, name: &RelationName) -> Result<u64, SourceError> {
        of_kind!(self, session => Ok(session.estimate_size(name).await?))
    }

    /// Has the server look at the rights that a read takes, on every column, without reading a row.
    pub async fn try_read(&self, read: &Read<'_>) -> Result<(), SourceError> {
        of_kind!(self, session => Ok(session.try_read(read).await?))
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
