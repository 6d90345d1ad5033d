//! What goes wrong while part files are made.

use crate::failpoint::Injected;
use crate::model::Blame;
use crate::storage::StorageError;

#[derive(Debug, thiserror::Error)]
pub enum StageError {
    #[error(transparent)]
    Storage(#[from] StorageError),

    #[error("a part file could not be compressed: {0}")]
    Compress(String),

    #[error("the manifest could not be written: {0}")]
    Manifest(String),

    #[error("the writer of part files stopped")]
    Stopped,
}

impl From<Injected> for StageError {
    fn from(injected: Injected) -> Self {
        Self::Storage(injected.into())
    }
}

impl StageError {
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Storage(e) => e.is_transient(),
            Self::Compress(_) | Self::Manifest(_) | Self::Stopped => true,
        }
    }

    pub fn blame(&self) -> Blame {
        Blame::World
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Storage(e) => e.hint(),
            Self::Compress(_) | Self::Manifest(_) | Self::Stopped => "the next tick tries again".to_owned(),
        }
    }
}
