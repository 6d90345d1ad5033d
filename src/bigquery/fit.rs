//! Whether a table that is there can take what a plan wants to bring.

use serde_json::Value;

use super::error::{BigQueryError, TableFault};
use super::partitioning::{MergeReach, Partitioning};
use super::target_plan::{ColumnOrigin, TargetPlan, is_appended, is_ours};
use crate::model::{ApplyBy, Column, ColumnMode, DeleteStyle, TargetType};

/// What may be done to a target that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Present {
    /// Rows are merged into it.
    Merge,
    /// All rows of the source are merged into it, and what it has besides goes; it has to be ours.
    MergeAll,
    /// Its rows are replaced; it has to be ours.
    Replace,
    /// Its rows and, where it must be, its columns are replaced, whoever made it.
    Overwrite,
}

impl Present {
    /// How far into the target the MERGE looks at least; `None` where a load does without one.
    pub(super) fn merge_reach(self, delete: &DeleteStyle) -> Option<MergeReach> {
        match self {
            Self::Merge => Some(MergeReach::Rows),
            Self::MergeAll => Some(MergeReach::All),
            // Where rows have to stay that only the target has, all of them are looked at.
            Self::Replace | Self::Overwrite if *delete != DeleteStyle::Hard => Some(MergeReach::All),
            Self::Replace | Self::Overwrite => None,
        }
    }
}

/// Rows that somebody else put there are not replaced unasked.
pub(super) fn refuse_foreign(plan: &TargetPlan, present: Present, table: &Value) -> Result<(), BigQueryError> {
    let has_rows = table["numRows"].as_str().is_some_and(|n| n != "0");
    if matches!(present, Present::Replace | Present::MergeAll) && !is_ours(table) && has_rows {
        return Err(TableFault::Foreign(plan.target.to_string()).into());
    }
    Ok(())
}

/// How a table was filled that is there: it may know better than the state, which may be new.
pub(super) fn filled_by(plan: &TargetPlan, table: &Value) -> ApplyBy {
    if is_appended(table) { ApplyBy::Append } else { plan.filled_by }
}

/// No MERGE goes to a table that changes were sent to row by row; it is created again only where somebody has asked for it.
pub(super) fn refuse_merge_after_append(
    plan: &TargetPlan,
    present: Present,
    table: &Value,
) -> Result<(), BigQueryError> {
    if plan.apply == ApplyBy::Append || filled_by(plan, table) != ApplyBy::Append {
        return Ok(());
    }
    let target = plan.target.to_string();
    let is_merged = present.merge_reach(&plan.delete).is_some();
    if is_merged && plan.delete != DeleteStyle::Hard {
        return Err(TableFault::TakesNoMerge { target }.into());
    }
    if is_merged || (present == Present::Replace && plan.filled_by == ApplyBy::Merge) {
        let (table, before, now) = (plan.target.table.clone(), ApplyBy::Append.name(), ApplyBy::Merge.name());
        return Err(TableFault::OtherSink { target, table, before, now }.into());
    }
    Ok(())
}

/// What is no table, or can't be merged into, is left as it is.
pub(super) fn refuse_unwritable(plan: &TargetPlan, present: Present, table: &Value) -> Result<(), BigQueryError> {
    let target = || plan.target.to_string();
    match table["type"].as_str() {
        None | Some("TABLE") => {}
        Some(kind) => {
            let kind = match kind {
                "EXTERNAL" => "external table".to_owned(),
                other => other.to_lowercase().replace('_', " "),
            };
            return Err(TableFault::NotATable { target: target(), kind }.into());
        }
    }
    refuse_merge_after_append(plan, present, table)?;
    match (Partitioning::of(table), present.merge_reach(&plan.delete).filter(|_| plan.apply == ApplyBy::Merge)) {
        (Some(found), Some(reach)) => found.bound(plan, reach).map(drop),
        _ => Ok(()),
    }
}

/// The columns of a table that the plan does not have: somebody's own, or such that the source has no more.
pub(super) fn other_columns(plan: &TargetPlan, table: &Value) -> Vec<String> {
    let wanted: Vec<String> = plan.all_columns().iter().map(|c| c.name.to_lowercase()).collect();
    let fields = table["schema"]["fields"].as_array().into_iter().flatten();
    let names = fields.filter_map(|f| f["name"].as_str());
    names.filter(|n| !wanted.contains(&n.to_lowercase())).map(str::to_owned).collect()
}

