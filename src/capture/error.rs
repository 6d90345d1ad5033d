//! What makes a capture impossible for a table.

use crate::failpoint::Injected;
use crate::model::{Blame, CaptureKind, Dialect, RelationName};
use crate::source::SourceError;
use crate::storage::StorageError;

#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    #[error(transparent)]
    Source(#[from] SourceError),

    #[error(transparent)]
    Storage(#[from] StorageError),

    #[error("lists of row hashes are gone or broken")]
    ListsLost,

    #[error("a list of row hashes could not be made: {0}")]
    ListNotMade(String),

    #[error("the cursor column {column} does not exist in {table}")]
    NoSuchCursor {
        table: String,
        column: String,
        /// One that is there, and may be what was meant.
        near: Option<String>,
        dialect: Dialect,
    },

    #[error("the cursor column {column} has the type {type_name}, which has no order that grows with every change")]
    NotOrdered { column: String, type_name: String, dialect: Dialect },

    #[error("lag = {lag} does not fit the cursor column {column} of type {type_name}")]
    WrongLag { lag: &'static str, column: String, type_name: String },

    #[error("where of {table} is not a condition: {reason}")]
    BadFilter { table: RelationName, reason: String },

    #[error(
        "the key {} of {table} is not unique: {keys} of its values stand in more than one row ({rows} rows in all)",
        key.join(", ")
    )]
    NotUnique {
        table: RelationName,
        /// As statements have them.
        key: Vec<String>,
        keys: u64,
        rows: u64,
        /// A statement that shows them.
        lookup: String,
    },

    #[error("the rows of a {0} do not say which transaction wrote them")]
    NoTransactionIds(&'static str),

    #[error("{table} is or reads a materialized view: its rows change by {}, of which no log tells", dialect.refresh())]
    Materialized { table: RelationName, dialect: Dialect },

    #[error("the change log {log} does not exist, or the {} may not see it", dialect.who_asks())]
    NoLog { log: RelationName, dialect: Dialect },

    #[error("the change log {log} is a {kind}: its rows do not say which transaction wrote them")]
    LogWithoutTransactionIds { log: RelationName, kind: &'static str },

    #[error(
        "nothing tells new entries of the change log {log} from old ones: {id} is no number, and it has no column of the type rowversion"
    )]
    LogWithoutOrder { log: RelationName, id: String, dialect: Dialect },

    #[error("the change log {log} has no column {column}")]
    NoLogColumn { log: RelationName, column: String, near: Option<String> },

    #[error("the type {name} is not in {types}")]
    NoSuchType { name: String, types: RelationName, near: Option<String> },

    #[error("the table of content types {0} does not exist")]
    NoContentTypes(RelationName),

    #[error("the table does not say which entries of the change log concern it")]
    NoLogTypes { example: String },

    #[error("`{name}` names no type of this change log")]
    BadLogType { name: String, wanted: String },

    #[error("the log's key column {0} does not exist in the source")]
    NoSuchKeyColumn(String),

    #[error("the log's key column {0} is not published as it is")]
    ScopeNotPublished(String),

    #[error("several columns that are not the table's key hold the key of {0}")]
    WideScope(String),

    #[error("{table} is sent row by row, and an entry of its change log names {column}, which is not its key")]
    ScopeWithoutMerge { table: RelationName, column: String },

    #[error("{relation}, which log_types names, does not exist, or the {} may not see it", dialect.who_asks())]
    NoLoggedRelation { relation: RelationName, dialect: Dialect },

    #[error("no key can be packed in the column {column} of {log}, of type {type_name}")]
    NoPackedKey { log: RelationName, column: String, type_name: String },

    #[error("the change log keeps the key in {given} columns, the key of {name} has {wanted}")]
    KeyWidth { name: String, given: usize, wanted: usize },

    #[error("a key that was named for {table} is none of its keys: those have {wanted} columns")]
    NoKeyOfTheTable { table: RelationName, wanted: usize },

    #[error("what the change log keeps of {name} has no field {field}")]
    NoLoggedField { name: String, field: String },

    #[error("change tracking of {table} is off, or the {} may not see it", dialect.who_asks())]
    NotTracked { table: RelationName, dialect: Dialect, database: String },

    #[error("{0} is a view, and changes are tracked of tables alone")]
    ViewNotTracked(RelationName),

    #[error("the key of {table} is not its primary key, by which changes are tracked")]
    NotThePrimaryKey { table: RelationName, primary: Vec<String> },

    #[error(
        "two spellings of {column} in {table} are one key to the source and two keys to BigQuery, and change tracking does not report the old spelling"
    )]
    SpellingNotTracked { table: RelationName, column: String },

    #[error("a logged key of {name} is no {type_name}")]
    UnreadableKey { name: String, type_name: String },
}

