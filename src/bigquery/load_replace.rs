//! The sink that replaces the target: one load job straight into it, which BigQuery does in one step or not at all.

use async_trait::async_trait;

use super::client::BigQuery;
use super::error::BigQueryError;
use super::job_name::{JobName, Verb};
use super::jobs::Earlier;
use super::load_job::{Load, load_job, query_job};
use super::merge_statement::Merger;
use super::sink::{Applied, Loaded, Replay, Sealed, Sink};
use super::target_plan::TargetPlan;
use crate::batch::{Replace, ReplaceSchema, RowsWritten, TableBatch};

#[async_trait]
impl Sink for Replace {
    async fn load(&self, bigquery: &BigQuery, sealed: Sealed<'_>, uris: Vec<String>) -> Result<Loaded, BigQueryError> {
        let Sealed { batch, table, replay, .. } = sealed;
        let earlier = match (self.schema, replay) {
            (ReplaceSchema::Recreate, _) => bigquery.recreate(sealed).await?,
            (_, Replay::Yes) => bigquery.ensure_batch_target(table).await?,
            (_, Replay::No) => Earlier::Counts,
        };
        let name = JobName::of(batch, table, Verb::Load);
        let job = load_job(uris, &table.target, Load::IntoTarget { table, replace: self });
        let done = bigquery.run_job(&name, &job, &format!("the load of {}", table.target), earlier).await?;
        if self.schema == ReplaceSchema::Overwrite {
            bigquery.restore_constraints(table).await?;
        }
        let created = match self.schema {
            ReplaceSchema::Recreate => bigquery.created(&table.target).await?,
            ReplaceSchema::Keep | ReplaceSchema::Overwrite => None,
        };
        let rows = RowsWritten { inserted: Some(done.output_rows), ..RowsWritten::NONE };
        Ok(Loaded::InTarget(Applied { rows, created, ..Applied::NOTHING }))
    }

    async fn merge(&self, _: &BigQuery, _: Sealed<'_>) -> Result<Applied, BigQueryError> {
        // The load has said already that nothing is left to do.
        Ok(Applied::NOTHING)
    }

    fn jobs(&self) -> &'static [Verb] {
        if self.schema == ReplaceSchema::Recreate { &[Verb::Recreate, Verb::Load] } else { &[Verb::Load] }
    }

    fn statement(&self, _: &TableBatch, _: Merger<'_>) -> Option<String> {
        None
    }
}

impl BigQuery {
    /// Creates the target again, by a job of its own: whoever comes to the same batch later finds that it is done, and takes no rows away.
    async fn recreate(&self, sealed: Sealed<'_>) -> Result<Earlier, BigQueryError> {
        let Sealed { batch, table, replay, .. } = sealed;
        let is_gone = replay == Replay::Yes && self.get_table(&table.target).await?.is_none();
        let earlier = if is_gone { Earlier::IsGone } else { Earlier::Counts };
        let plan = TargetPlan::of_batch(table);
        let (name, job) = (JobName::of(batch, table, Verb::Recreate), query_job(plan.recreate_statement()));
        self.run_job(&name, &job, &format!("the making of {}", table.target), earlier).await?;
        Ok(earlier)
    }
}
