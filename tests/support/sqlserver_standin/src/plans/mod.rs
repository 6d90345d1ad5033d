//! Answers to the statements that the product sends, by their plans. T-SQL is never parsed.

pub mod comment;
pub mod script;

use self::comment::Comment;
use crate::answer::Answer;
use crate::error::ServerError;
use crate::model::SessionState;
use crate::server::Shared;
use crate::typed::Value;

pub(crate) fn answer(
    session: &mut SessionState,
    shared: &Shared,
    comment: &Comment,
    parameters: &[Value],
) -> Result<Answer, ServerError> {
    if let Some(script) = shared.scripts.of(&comment.plan) {
        return Ok(Answer { change: None, result: script(comment, parameters)? });
    }
    let _ = session;
    shared.log.refuse(format!("the plan {}", comment.plan));
    Err(ServerError::no_object(&comment.plan))
}
