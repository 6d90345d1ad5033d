//! Hashes of rows, made by the server: no value but a listed key leaves it.

use std::sync::Arc;

use super::connection::Statement;
use super::error::SqlServerError;
use super::expression::expression_of;
use super::filter::filter;
use super::key_range::{condition, key_columns};
use super::literals::with_collation;
use super::native_type::SqlServerType;
use super::open_lists::drop_list;
use super::plan::{self, Form, HashPlan, Plan};
use super::published_rows::{published, rows_of};
use super::render::key_forms;
use super::row::{Layout, SqlServerRow};
use super::row_bytes::{hash, row_bytes};
use super::session::Session;
use super::sql::{binary, ident, qualified};
use crate::encode::ShapeColumn;
use crate::model::TableKey;
use crate::source::column::SourceColumn;
use crate::source::read::Table;
use crate::source::row_hashes::{
    BUCKET_BITS, BucketSum, BucketSums, Filled, HashListing, HashedRow, Hashing, NextHash, RowHash,
};

const DOING: &str = "comparing row hashes";

/// The temporary table of listed rows.
const LISTED: &str = "#plimsoll_hashes";

/// Few processors at once: HASHBYTES does not scale beyond some, and the server is somebody's production.
/// Source: <https://www.erikdarling.com/hashbytes-scalability/>
const OPTION: &str = "OPTION (MAXDOP 4)";

const LAST_BUCKET: u32 = (1 << BUCKET_BITS) - 1;

/// The row's bucket.
fn bucket(table: Table<'_>) -> String {
    if table.spec.key == TableKey::Row {
        let [row, _] = TableKey::ROW_COLUMNS.map(ident);
        return format!("(CAST(CONVERT(binary(4), SUBSTRING(t.{row}, 1, 8), 2) AS int) & {LAST_BUCKET})");
    }
    let key: Vec<String> = table.shape.key().iter().map(|c| format!("t.{}", ident(&c.source))).collect();
    format!("(BINARY_CHECKSUM({}) & {LAST_BUCKET})", key.join(", "))
}

/// Both numbers of 64 bits at the beginning of a hash.
fn lanes(hash: &str) -> [String; 2] {
    [1, 9].map(|from| format!("CAST(SUBSTRING({hash}, {from}, 8) AS bigint)"))
}

/// The rows that are hashed, as `[s].[t] AS t WHERE …`.
fn from_where(of: &Hashing<'_>, more: Option<String>) -> String {
    let Table { relation, shape, .. } = of.table;
    // A row without a whole key can't be read by it, nor be in the target.
    let may_be_null = shape.key().iter().filter(|c| relation.column(&c.source).is_none_or(|c| !c.not_null));
    let keyed = may_be_null.map(|c| format!("t.{} IS NOT NULL", ident(&c.source)));
    let conditions: Vec<String> =
        published(of.table).into_iter().chain(condition(of.range, relation, shape)).chain(keyed).chain(more).collect();
    let from = rows_of(of.table);
    if conditions.is_empty() { from } else { format!("{from} WHERE {}", conditions.join(" AND ")) }
}

/// What is hashed of a row, as far as the config and the catalog decide it.
pub fn hashed_text(table: Table<'_>, columns: &[ShapeColumn]) -> String {
    // A text's code page is told by the watermark: see `value_type`.
    let native = |c: &ShapeColumn| table.relation.column(&c.source).and_then(SourceColumn::sqlserver);
    let types: Vec<String> =
        columns.iter().map(|c| native(c).map_or_else(String::new, SqlServerType::noted_type)).collect();
    let filter = filter(table.spec).unwrap_or_default();
    format!("{}\n{}\n{}\n{filter}", bucket(table), row_bytes(table.relation, columns), types.join(","))
}

fn plan_of<'a>(of: &Hashing<'a>, bits: u8) -> HashPlan<'a> {
    HashPlan {
        table: &of.table.spec.source,
        key: of.table.shape.key().iter().map(|c| c.source.as_str()).collect(),
        hashed: of.columns.iter().map(|c| c.source.as_str()).collect(),
        bits,
        after: of.range.after.as_deref(),
        until: of.range.until.as_deref(),
        buckets: None,
        next: None,
        filter: of.table.spec.filter.as_deref(),
    }
}

