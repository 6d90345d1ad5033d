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
//! Of a date or a `timestamp` nobody knows the time zone, so the clock that is farthest behind UTC counts, and the *age* of the oldest
//! transaction, which is the same in every zone. Two hours more are for clocks that are set back in autumn.
//!
//! No clock bounds a number. Its floor goes no higher than the value that a thousand rows reach: a test row with the largest number there is
//! hides nothing. That takes an index that has the largest values at hand (in a SQL Server, a scan will do for a hundred rows); elsewhere `check` says
//! what may happen.
//!
//! A NULL in the cursor is above no floor, so such rows are left to the rule. Where no index leads with the cursor, a floor would save
//! nothing: the rule alone finds the changes.

use std::time::Duration;

use time::format_description::well_known::Rfc3339;

use super::error::CaptureError;
use crate::batch::{At, CursorMark, FloorCandidate};
use crate::encode::Nullability;
use crate::model::{Lag, LogSpec, TableSpec};
use crate::source::{Bulk, CursorColumn, CursorType, Moment, Prepared, Relation, RelationKind, Search};

const DEFAULT_LAG: Duration = Duration::from_secs(600);
/// A number may be drawn from a sequence long before its transaction gets an id, or kept in a session's cache.
const DEFAULT_STEPS: u64 = 10_000;
/// Before any transaction that is still open.
const LONG_AGO: &str = "0001-01-01 00:00:00+00";

/// What a run has learned of a cursor's values.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub max: Option<String>,
    pub bulk: Bulk,
}

impl CursorColumn {
    /// The configured cursor, if the source has it and it is ordered.
    pub fn of(spec: &TableSpec, relation: &Relation) -> Result<Option<Self>, CaptureError> {
        let table = spec.source.to_string();
        spec.cursor.as_ref().map(|name| Self::named(name, spec.lag, relation, &table)).transpose()
    }

    /// The ids of a change log, if they are numbers; else its time, if the config says how far that may be off: such
    /// times are the application's. `None` where nothing bounds the search.
    pub fn of_log(spec: &LogSpec, relation: &Relation) -> Result<Option<Self>, CaptureError> {
        let steps = spec.lag.filter(|lag| matches!(lag, Lag::Steps(_)));
        let log = spec.name;
        match (Self::named(&spec.id, steps, relation, log), &spec.at, spec.lag) {
            (Ok(ids), ..) if ids.kind == CursorType::Integer => Ok(Some(ids)),
            (_, Some(at), Some(lag)) => Self::named(at, Some(lag), relation, log).map(Some),
            _ => Ok(None),
        }
    }

    fn named(name: &str, lag: Option<Lag>, relation: &Relation, table: &str) -> Result<Self, CaptureError> {
        let name = name.to_owned();
        let column = relation.column(&name).ok_or_else(|| CaptureError::NoSuchCursor {
            table: table.to_owned(),
            column: name.clone(),
            dialect: relation.dialect,
            near: relation.nearest_column(&name),
        })?;
        let kind = column.cursor_type().ok_or_else(|| CaptureError::NotOrdered {
            column: name.clone(),
            type_name: column.type_name.clone(),
            dialect: relation.dialect,
        })?;
        let wrong = |lag| CaptureError::WrongLag { lag, column: name.clone(), type_name: column.type_name.clone() };
        let lag = match (kind, lag) {
            (CursorType::Integer, None) => Lag::Steps(DEFAULT_STEPS),
            (CursorType::Integer, Some(Lag::Steps(steps))) => Lag::Steps(steps),
            (CursorType::Integer, Some(Lag::Time(_))) => return Err(wrong("a duration")),
            // The server says which values may still come.
            (CursorType::RowVersion, None) => Lag::Steps(0),
            (CursorType::RowVersion, Some(Lag::Time(_))) => return Err(wrong("a duration")),
            (_, Some(Lag::Steps(_))) => return Err(wrong("a number")),
            (_, None) => Lag::Time(DEFAULT_LAG),
            (_, Some(lag)) => lag,
        };
        let is_plain = relation.kind == RelationKind::Table && relation.leaves.is_empty();
        let search = if relation.ordered.contains(&name) {
            Search::Order
        } else if is_plain && !relation.leading.contains(&name) {
            Search::Scan
        } else {
            Search::Index
        };
        // A view's columns are all nullable to the catalog.
        let nullability = if column.not_null { Nullability::NotNull } else { Nullability::Nullable };
        Ok(Self { name, kind, lag, nullability, search })
    }

    /// Whether the search for changed rows is bounded at all.
    pub(super) fn has_floor(&self) -> bool {
        self.search != Search::Scan
    }

    /// Whether a time is what bounds the search for changed rows.
    pub(super) fn is_bounded_by_time(&self) -> bool {
        !matches!(self.kind, CursorType::Integer | CursorType::RowVersion) && self.has_floor()
    }

    /// Whether nothing keeps a value far ahead of all others from hiding what comes later.
    pub(super) fn trusts_every_value(&self) -> bool {
        self.kind == CursorType::Integer && self.search == Search::Index
    }

    /// The mark of the next watermark, from the values this run has seen.
    pub(super) fn advance(&self, previous: Option<&CursorMark>, seen: Seen, moment: &Moment) -> CursorMark {
        let before = previous.filter(|m| m.column == self.name).cloned().unwrap_or_default();
        let (max, known) = (self.larger(before.seen, seen.max), before.floor);
        let ((max, known), candidate) = match &seen.bulk {
            Bulk::Unknown => ((max, known), before.candidate),
            Bulk::Few => ((None, None), None),
            Bulk::At(bulk) => {
                let candidate = before.candidate.filter(|c| !self.is_larger(&c.value, bulk));
                ((self.at_most(max, bulk), self.at_most(known, bulk)), candidate)
            }
        };
        let (floor, candidate) = next_floor(known, candidate, max.clone(), moment.position.at());
        // Nobody tells when a prepared transaction began; but what was open at the last run began no earlier than that one says.
        let not_after = match (moment.prepared, before.not_after.is_empty()) {
            (Prepared::None, _) => moment.oldest_open.clone(),
            (Prepared::Some, false) => before.not_after,
            (Prepared::Some, true) => LONG_AGO.to_owned(),
        };
        CursorMark {
            column: self.name.clone(),
            seen: max,
            floor,
            candidate,
            not_after,
            clock: moment.taken_at.format(&Rfc3339).ok(),
        }
    }

