//! What goes wrong while staged rows are appended, beside what the service says.

use crate::batch::TableBatch;
use crate::bigquery::error::{BigQueryError, TableFault};
use crate::storage::StorageError;

#[derive(Debug, thiserror::Error)]
pub(super) enum AppendFault {
    #[error(transparent)]
    BigQuery(#[from] BigQueryError),

    #[error(transparent)]
    Storage(#[from] StorageError),

    #[error("a file of rows could not be compressed: {0}")]
    Compress(#[from] std::io::Error),

    #[error("the part {name} is not what was staged: {reason}")]
    Broken { name: String, reason: String },
}

impl AppendFault {
    /// As an error of the table.
    pub fn into_error(self, table: &TableBatch) -> BigQueryError {
        let target = table.target.to_string();
        match self {
            Self::BigQuery(e) => e,
            Self::Storage(e) if e.is_transient() => BigQueryError::unavailable("append rows to", target, e.to_string()),
            Self::Compress(e) => BigQueryError::unavailable("append rows to", target, e.to_string()),
            Self::Storage(e) => {
                TableFault::PartsLost { target, reason: e.to_string(), table: table.source.clone() }.into()
            }
            Self::Broken { .. } => {
                TableFault::PartsLost { target, reason: self.to_string(), table: table.source.clone() }.into()
            }
        }
    }
}
