//! Target tables: made when missing, kept in step with the source's columns.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Answer, BigQuery, Body, encode};
use super::error::{BigQueryError, TableFault};
use super::fit::{Difference, Present, compare, filled_by, other_columns, refuse_foreign, refuse_unwritable};
use super::jobs::Earlier;
use super::lost_columns;
use super::partitioning::{MergeReach, Partitioning};
use super::target_plan::{TargetPlan, interval, is_appended, is_ours, shows_late};
use crate::batch::{ReplaceSchema, TableBatch};
use crate::failpoint::{Effect, around};
use crate::model::{ApplyBy, Column, ColumnMode, DeleteStyle, TargetRef};

/// How a target was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetState {
    /// It is there, or was made, and takes the columns as they are.
    Ready,
    /// It is there, and was not touched: a column that it had is gone, and changes alone don't fill it again.
    LacksColumn,
    /// It is there and can't be widened to the columns; a load has to bring its schema along.
    Incompatible,
    /// It is not there, and was not made because changes alone don't fill a table.
    Missing,
}

/// A target, ready or not, and its columns as the API writes them.
#[derive(Clone, Debug, PartialEq)]
pub struct PreparedTarget {
    pub state: TargetState,
    pub fields: Vec<Value>,
    /// Rows that BigQuery counts in it.
    pub rows: Option<u64>,
    pub partitioning: Option<Partitioning>,
    /// Columns that somebody has dropped there: they are added after the seal.
    pub lost: Vec<Column>,
    /// How it was filled until now.
    pub filled_by: ApplyBy,
    /// When BigQuery made it, as it says: another table of its name was made at another moment. Absent where it is made just now.
    pub created: Option<String>,
}

/// What there is to know of a target that a run could write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// How a run would find it.
    pub state: TargetState,
    /// Bytes and rows; `None` where it is not there.
    pub size: Option<(u64, u64)>,
    /// Columns of the target that are not from the source.
    pub others: Vec<String>,
    pub partitioning: Option<Partitioning>,
    /// When BigQuery made it, as it says.
    pub created: Option<String>,
}

impl Inspection {
    /// The column that bounds a MERGE which has to look so far, if any; fails where there has to be one and it can't be.
    pub fn bound(&self, plan: &TargetPlan, reach: MergeReach) -> Result<Option<String>, BigQueryError> {
        self.partitioning.as_ref().map_or(Ok(None), |found| found.bound(plan, reach))
    }
}

impl PreparedTarget {
    pub fn replace_schema(&self, plan: &TargetPlan) -> ReplaceSchema {
        match self.state {
            // What was sent to a table row by row can't be taken back from it.
            _ if plan.apply == ApplyBy::Append || self.filled_by == ApplyBy::Append => ReplaceSchema::Recreate,
            TargetState::Incompatible => ReplaceSchema::Overwrite,
            _ => ReplaceSchema::Keep,
        }
    }
}

impl BigQuery {
    /// Makes sure that the target and the datasets are there and take the plan's columns. Nothing is changed where it can't be written.
    pub async fn prepare(&self, plan: &TargetPlan, present: Present) -> Result<PreparedTarget, BigQueryError> {
        plan.refuse_unfit()?;
        let merges = matches!(present, Present::Merge | Present::MergeAll);
        let needs_staging = plan.apply == ApplyBy::Merge && present.merge_reach(&plan.delete).is_some();
        let found = self.get_table(&plan.target).await?;
        match &found {
            None if merges => {
                return Ok(PreparedTarget {
                    state: TargetState::Missing,
                    fields: Vec::new(),
                    rows: None,
                    partitioning: None,
                    lost: Vec::new(),
                    filled_by: plan.apply,
                    created: None,
                });
            }
            None => self.ensure_dataset(&plan.target.dataset, None).await?,
            Some(table) => refuse_unwritable(plan, present, table)?,
        }
        if needs_staging {
            self.ensure_staging().await?;
        }
        let datasets = self.datasets();
        self.agree_on_location(if needs_staging { &datasets } else { &datasets[..1] }).await?;
        match found {
            None => {
                self.create_table(plan).await?;
                Ok(PreparedTarget {
                    state: TargetState::Ready,
                    fields: plan.fields(),
                    rows: Some(0),
                    partitioning: plan.partition.as_ref().map(Partitioning::planned),
                    lost: Vec::new(),
                    filled_by: plan.apply,
                    created: None,
                })
            }
            Some(table) => self.adapt(plan, present, &table).await,
        }
    }

