//! Notes in the margin, made by somebody who does not run the feed.

use bytes::Bytes;

use super::document::{StateDocument, object_name};
use super::error::StateError;
use super::handle::Holder;
use super::notes::Notes;
use crate::model::FeedId;
use crate::storage::{Expect, StorageError, Store};

/// How often somebody else's write may be quicker than ours.
const MOST_ATTEMPTS: u32 = 8;

/// Whether a feed that never ran gets a state for a note's sake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newborn {
    Create,
    LeaveAlone,
}

/// Makes a note; what changes nothing is not written. `change` may be called more than once, each time on what is there then.
pub async fn annotate(
    store: &Store,
    feed: &FeedId,
    writer: &Holder,
    newborn: Newborn,
    change: impl Fn(&mut Notes),
) -> Result<(), StateError> {
    let name = object_name(feed);
    for attempt in 1..=MOST_ATTEMPTS {
        let (mut document, expect) = match store.get(&name).await? {
            Some((content, generation)) => (StateDocument::parse(feed, &content)?, Expect::Generation(generation)),
            None if newborn == Newborn::LeaveAlone => return Ok(()),
            None => {
                store.probe().await?;
                (StateDocument::new(feed.clone()), Expect::Absent)
            }
        };
        let before = document.notes.clone();
        change(&mut document.notes);
        if document.notes == before {
            return Ok(());
        }
        document.stamp = format!("{}/note{attempt}", writer.0);
        let unreadable = |e: serde_json::Error| StateError::Unreadable { feed: feed.clone(), reason: e.to_string() };
        let content = Bytes::from(serde_json::to_vec_pretty(&document).map_err(unreadable)?);
        match store.put(&name, content, "application/json", expect).await {
            Ok(_) => return Ok(()),
            Err(StorageError::Conflict { .. }) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Err(StateError::Lost(feed.clone()))
}
