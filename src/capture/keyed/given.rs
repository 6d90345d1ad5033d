//! Keys that somebody hands in, such as those of rows that a comparison has found to differ: they are read again, and nothing is looked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::key_source::{Chunk, KeyColumns, KeyCounts, KeySource};
use crate::capture::error::CaptureError;
use crate::source::{NamedKey, Origin};

/// Keys a chunk: as many as of a change log.
const KEYS_A_CHUNK: usize = 4096;

/// Keys to be read again, by target; each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenKeys {
    tables: BTreeMap<String, Arc<[NamedKey]>>,
}

impl GivenKeys {
    /// Adds the keys of one table. Each has a value for each column of the table's key, in the key's order and as the source prints it.
    /// Nothing says since when there is a row with it.
    pub fn with(mut self, target: &str, mut keys: Vec<Vec<String>>) -> Self {
        keys.sort_unstable();
        keys.dedup();
        let keys = keys.into_iter().map(|values| NamedKey { values, origin: Origin::Before });
        self.tables.insert(target.to_owned(), keys.collect());
        self
    }

    /// Whether any are of this target.
    pub fn has(&self, target: &str) -> bool {
        self.tables.contains_key(target)
    }

    pub(super) fn of_target(&self, target: &str) -> Option<&Arc<[NamedKey]>> {
        self.tables.get(target)
    }
}

/// The keys of one table.
#[derive(Clone, Debug)]
pub struct Listed {
    pub(super) of: KeyColumns,
    pub(super) keys: Arc<[NamedKey]>,
}

/// Yields them.
pub struct ListedKeys<'a> {
    left: &'a [NamedKey],
}

impl<'a> ListedKeys<'a> {
    pub(super) fn of(listed: &'a Listed) -> Self {
        Self { left: &listed.keys }
    }
}

impl KeySource for ListedKeys<'_> {
    async fn next(&mut self) -> Result<Option<Chunk>, CaptureError> {
        let (now, later) = self.left.split_at(self.left.len().min(KEYS_A_CHUNK));
        self.left = later;
        Ok((!now.is_empty()).then(|| Chunk { keys: now.to_vec() }))
    }

    fn counts(&self) -> KeyCounts {
        KeyCounts::default()
    }
}