/// The statement that adds up the rows by bucket.
pub fn hash_sums_statement(of: &Hashing<'_>, bits: u8) -> String {
    let divisor = 1_u32 << (BUCKET_BITS - bits);
    let sums = lanes("s.h").map(|lane| format!("SUM(CAST({lane} AS decimal(38,0)))"));
    let hash = hash(&row_bytes(of.table.relation, of.columns));
    let (bucket, from) = match of.table.spec.key {
        TableKey::Primary | TableKey::Columns(_) => {
            (format!("{} / {divisor} AS bucket, ", bucket(of.table)), from_where(of, None))
        }
        // Equal rows add up by themselves: their copies need not be counted.
        TableKey::Row => {
            let condition = filter(of.table.spec).map_or_else(String::new, |f| format!(" WHERE {f}"));
            (String::new(), format!("{} AS t{condition}", qualified(&of.table.spec.source)))
        }
    };
    let grouped = match of.table.spec.key {
        TableKey::Primary | TableKey::Columns(_) => "s.bucket".to_owned(),
        TableKey::Row => format!("(CAST(SUBSTRING(s.h, 1, 4) AS int) & {LAST_BUCKET}) / {divisor}"),
    };
    let sql = format!(
        "SELECT {grouped} AS bucket, COUNT_BIG(*) AS rows, {} AS lane0, {} AS lane1 FROM (SELECT {bucket}{hash} AS h FROM {from}) AS s \
         GROUP BY {grouped} {OPTION}",
        sums[0], sums[1]
    );
    Plan::HashSums(plan_of(of, bits)).statement(&sql)
}

/// The statement that lists rows by bucket.
pub fn list_statement(listing: &HashListing<'_>) -> String {
    let HashListing { of, buckets, next } = listing;
    let Table { relation, shape, .. } = of.table;
    let key = key_columns(relation, shape);
    let columns = key.iter().enumerate().map(|(n, (_, native))| format!("k{n} {} NOT NULL", with_collation(native)));
    let mut columns: Vec<String> = std::iter::once("bucket int NOT NULL".to_owned()).chain(columns).collect();
    columns.extend(["lane0 bigint NOT NULL".to_owned(), "lane1 bigint NOT NULL".to_owned()]);
    let bucket = bucket(of.table);
    let selected = key.iter().enumerate().map(|(n, (name, _))| format!("t.{} AS k{n}", ident(name)));
    let mut inner: Vec<String> = std::iter::once(format!("{bucket} AS bucket")).chain(selected).collect();
    inner.push(match of.table.spec.key {
        TableKey::Primary | TableKey::Columns(_) => format!("{} AS h", hash(&row_bytes(relation, of.columns))),
        TableKey::Row => {
            let [row, _] = TableKey::ROW_COLUMNS.map(ident);
            format!("CONVERT(binary(16), t.{row}, 2) AS h")
        }
    });
    let mut outer: Vec<String> =
        std::iter::once("s.bucket".to_owned()).chain((0..key.len()).map(|n| format!("s.k{n}"))).collect();
    outer.extend(lanes("s.h"));
    let mut names: Vec<String> =
        std::iter::once("bucket".to_owned()).chain((0..key.len()).map(|n| format!("k{n}"))).collect();
    names.extend(["lane0".to_owned(), "lane1".to_owned()]);
    if let Some(next) = next {
        columns.extend(["next0 bigint NOT NULL", "next1 bigint NOT NULL", "filled bit NOT NULL"].map(str::to_owned));
        inner.push(format!("{} AS n", hash(&row_bytes(relation, next.columns))));
        let filled: Vec<String> = next.new.iter().map(|c| format!("t.{} IS NOT NULL", ident(&c.source))).collect();
        let filled = if filled.is_empty() { "1 = 0".to_owned() } else { filled.join(" OR ") };
        inner.push(format!("CASE WHEN {filled} THEN 1 ELSE 0 END AS filled"));
        outer.extend(lanes("s.n"));
        outer.push("s.filled".to_owned());
        names.extend(["next0", "next1", "filled"].map(str::to_owned));
    }
    let among = buckets.map(|set| {
        let coarse = format!("({bucket} / {})", 1_u32 << set.shift());
        format!("CAST(SUBSTRING({}, {coarse} / 8 + 1, 1) AS int) & POWER(2, {coarse} % 8) <> 0", binary(set.bytes()))
    });
    let sql = format!(
        "{} CREATE TABLE {LISTED} (n bigint IDENTITY(1, 1) PRIMARY KEY, {}); \
         INSERT INTO {LISTED} ({}) SELECT {} FROM (SELECT {} FROM {}) AS s ORDER BY s.bucket {OPTION}; SELECT ROWCOUNT_BIG() AS rows",
        drop_list(LISTED),
        columns.join(", "),
        names.join(", "),
        outer.join(", "),
        inner.join(", "),
        from_where(of, among)
    );
    let names = |columns: &[ShapeColumn]| -> Vec<String> { columns.iter().map(|c| c.source.clone()).collect() };
    let next = next.map(|n| (names(n.columns), names(n.new)));
    let plan = HashPlan {
        buckets: buckets.map(crate::source::row_hashes::BucketSet::bytes),
        next: next
            .as_ref()
            .map(|(all, new)| (all.iter().map(String::as_str).collect(), new.iter().map(String::as_str).collect())),
        ..plan_of(of, buckets.map_or(BUCKET_BITS, |set| BUCKET_BITS - set.shift()))
    };
    Plan::HashSpool(plan).statement(&sql)
}

