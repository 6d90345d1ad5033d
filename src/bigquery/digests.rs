//! Comparing a target with its source by digests: of its rows none is read but for keys that differ.

use super::client::BigQuery;
use super::digest_statements::ComparedTarget;
use super::error::BigQueryError;
use super::rows::Row;
use crate::canonical::{BucketDigits, Buckets, ColumnDigests, KeyDigest, Level, Sums};

impl BigQuery {
    /// Adds up the digests of a target's rows, bucket by bucket.
    pub async fn bucket_sums(
        &self,
        target: &ComparedTarget<'_>,
        level: Level,
        digits: BucketDigits,
    ) -> Result<Buckets, BigQueryError> {
        let query = target.sums_query(level, digits);
        self.read_each(target, "add up the digests", query, |row| Sums::read(&row)).await
    }

    /// Lists the rows of some buckets by their keys. All of them are in memory, so a few buckets at a time.
    pub async fn key_digests(
        &self,
        target: &ComparedTarget<'_>,
        level: Level,
        digits: BucketDigits,
        buckets: &[u32],
    ) -> Result<Vec<KeyDigest>, BigQueryError> {
        let query = target.key_digests_query(level, digits, buckets);
        self.read_each(target, "list the keys", query, |row| KeyDigest::read(target.key_len, row)).await
    }

    /// Digests each column of the rows that have one of the keys, which are canonical texts.
    pub async fn column_digests(
        &self,
        target: &ComparedTarget<'_>,
        keys: &[Vec<String>],
    ) -> Result<Vec<ColumnDigests>, BigQueryError> {
        let query = target.column_digests_query(keys);
        self.read_each(target, "take the digests of columns", query, |row| ColumnDigests::read(target.key_len, row))
            .await
    }

    async fn read_each<T, C: Default + Extend<T>>(
        &self,
        target: &ComparedTarget<'_>,
        doing: &'static str,
        query: String,
        read: impl Fn(Row) -> Option<T>,
    ) -> Result<C, BigQueryError> {
        let mut rows = self.rows(query, doing, target.table.to_string());
        let mut all = C::default();
        while let Some(row) = rows.next().await? {
            let wrong = || BigQueryError::unavailable(doing, target.table.to_string(), "a row of another form");
            all.extend([read(row).ok_or_else(wrong)?]);
        }
        target.billed.add(rows.billed());
        Ok(all)
    }
}
