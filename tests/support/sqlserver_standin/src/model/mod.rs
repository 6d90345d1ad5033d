//! The data behind the server: tables whose rows are kept as versions, change tracking, and what is true of the database besides.
//!
//! ```text
//!   a test ── Model ─┬─ Writer (several at once) ─▶ rows, rowversions, changes
//!                    └─ DDL, TRUNCATE, clean-up, restore, rights
//!   a client ─ SessionState ─ a snapshot or none ─▶ Scan ─▶ rows
//! ```

mod alter;
mod backup;
mod clock;
mod database;
mod fit;
mod identity;
mod mask;
mod mirror;
#[cfg(test)]
mod oracles;
mod rights;
mod row_view;
mod scan;
mod schema;
mod session;
mod slot;
mod storage;
mod track;
mod tracking;
mod view;
mod writer;

use std::sync::{Arc, Mutex, PoisonError};

pub use backup::Backup;
pub use clock::{civil, datetime2, day};
pub use database::{DatabaseTracking, SnapshotState, Updateability};
pub use identity::Identity;
pub use mirror::{Change, Mirror};
pub use rights::{Policy, Predicate, Rights, Switch};
pub use row_view::RowView;
pub use schema::{ColumnDef, ColumnFlag, Given, IndexDef, IndexFlag, IndexKind, Kept, TableDef};
pub use slot::Row;
pub use tracking::{NetChange, Operation};
pub use view::{ViewDef, ViewReader, ViewRows};
pub use writer::Writer;

pub(crate) use database::{Database, Table};
pub(crate) use fit::store;
pub(crate) use scan::{Bounds, Scan, lookup};
pub(crate) use session::{HashedRow, Look, SessionState, Spool};
pub(crate) use slot::Visibility;
pub(crate) use storage::{Storage, key_by};

use crate::error::ServerError;
use crate::typed::{Collation, Value};
use database::{Counted, View};
use storage::Slots;

/// A database. Clones are the same one.
#[derive(Clone)]
pub struct Model(Arc<Mutex<Database>>);

impl Model {
    /// An empty database: snapshot isolation on, RCSI and change tracking off.
    pub fn new(identity: Identity) -> Self {
        Self(Arc::new(Mutex::new(Database::new(identity))))
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Database) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn session(&self, _read_only: bool) -> SessionState {
        SessionState::new(self.clone())
    }

    /// Its name.
    pub fn database_name(&self) -> String {
        self.with(|database| database.identity.database.clone())
    }

    /// Its collation.
    pub fn collation(&self) -> Collation {
        self.with(|database| database.collation)
    }

    /// What identifies it, to look at or to change.
    pub fn identity<T>(&self, change: impl FnOnce(&mut Identity) -> T) -> T {
        self.with(|database| change(&mut database.identity))
    }

    /// What the login may do, to change.
    pub fn rights<T>(&self, change: impl FnOnce(&mut Rights) -> T) -> T {
        self.with(|database| {
            database.tell(Change::Beyond("other rights"));
            change(&mut database.rights)
        })
    }

    /// Row-level security, to change.
    pub fn policies<T>(&self, change: impl FnOnce(&mut Vec<Policy>) -> T) -> T {
        self.with(|database| {
            database.tell(Change::Beyond("row-level security"));
            change(&mut database.policies)
        })
    }

