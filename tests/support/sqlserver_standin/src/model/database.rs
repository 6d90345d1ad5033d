//! All that a database holds.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::clock::Clock;
use super::identity::Identity;
use super::mask;
use super::mirror::Mirror;
use super::rights::{Policy, Predicate, Rights, Switch};
use super::row_view::RowView;
use super::schema::{ColumnFlag, Kept, TableDef};
use super::slot::{Commit, Row, Visibility};
use super::storage::Storage;
use super::tracking::{Operation, Tracking};
use super::view::{ViewDef, ViewReader};
use crate::error::ServerError;
use crate::typed::{Collation, ColumnType, SortKey, Value};

/// `sys.databases.snapshot_isolation_state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotState {
    Off = 0,
    On = 1,
    GoingOff = 2,
    GoingOn = 3,
}

/// DATABASEPROPERTYEX(…, 'Updateability').
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Updateability {
    ReadWrite,
    /// A readable secondary: every read is a snapshot, change tracking is off.
    ReadOnly,
}

/// Change tracking of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatabaseTracking {
    /// How long changes are kept.
    pub retention_minutes: i32,
    /// Are they ever taken away?
    pub auto_cleanup: Switch,
}

/// A table and its rows.
#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) id: i32,
    pub(crate) created: String,
    pub(crate) definition: Arc<TableDef>,
    pub(crate) storage: Storage,
    pub(crate) tracking: Option<Tracking>,
    /// The commit of its last DDL.
    pub(crate) altered: Commit,
    /// How often it was altered: what `modify_date` moves with.
    pub(crate) modified: u64,
    pub(crate) counter: i64,
}

/// A view.
#[derive(Clone)]
pub(crate) struct View {
    pub(crate) id: i32,
    pub(crate) created: String,
    pub(crate) definition: Arc<ViewDef>,
}

/// A transaction that writes.
#[derive(Clone, Default)]
pub(crate) struct Open {
    pub(crate) began: u64,
    pub(crate) first_rowversion: Option<u64>,
    pub(crate) touched: Vec<(i32, SortKey)>,
}

#[derive(Clone)]
pub(crate) struct Database {
    pub(crate) identity: Identity,
    pub(crate) collation: Collation,
    pub(crate) snapshot: SnapshotState,
    pub(crate) rcsi: Switch,
    pub(crate) updateability: Updateability,
    pub(crate) tracking: Option<DatabaseTracking>,
    pub(crate) ct_version: i64,
    pub(crate) rowversion: u64,
    pub(crate) commit: Commit,
    pub(crate) tables: Vec<Table>,
    pub(crate) views: Vec<View>,
    pub(crate) open: BTreeMap<u64, Open>,
    pub(crate) rights: Rights,
    pub(crate) policies: Vec<Policy>,
    pub(crate) conditions: HashMap<String, Result<Predicate, ServerError>>,
    pub(crate) next_transaction: u64,
    pub(crate) next_object: i32,
    /// Changes when the database is restored: connections of before end.
    pub(crate) generation: u64,
    pub(crate) clock: Clock,
    /// The T-SQL of views, where a test has said it.
    pub(crate) view_texts: Vec<String>,
    pub(crate) mirror: Option<Arc<dyn Mirror>>,
}

impl Database {
    pub(crate) fn new(identity: Identity) -> Self {
        Self {
            identity,
            collation: Collation::SQL_LATIN1_CI_AS,
            snapshot: SnapshotState::On,
            rcsi: Switch::Off,
            updateability: Updateability::ReadWrite,
            tracking: None,
            ct_version: 0,
            rowversion: 2000,
            commit: 1,
            tables: Vec::new(),
            views: Vec::new(),
            open: BTreeMap::new(),
            rights: Rights::default(),
            policies: Vec::new(),
            conditions: HashMap::new(),
            next_transaction: 1000,
            next_object: 581_577_110,
            generation: 0,
            clock: Clock::default(),
            view_texts: Vec::new(),
            mirror: None,
        }
    }

