//! Jobs under ids of ours: start, meet again, wait, try once more.
//!
//! `plimsoll_<feed>_<run>_<table>_<verb>_<attempt>`. Whoever runs or replays a batch walks the attempts from the first: one
//! that exists is waited for and never repeated, a failed one is followed by the next. So two processes that replay the
//! same batch meet in the same jobs, and a job whose answer was lost is found again.

use std::time::Duration;

use gcp_bigquery_client::model::job::Job;
use gcp_bigquery_client::model::job_configuration::JobConfiguration;
use gcp_bigquery_client::model::job_reference::JobReference;
use reqwest::Method;
use serde_json::Value;
use time::OffsetDateTime;

use super::api_fault::is_passing_failure;
use super::client::{Answer, BigQuery, Body, encode};
use super::error::{BigQueryError, Overtaken, ProjectFault, TableFault, Transient};
use super::job_name::JobName;
use super::message_text::without_values;
use crate::failpoint::around;

/// Attempts at one job within one tick, beyond those that earlier ticks made.
const ATTEMPTS_A_TICK: u32 = 4;
const FIRST_POLL: Duration = Duration::from_millis(150);
const SLOWEST_POLL: Duration = Duration::from_secs(3);

/// The statement that takes the id of a job that must not run any more.
pub(super) const NOTHING: &str = "SELECT 1";

/// A job that ended well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct JobDone {
    pub id: String,
    pub bytes_processed: u64,
    pub bytes_billed: u64,
    pub inserted: u64,
    pub updated: u64,
    pub deleted: u64,
    /// Rows that a load wrote.
    pub output_rows: u64,
}

/// What an attempt that ended well before us means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Earlier {
    /// The work is done.
    Counts,
    /// What it made is gone: do it once more, as the next attempt.
    IsGone,
}

enum Ended {
    Well(JobDone),
    /// With the message as it came: it may quote values.
    Badly {
        reason: String,
        message: String,
    },
}

