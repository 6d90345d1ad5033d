//! What the new entries are about: of which types are there any, and do all of them name a row?

use crate::batch::LogCounts;
use crate::capture::keyed::change_log::claim::Claim;
use crate::capture::keyed::change_log::resolve::Log;
use crate::model::TableSpec;
use crate::source::{EntryCounts, Group};

/// The new entries of one table of a log, by type.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    types: Vec<EntryCounts>,
}

impl Scan {
    pub(super) fn of(types: Vec<EntryCounts>) -> Self {
        Self { types }
    }

    fn entries(&self, claim: &Claim) -> impl Iterator<Item = &EntryCounts> {
        self.types.iter().filter(|e| claim.groups.contains(&e.group))
    }

    /// Whether there are entries that may have changed the claim's rows.
    pub fn concerns(&self, claim: &Claim) -> bool {
        self.entries(claim).any(|e| e.count > e.ignored)
    }

    /// Whether rows changed that no entry names.
    pub fn names_no_row(&self, claim: &Claim) -> bool {
        self.entries(claim).any(|e| e.nameless > 0)
    }

    pub(super) fn total(&self) -> u64 {
        self.types.iter().map(|e| e.count).sum()
    }

    /// Adds the entries up; those that none of the tables claims apart.
    pub(super) fn count(&self, log: &Log<'_>, table: usize, tables: &[TableSpec], into: &mut LogCounts) {
        let own_names =
            tables.iter().filter(|t| t.log_types.is_empty() || t.log_types.iter().any(|l| l.name.is_empty()));
        let dialect = log.facts.dialect();
        let own_names = own_names.map(|t| dialect.qualified(&t.source));
        let names = tables.iter().flat_map(|t| &t.log_types).map(|t| t.name.clone()).chain(own_names);
        let found = names.filter_map(|n| log.groups(&n)).filter(|(t, _)| *t == table);
        let claimed: Vec<Group> = found.flat_map(|(_, groups)| groups).collect();
        for entries in &self.types {
            into.entries += entries.count;
            into.ignored += entries.ignored;
            if !claimed.contains(&entries.group) {
                into.unclaimed += entries.count;
            }
        }
    }
}
