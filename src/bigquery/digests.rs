//! Comparing a target with its source by digests: of its rows none is read but for keys that differ.

use std::ops::RangeInclusive;

use super::client::BigQuery;
use super::digest_statements::ComparedTarget;
use super::error::BigQueryError;
use super::rows::{QueryRows, Row};
use crate::canonical::{BucketDigits, Buckets, ColumnDigests, Documents, KeyDigest, Level, Sums};

/// The only way in which an answer to our own statement is of another form.
const NO_KEY: &str = "a row of the target has NULL in its key, so no row of the source is it";

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

    /// Lists the documents of rows in some buckets, by bucket; a page of them is at hand.
    pub fn list_documents<'a>(
        &'a self,
        target: &'a ComparedTarget<'a>,
        buckets: RangeInclusive<u32>,
    ) -> DocumentRows<'a> {
        let rows = self.rows(target.list_documents_query(&buckets), "list the documents", target.table.to_string());
        DocumentRows { rows, target, is_billed: false }
    }

    /// The documents of the rows that have one of the keys.
    pub async fn documents(
        &self,
        target: &ComparedTarget<'_>,
        keys: &[Vec<String>],
    ) -> Result<Vec<Documents>, BigQueryError> {
        let query = target.documents_query(keys);
        self.read_each(target, "read the documents", query, |row| Documents::read(target.key_len, row)).await
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
            let wrong = || BigQueryError::rejected(doing, target.table.to_string(), NO_KEY);
            all.extend([read(row).ok_or_else(wrong)?]);
        }
        target.billed.add(rows.billed());
        Ok(all)
    }
}

/// Documents of a target, by bucket.
pub struct DocumentRows<'a> {
    rows: QueryRows<'a>,
    target: &'a ComparedTarget<'a>,
    /// Whether what it costs is added up already.
    is_billed: bool,
}

impl DocumentRows<'_> {
    /// The next row; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Documents>, BigQueryError> {
        const DOING: &str = "list the documents";
        let Some(row) = self.rows.next().await? else {
            if !std::mem::replace(&mut self.is_billed, true) {
                self.target.billed.add(self.rows.billed());
            }
            return Ok(None);
        };
        let wrong = || BigQueryError::rejected(DOING, self.target.table.to_string(), NO_KEY);
        Documents::read(self.target.key_len, row).map(Some).ok_or_else(wrong)
    }
}