/// The statement that has the server look at the rights to the columns.
pub(super) fn try_statement(of: &Hashing<'_>) -> String {
    let names: Vec<String> = of.table.hashed_columns().iter().map(|c| format!("t.{}", ident(&c.source))).collect();
    let sql = format!("SELECT TOP (0) {} FROM {} AS t", names.join(", "), qualified(&of.table.spec.source));
    Plan::HashTry(plan_of(of, 0)).statement(&sql)
}

pub(super) fn close_statement() -> String {
    Plan::HashClose.statement(&drop_list(LISTED))
}

fn unexpected() -> SqlServerError {
    SqlServerError::Unexpected { doing: DOING, what: "no row hash".to_owned() }
}

/// A sum of signed numbers as the sum of unsigned ones, without what is carried out of 64 bits.
fn lane(text: &str) -> Option<u64> {
    let all: i128 = text.parse().ok()?;
    u64::try_from(all.rem_euclid(1 << 64)).ok()
}

fn sum_of(row: &[Option<String>]) -> Option<(u32, BucketSum)> {
    let field = |n: usize| row.get(n)?.as_deref();
    let hash = RowHash([lane(field(2)?)?, lane(field(3)?)?]);
    Some((field(0)?.parse().ok()?, BucketSum { rows: field(1)?.parse().ok()?, hash }))
}

impl Session {
    /// Adds up the rows by bucket, of two to the power of `bits`.
    pub async fn hash_sums(&self, of: &Hashing<'_>, bits: u8) -> Result<BucketSums, SqlServerError> {
        self.facts().refuse_torn()?;
        self.refuse_secret_columns(of.table).await?;
        let mut sums = BucketSums::empty(bits);
        let statement = Statement::plain(hash_sums_statement(of, bits));
        let mut rows = self.connection().stream(DOING, statement).await?;
        while let Some(row) = futures_util::TryStreamExt::try_next(&mut rows).await? {
            let row: Vec<Option<String>> = row.cells().map(|(_, value)| super::values::text(value)).collect();
            let (bucket, sum) = sum_of(&row).ok_or_else(unexpected)?;
            sums.add(bucket, sum);
        }
        Ok(sums)
    }

