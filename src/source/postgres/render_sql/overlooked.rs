//! Rows that a run of changes would not send, and that would be missed.

use crate::source::postgres::render_sql::{changed, filter, not_sent};
use crate::source::postgres::{PostgresError, Session, ident, qualified};
use crate::source::read::{Overlooked, Table, Unsent};

impl Session {
    /// Whether the table has such a row.
    pub async fn has_overlooked(&self, table: Table<'_>, what: &Overlooked<'_>) -> Result<bool, PostgresError> {
        let Some(condition) = condition(table, what) else { return Ok(false) };
        let source = qualified(&table.spec.source);
        let sql = format!("COPY (SELECT 1 FROM {source} AS t WHERE {condition} LIMIT 1) TO STDOUT");
        let mut rows = self.copy(&sql).await?;
        Ok(futures_util::StreamExt::next(&mut rows).await.transpose()?.is_some())
    }
}

/// `None` where no row can be one.
fn condition(table: Table<'_>, what: &Overlooked<'_>) -> Option<String> {
    match what {
        Overlooked::Filled { columns, unsent } => {
            let filled: Vec<String> = columns.iter().map(|c| format!("t.{} IS NOT NULL", ident(c))).collect();
            let mut condition = format!("({})", filled.join(" OR "));
            let unsent = match unsent {
                Unsent::Unnamed(unnamed) => Some(unnamed.0.clone()),
                Unsent::Unchanged(since) => Some(not_sent(table.relation, *since)),
                Unsent::Unknown => None,
            };
            for more in unsent.into_iter().chain(filter(table.spec)) {
                condition.push_str(&format!(" AND {more}"));
            }
            Some(condition)
        }
        Overlooked::BelowTheFloor(since) => changed::hidden(table.relation, *since),
        Overlooked::InPartitions { partitions, unnamed } => {
            (!partitions.is_empty()).then(|| format!("{} AND {}", changed::is_in(partitions), unnamed.0))
        }
    }
}
