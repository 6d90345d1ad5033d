//! The connection to BigQuery's REST API: one token, timeouts, retries, errors by kind.

use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use gcp_bigquery_client::client_builder::ClientBuilder;
use gcp_bigquery_client::error::BQError;
use reqwest::Method;
use serde_json::Value;

use super::api_fault::ApiFault;
use super::auth::AccessToken;
use super::error::{ApiRefusal, BigQueryError};
use crate::bigquery::append::WriteApi;
use crate::bigquery::known_datasets::{KnownDatasets, Reclustered};
use crate::emulator;
use crate::failpoint::{Effect, around};
use crate::model::TargetRef;
use crate::retry::RetryAfter;
use crate::root_cause::root_cause;

pub use crate::emulator::BIGQUERY as EMULATOR;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
const ATTEMPTS: usize = 6;

/// Where targets are, and how long a job may take.
#[derive(Clone, Debug)]
pub struct Settings {
    pub project: String,
    pub dataset: String,
    pub staging_dataset: String,
    pub location: Option<String>,
    /// A job that takes longer is cancelled.
    pub job_timeout: Duration,
    /// Where rows are sent one by one; the service's own address where it is absent.
    pub write_endpoint: Option<String>,
}

/// A project's BigQuery, with the configured datasets.
#[derive(Clone)]
pub struct BigQuery {
    pub(super) api: gcp_bigquery_client::Client,
    http: reqwest::Client,
    token: AccessToken,
    base: String,
    settings: Settings,
    attempts: usize,
    write: WriteApi,
    pub(super) known: KnownDatasets,
    pub(super) reclustered: Reclustered,
}

/// What a request sends besides its address.
pub(super) enum Body<'a> {
    None,
    Json(&'a Value),
}

impl BigQuery {
    /// The service, or the emulator that the environment names.
    pub async fn open(settings: Settings) -> Result<Self, BigQueryError> {
        let (base, token) = match emulator::address(EMULATOR)? {
            Some(host) => return Self::of_emulator(&host, settings).await,
            None => ("https://bigquery.googleapis.com/bigquery/v2".to_owned(), AccessToken::google().await?),
        };
        Self::at(base, token, settings).await
    }

    /// Of an emulator's `http://host:port`.
    pub async fn of_emulator(host: &str, settings: Settings) -> Result<Self, BigQueryError> {
        Self::at(format!("{host}/bigquery/v2"), AccessToken::Emulator, settings).await
    }

    /// The service at an address.
    pub(super) async fn at(base: String, token: AccessToken, settings: Settings) -> Result<Self, BigQueryError> {
        let unusable = |e: String| BigQueryError::credentials(e);
        let plain = reqwest_0_12::Client::builder().timeout(REQUEST_TIMEOUT).build();
        let api = ClientBuilder::new()
            .with_v2_base_url(base.clone())
            .with_client(plain.map_err(|e| unusable(e.to_string()))?)
            .build_from_authenticator(Arc::new(token.clone()))
            .await
            .map_err(|e| unusable(e.to_string()))?;
        let http = reqwest::Client::builder().timeout(REQUEST_TIMEOUT).build();
        let http = http.map_err(|e| unusable(e.to_string()))?;
        let write = WriteApi::open(settings.write_endpoint.as_deref(), &token)?;
        let (known, reclustered) = (KnownDatasets::default(), Reclustered::default());
        Ok(Self { api, http, token, base, settings, attempts: ATTEMPTS, write, known, reclustered })
    }

    /// The same service, asked for no more than twice: for somebody who waits for the answer.
    pub fn in_a_hurry(&self) -> Self {
        Self { attempts: 2, ..self.clone() }
    }

    /// Rows go one by one to this place.
    #[cfg(test)]
    pub(super) fn writing_to(self, write: WriteApi) -> Self {
        Self { write, ..self }
    }

    /// The way to send rows one by one.
    pub(super) fn write_api(&self) -> &WriteApi {
        &self.write
    }

    pub fn project(&self) -> &str {
        &self.settings.project
    }

    /// The target table of a name.
    pub fn target(&self, table: &str) -> TargetRef {
        self.table_in(&self.settings.dataset, table)
    }

    /// The staging table of a target in a run.
    pub fn staging(&self, table: &str, run: &crate::model::RunId) -> TargetRef {
        self.table_in(&self.settings.staging_dataset, &format!("{table}__{run}"))
    }

