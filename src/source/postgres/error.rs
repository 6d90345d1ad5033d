//! What goes wrong between us and PostgreSQL.

use tokio_postgres::error::SqlState;

use super::sql::{ident, qualified};
use super::statement_fault::StatementFault;
use crate::model::{Blame, RelationName, one_of};
use crate::root_cause::root_cause;

#[derive(Clone, Debug, thiserror::Error)]
pub enum PostgresError {
    #[error("the source URL is not a PostgreSQL connection string: {0}")]
    BadUrl(String),

    #[error("the parameter {key} of the source URL {problem}")]
    BadParameter { key: String, problem: &'static str, remedy: String },

    #[error("cannot connect to PostgreSQL at {address}: {reason}")]
    Connect { address: String, reason: String, kind: ConnectFault },

    #[error("cannot connect to PostgreSQL at {address}: {reason}")]
    NotLetIn { address: String, reason: String, database: String, role: String },

    #[error("the table {name} does not exist in the source, or the role may not see it")]
    NoSuchTable {
        name: RelationName,
        /// Those that are there, and may be what was meant.
        near: Vec<RelationName>,
    },

    #[error("PostgreSQL: {message} (SQLSTATE {code}) while {doing}")]
    Statement { doing: &'static str, fault: StatementFault, code: String, message: String },

    #[error("row-level security of {} would hide rows from the role, so reading is refused", table_name(table.as_deref()))]
    Hidden { table: Option<String> },

    #[error("the connection to PostgreSQL was lost while {doing}: {reason}")]
    Lost { doing: &'static str, reason: String },

    #[error("the hstore type of the change log was not found")]
    NoHstore,

    #[error("PostgreSQL {0} is too old: 13 or later is needed")]
    TooOld(String),

    #[error("a table was truncated or rewritten after the snapshot was taken")]
    Rewritten,

    #[error("PostgreSQL answered what it should not while {doing}: {what}")]
    Unexpected { doing: &'static str, what: String },
}

/// What kind of thing kept us from connecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectFault {
    Unreachable,
    /// Somebody is there and says nothing.
    Silent,
    Tls,
    Password,
    NoDatabase,
    /// The server, the database or the role has all the connections that it may have.
    Full,
    /// The server starts, stops or recovers.
    NotReady,
    /// It is no server of the kind that `target_session_attrs` asks for.
    Attributes,
    Other,
}

impl ConnectFault {
    /// Whether it passes without anybody's help.
    fn is_transient(self) -> bool {
        match self {
            Self::Tls | Self::Password | Self::NoDatabase => false,
            Self::Unreachable | Self::Silent | Self::Full | Self::NotReady | Self::Attributes | Self::Other => true,
        }
    }
}

impl PostgresError {
    /// Wraps an error of the driver. Detail and hint of the server are left out: they may hold row values.
    pub fn wrap(doing: &'static str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |e| match e.as_db_error() {
            // By the place it comes from: the text may be in any language. It quotes the table's name.
            Some(db) if db.routine() == Some("check_enable_rls") => {
                let table = db.message().split('"').nth(1).map(str::to_owned);
                Self::Hidden { table }
            }
            Some(db) => {
                let code = db.code().code().to_owned();
                let message = if is_quotable(&code, doing) {
                    db.message().chars().take(LONGEST_MESSAGE).collect()
                } else {
                    "a row could not be read".to_owned()
                };
                Self::statement(doing, code, message)
            }
            None => Self::Lost { doing, reason: root_cause(&e) },
        }
    }

    pub(super) fn statement(doing: &'static str, code: String, message: String) -> Self {
        Self::Statement { doing, fault: StatementFault::of(&code), code, message }
    }

    /// Why the server refused a statement; `None` of every other error.
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
            Self::Lost { .. } | Self::Rewritten => true,
            Self::BadUrl(_)
            | Self::BadParameter { .. }
            | Self::NotLetIn { .. }
            | Self::NoSuchTable { .. }
            | Self::Hidden { .. }
            | Self::NoHstore
            | Self::TooOld(_)
            | Self::Unexpected { .. } => false,
        }
    }

    /// The server has ended the statement for the sake of other transactions.
    pub fn is_lost_conflict(&self) -> bool {
        matches!(self.statement_fault(), Some(StatementFault::Conflict(_)))
    }

    /// Whether what is in the way is one table's alone: it is locked, takes too long, or was just rewritten.
    pub fn is_of_one_table(&self) -> bool {
        match self {
            Self::Statement { fault, .. } => fault.is_of_one_table(),
            Self::NoSuchTable { .. } | Self::Hidden { .. } | Self::NoHstore | Self::Rewritten => true,
            Self::BadUrl(_)
            | Self::BadParameter { .. }
            | Self::Connect { .. }
            | Self::NotLetIn { .. }
            | Self::Lost { .. }
            | Self::TooOld(_)
            | Self::Unexpected { .. } => false,
        }
    }

    /// Whether the role has no right to what it asked for.
    pub fn is_denied(&self) -> bool {
        self.statement_fault() == Some(StatementFault::Denied)
    }

    /// Whether what the role has no right to is a function, which the message names.
    pub fn is_of_a_function(&self) -> bool {
        matches!(self, Self::Statement { message, .. } if message.contains("for function "))
    }

    /// What the server says of a statement's text, where that is at fault: its syntax, a name or a type that does not fit.
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

