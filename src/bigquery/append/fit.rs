//! Whether changes of a table can be sent row by row.

use super::descriptor::{CHANGE_SEQUENCE_NUMBER, CHANGE_TYPE};
use crate::bigquery::error::{BigQueryError, TableFault};
use crate::bigquery::target_plan::TargetPlan;
use crate::model::{ApplyBy, ColumnMode};

/// A table that takes changes has no more columns.
/// Source: <https://cloud.google.com/bigquery/docs/change-data-capture#limitations>
const MOST_COLUMNS: usize = 2000;

const OR_MERGE: &str = "write apply = \"merge\"";

impl TargetPlan {
    /// Fails where the Storage Write API takes no changes of such a table.
    pub(in crate::bigquery) fn refuse_unfit(&self) -> Result<(), BigQueryError> {
        let refused = match self.apply {
            ApplyBy::Merge => None,
            ApplyBy::Append => self.why_no_append(),
        };
        match refused {
            None => Ok(()),
            Some((why, remedy)) => {
                Err(TableFault::CannotAppend { target: self.target.to_string(), why, remedy }.into())
            }
        }
    }

    fn why_no_append(&self) -> Option<(String, &'static str)> {
        let columns = self.all_columns();
        let reserved = |name: &&str| [CHANGE_TYPE, CHANGE_SEQUENCE_NUMBER].iter().any(|r| r.eq_ignore_ascii_case(name));
        if let Some(name) = columns.iter().map(|c| c.name.as_str()).find(reserved) {
            let why = format!("a column has the name {name}, by which a row says what it is");
            return Some((why, "give the column another name with rename, exclude it, or write apply = \"merge\""));
        }
        if columns.len() > MOST_COLUMNS {
            let why =
                format!("it has {} columns, and BigQuery applies changes to {MOST_COLUMNS} at most", columns.len());
            return Some((why, "exclude columns, or write apply = \"merge\""));
        }
        if self.key.is_empty() {
            return Some(("it has no key".to_owned(), OR_MERGE));
        }
        if self.primary_key().is_some() {
            return None;
        }
        let of_key = columns.iter().filter(|c| self.key.contains(&c.name));
        let unfit = of_key.filter(|c| c.mode == ColumnMode::Repeated || !c.target_type.can_be_in_primary_key());
        Some(match unfit.map(|c| format!("{} {}", c.name, c.target_type.sql_name())).next() {
            Some(column) => (
                format!("{column} is in the key, and BigQuery takes no such type for one"),
                "make it a text with columns.<name>.type = \"STRING\", or write apply = \"merge\"",
            ),
            None => (format!("its key has {} columns, and BigQuery takes 16 at most", self.key.len()), OR_MERGE),
        })
    }
}
