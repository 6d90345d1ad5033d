//! Columns that a target had and that somebody has dropped there.
//!
//! Old rows would have NULL in such a column for good, so the table is read whole. The column is added only after the seal: were it added
//! before, a run that died in between would leave a target that looks as if nothing had happened.

use serde_json::{Value, json};

use super::client::BigQuery;
use super::error::BigQueryError;
use super::target_plan::{TargetPlan, api_schema};
use crate::batch::TableBatch;
use crate::model::{Column, ColumnMode};

/// Of the columns that a target lacks, those that it had when it was last written, and the others.
pub(super) fn split(plan: &TargetPlan, missing: Vec<Column>) -> (Vec<Column>, Vec<Column>) {
    missing.into_iter().partition(|c| plan.held.iter().any(|h| h.to_lowercase() == c.name.to_lowercase()))
}

/// Columns as a table that has rows takes them: none that may not be NULL.
pub(super) fn fields(columns: &[Column]) -> impl Iterator<Item = Value> {
    columns.iter().map(|c| match c.mode {
        ColumnMode::Required => api_schema(&Column { mode: ColumnMode::Nullable, ..c.clone() }),
        ColumnMode::Nullable | ColumnMode::Repeated => api_schema(c),
    })
}

impl BigQuery {
    /// Adds those of a sealed batch's lost columns that are not there yet.
    pub(super) async fn add_lost_columns(&self, table: &TableBatch) -> Result<(), BigQueryError> {
        if table.lost_columns.is_empty() {
            return Ok(());
        }
        // A target that has gone since is made with all columns, or noticed by the merge.
        let Some(found) = self.get_table(&table.target).await? else { return Ok(()) };
        let mut all = found["schema"]["fields"].as_array().cloned().unwrap_or_default();
        let is_there = |c: &Column| {
            all.iter().any(|f| f["name"].as_str().is_some_and(|n| n.to_lowercase() == c.name.to_lowercase()))
        };
        let missing: Vec<Column> = table.lost_columns.iter().filter(|c| !is_there(c)).cloned().collect();
        if missing.is_empty() {
            return Ok(());
        }
        all.extend(fields(&missing));
        self.send_patch(&table.target, &json!({ "schema": { "fields": all } })).await
    }
}
