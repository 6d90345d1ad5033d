//! A table, looked at: as source and log have it, and what a run is to do about it. `run`, `check` and `plan` look with the same eyes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::batch::{Aside, RowsBefore, Standing, Watermark};
use crate::bigquery::{BigQueryError, TableFault, TargetPlan};
use crate::capture::keyed::{Claims, KeysAtHand, KeysFrom};
use crate::capture::{
    Capture, Decision, KeyWord, Part, Reconcile, Why, caveats, decide, may_be_chunked, may_be_cut, reconcile_is_due,
    relation_mark,
};
use crate::encode::Shape;
use crate::model::{ApplyBy, CaptureKind, DeleteStyle, FeedId, TableSpec, TargetType};
use crate::run::context::Context;
use crate::run::error::RunError;
use crate::run::order::Mode;
use crate::run::wanted_target::target_plan;
use crate::source::{Catalog, Moment, Relation, Session, Table, with_key_of};
use crate::state::{ReconcileOutcome, Reconciled};

/// A table as the source has it, and what of its keys something names.
pub(super) struct InSource<'a> {
    pub spec: &'a TableSpec,
    pub relation: Cow<'a, Relation>,
    pub shape: Shape,
    pub claims: Claims,
}

impl<'a> InSource<'a> {
    /// Reads nothing but the catalog, unless the table is missing.
    pub async fn find(
        session: &Session,
        catalog: &'a Catalog,
        spec: &'a TableSpec,
        keys: &KeysAtHand<'_>,
    ) -> Result<Self, RunError> {
        let relation = session.required_relation(catalog, &spec.source).await?;
        session.refuse_capture(spec.capture)?;
        let relation = with_key_of(relation, spec);
        let shape = Shape::of(spec, relation.as_ref())?;
        let claims = keys.claims(Table { spec, relation: &relation, shape: &shape })?;
        Ok(Self { spec, relation, shape, claims })
    }

    /// As it is read.
    pub fn table(&self) -> Table<'_> {
        Table { spec: self.spec, relation: &self.relation, shape: &self.shape }
    }
}

/// A table by itself, with its target and what names its keys, for `check` and `plan`.
pub(super) struct TableAlone<'a> {
    pub found: InSource<'a>,
    pub target: TargetPlan,
    pub keys: KeysAtHand<'a>,
}

impl Context {
    /// The catalog of a table, and of what names its keys.
    pub(super) async fn catalog_of(&self, session: &Session, spec: &TableSpec) -> Result<Catalog, RunError> {
        let mut names = vec![spec.source.clone()];
        names.extend(self.keys_of(spec).relations(session.dialect()));
        Ok(session.read_catalog(&names).await?)
    }

    /// Opens a table that is looked at by itself.
    pub(super) async fn open_table<'a>(
        &'a self,
        session: &Session,
        catalog: &'a Catalog,
        spec: &'a TableSpec,
    ) -> Result<TableAlone<'a>, RunError> {
        let mut found = InSource::find(session, catalog, spec, &KeysAtHand::Rows).await?;
        let target = target_plan(self.bigquery.target(&spec.target), spec, &found.shape)?;
        let keys = self.keys_of(spec).open(session, catalog).await?;
        found.claims = keys.claims(found.table())?;
        Ok(TableAlone { found, target, keys })
    }

    /// Where the keys of a feed's tables are named.
    pub(super) fn keys_of_feed(&self, feed: &FeedId) -> KeysFrom<'_> {
        let of_log = *feed == FeedId::of_changelog();
        if of_log { self.keys_of_capture(CaptureKind::Changelog) } else { KeysFrom::Rows }
    }

    /// Where a table's keys are named.
    pub(super) fn keys_of(&self, spec: &TableSpec) -> KeysFrom<'_> {
        if spec.keeps_key_list() { KeysFrom::KeyLists(None) } else { self.keys_of_capture(spec.capture) }
    }

    fn keys_of_capture(&self, capture: CaptureKind) -> KeysFrom<'_> {
        match (capture, &self.config.changelog) {
            (CaptureKind::Changelog, Some(spec)) => {
                let tables = self.config.tables.iter().filter(|t| t.capture == CaptureKind::Changelog);
                KeysFrom::Log { spec, tables: tables.cloned().collect() }
            }
            (CaptureKind::Digest, _) => KeysFrom::Digest(None),
            (CaptureKind::Ct, _) => KeysFrom::Ct { version: None, tables: Vec::new() },
            _ => KeysFrom::Rows,
        }
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
    pub then: Then,
}

/// What follows a run of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    End,
    /// All of it is compared with its target, and what differs is read again.
    Compare,
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
    /// The last comparisons for `reconcile_every`, by target.
    pub reconciled: &'a BTreeMap<String, Reconciled>,
}

