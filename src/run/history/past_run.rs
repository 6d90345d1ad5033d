//! What is kept of a run that is over: the note in the feed's state, and the manifest and report in the batch's folder.

use serde_json::Value;
use time::Duration;

use crate::batch::{Batch, TableBatch};
use crate::bigquery::{Merger, first_attempts, merge_statement};
use crate::model::{FeedId, RunId};
use crate::run::context::Context;
use crate::run::error::RunError;
use crate::stage::batch_folder;
use crate::state::{Handle, PastRun};

/// A run that is over.
#[derive(Clone, Debug)]
pub struct PastRunDetail {
    pub feed: FeedId,
    pub run: RunId,
    /// How it ended, while the state remembers.
    pub note: Option<PastRun>,
    /// What was sealed, while the batch's folder is there.
    pub statements: Vec<TableSql>,
    /// The report as it was stored at the end.
    pub report: Option<Value>,
}

/// What a run did, or was to do, to one table.
#[derive(Clone, Debug)]
pub struct TableSql {
    pub source: String,
    pub target: String,
    /// Part files, and their bytes as they are stored.
    pub files: u32,
    pub bytes: u64,
    /// BigQuery's jobs: the verb, and the id of the first attempt.
    pub jobs: Vec<(&'static str, String)>,
    /// `None` where a load job replaced the target. Without the bounds of the staged keys, which only prune: they are values of rows.
    pub merge: Option<String>,
}

/// Nothing is kept of the run: it never was, or was long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownRun;

impl Context {
    /// What is known of a run.
    pub async fn past_run(&self, feed: &str, run: &RunId) -> Result<Result<PastRunDetail, UnknownRun>, RunError> {
        // By the config, so that nobody can ask for any object there is.
        let Some(feed) = self.config.tables.iter().map(|t| t.feed()).find(|f| f.to_string() == feed) else {
            return Ok(Err(UnknownRun));
        };
        let state = Handle::load(&self.store, &feed, self.new_holder(), std::time::Duration::ZERO).await?;
        let note = state.document().notes.recent.iter().rev().find(|r| r.run == *run).cloned();
        let mut detail = PastRunDetail { feed, run: run.clone(), note, statements: Vec::new(), report: None };
        let Some(started) = run.started() else { return Ok(Err(UnknownRun)) };
        // The folder is named after the tick's beginning, and a run of it may have begun after midnight.
        for day in [started, started - Duration::DAY] {
            let folder = batch_folder(&detail.feed, run, day);
            let Some((manifest, _)) = self.store.get(&format!("{folder}manifest.json")).await? else { continue };
            detail.statements = serde_json::from_slice(&manifest).map(|b: Batch| statements(&b)).unwrap_or_default();
            let report = self.store.get(&format!("{folder}report.json")).await?;
            detail.report = report.and_then(|(content, _)| serde_json::from_slice(&content).ok());
            break;
        }
        let is_known = detail.note.is_some() || !detail.statements.is_empty();
        Ok(if is_known { Ok(detail) } else { Err(UnknownRun) })
    }
}

fn statements(batch: &Batch) -> Vec<TableSql> {
    let each = batch.tables.iter().map(|t| TableSql {
        source: t.source.clone(),
        target: t.target.to_string(),
        files: t.parts.total(),
        bytes: t.counts.staged_bytes,
        jobs: first_attempts(batch, t),
        merge: merge_statement(&TableBatch { bounds: None, ..t.clone() }, Merger::of(batch)),
    });
    each.collect()
}
