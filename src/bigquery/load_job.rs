//! Load jobs and query jobs as the API takes them.

use gcp_bigquery_client::model::clustering::Clustering;
use gcp_bigquery_client::model::job_configuration::JobConfiguration;
use gcp_bigquery_client::model::job_configuration_load::JobConfigurationLoad;
use gcp_bigquery_client::model::job_configuration_query::JobConfigurationQuery;
use gcp_bigquery_client::model::table_field_schema::TableFieldSchema;
use gcp_bigquery_client::model::table_reference::TableReference;
use gcp_bigquery_client::model::table_schema::TableSchema;
use gcp_bigquery_client::model::time_partitioning::TimePartitioning;
use serde_json::Value;

use super::target_plan::api_schema;
use crate::batch::{Batch, Replace, ReplaceSchema, TableBatch};
use crate::model::{Column, ColumnMode, OP_COLUMN, TargetRef, TargetType};

/// A load job takes at most this many URIs; a wildcard counts as one.
/// Source: <https://cloud.google.com/bigquery/quotas#load_jobs>
const MOST_URIS: usize = 10_000;

/// The part files of a table, as a load job names them. `uri` makes a part's name a `gs://` URL.
pub(super) fn source_uris(batch: &Batch, table: &TableBatch, uri: impl Fn(&str) -> String) -> Vec<String> {
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

/// What a load job writes.
pub(super) enum Load<'a> {
    IntoStaging {
        table: &'a TableBatch,
        scopes: &'a [String],
    },
    IntoTarget {
        table: &'a TableBatch,
        replace: &'a Replace,
    },
    /// The rows that are there stay; with the target's columns as the API writes them.
    BesideRows {
        fields: &'a [Value],
    },
}

/// A load of NDJSON files, in the place of all rows that are there or beside them.
pub(super) fn load_job(uris: Vec<String>, to: &TargetRef, kind: Load<'_>) -> JobConfiguration {
    let mut load = JobConfigurationLoad {
        source_uris: Some(uris),
        source_format: Some("NEWLINE_DELIMITED_JSON".to_owned()),
        destination_table: Some(TableReference::new(&to.project, &to.dataset, &to.table)),
        write_disposition: Some("WRITE_TRUNCATE".to_owned()),
        max_bad_records: Some(0),
        ..JobConfigurationLoad::default()
    };
    match kind {
        Load::IntoStaging { table, scopes } => {
            let op = Column { name: OP_COLUMN.to_owned(), target_type: TargetType::String, mode: ColumnMode::Required };
            // A scope has no key.
            let loosened = table.columns.iter().map(|c| match c.mode {
                ColumnMode::Required if !scopes.is_empty() => Column { mode: ColumnMode::Nullable, ..c.clone() },
                _ => c.clone(),
            });
            let columns: Vec<Value> = std::iter::once(op).chain(loosened).map(|c| api_schema(&c)).collect();
            load.schema = Some(schema_of(&columns));
            load.create_disposition = Some("CREATE_IF_NEEDED".to_owned());
        }
        // The table's own schema and constraints stay.
        Load::IntoTarget {
            replace: Replace { schema: ReplaceSchema::Keep | ReplaceSchema::Recreate, fields, .. },
            ..
        } => {
            load.schema = Some(schema_of(fields));
            load.write_disposition = Some("WRITE_TRUNCATE_DATA".to_owned());
            load.create_disposition = Some("CREATE_NEVER".to_owned());
        }
        Load::BesideRows { fields } => {
            load.schema = Some(schema_of(fields));
            load.write_disposition = Some("WRITE_APPEND".to_owned());
            load.create_disposition = Some("CREATE_NEVER".to_owned());
        }
        Load::IntoTarget { table, replace: Replace { schema: ReplaceSchema::Overwrite, fields, .. } } => {
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

/// A statement in GoogleSQL.
pub(super) fn query_job(sql: String) -> JobConfiguration {
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
        let column = |t: TargetType| Column { name: t.to_string(), target_type: t, mode: ColumnMode::Nullable };
        let fields = TargetType::ALL.map(|t| api_schema(&column(t)));
        assert_eq!(schema_of(&fields).field_count(), TargetType::ALL.len());
    }
}
