//! What a capture does not cover as things stand: said by `check`, and by every report.

use super::error::CaptureError;
use crate::batch::Standing;
use crate::capture::decision::Decision;
use crate::model::{Dialect, TableSpec};
use crate::source::{CursorColumn, Relation, Sight, Table};

/// Why the start of open transactions is not known.
pub fn blind(sight: Sight, dialect: Dialect) -> Option<String> {
    let standby = match dialect {
        Dialect::Postgres => "standby",
        Dialect::SqlServer => "readable secondary",
    };
    match sight {
        Sight::Everybodys => None,
        Sight::OwnRoles { remedy } => Some(format!(
            "the {} can't see when other sessions' transactions began: {remedy}, or give a lag longer than the longest transaction",
            dialect.who_asks()
        )),
        Sight::Standbys => Some(format!(
            "the source is a {standby}, where the primary's open transactions can't be seen: give a lag longer than the longest \
             transaction, or read from the primary"
        )),
    }
}

/// What `check` says of a cursor whose values nothing bounds.
pub fn unbounded(spec: &TableSpec, relation: &Relation) -> Result<Option<String>, CaptureError> {
    let cursor = CursorColumn::of(spec, relation)?.filter(CursorColumn::trusts_every_value);
    Ok(cursor.map(|c| {
        format!(
            "no B-tree index of the {} leads with {}: a row whose value lies far ahead of all others hides what comes later",
            relation.kind.name(),
            c.name
        )
    }))
}

/// What this run may miss of a table.
pub fn caveats(
    table: Table<'_>,
    standing: Option<Standing<'_>>,
    decision: Decision,
    sight: Sight,
) -> Result<Vec<String>, CaptureError> {
    let Table { spec, relation, shape } = table;
    let Some(cursor) = CursorColumn::of(spec, relation)?.filter(|c| c.has_floor() && relation.tells_its_writers())
    else {
        return Ok(Vec::new());
    };
    let blind = blind(sight, relation.dialect).filter(|_| cursor.is_bounded_by_time());
    let mut caveats: Vec<String> = blind.map(|why| format!("{}: {why}", spec.source)).into_iter().collect();
    let known = |name: &str| standing.is_none_or(|s| s.mark.relation.columns.iter().any(|c| c.name == name));
    let new: Vec<&str> =
        shape.columns.iter().filter(|c| !known(&c.target.name)).map(|c| c.target.name.as_str()).collect();
    if decision == Decision::Changes && !new.is_empty() {
        caveats.push(format!(
            "{0}: the column {1} is new. An UPDATE that fills it in and leaves {2} alone is not found: after one, \
             `plimsoll run --full --table {0}`",
            spec.source,
            new.join(", "),
            cursor.name
        ));
    }
    Ok(caveats)
}
