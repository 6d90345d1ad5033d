//! Hashes of rows, made by the server: no value but a listed key leaves it.

use std::fmt::Write;

use super::filter::filter;
use super::key_range;
use super::published_rows::{lanes, published, rows_of};
use super::row_bytes::{row_bytes, row_bytes_text};
use crate::encode::ShapeColumn;
use crate::model::TableKey;
use crate::source::postgres::{PostgresError, Session, ident, qualified};
use crate::source::read::Table;
use crate::source::row_hashes::{
    BUCKET_BITS, BucketSum, BucketSums, Filled, HashListing, HashedRow, Hashing, NextHash, RowHash,
};

const DOING: &str = "comparing row hashes";
const CURSOR: &str = "plimsoll_hashes";

/// Memory that the server may take to add up so many buckets, in megabytes: with less it would write them to disk.
fn work_mem(bits: u8) -> u32 {
    const LEAST: u32 = 8;
    LEAST.max((1_u32 << bits) / 2048)
}

const LAST_BUCKET: u32 = (1 << BUCKET_BITS) - 1;

/// The row's bucket.
fn bucket(table: Table<'_>) -> String {
    if table.spec.key == TableKey::Row {
        let [first, _] = lanes_of_row_key("t");
        return format!("({first} & {LAST_BUCKET})::int4");
    }
    let key: Vec<String> = table.shape.key().iter().map(|c| format!("t.{}", ident(&c.source))).collect();
    let text = match key.as_slice() {
        [one] => format!("{one}::text"),
        several => format!("ROW({})::text", several.join(", ")),
    };
    format!("(pg_catalog.hashtext({text} COLLATE \"C\") & {LAST_BUCKET})")
}

/// Both halves of the hash that is the row's key.
fn lanes_of_row_key(row: &str) -> [String; 2] {
    let [hash, _] = TableKey::ROW_COLUMNS.map(ident);
    [1, 17].map(|from| format!("('x' || pg_catalog.substr({row}.{hash}, {from}, 16))::bit(64)::int8"))
}

/// The rows, each with these fields computed once: the planner does not look through an `OFFSET`.
fn rows(of: &Hashing<'_>, fields: &[String], more: Option<String>) -> String {
    let Table { relation, shape, .. } = of.table;
    // A row without a whole key can't be read by it, nor be in the target.
    let may_be_null = shape.key().iter().filter(|c| relation.column(&c.source).is_none_or(|c| !c.not_null));
    let keyed = may_be_null.map(|c| format!("t.{} IS NOT NULL", ident(&c.source)));
    let conditions: Vec<String> = published(of.table)
        .into_iter()
        .chain(key_range::condition(of.range, relation, shape))
        .chain(keyed)
        .chain(more)
        .collect();
    let mut sql = format!("SELECT {} FROM {}", fields.join(", "), rows_of(of.table));
    if !conditions.is_empty() {
        let _ = write!(sql, " WHERE {}", conditions.join(" AND "));
    }
    format!("({sql} OFFSET 0) AS s")
}

/// What is hashed of a row, as far as the config and the catalog decide it.
pub fn hashed_text(table: Table<'_>, columns: &[ShapeColumn]) -> String {
    let types = columns.iter().map(|c| table.relation.column(&c.source).map_or(0, |c| c.postgres().base_oid));
    let types: Vec<String> = types.map(|t| t.to_string()).collect();
    let filter = filter(table.spec).unwrap_or_default();
    format!("{}\n{}\n{}\n{filter}", bucket(table), row_bytes_text(table.relation, columns), types.join(","))
}

/// The statement that adds up the rows by bucket.
pub fn hash_sums_statement(of: &Hashing<'_>, bits: u8) -> String {
    let shift = BUCKET_BITS - bits;
    let bytes = row_bytes(of.table.relation, of.columns);
    match of.table.spec.key {
        TableKey::Primary | TableKey::Columns(_) => {
            let fields = [format!("{} >> {shift} AS b", bucket(of.table)), format!("{bytes} AS r")];
            let sums = lanes("s.r").map(|lane| format!("sum({lane})::text"));
            format!("SELECT s.b, count(*), {} FROM {} GROUP BY s.b", sums.join(", "), rows(of, &fields, None))
        }
        // Equal rows add up by themselves: their copies need not be counted.
        TableKey::Row => {
            let condition = filter(of.table.spec).map_or_else(String::new, |f| format!(" WHERE {f}"));
            let [first, second] = lanes("s.r");
            format!(
                "SELECT ((s.h0 & {LAST_BUCKET}) >> {shift})::int4, count(*), sum(s.h0)::text, sum(s.h1)::text FROM \
                 (SELECT {first} AS h0, {second} AS h1 FROM \
                 (SELECT {bytes} AS r FROM {} AS t{condition} OFFSET 0) AS s OFFSET 0) AS s GROUP BY 1",
                qualified(&of.table.spec.source)
            )
        }
    }
}

