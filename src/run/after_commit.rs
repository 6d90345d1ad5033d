//! What follows from a commit outside the state: the source may forget what is in BigQuery, objects that no watermark names may go.
//!
//! It follows from the committed watermark alone, and may be done twice. So nothing notes that it was done: every tick of the feed does it
//! again: also one that finds no changes, one after a crash, one that fails, and one whose tables are paused. A failure holds nothing up,
//! for the next tick tries again; nor does one that takes long.

use std::time::Duration;

use async_trait::async_trait;
use tracing::warn;

use super::error::RunError;
use crate::batch::Watermark;
use crate::model::FeedId;
use crate::source::Source;
use crate::state::StateDocument;
use crate::storage::Store;

/// Longest wait for one of these things.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is committed, and what may be needed to act on it.
#[derive(Clone, Copy)]
pub struct Committed<'a> {
    pub source: &'a Source,
    pub store: &'a Store,
    pub feed: &'a FeedId,
    /// As this run last wrote or read it.
    pub state: &'a StateDocument,
    /// Where the feed stood when this run began.
    pub stood: Option<&'a Watermark>,
}

/// One thing that a committed watermark allows.
#[async_trait]
pub trait AfterCommit: Send + Sync {
    /// Does it, if it is not done already and the feed is one that it is for.
    async fn follow(&self, committed: Committed<'_>) -> Result<(), RunError>;
}

/// Does everything that the committed watermark allows.
pub(super) async fn follow_up(each: &[Box<dyn AfterCommit>], committed: Committed<'_>) {
    for one in each {
        match tokio::time::timeout(PATIENCE, one.follow(committed)).await {
            Ok(Ok(())) => {}
            Ok(Err(e)) => {
                warn!(reason = %e, hint = e.hint(), "what follows the commit was not done: the next tick tries again");
            }
            Err(_) => warn!("what follows the commit was not done in time: the next tick tries again"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Fails the first time.
    struct Slot(Arc<AtomicU32>);

    #[async_trait]
    impl AfterCommit for Slot {
        async fn follow(&self, _: Committed<'_>) -> Result<(), RunError> {
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
        let feed = FeedId::of_changelog();
        let state = StateDocument::new(feed.clone());
        let source = Source::new("postgres://u@127.0.0.1:1/d", Duration::from_secs(1)).unwrap();
        let store = Store::at(Some("http://127.0.0.1:1".to_owned()), "b", "").await.unwrap();
        let committed = Committed { source: &source, store: &store, feed: &feed, state: &state, stood: None };
        for tick in 1..=2 {
            follow_up(&each, committed).await;
            assert!(calls.iter().all(|c| c.load(Ordering::Relaxed) == tick));
        }
    }
}
