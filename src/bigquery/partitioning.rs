//! How an existing table is partitioned, and what that asks of a MERGE.
//!
//! A table may demand that every query filters by its partitions. A MERGE does so with constant bounds of the partition column in
//! `ON`, as long as it concludes nothing from rows outside them:
//! <https://cloud.google.com/bigquery/docs/using-dml-with-partitioned-tables#pruning_partitions_when_using_a_merge_statement>.
//! The bounds are right where no row can have been elsewhere before: the column is of the key, or declared immutable.

use serde_json::Value;

use super::error::{BigQueryError, Obstacle, TableFault};
use super::target_plan::TargetPlan;
use crate::batch::{Parts, Unstaged};
use crate::model::{Partition, PartitionBy};

/// The name of what an ingestion-time partitioned table is partitioned by.
const INGESTION_TIME: &str = "_PARTITIONTIME";

/// Whether a query of the table has to name partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    Required,
    Optional,
}

/// How a table is partitioned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partitioning {
    /// `None` by the time of the load.
    pub column: Option<String>,
    /// `None` by ranges of a number.
    pub by: Option<PartitionBy>,
    pub filter: Filter,
}

/// How far into the target a MERGE has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MergeReach {
    /// Rows that are staged with all their columns.
    Rows,
    /// Rows of which the key alone is staged, too.
    Keys,
    /// Rows that are not staged, too.
    All,
}

impl MergeReach {
    /// Of the MERGE of these part files.
    pub fn of(unstaged: Unstaged, parts: Parts) -> Self {
        match unstaged {
            Unstaged::Go | Unstaged::GoInScopes => Self::All,
            Unstaged::Stay if parts.deletes > 0 || parts.keys > 0 => Self::Keys,
            Unstaged::Stay => Self::Rows,
        }
    }
}

impl Partitioning {
    /// As the API describes a table; `None` where it has no partitions.
    pub(super) fn of(table: &Value) -> Option<Self> {
        let (time, range) = (&table["timePartitioning"], &table["rangePartitioning"]);
        let described = if time.is_object() { time } else { range };
        if !described.is_object() {
            return None;
        }
        // The option was a field of timePartitioning once, and either may be set.
        let is_required = table["requirePartitionFilter"] == true || described["requirePartitionFilter"] == true;
        Some(Self {
            column: described["field"].as_str().filter(|f| !f.is_empty()).map(str::to_owned),
            by: time["type"].as_str().and_then(PartitionBy::from_api),
            filter: if is_required { Filter::Required } else { Filter::Optional },
        })
    }

    /// As a target is made by a plan.
    pub(super) fn planned(partition: &Partition) -> Self {
        Self { column: Some(partition.column.clone()), by: Some(partition.by), filter: Filter::Optional }
    }

    /// The column that is to bound a MERGE, if any; fails where there has to be one and it can't be.
    pub fn bound(&self, plan: &TargetPlan, reach: MergeReach) -> Result<Option<String>, BigQueryError> {
        let by_key = self.column.as_ref().and_then(|c| plan.key.iter().find(|k| is_same(k, c)));
        let declared = plan.partition.as_ref().filter(|p| p.immutable);
        let immutable = declared.filter(|p| self.column.as_ref().is_some_and(|c| is_same(c, &p.column)));
        let bound = match reach {
            MergeReach::Rows => by_key.or(immutable.map(|p| &p.column)),
            MergeReach::Keys => by_key,
            MergeReach::All => None,
        };
        match (bound, self.filter) {
            // Asking for the bounds costs a query; it is worth it where it was asked for.
            (Some(column), Filter::Required) => Ok(Some(column.clone())),
            (Some(column), Filter::Optional) => Ok(immutable.map(|_| column.clone())),
            (None, Filter::Optional) => Ok(None),
            (None, Filter::Required) => Err(TableFault::FilterRequired {
                target: plan.target.to_string(),
                column: self.column.clone().unwrap_or_else(|| INGESTION_TIME.to_owned()),
                why: self.obstacle(plan, reach),
            }
            .into()),
        }
    }

    /// Why a MERGE can't name the partitions.
    fn obstacle(&self, plan: &TargetPlan, reach: MergeReach) -> Obstacle {
        match (&self.column, reach) {
            (None, _) => Obstacle::IngestionTime,
            (Some(_), MergeReach::All) => Obstacle::LooksEverywhere,
            (Some(c), MergeReach::Keys)
                if plan.partition.as_ref().is_some_and(|p| p.immutable && is_same(&p.column, c)) =>
            {
                Obstacle::DeletesByKey
            }
            (Some(c), _) if plan.columns.iter().any(|p| is_same(&p.name, c)) => Obstacle::MayChange,
            (Some(_), _) => Obstacle::NotPublished,
        }
    }
}

