//! One look over the new entries: of which types are there any, and do all of them name a row?

use crate::batch::LogCounts;
use crate::capture::keyed::log::claim::Claim;
use crate::capture::keyed::log::key_sql::{action_is, names_no_row};
use crate::capture::keyed::log::place::Place;
use crate::capture::keyed::log::resolve::{Group, Log};
use crate::model::TableSpec;
use crate::source::{ident, qualified};

/// What the new entries are about.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    types: Vec<Entries>,
}

/// The new entries of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Entries {
    group: Group,
    count: u64,
    ignored: u64,
    /// Entries that change rows without naming them.
    nameless: u64,
}

/// The statement; an empty tick asks nothing else of the log.
pub fn scan_query(log: &Log<'_>, claim: &Claim, place: &Place) -> String {
    let entries = &log.tables[claim.log];
    let mut types: Vec<String> = log.type_columns().iter().map(|c| format!("{c}::text")).collect();
    types.resize(2, "NULL::text".to_owned());
    let ignored = action_is(log, &log.spec.codes.ignored);
    let truncated = action_is(log, &log.spec.codes.truncated);
    format!(
        "SELECT {}, count(*)::text, (count(*) FILTER (WHERE {ignored}))::text, \
         (count(*) FILTER (WHERE NOT {ignored} AND ({truncated} OR {})))::text \
         FROM {} AS t WHERE {} GROUP BY 1, 2",
        types.join(", "),
        names_no_row(log),
        qualified(&entries.name),
        place.since(entries),
    )
}

impl Scan {
    pub(super) fn of(rows: &[Vec<Option<String>>]) -> Self {
        let number = |f: &Option<String>| f.as_ref().and_then(|t| t.parse().ok()).unwrap_or(0);
        let types = rows.iter().filter_map(|row| match row.as_slice() {
            [a, b, count, ignored, nameless] => Some(Entries {
                group: [a.clone(), b.clone()],
                count: number(count),
                ignored: number(ignored),
                nameless: number(nameless),
            }),
            _ => None,
        });
        Self { types: types.collect() }
    }

    fn entries(&self, claim: &Claim) -> impl Iterator<Item = &Entries> {
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
        let own_names = own_names.map(|t| format!("{}.{}", ident(&t.source.schema), ident(&t.source.name)));
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
