//! A table's place in the log: from where it reads.

use crate::batch::{CursorMark, LogMark, Snapshot};
use crate::capture::keyed::log::claim::Claim;
use crate::capture::keyed::log::resolve::{Log, LogRelation};
use crate::source::changed_since;

/// From where entries are read.
#[derive(Clone, Debug)]
pub struct Place {
    pub snapshot: Snapshot,
    pub(super) ids: Option<CursorMark>,
}

impl Place {
    /// The place of a table in the log its claim reads.
    pub fn of(log: &Log<'_>, claim: &Claim, mark: &LogMark) -> Self {
        let table = &log.tables[claim.log];
        let marked = mark.logs.iter().find(|l| l.name == table.name.to_string());
        Self { snapshot: mark.snapshot.clone(), ids: marked.and_then(|m| m.ids.clone()) }
    }

    /// A condition over the entry `t`: written since.
    pub(super) fn since(&self, log: &LogRelation) -> String {
        let floor = log.ids.as_ref().zip(self.ids.as_ref()).and_then(|(ids, mark)| ids.above_floor(mark));
        let rule = changed_since(&self.snapshot);
        floor.into_iter().chain([rule]).collect::<Vec<_>>().join(" AND ")
    }
}
