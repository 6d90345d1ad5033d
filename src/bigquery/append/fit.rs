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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Column, DeleteStyle, Metadata, TargetRef, TargetType};

    fn plan(columns: Vec<Column>, key: &[&str]) -> TargetPlan {
        TargetPlan {
            target: TargetRef { project: "p".into(), dataset: "d".into(), table: "t".into() },
            columns,
            key: key.iter().map(|k| (*k).to_owned()).collect(),
            delete: DeleteStyle::Hard,
            partition: None,
            cluster: Vec::new(),
            description: String::new(),
            metadata: Metadata::Off,
            apply: ApplyBy::Append,
            max_staleness: None,
            filled_by: ApplyBy::Append,
            held: Vec::new(),
        }
    }

    fn columns(count: usize, of: TargetType) -> Vec<Column> {
        let column = |n| Column { name: format!("c{n}"), target_type: of, mode: ColumnMode::Required };
        (0..count).map(column).collect()
    }

    #[test]
    fn what_the_service_takes_no_changes_of_is_told_with_the_reason() {
        let said = |plan: &TargetPlan| plan.refuse_unfit().err().map(|e| e.to_string()).unwrap_or_default();
        assert_eq!(said(&plan(columns(MOST_COLUMNS, TargetType::Int64), &["c0"])), "");
        assert!(said(&plan(columns(MOST_COLUMNS + 1, TargetType::Int64), &["c0"])).contains("2001 columns"));
        assert!(said(&plan(columns(1, TargetType::Int64), &[])).contains("it has no key"));
        assert!(said(&plan(columns(1, TargetType::Float64), &["c0"])).contains("c0 FLOAT64 is in the key"));
        let all: Vec<String> = (0..17).map(|n| format!("c{n}")).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        assert!(said(&plan(columns(17, TargetType::Int64), &all)).contains("17 columns, and BigQuery takes 16"));
        assert_eq!(said(&plan(columns(17, TargetType::Int64), &all[..16])), "");
        let mut reserved = columns(2, TargetType::Int64);
        reserved[1].name = "_change_sequence_NUMBER".to_owned();
        assert!(said(&plan(reserved, &["c0"])).contains("_change_sequence_NUMBER"));
    }
}
