//! A cursor's floor: the value below which nothing can come any more. `capture/cursor.rs` says how a value becomes one.
//!
//! SQL Server's rows don't say which transaction wrote them, so what lies below the floor is not found: it leans on the start of the oldest
//! transaction that was open, where that may be seen, and on `lag`. A `rowversion` needs neither.

use super::native_type::{Family, SqlServerType};
use super::values::{DAY, SECOND, append_date};
use crate::batch::CursorMark;
use crate::model::Lag;
use crate::source::cursor::{CursorColumn, CursorType, Search};

const SECONDS: i128 = SECOND as i128;
const HOURS: i128 = 3600 * SECONDS;
/// How far the wall clock of a zone may be set back: an hour in nearly all, two in times of double summer time.
const SET_BACK: i128 = 2 * HOURS;
/// The wall clock farthest behind UTC. Source: <https://data.iana.org/time-zones/tzdb/>
const FARTHEST_BEHIND: i128 = 12 * HOURS;
/// A `datetime` is rounded to the next of three milliseconds in ten: a bound must not be rounded up.
const ROUNDED_BY: i128 = SECONDS / 100;

/// The floor as the text of a value of the column's type; `None` while there is none.
pub(super) fn floor(cursor: &CursorColumn, native: &SqlServerType, mark: &CursorMark) -> Option<String> {
    // Another column's values say nothing of this one's. Without an index a floor saves the server nothing, but rows that are sent again.
    if mark.column != cursor.name {
        return None;
    }
    let value = mark.floor.as_ref()?;
    match (cursor.kind, cursor.lag) {
        (CursorType::Integer, Lag::Steps(steps)) => {
            Some(value.parse::<i64>().ok()?.saturating_sub_unsigned(steps).to_string())
        }
        (CursorType::TimestampTz, Lag::Time(lag)) => {
            let ticks = ticks(value)?.min(ticks(&mark.not_after)?) - i128::try_from(lag.as_nanos() / 100).ok()?;
            Some(format!("{}+00", text(ticks)?))
        }
        (CursorType::Timestamp | CursorType::Date, Lag::Time(lag)) => {
            let (clock, not_after) = (ticks(mark.clock.as_ref()?)?, ticks(&mark.not_after)?);
            let local = (ticks(value)? - SET_BACK).min(clock - FARTHEST_BEHIND) - (clock - not_after);
            let ticks = local - i128::try_from(lag.as_nanos() / 100).ok()? - ROUNDED_BY;
            let text = text(ticks)?;
            match native.family() {
                Family::Date => Some(text[..10].to_owned()),
                // It takes three digits, and begins in 1753.
                Family::DateTime if native.name != "datetime2" => {
                    Some(text[..23].to_owned()).filter(|t| t.as_str() >= "1900")
                }
                _ => Some(text),
            }
        }
        (CursorType::RowVersion, _) | (CursorType::Integer, Lag::Time(_)) | (_, Lag::Steps(_)) => None,
    }
}

/// Fewer rows ahead of all others are taken for mistakes, whose values say nothing of what comes next.
const BULK: u32 = 1000;
/// Of so many a server keeps the largest while it scans; for more of them it would sort the table.
const BULK_OF_A_SCAN: u32 = 100;

/// How many rows make the bulk of a cursor's values; `None` where the server is not asked. A number has nothing else to bound it, so it is asked for
/// without an index as well.
pub(super) fn bulk_of(cursor: &CursorColumn) -> Option<u32> {
    match (cursor.kind, cursor.search) {
        (CursorType::RowVersion, _) => None,
        (_, Search::Order) => Some(BULK),
        (CursorType::Integer, Search::Scan) => Some(BULK_OF_A_SCAN),
        (_, Search::Scan | Search::Index) => None,
    }
}

/// Steps of 100 ns since 1970-01-01 of `2026-01-02[ T]03:04:05[.f…]`, whatever zone stands behind it.
fn ticks(text: &str) -> Option<i128> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let days = days_from_civil(year, month, day);
    let (hours, minutes, seconds) = match text.len() {
        10 => (0, 0, 0),
        _ => (number(11..13)?, number(14..16)?, number(17..19)?),
    };
    let digits: String = text
        .get(19..)
        .and_then(|t| t.strip_prefix('.'))
        .map_or(String::new(), |f| f.chars().take_while(char::is_ascii_digit).take(7).collect());
    let fraction = format!("{digits:0<7}").parse::<i64>().ok()?;
    let seconds = days * 86_400 + hours * 3600 + minutes * 60 + seconds;
    Some(i128::from(seconds) * SECONDS + i128::from(fraction))
}

