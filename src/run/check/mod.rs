//! What `check` tells: connections, rights, and every table as a run would see it. Nothing is written.

mod notes;
mod remedy;
mod services;
mod try_out;

use std::time::Duration;

use serde::Serialize;

use super::context::Context;
use super::error::RunError;
use super::report::Failure;
use crate::bigquery::Present;
use crate::capture::unbounded;
use crate::model::{Column, ColumnMode, TableKey, TableSpec};
use crate::run::look_at_table::{InSource, TableAlone, refuse_other_sink};
use crate::run::target_notes::{bound_note, target_notes, usual_reach};
use crate::source::Session;
use crate::state::Handle;
use notes::{notes, retention_note};
use try_out::try_out;

pub use services::{Service, ServiceCheck};

/// The source, looked at.
pub struct SourceCheck {
    /// What the operator should know of the connection and the server.
    pub notes: Vec<String>,
    pub tables: Vec<TableCheck>,
}

/// One table, looked at.
#[derive(Clone, Debug, Serialize)]
pub struct TableCheck {
    pub source: String,
    pub target: String,
    pub capture: &'static str,
    /// Which changes the capture finds.
    pub finds: String,
    pub key: Vec<String>,
    pub columns: Vec<ColumnCheck>,
    /// What the operator should know: limits of the capture, costs, changed names.
    pub notes: Vec<String>,
    pub error: Option<Failure>,
}

/// One column's mapping.
#[derive(Clone, Debug, Serialize)]
pub struct ColumnCheck {
    pub column: String,
    pub source_type: String,
    pub target_column: String,
    pub target_type: String,
    /// Values the target type can't hold; empty where it holds all.
    pub cannot_hold: String,
    /// What becomes of those; empty where there are none.
    pub policy: &'static str,
}

fn target_type(column: &Column) -> String {
    let name = column.target_type.sql_name();
    if column.mode == ColumnMode::Repeated { format!("ARRAY<{name}>") } else { name.to_owned() }
}

impl Context {
    /// Looks at the source, and at every table as a run would. A service that does not answer is not asked again for each table.
    pub async fn check_source(
        &self,
        session: &Session,
        tables: &[&TableSpec],
        services: &[ServiceCheck],
    ) -> SourceCheck {
        let mut checks = Vec::new();
        for spec in tables {
            checks.push(self.check_table(session, spec, services).await);
        }
        // What a server refuses shows only when it is asked.
        let mut notes = self.source.notes().to_vec();
        notes.extend(session.notes());
        SourceCheck { notes, tables: checks }
    }

    async fn check_table(&self, session: &Session, spec: &TableSpec, services: &[ServiceCheck]) -> TableCheck {
        let mut check = TableCheck {
            source: spec.source.to_string(),
            target: self.bigquery.target(&spec.target).to_string(),
            capture: spec.capture.name(),
            finds: spec.finds().to_string(),
            key: Vec::new(),
            columns: Vec::new(),
            notes: Vec::new(),
            error: None,
        };
        let outcome = self.fill_check(session, spec, services, &mut check).await;
        if let Err(e) = outcome {
            let mut failure = Failure::from(&e);
            if let Some(hint) = self.remedy(session, spec, &e).await {
                failure.hint = hint;
            }
            check.error = Some(failure);
        }
        check
    }

    async fn fill_check(
        &self,
        session: &Session,
        spec: &TableSpec,
        services: &[ServiceCheck],
        check: &mut TableCheck,
    ) -> Result<(), RunError> {
        let answers = |service| services.iter().all(|s| s.service != service || s.error.is_none());
        let state = match answers(Service::Storage) {
            true => Some(Handle::load(&self.store, &spec.feed(), self.new_holder(), Duration::ZERO).await?),
            false => None,
        };
        let moment = session.begin().await?;
        let catalog = self.catalog_of(session, spec).await?;
        let mut alone = self.open_table(session, &catalog, spec).await?;
        let TableAlone { found, target, keys } = &mut alone;
        let InSource { relation, shape, claims, .. } = &*found;
        check.key = match spec.key {
            TableKey::Row => vec!["row".to_owned()],
            TableKey::Primary | TableKey::Columns(_) => shape.key().iter().map(|c| c.source.clone()).collect(),
        };
        check.columns = shape
            .columns
            .iter()
            .map(|c| ColumnCheck {
                column: c.source.clone(),
                source_type: c.source_type.clone(),
                target_column: c.target.name.clone(),
                target_type: target_type(&c.target),
                cannot_hold: c.caveat().to_owned(),
                policy: if c.caveat().is_empty() { "" } else { spec.on_unrepresentable.name() },
            })
            .collect();
        check.notes = notes(spec, relation, shape, moment.sight);
        check.notes.extend(retention_note(spec, session.kept_minutes()));
        check.notes.extend(target.added_columns());
        check.notes.extend(unbounded(spec, relation)?);
        check.notes.extend(keys.notes(session, claims, found.table(), moment.sight).await?);
        let watermark = state.as_ref().and_then(|s| s.document().watermark.as_ref());
        let standing = watermark.and_then(|w| w.standing(&spec.target));
        // The catalog is open to everybody, the rows need not be; nor is what a later tick reads always what the first one does.
        let tried = match try_out(session, found, keys, &moment).await {
            Ok(()) => self.refuse_too_many(session, found.table(), standing).await,
            refused => refused,
        };
        session.end().await?;
        tried?;
        if !answers(Service::BigQuery) {
            return Ok(());
        }
        refuse_other_sink(self, spec, standing)?;
        let present = if standing.is_some() { Present::Merge } else { Present::Replace };
        let inspected = self.bigquery.inspect(target, present).await?;
        check.notes.extend(target_notes(spec, &inspected));
        if let Some(reach) = usual_reach(spec, claims) {
            check.notes.extend(inspected.bound(target, reach)?.map(|column| bound_note(&column)));
        }
        Ok(())
    }
}
