//! A cursor's floor, and the value that the bulk of its rows reaches.

use std::time::Duration;

use crate::batch::CursorMark;
use crate::encode::Nullability;
use crate::model::{Lag, RelationName};
use crate::source::cursor::{CursorColumn, CursorType, Search};
use crate::source::postgres::render_sql::select::Select;
use crate::source::postgres::{ident, literal};

/// Fewer rows ahead of all others are taken for mistakes, whose values say nothing of what comes next.
const BULK: u32 = 1000;
/// How far the wall clock of a zone may be set back: an hour in nearly all, two in times of double summer time.
const SET_BACK: &str = "'2 hours'::interval";
/// The wall clock farthest behind UTC. Source: <https://data.iana.org/time-zones/tzdb/>
const FARTHEST_BEHIND: &str = "'12 hours'::interval";

/// Whether what a table's mark says of the floor can be trusted: an older version let one number far ahead decide.
pub(super) fn trusts(cursor: &CursorColumn, mark: &CursorMark) -> bool {
    cursor.kind == CursorType::TimestampTz || mark.clock.is_some()
}

/// A boolean over the row alias `t`: not below the floor; `None` while there is no floor.
pub(in crate::source::postgres) fn above_floor(cursor: &CursorColumn, mark: &CursorMark) -> Option<String> {
    let floor = floor(cursor, mark)?;
    let column = format!("t.{}", ident(&cursor.name));
    Some(match cursor.nullability {
        Nullability::Nullable => format!("({column} >= {floor} OR {column} IS NULL)"),
        Nullability::NotNull => format!("{column} >= {floor}"),
    })
}

fn floor(cursor: &CursorColumn, mark: &CursorMark) -> Option<String> {
    // Another column's values say nothing of this one's.
    if mark.column != cursor.name || cursor.search == Search::Scan {
        return None;
    }
    let value = mark.floor.as_ref()?;
    Some(match (cursor.kind, cursor.lag) {
        (CursorType::Integer, Lag::Steps(steps)) => {
            let number = value.parse::<i64>().ok()?.saturating_sub_unsigned(steps);
            literal(&number.to_string(), "int8")
        }
        (CursorType::TimestampTz, Lag::Time(lag)) => {
            let (value, not_after) = (literal(value, "timestamptz"), literal(&mark.not_after, "timestamptz"));
            format!("(LEAST({value}, {not_after}) - '{} seconds'::interval)", lag.as_secs())
        }
        (CursorType::Timestamp, Lag::Time(lag)) => format!("({})", local_floor(value, mark, lag)?),
        (CursorType::Date, Lag::Time(lag)) => format!("({})::date", local_floor(value, mark, lag)?),
        // `of` pairs integers with steps and all else with time; no floor would be right for another pair.
        (CursorType::Integer | CursorType::RowVersion, Lag::Time(_)) | (_, Lag::Steps(_)) => return None,
    })
}

/// Asks for the value that [`BULK`] rows reach; `None` where a clock bounds the values, where there is no floor, and where the
/// server would have to sort the table for it.
pub(super) fn bulk_query(cursor: &CursorColumn, relation: &RelationName) -> Option<String> {
    if cursor.kind != CursorType::Integer || cursor.search != Search::Order {
        return None;
    }
    let column = format!("t.{}", ident(&cursor.name));
    let values = Select::from(relation)
        .expression(Some(format!("{column}::text")))
        .filter(Some(format!("{column} IS NOT NULL")))
        .query();
    Some(format!("{values} ORDER BY {column} DESC OFFSET {} LIMIT 1", BULK - 1))
}

/// The floor of a time whose zone nobody knows: it lies below what the clock farthest behind UTC shows, so that no row dated into the
/// future hides another, whatever the zone; and below the largest value by more than a clock is set back in autumn. What an open
/// transaction writes late lies no further behind than it is old.
fn local_floor(value: &str, mark: &CursorMark, lag: Duration) -> Option<String> {
    let (value, clock) = (literal(value, "timestamp"), literal(mark.clock.as_ref()?, "timestamptz"));
    let not_after = literal(&mark.not_after, "timestamptz");
    let behind = format!("({clock} AT TIME ZONE 'UTC') - {FARTHEST_BEHIND}");
    let age = format!("({clock} - {not_after})");
    Some(format!("LEAST({value} - {SET_BACK}, {behind}) - {age} - '{} seconds'::interval", lag.as_secs()))
}
