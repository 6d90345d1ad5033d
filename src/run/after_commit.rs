//! What follows from a commit outside the state: the source may forget what is in BigQuery, objects that no watermark names may go.
//!
//! It follows from the committed watermark alone, and may be done twice. So nothing notes that it was done: every tick of the feed does it
//! again, also one that finds no changes and one after a crash. A failure holds nothing up, for the next tick tries again.

use async_trait::async_trait;
use tracing::warn;

use super::error::RunError;
use crate::state::StateDocument;

/// One thing that a committed watermark allows.
#[async_trait]
pub(super) trait AfterCommit: Send + Sync {
    /// Does it, if it is not done already. The state is as this run last wrote or read it.
    async fn follow(&self, committed: &StateDocument) -> Result<(), RunError>;
}

/// Does everything that the committed watermark allows.
pub(super) async fn follow_up(each: &[Box<dyn AfterCommit>], committed: &StateDocument) {
    for one in each {
        if let Err(e) = one.follow(committed).await {
            warn!(reason = %e, hint = e.hint(), "what follows the commit was not done: the next tick tries again");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::model::FeedId;

    /// Fails the first time.
    struct Slot(Arc<AtomicU32>);

    #[async_trait]
    impl AfterCommit for Slot {
        async fn follow(&self, _: &StateDocument) -> Result<(), RunError> {
            match self.0.fetch_add(1, Ordering::Relaxed) {
                0 => Err(RunError::Stopping),
                _ => Ok(()),
            }
        }
    }

    #[tokio::test]
    async fn what_fails_holds_nothing_up_and_is_tried_again() {
        let calls: [Arc<AtomicU32>; 2] = Default::default();
        let each: Vec<Box<dyn AfterCommit>> = calls.iter().map(|c| Box::new(Slot(c.clone())) as _).collect();
        let state = StateDocument::new(FeedId::of_changelog());
        for tick in 1..=2 {
            follow_up(&each, &state).await;
            assert!(calls.iter().all(|c| c.load(Ordering::Relaxed) == tick));
        }
    }
}
