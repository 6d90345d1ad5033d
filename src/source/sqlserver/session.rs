//! One connection, and the one transaction a run reads in.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use super::canceller::Canceller;
use super::connection::{Connection, Statement, TextRows};
use super::error::SqlServerError;
use super::facts::{Facts, Rung};
use super::login::Doorway;
use super::open_lists::OpenLists;
use super::plan::Plan;
use crate::source::moment::Moment;

/// What every session begins with. `XACT_ABORT` ends the transaction with the first error, so that nothing goes on in half of one;
/// `DEADLOCK_PRIORITY LOW` has us give way to the application.
const SETTINGS: &str = "SET NOCOUNT ON; SET XACT_ABORT ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; \
     SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET NUMERIC_ROUNDABORT OFF; SET TEXTSIZE 2147483647; SET LOCK_TIMEOUT 30000; \
     SET DEADLOCK_PRIORITY LOW; SET DATEFORMAT ymd";

/// A connection with our settings. It is idle between runs, in a transaction during one.
pub struct Session {
    doorway: Arc<Doorway>,
    connection: Connection,
    facts: Facts,
    salt: Option<String>,
    /// The transaction's number; 0 where there is none.
    transaction: AtomicI64,
    open_lists: OpenLists,
    /// Set once the server has refused to show others' transactions, whatever rights it says that the login has.
    pub(super) refused_sight: OnceLock<()>,
}

impl Session {
    /// Logs in, and asks what there is.
    pub(super) async fn open(doorway: Arc<Doorway>, salt: Option<String>) -> Result<Self, SqlServerError> {
        let connection = Connection::new(doorway.enter().await?, doorway.statement_timeout);
        set_up(&connection).await?;
        let facts = Facts::find(&connection).await?;
        let (transaction, open_lists) = (AtomicI64::new(0), OpenLists::default());
        Ok(Self { doorway, connection, facts, salt, transaction, open_lists, refused_sight: OnceLock::new() })
    }

    /// Logs in again where an error has ended the connection. Not inside of a transaction: what follows would not be of its snapshot.
    async fn go_on(&self) -> Result<(), SqlServerError> {
        if self.connection.is_closed() && self.transaction.load(Ordering::Acquire) == 0 {
            self.connection.replace(self.doorway.enter().await?).await;
            set_up(&self.connection).await?;
        }
        Ok(())
    }

    /// Starts the run's transaction. Its snapshot is taken by the first statement that reads rows, so where the server stands is asked before:
    /// too early sends rows again, too late loses them.
    pub async fn begin(&self) -> Result<Moment, SqlServerError> {
        const DOING: &str = "taking a snapshot";
        self.transaction.store(0, Ordering::Release);
        let row = self.where_it_stands(DOING).await?.into_iter().next().unwrap_or_default();
        let moment = self.moment(&row).ok_or_else(|| SqlServerError::unexpected(DOING))?;
        let rows = self.text_rows(DOING, &begin_statement(self.facts.rung)).await?;
        let id = number(&rows, 0).ok_or_else(|| SqlServerError::unexpected(DOING))?;
        self.transaction.store(id, Ordering::Release);
        Ok(moment)
    }

    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn await_durable(&self, _: &Moment) -> Result<(), SqlServerError> {
        Ok(())
    }

    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn is_durable(&self, _: &Moment) -> Result<bool, SqlServerError> {
        Ok(true)
    }

    /// Fails where the server has ended the transaction: what was read since may be of another moment.
    async fn guard(&self, doing: &'static str) -> Result<(), SqlServerError> {
        let rows = self.text_rows(doing, &guard_statement()).await?;
        is_still(self.transaction.load(Ordering::Acquire), &rows, doing)
    }

    /// Ends the run's transaction; the session can begin another. Fails as [`Session::guard`].
    pub async fn end(&self) -> Result<(), SqlServerError> {
        const DOING: &str = "ending the snapshot";
        if self.connection.is_closed() {
            // It ended with the connection, and whoever read over that was told.
            self.transaction.store(0, Ordering::Release);
            return Ok(());
        }
        let rows = self.text_rows(DOING, &end_statement()).await?;
        match self.transaction.swap(0, Ordering::AcqRel) {
            0 => Ok(()),
            begun => is_still(begun, &rows, DOING),
        }
    }

