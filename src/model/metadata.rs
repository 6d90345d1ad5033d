//! The columns that tell, in the target, when a row was last written and by which run.

use serde::{Deserialize, Serialize};

use super::{Column, ColumnMode, TargetType};

/// When Plimsoll last wrote the row.
pub const SYNCED_AT_COLUMN: &str = "_plimsoll_synced_at";

/// The run that last wrote the row.
pub const RUN_COLUMN: &str = "_plimsoll_run";

/// Whether a target has the columns [`SYNCED_AT_COLUMN`] and [`RUN_COLUMN`]. They are no part of the row: an unchanged row is
/// not written for their sake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metadata {
    #[default]
    Off,
    Columns,
}

impl Metadata {
    pub fn is_off(&self) -> bool {
        *self == Self::Off
    }

    /// The columns, which may be NULL: rows that were there before have none.
    pub fn columns(self) -> Vec<Column> {
        let column =
            |name: &str, target_type| Column { name: name.to_owned(), target_type, mode: ColumnMode::Nullable };
        match self {
            Self::Off => Vec::new(),
            Self::Columns => {
                vec![column(SYNCED_AT_COLUMN, TargetType::Timestamp), column(RUN_COLUMN, TargetType::String)]
            }
        }
    }
}
