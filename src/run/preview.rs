//! What `check` and `plan` tell: the table as a run would see it, without writing anything.

use std::time::Duration;

use serde::Serialize;
use time::OffsetDateTime;

use super::capture::target_plan;
use super::context::Context;
use super::error::RunError;
use super::report::Failure;
use crate::batch::{Absent, Apply, Compression, Counts, KeyBounds, Parts, TableBatch, Watermark};
use crate::bigquery::{Present, TargetPlan, merge_statement};
use crate::capture::{Capture, Decision, Why, decide};
use crate::encode::Shape;
use crate::model::{CaptureKind, DeleteStyle, Deletes, OnUnrepresentable, RunId, TableSpec, TargetRef};
use crate::source::{Relation, RelationKind, Session, read_catalog};
use crate::state::Handle;

/// One table, looked at.
#[derive(Clone, Debug, Serialize)]
pub struct TableCheck {
    pub source: String,
    pub target: String,
    pub capture: &'static str,
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
    pub target_type: &'static str,
    /// Values the target type can't hold; empty where it holds all.
    pub cannot_hold: &'static str,
}

/// What the next tick would do for one table.
#[derive(Clone, Debug, Serialize)]
pub struct TablePlan {
    pub source: String,
    pub target: String,
    /// Why the whole table would be read; absent for changes.
    pub whole: Option<&'static str>,
    /// The statements for the source, in order.
    pub source_sql: Vec<String>,
    /// The planner's guess for the first of them.
    pub estimated_rows: u64,
    /// The statement for BigQuery; absent where a load job replaces the target.
    pub merge_sql: Option<String>,
    /// Most that the MERGE can read: the target and nothing pruned. BigQuery bills at least 10 MB for each table it names.
    pub estimated_bytes: u64,
    pub error: Option<Failure>,
}

/// BigQuery's smallest charge for a table that a query names.
/// Source: <https://cloud.google.com/bigquery/pricing#on_demand_pricing>
const LEAST_BILLED: u64 = 10 * 1024 * 1024;

struct Looked {
    relation: Relation,
    shape: Shape,
    plan: TargetPlan,
}

impl Context {
    /// Whether storage and BigQuery can be reached.
    pub async fn check_services(&self) -> Vec<(&'static str, String, Result<(), RunError>)> {
        let bucket = format!("gs://{}", self.store.bucket());
        let dataset = self.bigquery.datasets()[0].to_owned();
        let project = self.bigquery.project().to_owned();
        let found = match self.bigquery.dataset_location(&dataset).await {
            // It is made by the first run.
            Err(crate::bigquery::BigQueryError::NotFound { .. }) => Ok(()),
            other => other.map(drop),
        };
        vec![
            ("storage", bucket, self.store.probe().await.map_err(RunError::from)),
            ("bigquery", format!("{project}.{dataset}"), found.map_err(RunError::from)),
        ]
    }

    /// Looks at every table as a run would.
    pub async fn check_tables(&self, tables: &[&TableSpec]) -> Result<Vec<TableCheck>, RunError> {
        let session = self.source.open().await?;
        let sees_others = session.sees_other_sessions().await?;
        let mut checks = Vec::new();
        for spec in tables {
            checks.push(self.check_table(&session, spec, sees_others).await);
        }
        Ok(checks)
    }

    async fn look(&self, session: &Session, spec: &TableSpec) -> Result<Looked, RunError> {
        let relation = read_catalog(session, &spec.source).await?;
        let shape = Shape::of(spec, &relation)?;
        let plan = target_plan(&self.bigquery, spec, &shape)?;
        Ok(Looked { relation, shape, plan })
    }

    async fn check_table(&self, session: &Session, spec: &TableSpec, sees_others: bool) -> TableCheck {
        let mut check = TableCheck {
            source: spec.source.to_string(),
            target: self.bigquery.target(&spec.target).to_string(),
            capture: spec.capture.name(),
            key: Vec::new(),
            columns: Vec::new(),
            notes: Vec::new(),
            error: None,
        };
        let outcome = self.fill_check(session, spec, sees_others, &mut check).await;
        check.error = outcome.err().as_ref().map(Failure::from);
        check
    }

    async fn fill_check(
        &self,
        session: &Session,
        spec: &TableSpec,
        sees_others: bool,
        check: &mut TableCheck,
    ) -> Result<(), RunError> {
        let Looked { relation, shape, plan } = self.look(session, spec).await?;
        check.key = shape.key().iter().map(|c| c.source.clone()).collect();
        check.columns = shape
            .columns
            .iter()
            .map(|c| ColumnCheck {
                column: c.source.clone(),
                source_type: c.source_type.clone(),
                target_column: c.target.name.clone(),
                target_type: c.target.target_type.sql_name(),
                cannot_hold: c.mapping.caveat(),
            })
            .collect();
        check.notes = notes(spec, &relation, &shape, sees_others);
        let moment = session.begin().await?;
        let decided = decide(session, spec, &relation, &shape, &moment, None).await;
        let capture = decided.and_then(|d| Capture::new(spec, &relation, &shape, &moment, None, d).map(|_| ()));
        session.end().await?;
        capture?;
        // Whether the rows may be read at all: the catalog is open to everybody, the table need not be.
        session.may_select(&spec.source).await?;
        let state = Handle::load(&self.store, &spec.feed(), self.new_holder(), Duration::ZERO).await?;
        let present = if state.document().watermark.is_some() { Present::Merge } else { Present::Replace };
        self.bigquery.inspect(&plan, present).await?;
        Ok(())
    }

