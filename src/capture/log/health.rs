//! Whether a log still has what was not read of it.
//!
//! Owners prune their logs. What was read may go; but where the newest entry of the last look is gone too, entries behind it
//! may have gone with it, unread. They can't have if there were none: the sequence that numbers entries has not moved, or
//! the next number is there. Otherwise the log can't be trusted over that stretch, and the tables are read whole.

use super::resolve::LogRelation;
use crate::batch::LogTableMark;
use crate::capture::cursor::CursorType;
use crate::capture::error::CaptureError;
use crate::source::{Session, ident, literal, qualified};

/// What became of the log since a table's last look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    Whole,
    Replaced,
    Pruned,
}

/// The newest entry now, and whether the one that was newest at the mark is still there.
pub(super) async fn examine(
    session: &Session,
    log: &LogRelation,
    mark: Option<&LogTableMark>,
) -> Result<(Option<String>, Health), CaptureError> {
    let replaced = mark.is_some_and(|m| m.oid != log.relation.oid);
    let Some(ids) = &log.ids else {
        return Ok((None, if replaced { Health::Replaced } else { Health::Whole }));
    };
    let seen = mark.and_then(|m| m.ids.as_ref()).filter(|m| m.column == ids.name && !replaced);
    let seen = seen.and_then(|m| m.seen.as_deref()).filter(|_| ids.kind == CursorType::Integer);
    let rows = session.text_rows("looking at the change log", &query(log, &ids.name, seen)).await?;
    let row = rows.into_iter().next().unwrap_or_default();
    let field = |n: usize| row.get(n).and_then(|f| f.as_deref());
    let health = match seen {
        _ if replaced => Health::Replaced,
        Some(seen) if field(1) != Some("t") => {
            let number = |text: Option<&str>| text.and_then(|t| t.parse::<i64>().ok());
            let (seen, next, drawn) = (number(Some(seen)), number(field(2)), number(field(3)));
            let nothing_came = drawn.is_some() && drawn <= seen;
            let follows = next.is_some() && next == seen.and_then(|s| s.checked_add(1));
            if nothing_came || follows { Health::Whole } else { Health::Pruned }
        }
        _ => Health::Whole,
    };
    Ok((field(0).map(str::to_owned), health))
}

fn query(log: &LogRelation, id: &str, seen: Option<&str>) -> String {
    let (table, column) = (qualified(&log.name), format!("t.{}", ident(id)));
    let newest = format!("SELECT (SELECT {column}::text FROM {table} AS t ORDER BY {column} DESC NULLS LAST LIMIT 1)");
    let Some(seen) = seen else { return newest };
    let seen = literal(seen, "int8");
    let sequence = format!(
        "(SELECT CASE WHEN pg_catalog.has_sequence_privilege(s.name, 'select') \
                      THEN pg_catalog.pg_sequence_last_value(s.name::regclass)::text END \
            FROM (SELECT pg_catalog.pg_get_serial_sequence({}, {}) AS name) AS s WHERE s.name IS NOT NULL)",
        literal(&table, "text"),
        literal(id, "text"),
    );
    format!(
        "{newest}, EXISTS (SELECT 1 FROM {table} AS t WHERE {column} = {seen}), \
         (SELECT {column}::text FROM {table} AS t WHERE {column} > {seen} ORDER BY {column} LIMIT 1), {sequence}"
    )
}
