//! The model's changes, done to a real server.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sqlserver_standin::model::{Change, DatabaseTracking, Given, Mirror, TableDef};
use sqlserver_standin::typed::{ColumnType, Value};

use super::address::Address;
use super::connection::Connection;
use super::definition::{column, create, full_name, quoted};
use super::literal::literal;

/// Rows of one INSERT.
const ROWS: usize = 200;

pub struct Repeated {
    database: String,
    /// A server without change tracking is not asked for it: which journeys need it is known before.
    tracks: bool,
    address: Address,
    /// `None` once it is closed.
    connections: Mutex<Option<Connections>>,
}

struct Connections {
    /// For what commits by itself.
    own: Connection,
    /// Of each open transaction.
    open: HashMap<u64, Connection>,
    idle: Vec<Connection>,
}

impl Repeated {
    pub fn new(address: Address, database: &str, tracks: bool) -> Self {
        let own = Connection::open(&address).unwrap_or_else(|error| panic!("{}: {error}", address.host()));
        let connections = Mutex::new(Some(Connections { own, open: HashMap::new(), idle: Vec::new() }));
        Self { database: database.to_owned(), tracks, address, connections }
    }
}

impl Repeated {
    /// Repeats nothing any more, and rolls back what is open.
    pub fn close(&self) {
        *self.connections.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Mirror for Repeated {
    fn repeat(&self, change: Change<'_>) {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(connections) = connections.as_mut() else { return };
        match change {
            Change::Begin(number) => {
                let connection = connections.idle.pop().unwrap_or_else(|| {
                    Connection::open(&self.address).unwrap_or_else(|error| panic!("{}: {error}", self.address.host()))
                });
                connection.rows("BEGIN TRANSACTION");
                connections.open.insert(number, connection);
            }
            Change::Insert(number, table, row) => write(&connections.open[&number], &insert(table, &[row]), 1),
            Change::Update(number, table, before, set) => {
                if let Some(sql) = update(table, before, set) {
                    write(&connections.open[&number], &sql, 1);
                }
            }
            Change::Delete(number, table, row) => {
                let sql = format!(
                    "DELETE TOP (1) FROM {} WHERE {}; SET @rows = @@ROWCOUNT",
                    full_name(table),
                    is_row(table, row)
                );
                write(&connections.open[&number], &sql, 1);
            }
            Change::Commit(number) => {
                let connection = connections.open.remove(&number).expect("a transaction that is open");
                connection.rows("COMMIT");
                connections.idle.push(connection);
            }
            // In a test that fails it is dropped, and with it what was written.
            Change::RollBack(number) => {
                if let Some(connection) = connections.open.remove(&number)
                    && connection.batch("ROLLBACK").is_ok()
                {
                    connections.idle.push(connection);
                }
            }
            Change::Load(table, rows) => {
                for some in rows.chunks(ROWS) {
                    let some: Vec<&[Value]> = some.iter().map(|row| &row[..]).collect();
                    write(&connections.own, &insert(table, &some), some.len());
                }
            }
            _ => {
                for sql in self.definition(change) {
                    connections.own.rows(&sql);
                }
            }
        }
    }
}

impl Repeated {
    /// The batches of a change that is no write of rows.
    fn definition(&self, change: Change<'_>) -> Vec<String> {
        let database = quoted(&self.database);
        match change {
            Change::Tracking(_) | Change::Track(_) | Change::Untrack(_) if !self.tracks => Vec::new(),
            Change::Tracking(None) => {
                vec![format!(
                    "IF EXISTS (SELECT * FROM sys.change_tracking_databases WHERE database_id = DB_ID()) \
                     ALTER DATABASE {database} SET CHANGE_TRACKING = OFF"
                )]
            }
            Change::Tracking(Some(DatabaseTracking { retention_minutes, auto_cleanup })) => {
                let clean_up = if auto_cleanup.is_on() { "ON" } else { "OFF" };
                vec![format!(
                    "ALTER DATABASE {database} SET CHANGE_TRACKING = ON \
                     (CHANGE_RETENTION = {retention_minutes} MINUTES, AUTO_CLEANUP = {clean_up})"
                )]
            }
            Change::ReadCommittedSnapshot(switch) => {
                // It is off unless somebody switches it on, and setting it wants the database for itself.
                let set = format!("ALTER DATABASE {database} SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE");
                if switch.is_on() { vec![set] } else { Vec::new() }
            }
            Change::CreateTable(table) => create(table),
            Change::DropTable(table) => vec![format!("DROP TABLE {}", full_name(table))],
            Change::CreateView(text) => vec![text.to_owned()],
            Change::Track(table) => vec![format!("ALTER TABLE {} ENABLE CHANGE_TRACKING", full_name(table))],
            Change::Untrack(table) => vec![format!("ALTER TABLE {} DISABLE CHANGE_TRACKING", full_name(table))],
            Change::Truncate(table) => vec![format!("TRUNCATE TABLE {}", full_name(table))],
            Change::AddColumn(table, new, value) => {
                let default = literal(value, &new.column_type);
                vec![format!("ALTER TABLE {} ADD {} DEFAULT {default} WITH VALUES", full_name(table), column(new))]
            }
            Change::DropColumn(table, name) => {
                // A default has to go first.
                let (table, name) = (full_name(table), name.replace('\'', "''"));
                vec![format!(
                    "DECLARE @sql nvarchar(max) = N''; \
                     SELECT @sql = N'ALTER TABLE {table} DROP CONSTRAINT ' + QUOTENAME(d.name) + N'; ' FROM sys.default_constraints d \
                     JOIN sys.columns c ON c.object_id = d.parent_object_id AND c.column_id = d.parent_column_id \
                     WHERE d.parent_object_id = OBJECT_ID(N'{table}') AND c.name = N'{name}'; \
                     SET @sql = @sql + N'ALTER TABLE {table} DROP COLUMN {}'; EXEC(@sql)",
                    quoted(&name)
                )]
            }
            Change::RebuildIndexes(table) => vec![format!("ALTER INDEX ALL ON {} REBUILD", full_name(table))],
            Change::Beyond(what) => {
                panic!("no real server does this for a test: {what}; make the world by World::on_standin")
            }
            Change::Begin(_)
            | Change::Insert(..)
            | Change::Update(..)
            | Change::Delete(..)
            | Change::Commit(_)
            | Change::RollBack(_)
            | Change::Load(..) => Vec::new(),
        }
    }
}

/// Runs a statement that has to write so many rows, and says in `@rows` how many it wrote.
fn write(connection: &Connection, sql: &str, rows: usize) {
    let written = connection.value(&format!("DECLARE @rows int; {sql}; SELECT CAST(@rows AS varchar(20))"));
    assert_eq!(written, Some(rows.to_string()), "{sql}");
}

/// The columns that a writer may give a value.
fn written(table: &TableDef) -> impl Iterator<Item = usize> {
    (0..table.columns.len()).filter(|at| table.columns[*at].column_type != ColumnType::RowVersion)
}

fn insert(table: &TableDef, rows: &[&[Value]]) -> String {
    let name = full_name(table);
    let names: Vec<String> = written(table).map(|at| quoted(&table.columns[at].name)).collect();
    let rows: Vec<String> = rows
        .iter()
        .map(|row| {
            let values: Vec<String> =
                written(table).map(|at| literal(&row[at], &table.columns[at].column_type)).collect();
            format!("({})", values.join(", "))
        })
        .collect();
    let insert = format!("INSERT INTO {name} ({}) VALUES {}", names.join(", "), rows.join(", "));
    // The model has counted already.
    if table.columns.iter().any(|column| column.given == Given::ByCounter) {
        return format!(
            "SET IDENTITY_INSERT {name} ON; {insert}; SET @rows = @@ROWCOUNT; SET IDENTITY_INSERT {name} OFF"
        );
    }
    format!("{insert}; SET @rows = @@ROWCOUNT")
}

/// `None` where nothing is set.
fn update(table: &TableDef, before: &[Value], set: &[(&str, Value)]) -> Option<String> {
    let mut assigned: HashMap<usize, String> = HashMap::new();
    for (name, value) in set {
        // As in the model, the last one counts.
        let at = table.place(name).expect("a column of the table");
        assigned.insert(
            at,
            format!("{} = {}", quoted(&table.columns[at].name), literal(value, &table.columns[at].column_type)),
        );
    }
    let mut assigned: Vec<String> = assigned.into_values().collect();
    assigned.sort();
    if assigned.is_empty() {
        // A write that changes nothing is a write all the same.
        let at = written(table).find(|at| !table.key().contains(at))?;
        assigned.push(format!("{0} = {0}", quoted(&table.columns[at].name)));
    }
    let (name, assigned, row) = (full_name(table), assigned.join(", "), is_row(table, before));
    Some(format!("UPDATE TOP (1) {name} SET {assigned} WHERE {row}; SET @rows = @@ROWCOUNT"))
}

/// Finds the row by its key, or by all that it holds where there is none.
fn is_row(table: &TableDef, row: &[Value]) -> String {
    let key = table.key();
    let columns: Vec<usize> = if key.is_empty() { written(table).collect() } else { key };
    let each = columns.into_iter().map(|at| {
        let (name, value) = (quoted(&table.columns[at].name), &row[at]);
        if value.is_null() {
            return format!("{name} IS NULL");
        }
        format!("{name} = {}", literal(value, &table.columns[at].column_type))
    });
    each.collect::<Vec<_>>().join(" AND ")
}
