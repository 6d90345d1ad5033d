//! The REST emulator, through the proxy that `tests/support/stack.py` puts in front of it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::CatalogError;
use super::http;
use crate::change::kind::Row;
use crate::change::shown::Difference;
use crate::clock::Moment;
use crate::name::TableName;

/// The REST emulator.
#[derive(Clone, Debug)]
pub struct Emulator {
    host: String,
}

impl Emulator {
    /// The one at `http://host:port`.
    pub fn new(url: &str) -> Self {
        Self { host: url.trim_start_matches("http://").trim_end_matches('/').to_owned() }
    }

    /// `tables.get`.
    pub async fn get(&self, name: &TableName) -> Result<Option<Value>, CatalogError> {
        let TableName { project, dataset, table } = name;
        let path = format!("/bigquery/v2/projects/{project}/datasets/{dataset}/tables/{table}");
        let answer = http::request(&self.host, "GET", &path, None).await?;
        match answer.status {
            200 => Ok(Some(answer.json())),
            404 => Ok(None),
            status => Err(CatalogError::Status { status, body: answer.text() }),
        }
    }

    /// Tells what the readers of a table are to see from now on. The proxy puts it into the emulator before it lets a request through that
    /// names the table's dataset (`tests/support/change_streams.py`).
    pub async fn show(&self, view: View<'_>) -> Result<(), CatalogError> {
        let TableName { project, dataset, table } = view.table;
        let Difference { upserts, deletes, appends } = view.difference;
        let rows = |rows: &[Arc<Row>]| rows.iter().map(|row| json!(**row)).collect::<Vec<_>>();
        let body = json!({
            "project": project, "dataset": dataset, "table": table, "created": view.created, "key": view.key,
            "has_changes": view.has_changes, "applied": view.applied.map(|applied| applied.0),
            "upserts": rows(upserts), "deletes": deletes, "appends": rows(appends),
        });
        let answer = http::request(&self.host, "POST", "/standin/changes", Some(body.to_string())).await?;
        match answer.status {
            200..=299 => Ok(()),
            status => Err(CatalogError::Status { status, body: answer.text() }),
        }
    }
}

/// What the readers of a table are to see.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The table.
    pub table: &'a TableName,
    /// When it was made: readers of another one of its name see nothing of this.
    pub created: &'a str,
    /// Its key.
    pub key: &'a [String],
    /// Had it ever a change?
    pub has_changes: bool,
    /// When its changes were applied last.
    pub applied: Option<Moment>,
    /// What is new.
    pub difference: &'a Difference,
}
