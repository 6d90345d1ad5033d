//! How a table that is there is clustered: as the config says, also when that changes.
//!
//! BigQuery clusters what is written from then on, and the rest as it gets to it:
//! <https://cloud.google.com/bigquery/docs/manage-clustered-tables#modifying-cluster-spec>

use serde_json::{Value, json};
use tracing::warn;

use super::client::BigQuery;
use super::error::BigQueryError;
use super::target_plan::{TargetPlan, is_ours};

/// Whether the table is ours and clustered otherwise than the plan says.
fn differs(plan: &TargetPlan, table: &Value) -> bool {
    let found = table["clustering"]["fields"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let found: Vec<String> = found.map(str::to_lowercase).collect();
    let wanted: Vec<String> = plan.cluster.iter().map(|c| c.to_lowercase()).collect();
    is_ours(table) && found != wanted
}

impl BigQuery {
    /// Has a table of ours be clustered as the plan says. That only makes it cheaper, so a refusal stops nothing.
    pub(super) async fn recluster(&self, plan: &TargetPlan, table: &Value) -> Result<(), BigQueryError> {
        if !differs(plan, table) || !self.reclustered.is_first(&plan.target.to_string()) {
            return Ok(());
        }
        let clustering = if plan.cluster.is_empty() { Value::Null } else { json!({ "fields": plan.cluster }) };
        match self.send_patch(&plan.target, &json!({ "clustering": clustering })).await {
            Err(e) if !e.is_transient() => {
                warn!(target = %plan.target, reason = %e, "the target keeps its clustering");
                Ok(())
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DeleteStyle, Metadata, TargetRef};

    #[test]
    fn only_a_table_of_ours_that_differs_is_changed() {
        let plan = TargetPlan {
            target: TargetRef { project: "p".into(), dataset: "d".into(), table: "t".into() },
            columns: vec![],
            key: vec![],
            delete: DeleteStyle::Hard,
            partition: None,
            cluster: vec!["a".into(), "b".into()],
            description: String::new(),
            metadata: Metadata::Off,
            apply: crate::model::ApplyBy::Merge,
            max_staleness: None,
            filled_by: crate::model::ApplyBy::Merge,
            held: vec![],
        };
        let ours = |fields: Value| json!({ "labels": { "managed-by": "plimsoll" }, "clustering": fields });
        assert!(!differs(&plan, &ours(json!({ "fields": ["A", "b"] }))));
        assert!(differs(&plan, &ours(json!({ "fields": ["b", "a"] }))));
        assert!(differs(&plan, &ours(Value::Null)));
        assert!(!differs(&plan, &json!({ "clustering": { "fields": ["x"] } })), "somebody else's stays as it is");
    }
}