    /// No mark is needed: a statement that fails ends the connection.
    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn savepoint(&self) -> Result<(), SqlServerError> {
        Ok(())
    }

    /// Goes on where no statement has failed; else the snapshot is gone with the connection.
    pub async fn back_to_savepoint(&self) -> Result<(), SqlServerError> {
        self.guard("taking a failed table back").await
    }

    /// What stops a statement of this session, also once the session is gone.
    pub fn canceller(&self) -> Canceller {
        Canceller::new(self.connection.stop())
    }

    pub fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    /// The server's version, for people.
    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn server_version(&self) -> Result<String, SqlServerError> {
        Ok(format!("{} ({})", self.facts.version, self.facts.edition))
    }

    /// The database's name.
    pub fn database(&self) -> &str {
        &self.facts.database
    }

    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Makes room for a list, by the statement that drops it.
    pub(super) async fn open_list(&self, doing: &'static str, name: &str, drop: &str) -> Result<(), SqlServerError> {
        match self.open_lists.open(name) {
            true => self.execute(doing, drop).await,
            false => Ok(()),
        }
    }

    /// Drops a list.
    pub(super) async fn close_list(&self, doing: &'static str, name: &str, drop: &str) -> Result<(), SqlServerError> {
        self.execute(doing, drop).await?;
        self.open_lists.close(name);
        Ok(())
    }

    /// Notes that a list is gone.
    pub(super) fn forget_list(&self, name: &str) {
        self.open_lists.close(name);
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// What hashed values are salted with.
    pub(super) fn salt(&self) -> Option<&str> {
        self.salt.as_deref()
    }

    /// Runs a statement without parameters that gives no rows.
    pub(super) async fn execute(&self, doing: &'static str, sql: &str) -> Result<(), SqlServerError> {
        self.go_on().await?;
        self.connection.execute(doing, &Statement::plain(sql.to_owned())).await
    }

    /// Every row of a statement without parameters, as text.
    pub(super) async fn text_rows(&self, doing: &'static str, sql: &str) -> Result<TextRows, SqlServerError> {
        self.go_on().await?;
        self.connection.text_rows(doing, &Statement::plain(sql.to_owned())).await
    }
}

async fn set_up(connection: &Connection) -> Result<(), SqlServerError> {
    connection.execute("setting up the session", &Statement::plain(settings_statement())).await
}

pub(super) fn settings_statement() -> String {
    Plan::SessionSettings.statement(SETTINGS)
}

pub(super) fn begin_statement(rung: Rung) -> String {
    let (level, isolation) = match rung {
        Rung::Snapshot => ("snapshot", "SNAPSHOT"),
        Rung::Replica | Rung::Statement | Rung::None => ("committed", "READ COMMITTED"),
    };
    let sql = format!(
        "SET TRANSACTION ISOLATION LEVEL {isolation}; BEGIN TRANSACTION; SELECT CURRENT_TRANSACTION_ID() AS transaction_id"
    );
    Plan::SnapshotBegin { level }.statement(&sql)
}

const STANDING: &str = "SELECT CURRENT_TRANSACTION_ID() AS transaction_id, XACT_STATE() AS state";

pub(super) fn guard_statement() -> String {
    Plan::SnapshotGuard.statement(STANDING)
}

/// In one statement with the last look at it, for a run that finds nothing has few others.
pub(super) fn end_statement() -> String {
    let sql =
        format!("{STANDING}; IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION; SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
    Plan::SnapshotEnd.statement(&sql)
}

/// Fails where the answer is not of the transaction that was begun.
fn is_still(begun: i64, rows: &TextRows, doing: &'static str) -> Result<(), SqlServerError> {
    match (number(rows, 0), number(rows, 1)) {
        (Some(id), Some(1)) if id == begun => Ok(()),
        _ => Err(SqlServerError::TransactionLost { doing }),
    }
}

/// A number of the first row.
fn number(rows: &TextRows, n: usize) -> Option<i64> {
    rows.first()?.get(n)?.as_deref()?.parse().ok()
}
