//! What a source's catalog says of a table, view or the like.

use super::column::SourceColumn;
use crate::encode::TableSchema;
use crate::model::Dialect;
use crate::model::{RelationName, nearest};

/// A table, view or partitioned parent as it stands in the snapshot.
#[derive(Clone, Debug)]
pub struct Relation {
    pub dialect: Dialect,
    /// Its number in the catalog: a table that is dropped and made again has another one.
    pub id: u32,
    pub kind: RelationKind,
    /// The planner's row count; absent where nobody has counted.
    pub rows: Option<u64>,
    pub comment: Option<String>,
    pub columns: Vec<SourceColumn>,
    /// The primary key's columns in index order; empty without one.
    pub primary_key: Vec<String>,
    /// Columns of every usable unique index: no expressions, no predicate.
    pub unique: Vec<Vec<String>>,
    /// The first column of every valid index.
    pub leading: Vec<String>,
    /// Of these, the columns whose largest values an index has at hand.
    pub ordered: Vec<String>,
    /// Partitions, or tables that inherit from it; of a view, those of the tables below it.
    pub leaves: Vec<Leaf>,
    /// A digest of a view's text, of the views below it and of the functions they call; absent for a table.
    pub view: Option<String>,
    /// The number of the file that its rows are in: another one after a rewrite. Absent where it has none.
    pub file: Option<u32>,
    /// Whether a materialized view is what is read, or below it.
    pub materialized: bool,
    /// Of SQL Server's tables and views. PostgreSQL is told to fail where it would hide rows, so here it is off.
    pub row_security: RowSecurity,
}

/// Whether a policy hides rows from the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowSecurity {
    Off,
    HidesRows,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelationKind {
    Table,
    Partitioned,
    View,
    MaterializedView,
    Foreign,
    /// A table that SQL Server keeps in memory: it reads none such in a snapshot.
    InMemory,
}

impl RelationKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Partitioned => "partitioned table",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Foreign => "foreign table",
            Self::InMemory => "memory-optimized table",
        }
    }
}

/// A partition, or a table that inherits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// As [`Relation::id`].
    pub id: u32,
    pub name: RelationName,
    /// As [`Relation::file`].
    pub file: Option<u32>,
    pub kind: RelationKind,
}

impl Relation {
    pub fn column(&self, name: &str) -> Option<&SourceColumn> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// The column whose name is almost this.
    pub fn nearest_column(&self, name: &str) -> Option<String> {
        nearest(name, self.columns.iter().map(|c| c.name.as_str())).map(str::to_owned)
    }

    /// Whether an index keeps these columns unique, over all rows. That of a table with inheriting ones is of its own rows alone.
    pub fn keeps_unique(&self, columns: &[&str]) -> bool {
        let is_of_all = self.kind != RelationKind::Table || self.leaves.is_empty();
        is_of_all && self.unique.iter().any(|u| u.iter().all(|c| columns.contains(&c.as_str())))
    }

    /// Whether each row says which transaction wrote it. A view's rows don't, nor do a foreign server's.
    pub fn tells_its_writers(&self) -> bool {
        match (self.dialect, self.kind) {
            (Dialect::SqlServer, _)
            | (Dialect::Postgres, RelationKind::View | RelationKind::Foreign | RelationKind::InMemory) => false,
            (Dialect::Postgres, RelationKind::Table | RelationKind::Partitioned | RelationKind::MaterializedView) => {
                self.leaves.iter().all(|leaf| leaf.kind != RelationKind::Foreign)
            }
        }
    }
}

impl TableSchema for Relation {
    type Column = SourceColumn;

    fn kind_name(&self) -> &'static str {
        self.kind.name()
    }

    fn columns(&self) -> &[SourceColumn] {
        &self.columns
    }

    fn primary_key(&self) -> &[String] {
        &self.primary_key
    }

    fn unique_keys(&self) -> &[Vec<String>] {
        &self.unique
    }
}
