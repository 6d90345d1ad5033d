//! What `check` tells: connections, rights, and every table as a run would see it. Nothing is written.

use std::time::Duration;

use serde::Serialize;

use super::capture::{logged_tables, target_plan};
use super::context::Context;
use super::error::RunError;
use super::report::Failure;
use super::target::{bound_note, target_notes, usual_reach};
use crate::bigquery::{Present, TargetPlan};
use crate::capture::log::{Claim, Judge, Log, Reach, unseen};
use crate::capture::{Capture, decide};
use crate::encode::Shape;
use crate::model::{CaptureKind, ChangedColumns, Column, Deletes, Mode as ColumnMode, OnUnrepresentable, TableSpec};
use crate::source::{Catalog, Relation, RelationKind, Session, dependencies, read_catalog};
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

/// A table as both databases and the log have it.
pub(super) struct Looked {
    pub relation: Relation,
    pub shape: Shape,
    pub plan: TargetPlan,
    pub claims: Vec<Claim>,
}

impl Context {
    /// Whether storage and BigQuery can be reached.
    pub async fn check_services(&self) -> Vec<(&'static str, String, Result<(), RunError>)> {
        let bucket = format!("gs://{}", self.store.bucket());
        let dataset = self.bigquery.datasets()[0].to_owned();
        let project = self.bigquery.project().to_owned();
        let found = self.bigquery.check_datasets().await;
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

    /// A table, and the change log where it is captured by it. Begins the session's transaction anew.
    pub(super) async fn look(
        &self,
        session: &Session,
        spec: &TableSpec,
    ) -> Result<(Looked, Option<Log<'_>>), RunError> {
        let logged = logged_tables(self);
        let log_spec = self.config.changelog.as_ref().filter(|_| spec.capture == CaptureKind::Changelog);
        let mut names = vec![spec.source.clone()];
        names.extend(log_spec.into_iter().flat_map(|s| Log::relations(s, &logged)));
        let catalog: Catalog = read_catalog(session, &names).await?;
        let relation = catalog.get(&spec.source)?.clone();
        let shape = Shape::of(spec, &relation)?;
        let plan = target_plan(&self.bigquery, spec, &shape)?;
        let log = match log_spec {
            Some(log_spec) => Some(Log::open(session, log_spec, &logged, &catalog).await?),
            None => None,
        };
        let claims = log.as_ref().map(|l| l.claims(spec, &relation, &shape)).transpose()?.unwrap_or_default();
        Ok((Looked { relation, shape, plan, claims }, log))
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
        let state = Handle::load(&self.store, &spec.feed(), self.new_holder(), Duration::ZERO).await?;
        let moment = session.begin().await?;
        let (Looked { relation, shape, plan, claims }, log) = self.look(session, spec).await?;
        check.key = shape.key().iter().map(|c| c.source.clone()).collect();
        check.columns = shape
            .columns
            .iter()
            .map(|c| ColumnCheck {
                column: c.source.clone(),
                source_type: c.source_type.clone(),
                target_column: c.target.name.clone(),
                target_type: target_type(&c.target),
                cannot_hold: c.mapping.caveat(),
                policy: if c.mapping.caveat().is_empty() { "" } else { spec.on_unrepresentable.name() },
            })
            .collect();
        check.notes = notes(spec, &relation, &shape, sees_others);
        if let Some(log) = &log {
            let is_bounded_by_time = claims.iter().any(|c| log.is_bounded_by_time(c));
            if is_bounded_by_time && !sees_others {
                check.notes.push(BLIND.to_owned());
            }
            let doubt = self.cannot_judge(session, log, &claims, spec, &relation, &shape).await?;
            check.notes.extend(log_notes(log, &claims, spec, doubt));
        }
        let decided = decide(session, spec, &relation, &shape, &moment, None, None).await;
        let capture = decided.and_then(|d| Capture::new(spec, &relation, &shape, &moment, None, d).map(|_| ()));
        let standing = state.document().watermark.as_ref().and_then(|w| w.standing(&spec.target));
        let too_many = self.refuse_too_many(session, spec, &relation, &shape, standing).await;
        session.end().await?;
        capture?;
        // Whether the rows may be read at all: the catalog is open to everybody, the table need not be.
        session.may_select(&spec.source).await?;
        let present = if standing.is_some() { Present::Merge } else { Present::Replace };
        let found = self.bigquery.inspect(&plan, present).await?;
        check.notes.extend(target_notes(spec, &found));
        if let Some(reach) = usual_reach(spec, &claims) {
            check.notes.extend(found.bound(&plan, reach)?.map(|column| bound_note(&column)));
        }
        too_many
    }

    /// Why no diff can prove what `changed_columns` asks for.
    async fn cannot_judge(
        &self,
        session: &Session,
        log: &Log<'_>,
        claims: &[Claim],
        spec: &TableSpec,
        relation: &Relation,
        shape: &Shape,
    ) -> Result<Option<&'static str>, RunError> {
        if spec.changed_columns == ChangedColumns::Reread {
            return Ok(None);
        }
        let below = dependencies(session, relation.oid).await?;
        Ok(claims.iter().find_map(|c| Judge::new(log, c, spec, relation, shape, below.clone()).err()))
    }
}

const BLIND: &str = "the role can't see when other sessions' transactions began: GRANT pg_read_all_stats to it, or give a \
                     lag longer than the longest transaction";

fn notes(spec: &TableSpec, relation: &Relation, shape: &Shape, sees_others: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |text: String| notes.push(text);
    if relation.guarded {
        note(
            "row-level security would hide rows from the role, so reading is refused: ALTER ROLE … BYPASSRLS"
                .to_owned(),
        );
    }
    for c in shape.columns.iter().filter(|c| c.is_hashed()) {
        note(format!("of {} only a salted SHA-256 leaves the source", c.source));
    }
    for c in shape.columns.iter().filter(|c| c.source != c.target.name) {
        note(format!("the column {} is called {} in BigQuery", c.source, c.target.name));
    }
    if matches!(spec.capture, CaptureKind::Cursor | CaptureKind::Xmin) {
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
            note(BLIND.to_owned());
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

/// The limits of a change log, as far as they concern this table.
fn log_notes(log: &Log<'_>, claims: &[Claim], spec: &TableSpec, doubt: Option<&str>) -> Vec<String> {
    let mut notes = vec![format!("the change log does not see: {}", unseen(log.spec()))];
    notes.push(match spec.reconcile_every {
        Some(every) => format!(
            "what it does not see is found by the reconcile pass, which reads the whole source and target every {}",
            humantime::format_duration(every)
        ),
        None => "what it does not see is never found without reconcile_every = \"…\"".to_owned(),
    });
    notes.extend(log.notes(claims));
    for claim in claims.iter().filter(|c| c.reach == Reach::Scope) {
        notes.push(format!(
            "an entry of {} is about many rows: its MERGE reads the whole target, for rows that are gone",
            claim.name
        ));
    }
    if spec.changed_columns == ChangedColumns::SkipUnpublished {
        notes.push(match doubt {
            Some(why) => format!("changed_columns: {why}; every changed row is read again"),
            None if log.is_by_trigger() => {
                "updates are skipped that changed unpublished columns alone; columns the trigger is told to ignore must not \
                 be published"
                    .to_owned()
            }
            None => "updates are skipped whose logged diff names unpublished columns alone. The log tells what the \
                     application meant to change: a published field that is not logged, or an instance saved after somebody \
                     else changed the row, is then found by reconcile_every only"
                .to_owned(),
        });
    }
    notes
}
