//! A table's columns.

use crate::wire::messages::{TableFieldSchema, TableSchema};

/// May a column be NULL, or does it hold an array?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It may be NULL.
    Nullable,
    /// It may not.
    Required,
    /// It holds an array.
    Repeated,
}

/// How many digits a NUMERIC or BIGNUMERIC column may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digits {
    /// In all.
    pub precision: u32,
    /// Behind the point.
    pub scale: u32,
}

/// A column's type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// BOOL.
    Bool,
    /// INT64.
    Int64,
    /// FLOAT64.
    Float64,
    /// NUMERIC, with its parameters if it has some.
    Numeric(Option<Digits>),
    /// BIGNUMERIC, likewise.
    BigNumeric(Option<Digits>),
    /// STRING, with its greatest length in characters.
    Text(Option<usize>),
    /// BYTES, with its greatest length in bytes.
    Bytes(Option<usize>),
    /// DATE.
    Date,
    /// TIME.
    Time,
    /// DATETIME.
    Datetime,
    /// TIMESTAMP.
    Timestamp,
    /// JSON.
    Json,
    /// GEOGRAPHY.
    Geography,
    /// INTERVAL.
    Interval,
    /// RANGE of DATE, DATETIME or TIMESTAMP.
    Range(Box<ColumnType>),
    /// STRUCT.
    Struct(Vec<Column>),
}

impl ColumnType {
    /// What the service calls it in its messages: the REST API's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Bool => "BOOLEAN",
            Self::Int64 => "INTEGER",
            Self::Float64 => "FLOAT",
            Self::Numeric(_) => "NUMERIC",
            Self::BigNumeric(_) => "BIGNUMERIC",
            Self::Text(_) => "STRING",
            Self::Bytes(_) => "BYTES",
            Self::Date => "DATE",
            Self::Time => "TIME",
            Self::Datetime => "DATETIME",
            Self::Timestamp => "TIMESTAMP",
            Self::Json => "JSON",
            Self::Geography => "GEOGRAPHY",
            Self::Interval => "INTERVAL",
            Self::Range(_) => "RANGE",
            Self::Struct(_) => "RECORD",
        }
    }

    /// `TableFieldSchema.Type`.
    fn number(&self) -> i32 {
        match self {
            Self::Text(_) => 1,
            Self::Int64 => 2,
            Self::Float64 => 3,
            Self::Struct(_) => 4,
            Self::Bytes(_) => 5,
            Self::Bool => 6,
            Self::Timestamp => 7,
            Self::Date => 8,
            Self::Time => 9,
            Self::Datetime => 10,
            Self::Geography => 11,
            Self::Numeric(_) => 12,
            Self::BigNumeric(_) => 13,
            Self::Interval => 14,
            Self::Json => 15,
            Self::Range(_) => 16,
        }
    }

    /// May it be part of a primary key? (Google's page on table constraints.)
    pub fn may_be_key(&self) -> bool {
        matches!(
            self,
            Self::BigNumeric(_)
                | Self::Bool
                | Self::Date
                | Self::Datetime
                | Self::Int64
                | Self::Numeric(_)
                | Self::Text(_)
                | Self::Timestamp
        )
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name; case does not tell two names apart.
    pub name: String,
    /// Its type.
    pub kind: ColumnType,
    /// Its mode.
    pub mode: Mode,
}

impl Column {
    /// Is this its name?
    pub fn is_called(&self, name: &str) -> bool {
        self.name.to_lowercase() == name.to_lowercase()
    }

    fn field(&self) -> TableFieldSchema {
        let fields = match &self.kind {
            ColumnType::Struct(fields) => fields.iter().map(Self::field).collect(),
            _ => Vec::new(),
        };
        let mode = match self.mode {
            Mode::Nullable => 1,
            Mode::Required => 2,
            Mode::Repeated => 3,
        };
        TableFieldSchema { name: self.name.clone(), kind: self.kind.number(), mode, fields }
    }
}

/// The columns as a stream is told of them.
pub fn table_schema(columns: &[Column]) -> TableSchema {
    TableSchema { fields: columns.iter().map(Column::field).collect() }
}
