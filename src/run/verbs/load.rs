//! Load: a table's part files get into BigQuery.

use crate::batch::{Batch, TableBatch};
use crate::bigquery::{BigQueryError, Loaded, Sealed};
use crate::run::context::Context;

/// Brings the part files of a sealed table into BigQuery, or finds that they are there.
pub(in crate::run) async fn load(context: &Context, sealed: Sealed<'_>) -> Result<Loaded, BigQueryError> {
    context.progress.verb(&sealed.batch.feed, "load and merge");
    context.bigquery.load(sealed).await
}

/// Whether the config has given the table to another feed since the batch was sealed: that one's rows are newer.
pub(in crate::run) fn has_left(context: &Context, batch: &Batch, table: &TableBatch) -> bool {
    context.config.tables.iter().any(|t| t.target == table.target.table && t.feed() != batch.feed)
}
