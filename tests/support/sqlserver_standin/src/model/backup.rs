//! Another history: RESTORE.

use super::database::Database;
use super::mirror::Change;
use super::{Model, identity};

/// A database as it was when it was backed up.
pub struct Backup(Database);

impl Model {
    /// BACKUP DATABASE.
    pub fn backup(&self) -> Backup {
        self.with(|database| {
            let mut copy = database.clone();
            for transaction in database.open.keys() {
                copy.roll_back(*transaction);
            }
            Backup(copy)
        })
    }

    /// RESTORE DATABASE: rows and numbers are those of the backup, the recovery fork is another, and all connections end.
    pub fn restore(&self, backup: &Backup) {
        self.with(|database| {
            database.tell(Change::Beyond("a restore"));
            let (generation, clock) = (database.generation + 1, database.clock);
            *database = backup.0.clone();
            database.generation = generation;
            database.clock = clock;
            let fork = identity::guid(generation ^ 0xf0f0, 3);
            database.identity.fork = database.identity.fork.map(|_| fork);
        });
    }
}
