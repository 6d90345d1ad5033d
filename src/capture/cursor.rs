//! The cursor's floor: the value below which nothing can come any more.
//!
//! The transaction rule alone finds every change, but the server has to look at every row. A cursor column with an index
//! bounds the search to `cursor >= floor`. The floor must not pass a row that is still to come, and it is not allowed to
//! trust the clock or the order of commits. So a maximum *m*, seen in snapshot *S*, becomes the floor only when
//!
//! * every transaction that was open in *S* has ended (`xmin` of a later snapshot `>= xmax(S)`): what commits from then on
//!   got its id, and so wrote, after *m* was seen (its *value* it may have drawn before; that is what `lag` is for);
//! * it is lowered to the start of the oldest transaction that was open at the last run, where that can be seen, and to the
//!   server's clock, so that one row dated into the future does not hide all others;
//! * and by `lag`, for clocks of application servers that run behind (10 minutes where not configured) and for numbers that
//!   were drawn early (10,000 steps).
//!
//! A NULL in the cursor is above no floor, so such rows are left to the rule.

use std::time::Duration;

use super::error::CaptureError;
use crate::batch::{CursorMark, FloorCandidate, Snapshot};
use crate::model::{Lag, LogSpec, TableSpec, TargetType};
use crate::source::{Moment, Relation, ident, literal};

const DEFAULT_LAG: Duration = Duration::from_secs(600);
/// A number may be drawn from a sequence long before its transaction gets an id, or kept in a session's cache.
const DEFAULT_STEPS: u64 = 10_000;

/// How a cursor column is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CursorType {
    Integer,
    Date,
    Timestamp,
    TimestampTz,
}

impl CursorType {
    fn of(base_oid: u32) -> Option<Self> {
        match base_oid {
            20 | 21 | 23 => Some(Self::Integer),
            1082 => Some(Self::Date),
            1114 => Some(Self::Timestamp),
            1184 => Some(Self::TimestampTz),
            _ => None,
        }
    }

    fn sql_name(self) -> &'static str {
        match self {
            Self::Integer => "int8",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::TimestampTz => "timestamptz",
        }
    }

    /// How the encoder compares its values.
    pub fn target_type(self) -> TargetType {
        match self {
            Self::Integer => TargetType::Int64,
            Self::Date => TargetType::Date,
            Self::Timestamp => TargetType::DateTime,
            Self::TimestampTz => TargetType::Timestamp,
        }
    }
}

/// A checked cursor column.
#[derive(Clone, Debug)]
pub struct CursorColumn {
    pub name: String,
    pub kind: CursorType,
    lag: Lag,
    nullable: bool,
}

impl CursorColumn {
    /// The configured cursor, if the source has it and it is ordered.
    pub fn of(spec: &TableSpec, relation: &Relation) -> Result<Option<Self>, CaptureError> {
        spec.cursor.as_ref().map(|name| Self::named(name, spec.lag, relation)).transpose()
    }

    /// The ids of a change log, if they are numbers; else its time, if the config says how far that may be off: such
    /// times are the application's. `None` where nothing bounds the search.
    pub fn of_log(spec: &LogSpec, relation: &Relation) -> Result<Option<Self>, CaptureError> {
        let steps = spec.lag.filter(|lag| matches!(lag, Lag::Steps(_)));
        match (Self::named(&spec.id, steps, relation), &spec.at, spec.lag) {
            (Ok(ids), ..) if ids.kind == CursorType::Integer => Ok(Some(ids)),
            (_, Some(at), Some(lag)) => Self::named(at, Some(lag), relation).map(Some),
            _ => Ok(None),
        }
    }

    fn named(name: &str, lag: Option<Lag>, relation: &Relation) -> Result<Self, CaptureError> {
        let name = name.to_owned();
        let column = relation.column(&name).ok_or_else(|| CaptureError::NoSuchCursor(name.clone()))?;
        let kind = CursorType::of(column.base_oid)
            .ok_or_else(|| CaptureError::NotOrdered { column: name.clone(), type_name: column.type_name.clone() })?;
        let wrong = |lag| CaptureError::WrongLag { lag, column: name.clone(), type_name: column.type_name.clone() };
        let lag = match (kind, lag) {
            (CursorType::Integer, None) => Lag::Steps(DEFAULT_STEPS),
            (CursorType::Integer, Some(Lag::Steps(steps))) => Lag::Steps(steps),
            (CursorType::Integer, Some(Lag::Time(_))) => return Err(wrong("a duration")),
            (_, Some(Lag::Steps(_))) => return Err(wrong("a number")),
            (_, None) => Lag::Time(DEFAULT_LAG),
            (_, Some(lag)) => lag,
        };
        // A view's columns are all nullable to the catalog.
        Ok(Self { name, kind, lag, nullable: !column.not_null })
    }

