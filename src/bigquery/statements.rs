//! Short statements beside the jobs of a run, answered within one request.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{BigQuery, Body};
use super::error::BigQueryError;
use super::sql;
use crate::model::{Column, TargetRef};

/// BigQuery answers a query within this time or says that it is still at it.
pub(super) const WAIT_MS: u64 = 50_000;

impl BigQuery {
    /// Rows of a target under soft deletes that are not flagged. Reads one BOOL column, a byte a row.
    pub async fn count_live(&self, target: &TargetRef, flag: &str) -> Result<u64, BigQueryError> {
        let what = format!("the rows of {target}");
        let query = format!("SELECT COUNTIF({} IS NOT TRUE) FROM {}", sql::ident(flag), sql::table(target));
        let answer = self.ask(query, "count", &what).await?;
        let count = answer["rows"][0]["f"][0]["v"].as_str().and_then(|n| n.parse().ok());
        count.ok_or_else(|| too_slow("count", what))
    }

    /// Gives columns a wider type. Costs nothing, and again nothing where they have it already.
    pub(super) async fn widen(&self, target: &TargetRef, columns: &[Column]) -> Result<(), BigQueryError> {
        let what = format!("table {target}");
        let query = widen_statement(target, columns);
        let answer = self.ask(query, "widen", &what).await?;
        if answer["jobComplete"] == false { Err(too_slow("widen", what)) } else { Ok(()) }
    }

    pub(super) async fn ask(&self, query: String, doing: &'static str, what: &str) -> Result<Value, BigQueryError> {
        let mut body = json!({ "query": query, "useLegacySql": false, "timeoutMs": WAIT_MS });
        if let Some(location) = self.location().await? {
            body["location"] = json!(location);
        }
        self.request(Method::POST, "/queries", &[], Body::Json(&body), doing, what).await?.done(what)
    }
}

fn too_slow(doing: &'static str, what: String) -> BigQueryError {
    BigQueryError::unavailable(doing, what, "the query takes too long")
}

/// Source: <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#alter_column_set_data_type_statement>
fn widen_statement(target: &TargetRef, columns: &[Column]) -> String {
    let each = columns
        .iter()
        .map(|c| format!("ALTER COLUMN {} SET DATA TYPE {}", sql::ident(&c.name), c.target_type.sql_name()));
    format!("ALTER TABLE {} {}", sql::table(target), each.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ColumnMode, TargetType};

    #[test]
    fn columns_are_widened_in_one_statement() {
        let column = |name: &str, target_type| Column { name: name.into(), target_type, mode: ColumnMode::Nullable };
        let target = TargetRef { project: "p".into(), dataset: "d".into(), table: "t".into() };
        let columns = [column("a", TargetType::Numeric), column("b", TargetType::BigNumeric)];
        assert_eq!(
            widen_statement(&target, &columns),
            "ALTER TABLE `p.d.t` ALTER COLUMN `a` SET DATA TYPE NUMERIC, ALTER COLUMN `b` SET DATA TYPE BIGNUMERIC"
        );
    }
}
