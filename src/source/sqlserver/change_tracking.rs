//! `CHANGETABLE`: the keys of rows that were changed since a version. Versions are given at commit, so one that commits late comes late.
//!
//! Source: <https://learn.microsoft.com/sql/relational-databases/track-changes/work-with-change-tracking-sql-server>

use std::sync::Arc;

use super::connection::Statement;
use super::error::SqlServerError;
use super::expression::expression_of;
use super::facts::Place;
use super::key_range::key_columns;
use super::literals::with_collation;
use super::open_lists::drop_list;
use super::plan::{self, Form, Plan};
use super::render::key_forms;
use super::row::{Layout, SqlServerRow};
use super::session::Session;
use super::sql::{ident, object_id, qualified};
use crate::model::RelationName;
use crate::source::change_tracking::Tracked;
use crate::source::read::Table;

const DOING: &str = "reading change tracking";

/// A column of the key: as the comment has it, its form, its expression.
type KeyColumn = (String, Form, String);

impl Session {
    /// Where tables' change tracking stands. The numbers are never bound to a snapshot: asked inside the transaction, they are not too low.
    pub async fn tracked(&self, names: &[RelationName]) -> Result<Vec<(RelationName, Tracked)>, SqlServerError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        if self.facts().place == Place::Secondary {
            return Err(SqlServerError::ct_of_a_secondary());
        }
        let rows = self.text_rows(DOING, &tracked_statement(names)).await?;
        let tables = rows.into_iter().filter_map(|row| {
            let text = |n: usize| row.get(n).cloned().flatten();
            let number = |n: usize| text(n)?.parse().ok();
            let name = RelationName { schema: text(0)?, name: text(1)? };
            Some((name, Tracked { oldest: number(3), begin: number(4), modified: text(5) }))
        });
        Ok(tables.collect())
    }

    /// Has the server list the keys in a temporary table, for only one answer can be read at a time. Fails where the clean-up came between the look
    /// at the oldest version and the list, which is the first that reads rows and so begins the snapshot.
    pub async fn changed_keys(
        &self,
        number: usize,
        table: Table<'_>,
        since: i64,
    ) -> Result<ChangedKeys<'_>, SqlServerError> {
        self.facts().refuse_torn()?;
        self.open_list(DOING, &listed(number), &close_statement(number)).await?;
        let rows = self.text_rows(DOING, &spool_statement(number, table, since)).await?;
        let field = |n: usize| rows.first()?.get(n)?.as_deref();
        let keys = field(0).and_then(|f| f.parse().ok()).ok_or_else(|| SqlServerError::unexpected(DOING))?;
        if field(1).and_then(|f| f.parse().ok()).is_none_or(|oldest: i64| since < oldest) {
            return Err(SqlServerError::TransactionLost { doing: DOING });
        }
        if keys == 0 {
            self.forget_list(&listed(number));
        }
        Ok(ChangedKeys { session: self, number, key: listed_key(table), keys, fetched: 0 })
    }
}

/// Listed keys, kept by the server and fetched some at a time.
pub struct ChangedKeys<'a> {
    session: &'a Session,
    number: usize,
    key: Vec<KeyColumn>,
    /// How many there are; of none, the server has kept no list.
    keys: u64,
    fetched: u64,
}

impl ChangedKeys<'_> {
    /// The next keys; none at the end.
    pub async fn fetch(&mut self, wanted: usize) -> Result<Vec<Vec<String>>, SqlServerError> {
        if self.fetched >= self.keys {
            return Ok(Vec::new());
        }
        let (sql, layout) = fetch_statement(self.number, &self.key, self.fetched, wanted);
        let layout = Arc::new(layout);
        let mut rows = self.session.connection().stream(DOING, Statement::plain(sql)).await?;
        let mut found = Vec::with_capacity(wanted.min(10_000));
        while let Some(row) = futures_util::TryStreamExt::try_next(&mut rows).await? {
            let row = SqlServerRow::new(row, &layout)?;
            let key: Option<Vec<String>> = (0..row.len()).map(|n| row.field(n)?.text()).collect();
            found.push(key.ok_or_else(|| SqlServerError::unexpected(DOING))?);
        }
        self.fetched += found.len() as u64;
        Ok(found)
    }

    /// Drops the list.
    pub async fn close(&self) -> Result<(), SqlServerError> {
        match self.keys {
            0 => Ok(()),
            _ => self.session.close_list(DOING, &listed(self.number), &close_statement(self.number)).await,
        }
    }
}