/// The statement that lists rows by bucket.
pub fn list_statement(listing: &HashListing<'_>) -> String {
    let HashListing { of, buckets, next } = listing;
    let Table { relation, shape, .. } = of.table;
    let bucket = bucket(of.table);
    let mut fields = vec![format!("{bucket} AS b")];
    let mut listed = vec!["s.b".to_owned()];
    for (n, column) in shape.key().iter().enumerate() {
        fields.push(format!("t.{} AS k{n}", ident(&column.source)));
        listed.push(format!("s.k{n}"));
    }
    match of.table.spec.key {
        TableKey::Primary | TableKey::Columns(_) => {
            fields.push(format!("{} AS r", row_bytes(relation, of.columns)));
            listed.extend(lanes("s.r"));
        }
        TableKey::Row => {
            let [first, second] = lanes_of_row_key("t");
            fields.extend([format!("{first} AS h0"), format!("{second} AS h1")]);
            listed.extend(["s.h0".to_owned(), "s.h1".to_owned()]);
        }
    }
    if let Some(next) = next {
        fields.push(format!("{} AS n", row_bytes(relation, next.columns)));
        let filled: Vec<String> = next.new.iter().map(|c| format!("t.{} IS NOT NULL", ident(&c.source))).collect();
        fields.push(format!("({}) AS f", if filled.is_empty() { "FALSE".to_owned() } else { filled.join(" OR ") }));
        listed.extend(lanes("s.n"));
        listed.push("s.f".to_owned());
    }
    let among = buckets.map(|set| {
        let bits = set.bytes().iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        format!("pg_catalog.get_bit('\\x{bits}'::bytea, {bucket} >> {}) = 1", set.shift())
    });
    format!("SELECT {} FROM {} ORDER BY s.b", listed.join(", "), rows(of, &fields, among))
}

fn unexpected() -> PostgresError {
    PostgresError::Unexpected { doing: DOING, what: "no row hash".to_owned() }
}

/// A sum of signed numbers as the sum of unsigned ones, without what is carried out of 64 bits.
fn lane(text: &str) -> Option<u64> {
    let all: i128 = text.parse().ok()?;
    u64::try_from(all.rem_euclid(1 << 64)).ok()
}

/// The fields of a line of numbers, as `COPY` has it.
fn sum_of(line: &str) -> Option<(u32, BucketSum)> {
    let mut fields = line.trim_end().split('\t');
    let bucket = fields.next()?.parse().ok()?;
    let rows = fields.next()?.parse().ok()?;
    let hash = RowHash([lane(fields.next()?)?, lane(fields.next()?)?]);
    Some((bucket, BucketSum { rows, hash }))
}

impl Session {
    /// Adds up the rows by bucket, of two to the power of `bits`.
    pub async fn hash_sums(&self, of: &Hashing<'_>, bits: u8) -> Result<BucketSums, PostgresError> {
        // Workers would hand each row over to be added up here: that is more work for the server, not less.
        let settings = format!(
            "SELECT pg_catalog.set_config('work_mem', '{}MB', true), \
             pg_catalog.set_config('max_parallel_workers_per_gather', '0', true)",
            work_mem(bits)
        );
        self.text_rows(DOING, &settings).await?;
        let mut sums = BucketSums::empty(bits);
        let mut lines = self.copy(&format!("COPY ({}) TO STDOUT", hash_sums_statement(of, bits))).await?;
        while let Some(line) = futures_util::StreamExt::next(&mut lines).await.transpose()? {
            let text = std::str::from_utf8(&line).ok();
            let (bucket, sum) = text.and_then(sum_of).ok_or_else(unexpected)?;
            sums.add(bucket, sum);
        }
        Ok(sums)
    }

    /// Has the server list rows. At most one list is open at a time.
    pub async fn list_hashes(&self, listing: &HashListing<'_>) -> Result<HashCursor<'_>, PostgresError> {
        let query = list_statement(listing);
        self.execute(DOING, &format!("DECLARE {CURSOR} NO SCROLL CURSOR FOR {query}")).await?;
        Ok(HashCursor { session: self, width: listing.of.table.shape.key_len })
    }

    /// Has the server look at the rights that all this takes, without reading a row.
    pub async fn try_hashes(&self, listing: &HashListing<'_>) -> Result<(), PostgresError> {
        self.try_query(&hash_sums_statement(&listing.of, 0)).await?;
        self.try_query(&list_statement(listing)).await
    }
}

/// Listed rows, kept by the server and fetched some at a time, by bucket.
pub struct HashCursor<'a> {
    session: &'a Session,
    width: usize,
}

impl HashCursor<'_> {
    /// The next rows; none at the end.
    pub async fn fetch(&mut self, wanted: usize) -> Result<Vec<HashedRow>, PostgresError> {
        let rows = self.session.text_rows(DOING, &format!("FETCH FORWARD {wanted} FROM {CURSOR}")).await?;
        rows.into_iter().map(|row| self.row(row).ok_or_else(unexpected)).collect()
    }

    pub async fn close(&self) -> Result<(), PostgresError> {
        self.session.execute(DOING, &format!("CLOSE {CURSOR}")).await
    }

    fn row(&self, row: Vec<Option<String>>) -> Option<HashedRow> {
        let mut fields = row.into_iter();
        let bucket = fields.next()??.parse().ok()?;
        let key: Vec<String> = fields.by_ref().take(self.width).collect::<Option<_>>()?;
        let mut hash = || -> Option<RowHash> { Some(RowHash([lane(&fields.next()??)?, lane(&fields.next()??)?])) };
        let own = hash()?;
        let next = hash();
        let filled = if fields.next().flatten().as_deref() == Some("t") { Filled::Yes } else { Filled::No };
        Some(HashedRow { bucket, key, hash: own, next: next.map(|hash| NextHash { hash, filled }) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_of_signed_numbers_is_one_of_unsigned_ones() {
        assert_eq!(lane("-1"), Some(u64::MAX));
        assert_eq!(lane("18446744073709551617"), Some(1));
        assert_eq!(sum_of("7\t2\t-2\t3\n"), Some((7, BucketSum { rows: 2, hash: RowHash([u64::MAX - 1, 3]) })));
        assert_eq!(sum_of("7\t2\t\\N\t3\n"), None);
    }
}
