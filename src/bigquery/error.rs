//! What goes wrong between us and BigQuery.

use super::hints::{Failed, of_message, rights};
use super::locations::SaidBy;
use super::partitioning::Obstacle;
use super::target_plan::AddedBy;
use crate::bigquery::message_text::without_values;
use crate::emulator::{self, NoScheme};
use crate::failpoint::Injected;
use crate::model::Blame;

#[derive(Debug, thiserror::Error)]
pub enum BigQueryError {
    #[error(transparent)]
    Emulator(#[from] NoScheme),

    #[error("no credentials for BigQuery: {0}")]
    Credentials(String),

    #[error("BigQuery refuses to {doing} {what}: {reason}")]
    Denied { doing: &'static str, what: String, reason: String },

    #[error("BigQuery has no {what}")]
    NotFound { what: String },

    #[error("BigQuery did not {doing} {what}: {reason}")]
    Unavailable { doing: &'static str, what: String, reason: String },

    #[error("BigQuery rejected the request to {doing} {what}: {reason}")]
    Rejected { doing: &'static str, what: String, reason: String },

    #[error("a BigQuery quota is used up: {0}")]
    Quota(String),

    #[error("the BigQuery job {job} failed ({reason}): {message}")]
    JobFailed {
        job: String,
        /// As `--table` takes it.
        table: String,
        reason: String,
        message: String,
    },

    #[error("the BigQuery job {job} failed {attempts} times for passing reasons, last: {message}")]
    JobKeepsFailing { job: String, attempts: u32, message: String },

    #[error("the BigQuery job {job} was cancelled, for it took longer than {}", humantime::format_duration(*limit))]
    JobTooLong { job: String, limit: std::time::Duration },

    #[error("the target {target} has the column {column} as {found}, the source's is {wanted}")]
    ColumnType { target: String, column: String, found: String, wanted: String },

    /// A column that a setting adds to those of the source.
    #[error("the target {target} has the column {column} as {found}, and {} makes it a {wanted}", .by.setting())]
    AddedColumn { target: String, column: String, found: String, wanted: String, by: AddedBy },

    #[error("the target {target} requires the column {column}, which the source lacks")]
    RequiredColumn { target: String, column: String },

    #[error("the target {target} is not partitioned by {wanted}, and an existing table's partitions cannot be changed")]
    Partition { target: String, wanted: String },

    #[error("the target {target} is {} {kind}, and only a table can be written", article(kind))]
    NotATable { target: String, kind: String },

    #[error("the target {target} requires a filter over its partitions ({column}), which the MERGE can't name: {why}")]
    FilterRequired { target: String, column: String, why: Obstacle },

    #[error(
        "the rows for {target} are of more than {limit} partitions by {by} of {column}, and a job of BigQuery writes {limit} at most"
    )]
    TooManyPartitions { target: String, column: String, by: &'static str, limit: usize },

    #[error("the dataset {dataset} is in {found}, but {said_by} {wanted}")]
    Elsewhere { dataset: String, found: String, wanted: String, said_by: SaidBy },

    #[error("the target {0} exists and was not made by Plimsoll; loading would replace its rows")]
    Foreign(String),

    #[error("the target {0} is gone, and changes alone cannot bring it back")]
    TargetGone(String),

    #[error("another run has given this batch up: the job {0} does nothing")]
    GivenUp(String),
}

impl From<Injected> for BigQueryError {
    fn from(injected: Injected) -> Self {
        Self::Unavailable { doing: "reach", what: "the service".to_owned(), reason: injected.to_string() }
    }
}

impl BigQueryError {
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unavailable { .. }
                | Self::JobKeepsFailing { .. }
                | Self::JobTooLong { .. }
                | Self::TargetGone(_)
                | Self::GivenUp(_)
        )
    }

    /// Whether the fault can only be one table's.
    pub fn is_of_one_table(&self) -> bool {
        matches!(
            self,
            Self::JobFailed { .. }
                | Self::ColumnType { .. }
                | Self::AddedColumn { .. }
                | Self::RequiredColumn { .. }
                | Self::Partition { .. }
                | Self::NotATable { .. }
                | Self::FilterRequired { .. }
                | Self::TooManyPartitions { .. }
                | Self::Foreign(_)
                | Self::TargetGone(_)
                | Self::GivenUp(_)
        )
    }

    /// Whether the fault is one table's if another table did not meet it: rights can be those of a table or of everything.
    pub fn may_be_of_one_table(&self) -> bool {
        self.is_of_one_table() || matches!(self, Self::Denied { .. } | Self::NotFound { .. } | Self::Rejected { .. })
    }

    pub fn blame(&self) -> Blame {
        if matches!(self, Self::Emulator(_)) { Blame::Config } else { Blame::World }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Emulator(e) => e.hint(),
            Self::Credentials(_) => crate::credentials::HINT.to_owned(),
            Self::Denied { reason, .. } => rights(reason),
            Self::NotFound { .. } => "check project, dataset and location in [bigquery]".to_owned(),
            Self::JobTooLong { .. } => {
                "the next tick makes another attempt; for a very large table raise [bigquery] job_timeout".to_owned()
            }
            Self::Unavailable { .. } => emulator::when_unavailable(emulator::BIGQUERY, "BigQuery"),
            Self::JobKeepsFailing { .. } => "the next tick tries again".to_owned(),
            Self::Rejected { reason, .. } => {
                of_message(reason).unwrap_or_else(|| "check [bigquery] and the table's target".to_owned())
            }
            Self::Quota(message) => of_message(message).unwrap_or_else(|| {
                "wait for the quota's next day, ask for more, or run less often with every = \"1h\"".to_owned()
            }),
            Self::JobFailed { job, table, reason, message } => Failed { job, table, reason, message }.hint(),
            Self::ColumnType { target, .. } | Self::RequiredColumn { target, .. } => format!(
                "`plimsoll resync --table {}` makes the target again (under delete = \"soft\" drop it by hand: its flagged rows go with \
                 it); or rename or exclude the column",
                table_of(target)
            ),
            Self::AddedColumn { target, column, by, .. } => format!(
                "write {} for the table, or drop the column (ALTER TABLE `{target}` DROP COLUMN `{column}`): the next run adds it again",
                by.remedy()
            ),
            Self::Partition { target, .. } => {
                format!(
                    "drop the table {target}: the next tick makes it as the config says; or take partition out of the config"
                )
            }
            Self::NotATable { target, kind } => {
                format!(
                    "write target = \"{}_table\", or drop the {kind} {target}: the next tick makes a table in its place",
                    table_of(target)
                )
            }
            Self::FilterRequired { target, column, why } => {
                let option = format!("ALTER TABLE `{target}` SET OPTIONS (require_partition_filter = false)");
                match why {
                    Obstacle::MayChange => format!(
                        "{option}; or, if a row's {column} never changes, partition = {{ column = \"{column}\", immutable = true }}"
                    ),
                    Obstacle::LooksEverywhere => {
                        format!(
                            "{option}; a load that replaces all rows (`plimsoll resync --table {}`) needs no filter, if it is not one in chunks",
                            table_of(target)
                        )
                    }
                    _ => option,
                }
            }
            Self::TooManyPartitions { target, column, .. } => format!(
                "write partition = {{ column = \"{column}\", by = \"month\" }} (or \"year\"), and drop the table {target} if it is \
                 there: the next tick makes it with larger partitions"
            ),
            Self::Elsewhere { found, wanted, said_by, .. } => match said_by {
                SaidBy::Config => {
                    format!("write location = \"{found}\" in [bigquery], or name datasets there that are in {wanted}")
                }
                SaidBy::Dataset(_) => format!(
                    "name another staging_dataset in [bigquery], one that is in {wanted}; if there is none of its name, it is made there"
                ),
            },
            Self::Foreign(target) => {
                format!("write target = \"{0}_2\", or let `plimsoll resync --table {0}` replace it", table_of(target))
            }
            Self::TargetGone(_) => "nothing: the next tick loads the whole table".to_owned(),
            Self::GivenUp(_) => "nothing: the next tick goes on".to_owned(),
        }
    }
}

