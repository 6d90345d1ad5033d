//! What the last batch of a table says of its columns, from the batch's manifest: for pages, which ask no database.

use std::sync::{Arc, PoisonError};

use time::Duration;

use super::context::Context;
use super::sealed_table::SealedTable;
use crate::batch::Batch;
use crate::model::{FeedId, RunId, TableSpec};
use crate::stage::batch_folder;
use crate::state::StateDocument;

impl Context {
    /// The last batch of a table that its state remembers, while its folder is there. One read, and none where it was read before.
    pub async fn last_sealed(&self, spec: &TableSpec, state: &StateDocument) -> Option<Arc<SealedTable>> {
        let run = last_run(spec, state)?;
        let kept = self.last_sealed.lock().unwrap_or_else(PoisonError::into_inner).get(&spec.target).cloned();
        if let Some(kept) = kept.filter(|k| k.run == run) {
            return Some(kept);
        }
        let sealed = Arc::new(self.read_sealed(&spec.feed(), &run, &spec.target).await?);
        self.last_sealed.lock().unwrap_or_else(PoisonError::into_inner).insert(spec.target.clone(), sealed.clone());
        Some(sealed)
    }

    async fn read_sealed(&self, feed: &FeedId, run: &RunId, target: &str) -> Option<SealedTable> {
        let (store, started) = (self.store.in_a_hurry(), run.started()?);
        // The folder is named after the tick's beginning, and a run of it may have begun after midnight.
        for day in [started, started - Duration::DAY] {
            let folder = batch_folder(feed, run, day);
            let Some((manifest, _)) = store.get(&format!("{folder}manifest.json")).await.ok()? else { continue };
            let batch: Batch = serde_json::from_slice(&manifest).ok()?;
            let table = batch.tables.into_iter().find(|t| t.target.table == target)?;
            let url =
                self.store.url(&format!("{}quarantine-00000.{}", table.folder(&folder), table.compression.suffix()));
            return Some(SealedTable::of(run.clone(), table, url));
        }
        None
    }
}

fn last_run(spec: &TableSpec, state: &StateDocument) -> Option<RunId> {
    let noted = state.notes.tables.get(&spec.target).and_then(|n| n.last.as_ref());
    let noted = noted.or_else(|| state.last.as_ref().filter(|l| l.of_table(&state.feed, &spec.target).is_some()));
    noted.map(|past| past.run.clone())
}
