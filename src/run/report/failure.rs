//! What went wrong, and what to do about it.

use serde::{Deserialize, Serialize};

use crate::model::Blame;
use crate::run::error::RunError;

/// An error as people and programs are told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub message: String,
    pub hint: String,
    /// Whether the config has to change, or the world outside.
    #[serde(skip, default = "world")]
    pub blame: Blame,
}

/// Of a failure that was stored: nobody has to decide anything by it any more.
fn world() -> Blame {
    Blame::World
}

impl From<&RunError> for Failure {
    fn from(e: &RunError) -> Self {
        Self { message: e.to_string(), hint: e.hint(), blame: e.blame() }
    }
}
