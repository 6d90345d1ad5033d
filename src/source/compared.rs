//! Comparing a table with its target by digests: no row leaves the source.

use std::ops::RangeInclusive;

use super::error::SourceError;
use super::keys::Keys;
use super::of_kind::of_kind;
use super::postgres;
use super::read::{ComparedRows, Table};
use super::session::Session;
use super::sqlserver;
use crate::canonical::{
    BucketDigits, Buckets, ColumnDigests, ComparedColumn, Documents, KeyDigest, KeySpelling, KeyStretch, Level,
    Structure,
};
use crate::model::Dialect;
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

/// How many of the key's first columns have values in the same order on both sides: by those a table can be cut.
pub fn columns_in_order(table: Table<'_>) -> usize {
    match table.relation.dialect {
        Dialect::Postgres => postgres::columns_in_order(table),
        Dialect::SqlServer => sqlserver::columns_in_order(table),
    }
}

impl Session {
    /// The stretch of about `rows` rows behind a key, by the key's columns that are in order.
    pub async fn compared_stretch(
        &self,
        table: Table<'_>,
        after: Option<Vec<String>>,
        rows: u64,
    ) -> Result<KeyStretch, SourceError> {
        of_kind!(self, session => Ok(session.compared_stretch(table, after, rows).await?))
    }

    /// Adds up the digests of a table's rows, bucket by bucket.
    pub async fn bucket_sums(
        &self,
        rows: ComparedRows<'_>,
        level: Level,
        digits: BucketDigits,
    ) -> Result<Buckets, SourceError> {
        of_kind!(self, session => Ok(session.bucket_sums(rows, level, digits).await?))
    }

    /// Lists the rows of some buckets by their keys. All of them are in memory, so a few buckets at a time.
    pub async fn key_digests(
        &self,
        rows: ComparedRows<'_>,
        level: Level,
        digits: BucketDigits,
        buckets: &[u32],
    ) -> Result<Vec<KeyDigest>, SourceError> {
        of_kind!(self, session => Ok(session.key_digests(rows, level, digits, buckets).await?))
    }

    /// Lists the documents of rows in some buckets, of 16 to the power of [`BucketDigits::MOST`]; by bucket, and inside of one in any order.
    /// At most one list is open at a time.
    pub async fn list_documents(
        &self,
        rows: ComparedRows<'_>,
        buckets: RangeInclusive<u32>,
    ) -> Result<DocumentCursor<'_>, SourceError> {
        Ok(match self {
            Self::Postgres(session) => DocumentCursor::Postgres(session.list_documents(rows, buckets).await?),
            Self::SqlServer(session) => DocumentCursor::SqlServer(session.list_documents(rows, buckets).await?),
        })
    }

    /// The documents of the rows that have one of the keys.
    pub async fn documents(&self, table: Table<'_>, keys: Keys<'_>) -> Result<Vec<Documents>, SourceError> {
        of_kind!(self, session => Ok(session.documents(table, keys).await?))
    }

    /// The keys that rows have, in both spellings; where `longer_than` is given, of rows whose values have more bytes together, as the source
    /// prints them.
    pub async fn key_spellings(
        &self,
        table: Table<'_>,
        keys: Keys<'_>,
        longer_than: Option<usize>,
    ) -> Result<Vec<KeySpelling>, SourceError> {
        of_kind!(self, session => Ok(session.key_spellings(table, keys, longer_than).await?))
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
