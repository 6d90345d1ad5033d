//! What a database has that could be published.

use std::collections::HashMap;

use super::column::SourceColumn;
use super::postgres;
use super::relation::{Relation, RelationKind, RowSecurity};
use super::sqlserver;
use crate::model::Dialect;
use crate::model::RelationName;

/// Everything that the catalog lists, and who asks.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    pub dialect: Dialect,
    pub role: String,
    pub database: String,
    /// By schema and name.
    pub candidates: Vec<Candidate>,
    /// What the role may not read at all.
    pub closed: Vec<Closed>,
    /// The bodies of the functions that triggers call, by their numbers.
    pub functions: HashMap<u32, TriggerFunction>,
    pub captures: Captures,
    /// What is to be known of the database before any table is published.
    pub remarks: Vec<String>,
}

/// Which captures are right with the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Captures {
    #[default]
    All,
    Full(FullAlone),
}

/// Why only `full` is proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FullAlone {
    /// Each statement is of a moment of its own: only a capture of one statement is right.
    WithoutSnapshots,
    /// The database's compatibility level is too low to hand keys over.
    WithoutKeys,
}

impl FullAlone {
    pub fn why(self) -> &'static str {
        match self {
            Self::WithoutSnapshots => "without SNAPSHOT transactions nothing but capture = \"full\" is right",
            Self::WithoutKeys => "below compatibility level 130 rows can't be read by key",
        }
    }
}

impl Listing {
    /// Whether a trigger's function sets the column of the row to the time whenever it runs, as far as its text tells.
    pub fn always_sets_to_now(&self, trigger: &Trigger, column: &SourceColumn) -> bool {
        let sets = |f: &TriggerFunction| match self.dialect {
            Dialect::Postgres => postgres::always_sets_to_now(&f.body, &column.name, column.postgres()),
            // Its triggers are not read.
            Dialect::SqlServer => false,
        };
        self.functions.get(&trigger.function).is_some_and(sets)
    }

    /// Whether a trigger's function writes an entry of the log whenever it runs, as far as its text tells.
    pub fn always_logs(&self, trigger: &Trigger, log: &RelationName) -> bool {
        let logs = |f: &TriggerFunction| match self.dialect {
            Dialect::Postgres => postgres::always_logs(&f.body, log),
            Dialect::SqlServer => false,
        };
        self.functions.get(&trigger.function).is_some_and(logs)
    }

    /// The statement that lets the role read all of a relation.
    pub fn grant(&self, name: &RelationName) -> String {
        match self.dialect {
            Dialect::Postgres => postgres::grant_select(&[name], &self.role),
            Dialect::SqlServer => sqlserver::grant_select(name, &self.role),
        }
    }

    /// The statement that lets the role read a table's change tracking.
    pub fn grant_tracking(&self, name: &RelationName) -> String {
        sqlserver::grant_tracking(name, &self.role)
    }

    /// Statements that let the role read what it may not.
    pub fn grants(&self, closed: &[&Closed]) -> Vec<String> {
        match self.dialect {
            Dialect::Postgres => postgres::grants_of_closed(self, closed),
            Dialect::SqlServer => sqlserver::grants_of_closed(self, closed),
        }
    }

    /// The statement that shows the role the rows which policies hide from it.
    pub fn grant_all_rows(&self) -> String {
        match self.dialect {
            Dialect::Postgres => postgres::grant_all_rows(&self.role),
            Dialect::SqlServer => sqlserver::grant_all_rows(&self.role),
        }
    }
}

/// A table or view that the role may read, all of it or some columns.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub name: RelationName,
    pub relation: Relation,
    pub access: Access,
    /// Columns that the role may read, but not as they are.
    pub withheld: Vec<Withheld>,
    /// The extension that made it.
    pub extension: Option<String>,
    pub persistence: Persistence,
    pub row_security: RowSecurity,
    pub tracking: ChangeTracking,
    /// Enabled triggers in the order in which they run, those of statements too.
    pub triggers: Vec<Trigger>,
    /// The planner's count; of a table that was never analyzed, its guess by the size of the files, where that is large.
    pub about_rows: Option<u64>,
}

/// What the role may read of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    Whole,
    /// Only these columns. Those that the system adds, such as PostgreSQL's `xmin`, are not among them.
    Columns(Vec<String>),
}

/// A column whose values nobody gets as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    pub column: String,
    pub by: Withholding,
}

/// What withholds a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Withholding {
    /// The server makes up others for the role.
    Mask,
    /// Only clients with the key can read them.
    Encryption,
}

/// Whether a crash of the server empties a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    Permanent,
    Unlogged,
}

/// Whether the source keeps the keys of changed rows by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeTracking {
    Off,
    On,
    /// It does, and the login may not read them.
    Unseen,
    /// It does, and only the primary tells them.
    OfPrimary,
}

/// A relation that the role may not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    pub name: RelationName,
    pub kind: RelationKind,
    pub schema: SchemaAccess,
}

/// Whether the role may use a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaAccess {
    Given,
    Refused,
}

/// An enabled trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    pub name: String,
    /// The function that it calls, by its number in the catalog.
    pub function: u32,
    pub fires: Vec<Fires>,
    /// Only for updates of some columns, or under a condition.
    pub is_partial: bool,
    /// Its arguments, each closed by NUL, in the source's escapes.
    pub arguments: String,
}

/// When a trigger fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fires {
    /// For each row, not once a statement.
    ForEachRow,
    /// Before the write: it may change the row.
    Before,
    OnInsert,
    OnUpdate,
    OnDelete,
    OnTruncate,
}

impl Trigger {
    fn has(&self, all: &[Fires]) -> bool {
        all.iter().all(|one| self.fires.contains(one))
    }

    /// Whether it may change some of the rows that are inserted or updated.
    pub fn is_before_some_write(&self) -> bool {
        self.has(&[Fires::ForEachRow, Fires::Before]) && (self.has(&[Fires::OnInsert]) || self.has(&[Fires::OnUpdate]))
    }

    /// Whether it may change every row that is inserted or updated.
    pub fn is_before_every_write(&self) -> bool {
        !self.is_partial && self.has(&[Fires::ForEachRow, Fires::Before, Fires::OnInsert, Fires::OnUpdate])
    }

    /// Whether it sees every row that is inserted, updated or deleted.
    pub fn is_of_every_write(&self) -> bool {
        !self.is_partial && self.has(&[Fires::ForEachRow, Fires::OnInsert, Fires::OnDelete, Fires::OnUpdate])
    }

    /// Whether it sees that all rows are taken out at once.
    pub fn is_of_truncate(&self) -> bool {
        !self.is_partial && self.has(&[Fires::OnTruncate])
    }
}

/// A function that triggers call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerFunction {
    /// Its text in PL/pgSQL; empty where it is written in another language.
    pub body: String,
}
