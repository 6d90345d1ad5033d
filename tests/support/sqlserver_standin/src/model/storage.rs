//! The rows of a table: versions by commit, and what open transactions have written.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::schema::TableDef;
use super::slot::{Commit, Row, Slot};
use crate::error::ServerError;
use crate::typed::{SortKey, Value, sort_key};

/// Makes the rows of a table that has too many to be kept.
pub(crate) type Maker = Arc<dyn Fn(u64, &mut Vec<Value>) + Send + Sync>;

/// The rows of a table.
#[derive(Clone)]
pub(crate) enum Storage {
    Slots(Slots),
    /// So many rows, in the order of their key. Nobody writes them.
    Made {
        count: u64,
        make: Maker,
    },
}

/// Rows that are kept, by their clustered key or, without one, in the order of their inserts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots {
    pub(crate) slots: BTreeMap<SortKey, Slot>,
    next_row: u64,
    /// For each enforced index that is not the clustered one: its values, and where their row is.
    unique: Vec<BTreeMap<SortKey, SortKey>>,
}

/// A row that was written.
pub(crate) struct Written {
    pub(crate) key: SortKey,
}

impl Slots {
    pub(crate) fn of(definition: &TableDef) -> Self {
        Self { unique: vec![BTreeMap::new(); unique_indexes(definition).len()], ..Self::default() }
    }

    /// Where a row belongs.
    pub(crate) fn key_of(&mut self, definition: &TableDef, row: &[Value]) -> SortKey {
        match clustered(definition) {
            Some(columns) => key_by(definition, &columns, row),
            None => {
                self.next_row += 1;
                self.next_row.to_be_bytes().as_slice().into()
            }
        }
    }

    pub(crate) fn insert(&mut self, definition: &TableDef, transaction: u64, row: Row) -> Result<Written, ServerError> {
        let key = self.key_of(definition, &row);
        self.put(definition, transaction, key, row)
    }

    /// Puts a row where none is.
    fn put(&mut self, definition: &TableDef, transaction: u64, key: SortKey, row: Row) -> Result<Written, ServerError> {
        if let Some(slot) = self.slots.get(&key) {
            slot.locked(transaction)?;
            if slot.latest().is_some() {
                return Err(duplicate(definition));
            }
        }
        self.take_unique(definition, &key, &row)?;
        self.slots.entry(key.clone()).or_default().write(transaction, Some(row));
        Ok(Written { key })
    }

    /// Replaces the row at a place; if its key is another one now, it moves.
    pub(crate) fn update(
        &mut self,
        definition: &TableDef,
        transaction: u64,
        key: &SortKey,
        row: Row,
    ) -> Result<Vec<Written>, ServerError> {
        let moved = match clustered(definition) {
            Some(columns) => Some(key_by(definition, &columns, &row)).filter(|new| new != key),
            None => None,
        };
        if let Some(to) = moved {
            let before = self.slots.get(key).cloned();
            let gone = self.delete(definition, transaction, key)?;
            return match self.put(definition, transaction, to, row) {
                Ok(written) => Ok(vec![gone, written]),
                Err(error) => {
                    // A statement that fails changes nothing.
                    if let Some((slot, row)) = before.and_then(|slot| Some((slot.clone(), slot.latest()?.clone()))) {
                        self.slots.insert(key.clone(), slot);
                        self.take_unique(definition, key, &row)?;
                    }
                    Err(error)
                }
            };
        }
        let before = self.delete_entries(definition, transaction, key)?;
        if let Err(error) = self.take_unique(definition, key, &row) {
            self.take_unique(definition, key, &before)?;
            return Err(error);
        }
        if let Some(slot) = self.slots.get_mut(key) {
            slot.write(transaction, Some(row));
        }
        Ok(vec![Written { key: key.clone() }])
    }

    pub(crate) fn delete(
        &mut self,
        definition: &TableDef,
        transaction: u64,
        key: &SortKey,
    ) -> Result<Written, ServerError> {
        self.delete_entries(definition, transaction, key)?;
        if let Some(slot) = self.slots.get_mut(key) {
            slot.write(transaction, None);
        }
        Ok(Written { key: key.clone() })
    }

    /// Takes what indexes say of the row at a place away, and returns the row.
    fn delete_entries(&mut self, definition: &TableDef, transaction: u64, key: &SortKey) -> Result<Row, ServerError> {
        let slot = self.slots.get(key).ok_or_else(|| ServerError::new(50_001, "no such row"))?;
        slot.locked(transaction)?;
        let row = slot.latest().ok_or_else(|| ServerError::new(50_001, "no such row"))?.clone();
        self.forget_unique(definition, key, &row);
        Ok(row)
    }

    fn forget_unique(&mut self, definition: &TableDef, key: &SortKey, row: &Row) {
        for (entries, columns) in self.unique.iter_mut().zip(unique_indexes(definition)) {
            let entry = key_by(definition, &columns, row);
            if entries.get(&entry) == Some(key) {
                entries.remove(&entry);
            }
        }
    }

    fn take_unique(&mut self, definition: &TableDef, key: &SortKey, row: &Row) -> Result<(), ServerError> {
        let columns = unique_indexes(definition);
        let entries: Vec<SortKey> = columns.iter().map(|columns| key_by(definition, columns, row)).collect();
        if self.unique.iter().zip(&entries).any(|(known, entry)| known.get(entry).is_some_and(|at| at != key)) {
            return Err(duplicate(definition));
        }
        for (known, entry) in self.unique.iter_mut().zip(entries) {
            known.insert(entry, key.clone());
        }
        Ok(())
    }

