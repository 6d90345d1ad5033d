//! The statements that compare a target's rows with those of the source.

use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};

use time::OffsetDateTime;

use super::canonical_text::{is_null, key_text, row_text};
use super::key_conditions::{is_among, is_within};
use super::sql::{ident, table, timestamp};
use crate::canonical::{BucketDigits, ComparedColumn, KeyStretch, Level};
use crate::model::{ColumnMode, DeleteStyle, TargetRef, TargetType};

/// Bytes that queries are billed for.
#[derive(Debug, Default)]
pub struct Billed(Mutex<Option<u64>>);

impl Billed {
    /// Adds what a query is billed for, where BigQuery has told.
    pub fn add(&self, bytes: Option<u64>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = bytes {
            *all = Some(all.unwrap_or(0) + bytes);
        }
    }

    /// All of it; `None` where BigQuery has told nothing.
    pub fn bytes(&self) -> Option<u64> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A target, as it is compared.
#[derive(Clone, Copy, Debug)]
pub struct ComparedTarget<'a> {
    pub table: &'a TargetRef,
    /// The published columns, the key's first. Those that the target has besides are not compared.
    pub columns: &'a [ComparedColumn],
    pub key_len: usize,
    /// Rows that are flagged as deleted are none.
    pub delete: &'a DeleteStyle,
    /// What its queries are billed for, added up where BigQuery tells.
    pub billed: &'a Billed,
    /// Of which moment the rows are, so that several statements see the same; now where it is not given.
    pub as_of: Option<OffsetDateTime>,
    /// The rows that are looked at, where they are not named by their keys.
    pub within: &'a KeyStretch,
}

