//! How far a batch that takes long was sent: a later attempt goes on from there. Without that, one that takes longer than a run may would be sent
//! from its beginning by each tick, and never be through.
//!
//! What is acknowledged is durable, and its number says what it is; so nothing is lost by not sending it again to the same table.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use tracing::warn;

use crate::storage::{Expect, StorageError, Store};

/// It is noted once in so long: a write to the bucket each time.
const PAUSE: Duration = Duration::from_secs(3);

/// All rows of the first parts are acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Done {
    /// When BigQuery made the target that has them.
    pub created: Option<String>,
    pub parts: u32,
    /// Of their rows, those that the target can't take, and the files that these are in.
    pub refused: u64,
    pub refused_files: u32,
}

/// Notes it down.
pub(super) struct Progress<'a> {
    store: &'a Store,
    /// What the names of the notes begin with.
    stem: String,
    created: Option<String>,
    noted: Instant,
    parts: u32,
}

impl<'a> Progress<'a> {
    /// Of a table's folder, below the storage prefix.
    pub fn new(store: &'a Store, folder: &str, created: Option<&str>) -> Self {
        Self {
            store,
            stem: format!("{folder}sent-"),
            created: created.map(str::to_owned),
            noted: Instant::now(),
            parts: 0,
        }
    }

    /// What earlier attempts have sent to the target that is there now.
    pub async fn done(&self) -> Result<Done, StorageError> {
        let Some(last) = self.store.list(&self.stem).await?.into_iter().max() else { return Ok(Done::default()) };
        let note = self.store.get(&last).await?.and_then(|(content, _)| serde_json::from_slice::<Done>(&content).ok());
        Ok(note.filter(|done| done.created.is_some() && done.created == self.created).unwrap_or_default())
    }

    /// So many parts, where it is time for a note that all of their rows are acknowledged.
    pub fn due(&self, parts: u32) -> Option<u32> {
        Some(parts).filter(|parts| *parts > self.parts && self.noted.elapsed() >= PAUSE)
    }

    /// Notes that all rows of the first parts are acknowledged. A note that can't be written is missed by nobody but a later attempt.
    pub async fn note(&mut self, parts: u32, refused: u64, refused_files: u32) {
        (self.noted, self.parts) = (Instant::now(), parts);
        let done = Done { created: self.created.clone(), parts, refused, refused_files };
        let Ok(content) = serde_json::to_vec(&done) else { return };
        let name = format!("{}{parts:05}.json", self.stem);
        match self.store.put(&name, Bytes::from(content), "application/json", Expect::Absent).await {
            Ok(_) | Err(StorageError::Conflict { .. }) => {}
            Err(e) => warn!(reason = %e, "how far a batch was sent could not be noted"),
        }
    }
}