impl<'a> Look<'a> {
    /// Looks at a table, and decides.
    pub async fn table<'c>(
        &self,
        session: &Session,
        moment: &Moment,
        catalog: &'c Catalog,
        spec: &'c TableSpec,
        keys: &mut KeysAtHand<'_>,
    ) -> Result<Looked<'c>, RunError>
    where
        'a: 'c,
    {
        let found = InSource::find(session, catalog, spec, keys).await?;
        self.decide(session, moment, found, keys).await
    }

    /// What is to be done about a table.
    pub async fn decide<'c>(
        &self,
        session: &Session,
        moment: &Moment,
        found: InSource<'c>,
        keys: &mut KeysAtHand<'_>,
    ) -> Result<Looked<'c>, RunError>
    where
        'a: 'c,
    {
        let (spec, table) = (found.spec, found.table());
        let standing = self.previous.and_then(|w| w.standing(&spec.target));
        if !matches!(self.mode, Mode::Full | Mode::Resync) {
            refuse_other_sink(self.context, spec, standing)?;
        }
        let word = keys.word(session, table, &found.claims, standing).await?;
        let reconcile = self.reconcile(session, moment, table, standing).await?;
        let goes_on = self.begun.contains(&spec.target);
        let decision = match if goes_on { Mode::Now } else { self.mode } {
            // Also for a table whose capture would not be possible: it is to be told now, not by the next tick.
            Mode::Full | Mode::Resync => decide(session, table, moment, None, KeyWord::default(), Reconcile::NotDue)
                .await
                .map(|_| Decision::Whole(Why::Requested))?,
            Mode::IfDue | Mode::Now | Mode::Reconcile => {
                decide(session, table, moment, standing, word, reconcile).await?
            }
        };
        let decision = match (decision, self.mode) {
            (Decision::Changes, Mode::Reconcile) => Decision::Reconcile(Why::Requested),
            (other, _) => other,
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
        let is_compared = decision == Decision::Changes && reconcile == Reconcile::ByComparing;
        let then = if is_compared { Then::Compare } else { Then::End };
        Ok(Looked { found, standing, decision, caveats, rows, then })
    }

    /// What is due of `reconcile_every`. A table that would be staged in stretches is compared instead, where a comparison sees all of it.
    async fn reconcile(
        &self,
        session: &Session,
        moment: &Moment,
        table: Table<'_>,
        standing: Option<Standing<'_>>,
    ) -> Result<Reconcile, RunError> {
        let Table { spec, shape, .. } = table;
        let last = self.reconciled.get(&spec.target);
        let compared = last.filter(|r| r.outcome == ReconcileOutcome::Compared).map(|r| r.at);
        let is_due = |standing| reconcile_is_due(spec, standing, compared, moment.taken_at);
        if !standing.is_some_and(is_due) {
            return Ok(Reconcile::NotDue);
        }
        // What could not be compared is staged, once: that is a whole read, and counts from then on.
        let whole_at = standing.and_then(|s| s.mark.whole_at);
        if last.is_some_and(|r| r.outcome == ReconcileOutcome::NotCompared && whole_at.is_none_or(|whole| r.at > whole))
        {
            return Ok(Reconcile::ByStaging);
        }
        // No MERGE is ever sent to such a target.
        if spec.apply == ApplyBy::Append {
            return Ok(Reconcile::ByComparing);
        }
        let has_documents = shape.columns.iter().any(|c| c.target.target_type == TargetType::Json);
        let is_compared = self.mode != Mode::Reconcile && !has_documents && may_be_cut(table);
        let is_large = is_compared && session.estimate_size(&spec.source).await? > self.context.config.run.chunk_rows;
        Ok(if is_large { Reconcile::ByComparing } else { Reconcile::ByStaging })
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
        let about = match known {
            Some(loading) => loading.about,
            None => Some(session.estimate_size(&table.spec.source).await?),
        };
        Ok(capture.within(session.stretch(table, after, rows).await?, about))
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
        // Rows that only the target has can't be looked for there: it is created again.
        let decision = if spec.apply == ApplyBy::Append { Decision::Whole(why) } else { decision };
        if rows <= self.context.config.run.chunk_rows || !may_be_chunked(spec, relation, shape) {
            return Ok(decision);
        }
        // What was sent row by row takes no MERGE, however the rows come now.
        let standing = self.previous.and_then(|w| w.standing(&spec.target));
        let was_appended = standing.is_some_and(|s| s.mark.apply == ApplyBy::Append);
        let is_recreated = spec.apply == ApplyBy::Append
            || ((self.mode == Mode::Resync || was_appended) && spec.delete == DeleteStyle::Hard);
        let target = self.context.bigquery.target(&spec.target);
        let has_rows = !is_recreated && self.context.bigquery.size(&target).await?.is_some_and(|(_, rows)| rows > 0);
        let before = if has_rows { RowsBefore::Some } else { RowsBefore::None };
        Ok(Decision::Chunk(why, Part::First(before)))
    }
}

/// Fails where the target was filled in another way: what is sent row by row and what is merged do not go together.
pub(super) fn refuse_other_sink(
    context: &Context,
    spec: &TableSpec,
    standing: Option<Standing<'_>>,
) -> Result<(), RunError> {
    let Some(before) = standing.map(|s| s.mark.apply).filter(|before| *before != spec.apply) else { return Ok(()) };
    let target = context.bigquery.target(&spec.target).to_string();
    let table = spec.source.to_string();
    let fault = TableFault::OtherSink { target, table, before: before.name(), now: spec.apply.name() };
    Err(BigQueryError::from(fault).into())
}
