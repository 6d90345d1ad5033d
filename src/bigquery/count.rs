//! What only the rows of a target can tell.

use reqwest::Method;
use serde_json::json;

use super::client::{BigQuery, Body};
use super::error::BigQueryError;
use super::sql;
use crate::model::TargetRef;

/// BigQuery answers a query within this time or says that it is still at it.
const WAIT_MS: u64 = 50_000;

impl BigQuery {
    /// Rows of a target under soft deletes that are not flagged. Reads one BOOL column, a byte a row.
    pub async fn count_live(&self, target: &TargetRef, flag: &str) -> Result<u64, BigQueryError> {
        let what = format!("the rows of {target}");
        let query = format!("SELECT COUNTIF({} IS NOT TRUE) FROM {}", sql::ident(flag), sql::table(target));
        let mut body = json!({ "query": query, "useLegacySql": false, "timeoutMs": WAIT_MS });
        if let Some(location) = self.location().await? {
            body["location"] = json!(location);
        }
        let answer = self.request(Method::POST, "/queries", &[], Body::Json(&body), "count", &what).await?;
        let json = answer.done(&what)?;
        let count = json["rows"][0]["f"][0]["v"].as_str().and_then(|n| n.parse().ok());
        count.ok_or_else(|| BigQueryError::Unavailable {
            doing: "count",
            what,
            reason: "the query takes too long".to_owned(),
        })
    }
}
