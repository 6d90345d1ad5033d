//! Lists of row hashes that nothing names any more are removed: those that a commit has replaced, and those of runs that never came to one.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;

use super::after_commit::{AfterCommit, Committed};
use super::error::RunError;
use crate::batch::{ListObject, TableMark, Watermark};
use crate::capture::keyed::digest::{list_folder, list_name};
use crate::failpoint::{Effect, around};
use crate::model::RunId;

/// Removes them. A listing is billed, so only a run asks for one whose commit has moved lists: what one of another process has left, or
/// could not remove, the next of these finds.
pub(super) struct OldLists {
    /// A run that has begun so long before the newest one that the watermark names is over. One that is under way now may write lists
    /// that nothing names yet.
    pub lease: Duration,
}

#[async_trait]
impl AfterCommit for OldLists {
    async fn follow(&self, committed: Committed<'_>) -> Result<(), RunError> {
        let Committed { store, feed, state, stood, .. } = committed;
        let (then, now) = (lists(stood), lists(state.watermark.as_ref()));
        if then == now {
            return Ok(());
        }
        let pending = state.pending.as_ref().map(|batch| &batch.next);
        let named: HashSet<String> = now.iter().cloned().chain(lists(pending)).map(|o| list_name(feed, &o)).collect();
        // Where the table is captured in another way now, all of them are old.
        let newest = now.iter().map(|o| &o.run).max().or(state.last.as_ref().map(|last| &last.run));
        let Some(newest) = newest.and_then(RunId::started) else { return Ok(()) };
        let folder = list_folder(feed);
        for name in store.list(&folder).await? {
            let run = name.strip_prefix(&folder).and_then(|rest| RunId::parse(rest.split('/').next()?));
            let Some(began) = run.as_ref().and_then(RunId::started) else { continue };
            let is_over = newest - began >= self.lease || run.is_some_and(|run| then.iter().any(|o| o.run == run));
            if is_over && !named.contains(&name) {
                around(Effect::ListRemove, async { store.remove(&name).await }).await?;
            }
        }
        Ok(())
    }
}

/// The objects that a watermark names.
fn lists(watermark: Option<&Watermark>) -> Vec<ListObject> {
    let marks = watermark.into_iter().flat_map(|w| w.tables.values());
    let mut objects: Vec<_> = marks.filter_map(TableMark::lists).flat_map(|digest| digest.objects()).collect();
    objects.sort_unstable();
    objects
}
