//! Load and merge: the half of a run that is only a replay of what was sealed.

use gcp_bigquery_client::model::clustering::Clustering;
use gcp_bigquery_client::model::job_configuration::JobConfiguration;
use gcp_bigquery_client::model::job_configuration_load::JobConfigurationLoad;
use gcp_bigquery_client::model::job_configuration_query::JobConfigurationQuery;
use gcp_bigquery_client::model::table_field_schema::TableFieldSchema;
use gcp_bigquery_client::model::table_reference::TableReference;
use gcp_bigquery_client::model::table_schema::TableSchema;
use gcp_bigquery_client::model::time_partitioning::TimePartitioning;

use serde_json::Value;

use super::client::BigQuery;
use super::error::BigQueryError;
use super::jobs::{Earlier, JobDone, JobName, NOTHING, Verb};
use super::merge::{Merger, bounded_merge_statement};
use super::target_plan::api_schema;
use crate::batch::{Apply, Batch, ReplaceSchema, TableBatch};
use crate::model::{Column, Mode, OP_COLUMN, TargetRef, TargetType};

/// A load job takes at most this many URIs; a wildcard counts as one.
/// Source: <https://cloud.google.com/bigquery/quotas#load_jobs>
const MOST_URIS: usize = 10_000;

/// Whether somebody may have worked on the batch before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// We sealed it just now.
    No,
    /// It was found pending.
    Yes,
}

/// What a table's load and merge did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    pub bytes_processed: u64,
    pub bytes_billed: u64,
    pub rows_inserted: u64,
    pub rows_updated: u64,
    pub rows_deleted: u64,
}

impl BigQuery {
    /// Brings one table of a sealed batch into its target. `uri` makes a part's name a `gs://` URL.
    pub async fn apply(
        &self,
        batch: &Batch,
        table: &TableBatch,
        replay: Replay,
        uri: impl Fn(&str) -> String,
    ) -> Result<Applied, BigQueryError> {
        // Every row was refused: there is nothing to load.
        if table.parts.total() == 0 {
            return Ok(Applied::default());
        }
        self.add_lost_columns(table).await?;
        let uris = source_uris(batch, table, uri);
        let load = JobName::of(batch, table, Verb::Load);
        match &table.apply {
            Apply::Replace { schema, fields } => {
                let earlier = match replay {
                    Replay::Yes => self.ensure_batch_target(table).await?,
                    Replay::No => Earlier::Counts,
                };
                let job = load_job(uris, &table.target, Destination::Target { table, schema: *schema, fields });
                let done = self.run_job(&load, &job, &format!("the load of {}", table.target), earlier).await?;
                if *schema == ReplaceSchema::Overwrite {
                    self.restore_constraints(table).await?;
                }
                Ok(Applied { rows_inserted: done.output_rows, ..Applied::default() })
            }
            Apply::Merge { staging, .. } => {
                let merge = JobName::of(batch, table, Verb::Merge);
                let what = format!("the merge into {}", table.target);
                if replay == Replay::Yes
                    && let Some(done) = self.find_job(&merge, &what).await?
                {
                    return Ok(applied(&done));
                }
                self.load_staging(&load, uris, staging, table, replay).await?;
                let asked = self.staged_bounds(table).await?;
                let sql = bounded_merge_statement(table, asked.within.as_ref(), Merger::of(batch));
                let Some(sql) = sql else { return Ok(Applied::default()) };
                match self.run_job(&merge, &query_job(sql), &what, Earlier::Counts).await {
                    Ok(done) => {
                        let mut applied = applied(&done);
                        applied.bytes_processed += asked.bytes_processed;
                        applied.bytes_billed += asked.bytes_billed;
                        Ok(applied)
                    }
                    Err(e) => Err(self.explain_merge_failure(e, table).await),
                }
            }
        }
    }

    /// Sees to it that nothing of a batch that is given up comes into the target any more.
    pub async fn give_up(&self, batch: &Batch, table: &TableBatch) -> Result<(), BigQueryError> {
        let verb = match &table.apply {
            Apply::Replace { .. } => Verb::Load,
            Apply::Merge { .. } => Verb::Merge,
        };
        let name = JobName::of(batch, table, verb);
        let nothing = query_job(NOTHING.to_owned());
        self.close_job(&name, &nothing, &format!("an older batch for {}", table.target)).await
    }

    async fn load_staging(
        &self,
        name: &JobName,
        uris: Vec<String>,
        staging: &TargetRef,
        table: &TableBatch,
        replay: Replay,
    ) -> Result<(), BigQueryError> {
        let what = format!("the load of {staging}");
        if replay == Replay::Yes {
            self.ensure_staging().await?;
        }
        let job = load_job(uris, staging, Destination::Staging { table });
        self.run_job(name, &job, &what, Earlier::Counts).await?;
        // The staging table of an old run may have expired since it was loaded.
        if replay == Replay::Yes && self.get_table(staging).await?.is_none() {
            self.run_job(name, &job, &what, Earlier::IsGone).await?;
        }
        self.let_expire(staging).await
    }