/// What a table lacks that is there.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Difference {
    /// Columns to add.
    pub missing: Vec<Column>,
    /// Columns whose type holds less than it has to, and can be widened.
    pub narrow: Vec<Column>,
    /// Columns that may not be NULL and have to: they left the key, or the source.
    pub strict: Vec<String>,
}

/// Whether BigQuery can turn a column of the one type into the other, and every value stays what it is.
fn widens_to(found: TargetType, wanted: TargetType) -> bool {
    use TargetType::{BigNumeric, Int64, Numeric};
    matches!((found, wanted), (Int64, Numeric | BigNumeric) | (Numeric, BigNumeric))
}

/// What has to be done to the table for the plan, or why it can't take it.
pub(super) fn compare(plan: &TargetPlan, table: &Value) -> Result<Difference, BigQueryError> {
    let target = || plan.target.to_string();
    if let Some(p) = &plan.partition {
        let found = &table["timePartitioning"];
        if found["field"] != p.column.as_str() || found["type"] != p.by.api_name() {
            let wanted = format!("{} by {}", p.column, p.by.api_name());
            return Err(TableFault::Partition { target: target(), wanted }.into());
        }
    }
    let none = Vec::new();
    let fields = table["schema"]["fields"].as_array().unwrap_or(&none);
    let name_of = |f: &Value| f["name"].as_str().unwrap_or_default().to_lowercase();
    let wanted = plan.all_columns();
    let mut difference = Difference::default();
    for field in fields.iter().filter(|f| f["mode"] == "REQUIRED") {
        let column = field["name"].as_str().unwrap_or_default().to_owned();
        let found = wanted.iter().find(|c| c.name.to_lowercase() == name_of(field));
        match found {
            Some(c) if c.mode == ColumnMode::Required => {}
            // What somebody else has demanded of the column is not ours to drop.
            _ if is_ours(table) => difference.strict.push(column),
            None => return Err(TableFault::RequiredColumn { target: target(), column }.into()),
            Some(_) => {}
        }
    }
    for column in &wanted {
        let Some(field) = fields.iter().find(|f| name_of(f) == column.name.to_lowercase()) else {
            difference.missing.push(column.clone());
            continue;
        };
        let found = field["type"].as_str().unwrap_or_default();
        let is_other_way = (field["mode"] == "REPEATED") != (column.mode == ColumnMode::Repeated);
        // A column that may not be NULL would refuse rows; the other way round is merely looser than it need be.
        let too_strict = column.mode == ColumnMode::Nullable && field["mode"] == "REQUIRED" && !is_ours(table);
        let fits_mode = !is_other_way && !too_strict;
        match TargetType::from_api(found) {
            Some(same) if fits_mode && same == column.target_type => {}
            Some(narrow)
                if fits_mode && column.mode != ColumnMode::Repeated && widens_to(narrow, column.target_type) =>
            {
                difference.narrow.push(column.clone());
            }
            _ => {
                let mode =
                    field["mode"].as_str().filter(|m| *m != "NULLABLE").map_or(String::new(), |m| format!("{m} "));
                let found = format!("{mode}{found}");
                let wanted = match column.mode {
                    ColumnMode::Repeated => format!("REPEATED {}", column.target_type),
                    ColumnMode::Required | ColumnMode::Nullable => column.target_type.to_string(),
                };
                let (target, column) = (target(), column.name.clone());
                return Err(match plan.origin(&column) {
                    ColumnOrigin::Source => TableFault::ColumnType { target, column, found, wanted },
                    ColumnOrigin::Added(by) => TableFault::AddedColumn { target, column, found, wanted, by },
                }
                .into());
            }
        }
    }
    Ok(difference)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Metadata, TargetRef};

    fn plan() -> TargetPlan {
        let column = |name: &str, target_type, mode| Column { name: name.to_owned(), target_type, mode };
        TargetPlan {
            target: TargetRef { project: "p".into(), dataset: "d".into(), table: "t".into() },
            columns: vec![
                column("id", TargetType::Int64, ColumnMode::Required),
                column("note", TargetType::String, ColumnMode::Nullable),
            ],
            key: vec!["id".into()],
            delete: DeleteStyle::Hard,
            partition: None,
            cluster: vec![],
            description: String::new(),
            metadata: Metadata::Off,
            apply: crate::model::ApplyBy::Merge,
            max_staleness: None,
            filled_by: crate::model::ApplyBy::Merge,
            held: vec![],
        }
    }

    fn table(fields: Value) -> Value {
        json!({ "schema": { "fields": fields } })
    }

    #[test]
    fn a_missing_column_is_added_and_an_extra_one_is_let_be() {
        let found = table(json!([{"name": "ID", "type": "INTEGER"}, {"name": "old", "type": "STRING"}]));
        let missing = compare(&plan(), &found).unwrap().missing;
        assert_eq!(missing.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["note"]);
    }

    #[test]
    fn a_narrower_column_is_widened_where_no_value_changes() {
        let with = |wanted, found: &str, mode: &str| {
            let mut plan = plan();
            plan.columns[1].target_type = wanted;
            let fields = json!([{"name": "id", "type": "INTEGER"}, {"name": "note", "type": found, "mode": mode}]);
            compare(&plan, &table(fields)).map(|d| d.narrow.len())
        };
        for (wanted, found) in
            [(TargetType::Numeric, "INTEGER"), (TargetType::BigNumeric, "INT64"), (TargetType::BigNumeric, "NUMERIC")]
        {
            assert_eq!(with(wanted, found, "NULLABLE").unwrap(), 1, "{found}");
            assert!(with(wanted, found, "REPEATED").is_err(), "{found}");
        }
        for (wanted, found) in [
            (TargetType::Int64, "NUMERIC"),
            (TargetType::Numeric, "BIGNUMERIC"),
            (TargetType::Float64, "INTEGER"),
            (TargetType::DateTime, "DATE"),
        ] {
            assert!(with(wanted, found, "NULLABLE").is_err(), "{found}");
        }
    }

    #[test]
    fn a_column_that_left_the_key_may_be_null_again() {
        let fields = json!([{"name": "Note", "type": "STRING", "mode": "REQUIRED"}, {"name": "id", "type": "INTEGER", "mode": "REQUIRED"},
                            {"name": "gone", "type": "STRING", "mode": "REQUIRED"}]);
        let ours = json!({ "labels": { "managed-by": "plimsoll" }, "schema": { "fields": fields } });
        assert_eq!(compare(&plan(), &ours).unwrap().strict, ["Note", "gone"]);
        assert!(compare(&plan(), &table(ours["schema"]["fields"].clone())).is_err(), "somebody else's stays as it is");
    }

    #[test]
    fn what_cannot_be_merged_into_is_named() {
        let other = table(json!([{"name": "id", "type": "STRING"}, {"name": "note", "type": "STRING"}]));
        assert_eq!(
            compare(&plan(), &other).unwrap_err().to_string(),
            "the target p.d.t has the column id as STRING, the source's is INT64"
        );
        let strict =
            table(json!([{"name": "id", "type": "INTEGER"}, {"name": "x", "type": "STRING", "mode": "REQUIRED"}]));
        assert!(matches!(compare(&plan(), &strict), Err(BigQueryError::Table(TableFault::RequiredColumn { .. }))));
        let repeated =
            table(json!([{"name": "id", "type": "INTEGER"}, {"name": "note", "type": "STRING", "mode": "REPEATED"}]));
        assert!(matches!(compare(&plan(), &repeated), Err(BigQueryError::Table(TableFault::ColumnType { .. }))));
    }

    #[test]
    fn a_column_that_no_source_has_is_not_called_the_sources() {
        let mut plan = plan();
        plan.metadata = Metadata::Columns;
        plan.delete = DeleteStyle::Soft { flag: "gone".into(), at: "gone_at".into() };
        let with = |name: &str, found: &str| {
            let fields = json!([{"name": "id", "type": "INTEGER"}, {"name": "note", "type": "STRING"}, {"name": name, "type": found}]);
            let error = compare(&plan, &table(fields)).unwrap_err();
            assert!(error.is_of_one_table());
            format!("{error}; {}", error.hint())
        };
        assert_eq!(
            with("_plimsoll_run", "INTEGER"),
            "the target p.d.t has the column _plimsoll_run as INTEGER, and metadata = true makes it a STRING; write metadata = false for the \
             table, or drop the column (ALTER TABLE `p.d.t` DROP COLUMN `_plimsoll_run`): the next run adds it again"
        );
        assert_eq!(
            with("Gone", "STRING"),
            "the target p.d.t has the column gone as STRING, and delete = \"soft\" makes it a BOOL; write another name with deleted_flag for \
             the table, or drop the column (ALTER TABLE `p.d.t` DROP COLUMN `gone`): the next run adds it again"
        );
        assert!(with("gone_at", "STRING").contains("write another name with deleted_at "));
    }
}