/// The keys without the columns of tables that are named alike.
fn listed(number: usize) -> String {
    format!("#plimsoll_changes_{number}")
}

pub(super) fn tracked_statement(names: &[RelationName]) -> String {
    let ids: Vec<String> = names.iter().map(object_id).collect();
    let sql = format!(
        "SELECT s.name AS [schema], o.name, o.object_id, CHANGE_TRACKING_MIN_VALID_VERSION(o.object_id) AS min_valid, c.begin_version AS [begin], \
         CONVERT(nvarchar(33), o.modify_date, 126) AS modified FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
         LEFT JOIN sys.change_tracking_tables AS c ON c.object_id = o.object_id WHERE o.object_id IN ({})",
        ids.join(", ")
    );
    Plan::CtTables { tables: names }.statement(&sql)
}

/// The version is a literal: a parameter would give the server no idea of how many changes there are. Most tables have none: no list is kept then,
/// so there is none to fetch and to drop.
pub fn spool_statement(number: usize, table: Table<'_>, since: i64) -> String {
    let key = key_columns(table.relation, table.shape);
    let columns: Vec<String> =
        key.iter().enumerate().map(|(n, (_, native))| format!("k{n} {} NOT NULL", with_collation(native))).collect();
    let into: Vec<String> = (0..key.len()).map(|n| format!("k{n}")).collect();
    let selected: Vec<String> = key.iter().map(|(name, _)| format!("c.{}", ident(name))).collect();
    let sql = format!(
        "{} CREATE TABLE {} (n bigint IDENTITY(1, 1) PRIMARY KEY, {}); \
         INSERT INTO {} ({}) SELECT {} FROM CHANGETABLE(CHANGES {}, {since}) AS c ORDER BY {} OPTION (RECOMPILE); DECLARE @rows bigint = ROWCOUNT_BIG(); \
         IF @rows = 0 DROP TABLE {}; SELECT @rows AS rows, CHANGE_TRACKING_MIN_VALID_VERSION({}) AS min_valid",
        drop_list(&listed(number)),
        listed(number),
        columns.join(", "),
        listed(number),
        into.join(", "),
        selected.join(", "),
        qualified(&table.spec.source),
        selected.join(", "),
        listed(number),
        object_id(&table.spec.source)
    );
    let names: Vec<String> = key.iter().map(|(name, _)| (*name).to_owned()).collect();
    Plan::CtSpool { table: &table.spec.source, since, key: &names, number }.statement(&sql)
}

/// The key's columns in the temporary table.
pub(super) fn listed_key(table: Table<'_>) -> Vec<KeyColumn> {
    let key = key_columns(table.relation, table.shape).into_iter().zip(key_forms(table)).enumerate();
    let key = key.map(|(n, ((name, native), (_, form, _)))| {
        (plan::column(name, form), form, expression_of(&format!("t.k{n}"), native, form))
    });
    key.collect()
}

pub(super) fn fetch_statement(number: usize, key: &[KeyColumn], fetched: u64, wanted: usize) -> (String, Layout) {
    let columns: Vec<String> = key.iter().map(|(column, ..)| column.clone()).collect();
    let selected: Vec<&str> = key.iter().map(|(_, _, e)| e.as_str()).collect();
    let sql = format!(
        "SELECT TOP ({wanted}) {} FROM {} AS t WHERE t.n > {fetched} ORDER BY t.n",
        selected.join(", "),
        listed(number)
    );
    let plan = Plan::CtFetch { number, columns: &columns, after: fetched, top: wanted as u64 };
    (plan.statement(&sql), Layout::of(key.iter().map(|(_, form, _)| *form)))
}

pub(super) fn close_statement(number: usize) -> String {
    Plan::CtClose { number }.statement(&drop_list(&listed(number)))
}
