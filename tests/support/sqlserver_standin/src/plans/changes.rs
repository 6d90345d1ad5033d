//! `ct.*`: change tracking.

use super::catalog;
use super::columns::{Column as C, result};
use super::comment::Comment;
use super::form::{Fields, Told, bad_plan};
use super::hashes::paged;
use crate::answer::ResultSet;
use crate::error::ServerError;
use crate::model::{Database, NetChange, SessionState, Spool, Updateability, Visibility};
use crate::typed::Value;

/// Where change tracking stands. Metadata alone: it fixes no snapshot and is not bound to one.
pub(crate) fn tables(session: &SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let names = comment.tables("tables").ok_or_else(|| bad_plan("no tables="))?;
    if session.model.with(|database| database.updateability == Updateability::ReadOnly) {
        return Err(ServerError::tracking_of_secondary());
    }
    let rows = session.model.with(|database| {
        names
            .iter()
            .filter_map(|(schema, name)| {
                let full = format!("{schema}.{name}");
                let table = database.table(&full).filter(|_| database.rights.may_see(&full))?;
                let begin = table.tracking.as_ref().map(|tracking| tracking.begin);
                Some(vec![
                    table.definition.schema.as_str().into(),
                    table.definition.name.as_str().into(),
                    table.id.into(),
                    database.min_valid(table).into(),
                    begin.into(),
                    format!("2026-01-01T00:00:{:02}.{:03}", table.modified / 1000 % 60, table.modified % 1000).into(),
                ])
            })
            .collect()
    });
    let columns = [
        C::Text("schema"),
        C::Text("name"),
        C::Int("object_id"),
        C::BigInt("min_valid"),
        C::BigInt("begin"),
        C::Text("modified"),
    ];
    Ok(result(&columns, rows))
}

/// CHANGETABLE(CHANGES …, since), as this session sees it.
fn changes(
    session: &mut SessionState,
    database: &Database,
    table: &str,
    since: i64,
) -> Result<Vec<NetChange>, ServerError> {
    let known = database.table(table).ok_or_else(|| ServerError::no_object(table))?;
    let look = session.look(database)?;
    database.admit(table, look.snapshot)?;
    if !database.rights.may_see_tracking(table) {
        let text = format!("The VIEW CHANGE TRACKING permission was denied on the object '{table}'.");
        return Err(ServerError::new(229, text).of_class(14));
    }
    let is_off = || ServerError::new(22_105, format!("Change tracking is not enabled on table '{table}'."));
    let tracking = known.tracking.as_ref().filter(|_| database.current_version().is_some()).ok_or_else(is_off)?;
    let seen = match look.by {
        Visibility::At(commit) => commit,
        Visibility::Committed => database.commit,
    };
    Ok(tracking.since(since, seen))
}

fn spool_name(comment: &Comment) -> Result<String, ServerError> {
    Ok(format!("changes{}", comment.number::<usize>("number").ok_or_else(|| bad_plan("no number="))?))
}

pub(crate) fn spool(session: &mut SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let name = catalog::name(comment)?;
    let since = comment.number("since").ok_or_else(|| bad_plan("no since="))?;
    let spool = spool_name(comment)?;
    let model = session.model.clone();
    let (table, changes, oldest) = model.with(|database| {
        let changes = changes(session, database, &name, since)?;
        let table = database.definition(&name).ok_or_else(|| ServerError::no_object(&name))?;
        Ok((table, changes, database.table(&name).and_then(|table| database.min_valid(table))))
    })?;
    let key = comment.list("key").and_then(|key| table.places(&key)).ok_or_else(|| bad_plan("key="))?;
    let mut sorted = table.key();
    let mut asked = key;
    sorted.sort_unstable();
    asked.sort_unstable();
    if sorted != asked {
        return Err(bad_plan("a key that is not the primary key: change tracking knows no other"));
    }
    let count = changes.len() as i64;
    session.keep(spool.clone(), Spool::Changes { table, changes })?;
    if count == 0 {
        session.spools.remove(&spool);
    }
    Ok(result(&[C::BigInt("rows"), C::BigInt("min_valid")], vec![vec![count.into(), oldest.into()]]))
}

pub(crate) fn fetch(session: &SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let spool = spool_name(comment)?;
    let Some(Spool::Changes { table, changes }) = session.spools.get(&spool) else {
        return Err(ServerError::no_object(&format!("#{spool}")));
    };
    let fields = Fields::of(comment, table, None)?;
    let columns = fields.columns(table)?;
    let key = table.key();
    let mut page = Vec::new();
    for change in paged(comment, changes)? {
        let mut whole = vec![Value::Null; table.columns.len()];
        for (at, value) in key.iter().zip(&change.key) {
            whole[*at] = value.clone();
        }
        let mut into = Vec::with_capacity(columns.len());
        fields.put(table, &whole, Told::default(), &mut into)?;
        page.push(into);
    }
    Ok(ResultSet::of(columns, page))
}

pub(crate) fn close(session: &mut SessionState, comment: &Comment) -> Result<(), ServerError> {
    session.spools.remove(&spool_name(comment)?);
    Ok(())
}
