//! `catalog.*`: what the catalog views show to this login.

use std::sync::Arc;

use super::columns::{Column as C, result};
use super::comment::Comment;
use super::condition;
use super::form::bad_plan;
use crate::answer::ResultSet;
use crate::error::ServerError;
use crate::model::{ColumnFlag, Database, Given, IndexFlag, IndexKind, Kept, SessionState, Storage, TableDef};
use crate::typed::{ColumnType, Value};
use crate::wire::column::Nulls;

/// A table or a view that the login may see.
struct Seen {
    id: i32,
    created: String,
    definition: Arc<TableDef>,
    kind: &'static str,
}

fn seen(database: &Database, name: &str) -> Option<Seen> {
    if !database.rights.may_see(name) {
        return None;
    }
    let table = database.table(name).map(|table| Seen {
        id: table.id,
        created: table.created.clone(),
        definition: table.definition.clone(),
        kind: "U ",
    });
    table.or_else(|| {
        database.view(name).map(|view| Seen {
            id: view.id,
            created: view.created.clone(),
            definition: Arc::new(view.definition.table.clone()),
            kind: "V ",
        })
    })
}

fn names(comment: &Comment) -> Result<Vec<String>, ServerError> {
    let tables = comment.tables("tables").ok_or_else(|| bad_plan("no tables="))?;
    Ok(tables.into_iter().map(|(schema, name)| format!("{schema}.{name}")).collect())
}

/// The table of a plan, as `schema.name`.
pub(crate) fn name(comment: &Comment) -> Result<String, ServerError> {
    let (schema, name) = comment.table("table").ok_or_else(|| bad_plan("no table="))?;
    Ok(format!("{schema}.{name}"))
}

fn all(database: &Database) -> Vec<Seen> {
    let tables = database.tables.iter().map(|table| table.definition.full_name());
    let views = database.views.iter().map(|view| view.definition.table.full_name());
    tables.chain(views).filter_map(|name| seen(database, &name)).collect()
}

/// `sys.partitions.rows`: it may be wrong on a real server, and is an estimate.
fn rows(database: &Database, name: &str) -> Option<i64> {
    let table = database.table(name)?;
    Some(match &table.storage {
        Storage::Slots(slots) => slots.count() as i64,
        Storage::Made { count, .. } => *count as i64,
    })
}

pub(crate) fn relations(session: &SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let names = names(comment)?;
    let rows = session.model.with(|database| {
        names
            .iter()
            .filter_map(|name| {
                let seen = seen(database, name)?;
                let table = database.table(name);
                let view = database.view(name).map(|view| view.definition.clone());
                let tracking = table.and_then(|table| table.tracking.as_ref());
                let kept = seen.definition.kept;
                Some(vec![
                    seen.definition.schema.as_str().into(),
                    seen.definition.name.as_str().into(),
                    seen.id.into(),
                    seen.kind.into(),
                    seen.created.into(),
                    rows(database, name).into(),
                    seen.definition.comment.clone().into(),
                    view.as_ref().map(|view| view.text_digest.clone()).into(),
                    (kept == Kept::InMemory).into(),
                    (kept == Kept::Elsewhere).into(),
                    view.is_some_and(|view| view.indexed.is_on()).into(),
                    tracking.map(|tracking| tracking.begin).into(),
                    table.and_then(|table| database.min_valid(table)).into(),
                    (!filtering(database, name).is_empty()).into(),
                ])
            })
            .collect()
    });
    Ok(result(
        &[
            C::Text("schema"),
            C::Text("name"),
            C::Int("object_id"),
            C::Text("kind"),
            C::Text("created"),
            C::BigInt("rows"),
            C::Text("comment"),
            C::Text("view"),
            C::Bit("memory"),
            C::Bit("external"),
            C::Bit("indexed"),
            C::BigInt("ct_begin"),
            C::BigInt("ct_min_valid"),
            C::Bit("hides"),
        ],
        rows,
    ))
}