    /// The places and rows that this transaction sees and a condition lets through.
    pub(crate) fn matching(
        &self,
        transaction: u64,
        mut is_meant: impl FnMut(&[Value]) -> bool,
    ) -> Result<Vec<(SortKey, Row)>, ServerError> {
        let mut found = Vec::new();
        for (key, slot) in &self.slots {
            if let Some(row) = slot.latest().filter(|row| is_meant(row)) {
                slot.locked(transaction)?;
                found.push((key.clone(), row.clone()));
            }
        }
        Ok(found)
    }

    /// The same, but one at most.
    pub(crate) fn first_matching(
        &self,
        transaction: u64,
        mut is_meant: impl FnMut(&[Value]) -> bool,
    ) -> Result<Vec<(SortKey, Row)>, ServerError> {
        for (key, slot) in &self.slots {
            if let Some(row) = slot.latest().filter(|row| is_meant(row)) {
                slot.locked(transaction)?;
                return Ok(vec![(key.clone(), row.clone())]);
            }
        }
        Ok(Vec::new())
    }

    /// The first row from a place on that nobody else has written; from the first place where there is none.
    pub(crate) fn at_or_after(&self, transaction: u64, place: &SortKey) -> Option<Row> {
        let after = self.slots.range::<SortKey, _>(place..).chain(self.slots.range::<SortKey, _>(..place));
        after.filter(|(_, slot)| slot.locked(transaction).is_ok()).find_map(|(_, slot)| slot.latest().cloned())
    }

    /// The row at a place, as this transaction sees it.
    pub(crate) fn at(&self, transaction: u64, key: &SortKey) -> Result<Option<Row>, ServerError> {
        let Some(slot) = self.slots.get(key) else { return Ok(None) };
        slot.locked(transaction)?;
        Ok(slot.latest().cloned())
    }

    /// What a transaction wrote at a place becomes true; returns the row before and after.
    pub(crate) fn commit(&mut self, key: &SortKey, commit: Commit) -> (Option<Row>, Option<Row>) {
        let Some(slot) = self.slots.get_mut(key) else { return (None, None) };
        slot.commit(commit).unwrap_or_default()
    }

    /// What a transaction wrote at a place is forgotten.
    pub(crate) fn roll_back(&mut self, definition: &TableDef, key: &SortKey) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        let Some(written) = slot.roll_back() else { return };
        let current = slot.committed().cloned();
        if slot.is_empty() {
            self.slots.remove(key);
        }
        if let Some(row) = written {
            self.forget_unique(definition, key, &row);
        }
        if let Some(row) = current {
            for (entries, columns) in self.unique.iter_mut().zip(unique_indexes(definition)) {
                entries.insert(key_by(definition, &columns, &row), key.clone());
            }
        }
    }

    /// Rows of a first load: committed at once, without a transaction of their own.
    pub(crate) fn load(&mut self, definition: &TableDef, row: Row, commit: Commit) -> Result<(), ServerError> {
        let written = self.insert(definition, 0, row)?;
        self.commit(&written.key, commit);
        Ok(())
    }

    /// Ends all rows.
    pub(crate) fn truncate(&mut self, commit: Commit) {
        for slot in self.slots.values_mut() {
            slot.end(commit);
        }
        self.unique.iter_mut().for_each(BTreeMap::clear);
    }

    /// Changes every version of every row: what a change of the table's columns does.
    pub(crate) fn rewrite(&mut self, mut change: impl FnMut(&[Value]) -> Vec<Value>) {
        for slot in self.slots.values_mut() {
            for row in slot.versions() {
                *row = change(row).into();
            }
        }
    }

    /// Is any row written by an open transaction?
    pub(crate) fn is_locked(&self) -> bool {
        self.slots.values().any(Slot::is_written)
    }

    /// How many rows are committed.
    pub(crate) fn count(&self) -> u64 {
        self.slots.values().filter(|slot| slot.committed().is_some()).count() as u64
    }

    /// Forgets what no snapshot from `commit` on can see.
    pub(crate) fn forget_before(&mut self, commit: Commit) {
        self.slots.retain(|_, slot| {
            slot.forget_before(commit);
            !slot.is_empty()
        });
    }
}

fn duplicate(definition: &TableDef) -> ServerError {
    ServerError::new(
        2627,
        format!(
            "Violation of a unique constraint. Cannot insert duplicate key in object '{}'.",
            definition.full_name()
        ),
    )
    .of_class(14)
}

/// The columns of the index that orders the rows: the primary key's, or none for a heap.
pub(crate) fn clustered(definition: &TableDef) -> Option<Vec<usize>> {
    Some(definition.key()).filter(|key| !key.is_empty())
}

fn unique_indexes(definition: &TableDef) -> Vec<Vec<usize>> {
    let clustered = clustered(definition);
    definition
        .indexes
        .iter()
        .filter(|index| index.is_enforced())
        .filter_map(|index| definition.places(&index.columns))
        .filter(|columns| Some(columns) != clustered.as_ref())
        .collect()
}

/// The key that these columns of a row make.
pub(crate) fn key_by(definition: &TableDef, columns: &[usize], row: &[Value]) -> SortKey {
    sort_key(columns.iter().map(|at| (&row[*at], &definition.columns[*at].collation)))
}
