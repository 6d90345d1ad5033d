//! Why a command failed.

use super::database::NoDatabase;
use super::sample_error::SampleError;
use crate::config::ConfigError;
use crate::model::Blame;
use crate::propose::ProposeError;
use crate::run::{RunError, UnknownTable};
use crate::server::ServeError;
use crate::source::SourceError;
use crate::storage::StorageError;

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    UnknownTable(#[from] UnknownTable),
    #[error(transparent)]
    NoDatabase(#[from] NoDatabase),
    #[error(transparent)]
    Propose(#[from] ProposeError),
    #[error(transparent)]
    Sample(#[from] SampleError),
    #[error("{path}: {reason}")]
    File { path: String, reason: String },
    #[error("the report was not published: the config names no topic for reports")]
    NoReportsTopic,
    #[error("the answer could not be written to standard output: {reason}")]
    Output { reason: String },
}

/// Why a file is not written over.
pub(super) const FILE_EXISTS: &str = "the file exists";

impl CliError {
    pub(super) fn blame(&self) -> Blame {
        match self {
            Self::Config(e) => e.blame(),
            Self::Run(e) => e.blame(),
            Self::Source(e) => e.blame(),
            Self::Storage(e) => e.blame(),
            Self::Serve(e) => e.blame(),
            Self::Propose(e) => e.blame(),
            Self::Sample(e) => e.blame(),
            Self::Output { .. } => Blame::World,
            Self::UnknownTable(_) | Self::NoDatabase(_) | Self::File { .. } | Self::NoReportsTopic => Blame::Config,
        }
    }

    pub(super) fn hint(&self) -> String {
        match self {
            Self::Config(e) => e.hint(),
            Self::Run(e) => e.hint(),
            Self::Source(e) => e.hint(),
            Self::Storage(e) => e.hint(),
            Self::Serve(e) => e.hint(),
            Self::UnknownTable(e) => e.hint(),
            Self::NoDatabase(e) => e.hint(),
            Self::Propose(e) => e.hint(),
            Self::Sample(e) => e.hint(),
            Self::NoReportsTopic => "write [pubsub] reports = \"plimsoll-reports\" in the config".to_owned(),
            Self::Output { .. } => "make room where standard output goes, or send it elsewhere".to_owned(),
            Self::File { reason, .. } if reason == FILE_EXISTS => {
                "choose another file with --output, or overwrite it with --force".to_owned()
            }
            Self::File { .. } => "choose another file with --output".to_owned(),
        }
    }
}