    async fn adapt(&self, plan: &TargetPlan, present: Present, table: &Value) -> Result<PreparedTarget, BigQueryError> {
        let is_ours = is_ours(table);
        refuse_foreign(plan, present, table)?;
        let difference = compare(plan, table);
        // Rows that are not applied yet are not counted.
        let rows = match plan.apply {
            ApplyBy::Merge => table["numRows"].as_str().and_then(|n| n.parse().ok()),
            ApplyBy::Append => None,
        };
        let (partitioning, filled_by, created) = (Partitioning::of(table), filled_by(plan, table), created(table));
        match (difference, present) {
            (Ok(Difference { missing, narrow, strict }), _) => {
                let (lost, missing) = lost_columns::split(plan, missing);
                if !lost.is_empty() && present == Present::Merge {
                    let (state, fields) = (TargetState::LacksColumn, Vec::new());
                    return Ok(PreparedTarget { state, fields, rows, partitioning, lost, filled_by, created });
                }
                let mut fields = self.patch_table(plan, table, &missing, &strict, is_ours).await?;
                self.recluster(plan, table).await?;
                if !narrow.is_empty() {
                    self.widen(&plan.target, &narrow).await?;
                    set_types(&mut fields, &narrow);
                }
                fields.extend(lost_columns::fields(&lost));
                let state = TargetState::Ready;
                Ok(PreparedTarget { state, fields, rows, partitioning, lost, filled_by, created })
            }
            // Nor can a load that brings its schema along.
            (Err(e @ BigQueryError::Table(TableFault::Partition { .. })), _) => Err(e),
            // With soft deletes the old rows have to stay, so there is nothing to overwrite.
            (Err(_), Present::Overwrite) if plan.delete == DeleteStyle::Hard => {
                // A load does not take other clustering than the table's.
                self.recluster(plan, table).await?;
                let (state, fields) = (TargetState::Incompatible, plan.fields());
                let lost = Vec::new();
                Ok(PreparedTarget { state, fields, rows, partitioning, lost, filled_by, created })
            }
            (Err(e), _) => Err(e),
        }
    }

    /// A table's description; `None` where it is not there.
    pub(super) async fn get_table(&self, t: &TargetRef) -> Result<Option<Value>, BigQueryError> {
        let answer = self.request(Method::GET, &path(t), &[], Body::None, "read", &format!("table {t}")).await?;
        match answer {
            Answer::Done(json) => Ok(Some(json)),
            Answer::Absent | Answer::Exists => Ok(None),
        }
    }

    /// When BigQuery made a table, as it says.
    pub(super) async fn created(&self, t: &TargetRef) -> Result<Option<String>, BigQueryError> {
        Ok(self.get_table(t).await?.as_ref().and_then(created))
    }

    /// Whether readers of a table see changes only once they are applied, whoever has set it so.
    pub async fn shows_late(&self, t: &TargetRef) -> Result<bool, BigQueryError> {
        Ok(self.get_table(t).await?.as_ref().is_some_and(shows_late))
    }

    /// Bytes and rows of a table, for estimates; `None` where it is not there.
    pub async fn size(&self, t: &TargetRef) -> Result<Option<(u64, u64)>, BigQueryError> {
        Ok(self.get_table(t).await?.map(|json| size(&json)))
    }

    /// What `check` and `plan` want to know of a target, without touching it.
    pub async fn inspect(&self, plan: &TargetPlan, present: Present) -> Result<Inspection, BigQueryError> {
        plan.refuse_unfit()?;
        self.check_datasets().await?;
        let Some(table) = self.get_table(&plan.target).await? else {
            let partitioning = plan.partition.as_ref().map(Partitioning::planned);
            let is_merged = matches!(present, Present::Merge | Present::MergeAll);
            let state = if is_merged { TargetState::Missing } else { TargetState::Ready };
            return Ok(Inspection { state, size: None, others: Vec::new(), partitioning, created: None });
        };
        refuse_unwritable(plan, present, &table)?;
        refuse_foreign(plan, present, &table)?;
        let (lost, _) = lost_columns::split(plan, compare(plan, &table)?.missing);
        let lacks = !lost.is_empty() && present == Present::Merge;
        Ok(Inspection {
            state: if lacks { TargetState::LacksColumn } else { TargetState::Ready },
            size: Some(size(&table)),
            others: other_columns(plan, &table),
            partitioning: Partitioning::of(&table),
            created: created(&table),
        })
    }

