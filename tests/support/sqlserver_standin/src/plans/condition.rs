//! Conditions in T-SQL: a test says what each lets through.

use crate::error::ServerError;
use crate::model::{Database, Predicate};

/// The condition of a text; none where there is none.
pub(crate) fn of(database: &Database, text: Option<&str>) -> Result<Option<Predicate>, ServerError> {
    let Some(text) = text else { return Ok(None) };
    match database.conditions.get(text) {
        Some(condition) => condition.clone().map(Some),
        None => Err(ServerError::new(
            UNKNOWN,
            format!("the stand-in does not know the condition {text:?}: register it with Model::on_where"),
        )),
    }
}

/// The number of the error for a condition that no test has registered.
pub(crate) const UNKNOWN: u32 = 40_513;
