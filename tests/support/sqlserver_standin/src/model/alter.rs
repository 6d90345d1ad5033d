//! DDL. Metadata has no versions: a snapshot of before a change can't read the table any more.

use std::sync::Arc;

use super::Model;
use super::database::Database;
use super::fit::store;
use super::mirror::Change;
use super::schema::{ColumnDef, TableDef};
use super::storage::Storage;
use super::tracking::Tracking;
use crate::error::ServerError;
use crate::typed::Value;

impl Model {
    /// TRUNCATE TABLE: change tracking does not tell of the rows, it raises the min valid version; the counter begins anew; a snapshot of before cannot read the table
    /// any more.
    pub fn truncate(&self, table: &str) -> Result<(), ServerError> {
        self.ddl(table, |database, at, commit| {
            let tracks = database.tracking.is_some() && database.tables[at].tracking.is_some();
            if tracks {
                database.ct_version += 1;
                database.tables[at].tracking = Some(Tracking::from(database.ct_version));
            }
            database.tables[at].counter = 0;
            if let Storage::Slots(slots) = &mut database.tables[at].storage {
                slots.truncate(commit);
            }
            database.tell(Change::Truncate(&database.tables[at].definition));
        })
    }

    /// ALTER TABLE … ADD: every row gets the value, and change tracking does not tell of it.
    pub fn add_column(&self, table: &str, column: ColumnDef, value: Value) -> Result<(), ServerError> {
        self.ddl(table, |database, at, _| {
            database.tell(Change::AddColumn(&database.tables[at].definition, &column, &value));
            let table = &mut database.tables[at];
            Arc::make_mut(&mut table.definition).columns.push(column);
            if let Storage::Slots(slots) = &mut table.storage {
                slots.rewrite(|row| row.iter().cloned().chain([value.clone()]).collect());
            }
        })
    }

    /// ALTER TABLE … DROP COLUMN.
    pub fn drop_column(&self, table: &str, column: &str) -> Result<(), ServerError> {
        let definition = self.definition(table).ok_or_else(|| ServerError::no_object(table))?;
        let gone = definition
            .place(column)
            .ok_or_else(|| ServerError::new(4924, format!("column '{column}' does not exist in table '{table}'.")))?;
        self.ddl(table, |database, at, _| {
            database.tell(Change::DropColumn(&database.tables[at].definition, column));
            let table = &mut database.tables[at];
            Arc::make_mut(&mut table.definition).columns.remove(gone);
            if let Storage::Slots(slots) = &mut table.storage {
                slots.rewrite(|row| {
                    let kept = row.iter().enumerate().filter(|(place, _)| *place != gone);
                    kept.map(|(_, value)| value.clone()).collect()
                });
            }
        })
    }

    /// ALTER TABLE … ALTER COLUMN: every value is stored again as the changed column does it, and change tracking does not tell of it. One that
    /// does not fit is left as it is; the server would refuse all of it.
    pub fn alter_column(
        &self,
        table: &str,
        column: &str,
        change: impl FnOnce(&mut ColumnDef),
    ) -> Result<(), ServerError> {
        let definition = self.definition(table).ok_or_else(|| ServerError::no_object(table))?;
        let place = definition
            .place(column)
            .ok_or_else(|| ServerError::new(4924, format!("column '{column}' does not exist in table '{table}'.")))?;
        self.ddl(table, |database, at, _| {
            database.tell(Change::Beyond("a change of a column's type by Rust"));
            let table = &mut database.tables[at];
            let column = &mut Arc::make_mut(&mut table.definition).columns[place];
            change(column);
            if let Storage::Slots(slots) = &mut table.storage {
                slots.rewrite(|row| {
                    let mut row = row.to_vec();
                    if let Ok(stored) = store(column, row[place].clone()) {
                        row[place] = stored;
                    }
                    row
                });
            }
        })
    }

    /// Any other DDL on a table, its values as they are: sp_rename, another index.
    pub fn alter(&self, table: &str, change: impl FnOnce(&mut TableDef)) -> Result<(), ServerError> {
        self.ddl(table, |database, at, _| {
            database.tell(Change::Beyond("a change of a definition by Rust"));
            change(Arc::make_mut(&mut database.tables[at].definition));
        })
    }

    /// ALTER INDEX … REBUILD: no snapshot of before can read the table any more.
    pub fn rebuild_index(&self, table: &str) -> Result<(), ServerError> {
        self.ddl(table, |database, at, _| database.tell(Change::RebuildIndexes(&database.tables[at].definition)))
    }

    fn ddl(&self, table: &str, change: impl FnOnce(&mut Database, usize, u64)) -> Result<(), ServerError> {
        self.with(|database| {
            let id = database.table_mut(table)?.id;
            let position = database.tables.iter().position(|table| table.id == id);
            let at = position.ok_or_else(|| ServerError::no_object(table))?;
            if matches!(&database.tables[at].storage, Storage::Slots(slots) if slots.is_locked()) {
                return Err(ServerError::lock_timeout());
            }
            database.commit += 1;
            let commit = database.commit;
            database.tables[at].altered = commit;
            database.tables[at].modified += 1;
            change(database, at, commit);
            Ok(())
        })
    }
}
