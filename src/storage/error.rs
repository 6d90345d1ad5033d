//! What goes wrong between us and Cloud Storage, by what follows from it.

use crate::emulator::{self, NotAnAddress};
use crate::failpoint::Injected;
use crate::model::Blame;

/// What goes wrong between us and Cloud Storage.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Passes by itself.
    #[error("Cloud Storage did not {doing} gs://{bucket}/{object}: {reason}")]
    Unavailable { doing: &'static str, bucket: String, object: String, reason: String },

    /// The object is not at the generation it was expected at.
    #[error("gs://{bucket}/{object} was written by somebody else meanwhile")]
    Conflict { bucket: String, object: String },

    #[error(transparent)]
    Fault(#[from] StorageFault),
}

/// What stays until somebody does something.
#[derive(Debug, thiserror::Error)]
pub enum StorageFault {
    #[error(transparent)]
    Emulator(NotAnAddress),

    #[error("no credentials for Cloud Storage: {0}")]
    Credentials(String),

    #[error("the bucket {0} does not exist")]
    NoBucket(String),

    #[error("Cloud Storage refuses to {doing} gs://{bucket}/{object}: {reason}")]
    Denied { doing: &'static str, bucket: String, object: String, reason: String },

    #[error("Cloud Storage rejected the request to {doing} gs://{bucket}/{object}: {reason}")]
    Rejected { doing: &'static str, bucket: String, object: String, reason: String },
}

impl From<Injected> for StorageError {
    fn from(injected: Injected) -> Self {
        let (bucket, object) = (String::new(), String::new());
        Self::Unavailable { doing: "reach", bucket, object, reason: injected.to_string() }
    }
}

impl From<NotAnAddress> for StorageError {
    fn from(e: NotAnAddress) -> Self {
        StorageFault::Emulator(e).into()
    }
}

impl StorageError {
    /// Whether the same may succeed later without anybody's help. A conflict is for the caller to look into.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Conflict { .. } | Self::Fault(_) => false,
        }
    }

    /// Whether the config has to change, or the world outside.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Fault(e) => e.blame(),
            Self::Unavailable { .. } | Self::Conflict { .. } => Blame::World,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Unavailable { .. } => emulator::when_unavailable(emulator::STORAGE, "Cloud Storage"),
            Self::Conflict { .. } => "another run is at work; the next tick goes on".to_owned(),
            Self::Fault(e) => e.hint(),
        }
    }
}

impl StorageFault {
    fn blame(&self) -> Blame {
        match self {
            Self::Emulator(_) => Blame::Config,
            Self::Credentials(_) | Self::NoBucket(_) | Self::Denied { .. } | Self::Rejected { .. } => Blame::World,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Emulator(e) => e.hint(),
            Self::Credentials(_) => crate::credentials::HINT.to_owned(),
            Self::NoBucket(bucket) => {
                format!("create it with `gcloud storage buckets create gs://{bucket}`, or correct [storage] url")
            }
            Self::Denied { bucket, .. } => {
                format!("grant roles/storage.objectUser on gs://{bucket} to the account that runs Plimsoll")
            }
            Self::Rejected { .. } => "check [storage] url".to_owned(),
        }
    }
}
