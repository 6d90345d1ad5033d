//! What a session is asked of a table's rows.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::error::{READING, SqlServerError};
use super::facts::Place;
use super::floor::bulk_of;
use super::key_range::{condition, key_columns};
use super::key_types::can_be_cut;
use super::native_type::{Family, Secrecy};
use super::plan::{self, Plan};
use super::published_rows::{published, rows_of};
use super::render::{Rendered, Unmask, key_forms, refuse_secrets, rendered, tried, unchanged};
use super::row::{Layout, RowStream, SqlServerRow};
use super::session::Session;
use super::sql::{ident, object_id, qualified};
use crate::model::{RelationName, TableKey, TargetType};
use crate::source::cursor::{Bulk, CursorColumn, CursorType};
use crate::source::read::{Columns, KeyRange, Overlooked, Partitioned, Read, RepeatedKeys, Rows, Table, Unsent};

/// The statement that streams a read, for people.
pub fn statement(read: &Read<'_>) -> String {
    rendered(read).sql
}

/// A statement for people: which values of the key stand in more than one published row.
pub fn lookup_of_repeated_keys(table: Table<'_>) -> String {
    let key: Vec<String> = table.shape.key().iter().map(|c| format!("t.{}", ident(&c.source))).collect();
    let key = key.join(", ");
    format!("SELECT {key}, COUNT_BIG(*) FROM {} GROUP BY {key} HAVING COUNT_BIG(*) > 1", from_where(table, None))
}

/// Whether changes are told by a `rowversion`.
fn by_rowversion(read: &Read<'_>) -> bool {
    match read.rows {
        Rows::Changed(since) | Rows::Unchanged(since) | Rows::Left(since) => {
            since.cursor.is_some_and(|c| c.kind == CursorType::RowVersion)
        }
        _ => false,
    }
}

/// `[s].[t] AS t WHERE …`.
fn from_where(table: Table<'_>, more: Option<String>) -> String {
    let conditions: Vec<String> = published(table).into_iter().chain(more).collect();
    let from = rows_of(table);
    if conditions.is_empty() { from } else { format!("{from} WHERE {}", conditions.join(" AND ")) }
}

