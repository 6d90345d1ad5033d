//! The manifest: what the state will hold as pending, kept beside the files for whoever looks at them later.

use bytes::Bytes;

use super::error::StageError;
use crate::batch::Batch;
use crate::failpoint::{Effect, around};
use crate::storage::{Expect, StorageError, Store};

/// Stores `manifest.json` in the batch's folder, before the seal.
pub async fn store_manifest(store: &Store, batch: &Batch) -> Result<(), StageError> {
    let content = serde_json::to_vec_pretty(batch).map_err(|e| StageError::Manifest(e.to_string()))?;
    let name = format!("{}manifest.json", batch.folder);
    let put = store.put(&name, Bytes::from(content), "application/json", Expect::Absent);
    match around(Effect::Manifest, put).await {
        // The name holds the run's id: what is there is our own, from an attempt whose answer was lost.
        Ok(_) | Err(StorageError::Conflict { .. }) => Ok(()),
        Err(e) => Err(e.into()),
    }
}
