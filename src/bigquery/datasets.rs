//! The datasets of targets and staging tables: made where they are missing; and how long a staging table stays.

use reqwest::Method;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::client::{Answer, BigQuery, Body, encode};
use super::error::BigQueryError;
use super::target_plan::label;
use crate::bigquery::known_datasets::Lifetime;
use crate::model::TargetRef;

/// Staging tables are dropped at the commit; what a run leaves behind when it dies goes by itself.
const STAGING_EXPIRATION_MS: &str = "86400000";
const STAGING_LIFETIME: Duration = Duration::DAY;

impl BigQuery {
    pub(super) async fn ensure_staging(&self) -> Result<(), BigQueryError> {
        self.ensure_dataset(self.datasets()[1], Some(STAGING_EXPIRATION_MS)).await
    }

    /// Has a staging table expire by itself where its dataset would keep it for ever. After the load: a table made before it would be there,
    /// and empty, for whoever replays a load whose table has expired.
    pub(super) async fn let_expire(&self, staging: &TargetRef) -> Result<(), BigQueryError> {
        let dataset = self.dataset(&staging.dataset).await?;
        if dataset.is_none_or(|d| d.tables == Lifetime::Ends) {
            return Ok(());
        }
        let expires = OffsetDateTime::now_utc() + STAGING_LIFETIME;
        let ms = expires.unix_timestamp_nanos() / 1_000_000;
        self.send_patch(staging, &json!({ "expirationTime": ms.to_string() })).await
    }

    /// Makes a dataset if it is missing.
    pub(super) async fn ensure_dataset(&self, dataset: &str, expiration_ms: Option<&str>) -> Result<(), BigQueryError> {
        let what = self.dataset_label(dataset);
        let path = format!("/datasets/{}", encode(dataset));
        if let Answer::Done(json) = self.request(Method::GET, &path, &[], Body::None, "read", &what).await? {
            self.known.note(dataset, &json);
            return Ok(());
        }
        let mut body = json!({
            "datasetReference": { "projectId": self.project(), "datasetId": dataset },
            "labels": label(),
        });
        // The staging dataset has to be where the other is.
        let location = match self.wanted_location() {
            Some(location) => Some(location.to_owned()),
            None if expiration_ms.is_some() => self.location().await?,
            None => None,
        };
        if let Some(location) = location {
            body["location"] = json!(location);
        }
        if let Some(ms) = expiration_ms {
            body["defaultTableExpirationMs"] = json!(ms);
        }
        match self.request(Method::POST, "/datasets", &[], Body::Json(&body), "create", &what).await? {
            Answer::Done(mut json) => {
                if let Some(ms) = expiration_ms {
                    json["defaultTableExpirationMs"] = json!(ms);
                }
                self.known.note(dataset, &json);
                Ok(())
            }
            Answer::Exists => Ok(()),
            Answer::Absent => Err(BigQueryError::not_found(format!("project {}", self.project()))),
        }
    }
}
