//! A column that grows with every change.

use crate::encode::Nullability;
use crate::model::{Lag, TargetType};

/// How a cursor column is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CursorType {
    Integer,
    Date,
    Timestamp,
    TimestampTz,
    /// A number of SQL Server that grows with every write of the database.
    RowVersion,
}

impl CursorType {
    /// How the encoder compares its values.
    pub fn target_type(self) -> TargetType {
        match self {
            Self::Integer => TargetType::Int64,
            Self::Date => TargetType::Date,
            Self::Timestamp => TargetType::DateTime,
            Self::TimestampTz => TargetType::Timestamp,
            Self::RowVersion => TargetType::Bytes,
        }
    }
}

/// A checked cursor column.
#[derive(Clone, Debug)]
pub struct CursorColumn {
    pub name: String,
    pub kind: CursorType,
    pub lag: Lag,
    pub nullability: Nullability,
    pub search: Search,
}

/// How the source finds rows by the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// By an index that has the largest values at hand.
    Order,
    /// By another index, or in a way that the catalog does not tell: below a view, in a foreign table, in partitions.
    Index,
    /// It looks at every row of the table.
    Scan,
}

/// How far the bulk of a cursor's values reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Bulk {
    /// Nobody asked.
    #[default]
    Unknown,
    /// There are fewer rows than make a bulk.
    Few,
    /// So many rows have this value or a larger one.
    At(String),
}
