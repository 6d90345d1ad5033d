//! The keys that change tracking names, each once, in chunks.

use crate::capture::error::CaptureError;
use crate::capture::keyed::key_source::{Chunk, KeyCounts, KeySource};
use crate::source::{ChangedKeys, NamedKey, Origin};

/// Keys a chunk: as many as of a change log.
const KEYS_A_CHUNK: usize = 4096;

/// Yields them.
pub struct CtKeys<'a> {
    keys: ChangedKeys<'a>,
}

impl<'a> CtKeys<'a> {
    pub(super) fn new(keys: ChangedKeys<'a>) -> Self {
        Self { keys }
    }
}

impl KeySource for CtKeys<'_> {
    /// The next chunk; `None` at the end, which drops the list. Whether a key came with an insert is not said: the letters were wrong before.
    async fn next(&mut self) -> Result<Option<Chunk>, CaptureError> {
        let keys = self.keys.fetch(KEYS_A_CHUNK).await?;
        if keys.is_empty() {
            self.keys.close().await?;
            return Ok(None);
        }
        let named = keys.into_iter().map(|values| NamedKey { values, origin: Origin::Before });
        Ok(Some(Chunk { keys: named.collect() }))
    }

    fn counts(&self) -> KeyCounts {
        KeyCounts::default()
    }
}
