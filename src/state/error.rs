//! What goes wrong with a feed's state.

use crate::failpoint::Injected;
use crate::model::{Blame, FeedId};
use crate::storage::StorageError;

#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error(transparent)]
    Storage(#[from] StorageError),

    /// Another run wrote the state after we read it: it is at work, or was quicker.
    #[error("another run of {0} was quicker")]
    Lost(FeedId),

    #[error("the state of {feed} cannot be read: {reason}")]
    Unreadable { feed: FeedId, reason: String },

    #[error("the state of {feed} has format {found}; this version knows {known}")]
    TooNew { feed: FeedId, found: u32, known: u32 },
}

impl From<Injected> for StateError {
    fn from(injected: Injected) -> Self {
        Self::Storage(injected.into())
    }
}

impl StateError {
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Storage(e) => e.is_transient(),
            Self::Lost(_) => true,
            Self::Unreadable { .. } | Self::TooNew { .. } => false,
        }
    }

    pub fn blame(&self) -> Blame {
        Blame::World
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Storage(e) => e.hint(),
            Self::Lost(_) => "nothing: the other run does the work".to_owned(),
            Self::Unreadable { feed, .. } => {
                format!(
                    "look at state/{feed}.json in the bucket; if it can't be put right, delete it: the next tick loads the table again"
                )
            }
            Self::TooNew { .. } => "deploy the newer version again".to_owned(),
        }
    }
}
