//! Reads as PostgreSQL's SQL. Nothing else in the program writes a statement that reads rows of a table.

mod canonical;
mod changed;
mod cursor;
mod expression;
mod filter;
mod key_range;
mod keys;
mod overlooked;
mod partitions;
mod published_rows;
mod row_bytes;
mod row_digest;
mod select;
mod transaction_rule;
mod unique;

pub(in crate::source) use canonical::structure;
pub use canonical::{
    DocumentCursor, ServerText, canonical_piece, column_digests_statement, columns_in_order, documents_statement,
    key_digests_statement, stretch_end_statement, sums_statement,
};
pub(super) use cursor::above_floor;
pub(in crate::source) use filter::filter;
pub use row_digest::{HashCursor, hash_sums_statement, hashed_text, list_statement};
pub use transaction_rule::{changed_since, resent};
pub use unique::lookup_of_repeated_keys;

use published_rows::published;
use select::Select;

use crate::batch::At;
use crate::model::TableKey;
use crate::source::cursor::{Bulk, CursorColumn};
use crate::source::postgres::{PostgresError, RowStream, Session, ident};
use crate::source::read::{Columns, Read, Rows, Since, Table};
use crate::source::relation::Relation;

/// The query of a read.
pub fn query(read: &Read<'_>) -> String {
    let Table { spec, relation, shape } = read.table;
    // To be counted, rows need no key.
    if let (Columns::Count, Rows::All) = (read.columns, read.rows) {
        return columns(Select::from(&spec.source), read).filter(filter(spec)).query();
    }
    let select = columns(Select::of(read.table), read);
    let published = || published(read.table);
    match read.rows {
        Rows::All => select.filter(published()).query(),
        Rows::Some(rows) => {
            let key: Vec<&str> = shape.key().iter().map(|c| c.source.as_str()).collect();
            let mut query = select.filter(published()).query();
            // A large table is not sorted for a few rows.
            if !key.is_empty() && relation.keeps_unique(&key) && spec.key != TableKey::Row {
                let order: Vec<String> = key.iter().map(|c| format!("t.{}", ident(c))).collect();
                query.push_str(&format!(" ORDER BY {}", order.join(", ")));
            }
            format!("{query} LIMIT {rows}")
        }
        Rows::Changed(since) => select.filter(published()).filter(Some(changed::sent(relation, since))).query(),
        Rows::Unchanged(since) => select.filter(published()).filter(Some(not_sent(relation, since))).query(),
        Rows::Left(since) => {
            let filter = published().unwrap_or_else(|| "TRUE".to_owned());
            select
                .filter(Some(format!("{filter} IS NOT TRUE")))
                .filter(Some(changed::sent(relation, since)))
                .filter(Some(no_other_row(read.table, &filter)))
                .query()
        }
        Rows::Within(range) => select.filter(published()).filter(key_range::condition(range, relation, shape)).query(),
        Rows::Before(range) => select.filter(published()).filter(key_range::before(range, relation, shape)).query(),
        Rows::Among(keys) => select.filter(published()).filter(Some(keys::is_among(keys))).query(),
        Rows::Absent(keys) => keys::absent(read.table, keys),
        Rows::Given(keys) => keys::given(keys),
    }
}

/// The statement that streams a read.
pub fn statement(read: &Read<'_>) -> String {
    format!("COPY ({}) TO STDOUT", query(read))
}

fn columns(select: Select, read: &Read<'_>) -> Select {
    let Table { relation, shape, .. } = read.table;
    match read.columns {
        Columns::Published { doubt, cursor } => select
            .expression(doubt.and_then(At::snapshot).map(resent))
            .columns(relation, &shape.columns)
            .expression(cursor.map(|c| format!("t.{}", ident(&c.name)))),
        Columns::Key => select.columns(relation, shape.key()),
        Columns::Count => select.expression(Some("count(*)".to_owned())),
    }
}

fn not_sent(relation: &Relation, since: Since<'_>) -> String {
    format!("({}) IS NOT TRUE", changed::sent(relation, since))
}

/// No row that the filter lets through has the key: it may be unique among those only.
fn no_other_row(table: Table<'_>, filter: &str) -> String {
    let same = table.shape.key().iter().map(|c| format!("o.{0} = t.{0}", ident(&c.source)));
    let same = same.collect::<Vec<_>>().join(" AND ");
    // The filter may call the row `t`, so in there the other row has to be that.
    let others = Select::from(&table.spec.source)
        .columns(table.relation, table.shape.key())
        .filter(Some(filter.to_owned()))
        .query();
    format!("NOT EXISTS (SELECT 1 FROM ({others}) AS o WHERE {same})")
}

impl Session {
    /// Streams the rows of a read.
    pub async fn rows(&self, read: &Read<'_>) -> Result<RowStream<'_>, PostgresError> {
        self.copy(&statement(read)).await
    }

    /// How many rows of the table are published now.
    pub async fn count(&self, table: Table<'_>) -> Result<Option<u64>, PostgresError> {
        let read = Read { table, columns: Columns::Count, rows: Rows::All };
        let rows = self.text_rows("counting rows", &query(&read)).await?;
        Ok(rows.first().and_then(|r| r.first()).and_then(|f| f.as_ref()).and_then(|t| t.parse().ok()))
    }

    /// The planner's guess at how many rows a read has.
    pub async fn estimate(&self, read: &Read<'_>) -> Result<u64, PostgresError> {
        self.estimate_rows(&query(read)).await
    }

    /// Has the server plan a read and look at the rights it takes, on every column, without reading a row.
    pub async fn try_read(&self, read: &Read<'_>) -> Result<(), PostgresError> {
        self.try_query(&query(read)).await
    }

    /// How far the bulk of a cursor's values reaches; [`Bulk::Unknown`] where something else bounds them, or the server would have to
    /// sort the table for it.
    pub async fn bulk(&self, table: Table<'_>, cursor: &CursorColumn) -> Result<Bulk, PostgresError> {
        let Some(query) = cursor::bulk_query(cursor, &table.spec.source) else { return Ok(Bulk::Unknown) };
        let rows = self.text_rows("looking at the cursor's values", &query).await?;
        let value = rows.into_iter().next().and_then(|r| r.into_iter().next()).flatten();
        Ok(value.map_or(Bulk::Few, Bulk::At))
    }
}