pub(crate) fn columns(session: &SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let names = names(comment)?;
    let mut rows: Vec<Vec<Value>> = Vec::new();
    session.model.with(|database| {
        for seen in names.iter().filter_map(|name| seen(database, name)) {
            for (number, column) in (1..).zip(&seen.definition.columns) {
                let kind = &column.column_type;
                rows.push(vec![
                    seen.id.into(),
                    column.name.as_str().into(),
                    number.into(),
                    kind.name().into(),
                    column.alias.clone().into(),
                    matches!(kind, ColumnType::Udt(_)).into(),
                    i32::from(kind.max_length()).into(),
                    i32::from(kind.precision()).into(),
                    i32::from(kind.scale()).into(),
                    kind.is_collated().then_some(column.collation.name).into(),
                    (column.nulls == Nulls::Allowed).into(),
                    (column.given == Given::Computed).into(),
                    column.is(ColumnFlag::Hidden).into(),
                    column.is(ColumnFlag::Masked).into(),
                    column.is(ColumnFlag::Encrypted).into(),
                    column.is(ColumnFlag::ColumnSet).into(),
                    i32::from(column.generated).into(),
                ]);
            }
        }
    });
    Ok(result(
        &[
            C::Int("object_id"),
            C::Text("name"),
            C::Int("number"),
            C::Text("type"),
            C::Text("alias"),
            C::Bit("clr"),
            C::Int("max_length"),
            C::Int("precision"),
            C::Int("scale"),
            C::Text("collation"),
            C::Bit("nullable"),
            C::Bit("computed"),
            C::Bit("hidden"),
            C::Bit("masked"),
            C::Bit("encrypted"),
            C::Bit("column_set"),
            C::Int("generated"),
        ],
        rows,
    ))
}

pub(crate) fn indexes(session: &SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let names = names(comment)?;
    let mut rows: Vec<Vec<Value>> = Vec::new();
    session.model.with(|database| {
        for seen in names.iter().filter_map(|name| seen(database, name)) {
            for (number, index) in (1..).zip(&seen.definition.indexes) {
                for (position, column) in (1..).zip(&index.columns) {
                    let is_descending = position == 1 && index.is(IndexFlag::Descending);
                    rows.push(vec![
                        seen.id.into(),
                        number.into(),
                        (index.kind == IndexKind::PrimaryKey).into(),
                        (index.kind != IndexKind::Plain).into(),
                        index.is(IndexFlag::Clustered).into(),
                        index.is(IndexFlag::Filtered).into(),
                        index.is(IndexFlag::Disabled).into(),
                        position.into(),
                        column.as_str().into(),
                        is_descending.into(),
                    ]);
                }
            }
        }
    });
    Ok(result(
        &[
            C::Int("object_id"),
            C::Int("index_id"),
            C::Bit("is_primary"),
            C::Bit("is_unique"),
            C::Bit("is_clustered"),
            C::Bit("filtered"),
            C::Bit("disabled"),
            C::Int("position"),
            C::Text("column"),
            C::Bit("descending"),
        ],
        rows,
    ))
}

pub(crate) fn all_names(session: &SessionState) -> ResultSet {
    let rows = session.model.with(|database| {
        let of = |seen: Seen| vec![seen.definition.schema.as_str().into(), seen.definition.name.as_str().into()];
        all(database).into_iter().map(of).collect()
    });
    result(&[C::Text("schema"), C::Text("name")], rows)
}

pub(crate) fn list(session: &SessionState, comment: &Comment) -> ResultSet {
    let only = comment.table("table").map(|(schema, name)| format!("{schema}.{name}"));
    let rows = session.model.with(|database| {
        all(database)
            .into_iter()
            .filter(|seen| only.as_ref().is_none_or(|only| seen.definition.full_name().eq_ignore_ascii_case(only)))
            .map(|seen| {
                let name = seen.definition.full_name();
                let mut columns = seen.definition.columns.iter();
                let is_readable = columns.all(|column| database.rights.may_read_column(&name, &column.name));
                vec![
                    seen.definition.schema.as_str().into(),
                    seen.definition.name.as_str().into(),
                    seen.kind.into(),
                    is_readable.into(),
                ]
            })
            .collect()
    });
    let columns = [C::Text("schema"), C::Text("name"), C::Text("kind"), C::Bit("readable")];
    result(&columns, rows)
}

