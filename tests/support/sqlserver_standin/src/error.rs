use std::io;

/// An error that the server names to the client: an ERROR token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{number}: {message}")]
pub struct ServerError {
    /// As in `sys.messages`.
    pub number: u32,
    /// Severity: 11 to 16 end the statement, 20 and above the connection.
    pub class: u8,
    /// Tells places that raise the same number apart.
    pub state: u8,
    /// The text.
    pub message: String,
}

impl ServerError {
    /// An error of severity 16.
    pub fn new(number: u32, message: impl Into<String>) -> Self {
        Self { number, class: 16, state: 1, message: message.into() }
    }

    /// The same with another severity.
    #[must_use]
    pub fn of_class(self, class: u8) -> Self {
        Self { class, ..self }
    }

    /// Login failed.
    pub fn login_failed(user: &str) -> Self {
        Self::new(18456, format!("Login failed for user '{user}'.")).of_class(14)
    }

    /// No such database, or no right on it.
    pub fn no_database(database: &str) -> Self {
        Self::new(4060, format!("Cannot open database \"{database}\" requested by the login. The login failed."))
            .of_class(11)
    }

    /// Azure: the database is not there just now.
    pub fn database_unavailable(database: &str) -> Self {
        Self::new(
            40613,
            format!("Database '{database}' is not currently available. Please retry the connection later."),
        )
        .of_class(17)
    }

    /// No such object, or no right to see it.
    pub fn no_object(name: &str) -> Self {
        Self::new(208, format!("Invalid object name '{name}'."))
    }

    /// SELECT is denied.
    pub fn denied(object: &str) -> Self {
        Self::new(229, format!("The SELECT permission was denied on the object '{object}'.")).of_class(14)
    }

    /// Snapshot isolation is off.
    pub fn snapshot_not_allowed(database: &str) -> Self {
        Self::new(
            3952,
            format!(
                "Snapshot isolation transaction failed accessing database '{database}' because snapshot isolation is not allowed in this database."
            ),
        )
    }

    /// The table was altered after the snapshot began.
    pub fn altered_since_snapshot(table: &str) -> Self {
        Self::new(
            3961,
            format!(
                "Snapshot isolation transaction failed because the object '{table}' accessed by the statement has been modified by a DDL statement in another concurrent transaction since the start of this transaction."
            ),
        )
    }

    /// A view of the server's state, which a small database of Azure shows only to a server role.
    pub fn no_server_state() -> Self {
        Self::new(300, "VIEW SERVER STATE permission was denied on object 'server', database 'master'.").of_class(14)
    }

    /// Change tracking on a readable secondary.
    pub fn tracking_of_secondary() -> Self {
        Self::new(
            22_117,
            "For databases that are members of a secondary availability replica, change tracking is not supported.",
        )
    }

    /// A deadlock, and we are its victim.
    pub fn deadlock() -> Self {
        Self::new(1205, "Transaction was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction.").of_class(13)
    }

    /// Another transaction holds a lock for longer than LOCK_TIMEOUT.
    pub fn lock_timeout() -> Self {
        Self::new(1222, "Lock request time out period exceeded.")
    }

    /// A scan without locks met a page that moved.
    pub fn data_movement() -> Self {
        Self::new(601, "Could not continue scan with NOLOCK due to data movement.").of_class(12)
    }

    /// KILL.
    pub fn killed() -> Self {
        Self::new(596, "Cannot continue the execution because the session is in the kill state.").of_class(21)
    }
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the client sent what is no TDS: {0}")]
    Protocol(&'static str),
    #[error("a fault that the test asked for")]
    Fault(crate::faults::Action),
    #[error("refused: {0}")]
    Refused(#[from] ServerError),
}
