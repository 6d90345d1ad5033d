//! A table, looked at: as source and log have it, and what a run is to do about it. `run`, `check` and `plan` look with the same eyes.

use std::collections::BTreeMap;

use crate::batch::{Aside, RowsBefore, Standing, Watermark};
use crate::bigquery::TargetPlan;
use crate::capture::keyed::change_log::{Claim, Log, Logged};
use crate::capture::{Capture, Decision, Part, Why, caveats, decide, may_be_chunked, relation_mark};
use crate::encode::Shape;
use crate::model::{CaptureKind, DeleteStyle, LogSpec, TableSpec};
use crate::run::change_log_at_hand::LogAtHand;
use crate::run::context::Context;
use crate::run::error::RunError;
use crate::run::order::Mode;
use crate::run::target_plan::target_plan;
use crate::source::{Catalog, Moment, Relation, Session, Table};

/// A table as the source and the log have it.
pub(super) struct InSource<'a> {
    pub spec: &'a TableSpec,
    pub relation: &'a Relation,
    pub shape: Shape,
    /// The entries of the change log that concern it.
    pub claims: Vec<Claim>,
}

impl<'a> InSource<'a> {
    /// Reads nothing but the catalog, unless the table is missing.
    pub async fn find(
        session: &Session,
        catalog: &'a Catalog,
        spec: &'a TableSpec,
        log: Option<&Log<'_>>,
    ) -> Result<Self, RunError> {
        let relation = session.required_relation(catalog, &spec.source).await?;
        let shape = Shape::of(spec, relation)?;
        let claims = log.map(|l| l.claims(spec, relation, &shape)).transpose()?.unwrap_or_default();
        Ok(Self { spec, relation, shape, claims })
    }

    /// As it is read.
    pub fn table(&self) -> Table<'_> {
        Table { spec: self.spec, relation: self.relation, shape: &self.shape }
    }
}

/// A table by itself, with its target and the change log that it is captured by, for `check` and `plan`.
pub(super) struct Opened<'a> {
    pub found: InSource<'a>,
    pub target: TargetPlan,
    pub log: Option<Log<'a>>,
}

impl Context {
    /// The catalog of a table, and of the change log where it is captured by it.
    pub(super) async fn catalog_of(&self, session: &Session, spec: &TableSpec) -> Result<Catalog, RunError> {
        let mut names = vec![spec.source.clone()];
        if let Some(log) = self.log_of(spec) {
            names.extend(Log::relations(log, &logged_tables(self)));
        }
        Ok(session.read_catalog(&names).await?)
    }

    /// Opens a table that is looked at by itself.
    pub(super) async fn open_table<'a>(
        &'a self,
        session: &Session,
        catalog: &'a Catalog,
        spec: &'a TableSpec,
    ) -> Result<Opened<'a>, RunError> {
        let mut found = InSource::find(session, catalog, spec, None).await?;
        let target = target_plan(self.bigquery.target(&spec.target), spec, &found.shape)?;
        let log = match self.log_of(spec) {
            Some(log) => Some(Log::open(session, log, &logged_tables(self), catalog).await?),
            None => None,
        };
        if let Some(log) = &log {
            found.claims = log.claims(spec, found.relation, &found.shape)?;
        }
        Ok(Opened { found, target, log })
    }

    fn log_of(&self, spec: &TableSpec) -> Option<&LogSpec> {
        self.config.changelog.as_ref().filter(|_| spec.capture == CaptureKind::Changelog)
    }
}

/// A table, and what a run is to do about it.
pub(super) struct Looked<'a> {
    pub found: InSource<'a>,
    pub standing: Option<Standing<'a>>,
    pub decision: Decision,
    /// What the run may miss of it.
    pub caveats: Vec<String>,
    /// About how many rows a whole read has.
    pub rows: u64,
}

/// What decides, beside the source, what is to be done about a table.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub context: &'a Context,
    pub mode: Mode,
    /// Targets whose load in chunks this tick has begun: it goes on, whatever was asked for.
    pub begun: &'a [String],
    pub previous: Option<&'a Watermark>,
    pub aside: &'a BTreeMap<String, Aside>,
}

/// The tables of the config that the change log feeds.
pub(super) fn logged_tables(context: &Context) -> Vec<TableSpec> {
    let tables = context.config.tables.iter().filter(|t| t.capture == CaptureKind::Changelog);
    tables.cloned().collect()
}

