//! Comparing a table with its target by digests: no row leaves the source.

use std::ops::RangeInclusive;

use super::error::SourceError;
use super::keys::Keys;
use super::of_kind::of_kind;
use super::postgres;
use super::read::Table;
use super::session::Session;
use super::sqlserver;
use crate::canonical::{BucketDigits, Buckets, ColumnDigests, ComparedColumn, Documents, KeyDigest, Level, Structure};
use crate::source::column::NativeType;

/// A table's published columns, as either side compares them.
pub fn compared_columns(table: Table<'_>) -> Vec<ComparedColumn> {
    let structure = |name: &str| match table.relation.column(name).map(|c| &c.native) {
        Some(NativeType::Postgres(native)) => postgres::structure(native),
        Some(NativeType::SqlServer(native)) => sqlserver::structure(native),
        None => Structure::Kind,
    };
    let columns = table.shape.columns.iter();
    columns.map(|c| ComparedColumn { column: c.target.clone(), structure: structure(&c.source) }).collect()
}

impl Session {
    /// Adds up the digests of a table's rows, bucket by bucket.
    pub async fn bucket_sums(
        &self,
        table: Table<'_>,
        level: Level,
        digits: BucketDigits,
    ) -> Result<Buckets, SourceError> {
        of_kind!(self, session => Ok(session.bucket_sums(table, level, digits).await?))
    }

    /// Lists the rows of some buckets by their keys. All of them are in memory, so a few buckets at a time.
    pub async fn key_digests(
        &self,
        table: Table<'_>,
        level: Level,
        digits: BucketDigits,
        buckets: &[u32],
    ) -> Result<Vec<KeyDigest>, SourceError> {
        of_kind!(self, session => Ok(session.key_digests(table, level, digits, buckets).await?))
    }

    /// Lists the documents of rows in some buckets, of 16 to the power of [`BucketDigits::MOST`]; by bucket, and inside of one in any order.
    /// At most one list is open at a time.
    pub async fn list_documents(
        &self,
        table: Table<'_>,
        buckets: RangeInclusive<u32>,
    ) -> Result<DocumentCursor<'_>, SourceError> {
        Ok(match self {
            Self::Postgres(session) => DocumentCursor::Postgres(session.list_documents(table, buckets).await?),
            Self::SqlServer(session) => DocumentCursor::SqlServer(session.list_documents(table, buckets).await?),
        })
    }

    /// The documents of the rows that have one of the keys.
    pub async fn documents(&self, table: Table<'_>, keys: Keys<'_>) -> Result<Vec<Documents>, SourceError> {
        of_kind!(self, session => Ok(session.documents(table, keys).await?))
    }

    /// Digests each column of the rows that have one of the keys.
    pub async fn column_digests(&self, table: Table<'_>, keys: Keys<'_>) -> Result<Vec<ColumnDigests>, SourceError> {
        of_kind!(self, session => Ok(session.column_digests(table, keys).await?))
    }
}

/// Documents, kept by the server and fetched some at a time.
pub enum DocumentCursor<'a> {
    Postgres(postgres::DocumentCursor<'a>),
    SqlServer(sqlserver::DocumentCursor),
}

impl DocumentCursor<'_> {
    /// The next rows; none at the end.
    pub async fn fetch(&mut self, wanted: usize) -> Result<Vec<Documents>, SourceError> {
        of_kind!(self, cursor => Ok(cursor.fetch(wanted).await?))
    }

    pub async fn close(&self) -> Result<(), SourceError> {
        of_kind!(self, cursor => Ok(cursor.close().await?))
    }
}