/// The name that `--table` takes, of a target's full one.
fn table_of(target: &str) -> &str {
    target.rsplit('.').next().unwrap_or(target)
}

/// What an error answer of the API says.
#[derive(Debug, Default)]
pub(super) struct ApiFault {
    pub status: u16,
    pub reason: String,
    pub message: String,
}

impl ApiFault {
    /// Reads the API's JSON, or makes do with the status.
    pub fn parse(status: u16, body: &[u8]) -> Self {
        let json: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |v: &serde_json::Value| v.as_str().unwrap_or_default().to_owned();
        let message = match text(&json["error"]["message"]) {
            m if m.is_empty() => format!("HTTP {status}"),
            m => m.lines().next().unwrap_or_default().to_owned(),
        };
        Self { status, reason: text(&json["error"]["errors"][0]["reason"]), message }
    }

    /// Source for the reasons: <https://cloud.google.com/bigquery/docs/error-messages>
    pub fn into_error(self, doing: &'static str, what: &str) -> BigQueryError {
        let (what, message) = (what.to_owned(), without_values(&self.message, &[]));
        match (self.status, self.reason.as_str()) {
            (_, "quotaExceeded" | "billingTierLimitExceeded") => BigQueryError::Quota(message),
            (_, reason) if is_passing(reason) => BigQueryError::Unavailable { doing, what, reason: message },
            (401 | 403, _) => BigQueryError::Denied { doing, what, reason: message },
            (404, _) => BigQueryError::NotFound { what },
            (408 | 429 | 500..=599, _) => BigQueryError::Unavailable { doing, what, reason: message },
            _ => BigQueryError::Rejected { doing, what, reason: message },
        }
    }
}

