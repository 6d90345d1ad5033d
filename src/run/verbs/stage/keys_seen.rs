//! Keys of rows that were read, where the source does not keep them unique: a view may have two rows of one key.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, DefaultHasher, Hasher as _, RandomState};

use crate::run::staging_place::Reading;

/// Of more keys than this nothing is remembered: the source is asked.
const MOST: usize = 1 << 20;

/// Remembers keys by their hash. Two keys may have one hash: then the source is asked for nothing.
pub(super) struct KeysSeen {
    /// Which of the published columns are the key.
    columns: Vec<usize>,
    hasher: RandomState,
    seen: HashSet<u64>,
    may_repeat: bool,
}

impl KeysSeen {
    /// `None` where the source keeps the key unique.
    pub fn of(reading: Reading<'_>) -> Option<Self> {
        let shape = reading.shape;
        let key: Vec<&str> = shape.key().iter().map(|c| c.source.as_str()).collect();
        if reading.relation.keeps_unique(&key) {
            return None;
        }
        let place = |name: &&str| shape.columns.iter().position(|c| c.source == **name);
        let columns = key.iter().filter_map(place).collect();
        Some(Self { columns, hasher: RandomState::new(), seen: HashSet::new(), may_repeat: false })
    }

    /// Which of the published columns are the key.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Begins with the key of a row.
    pub fn key(&self) -> Key {
        Key(self.hasher.build_hasher())
    }

    /// Takes the key of a row.
    pub fn see(&mut self, key: &Key) {
        if !self.may_repeat {
            self.may_repeat = !self.seen.insert(key.0.finish()) || self.seen.len() >= MOST;
        }
    }

    /// Whether two rows may have one key.
    pub fn may_repeat(&self) -> bool {
        self.may_repeat
    }
}

/// The key of a row, column by column.
pub(super) struct Key(DefaultHasher);

impl Key {
    /// Takes the text of its next column.
    pub fn add(&mut self, text: &[u8]) {
        self.0.write_usize(text.len());
        self.0.write(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(keys: &[[&[u8]; 2]]) -> bool {
        let (columns, hasher) = (vec![0, 1], RandomState::new());
        let mut seen = KeysSeen { columns, hasher, seen: HashSet::new(), may_repeat: false };
        for key in keys {
            let mut next = seen.key();
            key.iter().for_each(|text| next.add(text));
            seen.see(&next);
        }
        seen.may_repeat()
    }

    #[test]
    fn a_key_is_all_of_its_columns() {
        assert!(!seen(&[[b"a", b"b"], [b"ab", b""], [b"", b"ab"], [b"a", b"c"]]));
        assert!(seen(&[[b"a", b"b"], [b"b", b"a"], [b"a", b"b"]]));
    }
}