    /// What a condition in T-SQL lets through. A condition that was never registered is an error, and fails the test.
    pub fn on_where(&self, text: &str, lets_through: impl Fn(&RowView<'_>) -> bool + Send + Sync + 'static) {
        self.with(|database| database.conditions.insert(text.to_owned(), Ok(Arc::new(lets_through))));
    }

    /// A condition that the server refuses.
    pub fn refuse_where(&self, text: &str, error: ServerError) {
        self.with(|database| database.conditions.insert(text.to_owned(), Err(error)));
    }

    /// ALLOW_SNAPSHOT_ISOLATION.
    pub fn set_snapshot_isolation(&self, state: SnapshotState) {
        self.with(|database| {
            database.snapshot = state;
            database.tell(Change::Beyond("another state of snapshot isolation"));
        });
    }

    /// READ_COMMITTED_SNAPSHOT.
    pub fn set_read_committed_snapshot(&self, switch: Switch) {
        self.with(|database| {
            database.rcsi = switch;
            database.tell(Change::ReadCommittedSnapshot(switch));
        });
    }

    /// Is it a readable secondary?
    pub fn set_updateability(&self, updateability: Updateability) {
        self.with(|database| {
            database.updateability = updateability;
            database.tell(Change::Beyond("a readable secondary"));
        });
    }

    /// Stops the server's clock at so many 100 ns ticks since 0001-01-01.
    pub fn set_clock(&self, ticks: u64) {
        self.with(|database| {
            database.clock.set(ticks);
            database.tell(Change::Beyond("a clock that is set"));
        });
    }

    /// CREATE TABLE.
    pub fn create_table(&self, definition: TableDef) {
        let slots = Slots::of(&definition);
        self.put_table(definition, Storage::Slots(slots));
    }

    /// A table of so many rows that are made when they are read, in the order of its key. Nobody can write to it.
    pub fn create_made_table(
        &self,
        definition: TableDef,
        count: u64,
        make: impl Fn(u64, &mut Vec<Value>) + Send + Sync + 'static,
    ) {
        self.put_table(definition, Storage::Made { count, make: Arc::new(make) });
    }

    fn put_table(&self, definition: TableDef, storage: Storage) {
        self.with(|database| {
            let table = Table {
                id: database.new_object(),
                created: iso(database.clock.now()),
                definition: Arc::new(definition),
                storage,
                tracking: None,
                altered: 0,
                modified: 0,
                counter: 0,
            };
            database.tell(Change::CreateTable(&table.definition));
            database.tables.push(table);
        });
    }

    /// DROP TABLE.
    pub fn drop_table(&self, table: &str) -> Result<(), ServerError> {
        self.with(|database| {
            let id = database.table_mut(table)?.id;
            if let Some(table) = database.table_by_id(id) {
                database.tell(Change::DropTable(&table.definition));
            }
            database.tables.retain(|table| table.id != id);
            database.commit += 1;
            Ok(())
        })
    }

    /// CREATE VIEW, or another text for one that is there.
    pub fn create_view(&self, definition: ViewDef) {
        self.with(|database| {
            let name = definition.table.full_name();
            let id = database.view(&name).map(|view| view.id);
            let id = id.unwrap_or_else(|| database.new_object());
            database.views.retain(|view| view.id != id);
            let created = iso(database.clock.now());
            database.views.push(View { id, created, definition: Arc::new(definition) });
        });
    }

    /// Puts rows in, all in one commit. Change tracking does not see them: load before it is on, or write them.
    pub fn load(&self, table: &str, rows: impl IntoIterator<Item = Vec<Value>>) -> Result<(), ServerError> {
        self.with(|database| {
            database.commit += 1;
            let commit = database.commit;
            let id = database.table_mut(table)?.id;
            for row in rows {
                let row = database.complete(id, 0, row, Counted::Now)?;
                if let Some(table) = database.table_by_id(id) {
                    database.tell(Change::Load(&table.definition, std::slice::from_ref(&row)));
                }
                let table = database.table_mut(table)?;
                let definition = table.definition.clone();
                match &mut table.storage {
                    Storage::Slots(slots) => slots.load(&definition, row, commit)?,
                    Storage::Made { .. } => return Err(ServerError::new(3906, "the rows of this table are made")),
                }
            }
            Ok(())
        })
    }

    /// BEGIN TRANSACTION.
    pub fn begin(&self) -> Writer {
        Writer::begin(self.clone())
    }

    /// MIN_ACTIVE_ROWVERSION().
    pub fn min_active_rowversion(&self) -> u64 {
        self.with(|database| database.min_active_rowversion())
    }

    /// What a table or a view is declared as.
    pub fn definition(&self, table: &str) -> Option<Arc<TableDef>> {
        self.with(|database| database.definition(table))
    }

    /// The committed rows of a table or a view, whatever the login may see.
    pub fn rows(&self, table: &str) -> Result<Vec<Row>, ServerError> {
        self.with(|database| {
            let rights = std::mem::take(&mut database.rights);
            let policies = std::mem::take(&mut database.policies);
            let rows = database.rows_of(table, Visibility::At(database.commit));
            database.rights = rights;
            database.policies = policies;
            rows
        })
    }

    /// Of these rows those that a registered condition lets through; none where the condition was never registered.
    pub fn rows_where(&self, table: &str, condition: &str) -> Result<Vec<Row>, ServerError> {
        let rows = self.rows(table)?;
        self.with(|database| {
            let definition = database.definition(table).ok_or_else(|| ServerError::no_object(table))?;
            let Some(Ok(lets_through)) = database.conditions.get(condition) else { return Ok(Vec::new()) };
            Ok(rows.into_iter().filter(|row| lets_through(&RowView::new(&definition.columns, row))).collect())
        })
    }

    /// Tables and views, as `schema.name`.
    pub fn names(&self) -> Vec<String> {
        self.with(|database| {
            let tables = database.tables.iter().map(|table| table.definition.full_name());
            tables.chain(database.views.iter().map(|view| view.definition.table.full_name())).collect()
        })
    }

    /// Forgets old versions of rows: call it where no snapshot is open and memory matters.
    pub fn forget_old_versions(&self) {
        self.with(|database| {
            let commit = database.commit;
            for table in &mut database.tables {
                if let Storage::Slots(slots) = &mut table.storage {
                    slots.forget_before(commit);
                }
            }
        });
    }
}

/// Ticks since 0001-01-01 in style 126, with milliseconds as `datetime` has them.
fn iso(ticks: u64) -> String {
    use crate::typed::DAY_TICKS;
    let (year, month, of_month) = civil((ticks / DAY_TICKS) as u32);
    let millis = ticks % DAY_TICKS / 10_000;
    let seconds = millis / 1000;
    format!(
        "{year:04}-{month:02}-{of_month:02}T{:02}:{:02}:{:02}.{:03}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        millis % 1000
    )
}