/// What passes by itself though its reason does not say so: another statement was at work on the table.
/// Source: <https://cloud.google.com/bigquery/docs/troubleshoot-queries>
pub(super) fn is_passing_failure(reason: &str, message: &str) -> bool {
    is_passing(reason)
        || ["due to concurrent update", "Too many DML statements outstanding", "Exceeded rate limits"]
            .iter()
            .any(|says| message.contains(says))
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// Reasons that pass by themselves.
fn is_passing(reason: &str) -> bool {
    matches!(
        reason,
        "rateLimitExceeded"
            | "jobRateLimitExceeded"
            | "backendError"
            | "internalError"
            | "jobBackendError"
            | "jobInternalError"
            | "tableUnavailable"
            | "stopped"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classify(status: u16, reason: &str) -> BigQueryError {
        let body = format!(r#"{{"error":{{"code":{status},"message":"m","errors":[{{"reason":"{reason}"}}]}}}}"#);
        ApiFault::parse(status, body.as_bytes()).into_error("read", "x")
    }

    #[test]
    fn a_rate_limit_passes_and_a_quota_does_not() {
        assert!(classify(403, "rateLimitExceeded").is_transient());
        assert!(classify(400, "backendError").is_transient());
        assert!(matches!(classify(403, "quotaExceeded"), BigQueryError::Quota(_)));
        assert!(matches!(classify(403, "accessDenied"), BigQueryError::Denied { .. }));
    }

    #[test]
    fn an_answer_that_is_not_json_keeps_its_status() {
        let fault = ApiFault::parse(502, b"<html>Bad Gateway</html>");
        assert_eq!(fault.message, "HTTP 502");
        assert!(fault.into_error("read", "x").is_transient());
    }
}