    pub fn datasets(&self) -> [&str; 2] {
        [&self.settings.dataset, &self.settings.staging_dataset]
    }

    fn table_in(&self, dataset: &str, table: &str) -> TargetRef {
        let project = self.settings.project.clone();
        TargetRef { project, dataset: dataset.to_owned(), table: table.to_owned() }
    }

    /// The configured location, for datasets that have to be made.
    pub(super) fn wanted_location(&self) -> Option<&str> {
        self.settings.location.as_deref()
    }

    pub(super) fn job_timeout(&self) -> Duration {
        self.settings.job_timeout
    }

    /// One request, repeated while the trouble is a passing one. Everything sent through here may be repeated: reads, patches,
    /// and inserts under a name or id of ours.
    pub(super) async fn request(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Body<'_>,
        doing: &'static str,
        what: &str,
    ) -> Result<Answer, BigQueryError> {
        let after = RetryAfter::default();
        let attempt = || async {
            let url = format!("{}/projects/{}{path}", self.base, encode(&self.settings.project));
            let request = self.http.request(method.clone(), url).query(query).bearer_auth(self.token.get().await?);
            let request = match body {
                Body::None => request,
                Body::Json(json) => request.json(json),
            };
            let unavailable = |e: reqwest::Error| BigQueryError::unavailable(doing, what, root_cause(&e.without_url()));
            let response = request.send().await.map_err(unavailable)?;
            let status = response.status().as_u16();
            after.note(response.headers());
            let content = response.bytes().await.map_err(unavailable)?;
            match status {
                200..=299 => {
                    let json = serde_json::from_slice(&content).map(Answer::Done);
                    json.map_err(|e| {
                        BigQueryError::unavailable(doing, what, format!("an answer that is not JSON: {e}"))
                    })
                }
                404 => Ok(Answer::Absent),
                409 => Ok(Answer::Exists),
                _ => Err(ApiFault::parse(status, &content).into_error(doing, what)),
            }
        };
        attempt
            .retry(backoff(self.attempts))
            .when(BigQueryError::is_transient)
            .adjust(|_, pause| after.adjust(pause))
            .await
    }

    /// Drops a staging table; one that is not there is dropped already.
    pub async fn drop_table(&self, table: &TargetRef) -> Result<(), BigQueryError> {
        let attempt = || async {
            match self.api.table().delete(&table.project, &table.dataset, &table.table).await {
                Ok(()) => Ok(()),
                Err(e) => match from_client(e, "drop", &format!("table {table}")) {
                    BigQueryError::Refused(ApiRefusal::NotFound { .. }) => Ok(()),
                    other => Err(other),
                },
            }
        };
        around(Effect::StagingDrop, attempt.retry(backoff(self.attempts)).when(BigQueryError::is_transient)).await
    }
}

/// What the API says, where "absent" and "exists already" are answers and not errors.
#[derive(Debug)]
pub(super) enum Answer {
    Done(Value),
    Absent,
    Exists,
}

impl Answer {
    /// The answer of a request for which only "done" will do.
    pub fn done(self, what: &str) -> Result<Value, BigQueryError> {
        match self {
            Self::Done(json) => Ok(json),
            Self::Absent => Err(BigQueryError::not_found(what)),
            Self::Exists => Err(BigQueryError::rejected("make", what, "it exists already")),
        }
    }
}

/// Encodes one segment of a path.
pub(super) fn encode(segment: &str) -> String {
    percent_encoding::utf8_percent_encode(segment, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Sorts the client library's error. It loses the status of an answer that is not JSON, which only proxies and overloaded
/// front ends send, so that counts as passing.
fn from_client(e: BQError, doing: &'static str, what: &str) -> BigQueryError {
    match e {
        BQError::ResponseError { error } => {
            let reason = error.error.errors.first().and_then(|e| e.get("reason")).cloned().unwrap_or_default();
            let status = u16::try_from(error.error.code).unwrap_or(500);
            ApiFault { status, reason, message: error.error.message }.into_error(doing, what)
        }
        BQError::NoToken => BigQueryError::credentials("no token"),
        other => BigQueryError::unavailable(doing, what, root_cause(&other)),
    }
}

fn backoff(attempts: usize) -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(300))
        .with_max_delay(Duration::from_secs(10))
        .with_max_times(attempts - 1)
        .with_jitter()
}
