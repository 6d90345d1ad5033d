//! Comparing a table with its target by digests: no row leaves the source.

use super::error::SourceError;
use super::keys::Keys;
use super::of_kind::of_kind;
use super::postgres;
use super::read::Table;
use super::session::Session;
use crate::canonical::{BucketDigits, Buckets, ColumnDigests, ComparedColumn, KeyDigest, Level, Structure};
use crate::source::column::NativeType;

/// A table's published columns, as either side compares them.
pub fn compared_columns(table: Table<'_>) -> Vec<ComparedColumn> {
    let structure = |name: &str| match table.relation.column(name).map(|c| &c.native) {
        Some(NativeType::Postgres(native)) => postgres::structure(native),
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

    /// Digests each column of the rows that have one of the keys.
    pub async fn column_digests(&self, table: Table<'_>, keys: Keys<'_>) -> Result<Vec<ColumnDigests>, SourceError> {
        of_kind!(self, session => Ok(session.column_digests(table, keys).await?))
    }
}
