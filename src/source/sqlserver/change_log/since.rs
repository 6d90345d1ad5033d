//! Which entries of a log are new.
//!
//! A row does not say which transaction wrote it, so a log's entries are told apart by the best that the log has:
//!
//! 1. **A `rowversion`.** With *A*, `MIN_ACTIVE_ROWVERSION()` as it was asked before the snapshot's first read, an entry is new to the next run
//!    iff its value is not below *A*. Take an entry that the snapshot does not show. Either its transaction had written it when *A* was asked,
//!    and was not committed: then its value is active and *A* is no higher. Or it was written later: then its value is higher than all that were
//!    given out, and *A* is at most one above those. So nothing is lost, whoever commits when. What was written while the oldest of these
//!    transactions was open comes once more.
//! 2. **Its numbers.** `capture/keyed/change_log/read_entries.rs` keeps which of them were there, and proves the rule. They also bound the search
//!    by a `rowversion` that no index leads with.
//! 3. **Its time**, not below a floor as of a cursor: entries within `lag` of the newest come again at every tick.

use crate::batch::LogPosition;
use crate::model::Lag;
use crate::source::change_log::NewEntries;
use crate::source::cursor::CursorType;
use crate::source::relation::Relation;
use crate::source::sqlserver::floor::floor;
use crate::source::sqlserver::literals::typed;
use crate::source::sqlserver::sql::{binary, ident};

/// A part of what makes an entry new; all parts have to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// The `rowversion` is not below this value.
    RowVersion { column: &'a str, from: u64 },
    /// The number is above this one.
    Above { column: &'a str, number: i64 },
    /// The number is above this one, or in one of the stretches that no entry was seen in.
    Unread { column: &'a str, up_to: i64, gaps: &'a [[i64; 2]] },
    /// The time is not below this one, or missing.
    Time { column: &'a str, from: String, literal: String },
}

/// The column of the type `rowversion`; a table has one at most.
pub(super) fn rowversion_of(relation: &Relation) -> Option<&str> {
    let is_one = |c: &&crate::source::SourceColumn| c.cursor_type() == Some(CursorType::RowVersion);
    relation.columns.iter().find(is_one).map(|c| c.name.as_str())
}

/// What makes an entry new; nothing, where all of them have to be read.
pub(super) fn parts(entries: NewEntries<'_>) -> Vec<Part<'_>> {
    let NewEntries { table, since, .. } = entries;
    let read = since.read.as_ref();
    let ids = table.ids.as_ref();
    let numbers = ids.filter(|ids| ids.kind == CursorType::Integer);
    let is_exact = entries.facts.trusts_versions();
    let by_version = match (rowversion_of(&table.relation).filter(|_| is_exact), &since.position) {
        (Some(column), LogPosition::SqlServer { rowversion, .. }) => Some((column, *rowversion)),
        _ => None,
    };
    if let Some((column, from)) = by_version {
        let is_found = table.relation.leading.iter().any(|leading| leading == column);
        let bound = numbers.filter(|_| !is_found).and_then(|ids| {
            let number = read?.settled?.saturating_sub_unsigned(steps(ids.lag));
            Some(Part::Above { column: &ids.name, number })
        });
        return bound.into_iter().chain([Part::RowVersion { column, from }]).collect();
    }
    if let (Some(ids), Some(read)) = (numbers, read) {
        return vec![Part::Unread { column: &ids.name, up_to: read.up_to, gaps: &read.gaps }];
    }
    let by_time = ids.filter(|ids| ids.kind != CursorType::Integer).and_then(|ids| {
        let native = table.relation.column(&ids.name)?.sqlserver()?;
        let from = floor(ids, native, since.ids.as_ref()?)?;
        let literal = typed(native, &from);
        Some(Part::Time { column: &ids.name, from, literal })
    });
    by_time.into_iter().collect()
}

/// A number of steps; of a time, none.
fn steps(lag: Lag) -> u64 {
    match lag {
        Lag::Steps(steps) => steps,
        Lag::Time(_) => 0,
    }
}

impl Part<'_> {
    /// As the comment of a statement has it.
    pub fn text(&self) -> String {
        match self {
            Self::RowVersion { column, from } => format!("rowversion:{column}:{from:016X}"),
            Self::Above { column, number } => format!("above:{column}:{number}"),
            Self::Unread { column, up_to, gaps } => {
                let gaps: String = gaps.iter().map(|[first, last]| format!(" {first}..{last}")).collect();
                format!("unread:{column}:{up_to}{gaps}")
            }
            Self::Time { column, from, .. } => format!("time:{column}:{from}"),
        }
    }

    /// A condition over the entry `t`.
    pub fn condition(&self) -> String {
        match self {
            Self::RowVersion { column, from } => format!("t.{} >= {}", ident(column), binary(&from.to_be_bytes())),
            Self::Above { column, number } => format!("t.{} > {number}", ident(column)),
            Self::Unread { column, up_to, gaps } => {
                let column = format!("t.{}", ident(column));
                let gaps = gaps.iter().map(|[first, last]| format!("{column} BETWEEN {first} AND {last}"));
                let any: Vec<String> = std::iter::once(format!("{column} > {up_to}")).chain(gaps).collect();
                if any.len() == 1 { any.concat() } else { format!("({})", any.join(" OR ")) }
            }
            Self::Time { column, literal, .. } => {
                let column = format!("t.{}", ident(column));
                format!("({column} >= {literal} OR {column} IS NULL)")
            }
        }
    }
}

/// The conditions over the entry `t`, and the same as the comment of a statement has them.
pub(super) fn new(entries: NewEntries<'_>) -> (Vec<String>, Vec<String>) {
    let parts = parts(entries);
    (parts.iter().map(Part::condition).collect(), parts.iter().map(Part::text).collect())
}

/// The numbers, above the first and up to the second, that an earlier run has had and that are read again.
pub(super) fn known(entries: NewEntries<'_>) -> Option<(&str, i64, i64)> {
    let ids = entries.table.ids.as_ref().filter(|ids| ids.kind == CursorType::Integer)?;
    let seen = entries.since.ids.as_ref()?.seen.as_ref()?.parse::<i64>().ok()?;
    let up_to = entries.since.read.as_ref()?.up_to;
    (up_to < seen).then_some((ids.name.as_str(), up_to, seen))
}

/// 1 where an earlier run has had the entry `t`, else 0.
pub(super) fn was_read(entries: NewEntries<'_>) -> String {
    let Some((column, above, up_to)) = known(entries) else { return "0".to_owned() };
    let column = ident(column);
    format!("CASE WHEN t.{column} > {above} AND t.{column} <= {up_to} THEN 1 ELSE 0 END")
}