impl BigQuery {
    /// Runs a job to its end, or finds the run of it that ended well before.
    pub(super) async fn run_job(
        &self,
        name: &JobName,
        configuration: &JobConfiguration,
        what: &str,
        earlier: Earlier,
    ) -> Result<JobDone, BigQueryError> {
        let mut fresh = 0;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let id = name.attempt(attempt);
            let (submit, wait) = name.verb.effects();
            let (started, job) = around(submit, self.start(&id, configuration, what)).await?;
            let ended = around(wait, self.wait(&id, job, what)).await?;
            let (reason, told) = match ended {
                Ended::Well(_) if started == Started::Before && earlier == Earlier::IsGone => continue,
                Ended::Well(done) => return Ok(done),
                Ended::Badly { reason, message } => (reason, message),
            };
            // What failed before us may have been put right since; what fails under our eyes has not.
            if started == Started::Before {
                continue;
            }
            fresh += 1;
            let message = without_values(&told, &name.names);
            if !is_passing_failure(&reason, &told) {
                return Err(match reason.as_str() {
                    "quotaExceeded" => ProjectFault::Quota(message).into(),
                    _ => TableFault::JobFailed { job: id, table: name.table.clone(), reason, message }.into(),
                });
            }
            if fresh >= ATTEMPTS_A_TICK {
                return Err(Transient::JobKeepsFailing { job: id, attempts: attempt, message }.into());
            }
            tokio::time::sleep(Duration::from_secs(1) * 2u32.pow(fresh)).await;
        }
    }

    /// The attempt of a job that ended well, if there is one; waits for one under way.
    pub(super) async fn find_job(&self, name: &JobName, what: &str) -> Result<Option<JobDone>, BigQueryError> {
        for attempt in 1.. {
            let id = name.attempt(attempt);
            match self.get_job(&id, what).await? {
                None => return Ok(None),
                Some(job) => {
                    if let Ended::Well(done) = self.wait(&id, job, what).await? {
                        return Ok(Some(done));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Sees to it that no attempt comes after this, not even one of a process that was held up: what is under way is waited
    /// for, and the id that the next attempt would have is taken by a job that does nothing.
    pub(super) async fn close_job(
        &self,
        name: &JobName,
        nothing: &JobConfiguration,
        what: &str,
    ) -> Result<(), BigQueryError> {
        for attempt in 1.. {
            let id = name.attempt(attempt);
            let (started, job) = self.start(&id, nothing, what).await?;
            match self.wait(&id, job, what).await {
                Ok(Ended::Well(_)) | Err(BigQueryError::Overtaken(Overtaken::GivenUp(_))) => return Ok(()),
                Ok(Ended::Badly { .. }) if started == Started::Before => {}
                Ok(Ended::Badly { reason, message }) => {
                    let message = without_values(&message, &name.names);
                    return Err(TableFault::JobFailed { job: id, table: name.table.clone(), reason, message }.into());
                }
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// Starts the job, or finds the one that has its id.
    async fn start(
        &self,
        id: &str,
        configuration: &JobConfiguration,
        what: &str,
    ) -> Result<(Started, Value), BigQueryError> {
        let location = self.location().await?;
        let job = Job {
            configuration: Some(configuration.clone()),
            job_reference: Some(JobReference {
                job_id: Some(id.to_owned()),
                project_id: Some(self.project().to_owned()),
                location: location.clone(),
            }),
            ..Job::default()
        };
        let failed = |e: serde_json::Error| BigQueryError::rejected("start", what, e.to_string());
        let body = serde_json::to_value(&job).map_err(failed)?;
        let answer = self.request(Method::POST, "/jobs", &[], Body::Json(&body), "start", what).await?;
        match answer {
            Answer::Done(job) => Ok((Started::Now, job)),
            // Ours, from an attempt whose answer was lost, or from a run that died.
            Answer::Exists => {
                let job = self.get_job(id, what).await?;
                Ok((Started::Before, job.ok_or_else(|| BigQueryError::not_found(format!("job {id}")))?))
            }
            Answer::Absent => Err(BigQueryError::not_found(what)),
        }
    }

    async fn get_job(&self, id: &str, what: &str) -> Result<Option<Value>, BigQueryError> {
        let location = self.location().await?;
        let query: Vec<(&str, &str)> = location.iter().map(|l| ("location", l.as_str())).collect();
        let path = format!("/jobs/{}", encode(id));
        match self.request(Method::GET, &path, &query, Body::None, "look up the job for", what).await? {
            Answer::Done(job) => Ok(Some(job)),
            Answer::Absent | Answer::Exists => Ok(None),
        }
    }

    /// Waits for a job's end. One that is older than it may be is cancelled: the next tick makes another attempt. The end of
    /// a run alone is no reason to cancel, for the next run finds the job again, and a long load would never be done.
    async fn wait(&self, id: &str, mut job: Value, what: &str) -> Result<Ended, BigQueryError> {
        let began = OffsetDateTime::now_utc();
        let mut pause = FIRST_POLL;
        while job["status"]["state"] != "DONE" {
            if OffsetDateTime::now_utc() - created(&job).unwrap_or(began) > self.job_timeout() {
                self.cancel_job(id, what).await?;
                return Err(Transient::JobTooLong { job: id.to_owned(), limit: self.job_timeout() }.into());
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(SLOWEST_POLL);
            // A job just started may not be found at once.
            if let Some(found) = self.get_job(id, what).await? {
                job = found;
            }
        }
        let error = &job["status"]["errorResult"];
        if !error.is_null() {
            let text = |key: &str| error[key].as_str().unwrap_or("unknown").to_owned();
            return Ok(Ended::Badly { reason: text("reason"), message: error_message(&job) });
        }
        // Whoever closed the batch may have died before it was taken out of the state: that job has merged nothing.
        if job["configuration"]["query"]["query"] == NOTHING {
            return Err(Overtaken::GivenUp(id.to_owned()).into());
        }
        let statistics = &job["statistics"];
        let number = |v: &Value| v.as_str().and_then(|s| s.parse().ok()).or(v.as_u64()).unwrap_or(0);
        let dml = &statistics["query"]["dmlStats"];
        Ok(Ended::Well(JobDone {
            id: id.to_owned(),
            bytes_processed: number(&statistics["query"]["totalBytesProcessed"]),
            bytes_billed: number(&statistics["query"]["totalBytesBilled"]),
            inserted: number(&dml["insertedRowCount"]),
            updated: number(&dml["updatedRowCount"]),
            deleted: number(&dml["deletedRowCount"]),
            output_rows: number(&statistics["load"]["outputRows"]),
        }))
    }
}

impl BigQuery {
    async fn cancel_job(&self, id: &str, what: &str) -> Result<(), BigQueryError> {
        let location = self.location().await?;
        let query: Vec<(&str, &str)> = location.iter().map(|l| ("location", l.as_str())).collect();
        let path = format!("/jobs/{}/cancel", encode(id));
        self.request(Method::POST, &path, &query, Body::None, "cancel the job for", what).await.map(drop)
    }
}

fn created(job: &Value) -> Option<OffsetDateTime> {
    let ms: i128 = job["statistics"]["creationTime"].as_str()?.parse().ok()?;
    OffsetDateTime::from_unix_timestamp_nanos(ms * 1_000_000).ok()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Started {
    Now,
    Before,
}

fn error_message(job: &Value) -> String {
    job["status"]["errorResult"]["message"].as_str().unwrap_or_default().to_owned()
}
