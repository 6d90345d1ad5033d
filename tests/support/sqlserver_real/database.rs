//! A database of a test's own on the server.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlserver_standin::model::Model;

use super::address::Address;
use super::connection::Connection;
use super::definition::quoted;
use super::repeated::Repeated;

/// What a server that speaks T-SQL may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    ChangeTracking,
    /// `MIN_ACTIVE_ROWVERSION()`, and a `rowversion` that grows with each write.
    RowVersion,
    /// Values are stored in the bytes that Microsoft's documents give.
    StoredForms,
}

impl Ability {
    const ALL: [Self; 3] = [Self::ChangeTracking, Self::RowVersion, Self::StoredForms];

    /// Has a server this, in a database that is empty yet?
    fn is_there(self, connection: &Connection, database: &str) -> bool {
        let set = |to: &str| {
            connection.batch(&format!("ALTER DATABASE {} SET CHANGE_TRACKING = {to}", quoted(database))).is_ok()
        };
        match self {
            Self::ChangeTracking => set("ON (CHANGE_RETENTION = 2 DAYS)") && set("OFF"),
            Self::RowVersion => connection.batch("SELECT CONVERT(varchar(20), MIN_ACTIVE_ROWVERSION(), 1)").is_ok(),
            Self::StoredForms => {
                let sql = "SELECT CAST(DATALENGTH(CAST(CAST(1 AS tinyint) AS varbinary(8000))) AS varchar(20))";
                connection.batch(sql).is_ok_and(|rows| rows == [[Some("1".to_owned())]])
            }
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::ChangeTracking => "change tracking",
            Self::RowVersion => "MIN_ACTIVE_ROWVERSION()",
            Self::StoredForms => "SQL Server's own bytes of values",
        }
    }
}

/// Dropped with this, also when a test fails.
pub struct Database {
    server: Address,
    address: Address,
    name: String,
    abilities: Vec<Ability>,
    /// `None` once it is to end.
    connection: Option<Connection>,
    repeated: Option<Arc<Repeated>>,
}

/// How often a database is tried to be made or dropped.
const TRIES: usize = 50;

/// A server makes one database at a time, for each is a copy of one that it locks; and whoever used one that is dropped has gone, which the server
/// has to notice.
fn retried(connection: &Connection, sql: &str) -> Result<(), String> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let mut tries = 0;
    loop {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let done = connection.batch(sql);
        drop(turn);
        tries += 1;
        if done.is_ok() || tries == TRIES {
            return done.map(drop);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

impl Database {
    /// A new one that allows snapshots. The login has to be allowed to create databases.
    pub fn create(server: Address, name: &str) -> Self {
        let connection = Connection::open(&server).unwrap_or_else(|error| panic!("{}: {error}", server.host()));
        retried(&connection, &format!("CREATE DATABASE {}", quoted(name)))
            .unwrap_or_else(|error| panic!("{name} on {}: {error}", server.host()));
        let address = server.of_database(name);
        let opened = Connection::open(&address);
        let database = match opened {
            Ok(connection) => {
                let has = |ability: &Ability| ability.is_there(&connection, name);
                let abilities = Ability::ALL.into_iter().filter(has).collect();
                Self { server, address, name: name.to_owned(), abilities, connection: Some(connection), repeated: None }
            }
            Err(error) => {
                let _ = connection.batch(&format!("DROP DATABASE {}", quoted(name)));
                panic!("{name} on {}: {error}", server.host());
            }
        };
        // A server that has no such setting may allow it all the same: `plimsoll check` says so where not.
        let _ = connection.batch(&format!("ALTER DATABASE {} SET ALLOW_SNAPSHOT_ISOLATION ON", quoted(name)));
        database
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// For questions of a test.
    pub fn connection(&self) -> &Connection {
        self.connection.as_ref().expect("a connection, until the end")
    }

    /// Has the server this?
    pub fn has(&self, ability: Ability) -> bool {
        self.abilities.contains(&ability)
    }

    /// Makes the model's tables here, and repeats what is done to it from now on.
    pub fn follow(&mut self, model: &Model) {
        let tracks = self.has(Ability::ChangeTracking);
        let repeated = Arc::new(Repeated::new(self.address.clone(), &self.name, tracks));
        self.repeated = Some(repeated.clone());
        model.mirror_to(repeated);
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.connection = None;
        if let Some(repeated) = self.repeated.take() {
            repeated.close();
        }
        let name = quoted(&self.name);
        let Ok(connection) = Connection::open(&self.server) else {
            return println!("the database {name} was not dropped: the server does not answer");
        };
        // Whoever is still connected is sent away, where the server can do that.
        let _ = connection.batch(&format!("ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE"));
        if let Err(error) = retried(&connection, &format!("DROP DATABASE {name}")) {
            println!("the database {name} was not dropped: {error}");
        }
    }
}
