//! A source that is open, and all that it can be asked. A new kind of source has a `Session` with the methods that are called here and in
//! the files of this folder.

mod catalog;
mod change_log;
mod row_hashes;
mod rows;

pub use change_log::KeyCursor;
pub use row_hashes::HashCursor;

use super::error::SourceError;
use super::moment::Moment;
use super::of_kind::of_kind;
use super::postgres;
use super::sqlserver;
use crate::model::Dialect;

/// A connection, and the one transaction that a run reads in. It is idle between runs.
pub enum Session {
    Postgres(Box<postgres::Session>),
    SqlServer(Box<sqlserver::Session>),
}

impl Session {
    /// The kind of source, and so the language of its statements.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Postgres(_) => Dialect::Postgres,
            Self::SqlServer(_) => Dialect::SqlServer,
        }
    }

    /// Starts the run's transaction and takes its snapshot: all that is asked until [`Session::end`] is of that one moment.
    pub async fn begin(&self) -> Result<Moment, SourceError> {
        of_kind!(self, session => Ok(session.begin().await?))
    }

    /// Ends the run's transaction; the session can begin another.
    pub async fn end(&self) -> Result<(), SourceError> {
        of_kind!(self, session => Ok(session.end().await?))
    }

    /// Waits until nothing that the snapshot shows can be lost by a crash of the server.
    pub async fn await_durable(&self, moment: &Moment) -> Result<(), SourceError> {
        of_kind!(self, session => Ok(session.await_durable(moment).await?))
    }

    /// Whether that is so by now.
    pub async fn is_durable(&self, moment: &Moment) -> Result<bool, SourceError> {
        of_kind!(self, session => Ok(session.is_durable(moment).await?))
    }

    /// Sets the mark that [`Session::back_to_savepoint`] goes back to. Nothing is ever written, so one serves a whole transaction; a
    /// source without such marks does nothing.
    pub async fn savepoint(&self) -> Result<(), SourceError> {
        of_kind!(self, session => Ok(session.savepoint().await?))
    }

    /// Goes on after a statement that has failed: what is read from now on is of the same snapshot as what was read before. Where that
    /// can't be had, or nobody can tell, this fails, and the run with it: rows of two moments must not meet in one batch.
    pub async fn back_to_savepoint(&self) -> Result<(), SourceError> {
        of_kind!(self, session => Ok(session.back_to_savepoint().await?))
    }

    /// What stops a statement of this session, also once the session is gone.
    pub fn canceller(&self) -> Canceller {
        match self {
            Self::Postgres(session) => Canceller::Postgres(session.canceller()),
            Self::SqlServer(session) => Canceller::SqlServer(session.canceller()),
        }
    }

    pub fn is_closed(&self) -> bool {
        of_kind!(self, session => session.is_closed())
    }

    /// What the server keeps to itself, and what follows from it.
    pub fn notes(&self) -> Vec<String> {
        of_kind!(self, session => session.notes())
    }

    /// The server's version, for people.
    pub async fn server_version(&self) -> Result<String, SourceError> {
        of_kind!(self, session => Ok(session.server_version().await?))
    }
}

/// Stops what a session is doing on the server.
#[derive(Clone)]
pub enum Canceller {
    Postgres(postgres::Canceller),
    SqlServer(sqlserver::Canceller),
}

impl Canceller {
    /// Asks the server, over a connection of its own; whether it was in time nobody says.
    pub async fn cancel(self) -> Result<(), SourceError> {
        of_kind!(self, canceller => Ok(canceller.cancel().await?))
    }
}