    pub(crate) fn new_object(&mut self) -> i32 {
        self.next_object += 16;
        self.next_object
    }

    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.definition.full_name().eq_ignore_ascii_case(name))
    }

    pub(crate) fn table_mut(&mut self, name: &str) -> Result<&mut Table, ServerError> {
        self.tables
            .iter_mut()
            .find(|table| table.definition.full_name().eq_ignore_ascii_case(name))
            .ok_or_else(|| ServerError::no_object(name))
    }

    pub(crate) fn table_by_id(&self, id: i32) -> Option<&Table> {
        self.tables.iter().find(|table| table.id == id)
    }

    pub(crate) fn view(&self, name: &str) -> Option<&View> {
        self.views.iter().find(|view| view.definition.table.full_name().eq_ignore_ascii_case(name))
    }

    /// The definition of a table or a view.
    pub(crate) fn definition(&self, name: &str) -> Option<Arc<TableDef>> {
        let table = self.table(name).map(|table| table.definition.clone());
        table.or_else(|| self.view(name).map(|view| Arc::new(view.definition.table.clone())))
    }

    /// MIN_ACTIVE_ROWVERSION().
    pub(crate) fn min_active_rowversion(&self) -> u64 {
        self.open.values().filter_map(|open| open.first_rowversion).min().unwrap_or(self.rowversion + 1)
    }

    /// CHANGE_TRACKING_CURRENT_VERSION().
    pub(crate) fn current_version(&self) -> Option<i64> {
        let is_on = self.tracking.is_some() && self.updateability == Updateability::ReadWrite;
        is_on.then_some(self.ct_version)
    }

    /// CHANGE_TRACKING_MIN_VALID_VERSION(): NULL where it is off or the login may not see it.
    pub(crate) fn min_valid(&self, table: &Table) -> Option<i64> {
        self.current_version()?;
        let tracking = table.tracking.as_ref()?;
        self.rights.may_see_tracking(&table.definition.full_name()).then_some(tracking.min_valid)
    }

    /// Gives a row its rowversion and its counter, pads and checks it.
    pub(crate) fn complete(
        &mut self,
        table: i32,
        transaction: u64,
        row: Vec<Value>,
        counted: Counted,
    ) -> Result<Row, ServerError> {
        let position = self.tables.iter().position(|known| known.id == table);
        let at = position.ok_or_else(|| ServerError::no_object("a table that was dropped"))?;
        let definition = self.tables[at].definition.clone();
        if row.len() != definition.columns.len() {
            return Err(ServerError::new(
                213,
                "Column name or number of supplied values does not match table definition.",
            ));
        }
        let mut row = row;
        for (column, value) in definition.columns.iter().zip(&mut row) {
            if column.column_type == ColumnType::RowVersion {
                self.rowversion += 1;
                let number = self.rowversion;
                if let Some(open) = self.open.get_mut(&transaction) {
                    open.first_rowversion.get_or_insert(number);
                }
                *value = Value::rowversion(number);
            }
            super::fit::fit(column, value, &mut self.tables[at].counter, counted)?;
        }
        Ok(row.into())
    }

    /// Commits what a transaction has written.
    pub(crate) fn commit(&mut self, transaction: u64) -> Commit {
        let Some(open) = self.open.remove(&transaction) else { return self.commit };
        self.commit += 1;
        let commit = self.commit;
        let tracks = self.tracking.is_some()
            && open.touched.iter().any(|(id, _)| self.table_by_id(*id).is_some_and(|table| table.tracking.is_some()));
        if tracks {
            self.ct_version += 1;
        }
        let version = self.ct_version;
        for (id, place) in open.touched {
            let Some(table) = self.tables.iter_mut().find(|table| table.id == id) else { continue };
            let definition = table.definition.clone();
            let Storage::Slots(slots) = &mut table.storage else { continue };
            let (before, after) = slots.commit(&place, commit);
            let operation = match (&before, &after) {
                // Written twice: the first time has committed both.
                (None, None) => continue,
                (None, Some(_)) => Operation::Insert,
                (Some(_), Some(_)) => Operation::Update,
                (_, None) => Operation::Delete,
            };
            if let Some(tracking) = table.tracking.as_mut().filter(|_| tracks)
                && let Some(row) = after.or(before)
            {
                let key = definition.key().iter().map(|at| row[*at].clone()).collect();
                tracking.record((version, commit), place, key, operation);
            }
        }
        commit
    }

    /// Forgets what a transaction has written.
    pub(crate) fn roll_back(&mut self, transaction: u64) {
        let Some(open) = self.open.remove(&transaction) else { return };
        for (id, place) in open.touched.into_iter().rev() {
            let Some(table) = self.tables.iter_mut().find(|table| table.id == id) else { continue };
            let definition = table.definition.clone();
            if let Storage::Slots(slots) = &mut table.storage {
                slots.roll_back(&definition, &place);
            }
        }
    }

    /// May a statement read this table at this moment, with the snapshot of its transaction if it has one?
    pub(crate) fn admit(&self, name: &str, snapshot: Option<Commit>) -> Result<(), ServerError> {
        if !self.rights.may_see(name) {
            return Err(ServerError::no_object(name));
        }
        if !self.rights.may_read(name) {
            return Err(ServerError::denied(name));
        }
        if let Some(view) = self.view(name) {
            return view.definition.reads.iter().try_for_each(|base| self.admit_base(base, snapshot));
        }
        self.admit_base(name, snapshot)
    }

    fn admit_base(&self, name: &str, snapshot: Option<Commit>) -> Result<(), ServerError> {
        let table = self.table(name).ok_or_else(|| ServerError::no_object(name))?;
        let Some(snapshot) = snapshot else { return Ok(()) };
        if table.definition.kept == Kept::InMemory {
            return Err(ServerError::new(
                41_332,
                "Memory optimized tables and natively compiled modules cannot be accessed or created when the session TRANSACTION ISOLATION LEVEL is set to SNAPSHOT.",
            ));
        }
        if table.altered > snapshot {
            return Err(ServerError::altered_since_snapshot(name));
        }
        Ok(())
    }

    /// Does row-level security let a row of this table through?
    pub(crate) fn lets_through(&self, definition: &TableDef, row: &[Value]) -> bool {
        let name = definition.full_name();
        self.policies
            .iter()
            .filter(|policy| policy.state.is_on() && policy.table.eq_ignore_ascii_case(&name))
            .all(|policy| (policy.lets_through)(&RowView::new(&definition.columns, row)))
    }

    /// A row as this login sees it: masked columns are fakes without UNMASK.
    pub(crate) fn as_shown(&self, definition: &TableDef, row: &Row) -> Row {
        let is_masked = definition.columns.iter().any(|column| column.is(ColumnFlag::Masked));
        if !is_masked || !self.rights.sees_fakes() {
            return row.clone();
        }
        let shown = definition.columns.iter().zip(row.iter()).map(|(column, value)| {
            if column.is(ColumnFlag::Masked) && !value.is_null() { mask::fake(value) } else { value.clone() }
        });
        shown.collect()
    }

    /// All rows of a table or a view, as seen.
    pub(crate) fn rows_of(&self, name: &str, by: Visibility) -> Result<Vec<Row>, ServerError> {
        if let Some(view) = self.view(name) {
            let rows = (view.definition.rows)(&ViewReader::new(self, by))?;
            return Ok(rows.into_iter().map(Into::into).collect());
        }
        let table = self.table(name).ok_or_else(|| ServerError::no_object(name))?;
        let mut rows = Vec::new();
        match &table.storage {
            Storage::Slots(slots) => {
                for slot in slots.slots.values() {
                    if let Some(row) = slot.seen(by)?.filter(|row| self.lets_through(&table.definition, row)) {
                        rows.push(self.as_shown(&table.definition, row));
                    }
                }
            }
            Storage::Made { count, make } => {
                for number in 0..*count {
                    let mut row = Vec::new();
                    make(number, &mut row);
                    rows.push(row.into());
                }
            }
        }
        Ok(rows)
    }
}

/// Does an IDENTITY column get its number now?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    Now,
    Already,
}