    /// What the next tick would do.
    pub async fn plan_tables(&self, tables: &[&TableSpec]) -> Result<Vec<TablePlan>, RunError> {
        let session = self.source.open().await?;
        let mut plans = Vec::new();
        for spec in tables {
            let mut plan = TablePlan {
                source: spec.source.to_string(),
                target: self.bigquery.target(&spec.target).to_string(),
                whole: None,
                source_sql: Vec::new(),
                estimated_rows: 0,
                merge_sql: None,
                estimated_bytes: 0,
                error: None,
            };
            let outcome = self.fill_plan(&session, spec, &mut plan).await;
            plan.error = outcome.err().as_ref().map(Failure::from);
            plans.push(plan);
        }
        Ok(plans)
    }

    async fn fill_plan(&self, session: &Session, spec: &TableSpec, plan: &mut TablePlan) -> Result<(), RunError> {
        let Looked { relation, shape, plan: target } = self.look(session, spec).await?;
        let state = Handle::load(&self.store, &spec.feed(), self.new_holder(), Duration::ZERO).await?;
        let previous: Option<&Watermark> = state.document().watermark.as_ref();
        let moment = session.begin().await?;
        let mut decision = decide(session, spec, &relation, &shape, &moment, previous).await?;
        let size = self.bigquery.size(&target.target).await?;
        if decision == Decision::Changes && size.is_none() {
            decision = Decision::Whole(Why::TargetMissing);
        }
        let capture = Capture::new(spec, &relation, &shape, &moment, previous, decision)?;
        let keys_due = capture.keys_are_due(moment.taken_at);
        let upserts = capture.upserts();
        plan.estimated_rows = session.estimate_rows(&upserts.query).await?;
        session.end().await?;
        let keys = keys_due.then(|| capture.all_keys());
        let passes = keys.into_iter().chain([upserts]).chain(capture.leavers());
        plan.source_sql = passes.map(|p| p.copy()).collect();
        let replaces = matches!(decision, Decision::Whole(_)) && spec.delete == DeleteStyle::Hard;
        if let Decision::Whole(why) = decision {
            plan.whole = Some(why.text());
        }
        if !replaces {
            let absent = if keys_due || matches!(decision, Decision::Whole(_)) { Absent::Remove } else { Absent::Keep };
            plan.merge_sql = Some(self.sample_merge(spec, &target, absent));
            plan.estimated_bytes = size.map_or(0, |(bytes, _)| bytes).max(LEAST_BILLED) + LEAST_BILLED;
        }
        Ok(())
    }

    /// The MERGE as it will be, but for the run's id and the bounds, which only the rows can tell.
    fn sample_merge(&self, spec: &TableSpec, plan: &TargetPlan, absent: Absent) -> String {
        let now = OffsetDateTime::now_utc();
        let run = RunId::new(now, 0);
        let staging: TargetRef = self.bigquery.staging(&spec.target, &run);
        let batch = TableBatch {
            source: spec.source.to_string(),
            target: plan.target.clone(),
            apply: Apply::Merge { staging: staging.clone(), absent },
            columns: plan.columns.clone(),
            key: plan.key.clone(),
            delete: plan.delete.clone(),
            partition: plan.partition.clone(),
            cluster: plan.cluster.clone(),
            compression: Compression::Gzip,
            parts: Parts::default(),
            counts: Counts::default(),
            bounds: None::<KeyBounds>,
        };
        merge_statement(&batch, &staging, absent, now)
    }
}

fn notes(spec: &TableSpec, relation: &Relation, shape: &Shape, sees_others: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |text: String| notes.push(text);
    for c in shape.columns.iter().filter(|c| c.source != c.target.name) {
        note(format!("the column {} is called {} in BigQuery", c.source, c.target.name));
    }
    if spec.capture != CaptureKind::Full {
        match spec.deletes {
            Deletes::Ignore => note("rows deleted in the source stay in the target (deletes = \"ignore\")".to_owned()),
            Deletes::Keys => {
                note("every look for deleted rows reads all keys of the source (deletes_every)".to_owned())
            }
        }
    }
    if spec.capture == CaptureKind::Xmin {
        note("every tick scans the whole source table; only changed rows leave it".to_owned());
    }
    if let Some(cursor) = &spec.cursor {
        if relation.kind != RelationKind::View && !relation.leading.contains(cursor) {
            note(format!("no index of the source leads with {cursor}: every tick scans the table"));
        }
        if relation.has_xmin() && !sees_others {
            note(
                "the role can't see when other sessions' transactions began: GRANT pg_read_all_stats to it, or give a \
                  lag longer than the longest transaction"
                    .to_owned(),
            );
        }
        if !relation.has_xmin() {
            note(format!(
                "a {} does not say which transaction wrote a row: rows within lag of the newest {cursor} are sent again \
                 every tick, and a row that commits later than lag is missed",
                relation.kind.name()
            ));
        }
    }
    let mut key: Vec<&str> = shape.key().iter().map(|c| c.source.as_str()).collect();
    key.sort_unstable();
    let is_unique = relation.unique.iter().any(|u| u.iter().all(|c| key.contains(&c.as_str())));
    if !key.is_empty() && !is_unique {
        note("nothing in the source keeps the key unique: a key that occurs twice stops the merge".to_owned());
    }
    if shape.columns.iter().any(|c| !c.mapping.caveat().is_empty()) {
        note(match spec.on_unrepresentable {
            OnUnrepresentable::Quarantine => {
                "a value its target type can't hold becomes NULL, and its row goes to the quarantine file".to_owned()
            }
            OnUnrepresentable::Fail => "a value its target type can't hold fails the run".to_owned(),
            OnUnrepresentable::Null => "a value its target type can't hold becomes NULL and is counted".to_owned(),
        });
    }
    notes
}
