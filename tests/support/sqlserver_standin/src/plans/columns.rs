//! The columns of answers that are no rows of a table.

use crate::answer::ResultSet;
use crate::typed::{ColumnType as T, Length, Value};
use crate::wire::column::ResultColumn;

/// A column and its type.
#[derive(Clone, Copy)]
pub(crate) enum Column {
    Text(&'static str),
    Int(&'static str),
    SmallInt(&'static str),
    BigInt(&'static str),
    Bit(&'static str),
    Binary8(&'static str),
    /// decimal(38,0)
    Sum(&'static str),
}

impl Column {
    pub(crate) fn of(self) -> ResultColumn {
        match self {
            Self::Text(name) => ResultColumn::new(name, T::NVarchar(Length::Of(4000))),
            Self::Int(name) => ResultColumn::new(name, T::Int),
            Self::SmallInt(name) => ResultColumn::new(name, T::SmallInt),
            Self::BigInt(name) => ResultColumn::new(name, T::BigInt),
            Self::Bit(name) => ResultColumn::new(name, T::Bit),
            Self::Binary8(name) => ResultColumn::new(name, T::Binary(8)),
            Self::Sum(name) => ResultColumn::new(name, T::Decimal { precision: 38, scale: 0 }),
        }
    }
}

/// Rows of these columns.
pub(crate) fn result(columns: &[Column], rows: Vec<Vec<Value>>) -> ResultSet {
    ResultSet::of(columns.iter().map(|column| column.of()).collect(), rows)
}