impl From<Injected> for CaptureError {
    fn from(injected: Injected) -> Self {
        Self::Storage(injected.into())
    }
}

impl CaptureError {
    /// Only what a service says of itself passes; all else is between config and catalog.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Storage(e) => e.is_transient(),
            Self::ListNotMade(_) | Self::ListsLost => true,
            other => other.of_source().is_some_and(SourceError::is_transient),
        }
    }

    /// The source's own error; `None` where the config and the catalog do not fit.
    fn of_source(&self) -> Option<&SourceError> {
        match self {
            Self::Source(e) => Some(e),
            Self::Storage(_)
            | Self::ListsLost
            | Self::ListNotMade(_)
            | Self::ViewNotTracked(_)
            | Self::NoSuchCursor { .. }
            | Self::NotOrdered { .. }
            | Self::WrongLag { .. }
            | Self::BadFilter { .. }
            | Self::NotUnique { .. }
            | Self::NoTransactionIds(_)
            | Self::Materialized { .. }
            | Self::NoLog { .. }
            | Self::LogWithoutTransactionIds { .. }
            | Self::LogWithoutOrder { .. }
            | Self::NoLogColumn { .. }
            | Self::NoSuchType { .. }
            | Self::NoContentTypes(_)
            | Self::NoLogTypes { .. }
            | Self::BadLogType { .. }
            | Self::NoSuchKeyColumn(_)
            | Self::ScopeNotPublished(_)
            | Self::WideScope(_)
            | Self::ScopeWithoutMerge { .. }
            | Self::NoLoggedRelation { .. }
            | Self::NoPackedKey { .. }
            | Self::KeyWidth { .. }
            | Self::NoKeyOfTheTable { .. }
            | Self::NoLoggedField { .. }
            | Self::NotTracked { .. }
            | Self::NotThePrimaryKey { .. }
            | Self::SpellingNotTracked { .. }
            | Self::UnreadableKey { .. } => None,
        }
    }

    pub fn blame(&self) -> Blame {
        match self {
            Self::Storage(e) => e.blame(),
            Self::ListNotMade(_) | Self::ListsLost => Blame::World,
            other => other.of_source().map_or(Blame::Config, SourceError::blame),
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Source(e) => e.hint(),
            Self::Storage(e) => e.hint(),
            Self::ListsLost => "the next tick reads the whole table and makes new ones".to_owned(),
            Self::ListNotMade(_) => "the next tick tries again".to_owned(),
            Self::NoSuchCursor { near: Some(near), .. } => format!("did you mean cursor = \"{near}\"?"),
            Self::NoSuchCursor { table, near: None, dialect, .. } => format!(
                "name a column of {table} that every write sets, or use capture = \"{}\", which needs none",
                CaptureKind::default_of(*dialect).name()
            ),
            Self::NotOrdered { dialect, .. } => format!(
                "name {} that every write sets, or use capture = \"{}\"",
                match dialect {
                    Dialect::Postgres => "an integer, date or timestamp column",
                    // What it calls timestamp is a rowversion, which needs nobody to set it.
                    Dialect::SqlServer => "a rowversion, or an integer, date, datetime2 or datetimeoffset column",
                },
                CaptureKind::default_of(*dialect).name()
            ),
            Self::WrongLag { .. } => {
                "a whole number for an integer cursor, a duration such as \"10m\" for a date or timestamp".to_owned()
            }
            Self::BadFilter { table, .. } => format!(
                "correct where of {table}: one condition over its columns, with as many closing parentheses as opening ones, such \
                 as where = \"status <> 'draft'\""
            ),
            Self::NotUnique { lookup, .. } => {
                format!("name columns as key that are unique together, or remove the surplus rows: {lookup}")
            }
            Self::NoTransactionIds(_) => {
                "use capture = \"digest\", which compares the rows by hash, or capture = \"cursor\" with a cursor column".to_owned()
            }
            Self::Materialized { dialect, .. } => format!(
                "set reconcile_every = \"1d\", which finds what a {} has changed, or use capture = \"digest\", which compares the rows by hash",
                dialect.refresh()
            ),
            Self::NoLog { log, dialect } => format!("correct [changelog], or {}", dialect.rights_to_read(log)),
            Self::LogWithoutTransactionIds { .. } => "name the table behind it in [changelog] table".to_owned(),
            Self::LogWithoutOrder { log, dialect, .. } => format!(
                "ALTER TABLE {} ADD [version] rowversion, or write in [changelog] at = \"created_at\" (the column with an entry's time) and lag = \"10m\" (how far it may be off)",
                dialect.qualified(log)
            ),
            Self::NoLogColumn { near: Some(near), .. } => format!("did you mean {near}? Write it in [changelog]"),
            Self::NoLogColumn { log, near: None, .. } => format!("name in [changelog] a column that {log} has"),
            Self::NoSuchType { near: Some(near), .. } => {
                format!("did you mean \"{near}\"? Write it in log_types of the table")
            }
            Self::NoSuchType { near: None, types, .. } => {
                format!("correct log_types of the table; the known ones stand in {types}")
            }
            Self::NoContentTypes(_) => "correct content_types of [changelog]".to_owned(),
            Self::NoLogTypes { example } => format!("write log_types = [\"{example}\"]"),
            Self::BadLogType { wanted, .. } => format!("write log_types = [\"{wanted}\"]"),
            Self::NoSuchKeyColumn(_) => "correct log_key, or `key` in log_types, of the table".to_owned(),
            Self::ScopeNotPublished(column) => {
                format!("take {column} out of exclude: the rows of a changed {column} are found by it in the target")
            }
            Self::WideScope(_) => "name one column, or the whole key of the table".to_owned(),
            Self::ScopeWithoutMerge { .. } => {
                "which rows such an entry leaves only a MERGE finds: write apply = \"merge\" or capture = \"digest\"".to_owned()
            }
            Self::NoLoggedRelation { .. } => {
                "correct log_types of the table: a renamed table has another name in the log".to_owned()
            }
            Self::NoPackedKey { .. } => "correct key and key_format of [changelog]".to_owned(),
            Self::NoKeyOfTheTable { table, .. } => {
                format!(
                    "name a text for each column of the key; `plimsoll check --table {}` lists them",
                    table.argument()
                )
            }
            Self::KeyWidth { .. } => "correct log_key of the table, or key and key_format of [changelog]".to_owned(),
            Self::NoLoggedField { name, .. } => {
                format!(
                    "write log_types = [{{ type = \"{name}\", key = \"id\", field = \"id\" }}]: key is the table's column, field its \
                     name in the log"
                )
            }
            Self::ViewNotTracked(_) => {
                "write capture = \"digest\", with key = \"row\" where no columns tell its rows apart; or capture = \"changelog\" with log_types".to_owned()
            }
            Self::NotTracked { table, dialect, database } => {
                let database = dialect.ident(database);
                let table = dialect.qualified(table);
                format!(
                    "ALTER TABLE {table} ENABLE CHANGE_TRACKING and GRANT VIEW CHANGE TRACKING ON {table} to the login's user (once for the database: \
                     ALTER DATABASE {database} SET CHANGE_TRACKING = ON (CHANGE_RETENTION = 7 DAYS, AUTO_CLEANUP = ON)), or write capture = \"digest\""
                )
            }
            Self::NotThePrimaryKey { primary, .. } if primary.is_empty() => {
                "give the table a primary key, or write capture = \"digest\"".to_owned()
            }
            Self::NotThePrimaryKey { primary, .. } => {
                format!("remove key (the primary key is {}), or write capture = \"digest\"", primary.join(", "))
            }
            Self::SpellingNotTracked { .. } => {
                "write reconcile_every = \"1d\", which finds it, or capture = \"digest\", which compares keys by their bytes".to_owned()
            }
            Self::UnreadableKey { .. } => {
                "correct log_key of the table, or the entry in the log; `plimsoll run --full` passes over it".to_owned()
            }
        }
    }
}