    /// The mark of a run that read the table whole, whatever was known before.
    ///
    /// Without a floor the next run reads every changed row by the transaction rule. Where rows don't say which transaction wrote them that would be
    /// every row, in one run, also of a table that was loaded in chunks because no run can read it. There the largest value bounds the search at once: what may still
    /// come below it is bounded by the oldest open transaction and by `lag`, in this run as in any later one. The first chunk has seen a part of the values, so
    /// the bulk of all of them counts where it was asked for.
    pub(super) fn mark_of_whole(&self, seen: Seen, moment: &Moment) -> CursorMark {
        let bulk = seen.bulk.clone();
        let mark = self.advance(None, seen, moment);
        match (moment.position.at(), bulk) {
            (At::SqlServer { .. }, Bulk::At(value)) => {
                CursorMark { seen: Some(value.clone()), floor: Some(value), candidate: None, ..mark }
            }
            (At::SqlServer { .. }, Bulk::Few | Bulk::Unknown) => CursorMark { floor: mark.seen.clone(), ..mark },
            (At::Postgres { .. }, _) => mark,
        }
    }

    fn is_larger(&self, a: &str, b: &str) -> bool {
        match self.kind {
            CursorType::Integer => a.parse::<i64>().ok() > b.parse::<i64>().ok(),
            _ => a > b,
        }
    }

    fn larger(&self, a: Option<String>, b: Option<String>) -> Option<String> {
        match (a, b) {
            (Some(a), Some(b)) => Some(if self.is_larger(&b, &a) { b } else { a }),
            (a, b) => a.or(b),
        }
    }

    fn at_most(&self, value: Option<String>, bulk: &str) -> Option<String> {
        value.map(|v| if self.is_larger(&v, bulk) { bulk.to_owned() } else { v })
    }
}

fn next_floor(
    floor: Option<String>,
    candidate: Option<FloorCandidate>,
    seen: Option<String>,
    now: At<'_>,
) -> (Option<String>, Option<FloorCandidate>) {
    let Some(seen) = seen else { return (floor, candidate) };
    if now.is_quiet() {
        return (Some(seen), None);
    }
    let fresh = now.candidate(seen);
    match candidate {
        Some(c) if now.has_settled(&c) => (Some(c.value), Some(fresh)),
        Some(waiting) => (floor, Some(waiting)),
        None => (floor, Some(fresh)),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::batch::{Identity, Position, SqlServerIdentity};
    use crate::source::{Durable, Sight};

    fn step(state: &mut (Option<String>, Option<FloorCandidate>), seen: &str, snapshot: &str) -> Option<String> {
        let identity = Identity { system: "7".to_owned(), timeline: 1, database: 5 };
        let now = At::Postgres { snapshot: &snapshot.parse().unwrap(), identity: &identity };
        *state = next_floor(state.0.take(), state.1.take(), Some(seen.to_owned()), now);
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

    /// Else the second run would read a table as a whole that only chunks can bring over.
    #[test]
    fn a_whole_read_of_a_sql_server_leaves_a_floor_and_one_of_a_postgres_waits() {
        let server = SqlServerIdentity { broker: "b".to_owned(), history: "h".to_owned() };
        let identity = Identity { system: "7".to_owned(), timeline: 1, database: 5 };
        let sqlserver = Position::SqlServer { ct_version: None, rowversion: 2001, server };
        let postgres = Position::Postgres { snapshot: "10:12:10".parse().unwrap(), identity };
        let cursor = CursorColumn {
            name: "at".to_owned(),
            kind: CursorType::TimestampTz,
            lag: Lag::Time(DEFAULT_LAG),
            nullability: Nullability::NotNull,
            search: Search::Order,
        };
        let mark = |position: &Position, max: Option<&str>, bulk: Bulk| {
            let moment = Moment {
                position: position.clone(),
                taken_at: datetime!(2026-11-21 10:00:00 UTC),
                oldest_open: "2026-11-21 09:58:00+00".to_owned(),
                open: crate::source::Open::Unknown,
                sight: Sight::Everybodys,
                prepared: Prepared::None,
                durable: Durable::Already,
            };
            cursor.mark_of_whole(Seen { max: max.map(str::to_owned), bulk }, &moment)
        };
        let newest = "2026-11-21 09:59:00+00";
        let first = mark(&sqlserver, Some(newest), Bulk::Unknown);
        assert_eq!((first.floor.as_deref(), first.not_after.as_str()), (Some(newest), "2026-11-21 09:58:00+00"));
        assert_eq!(first.candidate.map(|c| c.value).as_deref(), Some(newest));
        assert_eq!(mark(&sqlserver, None, Bulk::Unknown).floor, None);
        assert_eq!(mark(&postgres, Some(newest), Bulk::Unknown).floor, None);
        // The rows of the first chunk are old ones: the newest of all bound the search, and the run behind it does not go back below them.
        let chunk = mark(&sqlserver, Some("2020-01-01 00:00:00+00"), Bulk::At(newest.to_owned()));
        assert_eq!((chunk.floor.as_deref(), chunk.candidate), (Some(newest), None));
    }
}
