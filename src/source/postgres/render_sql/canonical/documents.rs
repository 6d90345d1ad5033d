//! The documents of rows, for whoever compares them by what they mean.

use std::ops::RangeInclusive;

use super::key_stretch::is_within;
use super::row::{Row, text};
use super::server_text::ServerText;
use super::statements::{bucket, no_row};
use crate::canonical::{BucketDigits, Documents};
use crate::model::{ColumnMode, TargetType};
use crate::source::keys::Keys;
use crate::source::postgres::render_sql::expression::expression;
use crate::source::postgres::render_sql::keys;
use crate::source::postgres::render_sql::select::Select;
use crate::source::postgres::{PostgresError, Session};
use crate::source::read::{ComparedRows, Table};

const DOING: &str = "reading documents";
/// The one cursor over documents in a transaction.
const CURSOR: &str = "plimsoll_documents";

/// What is selected of each row, with its bucket as `b`.
fn select(table: Table<'_>, server: ServerText) -> Select {
    let row = Row::of(table, server);
    let number = bucket(&server.bits(&text(row.identity())), BucketDigits::new(BucketDigits::MOST));
    let keys = row.key().iter().enumerate().map(|(n, c)| format!("pg_catalog.concat({}) AS k{n}", c.text));
    let is_document = |c: &&crate::encode::ShapeColumn| {
        c.target.target_type == TargetType::Json && c.target.mode != ColumnMode::Repeated
    };
    let columns = table.shape.columns.iter().filter(is_document).enumerate();
    let documents = columns.map(|(n, c)| format!("({})::pg_catalog.text AS d{n}", expression(table.relation, c)));
    let all = std::iter::once(format!("{number} AS b")).chain(keys).chain(documents);
    all.fold(row.select(), |select, e| select.expression(Some(e)))
}

/// The documents of rows in some buckets, by bucket: what [`Documents::read`] reads.
pub fn documents_statement(rows: ComparedRows<'_>, buckets: &RangeInclusive<u32>, server: ServerText) -> String {
    let (from, to) = (buckets.start(), buckets.end());
    let select = select(rows.table, server).filter(is_within(rows.table, rows.within));
    format!("SELECT r.* FROM ({} OFFSET 0) AS r WHERE r.b BETWEEN {from} AND {to} ORDER BY r.b", select.query())
}

impl Session {
    /// Has the server list documents. At most one list is open at a time.
    pub async fn list_documents(
        &self,
        rows: ComparedRows<'_>,
        buckets: RangeInclusive<u32>,
    ) -> Result<DocumentCursor<'_>, PostgresError> {
        let query = documents_statement(rows, &buckets, self.server_text().await?);
        self.execute(DOING, &format!("DECLARE {CURSOR} NO SCROLL CURSOR FOR {query}")).await?;
        Ok(DocumentCursor { session: self, key_len: rows.table.shape.key_len })
    }

    /// The documents of the rows that have one of the keys.
    pub async fn documents(&self, table: Table<'_>, among: Keys<'_>) -> Result<Vec<Documents>, PostgresError> {
        let query = select(table, self.server_text().await?).filter(Some(keys::is_among(among))).query();
        let (rows, key_len) = (self.text_rows(DOING, &query).await?, table.shape.key_len);
        rows.into_iter().map(|row| Documents::read(key_len, row).ok_or_else(|| no_row(DOING))).collect()
    }
}

/// Listed documents, kept by the server and fetched some at a time, by bucket.
pub struct DocumentCursor<'a> {
    session: &'a Session,
    key_len: usize,
}

impl DocumentCursor<'_> {
    /// The next rows; none at the end.
    pub async fn fetch(&mut self, wanted: usize) -> Result<Vec<Documents>, PostgresError> {
        let rows = self.session.text_rows(DOING, &format!("FETCH FORWARD {wanted} FROM {CURSOR}")).await?;
        rows.into_iter().map(|row| Documents::read(self.key_len, row).ok_or_else(|| no_row(DOING))).collect()
    }

    pub async fn close(&self) -> Result<(), PostgresError> {
        self.session.execute(DOING, &format!("CLOSE {CURSOR}")).await
    }
}
