//! `since=`: which rows a cursor calls changed.

use super::form::bad_plan;
use super::text::parse;
use crate::error::ServerError;
use crate::model::TableDef;
use crate::typed::{SortKey, Value, sort_key};

/// Which rows are new.
#[derive(Clone, Debug)]
pub(crate) enum Since {
    Everything,
    /// The column's value is not below this one, or NULL where that counts.
    NotBelow {
        at: usize,
        from: SortKey,
        nulls: Nulls,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nulls {
    AreNew,
    AreOld,
}

impl Since {
    pub(crate) fn parse(text: &str, definition: &TableDef) -> Result<Self, ServerError> {
        if text == "everything" {
            return Ok(Self::Everything);
        }
        let mut parts = text.splitn(3, ':');
        let (Some(kind), Some(column), Some(from)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad_plan(format!("since={text}")));
        };
        let at = definition
            .place(column)
            .ok_or_else(|| ServerError::new(207, format!("Invalid column name '{column}'.")))?;
        let (value, nulls) = match kind {
            "rowversion" => {
                let counter = u64::from_str_radix(from, 16).map_err(|_| bad_plan(format!("since={text}")))?;
                (Value::rowversion(counter), Nulls::AreOld)
            }
            "time" => (parse(from, &definition.columns[at].column_type)?, Nulls::AreNew),
            _ => return Err(bad_plan(format!("since={text}"))),
        };
        Ok(Self::NotBelow { at, from: sort_key([(&value, &definition.columns[at].collation)]), nulls })
    }

    pub(crate) fn is_new(&self, definition: &TableDef, row: &[Value]) -> bool {
        match self {
            Self::Everything => true,
            Self::NotBelow { at, nulls, .. } if row[*at].is_null() => *nulls == Nulls::AreNew,
            Self::NotBelow { at, from, .. } => sort_key([(&row[*at], &definition.columns[*at].collation)]) >= *from,
        }
    }
}