    /// Makes the target of a replacing batch if it has gone since the seal. What was loaded into the old one went with it.
    pub(super) async fn ensure_batch_target(&self, table: &TableBatch) -> Result<Earlier, BigQueryError> {
        if self.get_table(&table.target).await?.is_some() {
            return Ok(Earlier::Counts);
        }
        self.ensure_dataset(&table.target.dataset, None).await?;
        self.create_table(&TargetPlan::of_batch(table)).await?;
        Ok(Earlier::IsGone)
    }

    /// After a load that brought its own schema: what such a load drops or does not know.
    pub(super) async fn restore_constraints(&self, table: &TableBatch) -> Result<(), BigQueryError> {
        let plan = TargetPlan::of_batch(table);
        let mut body = json!({ "labels": plan.labels(), "description": plan.description });
        if let Some(constraint) = plan.primary_key() {
            body["tableConstraints"] = constraint;
        }
        self.send_patch(&plan.target, &body).await
    }

    async fn create_table(&self, plan: &TargetPlan) -> Result<(), BigQueryError> {
        let what = format!("table {}", plan.target);
        let path = format!("/datasets/{}/tables", encode(&plan.target.dataset));
        let body = plan.body();
        let create = self.request(Method::POST, &path, &[], Body::Json(&body), "create", &what);
        match around(Effect::TableCreate, create).await? {
            Answer::Done(_) | Answer::Exists => Ok(()),
            Answer::Absent => Err(BigQueryError::not_found(format!("dataset {}", plan.target.dataset))),
        }
    }

    async fn patch_table(
        &self,
        plan: &TargetPlan,
        table: &Value,
        missing: &[Column],
        strict: &[String],
        is_ours: bool,
    ) -> Result<Vec<Value>, BigQueryError> {
        let mut body = json!({});
        // The fields go back as they came, with whatever our types don't know of them.
        let mut fields = table["schema"]["fields"].as_array().cloned().unwrap_or_default();
        for field in &mut fields {
            if field["name"].as_str().is_some_and(|name| strict.iter().any(|s| s == name)) {
                field["mode"] = json!(ColumnMode::Nullable);
            }
        }
        if !missing.is_empty() || !strict.is_empty() {
            fields.extend(lost_columns::fields(missing));
            body["schema"] = json!({ "fields": fields });
        }
        // A key that is no longer one would be believed by the planner.
        let known = &table["tableConstraints"]["primaryKey"];
        match plan.primary_key() {
            Some(constraint) if constraint["primaryKey"]["columns"] != known["columns"] => {
                body["tableConstraints"] = constraint;
            }
            None if !known.is_null() && is_ours => body["tableConstraints"] = json!({}),
            _ => {}
        }
        if !is_ours || (plan.apply == ApplyBy::Append && !is_appended(table)) {
            body["labels"] = plan.labels();
        }
        // None at all may be told as none, or not be told.
        let is_other = |w: &String| table["maxStaleness"] != w.as_str() && (w != NO_STALENESS || shows_late(table));
        if let Some(wanted) = plan.max_staleness.map(interval).filter(is_other) {
            body["maxStaleness"] = json!(wanted);
        }
        if body.as_object().is_some_and(|b| !b.is_empty()) {
            self.send_patch(&plan.target, &body).await?;
        }
        Ok(fields)
    }

    pub(super) async fn send_patch(&self, t: &TargetRef, body: &Value) -> Result<(), BigQueryError> {
        let what = format!("table {t}");
        let answer = self.request(Method::PATCH, &path(t), &[], Body::Json(body), "change", &what).await?;
        answer.done(&what).map(drop)
    }
}

/// An interval of nothing.
const NO_STALENESS: &str = "0-0 0 0:0:0";

fn created(table: &Value) -> Option<String> {
    table["creationTime"].as_str().map(str::to_owned)
}

fn size(table: &Value) -> (u64, u64) {
    let number = |v: &Value| v.as_str().and_then(|s| s.parse().ok()).unwrap_or(0);
    (number(&table["numBytes"]), number(&table["numRows"]))
}

fn set_types(fields: &mut [Value], columns: &[Column]) {
    for field in fields {
        let name = field["name"].as_str().unwrap_or_default().to_lowercase();
        if let Some(column) = columns.iter().find(|c| c.name.to_lowercase() == name) {
            field["type"] = json!(column.target_type);
        }
    }
}

fn path(t: &TargetRef) -> String {
    format!("/datasets/{}/tables/{}", encode(&t.dataset), encode(&t.table))
}