/// BigQuery compares names of columns without case.
fn is_same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Column, ColumnMode, DeleteStyle, Metadata, TargetRef, TargetType};

    fn plan(key: &[&str], immutable: bool) -> TargetPlan {
        let column =
            |name: &str, target_type| Column { name: name.to_owned(), target_type, mode: ColumnMode::Nullable };
        TargetPlan {
            target: TargetRef { project: "p".into(), dataset: "d".into(), table: "t".into() },
            columns: vec![column("id", TargetType::Int64), column("day", TargetType::Date)],
            key: key.iter().map(|k| (*k).to_owned()).collect(),
            delete: DeleteStyle::Hard,
            partition: Some(Partition { column: "day".into(), by: PartitionBy::Day, immutable }),
            cluster: vec![],
            description: String::new(),
            metadata: Metadata::Off,
            apply: crate::model::ApplyBy::Merge,
            max_staleness: None,
            filled_by: crate::model::ApplyBy::Merge,
            held: vec![],
        }
    }

    fn demanding(time: Value) -> Partitioning {
        Partitioning::of(&json!({ "timePartitioning": time, "requirePartitionFilter": true })).unwrap()
    }

    #[test]
    fn every_way_to_partition_is_known() {
        let old = json!({ "timePartitioning": { "type": "DAY", "field": "day", "requirePartitionFilter": true } });
        let day = Partitioning { column: Some("day".into()), by: Some(PartitionBy::Day), filter: Filter::Required };
        assert_eq!(Partitioning::of(&old), Some(day.clone()));
        assert_eq!(demanding(json!({ "type": "DAY", "field": "day" })), day);
        assert_eq!(demanding(json!({ "type": "HOUR" })).column, None);
        let range = json!({ "rangePartitioning": { "field": "id", "range": {} }, "requirePartitionFilter": true });
        let expected = Partitioning { column: Some("id".into()), by: None, filter: Filter::Required };
        assert_eq!(Partitioning::of(&range), Some(expected));
        assert_eq!(Partitioning::of(&json!({ "requirePartitionFilter": true })), None, "it has no partitions");
    }

    #[test]
    fn a_merge_is_bounded_where_that_is_right() {
        let table = demanding(json!({ "type": "DAY", "field": "Day" }));
        let bound = |key: &[&str], immutable, reach| match table.bound(&plan(key, immutable), reach) {
            Ok(column) => Ok(column.unwrap_or_default()),
            Err(BigQueryError::Table(TableFault::FilterRequired { why, .. })) => Err(why),
            Err(e) => panic!("{e}"),
        };
        assert_eq!(bound(&["id", "day"], false, MergeReach::Rows), Ok("day".into()));
        assert_eq!(bound(&["id", "day"], false, MergeReach::Keys), Ok("day".into()));
        assert_eq!(bound(&["id", "day"], false, MergeReach::All), Err(Obstacle::LooksEverywhere));
        assert_eq!(bound(&["id"], true, MergeReach::Rows), Ok("day".into()));
        assert_eq!(bound(&["id"], true, MergeReach::Keys), Err(Obstacle::DeletesByKey));
        assert_eq!(bound(&["id"], false, MergeReach::Rows), Err(Obstacle::MayChange));
        let elsewhere = demanding(json!({ "type": "DAY", "field": "loaded_on" }));
        let told = elsewhere.bound(&plan(&["id"], true), MergeReach::Rows).unwrap_err().to_string();
        assert!(told.contains("loaded_on") && told.contains("not from the source"), "{told}");
        let by_load = demanding(json!({ "type": "DAY" })).bound(&plan(&["id"], true), MergeReach::Rows);
        assert!(by_load.unwrap_err().to_string().contains("_PARTITIONTIME"));
    }

    #[test]
    fn nothing_is_asked_for_that_is_not_worth_it() {
        let table = Partitioning::of(&json!({ "timePartitioning": { "type": "DAY", "field": "day" } })).unwrap();
        assert_eq!(table.bound(&plan(&["day"], false), MergeReach::Rows).unwrap(), None);
        assert_eq!(table.bound(&plan(&["id"], true), MergeReach::Rows).unwrap().as_deref(), Some("day"));
        assert_eq!(table.bound(&plan(&["id"], true), MergeReach::All).unwrap(), None);
    }
}
