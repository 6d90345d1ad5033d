//! Change tracking: which keys changed, by versions that are given at commit.

use std::collections::BTreeMap;

use super::slot::Commit;
use crate::typed::{SortKey, Value};

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Insert,
    Update,
    Delete,
}

/// A change of a row.
#[derive(Clone, Debug)]
struct Change {
    version: i64,
    commit: Commit,
    place: SortKey,
    key: Vec<Value>,
    operation: Operation,
    /// The commit at which the clean-up took it away: a snapshot of before sees it still.
    swept: Option<Commit>,
}

/// What `CHANGETABLE(CHANGES …)` says of a key.
#[derive(Clone, Debug, PartialEq)]
pub struct NetChange {
    /// The last version.
    pub version: i64,
    /// The key, as the last change spells it.
    pub key: Vec<Value>,
    /// From the first change to the last.
    pub operation: Operation,
}

/// The side table of a tracked table.
#[derive(Clone, Debug)]
pub(crate) struct Tracking {
    pub(crate) begin: i64,
    pub(crate) min_valid: i64,
    changes: Vec<Change>,
}

impl Tracking {
    /// Switched on when this version was the current one.
    pub(crate) fn from(version: i64) -> Self {
        Self { begin: version, min_valid: version, changes: Vec::new() }
    }

    pub(crate) fn record(
        &mut self,
        (version, commit): (i64, Commit),
        place: SortKey,
        key: Vec<Value>,
        operation: Operation,
    ) {
        self.changes.push(Change { version, commit, place, key, operation, swept: None });
    }

    /// The clean-up takes changes up to a version away.
    pub(crate) fn sweep(&mut self, through: i64, commit: Commit) {
        for change in self.changes.iter_mut().filter(|change| change.version <= through) {
            change.swept.get_or_insert(commit);
        }
        self.min_valid = self.min_valid.max(through);
    }

    /// The changes after a version that a snapshot of this commit sees, one for each key, in the order of the keys.
    pub(crate) fn since(&self, version: i64, seen: Commit) -> Vec<NetChange> {
        let mut by_key: BTreeMap<&SortKey, (&Change, &Change)> = BTreeMap::new();
        let visible = |change: &&Change| {
            change.version > version && change.commit <= seen && change.swept.is_none_or(|swept| swept > seen)
        };
        for change in self.changes.iter().filter(visible) {
            by_key.entry(&change.place).and_modify(|(_, last)| *last = change).or_insert((change, change));
        }
        by_key
            .into_values()
            .map(|(first, last)| NetChange {
                version: last.version,
                key: last.key.clone(),
                operation: match (first.operation, last.operation) {
                    (_, Operation::Delete) => Operation::Delete,
                    (Operation::Insert, _) => Operation::Insert,
                    _ => Operation::Update,
                },
            })
            .collect()
    }
}
