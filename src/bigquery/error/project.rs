//! What is wrong for every table: the way to BigQuery, the project, its datasets.

use std::fmt;

use crate::bigquery::hints::of_message;
use crate::emulator::NotAnAddress;
use crate::model::Blame;

/// A fault that every table meets.
#[derive(Debug, thiserror::Error)]
pub enum ProjectFault {
    #[error(transparent)]
    Emulator(NotAnAddress),

    #[error("no credentials for BigQuery: {0}")]
    Credentials(String),

    #[error("a BigQuery quota is used up: {0}")]
    Quota(String),

    #[error("the dataset {dataset} is in {found}, but {said_by} {wanted}")]
    Elsewhere { dataset: String, found: String, wanted: String, said_by: SaidBy },
}

/// What says where jobs run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaidBy {
    Config,
    /// The dataset of the targets.
    Dataset(String),
}

impl fmt::Display for SaidBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config => f.write_str("[bigquery] location says"),
            Self::Dataset(name) => write!(f, "the targets' dataset {name} is in"),
        }
    }
}

impl ProjectFault {
    pub(super) fn blame(&self) -> Blame {
        match self {
            Self::Emulator(_) => Blame::Config,
            Self::Credentials(_) | Self::Quota(_) | Self::Elsewhere { .. } => Blame::World,
        }
    }

    pub(super) fn hint(&self) -> String {
        match self {
            Self::Emulator(e) => e.hint(),
            Self::Credentials(_) => crate::credentials::HINT.to_owned(),
            Self::Quota(message) => of_message(message).unwrap_or_else(|| {
                "wait for the quota's next day, ask for more, or run less often with every = \"1h\"".to_owned()
            }),
            Self::Elsewhere { found, wanted, said_by, .. } => match said_by {
                SaidBy::Config => {
                    format!("write location = \"{found}\" in [bigquery], or name datasets there that are in {wanted}")
                }
                SaidBy::Dataset(_) => format!(
                    "name another staging_dataset in [bigquery], one that is in {wanted}; if there is none of its name, it is made there"
                ),
            },
        }
    }
}
