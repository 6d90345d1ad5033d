//! Keys that somebody hands in, such as those of rows that a comparison has found to differ: they are read again, and nothing is looked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::key_source::{Chunk, KeyColumns, KeyCounts, KeySource, keys_a_chunk};
use crate::capture::error::CaptureError;
use crate::source::{NamedKey, Origin, Table};

/// Keys to be read again, by target; each text once. Two texts may still be one key to the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenKeys {
    tables: BTreeMap<String, Arc<[NamedKey]>>,
}

impl GivenKeys {
    /// Adds keys of one table. Each has a value for each column of the table's key, in the key's order, as a text that the source takes for
    /// one. Nothing says since when there is a row with it.
    pub fn with(mut self, target: &str, keys: Vec<Vec<String>>) -> Self {
        let before = self.tables.remove(target);
        let before = before.iter().flat_map(|keys| keys.iter()).map(|key| key.values.clone());
        let all: BTreeSet<Vec<String>> = before.chain(keys).collect();
        let named = all.into_iter().map(|values| NamedKey { values, origin: Origin::Before });
        self.tables.insert(target.to_owned(), named.collect());
        self
    }

    /// Whether any are of this target.
    pub fn has(&self, target: &str) -> bool {
        self.tables.contains_key(target)
    }

    /// Those of one table; an error where one is no key of it.
    pub(super) fn of_table(&self, table: Table<'_>) -> Result<Option<Listed>, CaptureError> {
        let Some(keys) = self.tables.get(&table.spec.target) else { return Ok(None) };
        let of = KeyColumns::of_key(table.relation, table.shape);
        let wanted = of.columns.len();
        // No text of the source has a NUL.
        let is_none = |key: &&NamedKey| key.values.len() != wanted || key.values.iter().any(|v| v.contains('\0'));
        match keys.iter().find(is_none) {
            Some(_) => Err(CaptureError::NoKeyOfTheTable { table: table.spec.source.clone(), wanted }),
            None => Ok(Some(Listed { of, keys: keys.clone(), a_chunk: keys_a_chunk(&table.spec.key) })),
        }
    }
}

/// The keys of one table.
#[derive(Clone, Debug)]
pub struct Listed {
    pub(super) of: KeyColumns,
    pub(super) keys: Arc<[NamedKey]>,
    /// How many of them are read at a time.
    a_chunk: usize,
}

/// Yields them.
pub struct ListedKeys<'a> {
    left: &'a [NamedKey],
    a_chunk: usize,
}

impl<'a> ListedKeys<'a> {
    pub(super) fn of(listed: &'a Listed) -> Self {
        Self { left: &listed.keys, a_chunk: listed.a_chunk }
    }
}

impl KeySource for ListedKeys<'_> {
    async fn next(&mut self) -> Result<Option<Chunk>, CaptureError> {
        let (now, later) = self.left.split_at(self.left.len().min(self.a_chunk));
        self.left = later;
        Ok((!now.is_empty()).then(|| Chunk { keys: now.to_vec() }))
    }

    fn counts(&self) -> KeyCounts {
        KeyCounts::default()
    }
}
