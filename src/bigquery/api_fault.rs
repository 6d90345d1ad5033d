//! What an error answer of the API means, by its status and its reason.

use super::error::{ApiRefusal, BigQueryError, ProjectFault};
use super::message_text::without_values;

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
            (_, "quotaExceeded" | "billingTierLimitExceeded") => ProjectFault::Quota(message).into(),
            (_, reason) if is_passing(reason) => BigQueryError::unavailable(doing, what, message),
            (401 | 403, _) => ApiRefusal::Denied { doing, what, reason: message }.into(),
            (404, _) => BigQueryError::not_found(what),
            (408 | 429 | 500..=599, _) => BigQueryError::unavailable(doing, what, message),
            _ => BigQueryError::rejected(doing, what, message),
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
        assert!(matches!(classify(403, "quotaExceeded"), BigQueryError::Project(ProjectFault::Quota(_))));
        assert!(matches!(classify(403, "accessDenied"), BigQueryError::Refused(ApiRefusal::Denied { .. })));
    }

    #[test]
    fn an_answer_that_is_not_json_keeps_its_status() {
        let fault = ApiFault::parse(502, b"<html>Bad Gateway</html>");
        assert_eq!(fault.message, "HTTP 502");
        assert!(fault.into_error("read", "x").is_transient());
    }
}
