//! All that there was of one row, and what an open transaction has made of it.

use std::sync::Arc;

use crate::error::ServerError;
use crate::typed::Value;

/// A row.
pub type Row = Arc<[Value]>;

/// Counts commits of the database, from 1.
pub(crate) type Commit = u64;

/// What a statement sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// What was committed then.
    At(Commit),
    /// What is committed when the row is read; a row that a transaction has written is locked.
    Committed,
}

#[derive(Clone, Debug)]
struct Version {
    begin: Commit,
    row: Row,
}

/// All that there was of a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot {
    current: Option<Version>,
    /// With the commit that ended each.
    old: Vec<(Version, Commit)>,
    pending: Option<Pending>,
}

/// What an open transaction made of a row: `None` is a delete.
#[derive(Clone, Debug)]
struct Pending {
    transaction: u64,
    row: Option<Row>,
}

impl Slot {
    /// The row as this statement sees it.
    pub(crate) fn seen(&self, by: Visibility) -> Result<Option<&Row>, ServerError> {
        match by {
            Visibility::At(commit) => {
                if let Some(version) = self.current.as_ref().filter(|version| version.begin <= commit) {
                    return Ok(Some(&version.row));
                }
                let seen = |(version, end): &&(Version, Commit)| version.begin <= commit && commit < *end;
                Ok(self.old.iter().rev().find(seen).map(|(version, _)| &version.row))
            }
            Visibility::Committed if self.pending.is_some() => Err(ServerError::lock_timeout()),
            Visibility::Committed => Ok(self.committed()),
        }
    }

    pub(crate) fn committed(&self) -> Option<&Row> {
        self.current.as_ref().map(|version| &version.row)
    }

    /// The row as its own writer sees it.
    pub(super) fn latest(&self) -> Option<&Row> {
        match &self.pending {
            Some(pending) => pending.row.as_ref(),
            None => self.committed(),
        }
    }

    /// Fails where another transaction has written the row.
    pub(super) fn locked(&self, transaction: u64) -> Result<(), ServerError> {
        match &self.pending {
            Some(pending) if pending.transaction != transaction => Err(ServerError::lock_timeout()),
            _ => Ok(()),
        }
    }

    /// Has an open transaction written the row?
    pub(super) fn is_written(&self) -> bool {
        self.pending.is_some()
    }

    pub(super) fn write(&mut self, transaction: u64, row: Option<Row>) {
        self.pending = Some(Pending { transaction, row });
    }

    /// What was written becomes true: the row before and after, or nothing where nothing was written.
    pub(super) fn commit(&mut self, commit: Commit) -> Option<(Option<Row>, Option<Row>)> {
        let pending = self.pending.take()?;
        let before = self.committed().cloned();
        self.end(commit);
        self.current = pending.row.clone().map(|row| Version { begin: commit, row });
        Some((before, pending.row))
    }

    /// What was written is forgotten, and returned.
    pub(super) fn roll_back(&mut self) -> Option<Option<Row>> {
        self.pending.take().map(|pending| pending.row)
    }

    /// The row ends.
    pub(super) fn end(&mut self, commit: Commit) {
        if let Some(version) = self.current.take() {
            self.old.push((version, commit));
        }
    }

    /// Was there never a row?
    pub(super) fn is_empty(&self) -> bool {
        self.current.is_none() && self.pending.is_none() && self.old.is_empty()
    }

    /// Every version of the row.
    pub(super) fn versions(&mut self) -> impl Iterator<Item = &mut Row> {
        let old = self.old.iter_mut().map(|(version, _)| version);
        self.current.iter_mut().chain(old).map(|version| &mut version.row)
    }

    /// Forgets what no snapshot from `commit` on can see.
    pub(super) fn forget_before(&mut self, commit: Commit) {
        self.old.retain(|(_, end)| *end > commit);
    }
}