    /// A target that was dropped after the seal can't be merged into: changes alone don't make a table.
    async fn explain_merge_failure(&self, e: BigQueryError, table: &TableBatch) -> BigQueryError {
        let looks_gone =
            matches!(&e, BigQueryError::JobFailed { reason, .. } if reason == "notFound" || reason == "invalidQuery");
        if looks_gone && matches!(self.get_table(&table.target).await, Ok(None)) {
            return BigQueryError::TargetGone(table.target.to_string());
        }
        e
    }
}

fn applied(done: &JobDone) -> Applied {
    Applied {
        bytes_processed: done.bytes_processed,
        bytes_billed: done.bytes_billed,
        rows_inserted: done.inserted,
        rows_updated: done.updated,
        rows_deleted: done.deleted,
    }
}

fn source_uris(batch: &Batch, table: &TableBatch, uri: impl Fn(&str) -> String) -> Vec<String> {
    let names = table.part_names(&batch.folder);
    if names.len() <= MOST_URIS {
        return names.iter().map(|n| uri(n)).collect();
    }
    let folder = table.folder(&batch.folder);
    let parts = table.parts;
    let kinds =
        [("upserts", parts.upserts), ("deletes", parts.deletes), ("keys", parts.keys), ("scopes", parts.scopes)];
    let suffix = table.compression.suffix();
    kinds.iter().filter(|(_, n)| *n > 0).map(|(stem, _)| uri(&format!("{folder}{stem}-*.{suffix}"))).collect()
}

enum Destination<'a> {
    Staging { table: &'a TableBatch },
    Target { table: &'a TableBatch, schema: ReplaceSchema, fields: &'a [Value] },
}

fn load_job(uris: Vec<String>, to: &TargetRef, destination: Destination<'_>) -> JobConfiguration {
    let mut load = JobConfigurationLoad {
        source_uris: Some(uris),
        source_format: Some("NEWLINE_DELIMITED_JSON".to_owned()),
        destination_table: Some(TableReference::new(&to.project, &to.dataset, &to.table)),
        write_disposition: Some("WRITE_TRUNCATE".to_owned()),
        max_bad_records: Some(0),
        ..JobConfigurationLoad::default()
    };
    match destination {
        Destination::Staging { table } => {
            let op = Column { name: OP_COLUMN.to_owned(), target_type: TargetType::String, mode: Mode::Required };
            // A scope has no key.
            let has_scopes = matches!(&table.apply, Apply::Merge { scopes, .. } if !scopes.is_empty());
            let loosened = table.columns.iter().map(|c| match c.mode {
                Mode::Required if has_scopes => Column { mode: Mode::Nullable, ..c.clone() },
                _ => c.clone(),
            });
            let columns: Vec<Value> = std::iter::once(op).chain(loosened).map(|c| api_schema(&c)).collect();
            load.schema = Some(schema_of(&columns));
            load.create_disposition = Some("CREATE_IF_NEEDED".to_owned());
        }
        // The table's own schema and constraints stay.
        Destination::Target { schema: ReplaceSchema::Keep, fields, .. } => {
            load.schema = Some(schema_of(fields));
            load.write_disposition = Some("WRITE_TRUNCATE_DATA".to_owned());
            load.create_disposition = Some("CREATE_NEVER".to_owned());
        }
        Destination::Target { table, schema: ReplaceSchema::Overwrite, fields } => {
            load.schema = Some(schema_of(fields));
            load.create_disposition = Some("CREATE_IF_NEEDED".to_owned());
            load.time_partitioning =
                table.partition.as_ref().map(|p| TimePartitioning::new(p.by.api_name().to_owned()).field(&p.column));
            if !table.cluster.is_empty() {
                load.clustering = Some(Clustering { fields: Some(table.cluster.clone()) });
            }
        }
    }
    JobConfiguration { load: Some(load), labels: Some(labels()), ..JobConfiguration::default() }
}

fn query_job(sql: String) -> JobConfiguration {
    let query = JobConfigurationQuery { query: sql, use_legacy_sql: Some(false), ..JobConfigurationQuery::default() };
    JobConfiguration { query: Some(query), labels: Some(labels()), ..JobConfiguration::default() }
}

fn labels() -> std::collections::HashMap<String, String> {
    [("managed-by".to_owned(), "plimsoll".to_owned())].into()
}

fn schema_of(fields: &[Value]) -> TableSchema {
    // A type that the client does not know is one we never write either; the table keeps it by itself.
    TableSchema::new(fields.iter().filter_map(|f| serde_json::from_value::<TableFieldSchema>(f.clone()).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_survives_the_clients_schema() {
        let column = |t: TargetType| Column { name: t.to_string(), target_type: t, mode: Mode::Nullable };
        let fields = TargetType::ALL.map(|t| api_schema(&column(t)));
        assert_eq!(schema_of(&fields).field_count(), TargetType::ALL.len());
    }
}
