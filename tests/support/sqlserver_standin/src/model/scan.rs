//! Reads of a table, a few hundred rows at a time: writers go on meanwhile.

use std::collections::{HashMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use super::schema::TableDef;
use super::slot::Row;
use super::storage::{Storage, clustered, key_by};
use super::{Model, Visibility};
use crate::error::ServerError;
use crate::typed::SortKey;

const AT_ONCE: usize = 256;

/// Which keys: `after < key <= until`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) after: Option<SortKey>,
    pub(crate) until: Option<SortKey>,
}

impl Bounds {
    fn holds(&self, key: &SortKey) -> bool {
        self.after.as_ref().is_none_or(|after| key > after) && self.until.as_ref().is_none_or(|until| key <= until)
    }
}

/// In which order the rows come.
#[derive(Clone, Debug)]
enum From {
    /// As they are kept, from a key on.
    Kept { table: i32, next: Bound<SortKey>, until: Option<SortKey> },
    /// Made, from a number to one.
    Made { table: i32, next: u64, end: u64 },
    /// Gathered and put in order before.
    Gathered,
}

/// A read that is under way.
pub(crate) struct Scan {
    model: Model,
    pub(crate) definition: Arc<TableDef>,
    by: Visibility,
    from: From,
    waiting: VecDeque<Row>,
}

impl Scan {
    /// Rows of a table or a view within bounds of a key, in its order. Where the table is kept in another order they are gathered first.
    pub(crate) fn start(
        model: &Model,
        name: &str,
        by: Visibility,
        key: &[usize],
        bounds: Bounds,
    ) -> Result<Self, ServerError> {
        model.with(|database| {
            let definition = database.definition(name).ok_or_else(|| ServerError::no_object(name))?;
            let mut scan =
                Self { model: model.clone(), definition, by, from: From::Gathered, waiting: VecDeque::new() };
            if let Some(table) = database.table(name)
                && (key.is_empty() || clustered(&table.definition).as_deref() == Some(key))
            {
                scan.from = match &table.storage {
                    Storage::Slots(_) => From::Kept {
                        table: table.id,
                        next: bounds.after.map_or(Bound::Unbounded, Bound::Excluded),
                        until: bounds.until,
                    },
                    Storage::Made { count, make } => {
                        // The first number whose key is above a bound.
                        let above = |bound: &SortKey| {
                            let (mut low, mut high) = (0, *count);
                            let mut row = Vec::new();
                            while low < high {
                                let middle = low + (high - low) / 2;
                                row.clear();
                                make(middle, &mut row);
                                if key_by(&table.definition, key, &row) > *bound {
                                    high = middle
                                } else {
                                    low = middle + 1
                                }
                            }
                            low
                        };
                        From::Made {
                            table: table.id,
                            next: bounds.after.as_ref().map_or(0, above),
                            end: bounds.until.as_ref().map_or(*count, above),
                        }
                    }
                };
                return Ok(scan);
            }
            Ok(Self::of_rows(model, scan.definition, by, database.rows_of(name, by)?, (key, &bounds)))
        })
    }

    /// Rows that are there already, put in the order of a key where one is given, within its bounds.
    pub(crate) fn of_rows(
        model: &Model,
        definition: Arc<TableDef>,
        by: Visibility,
        rows: Vec<Row>,
        (key, bounds): (&[usize], &Bounds),
    ) -> Self {
        let mut rows: Vec<(SortKey, Row)> = rows
            .into_iter()
            .map(|row| (key_by(&definition, key, &row), row))
            .filter(|(key, _)| bounds.holds(key))
            .collect();
        if !key.is_empty() {
            rows.sort_by(|a, b| a.0.cmp(&b.0));
        }
        let waiting = rows.into_iter().map(|(_, row)| row).collect();
        Self { model: model.clone(), definition, by, from: From::Gathered, waiting }
    }

    /// The next row.
    pub(crate) fn next(&mut self) -> Result<Option<Row>, ServerError> {
        if self.waiting.is_empty() {
            self.fill()?;
        }
        Ok(self.waiting.pop_front())
    }

    fn fill(&mut self) -> Result<(), ServerError> {
        let Self { model, definition, by, from, waiting } = self;
        model.with(|database| match from {
            From::Gathered => Ok(()),
            From::Made { table, next, end } => {
                let Some(Storage::Made { make, .. }) = database.table_by_id(*table).map(|table| &table.storage) else {
                    return Err(dropped(definition));
                };
                while *next < *end && waiting.len() < AT_ONCE {
                    let mut row = Vec::with_capacity(definition.columns.len());
                    make(*next, &mut row);
                    *next += 1;
                    waiting.push_back(row.into());
                }
                Ok(())
            }
            From::Kept { table, next, until } => {
                let Some(Storage::Slots(slots)) = database.table_by_id(*table).map(|table| &table.storage) else {
                    return Err(dropped(definition));
                };
                let end = until.clone().map_or(Bound::Unbounded, Bound::Included);
                if let (Bound::Excluded(after), Bound::Included(until)) = (&*next, &end)
                    && after >= until
                {
                    return Ok(());
                }
                for (key, slot) in slots.slots.range::<SortKey, _>((next.clone(), end)) {
                    *next = Bound::Excluded(key.clone());
                    if let Some(row) = slot.seen(*by)?.filter(|row| database.lets_through(definition, row)) {
                        waiting.push_back(database.as_shown(definition, row));
                    }
                    if waiting.len() >= AT_ONCE {
                        break;
                    }
                }
                Ok(())
            }
        })
    }
}

fn dropped(definition: &TableDef) -> ServerError {
    ServerError::no_object(&definition.full_name())
}

/// The rows that have one of these keys, with its number in the list.
pub(crate) fn lookup(
    model: &Model,
    name: &str,
    by: Visibility,
    key: &[usize],
    keys: &[SortKey],
) -> Result<Vec<(usize, Row)>, ServerError> {
    let is_clustered = model.with(|database| {
        database.table(name).is_some_and(|table| {
            matches!(table.storage, Storage::Slots(_)) && clustered(&table.definition).as_deref() == Some(key)
        })
    });
    let mut found = Vec::new();
    if is_clustered {
        return model.with(|database| {
            let Some(table) = database.table(name) else { return Err(ServerError::no_object(name)) };
            let Storage::Slots(slots) = &table.storage else { return Ok(found) };
            for (number, wanted) in keys.iter().enumerate() {
                let Some(slot) = slots.slots.get(wanted) else { continue };
                if let Some(row) = slot.seen(by)?.filter(|row| database.lets_through(&table.definition, row)) {
                    found.push((number, database.as_shown(&table.definition, row)));
                }
            }
            Ok(found)
        });
    }
    let wanted: HashMap<&SortKey, usize> = keys.iter().enumerate().map(|(number, key)| (key, number)).collect();
    let mut scan = Scan::start(model, name, by, &[], Bounds::default())?;
    while let Some(row) = scan.next()? {
        if let Some(number) = wanted.get(&key_by(&scan.definition, key, &row)) {
            found.push((*number, row));
        }
    }
    Ok(found)
}
