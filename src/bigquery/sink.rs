//! The one recipe that brings a sealed table into its target, and the one match over the sinks that fill it in.
//!
//! ```text
//!   run:   load ───────────────────────────────▶ merge ──────────────▶ commit ─▶ tidy up
//!   here:  lost columns added, then Sink::load   Sink::merge, counts             staging table dropped
//! ```
//!
//! A sink is a file beside this one that implements [`Sink`] for its variant of [`Apply`], and an arm in [`sink_of`]. A run of another
//! process may have done any part of the recipe before, so every step of a sink finds what is there and goes on from it.

use async_trait::async_trait;

use super::append::Sent;
use super::client::BigQuery;
use super::error::BigQueryError;
use super::job_name::{JobName, Verb};
use super::jobs::NOTHING;
use super::load_job::{query_job, source_uris};
use super::merge_statement::Merger;
use super::partitioning::MergeReach;
use super::tables::PreparedTarget;
use super::target_plan::TargetPlan;
use crate::batch::{Append, Apply, Batch, Changes, Merge, Parts, Replace, RowsWritten, TableBatch, Way};
use crate::model::{ApplyBy, RunId};
use crate::storage::Store;

/// Whether somebody may have worked on the batch before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// We sealed it just now.
    No,
    /// It was found pending.
    Yes,
}

/// A table of a sealed batch on its way into its target.
#[derive(Clone, Copy)]
pub struct Sealed<'a> {
    pub batch: &'a Batch,
    pub table: &'a TableBatch,
    pub replay: Replay,
    /// Where its part files are.
    pub store: &'a Store,
}

/// How far a table's rows are after the load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// The sink's second step is still to come.
    Staged,
    /// There is nothing more to do.
    InTarget(Applied),
}

/// What a sink did to a target, as far as it can tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    pub bytes_processed: Option<u64>,
    pub bytes_billed: Option<u64>,
    pub rows: RowsWritten,
    /// Rows that the sink found, after the seal, to be such that the target can't take them. The others are in it, and these are in the
    /// batch's quarantine.
    pub refused: u64,
    /// What sending them row by row took; of that sink alone.
    pub sent: Option<Sent>,
    /// When BigQuery made the target, where it was made for these rows.
    pub created: Option<String>,
}

impl Applied {
    /// There was nothing to do.
    pub const NOTHING: Self = Self {
        bytes_processed: Some(0),
        bytes_billed: Some(0),
        rows: RowsWritten::NONE,
        refused: 0,
        sent: None,
        created: None,
    };
}

