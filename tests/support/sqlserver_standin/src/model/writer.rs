//! Transactions that write, as a test drives them.

use super::Model;
use super::database::{Counted, Database};
use super::mirror::Change;
use super::row_view::RowView;
use super::schema::TableDef;
use super::slot::Row;
use super::storage::{Slots, Storage, key_by};
use crate::error::ServerError;
use crate::typed::{SortKey, Value, sort_key};

/// An open transaction. Several may be open at once; dropping one rolls it back.
pub struct Writer {
    model: Model,
    number: u64,
}

impl Writer {
    pub(crate) fn begin(model: Model) -> Self {
        let number = model.with(|database| {
            database.next_transaction += 1;
            let began = database.clock.now();
            let open = super::database::Open { began, ..Default::default() };
            database.open.insert(database.next_transaction, open);
            database.tell(Change::Begin(database.next_transaction));
            database.next_transaction
        });
        Self { model, number }
    }

    /// INSERT with the values of all columns. NULL asks for the default, the counter, the rowversion.
    pub fn insert(&mut self, table: &str, row: Vec<Value>) -> Result<(), ServerError> {
        let number = self.number;
        self.on(table, |database, id, definition| {
            let row = database.complete(id, number, row, Counted::Now)?;
            let written = slots(database, id)?.insert(definition, number, row.clone())?;
            touch(database, number, id, written.key);
            database.tell(Change::Insert(number, definition, &row));
            Ok(())
        })
    }

    /// INSERT with the values of some columns.
    pub fn insert_some(&mut self, table: &str, values: &[(&str, Value)]) -> Result<(), ServerError> {
        let definition = self.model.definition(table).ok_or_else(|| ServerError::no_object(table))?;
        let row = definition
            .columns
            .iter()
            .map(|column| {
                let given = values.iter().find(|(name, _)| column.name.eq_ignore_ascii_case(name));
                given.map_or(Value::Null, |(_, value)| value.clone())
            })
            .collect();
        if let Some((name, _)) = values.iter().find(|(name, _)| definition.place(name).is_none()) {
            return Err(no_column(name));
        }
        self.insert(table, row)
    }

