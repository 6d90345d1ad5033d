//! `session.*`, `moment`, `snapshot.*`.

use super::columns::{Column as C, result};
use super::comment::Comment;
use super::form::bad_plan;
use super::text::style_126;
use crate::answer::{Answer, ResultSet};
use crate::error::ServerError;
use crate::model::{SessionState, Updateability};
use crate::server::Shared;
use crate::typed::Value;
use crate::wire::request::Isolation;

pub(crate) fn facts(session: &SessionState, shared: &Shared) -> ResultSet {
    let user = shared.settings.account.user.clone();
    session.model.with(|database| {
        let identity = &database.identity;
        let tracking = database.tracking;
        let row = vec![
            identity.version.as_str().into(),
            identity.edition.as_str().into(),
            identity.engine.into(),
            identity.database.as_str().into(),
            user.into(),
            identity.compatibility.into(),
            Value::Int(database.snapshot as i64),
            database.rcsi.is_on().into(),
            match database.updateability {
                Updateability::ReadWrite => "READ_WRITE".into(),
                Updateability::ReadOnly => "READ_ONLY".into(),
            },
            tracking.is_some().into(),
            tracking.map(|tracking| tracking.retention_minutes).into(),
            tracking.map(|tracking| tracking.auto_cleanup.is_on()).into(),
            database.rights.sees_transactions().into(),
            database.rights.sees_policies().into(),
        ];
        result(
            &[
                C::Text("version"),
                C::Text("edition"),
                C::Int("engine"),
                C::Text("database"),
                C::Text("user"),
                C::Int("compatibility"),
                C::Int("snapshot_state"),
                C::Bit("rcsi"),
                C::Text("updateability"),
                C::Bit("tracking"),
                C::Int("retention_minutes"),
                C::Bit("auto_cleanup"),
                C::Bit("sees_transactions"),
                C::Bit("sees_policies"),
            ],
            vec![row],
        )
    })
}

/// Where the server stands. Nothing of it is bound to a snapshot.
pub(crate) fn moment(session: &mut SessionState, comment: &Comment) -> Result<Answer, ServerError> {
    let change = session.abort();
    let sees_all = comment.value("transactions").as_deref() == Some("1");
    let asks_tracking = comment.value("tracking").as_deref() == Some("1");
    let row = session.model.with(|database| {
        if sees_all && database.rights.is_refused_transactions() {
            return Err(ServerError::no_server_state());
        }
        if asks_tracking && database.updateability == Updateability::ReadOnly {
            return Err(ServerError::tracking_of_secondary());
        }
        let oldest = database.open.values().map(|open| open.began).min().filter(|_| sees_all);
        Ok(vec![
            database.current_version().filter(|_| asks_tracking).into(),
            Value::rowversion(database.min_active_rowversion()),
            style_126(database.clock.now()).into(),
            oldest.map(style_126).into(),
            database.identity.broker.to_string().into(),
            database.identity.created.as_str().into(),
            database.identity.fork.map(|fork| fork.to_string()).into(),
        ])
    })?;
    let columns = [
        C::BigInt("ct_version"),
        C::Binary8("rowversion_floor"),
        C::Text("now"),
        C::Text("oldest_open"),
        C::Text("broker"),
        C::Text("created"),
        C::Text("fork"),
    ];
    Ok(Answer { change, result: Some(result(&columns, vec![row])) })
}

pub(crate) fn begin(session: &mut SessionState, comment: &Comment) -> Result<Answer, ServerError> {
    let isolation = match comment.value("level").as_deref() {
        Some("snapshot") => Isolation::Snapshot,
        Some("committed") => Isolation::ReadCommitted,
        other => return Err(bad_plan(format!("level={other:?}"))),
    };
    let change = session.begin(isolation)?;
    let row = vec![Value::Int(session.transaction_number() as i64)];
    Ok(Answer { change: Some(change), result: Some(result(&[C::BigInt("transaction_id")], vec![row])) })
}

pub(crate) fn guard(session: &SessionState) -> ResultSet {
    let row = vec![Value::Int(session.transaction_number() as i64), session.state().into()];
    result(&[C::BigInt("transaction_id"), C::SmallInt("state")], vec![row])
}

pub(crate) fn end(session: &mut SessionState) -> Answer {
    let before = guard(session);
    Answer { change: session.abort(), result: Some(before) }
}