impl Session {
    /// Streams the rows of a read.
    pub async fn rows(&self, read: &Read<'_>) -> Result<RowStream<'_>, SqlServerError> {
        self.refuse_read(read).await?;
        let Rendered { layout, .. } = rendered(read);
        let statement = rendered(read).statement(self.salt());
        Ok(RowStream::new(self.connection().stream(READING, statement).await?, layout))
    }

    /// Fails where the rows can't be had as they are.
    async fn refuse_read(&self, read: &Read<'_>) -> Result<(), SqlServerError> {
        self.facts().refuse_torn()?;
        if by_rowversion(read) && self.facts().place == Place::Secondary {
            let remedy = "read from the primary: a readable secondary does not know what is open there";
            return Err(SqlServerError::not_done("a rowversion cursor on a readable secondary", remedy));
        }
        if matches!(read.rows, Rows::Among(_) | Rows::Absent(_) | Rows::Given(_)) {
            self.facts().refuse_keys()?;
        }
        self.refuse_secret_columns(read.table).await
    }

    /// Fails where a published column is masked for us, or encrypted by its clients.
    pub(super) async fn refuse_secret_columns(&self, table: Table<'_>) -> Result<(), SqlServerError> {
        let is_masked = |c: &crate::encode::ShapeColumn| {
            let native = table.relation.column(&c.source).and_then(|c| c.sqlserver());
            native.is_some_and(|n| n.secrecy == Secrecy::Masked)
        };
        let unmask = if table.shape.columns.iter().any(is_masked) { self.unmask().await? } else { Unmask::Refused };
        refuse_secrets(table, unmask)
    }

    /// Asks whether the login sees what is masked.
    pub(super) async fn unmask(&self) -> Result<Unmask, SqlServerError> {
        let rows = self.text_rows("asking for rights", &unmask_statement()).await?;
        let is_given = rows.first().and_then(|r| r.first()).is_some_and(|f| f.as_deref() == Some("t"));
        Ok(if is_given { Unmask::Given } else { Unmask::Refused })
    }

    /// How many rows of the table are published now.
    pub async fn count(&self, table: Table<'_>) -> Result<Option<u64>, SqlServerError> {
        self.facts().refuse_torn()?;
        let read = Read { table, columns: Columns::Count, rows: Rows::All };
        let rows = self.text_rows("counting rows", &rendered(&read).sql).await?;
        Ok(rows.first().and_then(|r| r.first()).and_then(|f| f.as_ref()).and_then(|t| t.parse().ok()))
    }

    /// The catalog's count of the table: a guess at how many rows of it a read has would take a right to its plan.
    pub async fn estimate(&self, read: &Read<'_>) -> Result<u64, SqlServerError> {
        match read.rows {
            Rows::Among(keys) | Rows::Absent(keys) | Rows::Given(keys) => Ok(keys.list.len() as u64),
            Rows::Some(rows) => Ok(rows.min(self.estimate_size(&read.table.spec.source).await?)),
            _ => self.estimate_size(&read.table.spec.source).await,
        }
    }

    /// About how many rows a relation has; 0 where nobody has counted.
    pub async fn estimate_size(&self, name: &RelationName) -> Result<u64, SqlServerError> {
        let rows = self.text_rows("estimating rows", &size_statement(name)).await?;
        Ok(rows.first().and_then(|r| r.first()).and_then(|f| f.as_ref()).and_then(|t| t.parse().ok()).unwrap_or(0))
    }

    /// Has the server look at the rights that a read takes, on every column, without reading a row.
    pub async fn try_read(&self, read: &Read<'_>) -> Result<(), SqlServerError> {
        self.refuse_read(read).await?;
        let tried = tried(read);
        self.connection().execute("trying what a tick reads", &tried.statement(self.salt())).await
    }

    /// Rows don't have to tell their partition.
    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn try_partitions(&self, _: Table<'_>) -> Result<(), SqlServerError> {
        Ok(())
    }

    /// How far the bulk of a cursor's values reaches; [`Bulk::Unknown`] where something else bounds them, or the server would have to
    /// sort the table for it.
    pub async fn bulk(&self, table: Table<'_>, cursor: &CursorColumn) -> Result<Bulk, SqlServerError> {
        let Some(rows) = bulk_of(cursor) else { return Ok(Bulk::Unknown) };
        let rows = self.text_rows("looking at the cursor's values", &bulk_statement(table, cursor, rows)).await?;
        let value = rows.into_iter().next().and_then(|r| r.into_iter().next()).flatten();
        Ok(value.map_or(Bulk::Few, Bulk::At))
    }

    /// A digest of what decides the order of a table's keys, and how a key reads.
    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn key_order(&self, table: Table<'_>) -> Result<String, SqlServerError> {
        let mut digest = Sha256::new();
        for (name, native) in key_columns(table.relation, table.shape) {
            digest.update(format!(
                "{name}\n{}\n{}\n",
                native.noted_type(),
                native.collation.as_deref().unwrap_or_default()
            ));
        }
        let bytes: [u8; 32] = digest.finalize().into();
        Ok(bytes[..16].iter().fold(String::new(), |mut text, b| {
            // Writing to a String can't fail.
            let _ = write!(text, "{b:02x}");
            text
        }))
    }

    /// The stretch of about `rows` rows behind a key. The server cuts it: of a key without an order that a value stands in again, there is one stretch.
    pub async fn stretch(
        &self,
        table: Table<'_>,
        after: Option<Vec<String>>,
        rows: u64,
    ) -> Result<KeyRange, SqlServerError> {
        let order = self.key_order(table).await?;
        let from = KeyRange { after, until: None, order };
        if !key_columns(table.relation, table.shape).iter().all(|(_, native)| can_be_cut(native)) {
            return Ok(from);
        }
        let (sql, layout) = stretch_statement(table, &from, rows, table.shape.key_len);
        let mut found = self
            .connection()
            .stream("looking for the end of a chunk", super::connection::Statement::plain(sql))
            .await?;
        let layout = std::sync::Arc::new(layout);
        let mut until = None;
        while let Some(row) = futures_util::TryStreamExt::try_next(&mut found).await? {
            let row = SqlServerRow::new(row, &layout)?;
            until = (0..row.len()).map(|n| row.field(n).and_then(|f| f.text())).collect();
        }
        Ok(KeyRange { until, ..from })
    }

    /// Values of the key that stand in more than one published row: nothing is asked where an index keeps it unique. `None` where there are none. Texts are compared by their bytes, as the
    /// target does.
    pub async fn repeated_keys(&self, table: Table<'_>) -> Result<Option<RepeatedKeys>, SqlServerError> {
        const DOING: &str = "looking for a key that is there twice";
        let key: Vec<&str> = table.shape.key().iter().map(|c| c.source.as_str()).collect();
        if key.is_empty() || table.relation.keeps_unique(&key) {
            return Ok(None);
        }
        self.facts().refuse_torn()?;
        let rows = self.text_rows(DOING, &repeated_statement(table)).await?;
        let number = |n: usize| rows.first()?.get(n)?.as_deref()?.parse().ok();
        Ok(match (number(0), number(1)) {
            (Some(keys @ 1..), Some(rows)) => Some(RepeatedKeys { keys, rows }),
            _ => None,
        })
    }

    /// Whether the table has a row that a run of changes would not send, and that would be missed.
    pub async fn has_overlooked(&self, table: Table<'_>, what: &Overlooked<'_>) -> Result<bool, SqlServerError> {
        let Some(sql) = overlooked_statement(table, what) else { return Ok(false) };
        self.facts().refuse_torn()?;
        Ok(!self.text_rows(READING, &sql).await?.is_empty())
    }

    /// What the rows' partitions would be in the target is not counted.
    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn partitions(&self, _: Table<'_>, _: Partitioned<'_>) -> Result<Option<usize>, SqlServerError> {
        Ok(None)
    }
}

/// The statement that looks for the end of a stretch, by so many of the key's columns.
pub(super) fn stretch_statement(table: Table<'_>, from: &KeyRange, rows: u64, columns: usize) -> (String, Layout) {
    let mut forms = key_forms(table);
    forms.truncate(columns);
    let selected: Vec<&str> = forms.iter().map(|(_, _, e)| e.as_str()).collect();
    let order: Vec<String> = forms.iter().map(|(name, ..)| format!("t.{}", ident(name))).collect();
    let sql = format!(
        "SELECT {} FROM {} ORDER BY {} OFFSET {} ROWS FETCH NEXT 1 ROWS ONLY",
        selected.join(", "),
        from_where(table, condition(from, table.relation, table.shape)),
        order.join(", "),
        rows.max(1) - 1
    );
    let key: Vec<String> = forms.iter().map(|(name, ..)| name.clone()).collect();
    let columns: Vec<String> = forms.iter().map(|(name, form, _)| plan::column(name, *form)).collect();
    let hashed: Vec<String> = match table.spec.key {
        TableKey::Row => table.hashed_columns().iter().map(|c| c.source.clone()).collect(),
        TableKey::Primary | TableKey::Columns(_) => Vec::new(),
    };
    let plan = Plan::KeyStretch {
        table: &table.spec.source,
        key: &key,
        columns: &columns,
        hashed: &hashed,
        after: from.after.as_deref(),
        rows,
        filter: table.spec.filter.as_deref(),
    };
    (plan.statement(&sql), Layout::of(forms.iter().map(|(_, form, _)| *form)))
}

pub(super) fn unmask_statement() -> String {
    Plan::CatalogUnmask.statement(
        "SELECT CAST(COALESCE(HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), 'DATABASE', 'UNMASK'), 0) AS bit) AS unmask",
    )
}

pub(super) fn size_statement(name: &RelationName) -> String {
    Plan::CatalogSize { table: name }.statement(&format!(
        "SELECT SUM(p.rows) AS rows FROM sys.partitions AS p WHERE p.index_id IN (0, 1) AND p.object_id = {}",
        object_id(name)
    ))
}

/// The statement that asks for the value that the bulk of the rows reaches.
pub(super) fn bulk_statement(table: Table<'_>, cursor: &CursorColumn, rows: u32) -> String {
    let column = format!("t.{}", ident(&cursor.name));
    // A time comes as it is, so that it reads like those of rows.
    let value = match cursor.kind {
        CursorType::Integer | CursorType::RowVersion => format!("CAST({column} AS bigint)"),
        CursorType::Timestamp | CursorType::TimestampTz | CursorType::Date => column.clone(),
    };
    let sql = format!(
        "SELECT {value} AS value FROM {} AS t WHERE {column} IS NOT NULL ORDER BY {column} DESC OFFSET {} ROWS FETCH NEXT 1 ROWS ONLY",
        qualified(&table.spec.source),
        rows - 1
    );
    Plan::CursorBulk { table: &table.spec.source, column: &cursor.name, rows }.statement(&sql)
}

/// The statement that counts keys which are there twice.
pub(super) fn repeated_statement(table: Table<'_>) -> String {
    let key: Vec<String> = table.shape.key().iter().map(|c| c.source.clone()).collect();
    // A row whose key can't be held is refused by itself.
    let may_be_null = |c: &&String| table.relation.column(c).is_none_or(|c| !c.not_null);
    let held: Vec<String> = key.iter().filter(may_be_null).map(|c| format!("t.{} IS NOT NULL", ident(c))).collect();
    let grouped: Vec<String> = key_columns(table.relation, table.shape)
        .into_iter()
        .map(|(name, native)| {
            let column = format!("t.{}", ident(name));
            // As a TIMESTAMP, a moment is one whatever its offset.
            let is_moment = native.family() == Family::DateTimeOffset
                && table.shape.column(name).is_some_and(|c| c.target.target_type != TargetType::String);
            if is_moment || super::key_types::has_one_spelling(native) {
                column
            } else {
                format!("CAST({column} AS varbinary(8000))")
            }
        })
        .collect();
    let sql = format!(
        "SELECT COUNT_BIG(*) AS keys, SUM(g.n) AS rows FROM (SELECT COUNT_BIG(*) AS n FROM {} GROUP BY {} HAVING COUNT_BIG(*) > 1) AS g",
        from_where(table, Some(held.join(" AND ")).filter(|h| !h.is_empty())),
        grouped.join(", ")
    );
    Plan::KeyRepeated { table: &table.spec.source, key: &key, filter: table.spec.filter.as_deref() }.statement(&sql)
}

/// `None` where no row can be one: rows don't say who wrote them, so below a floor nobody looks; and partitions are the server's own business.
pub(super) fn overlooked_statement(table: Table<'_>, what: &Overlooked<'_>) -> Option<String> {
    let Overlooked::Filled { columns, unsent } = what else { return None };
    let filled: Vec<String> = columns.iter().map(|c| format!("t.{} IS NOT NULL", ident(c))).collect();
    let (unsent, since) = match unsent {
        Unsent::Unnamed(unnamed) => (Some(unnamed.0.clone()), None),
        Unsent::Unchanged(since) => {
            let (condition, text) = unchanged(table, *since);
            (Some(condition), Some(text))
        }
        Unsent::Unknown => (None, None),
    };
    let all: Vec<String> = std::iter::once(format!("({})", filled.join(" OR "))).chain(unsent).collect();
    let sql = format!("SELECT TOP (1) 1 AS found FROM {}", from_where(table, Some(all.join(" AND "))));
    let columns: Vec<String> = columns.iter().map(|c| (*c).to_owned()).collect();
    let plan = Plan::RowsFilled {
        table: &table.spec.source,
        columns: &columns,
        since: since.as_deref(),
        filter: table.spec.filter.as_deref(),
    };
    Some(plan.statement(&sql))
}
