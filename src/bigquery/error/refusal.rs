//! What BigQuery refuses, be it of one table or of all.

use crate::bigquery::hints::{of_message, rights};

/// A request that BigQuery refuses.
#[derive(Debug, thiserror::Error)]
pub enum ApiRefusal {
    #[error("BigQuery refuses to {doing} {what}: {reason}")]
    Denied { doing: &'static str, what: String, reason: String },

    #[error("BigQuery has no {what}")]
    NotFound { what: String },

    #[error("BigQuery rejected the request to {doing} {what}: {reason}")]
    Rejected { doing: &'static str, what: String, reason: String },
}

impl ApiRefusal {
    pub(super) fn hint(&self) -> String {
        match self {
            Self::Denied { reason, .. } => rights(reason),
            Self::NotFound { .. } => "check project, dataset and location in [bigquery]".to_owned(),
            Self::Rejected { reason, .. } => {
                of_message(reason).unwrap_or_else(|| "check [bigquery] and the table's target".to_owned())
            }
        }
    }
}