/// A way into the target. The recipe adds the target's lost columns before, and drops the staging table after the commit.
#[async_trait]
pub(super) trait Sink: Sync {
    /// Brings the part files into BigQuery. `uris` are their `gs://` URLs, at least one.
    async fn load(&self, bigquery: &BigQuery, sealed: Sealed<'_>, uris: Vec<String>) -> Result<Loaded, BigQueryError>;

    /// Brings what was loaded into the target.
    async fn merge(&self, bigquery: &BigQuery, sealed: Sealed<'_>) -> Result<Applied, BigQueryError>;

    /// The jobs that it takes, in their order. The last one decides: a batch that is given up has its id taken. None where a late write does no
    /// harm.
    fn jobs(&self) -> &'static [Verb];

    /// The statement that writes the target, for people; `None` where it takes none.
    fn statement(&self, table: &TableBatch, merger: Merger<'_>) -> Option<String>;
}

/// The sink of a sealed table.
fn sink_of(apply: &Apply) -> &dyn Sink {
    match apply {
        Apply::Replace(replace) => replace,
        Apply::Merge(merge) => merge,
        Apply::Append(append) => append,
    }
}

/// The statement that brings a table's staged rows into its target; `None` for a batch that does without.
pub fn merge_statement(table: &TableBatch, merger: Merger<'_>) -> Option<String> {
    sink_of(&table.apply).statement(table, merger)
}

/// The jobs of a sealed table in their order: the verb, and the id of the first attempt. A further attempt has the next number at its end.
pub fn first_attempts(batch: &Batch, table: &TableBatch) -> Vec<(&'static str, String)> {
    let verbs = if table.parts.total() == 0 { &[] } else { sink_of(&table.apply).jobs() };
    verbs.iter().map(|verb| (verb.word(), JobName::of(batch, table, *verb).attempt(1))).collect()
}

/// A target that rows are staged for: it decides, before the seal, by which sink they come in.
#[derive(Clone, Copy)]
pub struct Destination<'a> {
    pub bigquery: &'a BigQuery,
    pub plan: &'a TargetPlan,
    pub prepared: &'a PreparedTarget,
    pub run: &'a RunId,
    /// As the table's mark has it once the batch is in.
    pub incarnation: u64,
    /// Where rows are not merged.
    pub way: Way,
}

impl Destination<'_> {
    /// The staged rows are to be the table.
    pub fn replacement(self) -> Apply {
        Apply::Replace(Replace {
            schema: self.prepared.replace_schema(self.plan),
            fields: self.prepared.fields.clone(),
            then: self.plan.apply,
        })
    }

    /// The staged rows change the table. Bounded by the target's partitions where it demands that or the config allows it; fails where
    /// it has to be bounded and can't be.
    pub fn changes(self, changes: Changes, parts: Parts) -> Result<Apply, BigQueryError> {
        if self.plan.apply == ApplyBy::Append {
            return Ok(Apply::Append(Append { incarnation: self.incarnation, way: self.way }));
        }
        let reach = MergeReach::of(changes.unstaged(), parts);
        let merge = self.bigquery.merge_of(&self.plan.target.table, self.run, changes);
        let within = match &self.prepared.partitioning {
            Some(found) => found.bound(self.plan, reach)?,
            None => None,
        };
        Ok(Apply::Merge(Merge { within, ..merge }))
    }
}

impl BigQuery {
    /// How changes would get into a target, for an estimate.
    pub fn sample_changes(&self, target: &str, run: &RunId, changes: Changes) -> Apply {
        Apply::Merge(self.merge_of(target, run, changes))
    }

    fn merge_of(&self, target: &str, run: &RunId, changes: Changes) -> Merge {
        let Changes { absent, repeats, scopes, update } = changes;
        Merge { staging: self.staging(target, run), absent, repeats, scopes, update, within: None }
    }

    /// Brings the part files of a table into BigQuery.
    pub async fn load(&self, sealed: Sealed<'_>) -> Result<Loaded, BigQueryError> {
        // Every row was refused: there is nothing to load.
        if sealed.table.parts.total() == 0 {
            return Ok(Loaded::InTarget(Applied::NOTHING));
        }
        self.add_lost_columns(sealed.table).await?;
        let uris = source_uris(sealed.batch, sealed.table, |name| sealed.store.url(name));
        sink_of(&sealed.table.apply).load(self, sealed, uris).await
    }

    /// Brings what was loaded into the target.
    pub async fn merge(&self, sealed: Sealed<'_>, loaded: Loaded) -> Result<Applied, BigQueryError> {
        match loaded {
            Loaded::InTarget(applied) => Ok(applied),
            Loaded::Staged => sink_of(&sealed.table.apply).merge(self, sealed).await,
        }
    }

    /// Sees to it that nothing of a batch that is given up comes into the target any more.
    pub async fn give_up(&self, batch: &Batch, table: &TableBatch) -> Result<(), BigQueryError> {
        let Some(verb) = sink_of(&table.apply).jobs().last() else { return Ok(()) };
        let name = JobName::of(batch, table, *verb);
        let nothing = query_job(NOTHING.to_owned());
        self.close_job(&name, &nothing, &format!("an older batch for {}", table.target)).await
    }

    /// Removes what only the way into the target needed. Nothing depends on it: a staging table expires by itself.
    pub async fn tidy_up(&self, table: &TableBatch) -> Result<(), BigQueryError> {
        match table.apply.staging() {
            Some(staging) => self.drop_table(staging).await,
            None => Ok(()),
        }
    }
}
