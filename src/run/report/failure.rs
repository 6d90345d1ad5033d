//! What went wrong, and what to do about it.

use serde::Serialize;

use crate::model::Blame;
use crate::run::error::RunError;

/// An error as people and programs are told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    pub message: String,
    pub hint: String,
    /// Whether the config has to change, or the world outside.
    #[serde(skip)]
    pub blame: Blame,
}

impl From<&RunError> for Failure {
    fn from(e: &RunError) -> Self {
        Self { message: e.to_string(), hint: e.hint(), blame: e.blame() }
    }
}
