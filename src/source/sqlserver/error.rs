//! What goes wrong between us and a SQL Server.

use tiberius::error::{Error, IoErrorKind};

use super::connect_fault::{ConnectFault, LONGEST_MESSAGE};
use super::sql::{ident, qualified};
use super::statement_fault::StatementFault;
use crate::model::{Blame, RelationName, one_of};

#[derive(Clone, Debug, thiserror::Error)]
pub enum SqlServerError {
    #[error("the source URL is not a connection string of SQL Server: {0}")]
    BadUrl(String),

    #[error("the parameter {key} of the source URL {problem}")]
    BadParameter { key: String, problem: &'static str, remedy: String },

    #[error("the source URL has a parameter that is not known{}", key.as_ref().map_or(String::new(), |k| format!(": {k}")))]
    UnknownParameter {
        /// Absent where it may be the rest of a password.
        key: Option<String>,
    },

    #[error("the source URL is ambiguous: {path} may be a database or an instance of the server")]
    Ambiguous { host: String, path: String },

    #[error("the source URL names the instance {instance} and no port")]
    NamedInstance { instance: String },

    #[error("cannot connect to SQL Server at {address}: {reason}")]
    Connect { address: String, reason: String, kind: ConnectFault },

    #[error("the table {name} does not exist in the source, or the login has no right on it")]
    NoSuchTable {
        name: RelationName,
        /// Those that are there, and may be what was meant.
        near: Vec<RelationName>,
    },

    #[error("SQL Server: {message} (error {number}) while {doing}")]
    Statement { doing: &'static str, fault: StatementFault, number: u32, message: String },

    #[error("a security policy of {} hides rows from the login, so reading is refused", table.as_deref().unwrap_or("a table"))]
    Hidden { table: Option<String> },

    #[error("{table} is a memory-optimized table: SQL Server reads none such in a snapshot")]
    InMemory { table: RelationName },

    #[error("the connection to SQL Server was lost while {doing}: {reason}")]
    Lost { doing: &'static str, reason: String },

    #[error("SQL Server gave no answer for {seconds} s while {doing}")]
    TimedOut { doing: &'static str, seconds: u64 },

    #[error("the statement was given up while {doing}")]
    Cancelled { doing: &'static str },

    #[error("{what} is too old: SQL Server 2016 SP1 or later is needed")]
    TooOld { what: String },

    #[error("the database {database} allows no snapshots, so rows of two moments would be read for one")]
    NoSnapshot { database: String },

    #[error("the compatibility level of the database {database} is {level}: rows can't be read by key below 130")]
    LowCompatibility { level: u32, database: String },

    #[error(
        "capture = \"{capture}\" asks several times, and in the database {database} each statement reads a moment of its own: what changes between them would be lost"
    )]
    Torn { capture: &'static str, database: String },

    #[error("the server has ended the run's transaction, and with it the snapshot, while {doing}")]
    TransactionLost { doing: &'static str },

    #[error("{what} is not done")]
    NotDone { what: String, remedy: String },

    #[error("the column {column} of {table} {why}")]
    BadColumn { table: String, column: String, why: &'static str, remedy: String },

    #[error("no token of Microsoft Entra: {reason}")]
    NoToken { reason: String, kind: TokenFault },

    #[error("SQL Server answered what it should not while {doing}: {what}")]
    Unexpected { doing: &'static str, what: String },
}

/// Whether a token can be had later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFault {
    Transient,
    Definite,
}

impl SqlServerError {
    /// Wraps an error of the driver.
    pub(super) fn wrap(doing: &'static str) -> impl FnOnce(Error) -> Self {
        move |e| match e {
            Error::Server(token) => {
                let number = token.code();
                let fault = StatementFault::of(number);
                // The server ends the connection with it, whatever was asked.
                if ENDS_THE_SESSION.contains(&token.class()) && fault == StatementFault::Other {
                    return Self::Lost { doing, reason: format!("the server has ended it (error {number})") };
                }
                let message = if is_quotable(fault, doing) {
                    token.message().chars().take(LONGEST_MESSAGE).collect()
                } else {
                    "a row could not be read".to_owned()
                };
                Self::Statement { doing, fault, number, message }
            }
            Error::Io { kind: IoErrorKind::TimedOut, .. } => {
                Self::Lost { doing, reason: "no answer in time".to_owned() }
            }
            Error::Io { message, .. } => Self::Lost { doing, reason: message },
            // These texts are the driver's own; none has a value of a row in it.
            Error::Protocol(what) => Self::Unexpected { doing, what: what.into_owned() },
            Error::Utf8 | Error::Utf16 => Self::Unexpected { doing, what: "a text in no encoding".to_owned() },
            Error::Tls(reason) => Self::Lost { doing, reason },
            _ => Self::Unexpected { doing, what: "a value that the driver can't read".to_owned() },
        }
    }

    /// An answer of another form.
    pub(super) fn unexpected(doing: &'static str) -> Self {
        Self::Unexpected { doing, what: "a row of another form".to_owned() }
    }

    /// What this version does not do; `remedy` says what to write instead.
    pub(super) fn not_done(what: &str, remedy: &str) -> Self {
        Self::NotDone { what: format!("{what} of a SQL Server"), remedy: remedy.to_owned() }
    }

    /// The primary alone has change tracking.
    pub(super) fn ct_of_a_secondary() -> Self {
        Self::not_done(
            "change tracking on a readable secondary, or in a database that is read-only",
            "read from the primary, or write capture = \"digest\"",
        )
    }

    /// What only a SQL Server has.
    pub fn not_done_elsewhere(what: &str, remedy: &str) -> Self {
        Self::NotDone { what: format!("{what} of another kind of source than SQL Server"), remedy: remedy.to_owned() }
    }

    fn statement_fault(&self) -> Option<StatementFault> {
        match self {
            Self::Statement { fault, .. } => Some(*fault),
            _ => None,
        }
    }

    /// Whether the same run may succeed later without anybody's help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connect { kind, .. } => kind.is_transient(),
            Self::Statement { fault, .. } => fault.is_transient(),
            Self::NoToken { kind, .. } => *kind == TokenFault::Transient,
            Self::Lost { .. } | Self::TimedOut { .. } | Self::Cancelled { .. } | Self::TransactionLost { .. } => true,
            Self::BadUrl(_)
            | Self::BadParameter { .. }
            | Self::UnknownParameter { .. }
            | Self::Ambiguous { .. }
            | Self::NamedInstance { .. }
            | Self::NoSuchTable { .. }
            | Self::Hidden { .. }
            | Self::InMemory { .. }
            | Self::TooOld { .. }
            | Self::NoSnapshot { .. }
            | Self::LowCompatibility { .. }
            | Self::Torn { .. }
            | Self::NotDone { .. }
            | Self::BadColumn { .. }
            | Self::Unexpected { .. } => false,
        }
    }

    /// The server has ended the statement or the snapshot for what others did meanwhile: another snapshot may well do.
    pub fn is_lost_conflict(&self) -> bool {
        match self.statement_fault() {
            Some(StatementFault::Deadlock | StatementFault::Changed | StatementFault::Moved) => true,
            _ => matches!(self, Self::TransactionLost { .. }),
        }
    }

    /// Whether what is in the way is one table's alone.
    pub fn is_of_one_table(&self) -> bool {
        match self {
            Self::Statement { fault, .. } => fault.is_of_one_table(),
            Self::NoSuchTable { .. }
            | Self::Hidden { .. }
            | Self::InMemory { .. }
            | Self::NotDone { .. }
            | Self::BadColumn { .. } => true,
            _ => false,
        }
    }

    /// Whether the login has no right to what it asked for.
    pub fn is_denied(&self) -> bool {
        self.statement_fault() == Some(StatementFault::Denied)
    }

    /// What the server says of a statement's text, where that is at fault.
    pub fn fault_of_the_text(&self) -> Option<&str> {
        match self {
            Self::Statement { fault, message, .. } if fault.is_of_the_text() => Some(message),
            _ => None,
        }
    }

    /// Whether a value that stands in a row is at fault.
    pub fn is_of_a_value(&self) -> bool {
        self.statement_fault() == Some(StatementFault::Value)
    }

    /// Whether a rule hides rows from the login.
    pub fn hides_rows(&self) -> bool {
        matches!(self, Self::Hidden { .. })
    }

    pub fn blame(&self) -> Blame {
        match self {
            Self::BadUrl(_)
            | Self::BadParameter { .. }
            | Self::UnknownParameter { .. }
            | Self::Ambiguous { .. }
            | Self::NamedInstance { .. }
            | Self::NoSuchTable { .. }
            | Self::InMemory { .. }
            | Self::NotDone { .. }
            | Self::BadColumn { .. }
            | Self::Statement { fault: StatementFault::Undefined, .. } => Blame::Config,
            _ => Blame::World,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::BadUrl(_) => "write sqlserver://user:password@host:1433?database=name".to_owned(),
            Self::BadParameter { remedy, .. } | Self::NotDone { remedy, .. } | Self::BadColumn { remedy, .. } => remedy.clone(),
            Self::UnknownParameter { key: Some(_) } => "remove it, or take one that docs/CONFIG.md names".to_owned(),
            Self::UnknownParameter { key: None } => {
                "docs/CONFIG.md says which there are; a password with a ; or & in it stands in {…} (in a URL: percent-encoded)".to_owned()
            }
            Self::Ambiguous { host, path } => format!(
                "for a database: sqlserver://USER@{host}?database={path}; for an instance: sqlserver://USER@{host}:PORT?database=NAME, with the port that the instance listens on"
            ),
            Self::NamedInstance { .. } => {
                "give the instance a fixed TCP port (SQL Server Configuration Manager), and write that port instead of the instance".to_owned()
            }
            Self::Connect { kind, .. } => match kind {
                ConnectFault::Unreachable => "check host and port, the firewall, and that the server listens on TCP",
                ConnectFault::Silent => "check that the port is SQL Server's; a server that wakes up may need a longer connectTimeout in the source URL",
                ConnectFault::Tls => {
                    "check the server's certificate: certificate=/path/of/the/CA.pem names its authority, hostNameInCertificate its name. A certificate that the server made \
                     for itself needs trustServerCertificate=true, on a network you trust; Windows Server 2012 R2 and older may have no cipher suite in common with us"
                }
                ConnectFault::Encryption => "check encrypt in the source URL: the server wants or has another encryption",
                ConnectFault::Password => "check user and password in the source URL, and that the server takes SQL logins",
                ConnectFault::NoDatabase => "check the database's name in the source URL, and that the login has a user in it",
                ConnectFault::NotReady => "wait until the database is up; the next tick tries again",
                ConnectFault::Redirects => "name the server that it sends us to in the source URL",
                ConnectFault::Other => "see the server's log",
            }
            .to_owned(),
            Self::NoSuchTable { near, .. } if !near.is_empty() => {
                let lines: Vec<String> = near.iter().map(RelationName::source_line).collect();
                format!("did you mean {}?", one_of(&lines))
            }
            Self::NoSuchTable { name, .. } => {
                format!("check {}, and GRANT SELECT ON {} to the login's user", name.source_line(), qualified(name))
            }
            Self::Statement { fault, .. } => fault.hint().to_owned(),
            Self::Hidden { .. } => "read as a user that the policy's predicate lets see all rows, or switch the policy off; `plimsoll check` prints the statement".to_owned(),
            Self::InMemory { table } => format!(
                "take {} out of the config, or publish a table on disk that the application keeps beside it",
                table.source_line()
            ),
            Self::Lost { .. } | Self::TransactionLost { .. } => "the next tick tries again; see the server's log if it keeps happening".to_owned(),
            Self::TimedOut { .. } => "the statement took longer than [source] statement_timeout (or the run's budget)".to_owned(),
            Self::Cancelled { .. } => "nothing: the run was stopped".to_owned(),
            Self::TooOld { .. } => "upgrade the server".to_owned(),
            Self::LowCompatibility { database, .. } => {
                format!("ALTER DATABASE {} SET COMPATIBILITY_LEVEL = 130", ident(database))
            }
            Self::Torn { database, .. } => {
                format!("ALTER DATABASE {} SET ALLOW_SNAPSHOT_ISOLATION ON, or write capture = \"full\"", ident(database))
            }
            Self::NoSnapshot { database } => format!("ALTER DATABASE {} SET ALLOW_SNAPSHOT_ISOLATION ON", ident(database)),
            Self::NoToken { kind: TokenFault::Transient, .. } => "the next tick tries again".to_owned(),
            Self::NoToken { kind: TokenFault::Definite, .. } => {
                "check AZURE_TENANT_ID and AZURE_CLIENT_ID, and the federated credential of the application for Google's identity".to_owned()
            }
            Self::Unexpected { .. } => "is there a proxy in between that changes answers?".to_owned(),
        }
    }
}

/// What is done when rows pass through casts and filters, whose errors may quote them.
pub(super) const READING: &str = "reading rows";

/// Errors of these severities end the connection, and say that a process is at fault. Above them a table or the database is damaged.
/// Source: <https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-error-severities>
const ENDS_THE_SESSION: std::ops::RangeInclusive<u8> = 20..=21;

/// What is done when the config's `where` is parsed.
pub(super) const TRYING_WHERE: &str = "trying where";

/// Whether an error's message holds no value of a row. While rows are read, only what the server itself has to say counts.
fn is_quotable(fault: StatementFault, doing: &str) -> bool {
    // No row is read: what is quoted stands in the config.
    if doing == TRYING_WHERE {
        return true;
    }
    match fault {
        StatementFault::Value | StatementFault::Raised => false,
        StatementFault::Text | StatementFault::Other => doing != READING,
        StatementFault::Locked
        | StatementFault::Deadlock
        | StatementFault::Changed
        | StatementFault::VersionStore
        | StatementFault::NoSnapshot
        | StatementFault::Moved
        | StatementFault::Unavailable
        | StatementFault::Exhausted
        | StatementFault::Denied
        | StatementFault::Damaged
        | StatementFault::Undefined => true,
    }
}
