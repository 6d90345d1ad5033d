//! What tables and views are declared as.

use crate::typed::{Collation, ColumnType, Value};
use crate::wire::column::Nulls;

/// Who gives a column its value.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// Who inserts the row.
    ByWriter,
    /// Who inserts the row, or this.
    ByDefault(Value),
    /// IDENTITY, from 1.
    ByCounter,
    /// Who inserts the row, or NEWID().
    ByNewGuid,
    /// The server, from the others: it stands as the writer gave it here.
    Computed,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDef {
    pub name: String,
    pub column_type: ColumnType,
    pub nulls: Nulls,
    pub collation: Collation,
    pub given: Given,
    /// The user's name for its type.
    pub alias: Option<String>,
    pub flags: Vec<ColumnFlag>,
    /// `sys.columns.generated_always_type`.
    pub generated: u8,
}

/// What `sys.columns` says of a column besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnFlag {
    Hidden,
    Masked,
    Encrypted,
    ColumnSet,
}

impl ColumnDef {
    /// A column that may be NULL, in the default collation.
    pub fn new(name: &str, column_type: ColumnType) -> Self {
        Self {
            name: name.to_owned(),
            column_type,
            nulls: Nulls::Allowed,
            collation: Collation::SQL_LATIN1_CI_AS,
            given: Given::ByWriter,
            alias: None,
            flags: Vec::new(),
            generated: 0,
        }
    }

    /// NOT NULL.
    #[must_use]
    pub fn not_null(self) -> Self {
        Self { nulls: Nulls::Never, ..self }
    }

    /// COLLATE.
    #[must_use]
    pub fn collate(self, collation: Collation) -> Self {
        Self { collation, ..self }
    }

    /// DEFAULT, IDENTITY or computed.
    #[must_use]
    pub fn given(self, given: Given) -> Self {
        Self { given, ..self }
    }

    /// With a flag.
    #[must_use]
    pub fn flagged(mut self, flag: ColumnFlag) -> Self {
        self.flags.push(flag);
        self
    }

    /// Has it this flag?
    pub fn is(&self, flag: ColumnFlag) -> bool {
        self.flags.contains(&flag)
    }
}

/// What an index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexKind {
    PrimaryKey,
    Unique,
    Plain,
}

/// What else there is to an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexFlag {
    Clustered,
    Filtered,
    Disabled,
    /// Its first column descends.
    Descending,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexDef {
    pub kind: IndexKind,
    /// Its columns, by their names.
    pub columns: Vec<String>,
    pub flags: Vec<IndexFlag>,
}

impl IndexDef {
    /// An index.
    pub fn new(kind: IndexKind, columns: &[&str]) -> Self {
        let flags = if kind == IndexKind::PrimaryKey { vec![IndexFlag::Clustered] } else { Vec::new() };
        Self { kind, columns: columns.iter().map(|name| (*name).to_owned()).collect(), flags }
    }

    /// With a flag.
    #[must_use]
    pub fn flagged(mut self, flag: IndexFlag) -> Self {
        self.flags.push(flag);
        self
    }

    /// Has it this flag?
    pub fn is(&self, flag: IndexFlag) -> bool {
        self.flags.contains(&flag)
    }

    /// Does the server keep its values apart? (A disabled index is not looked at, a filtered one not by the stand-in.)
    pub fn is_enforced(&self) -> bool {
        self.kind != IndexKind::Plain && !self.is(IndexFlag::Disabled) && !self.is(IndexFlag::Filtered)
    }
}

/// Where a table's rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    OnDisk,
    InMemory,
    Elsewhere,
}

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableDef {
    pub schema: String,
    pub name: String,
    pub columns: Vec<ColumnDef>,
    pub indexes: Vec<IndexDef>,
    pub kept: Kept,
    /// MS_Description.
    pub comment: Option<String>,
}

impl TableDef {
    /// A table of `schema.name`.
    pub fn new(schema: &str, name: &str, columns: Vec<ColumnDef>) -> Self {
        Self {
            schema: schema.to_owned(),
            name: name.to_owned(),
            columns,
            indexes: Vec::new(),
            kept: Kept::OnDisk,
            comment: None,
        }
    }

    /// PRIMARY KEY.
    #[must_use]
    pub fn primary_key(self, columns: &[&str]) -> Self {
        self.index(IndexDef::new(IndexKind::PrimaryKey, columns))
    }

    /// With an index.
    #[must_use]
    pub fn index(mut self, index: IndexDef) -> Self {
        self.indexes.push(index);
        self
    }

    /// The places of columns by their names, whose case does not count.
    pub fn places(&self, names: &[String]) -> Option<Vec<usize>> {
        names.iter().map(|name| self.place(name)).collect()
    }

    /// The place of a column.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The primary key's columns, or none.
    pub fn key(&self) -> Vec<usize> {
        self.indexes
            .iter()
            .find(|index| index.kind == IndexKind::PrimaryKey)
            .and_then(|index| self.places(&index.columns))
            .unwrap_or_default()
    }

    /// `schema.name`.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }
}