/// The policies that filter a table, or the tables below a view.
fn filtering(database: &Database, name: &str) -> Vec<String> {
    if !database.rights.sees_policies() {
        return Vec::new();
    }
    let mut tables = vec![name.to_owned()];
    if let Some(view) = database.view(name) {
        tables.extend(view.definition.reads.iter().cloned());
    }
    let filters = database
        .policies
        .iter()
        .filter(|policy| policy.state.is_on() && tables.iter().any(|table| table.eq_ignore_ascii_case(&policy.table)));
    filters.map(|policy| policy.name.split('.').map(|part| format!("[{part}]")).collect::<Vec<_>>().join(".")).collect()
}

pub(crate) fn policies(session: &SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let name = name(comment)?;
    let rows = session.model.with(|database| filtering(database, &name));
    Ok(result(&[C::Text("policy")], rows.into_iter().map(|policy| vec![policy.into()]).collect()))
}

pub(crate) fn dependencies(session: &SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let name = name(comment)?;
    let rows = session.model.with(|database| {
        let view = database.view(&name).map(|view| view.definition.columns_read.clone()).unwrap_or_default();
        let bare = |table: String| table.rsplit_once('.').map_or(table.clone(), |(_, name)| name.to_owned());
        view.into_iter().map(|(table, column)| vec![bare(table).into(), column.into()]).collect()
    });
    Ok(result(&[C::Text("table"), C::Text("column")], rows))
}

pub(crate) fn rights(session: &SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let name = name(comment)?;
    let columns = comment.list("columns").ok_or_else(|| bad_plan("no columns="))?;
    let (reads_all, missing) = session.model.with(|database| {
        let rights = &database.rights;
        let mut all = database.definition(&name).map(|d| d.columns.clone()).unwrap_or_default().into_iter();
        let reads_all = rights.may_read(&name) && all.all(|column| rights.may_read_column(&name, &column.name));
        let missing = |column: &String| (!rights.may_read_column(&name, column)).then(|| column.clone());
        (reads_all, columns.iter().map(missing).collect::<Vec<_>>())
    });
    let mut row: Vec<Value> = vec![reads_all.into()];
    let mut fields = vec![C::Bit("")];
    for missing in missing {
        row.push(missing.into());
        fields.push(C::Text(""));
    }
    Ok(result(&fields, vec![row]))
}

/// Whether the login sees masked values.
pub(crate) fn unmask(session: &SessionState) -> ResultSet {
    let sees = session.model.with(|database| !database.rights.sees_fakes());
    result(&[C::Bit("unmask")], vec![vec![sees.into()]])
}

pub(crate) fn size(session: &SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let name = name(comment)?;
    let row = session.model.with(|database| vec![rows(database, &name).into()]);
    Ok(result(&[C::BigInt("rows")], vec![row]))
}

/// A condition is tried without a row being read: the error that it would be, as a row.
pub(crate) fn try_where(session: &SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let name = name(comment)?;
    let text = comment.value("where").ok_or_else(|| bad_plan("no where="))?;
    let tried = session.model.with(|database| {
        database.admit(&name, None)?;
        condition::of(database, Some(&text)).map(drop)
    });
    let row = match tried {
        Ok(()) => vec![Value::Null, Value::Null],
        Err(error) if error.number == condition::UNKNOWN => return Err(error),
        Err(error) => vec![Value::Int(error.number.into()), error.message.into()],
    };
    Ok(result(&[C::Int("error"), C::Text("message")], vec![row]))
}
