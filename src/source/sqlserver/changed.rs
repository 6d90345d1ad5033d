//! The condition for rows that a run of changes sends.

use super::floor::floor;
use super::literals::typed;
use super::sql::{binary, ident};
use crate::batch::At;
use crate::encode::Nullability;
use crate::source::cursor::{CursorColumn, CursorType};
use crate::source::read::Since;
use crate::source::relation::Relation;

/// From where on rows may have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// Nobody knows: every row may have.
    Everything,
    /// From this value of a `rowversion` on.
    RowVersion { column: String, from: u64 },
    /// From this value on, or without one.
    Value { column: String, from: String, literal: String, nullability: Nullability },
}

impl From {
    pub fn of(relation: &Relation, since: Since<'_>) -> Self {
        since.cursor.and_then(|cursor| Self::by(relation, cursor, since)).unwrap_or(Self::Everything)
    }

    fn by(relation: &Relation, cursor: &CursorColumn, since: Since<'_>) -> Option<Self> {
        let native = relation.column(&cursor.name)?.sqlserver()?;
        let column = cursor.name.clone();
        if cursor.kind == CursorType::RowVersion {
            return match since.standing.at {
                At::SqlServer { rowversion, .. } => Some(Self::RowVersion { column, from: rowversion }),
                At::Postgres { .. } => None,
            };
        }
        let from = floor(cursor, native, since.standing.mark.cursor()?)?;
        let literal = typed(native, &from);
        Some(Self::Value { column, from, literal, nullability: cursor.nullability })
    }

    /// As the comment of a statement has it.
    pub fn text(&self) -> String {
        match self {
            Self::Everything => "everything".to_owned(),
            Self::RowVersion { column, from } => format!("rowversion:{column}:{from:016X}"),
            Self::Value { column, from, .. } => format!("time:{column}:{from}"),
        }
    }

    /// A condition over the row `t`; `None` for every row.
    pub fn condition(&self) -> Option<String> {
        match self {
            Self::Everything => None,
            Self::RowVersion { column, from } => {
                Some(format!("t.{} >= {}", ident(column), binary(&from.to_be_bytes())))
            }
            Self::Value { column, literal, nullability, .. } => {
                let column = format!("t.{}", ident(column));
                Some(match nullability {
                    Nullability::Nullable => format!("({column} >= {literal} OR {column} IS NULL)"),
                    Nullability::NotNull => format!("{column} >= {literal}"),
                })
            }
        }
    }
}

/// A condition that never is NULL: this one does not hold.
pub(super) fn is_not(condition: &str) -> String {
    format!("CASE WHEN {condition} THEN 1 ELSE 0 END = 0")
}
