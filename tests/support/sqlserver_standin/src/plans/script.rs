//! Answers that a test writes itself, by the plan's name: for the wire alone, or for what the model has no answer to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::comment::Comment;
use crate::answer::ResultSet;
use crate::error::ServerError;
use crate::typed::Value;

/// Makes an answer from the comment and the parameters.
pub type Script = dyn Fn(&Comment, &[Value]) -> Result<Option<ResultSet>, ServerError> + Send + Sync;

/// Answers by plan.
#[derive(Clone, Default)]
pub struct Scripts(Arc<Mutex<HashMap<String, Arc<Script>>>>);

impl Scripts {
    /// Answers a plan, in the place of the model's answer if it has one.
    pub fn on(
        &self,
        plan: &str,
        script: impl Fn(&Comment, &[Value]) -> Result<Option<ResultSet>, ServerError> + Send + Sync + 'static,
    ) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(plan.to_owned(), Arc::new(script));
    }

    pub(crate) fn of(&self, plan: &str) -> Option<Arc<Script>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(plan).cloned()
    }
}