/// `2026-01-02 03:04:05.1234567`; `None` before the year 1 and after 9999.
fn text(ticks: i128) -> Option<String> {
    let day = i128::from(DAY);
    let days = i64::try_from(ticks.div_euclid(day)).ok().filter(|d| (-719_162..=2_932_896).contains(d))?;
    let rest = ticks.rem_euclid(day);
    let (seconds, fraction) = (rest / SECONDS, rest % SECONDS);
    let mut date = Vec::new();
    append_date(days, &mut date);
    let date = String::from_utf8(date).ok()?;
    Some(format!("{date} {:02}:{:02}:{:02}.{fraction:07}", seconds / 3600, seconds / 60 % 60, seconds % 60))
}

/// Source: <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let from_march = (month + 9) % 12;
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::encode::Nullability;

    fn of(name: &str, kind: CursorType, lag: Lag, value: &str, not_after: &str) -> Option<String> {
        let cursor =
            CursorColumn { name: "c".to_owned(), kind, lag, nullability: Nullability::NotNull, search: Search::Order };
        let mark = CursorMark {
            column: "c".to_owned(),
            floor: Some(value.to_owned()),
            not_after: not_after.to_owned(),
            clock: Some("2026-01-02T12:00:00.5Z".to_owned()),
            ..CursorMark::default()
        };
        let native = SqlServerType { name: name.to_owned(), scale: 7, ..SqlServerType::default() };
        floor(&cursor, &native, &mark)
    }

    #[test]
    fn a_floor_lies_below_all_that_may_still_come() {
        let (none, ten) = (Lag::Time(Duration::ZERO), Lag::Time(Duration::from_secs(600)));
        let now = "2026-01-02 12:00:00.5000000+00";
        for (name, kind, lag, value, not_after, wanted) in [
            ("bigint", CursorType::Integer, Lag::Steps(10), "7", now, "-3"),
            (
                "datetimeoffset",
                CursorType::TimestampTz,
                ten,
                "2026-01-02 00:05:00.0000001+00",
                now,
                "2026-01-01 23:55:00.0000001+00",
            ),
            // No later than the oldest transaction that was open.
            (
                "datetimeoffset",
                CursorType::TimestampTz,
                none,
                "2026-01-02 11:00:00.0000000+00",
                "2026-01-02 10:00:00+00",
                "2026-01-02 10:00:00.0000000+00",
            ),
            (
                "datetime2",
                CursorType::Timestamp,
                none,
                "2026-01-01 08:00:00.0000001",
                now,
                "2026-01-01 05:59:59.9900001",
            ),
            ("datetime", CursorType::Timestamp, none, "2026-01-01 08:00:00.003", now, "2026-01-01 05:59:59.993"),
            // A row that is dated into the future hides no other, whatever the zone.
            (
                "datetime2",
                CursorType::Timestamp,
                none,
                "2099-01-01 08:00:00.0000000",
                now,
                "2026-01-02 00:00:00.4900000",
            ),
            ("date", CursorType::Date, none, "2026-01-01", now, "2025-12-31"),
        ] {
            assert_eq!(of(name, kind, lag, value, not_after).as_deref(), Some(wanted), "{name} {value}");
        }
        assert_eq!(of("datetime2", CursorType::Timestamp, none, "never", now), None);
        assert_eq!(of("datetime2", CursorType::Timestamp, none, "0001-01-01 00:00:00.0000000", now), None);
    }

    #[test]
    fn a_moment_survives_its_number() {
        for moment in [
            "1970-01-01 00:00:00.0000000",
            "0001-01-01 00:00:00.0000001",
            "9999-12-31 23:59:59.9999999",
            "2000-02-29 12:00:00.5000000",
        ] {
            assert_eq!(text(ticks(moment).unwrap()).as_deref(), Some(moment));
        }
    }
}
