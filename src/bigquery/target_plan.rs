//! What a target has to look like, and how the API writes that.

use std::time::Duration;

use serde_json::{Value, json};

use crate::batch::TableBatch;
use crate::model::{ApplyBy, Column, ColumnMode, DeleteStyle, Metadata, Partition, TargetRef, TargetType};

pub(super) const LABEL: (&str, &str) = ("managed-by", "plimsoll");
/// Of a target that changes are sent to row by row: it takes no MERGE ever after, also where nobody remembers it.
pub(super) const APPENDED: (&str, &str) = ("plimsoll-apply", "append");

/// What a target has to look like.
#[derive(Clone, Debug)]
pub struct TargetPlan {
    pub target: TargetRef,
    pub columns: Vec<Column>,
    pub key: Vec<String>,
    pub delete: DeleteStyle,
    pub partition: Option<Partition>,
    pub cluster: Vec<String>,
    pub description: String,
    pub metadata: Metadata,
    /// How changes get into it.
    pub apply: ApplyBy,
    /// How old a reader's view may be, where BigQuery applies changes by itself.
    pub max_staleness: Option<Duration>,
    /// How it was filled until now.
    pub filled_by: ApplyBy,
    /// Columns that the target had when it was last written: one that is gone since had values that no change brings back.
    pub held: Vec<String>,
}

/// Where a target's column comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnOrigin {
    Source,
    Added(AddedBy),
}

/// Which setting adds a column that the source does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddedBy {
    Metadata,
    DeletedFlag,
    DeletedAt,
}

impl AddedBy {
    /// The setting, as the config has it.
    pub fn setting(self) -> &'static str {
        match self {
            Self::Metadata => "metadata = true",
            Self::DeletedFlag | Self::DeletedAt => "delete = \"soft\"",
        }
    }

    /// What to write in the config so that the column is not needed.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Metadata => "metadata = false",
            Self::DeletedFlag => "another name with deleted_flag",
            Self::DeletedAt => "another name with deleted_at",
        }
    }
}

impl TargetPlan {
    /// The plan for a target that had these columns before, and was filled in this way.
    pub fn holding(self, held: Vec<String>, filled_by: ApplyBy) -> Self {
        Self { held, filled_by, ..self }
    }

    /// The names of the columns that a target has to hold from one run to the next: all but the metadata columns, which come back
    /// by themselves as rows change.
    pub fn column_names(&self) -> Vec<String> {
        self.row_columns().into_iter().map(|c| c.name).collect()
    }

    /// The target's columns that the source has not, for people.
    pub fn added_columns(&self) -> Option<String> {
        let of_source = self.columns.len();
        let added: Vec<String> = self.all_columns()[of_source..]
            .iter()
            .map(|c| format!("{} {}", c.name, c.target_type.sql_name()))
            .collect();
        (!added.is_empty()).then(|| format!("the target has columns of Plimsoll's own: {}", added.join(", ")))
    }

    /// Every column of the target.
    pub(super) fn all_columns(&self) -> Vec<Column> {
        let mut columns = self.row_columns();
        columns.extend(self.metadata.columns());
        columns
    }

    /// Why the target has a column.
    pub(super) fn origin(&self, column: &str) -> ColumnOrigin {
        match &self.delete {
            DeleteStyle::Soft { flag, .. } if flag == column => ColumnOrigin::Added(AddedBy::DeletedFlag),
            DeleteStyle::Soft { at, .. } if at == column => ColumnOrigin::Added(AddedBy::DeletedAt),
            _ if self.metadata.columns().iter().any(|c| c.name == column) => ColumnOrigin::Added(AddedBy::Metadata),
            _ => ColumnOrigin::Source,
        }
    }

    /// The source's columns, with those that soft deletes add.
    fn row_columns(&self) -> Vec<Column> {
        let mut columns = self.columns.clone();
        if let DeleteStyle::Soft { flag, at } = &self.delete {
            let added =
                |name: &str, target_type| Column { name: name.to_owned(), target_type, mode: ColumnMode::Nullable };
            columns.push(added(flag, TargetType::Bool));
            columns.push(added(at, TargetType::Timestamp));
        }
        columns
    }