    /// A boolean over the row alias `t`: not below the floor; `None` while there is no floor.
    pub(super) fn above_floor(&self, mark: &CursorMark) -> Option<String> {
        let floor = self.floor(mark)?;
        let column = format!("t.{}", ident(&self.name));
        Some(if self.nullable {
            format!("({column} >= {floor} OR {column} IS NULL)")
        } else {
            format!("{column} >= {floor}")
        })
    }

    fn floor(&self, mark: &CursorMark) -> Option<String> {
        // Another column's values say nothing of this one's.
        if mark.column != self.name {
            return None;
        }
        let type_name = self.kind.sql_name();
        let value = literal(mark.floor.as_ref()?, type_name);
        // `not_after` was printed with a zone; the session's is UTC.
        let printed = literal(&mark.not_after, "timestamptz");
        let not_after = if self.kind == CursorType::TimestampTz { printed } else { format!("{printed}::{type_name}") };
        Some(match (self.kind, self.lag) {
            (CursorType::Integer, Lag::Steps(steps)) => format!("({value} - {steps})"),
            (CursorType::Date, Lag::Time(lag)) => {
                format!("(LEAST({value}, {not_after}) - '{} seconds'::interval)::date", lag.as_secs())
            }
            (CursorType::Timestamp | CursorType::TimestampTz, Lag::Time(lag)) => {
                format!("(LEAST({value}, {not_after}) - '{} seconds'::interval)", lag.as_secs())
            }
            // `of` pairs integers with steps and all else with time; no floor would be right for another pair.
            (CursorType::Integer, Lag::Time(_)) | (_, Lag::Steps(_)) => return None,
        })
    }

    /// The mark of the next watermark, from the largest value this run has seen.
    pub(super) fn advance(&self, previous: Option<&CursorMark>, seen: Option<String>, moment: &Moment) -> CursorMark {
        let before = previous.filter(|m| m.column == self.name).cloned().unwrap_or_default();
        let seen = self.larger(before.seen, seen);
        let (floor, candidate) = next_floor(before.floor, before.candidate, seen.clone(), &moment.snapshot);
        CursorMark { column: self.name.clone(), seen, floor, candidate, not_after: moment.oldest_open.clone() }
    }

    fn larger(&self, a: Option<String>, b: Option<String>) -> Option<String> {
        match (a, b) {
            (Some(a), Some(b)) => {
                let b_is_larger = match self.kind {
                    CursorType::Integer => b.parse::<i64>().ok() > a.parse::<i64>().ok(),
                    _ => b > a,
                };
                Some(if b_is_larger { b } else { a })
            }
            (a, b) => a.or(b),
        }
    }
}

fn next_floor(
    floor: Option<String>,
    candidate: Option<FloorCandidate>,
    seen: Option<String>,
    snapshot: &Snapshot,
) -> (Option<String>, Option<FloorCandidate>) {
    let Some(seen) = seen else { return (floor, candidate) };
    if snapshot.is_quiet() {
        return (Some(seen), None);
    }
    let fresh = FloorCandidate { value: seen, xmax: snapshot.xmax };
    match candidate {
        Some(c) if snapshot.xmin >= c.xmax => (Some(c.value), Some(fresh)),
        Some(waiting) => (floor, Some(waiting)),
        None => (floor, Some(fresh)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(state: &mut (Option<String>, Option<FloorCandidate>), seen: &str, snapshot: &str) -> Option<String> {
        let snapshot = snapshot.parse().unwrap();
        *state = next_floor(state.0.take(), state.1.take(), Some(seen.to_owned()), &snapshot);
        state.0.clone()
    }

    #[test]
    fn the_floor_follows_at_once_when_nothing_is_open() {
        let mut state = (None, None);
        assert_eq!(step(&mut state, "5", "10:10:").as_deref(), Some("5"));
        assert_eq!(step(&mut state, "9", "12:12:").as_deref(), Some("9"));
    }

    /// Transaction 10 took the value 6 and stays open while 11 and 12 commit 7 and 8: the floor must wait below 6.
    #[test]
    fn the_floor_waits_for_a_transaction_that_was_open_when_the_maximum_was_seen() {
        let mut state = (None, None);
        assert_eq!(step(&mut state, "5", "10:10:").as_deref(), Some("5"));
        assert_eq!(step(&mut state, "7", "10:12:10").as_deref(), Some("5"));
        assert_eq!(step(&mut state, "8", "10:13:10").as_deref(), Some("5"));
        // 10 has ended, 14 is open and began after 7 was seen: 7 is safe now, 8 not yet proven.
        assert_eq!(step(&mut state, "8", "14:15:14").as_deref(), Some("7"));
        assert_eq!(step(&mut state, "8", "15:15:").as_deref(), Some("8"));
    }
}