    /// UPDATE of the rows that a condition lets through; returns how many.
    pub fn update_where(
        &mut self,
        table: &str,
        mut is_meant: impl FnMut(&RowView<'_>) -> bool,
        set: &[(&str, Value)],
    ) -> Result<usize, ServerError> {
        let number = self.number;
        self.on(table, |database, id, definition| {
            let found =
                slots(database, id)?.matching(number, |row| is_meant(&RowView::new(&definition.columns, row)))?;
            update(database, (id, number), definition, found, set)
        })
    }

    /// UPDATE of the row with a key; returns 0 where there is none.
    pub fn update(&mut self, table: &str, key: &[Value], set: &[(&str, Value)]) -> Result<usize, ServerError> {
        let number = self.number;
        self.on(table, |database, id, definition| {
            let found = by_key(database, id, definition, number, key)?;
            update(database, (id, number), definition, found, set)
        })
    }

    /// DELETE of the row with a key; returns 0 where there is none.
    pub fn delete(&mut self, table: &str, key: &[Value]) -> Result<usize, ServerError> {
        let number = self.number;
        self.on(table, |database, id, definition| {
            let found = by_key(database, id, definition, number, key)?;
            delete(database, (id, number), definition, found)
        })
    }

    /// DELETE of the rows that a condition lets through; returns how many.
    pub fn delete_where(
        &mut self,
        table: &str,
        mut is_meant: impl FnMut(&RowView<'_>) -> bool,
    ) -> Result<usize, ServerError> {
        let number = self.number;
        self.on(table, |database, id, definition| {
            let found =
                slots(database, id)?.matching(number, |row| is_meant(&RowView::new(&definition.columns, row)))?;
            delete(database, (id, number), definition, found)
        })
    }

    /// DELETE TOP (1): one row at most of those that a condition lets through.
    pub fn delete_one_where(
        &mut self,
        table: &str,
        mut is_meant: impl FnMut(&RowView<'_>) -> bool,
    ) -> Result<usize, ServerError> {
        let number = self.number;
        self.on(table, |database, id, definition| {
            let found =
                slots(database, id)?.first_matching(number, |row| is_meant(&RowView::new(&definition.columns, row)))?;
            delete(database, (id, number), definition, found)
        })
    }

    /// The first row whose key begins with this number or a greater one, or else the first of all, of those that no other transaction has
    /// written. Of a table without a key the number is that of the insert.
    pub fn row_from(&self, table: &str, number: i64) -> Result<Option<Row>, ServerError> {
        self.model.with(|database| {
            let known = database.table(table).ok_or_else(|| ServerError::no_object(table))?;
            let (id, definition) = (known.id, known.definition.clone());
            let place: SortKey = match definition.key().first() {
                Some(at) => sort_key([(&Value::Int(number), &definition.columns[*at].collation)]),
                None => number.to_be_bytes().as_slice().into(),
            };
            Ok(slots(database, id)?.at_or_after(self.number, &place))
        })
    }

    /// The rows of a table as this transaction sees them.
    pub fn rows(&self, table: &str) -> Result<Vec<Row>, ServerError> {
        self.model.with(|database| {
            let id = database.table(table).ok_or_else(|| ServerError::no_object(table))?.id;
            Ok(slots(database, id)?.matching(self.number, |_| true)?.into_iter().map(|(_, row)| row).collect())
        })
    }

    /// COMMIT.
    pub fn commit(self) {
        self.model.with(|database| {
            database.commit(self.number);
            database.tell(Change::Commit(self.number));
        });
    }

    /// ROLLBACK.
    pub fn roll_back(self) {
        drop(self);
    }

    fn on<T>(
        &mut self,
        table: &str,
        write: impl FnOnce(&mut Database, i32, &TableDef) -> Result<T, ServerError>,
    ) -> Result<T, ServerError> {
        self.model.with(|database| {
            let known = database.table(table).ok_or_else(|| ServerError::no_object(table))?;
            let (id, definition) = (known.id, known.definition.clone());
            if !database.open.contains_key(&self.number) {
                return Err(ServerError::new(
                    3971,
                    "The transaction is not there any more: the database was restored.",
                ));
            }
            write(database, id, &definition)
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Nothing is left of it after a commit.
        self.model.with(|database| {
            if database.open.contains_key(&self.number) {
                database.roll_back(self.number);
                database.tell(Change::RollBack(self.number));
            }
        });
    }
}

fn slots(database: &mut Database, id: i32) -> Result<&mut Slots, ServerError> {
    let table = database.tables.iter_mut().find(|table| table.id == id);
    match table.map(|table| &mut table.storage) {
        Some(Storage::Slots(slots)) => Ok(slots),
        _ => Err(ServerError::new(3906, "Failed to update: the rows of this table are made, not kept.")),
    }
}

fn no_column(name: &str) -> ServerError {
    ServerError::new(207, format!("Invalid column name '{name}'."))
}

fn by_key(
    database: &mut Database,
    id: i32,
    definition: &TableDef,
    transaction: u64,
    key: &[Value],
) -> Result<Vec<(SortKey, Row)>, ServerError> {
    let columns = definition.key();
    if columns.is_empty() || columns.len() != key.len() {
        return Err(ServerError::new(50_002, format!("{} has another key", definition.full_name())));
    }
    // The key's columns at their places, so that each compares by its own collation.
    let mut row = vec![Value::Null; definition.columns.len()];
    for (at, value) in columns.iter().zip(key) {
        row[*at] = value.clone();
    }
    let place = key_by(definition, &columns, &row);
    Ok(slots(database, id)?.at(transaction, &place)?.map(|row| (place, row)).into_iter().collect())
}

fn update(
    database: &mut Database,
    (id, transaction): (i32, u64),
    definition: &TableDef,
    found: Vec<(SortKey, Row)>,
    set: &[(&str, Value)],
) -> Result<usize, ServerError> {
    let count = found.len();
    for (place, before) in found {
        let mut row = before.to_vec();
        for (name, value) in set {
            row[definition.place(name).ok_or_else(|| no_column(name))?] = value.clone();
        }
        let row = database.complete(id, transaction, row, Counted::Already)?;
        let written = slots(database, id)?.update(definition, transaction, &place, row)?;
        written.into_iter().for_each(|written| touch(database, transaction, id, written.key));
        database.tell(Change::Update(transaction, definition, &before, set));
    }
    Ok(count)
}

fn delete(
    database: &mut Database,
    (id, transaction): (i32, u64),
    definition: &TableDef,
    found: Vec<(SortKey, Row)>,
) -> Result<usize, ServerError> {
    for (place, row) in &found {
        let gone = slots(database, id)?.delete(definition, transaction, place)?;
        touch(database, transaction, id, gone.key);
        database.tell(Change::Delete(transaction, definition, row));
    }
    Ok(found.len())
}

/// Remembers what commit and rollback are about. A statement that fails halfway leaves the rows it wrote before to the rollback.
fn touch(database: &mut Database, transaction: u64, id: i32, place: SortKey) {
    if let Some(open) = database.open.get_mut(&transaction) {
        open.touched.push((id, place));
    }
}
