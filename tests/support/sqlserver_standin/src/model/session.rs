//! What the server remembers of a connection.

use std::collections::HashMap;
use std::sync::Arc;

use super::database::{Database, SnapshotState, Updateability};
use super::slot::{Commit, Visibility};
use super::{Model, NetChange, TableDef};
use crate::answer::TransactionChange;
use crate::error::ServerError;
use crate::typed::Value;
use crate::wire::request::Isolation;

/// A transaction of a client.
#[derive(Clone, Copy, Debug)]
struct Transaction {
    /// Its number, and its descriptor on the wire.
    number: u64,
    isolation: Isolation,
    /// The commit that it sees: fixed by its first look at rows.
    snapshot: Option<Commit>,
}

/// What the server remembers of a connection.
pub(crate) struct SessionState {
    pub(crate) model: Model,
    transaction: Option<Transaction>,
    generation: u64,
    /// Temporary tables, by name.
    pub(crate) spools: HashMap<String, Spool>,
}

/// A temporary table of the session.
pub(crate) enum Spool {
    /// Hashes of rows, by bucket.
    Hashes { table: Arc<TableDef>, key: Vec<usize>, rows: Vec<HashedRow> },
    /// Keys that a log's entries name, as values of a table's columns, and what stands behind each.
    Logged { table: Arc<TableDef>, key: Vec<usize>, rows: Vec<(Vec<Value>, [Value; 4])> },
    /// Keys that changes name.
    Changes { table: Arc<TableDef>, changes: Vec<NetChange> },
}

/// A row's hash.
pub(crate) struct HashedRow {
    pub(crate) bucket: u32,
    /// The key's values.
    pub(crate) key: Vec<Value>,
    pub(crate) lanes: [i64; 2],
    /// The hash over other columns, and whether one of those that are new is not NULL.
    pub(crate) next: Option<([i64; 2], bool)>,
}

/// What a statement may read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) by: Visibility,
    /// The snapshot of the transaction, if it is one of snapshots.
    pub(crate) snapshot: Option<Commit>,
}

impl SessionState {
    pub(crate) fn new(model: Model) -> Self {
        let generation = model.with(|database| database.generation);
        Self { model, transaction: None, generation, spools: HashMap::new() }
    }

    /// Keeps a temporary table. One of its name must not be there: a server binds the names of a batch to the tables that are there when the batch
    /// begins, so an INSERT behind a DROP and a CREATE is an error where the columns differ.
    pub(crate) fn keep(&mut self, name: String, spool: Spool) -> Result<(), ServerError> {
        if self.spools.contains_key(&name) {
            return Err(ServerError::new(
                207,
                format!("Invalid column name in #{name}: the batch was bound to the table that was there."),
            ));
        }
        self.spools.insert(name, spool);
        Ok(())
    }

    /// Does the client know which transaction it is in?
    pub(crate) fn check(&self, descriptor: u64) -> Result<(), ServerError> {
        if self.model.with(|database| database.generation) != self.generation {
            return Err(ServerError::killed());
        }
        if descriptor == self.transaction.map_or(0, |transaction| transaction.number) {
            return Ok(());
        }
        Err(ServerError::new(
            3989,
            "New request is not allowed to start because it should come with valid transaction descriptor.",
        ))
    }

    pub(crate) fn begin(&mut self, isolation: Isolation) -> Result<TransactionChange, ServerError> {
        if self.transaction.is_some() {
            return Err(ServerError::new(
                40_511,
                "the stand-in does not nest transactions, and the product has no reason to",
            ));
        }
        let number = self.model.with(|database| {
            database.next_transaction += 1;
            database.next_transaction
        });
        self.transaction = Some(Transaction { number, isolation, snapshot: None });
        Ok(TransactionChange::Began(number))
    }

    pub(crate) fn commit(&mut self) -> Result<TransactionChange, ServerError> {
        let transaction = self.transaction.take().ok_or_else(no_transaction)?;
        Ok(TransactionChange::Committed(transaction.number))
    }

    pub(crate) fn roll_back(&mut self) -> Result<TransactionChange, ServerError> {
        self.abort().ok_or_else(no_transaction)
    }

    /// Ends the transaction, if there is one.
    pub(crate) fn abort(&mut self) -> Option<TransactionChange> {
        let transaction = self.transaction.take()?;
        // Temporary tables that it made are undone with it.
        self.spools.clear();
        Some(TransactionChange::RolledBack(transaction.number))
    }

    /// CURRENT_TRANSACTION_ID(); outside of a transaction each statement has one of its own.
    pub(crate) fn transaction_number(&self) -> u64 {
        self.transaction.map_or_else(
            || {
                self.model.with(|database| {
                    database.next_transaction += 1;
                    database.next_transaction
                })
            },
            |transaction| transaction.number,
        )
    }

    /// XACT_STATE().
    pub(crate) fn state(&self) -> i64 {
        i64::from(self.transaction.is_some())
    }

    /// What a statement that reads rows sees. The first of a snapshot transaction fixes the snapshot.
    pub(crate) fn look(&mut self, database: &Database) -> Result<Look, ServerError> {
        if database.updateability == Updateability::ReadOnly {
            // Every transaction on a readable secondary is one of snapshots.
            let commit = match &mut self.transaction {
                Some(transaction) => *transaction.snapshot.get_or_insert(database.commit),
                None => database.commit,
            };
            return Ok(Look { by: Visibility::At(commit), snapshot: None });
        }
        match &mut self.transaction {
            Some(transaction) if transaction.isolation == Isolation::Snapshot => {
                if database.snapshot != SnapshotState::On {
                    return Err(ServerError::snapshot_not_allowed(&database.identity.database));
                }
                let commit = *transaction.snapshot.get_or_insert(database.commit);
                Ok(Look { by: Visibility::At(commit), snapshot: Some(commit) })
            }
            _ if database.rcsi.is_on() => Ok(Look { by: Visibility::At(database.commit), snapshot: None }),
            _ => Ok(Look { by: Visibility::Committed, snapshot: None }),
        }
    }
}

fn no_transaction() -> ServerError {
    ServerError::new(3902, "The COMMIT or ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.")
}