impl ComparedTarget<'_> {
    /// Sums of digests for each bucket, in one scan: what [`crate::canonical::Sums::read`] reads.
    pub fn sums_query(&self, level: Level, digits: BucketDigits) -> String {
        let key = hex_digest(self.identity());
        let mut sums = lanes("R.k").map(|l| sum(&l)).to_vec();
        let mut digests = vec![format!("{key} AS k")];
        if level == Level::Values {
            sums.extend(lanes("R.v").map(|l| sum(&l)));
            digests.push(format!("{} AS v", hex_digest(self.columns)));
        }
        format!(
            "SELECT {} AS bucket, COUNT(*) AS n, {} FROM (SELECT {} FROM {}{}) AS R GROUP BY bucket",
            bucket("R.k", digits),
            sums.join(", "),
            digests.join(", "),
            self.from(),
            self.looked_at(),
        )
    }

    /// The keys of some buckets' rows, with the lanes of the row's digest: what [`crate::canonical::KeyDigest::read`] reads.
    pub fn key_digests_query(&self, level: Level, digits: BucketDigits, buckets: &[u32]) -> String {
        let keys = self.key().iter().enumerate().map(|(n, c)| (format!("{} AS k{n}", key_text(c)), format!("R.k{n}")));
        let (mut inner, mut outer): (Vec<String>, Vec<String>) = keys.unzip();
        inner.push(format!("{} AS k", hex_digest(self.identity())));
        // A table without a key has nothing else to list.
        if level == Level::Values || outer.is_empty() {
            inner.push(format!("{} AS v", hex_digest(self.columns)));
            outer.extend(lanes("R.v"));
        }
        let list: Vec<String> = buckets.iter().map(u32::to_string).collect();
        format!(
            "SELECT {} FROM (SELECT {} FROM {}{}) AS R WHERE {} IN ({})",
            outer.join(", "),
            inner.join(", "),
            self.from(),
            self.looked_at(),
            bucket("R.k", digits),
            if list.is_empty() { "NULL".to_owned() } else { list.join(", ") },
        )
    }

    /// The digests of each column of the rows that have one of the keys, which are given as canonical texts: what
    /// [`crate::canonical::ColumnDigests::read`] reads.
    pub fn column_digests_query(&self, keys: &[Vec<String>]) -> String {
        let columns = self.columns[self.key_len..].iter().map(|c| {
            let digest = hex_digest(std::slice::from_ref(c));
            is_null(c).map_or_else(|| digest.clone(), |is_null| format!("IF({is_null}, NULL, {digest})"))
        });
        let selected: Vec<String> = self.key().iter().map(key_text).chain(columns).collect();
        let conditions: Vec<String> = self.present().into_iter().chain(is_among(self.key(), keys)).collect();
        format!("SELECT {} FROM {} WHERE {}", selected.join(", "), self.from(), conditions.join(" AND "))
    }

    /// The documents of rows in some buckets, of 16 to the power of [`BucketDigits::MOST`], by bucket: what
    /// [`crate::canonical::Documents::read`] reads.
    pub fn list_documents_query(&self, buckets: &RangeInclusive<u32>) -> String {
        let (from, to) = (buckets.start(), buckets.end());
        let inner = self.documents(&self.looked_at());
        format!("SELECT R.* FROM ({inner}) AS R WHERE R.b BETWEEN {from} AND {to} ORDER BY R.b")
    }

    /// The documents of the rows that have one of the keys, which are given as canonical texts.
    pub fn documents_query(&self, keys: &[Vec<String>]) -> String {
        self.documents(&condition(self.present().into_iter().chain(is_among(self.key(), keys))))
    }

    fn documents(&self, condition: &str) -> String {
        let digits = BucketDigits::new(BucketDigits::MOST);
        let number = format!("{} AS b", bucket(&hex_digest(self.identity()), digits));
        let keys = self.key().iter().enumerate().map(|(n, c)| format!("{} AS k{n}", key_text(c)));
        let is_document =
            |c: &&ComparedColumn| c.column.target_type == TargetType::Json && c.column.mode != ColumnMode::Repeated;
        let documents = self.columns.iter().filter(is_document).enumerate();
        let documents = documents.map(|(n, c)| format!("TO_JSON_STRING(T.{}) AS d{n}", ident(&c.column.name)));
        let selected: Vec<String> = std::iter::once(number).chain(keys).chain(documents).collect();
        format!("SELECT {} FROM {}{condition}", selected.join(", "), self.from())
    }

    /// What a row is told by: its key, or where the table has none all of it.
    fn identity(&self) -> &[ComparedColumn] {
        if self.key_len == 0 { self.columns } else { self.key() }
    }

    fn key(&self) -> &[ComparedColumn] {
        &self.columns[..self.key_len]
    }

    fn from(&self) -> String {
        let as_of = self.as_of.map_or(String::new(), |t| format!(" FOR SYSTEM_TIME AS OF {}", timestamp(t)));
        format!("{} AS T{as_of}", table(self.table))
    }

    fn present(&self) -> Option<String> {
        match self.delete {
            DeleteStyle::Hard => None,
            DeleteStyle::Soft { flag, .. } => Some(format!("T.{} IS NOT TRUE", ident(flag))),
        }
    }

    /// The condition for the rows that are looked at.
    fn looked_at(&self) -> String {
        condition(self.present().into_iter().chain(is_within(self.key(), self.within)))
    }
}

fn condition(all: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = all.collect();
    if all.is_empty() { String::new() } else { format!(" WHERE {}", all.join(" AND ")) }
}

fn hex_digest(columns: &[ComparedColumn]) -> String {
    format!("TO_HEX(MD5({}))", row_text(columns))
}

/// Both numbers of 56 bits at the beginning of a digest in hexadecimal.
fn lanes(digest: &str) -> [String; 2] {
    [1, 15].map(|from| format!("CAST(CONCAT('0x', SUBSTR({digest}, {from}, 14)) AS INT64)"))
}

/// As a NUMERIC: an INT64 overflows with the 129th number of 56 bits.
fn sum(lane: &str) -> String {
    format!("CAST(SUM(CAST({lane} AS NUMERIC)) AS STRING)")
}