    /// The key as a constraint, where BigQuery takes it for one: it tells people, and the planner.
    /// Source: <https://cloud.google.com/bigquery/docs/primary-foreign-keys#limitations>
    pub(super) fn primary_key(&self) -> Option<Value> {
        const MOST_COLUMNS: usize = 16;
        let of_key = self.columns.iter().filter(|c| self.key.contains(&c.name));
        let mut types = of_key.map(|c| c.target_type);
        let is_none = self.key.is_empty() || self.key.len() > MOST_COLUMNS;
        let is_refused = types.any(|t| !t.can_be_in_primary_key());
        (!is_none && !is_refused).then(|| json!({ "primaryKey": { "columns": self.key } }))
    }

    pub(super) fn fields(&self) -> Vec<Value> {
        self.all_columns().iter().map(api_schema).collect()
    }

    /// As the API takes it for a new table.
    pub(super) fn body(&self) -> Value {
        let fields = self.fields();
        let mut body = json!({
            "tableReference": reference(&self.target),
            "description": self.description,
            "labels": self.labels(),
            "schema": { "fields": fields },
        });
        if let Some(constraint) = self.primary_key() {
            body["tableConstraints"] = constraint;
        }
        if !self.cluster.is_empty() {
            body["clustering"] = json!({ "fields": self.cluster });
        }
        if let Some(staleness) = self.max_staleness {
            body["maxStaleness"] = json!(interval(staleness));
        }
        if let Some(p) = &self.partition {
            body["timePartitioning"] = json!({ "type": p.by, "field": p.column });
        }
        body
    }

    /// What a sealed batch says of its target.
    pub(super) fn of_batch(table: &TableBatch) -> Self {
        Self {
            target: table.target.clone(),
            columns: table.columns.clone(),
            key: table.key.clone(),
            delete: table.delete.clone(),
            partition: table.partition.clone(),
            cluster: table.cluster.clone(),
            description: Self::description_of(&table.source),
            metadata: table.metadata,
            apply: table.apply.by(),
            max_staleness: table.max_staleness.map(Duration::from_secs),
            filled_by: table.apply.by(),
            held: Vec::new(),
        }
    }

    /// The labels of such a target.
    pub(super) fn labels(&self) -> Value {
        let mut labels = label();
        if self.apply == ApplyBy::Append {
            labels[APPENDED.0] = json!(APPENDED.1);
        }
        labels
    }

    /// The description a target gets when it is made.
    pub fn description_of(source: &str) -> String {
        format!("Kept equal to {source} by Plimsoll")
    }
}

/// An interval as the API writes it: years and months, days, the time.
pub(super) fn interval(of: Duration) -> String {
    let seconds = of.as_secs();
    format!("0-0 0 {}:{}:{}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// The label of what is ours.
pub(super) fn label() -> Value {
    json!({ LABEL.0: LABEL.1 })
}

pub(super) fn is_ours(table: &Value) -> bool {
    table["labels"][LABEL.0] == LABEL.1
}

/// Whether changes were sent to it row by row, or may have been.
pub(super) fn is_appended(table: &Value) -> bool {
    table["labels"][APPENDED.0] == APPENDED.1
}

/// Whether its readers see changes that were sent row by row only once they are applied.
pub(super) fn shows_late(table: &Value) -> bool {
    table["maxStaleness"].as_str().is_some_and(|age| age.contains(|c: char| ('1'..='9').contains(&c)))
}

/// A column as the API writes it.
pub(super) fn api_schema(column: &Column) -> Value {
    json!({ "name": column.name, "type": column.target_type, "mode": column.mode })
}

fn reference(t: &TargetRef) -> Value {
    json!({ "projectId": t.project, "datasetId": t.dataset, "tableId": t.table })
}