    /// Has the server list rows in a temporary table of the session, for only one answer can be read at a time. At most one list is open.
    pub async fn list_hashes(&self, listing: &HashListing<'_>) -> Result<HashCursor<'_>, SqlServerError> {
        self.facts().refuse_torn()?;
        self.open_list(DOING, LISTED, &close_statement()).await?;
        self.text_rows(DOING, &list_statement(listing)).await?;
        Ok(HashCursor { session: self, key: listed_key(listing.of.table), next: listing.next.is_some(), fetched: 0 })
    }

    /// Has the server look at the rights that all this takes, without reading a row.
    pub async fn try_hashes(&self, listing: &HashListing<'_>) -> Result<(), SqlServerError> {
        self.refuse_secret_columns(listing.of.table).await?;
        self.execute("trying what a tick reads", &try_statement(&listing.of)).await
    }
}

/// A column of the key: as the comment has it, its form, its expression.
type KeyColumn = (String, Form, String);

/// The key's columns in the temporary table.
pub(super) fn listed_key(table: Table<'_>) -> Vec<KeyColumn> {
    let key = key_columns(table.relation, table.shape).into_iter().zip(key_forms(table)).enumerate();
    let key = key.map(|(n, ((name, native), (_, form, _)))| {
        (plan::column(name, form), form, expression_of(&format!("t.k{n}"), native, form))
    });
    key.collect()
}

/// The statement that gets the next listed rows.
pub(super) fn fetch_statement(key: &[KeyColumn], next: bool, fetched: u64, wanted: usize) -> (String, Layout) {
    let columns: Vec<String> = key.iter().map(|(column, ..)| column.clone()).collect();
    let mut selected: Vec<&str> = vec!["t.bucket"];
    selected.extend(key.iter().map(|(_, _, e)| e.as_str()));
    selected.extend(["t.lane0", "t.lane1"]);
    let mut forms: Vec<Form> = vec![Form::Plain];
    forms.extend(key.iter().map(|(_, form, _)| *form));
    forms.extend([Form::Plain, Form::Plain]);
    if next {
        selected.extend(["t.next0", "t.next1", "t.filled"]);
        forms.extend([Form::Plain, Form::Plain, Form::Flag]);
    }
    let sql =
        format!("SELECT TOP ({wanted}) {} FROM {LISTED} AS t WHERE t.n > {fetched} ORDER BY t.n", selected.join(", "));
    let plan = Plan::HashFetch { columns: &columns, next, after: fetched, top: wanted as u64 };
    (plan.statement(&sql), Layout::of(forms))
}

/// Listed rows, kept by the server and fetched some at a time, by bucket.
pub struct HashCursor<'a> {
    session: &'a Session,
    key: Vec<KeyColumn>,
    next: bool,
    fetched: u64,
}

impl HashCursor<'_> {
    /// The next rows; none at the end.
    pub async fn fetch(&mut self, wanted: usize) -> Result<Vec<HashedRow>, SqlServerError> {
        let (sql, layout) = fetch_statement(&self.key, self.next, self.fetched, wanted);
        let layout = Arc::new(layout);
        let mut rows = self.session.connection().stream(DOING, Statement::plain(sql)).await?;
        let mut found = Vec::with_capacity(wanted.min(100_000));
        while let Some(row) = futures_util::TryStreamExt::try_next(&mut rows).await? {
            let row = SqlServerRow::new(row, &layout)?;
            found.push(self.row(&row).ok_or_else(unexpected)?);
        }
        self.fetched += found.len() as u64;
        Ok(found)
    }

    pub async fn close(&self) -> Result<(), SqlServerError> {
        self.session.close_list(DOING, LISTED, &close_statement()).await
    }

    fn row(&self, row: &SqlServerRow) -> Option<HashedRow> {
        let text = |n: usize| row.field(n)?.text();
        let width = self.key.len();
        let hash = |from: usize| Some(RowHash([lane(&text(from)?)?, lane(&text(from + 1)?)?]));
        let next = if self.next {
            let filled = if text(width + 5)? == "t" { Filled::Yes } else { Filled::No };
            Some(NextHash { hash: hash(width + 3)?, filled })
        } else {
            None
        };
        Some(HashedRow {
            bucket: text(0)?.parse().ok()?,
            key: (1..=width).map(text).collect::<Option<_>>()?,
            hash: hash(width + 1)?,
            next,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_of_signed_numbers_is_one_of_unsigned_ones() {
        assert_eq!(lane("-1"), Some(u64::MAX));
        let row = |texts: &[&str]| texts.iter().map(|t| Some((*t).to_owned())).collect::<Vec<_>>();
        assert_eq!(
            sum_of(&row(&["7", "2", "-2", "3"])),
            Some((7, BucketSum { rows: 2, hash: RowHash([u64::MAX - 1, 3]) }))
        );
        assert_eq!(sum_of(&[Some("7".to_owned()), None, None, None]), None);
    }
}
