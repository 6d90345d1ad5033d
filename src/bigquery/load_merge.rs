//! The sink that merges: a load job into a staging table, then one MERGE, which is atomic by itself.

use async_trait::async_trait;

use super::client::BigQuery;
use super::error::{BigQueryError, Overtaken, TableFault};
use super::job_name::{JobName, Verb};
use super::jobs::{Earlier, JobDone};
use super::load_job::{Load, load_job, query_job};
use super::merge_statement::{Merger, bounded_merge_statement};
use super::sink::{Applied, Loaded, Replay, Sealed, Sink};
use crate::batch::{Merge, RowsWritten, TableBatch};

#[async_trait]
impl Sink for Merge {
    async fn load(&self, bigquery: &BigQuery, sealed: Sealed<'_>, uris: Vec<String>) -> Result<Loaded, BigQueryError> {
        let Sealed { batch, table, replay, .. } = sealed;
        // The staging table of a MERGE that is done may be gone: it is not loaded again.
        if replay == Replay::Yes {
            let merge = JobName::of(batch, table, Verb::Merge);
            if let Some(done) = bigquery.find_job(&merge, &merge_into(table)).await? {
                return Ok(Loaded::InTarget(applied(&done)));
            }
            bigquery.ensure_staging().await?;
        }
        let what = format!("the load of {}", self.staging);
        let name = JobName::of(batch, table, Verb::Load);
        let job = load_job(uris, &self.staging, Load::IntoStaging { table, scopes: &self.scopes });
        bigquery.run_job(&name, &job, &what, Earlier::Counts).await?;
        // The staging table of an old run may have expired since it was loaded.
        if replay == Replay::Yes && bigquery.get_table(&self.staging).await?.is_none() {
            bigquery.run_job(&name, &job, &what, Earlier::IsGone).await?;
        }
        bigquery.let_expire(&self.staging).await?;
        Ok(Loaded::Staged)
    }

    async fn merge(&self, bigquery: &BigQuery, sealed: Sealed<'_>) -> Result<Applied, BigQueryError> {
        let Sealed { batch, table, .. } = sealed;
        let asked = bigquery.staged_bounds(self, table).await?;
        let sql = bounded_merge_statement(self, table, asked.within.as_ref(), Merger::of(batch));
        let name = JobName::of(batch, table, Verb::Merge);
        match bigquery.run_job(&name, &query_job(sql), &merge_into(table), Earlier::Counts).await {
            Ok(done) => Ok(Applied {
                bytes_processed: Some(done.bytes_processed + asked.bytes_processed),
                bytes_billed: Some(done.bytes_billed + asked.bytes_billed),
                ..applied(&done)
            }),
            Err(e) => Err(bigquery.explain_merge_failure(e, table).await),
        }
    }

    fn jobs(&self) -> &'static [Verb] {
        &[Verb::Load, Verb::Merge]
    }

    fn statement(&self, table: &TableBatch, merger: Merger<'_>) -> Option<String> {
        Some(bounded_merge_statement(self, table, None, merger))
    }
}

fn merge_into(table: &TableBatch) -> String {
    format!("the merge into {}", table.target)
}

fn applied(done: &JobDone) -> Applied {
    Applied {
        bytes_processed: Some(done.bytes_processed),
        bytes_billed: Some(done.bytes_billed),
        rows: RowsWritten { inserted: Some(done.inserted), updated: Some(done.updated), deleted: Some(done.deleted) },
        refused: 0,
        sent: None,
        created: None,
    }
}

impl BigQuery {
    /// A target that was dropped after the seal can't be merged into: changes alone don't make a table.
    async fn explain_merge_failure(&self, e: BigQueryError, table: &TableBatch) -> BigQueryError {
        let looks_gone = matches!(&e, BigQueryError::Table(TableFault::JobFailed { reason, .. }) if reason == "notFound" || reason == "invalidQuery");
        if looks_gone && matches!(self.get_table(&table.target).await, Ok(None)) {
            return Overtaken::TargetGone(table.target.to_string()).into();
        }
        e
    }
}
