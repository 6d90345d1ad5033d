//! What is kept of a run that is over: the note in the feed's state, and the manifest and report in the batch's folder. Each is read by
//! itself: one that can't be read must not hide the other.

use serde_json::Value;
use time::Duration;

use crate::batch::{Batch, TableBatch};
use crate::bigquery::{Merger, first_attempts, merge_statement};
use crate::model::{FeedId, RunId};
use crate::run::context::Context;
use crate::run::error::RunError;
use crate::stage::batch_folder;
use crate::state::{Handle, PastRun};

/// What a run has sealed.
#[derive(Clone, Debug)]
pub struct PastBatch {
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

impl Context {
    /// The feed of this name, if the config has it: nobody may ask for any object there is.
    pub fn feed_called(&self, name: &str) -> Option<FeedId> {
        self.config.tables.iter().map(|t| t.feed()).find(|f| f.as_str() == name)
    }

    /// How a run ended, while its feed's state remembers.
    pub async fn run_note(&self, feed: &FeedId, run: &RunId) -> Result<Option<PastRun>, RunError> {
        let store = self.store.in_a_hurry();
        let state = Handle::load(&store, feed, self.new_holder(), std::time::Duration::ZERO).await?;
        Ok(state.document().notes.recent.iter().rev().find(|r| r.run == *run).cloned())
    }

    /// What a run has sealed, while the batch's folder is there.
    pub async fn run_batch(&self, feed: &FeedId, run: &RunId) -> Result<Option<PastBatch>, RunError> {
        let (store, Some(started)) = (self.store.in_a_hurry(), run.started()) else { return Ok(None) };
        // The folder is named after the tick's beginning, and a run of it may have begun after midnight.
        for day in [started, started - Duration::DAY] {
            let folder = batch_folder(feed, run, day);
            let Some((manifest, _)) = store.get(&format!("{folder}manifest.json")).await? else { continue };
            let statements = serde_json::from_slice(&manifest).map(|b: Batch| statements(&b)).unwrap_or_default();
            let report = store.get(&format!("{folder}report.json")).await?;
            let report = report.and_then(|(content, _)| serde_json::from_slice(&content).ok());
            return Ok(Some(PastBatch { statements, report }));
        }
        Ok(None)
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
