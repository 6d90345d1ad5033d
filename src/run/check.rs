//! What `check` tells: connections, rights, and every table as a run would see it. Nothing is written.

mod remedy;
mod services;
mod try_out;

use std::time::Duration;

use serde::Serialize;

use super::context::Context;
use super::error::RunError;
use super::report::Failure;
use crate::bigquery::{Present, TargetPlan};
use crate::capture::keyed::log::{Claim, Judge, Log, Reach, unseen};
use crate::capture::{blind, unbounded};
use crate::encode::{Shape, ShapeColumn};
use crate::model::figures::period;
use crate::model::{CaptureKind, ChangedColumns, Column, Deletes, Mode as ColumnMode, OnUnrepresentable, TableSpec};
use crate::run::target_notes::{bound_note, target_notes, usual_reach};
use crate::run::verbs::capture::{logged_tables, target_plan};
use crate::source::{
    Catalog, Relation, RelationKind, Session, Sight, Table, dependencies, read_catalog, required_relation,
};
use crate::state::Handle;
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

/// A table as both databases and the log have it.
pub(super) struct Looked {
    pub relation: Relation,
    pub shape: Shape,
    pub plan: TargetPlan,
    pub claims: Vec<Claim>,
}

impl Context {
    /// Looks at the source, and at every table as a run would. A service that does not answer is not asked again for each table.
    pub async fn check_source(
        &self,
        session: &Session,
        tables: &[&TableSpec],
        services: &[ServiceCheck],
    ) -> SourceCheck {
        let mut notes = self.source.notes().to_vec();
        notes.extend(session.notes());
        let mut checks = Vec::new();
        for spec in tables {
            checks.push(self.check_table(session, spec, services).await);
        }
        SourceCheck { notes, tables: checks }
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
        let relation = required_relation(session, &catalog, &spec.source).await?.clone();
        let shape = Shape::of(spec, &relation)?;
        let plan = target_plan(self.bigquery.target(&spec.target), spec, &shape)?;
        let log = match log_spec {
            Some(log_spec) => Some(Log::open(session, log_spec, &logged, &catalog).await?),
            None => None,
        };
        let claims = log.as_ref().map(|l| l.claims(spec, &relation, &shape)).transpose()?.unwrap_or_default();
        Ok((Looked { relation, shape, plan, claims }, log))
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
                cannot_hold: c.caveat().to_owned(),
                policy: if c.caveat().is_empty() { "" } else { spec.on_unrepresentable.name() },
            })
            .collect();
        check.notes = notes(spec, &relation, &shape, moment.sight);
        check.notes.extend(plan.added_columns());
        check.notes.extend(unbounded(spec, &relation)?);
        if let Some(log) = &log {
            let is_bounded_by_time = claims.iter().any(|c| log.is_bounded_by_time(c));
            check.notes.extend(blind(moment.sight).filter(|_| is_bounded_by_time).map(str::to_owned));
            let doubt = self.cannot_judge(session, log, &claims, spec, &relation, &shape).await?;
            check.notes.extend(log_notes(log, &claims, spec, doubt));
        }
        let watermark = state.as_ref().and_then(|s| s.document().watermark.as_ref());
        let standing = watermark.and_then(|w| w.standing(&spec.target));
        // The catalog is open to everybody, the rows need not be; nor is what a later tick reads always what the first one does.
        let looked = Looked { relation, shape, plan, claims };
        let tried = match try_out(session, spec, &looked, log.as_ref(), &moment).await {
            Ok(()) => {
                let table = Table { spec, relation: &looked.relation, shape: &looked.shape };
                self.refuse_too_many(session, table, standing).await
            }
            refused => refused,
        };
        session.end().await?;
        tried?;
        if !answers(Service::BigQuery) {
            return Ok(());
        }
        let present = if standing.is_some() { Present::Merge } else { Present::Replace };
        let found = self.bigquery.inspect(&looked.plan, present).await?;
        check.notes.extend(target_notes(spec, &found));
        if let Some(reach) = usual_reach(spec, &looked.claims) {
            check.notes.extend(found.bound(&looked.plan, reach)?.map(|column| bound_note(&column)));
        }
        Ok(())
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

fn notes(spec: &TableSpec, relation: &Relation, shape: &Shape, sight: Sight) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |text: String| notes.push(text);
    for c in shape.columns.iter().filter(|c| c.is_hashed()) {
        note(format!("of {} only a salted SHA-256 leaves the source", c.source));
    }
    for c in shape.columns.iter().filter(|c| c.source != c.target.name) {
        note(format!("the column {} is called {} in BigQuery", c.source, c.target.name));
    }
    if matches!(spec.capture, CaptureKind::Cursor | CaptureKind::Xmin) {
        match spec.deletes {
            Deletes::Ignore => note(match (spec.finds(), spec.reconcile_every) {
                (finds, None) => {
                    format!("{finds}: rows deleted in the source stay in the target (deletes = \"ignore\")")
                }
                (finds, Some(_)) => {
                    format!("{finds}: until then rows deleted in the source stay in the target (reconcile_every)")
                }
            }),
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
        if let Some(why) = blind(sight).filter(|_| relation.has_xmin()) {
            note(why.to_owned());
        }
        if !relation.has_xmin() {
            note(format!(
                "a {} does not say which transaction wrote a row: rows within lag of the newest {cursor} are sent again \
                 every tick, and a row that commits later than lag is missed",
                relation.kind.name()
            ));
        }
    }
    let key: Vec<&str> = shape.key().iter().map(|c| c.source.as_str()).collect();
    if !key.is_empty() && !relation.keeps_unique(&key) {
        note(
            "nothing in the source keeps the key unique: whenever all keys are read, the source is asked for keys that occur more than \
             once (it sorts or hashes them all), and such a table stops. In between, such a key is not noticed"
                .to_owned(),
        );
    }
    let (of_key, others) = shape.columns.split_at(shape.key_len);
    let may_be_refused = |columns: &[ShapeColumn]| columns.iter().any(|c| !c.caveat().is_empty());
    if may_be_refused(others) || (may_be_refused(of_key) && spec.on_unrepresentable == OnUnrepresentable::Fail) {
        note(match spec.on_unrepresentable {
            OnUnrepresentable::Quarantine => {
                "a value its target type can't hold becomes NULL, and its row goes to the quarantine file".to_owned()
            }
            OnUnrepresentable::Fail => "a value its target type can't hold fails the run".to_owned(),
            OnUnrepresentable::Null => "a value its target type can't hold becomes NULL and is counted".to_owned(),
        });
    }
    if may_be_refused(of_key) && spec.on_unrepresentable != OnUnrepresentable::Fail {
        note(
            "a row whose key its target type can't hold is missing in the target: it goes to the quarantine file alone"
                .to_owned(),
        );
    }
    notes
}

/// The limits of a change log, as far as they concern this table.
fn log_notes(log: &Log<'_>, claims: &[Claim], spec: &TableSpec, doubt: Option<&str>) -> Vec<String> {
    let mut notes = vec![format!("the change log does not see: {}", unseen(log.spec()))];
    notes.push(match spec.reconcile_every {
        Some(every) => format!(
            "what it does not see is found by the reconcile pass, which reads the whole source and target every {}",
            period(every)
        ),
        None => "what it does not see is never found without reconcile_every = \"1d\"".to_owned(),
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