/// Nothing but a zero where all rows are one bucket, and all the same no constant, which GROUP BY does not take.
fn bucket(digest: &str, digits: BucketDigits) -> String {
    format!("CAST(CONCAT('0x0', SUBSTR({digest}, 1, {})) AS INT64)", digits.get())
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    use super::*;
    use crate::canonical::{ALL_KEYS, Structure};
    use crate::model::{Column, ColumnMode};

    fn columns() -> Vec<ComparedColumn> {
        let column = |n: usize, target_type, mode| ComparedColumn {
            column: Column { name: format!("c{n}"), target_type, mode },
            structure: Structure::Full,
        };
        let key = [TargetType::Int64, TargetType::String, TargetType::Bytes, TargetType::Timestamp, TargetType::Bool];
        let keys = key.into_iter().map(|t| (t, ColumnMode::Required));
        let others = TargetType::ALL.into_iter().flat_map(|t| [(t, ColumnMode::Nullable), (t, ColumnMode::Repeated)]);
        let mut all: Vec<_> = keys.chain(others).enumerate().map(|(n, (t, mode))| column(n, t, mode)).collect();
        all.push(ComparedColumn { structure: Structure::Kind, ..column(99, TargetType::Json, ColumnMode::Nullable) });
        all
    }

    /// With the table, for Google's analyzer.
    fn described(query: &str, columns: &[ComparedColumn]) -> String {
        let each = columns.iter().map(|c| {
            let plain = c.column.target_type.sql_name();
            let is_repeated = c.column.mode == ColumnMode::Repeated;
            let type_name = if is_repeated { format!("ARRAY<{plain}>") } else { plain.to_owned() };
            format!("{} {type_name}", c.column.name)
        });
        let each: Vec<String> = each.chain(["is_deleted BOOL".to_owned()]).collect();
        format!("-- table demo.app.orders: {}\n{query}\n", each.join(", "))
    }

    #[test]
    fn the_statements_of_a_comparison() {
        let table = TargetRef { project: "demo".into(), dataset: "app".into(), table: "orders".into() };
        let (columns, hard) = (columns(), DeleteStyle::Hard);
        let soft = DeleteStyle::Soft { flag: "is_deleted".into(), at: "deleted_at".into() };
        let as_of = Some(time::macros::datetime!(2026-01-01 00:00 UTC));
        let billed = Billed::default();
        let plain = ComparedTarget {
            table: &table,
            columns: &columns,
            key_len: 5,
            delete: &hard,
            billed: &billed,
            as_of: None,
            within: &ALL_KEYS,
        };
        let (digits, level) = (BucketDigits::new(3), Level::Values);
        // All types once: the analyzer takes its time over each.
        let plain_keys = ComparedTarget { columns: &columns[..8], ..plain };
        let kept = ComparedTarget { delete: &soft, as_of, ..plain_keys };
        let keyless = ComparedTarget { columns: &columns[..2], key_len: 0, ..plain };
        let end = |number: &str, uuid: &str| Some(vec![number.to_owned(), uuid.to_owned()]);
        let middle = KeyStretch { after: end("-7", "0b"), until: end("7", "0a") };
        let last = KeyStretch { after: Some(vec!["7".to_owned()]), until: None };
        let (stretch, end) =
            (ComparedTarget { within: &middle, ..kept }, ComparedTarget { within: &last, ..plain_keys });
        let key = |id: &str, text: &str| ["7", text, "\\x00ff", id, "t"].map(str::to_owned).to_vec();
        let keys = [key("2026-01-01 00:00:00.5+00", "it's"), key("0001-01-01 00:00:00+00", "")];
        for (name, query) in [
            ("sums", plain.sums_query(level, digits)),
            ("sums_of_keys", kept.sums_query(Level::Keys, BucketDigits::new(0))),
            ("keys", kept.key_digests_query(level, digits, &[0, 4095])),
            ("keys_alone", plain_keys.key_digests_query(Level::Keys, digits, &[7])),
            ("stretch", stretch.key_digests_query(Level::Keys, digits, &[7])),
            ("last_stretch", end.sums_query(Level::Keys, digits)),
            ("keyless", keyless.key_digests_query(Level::Keys, digits, &[7])),
            ("columns", kept.column_digests_query(&keys)),
            ("list_of_documents", plain.list_documents_query(&(7..=65_535))),
            ("documents", kept.documents_query(&keys)),
        ] {
            let file = format!("{}/tests/golden/bigquery/compare_{name}.sql", env!("CARGO_MANIFEST_DIR"));
            expect_file![file].assert_eq(&described(&query, &columns));
        }
        assert!(plain.column_digests_query(&[]).ends_with(" WHERE FALSE"));
    }
}