impl<'a> Look<'a> {
    /// Looks at a table, and decides.
    pub async fn table<'c>(
        &self,
        session: &Session,
        moment: &Moment,
        catalog: &'c Catalog,
        spec: &'c TableSpec,
        mut at_hand: Option<&mut LogAtHand<'_>>,
    ) -> Result<Looked<'c>, RunError>
    where
        'a: 'c,
    {
        let found = InSource::find(session, catalog, spec, at_hand.as_deref().map(|a| &a.log)).await?;
        self.decide(session, moment, found, at_hand.take()).await
    }

    /// What is to be done about a table.
    pub async fn decide<'c>(
        &self,
        session: &Session,
        moment: &Moment,
        found: InSource<'c>,
        at_hand: Option<&mut LogAtHand<'_>>,
    ) -> Result<Looked<'c>, RunError>
    where
        'a: 'c,
    {
        let (spec, table) = (found.spec, found.table());
        let standing = self.previous.and_then(|w| w.standing(&spec.target));
        let logged = match at_hand {
            Some(LogAtHand { log, survey }) => {
                let mark = standing.and_then(|s| s.mark.log());
                let health = survey.health(session, log, &found.claims, mark).await?;
                Some(Logged { log, claims: &found.claims, health })
            }
            None => None,
        };
        let goes_on = self.begun.contains(&spec.target);
        let decision = match if goes_on { Mode::Now } else { self.mode } {
            // Also for a table whose capture would not be possible: it is to be told now, not by the next tick.
            Mode::Full | Mode::Resync => {
                decide(session, table, moment, None, None).await.map(|_| Decision::Whole(Why::Requested))?
            }
            Mode::IfDue | Mode::Now => decide(session, table, moment, standing, logged).await?,
        };
        let decision = match decision {
            Decision::Whole(Why::FirstLoad) if self.aside.contains_key(&spec.target) => Decision::Whole(Why::SetAside),
            other => other,
        };
        let rows = match decision {
            Decision::Changes => 0,
            _ => session.estimate_size(&spec.source).await?,
        };
        // Under another key or filter, rows can't be told from those that are to go: only a replacement is right, whoever asks.
        let mark = relation_mark(table, standing);
        let is_redefined = standing.is_some_and(|s| s.mark.relation.definition != mark.definition);
        let decision = match is_redefined && self.mode != Mode::Resync {
            true => decision,
            false => self.in_chunks(table, decision, rows).await?,
        };
        let caveats = caveats(table, standing, decision, moment.sight)?;
        Ok(Looked { found, standing, decision, caveats, rows })
    }

    /// How the table is read; of a load in chunks the stretch that comes next.
    pub async fn capture<'t>(
        &self,
        session: &Session,
        table: Table<'t>,
        moment: &'t Moment,
        standing: Option<Standing<'t>>,
        decision: Decision,
    ) -> Result<Capture<'t>, RunError> {
        let capture = Capture::new(table, moment, standing, decision)?;
        let Decision::Chunk(_, part) = decision else { return Ok(capture) };
        let known = standing.and_then(|s| s.mark.loading.as_ref()).filter(|_| part == Part::Next);
        let (after, rows) = (known.map(|l| l.after.clone()), self.context.config.run.chunk_rows);
        Ok(capture.within(session.stretch(table, after, rows).await?))
    }

    /// As [`Look::in_chunks`], where only the passes have shown that all rows have to be read.
    pub async fn all_rows(&self, session: &Session, table: Table<'_>, all: Decision) -> Result<Decision, RunError> {
        let rows = session.estimate_size(&table.spec.source).await?;
        self.in_chunks(table, all, rows).await
    }

    /// A whole read of a large table is done a stretch of keys at a time.
    async fn in_chunks(&self, table: Table<'_>, decision: Decision, rows: u64) -> Result<Decision, RunError> {
        let (Decision::Whole(why) | Decision::Reconcile(why)) = decision else { return Ok(decision) };
        let Table { spec, relation, shape } = table;
        if rows <= self.context.config.run.chunk_rows || !may_be_chunked(spec, relation, shape) {
            return Ok(decision);
        }
        let is_made_anew = self.mode == Mode::Resync && spec.delete == DeleteStyle::Hard;
        let target = self.context.bigquery.target(&spec.target);
        let has_rows = !is_made_anew && self.context.bigquery.size(&target).await?.is_some_and(|(_, rows)| rows > 0);
        let before = if has_rows { RowsBefore::Some } else { RowsBefore::None };
        Ok(Decision::Chunk(why, Part::First(before)))
    }
}
