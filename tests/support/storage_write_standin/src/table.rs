//! The state of one table: its columns and key, every change that came, what is left of them, and what readers were shown.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::change::kind::{Change, ChangeType, Key, Row};
use crate::change::merged::Merged;
use crate::change::shown::{Difference, Shown};
use crate::clock::Moment;
use crate::schema::history::{Arrival, History};
use crate::schema::resource::TableResource;
use crate::settings::Settings;
use crate::value::row::Wanted;

/// A table as the server has it.
pub struct Table {
    /// How the catalog described it last.
    pub resource: TableResource,
    /// Its columns over time.
    pub history: History,
    /// When the catalog was asked last.
    pub looked: Moment,
    /// When it took the place of another one of its name.
    pub remade: Option<Moment>,
    /// Every change that came, in the order of arrival: a request that is sent twice is here twice.
    pub log: Vec<Change>,
    /// When the changes were applied last: all that came before are in.
    pub applied: Option<Moment>,
    /// What readers see, where no emulator shows it to them.
    pub shown: Shown,
    merged: Merged,
    /// Keys whose winner readers have not seen.
    unseen: BTreeSet<Key>,
    /// Rows without a change type that they have not seen.
    unseen_appends: Vec<Arc<Row>>,
    marking: Marking,
}

/// Is it known to readers that the table has a stream of changes?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marking {
    NoChanges,
    Unmarked,
    Marked,
}

impl Table {
    /// A table without a change, which has taken another one's place if it was `remade`.
    pub fn new(resource: TableResource, looked: Moment, remade: Option<Moment>, settings: &Settings) -> Self {
        Self {
            history: History::new(resource.columns.clone()),
            resource,
            looked,
            remade,
            log: Vec::new(),
            applied: None,
            shown: Shown::default(),
            merged: Merged::new(settings.seed, settings.tombstones),
            unseen: BTreeSet::new(),
            unseen_appends: Vec::new(),
            marking: Marking::NoChanges,
        }
    }

    /// Is this the table that the resource describes, or another one of its name? A table without a key takes no changes, so nothing is lost
    /// with it, and the emulator gives some such tables a new time of creation with each look.
    pub fn is(&self, resource: &TableResource) -> bool {
        resource.created == self.resource.created || resource.key.is_empty() || self.resource.key.is_empty()
    }

    /// The catalog describes it so now; what is new in it came after another moment.
    pub fn becomes(&mut self, resource: TableResource, arrival: Arrival) {
        if resource.columns != self.resource.columns {
            self.history.becomes(resource.columns.clone(), arrival);
        }
        self.looked = arrival.seen;
        self.resource = resource;
    }

    /// Takes the rows of a request.
    pub fn store(&mut self, rows: Vec<Wanted>, now: Moment) {
        for row in rows {
            match row {
                Wanted::Append(row) => self.unseen_appends.push(row.into()),
                Wanted::Change(change) => {
                    if self.marking == Marking::NoChanges {
                        self.marking = Marking::Unmarked;
                    }
                    self.log.push(change.clone());
                    let key = change.key.clone();
                    if self.merged.take(change, now) {
                        self.unseen.insert(key);
                    }
                }
            }
        }
    }

    /// What readers are to be shown now; `None` if nothing new. With a `max_staleness` they see changes once they are applied.
    pub fn unseen(&mut self) -> Option<Difference> {
        let keys =
            if self.resource.max_staleness.is_zero() { std::mem::take(&mut self.unseen) } else { BTreeSet::new() };
        self.difference(keys)
    }

    /// Applies all changes: readers are to be shown what this returns.
    pub fn apply(&mut self, now: Moment) -> Difference {
        self.applied = Some(now);
        let keys = std::mem::take(&mut self.unseen);
        self.difference(keys).unwrap_or_default()
    }

    fn difference(&mut self, keys: BTreeSet<Key>) -> Option<Difference> {
        let mut difference = Difference { appends: std::mem::take(&mut self.unseen_appends), ..Difference::default() };
        for change in keys.iter().filter_map(|key| self.merged.winner(key)).map(|winner| &winner.change) {
            match change.kind {
                ChangeType::Upsert => difference.upserts.push(change.row.clone()),
                ChangeType::Delete => difference.deletes.push(self.key_values(&change.row)),
            }
        }
        let is_first = self.marking == Marking::Unmarked;
        if is_first {
            self.marking = Marking::Marked;
        }
        (is_first || !difference.is_empty()).then_some(difference)
    }

    fn key_values(&self, row: &Row) -> Row {
        let value = |column: &String| row.get(column).map(|value| (column.clone(), value.clone()));
        self.resource.key.iter().filter_map(value).collect()
    }

    /// Had it ever a change? DML is refused from then on.
    pub fn has_changes(&self) -> bool {
        self.marking != Marking::NoChanges
    }
}
