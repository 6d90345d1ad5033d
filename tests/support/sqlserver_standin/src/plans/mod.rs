//! Answers to the statements that the product sends, by their plans. T-SQL is never parsed.
//!
//! What each plan's comment says and what it is answered with is written down in the product's `src/source/sqlserver/plan/mod.rs`.

mod catalog;
mod changes;
mod columns;
pub mod comment;
mod condition;
mod form;
mod hashes;
mod keys_given;
mod log_tables;
mod reading;
mod row_key;
mod rows;
pub mod script;
mod session_plans;
mod since;
mod text;

pub use text::spoken;

use self::comment::Comment;
use crate::answer::Answer;
use crate::error::ServerError;
use crate::model::SessionState;
use crate::server::Shared;
use crate::typed::Value;

/// Numbers of errors that say what the stand-in does not know, or what a statement can't have meant.
const OWN: std::ops::RangeInclusive<u32> = 40_510..=40_519;

/// Answers a statement. What the stand-in does not know it writes down, so that the test fails.
pub(crate) fn answer(
    session: &mut SessionState,
    shared: &Shared,
    comment: &Comment,
    parameters: &[Value],
) -> Result<Answer, ServerError> {
    let answered = match shared.scripts.of(&comment.plan) {
        Some(script) => script(comment, parameters).map(|result| Answer { change: None, result }),
        None => by_plan(session, shared, comment, parameters),
    };
    if let Err(error) = &answered
        && OWN.contains(&error.number)
    {
        shared.log.refuse(format!("{} (plan {})", error.message, comment.plan));
    }
    answered
}

fn by_plan(
    session: &mut SessionState,
    shared: &Shared,
    comment: &Comment,
    parameters: &[Value],
) -> Result<Answer, ServerError> {
    let nothing = || Ok(Answer::default());
    Ok(match comment.plan.as_str() {
        "session.settings" => return nothing(),
        "session.facts" => session_plans::facts(session, shared).into(),
        "moment" => session_plans::moment(session, comment)?,
        "snapshot.begin" => session_plans::begin(session, comment)?,
        "snapshot.guard" => session_plans::guard(session).into(),
        "snapshot.end" => session_plans::end(session),
        "catalog.relations" => catalog::relations(session, comment)?.into(),
        "catalog.columns" => catalog::columns(session, comment)?.into(),
        "catalog.indexes" => catalog::indexes(session, comment)?.into(),
        "catalog.names" => catalog::all_names(session).into(),
        "catalog.list" => catalog::list(session, comment).into(),
        "catalog.dependencies" => catalog::dependencies(session, comment)?.into(),
        "catalog.policies" => catalog::policies(session, comment)?.into(),
        "catalog.rights" => catalog::rights(session, comment)?.into(),
        "catalog.size" => catalog::size(session, comment)?.into(),
        "catalog.unmask" => catalog::unmask(session).into(),
        "where.try" => catalog::try_where(session, comment)?.into(),
        "cursor.bulk" => rows::bulk(session, comment)?.into(),
        "rows.filled" => rows::filled(session, comment)?.into(),
        "rows" => rows::rows(session, comment, parameters)?.into(),
        "key.stretch" => rows::stretch(session, comment)?.into(),
        "key.repeated" => rows::repeated(session, comment)?.into(),
        "hash.sums" => hashes::sums(session, comment)?.into(),
        "hash.spool" => hashes::spool(session, comment)?.into(),
        "hash.try" => hashes::tried(session, comment)?.into(),
        "hash.fetch" => hashes::fetch(session, comment)?.into(),
        "hash.close" => {
            hashes::close(session);
            return nothing();
        }
        "ct.tables" => changes::tables(session, comment)?.into(),
        "ct.spool" => changes::spool(session, comment)?.into(),
        "ct.fetch" => changes::fetch(session, comment)?.into(),
        "ct.close" => {
            changes::close(session, comment)?;
            return nothing();
        }
        "log.ends" => log_tables::ends(session, comment)?.into(),
        "log.gaps" => log_tables::gaps(session, comment)?.into(),
        "log.types" => log_tables::types(session, comment)?.into(),
        "log.try" => log_tables::tried(session, comment)?.into(),
        "log.counts" => log_tables::counts(session, comment)?.into(),
        "log.spool" => log_tables::spool(session, comment)?.into(),
        "log.fetch" => log_tables::fetch(session, comment)?.into(),
        "log.close" => {
            log_tables::close(session, comment)?;
            return nothing();
        }
        unknown => {
            shared.log.refuse(format!("the plan {unknown}"));
            return Err(ServerError::no_object(unknown));
        }
    })
}