    pub fn blame(&self) -> Blame {
        match self {
            Self::BadUrl(_)
            | Self::BadParameter { .. }
            | Self::NoSuchTable { .. }
            | Self::NoHstore
            | Self::Statement { fault: StatementFault::Undefined, .. } => Blame::Config,
            Self::Connect { .. }
            | Self::NotLetIn { .. }
            | Self::Statement { .. }
            | Self::Hidden { .. }
            | Self::Lost { .. }
            | Self::TooOld(_)
            | Self::Rewritten
            | Self::Unexpected { .. } => Blame::World,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::BadUrl(_) => "write postgres://user:password@host:5432/database?sslmode=require".to_owned(),
            Self::BadParameter { remedy, .. } => remedy.clone(),
            Self::Connect { kind, .. } => match kind {
                ConnectFault::Unreachable => "check host and port, the firewall, and that the server runs",
                ConnectFault::Silent => {
                    "check that the port is PostgreSQL's, and a pooler or proxy in between; a server that wakes up or is \
                     short of connections may need a longer connect_timeout in the source URL"
                }
                ConnectFault::Tls => "check sslmode and sslrootcert in the source URL against the server's certificate",
                ConnectFault::Password => "check user and password in the source URL, and pg_hba.conf",
                ConnectFault::NoDatabase => "check the database's name in the source URL",
                ConnectFault::Full => "lower [run] parallelism, or raise the connection limit of the server, the database or the role",
                ConnectFault::NotReady => "wait until the server is up; the next tick tries again",
                ConnectFault::Attributes => {
                    "name a host that target_session_attrs in the source URL accepts, or write target_session_attrs=any"
                }
                ConnectFault::Other => "see the server's log",
            }
            .to_owned(),
            Self::NotLetIn { database, role, .. } => {
                format!("as the database's owner: GRANT CONNECT ON DATABASE {} TO {}", ident(database), ident(role))
            }
            Self::NoSuchTable { near, .. } if !near.is_empty() => {
                let lines: Vec<String> = near.iter().map(RelationName::source_line).collect();
                format!("did you mean {}?", one_of(&lines))
            }
            Self::NoSuchTable { name, .. } => format!(
                "check {}, and GRANT USAGE on the schema {} and SELECT on {} to the role in the source URL",
                name.source_line(),
                ident(&name.schema),
                qualified(name)
            ),
            Self::Statement { fault: StatementFault::Denied, message, .. } if message.contains("for function ") => {
                let function = message.split("for function ").nth(1).unwrap_or_default();
                format!("GRANT EXECUTE ON FUNCTION {function} to the role in the source URL")
            }
            Self::Statement { fault, .. } => fault.hint().to_owned(),
            Self::Hidden { .. } => "set BYPASSRLS with ALTER ROLE for the role in the source URL (of a view: for its owner), or connect as \
                                    the table's owner; `plimsoll check` prints the statement"
                .to_owned(),
            Self::NoHstore => "CREATE EXTENSION hstore, or correct key_format of [changelog]".to_owned(),
            Self::Rewritten => "nothing: the next tick takes another snapshot".to_owned(),
            Self::Lost { .. } => "the next tick tries again; see the server's log if it keeps happening".to_owned(),
            Self::TooOld(_) => "upgrade the source, or replicate it to a newer server".to_owned(),
            Self::Unexpected { .. } => "is there a proxy in between that changes answers?".to_owned(),
        }
    }
}

fn table_name(table: Option<&str>) -> String {
    table.map_or_else(|| "a table".to_owned(), |t| format!("the table {t}"))
}

/// What is done when rows pass through functions, casts and filters, whose errors may quote them.
pub(super) const READING: &str = "reading rows";

const LONGEST_MESSAGE: usize = 500;

/// What is done when the config's `where` is parsed.
pub const TRYING_WHERE: &str = "trying where";

/// Whether an error's message holds no value of a row. While rows are read anything may be raised under any code (a cast to
/// `regclass` calls a value an undefined table), so only what the server itself has to say then counts: connections, transactions, resources,
/// locks, cancelled statements, rights. Elsewhere a data exception quotes the value it stumbled over, and what a function raises may be
/// anything.
fn is_quotable(code: &str, doing: &str) -> bool {
    // No row is read: what is quoted stands in the config.
    if doing == TRYING_WHERE {
        return true;
    }
    let starts = |classes: &[&str]| classes.iter().any(|class| code.starts_with(class));
    if doing == READING {
        starts(&["08", "25", "28", "40", "53", "55P03", "57", "58", "42501"])
    } else {
        !starts(&["22", "23", "P0"])
    }
}

/// Whether the role lacks the right to connect to the database. By the place it comes from: other checks raise the same code.
pub(super) fn is_not_let_in(e: &tokio_postgres::Error) -> bool {
    let Some(db) = e.as_db_error() else { return false };
    *db.code() == SqlState::INSUFFICIENT_PRIVILEGE && db.routine() == Some("CheckMyDatabase")
}

/// Sorts a failed connection attempt by what the operator has to look at.
pub(super) fn connect_fault(e: &tokio_postgres::Error) -> (ConnectFault, String) {
    if let Some(db) = e.as_db_error() {
        let kind = match *db.code() {
            SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => ConnectFault::Password,
            SqlState::INVALID_CATALOG_NAME => ConnectFault::NoDatabase,
            SqlState::TOO_MANY_CONNECTIONS => ConnectFault::Full,
            SqlState::CANNOT_CONNECT_NOW => ConnectFault::NotReady,
            _ => ConnectFault::Other,
        };
        return (kind, db.message().to_owned());
    }
    let text = e.to_string();
    let reason = root_cause(e);
    // What the driver says where a host was reached and is not what target_session_attrs asks for.
    let kind = if ["database does not allow writes", "database is not read only"].contains(&reason.as_str()) {
        ConnectFault::Attributes
    } else if text.contains("TLS") {
        ConnectFault::Tls
    } else if text.contains("password") || reason.contains("password") {
        ConnectFault::Password
    } else {
        ConnectFault::Unreachable
    };
    (kind, reason)
}
