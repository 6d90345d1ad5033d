//! The values of the driver as text: the form in which keys, cursors and quarantined values are printed.
//!
//! | type | text |
//! | --- | --- |
//! | bit | `t` or `f` |
//! | integers, decimals | decimal, with the digits of the column's scale |
//! | float, real | the shortest that reads back as the same value |
//! | date | `2026-01-31` |
//! | time, datetime2 | with the digits of the column's scale |
//! | datetime | `2026-01-31 12:00:00.003`: to the millisecond, as the server prints it |
//! | datetimeoffset | in UTC, with `+00` behind it |
//! | uniqueidentifier | 36 characters, in upper case, as the server prints it |
//! | binary | `0x` and hexadecimal in upper case |

use std::io::Write;

use tiberius::ColumnData;

/// From 0001-01-01, where dates are counted from, to 1970-01-01.
pub(super) const DAYS_TO_1970: i64 = 719_162;
/// From 1900-01-01, where `datetime` is counted from, to 1970-01-01.
pub(super) const DAYS_FROM_1900: i64 = 25_567;

/// A moment without a zone, as the driver has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// Since 1970-01-01.
    pub days: i64,
    pub time: TimeOfDay,
}

/// A time of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeOfDay {
    /// Of 100 ns.
    pub ticks: u64,
    /// How many digits of a second are printed.
    pub digits: u8,
}

/// Steps of 100 ns in a second.
pub(super) const SECOND: u64 = 10_000_000;
/// Steps of 100 ns in a day.
pub(super) const DAY: u64 = 86_400 * SECOND;

impl TimeOfDay {
    fn of(time: tiberius::time::Time) -> Self {
        let digits = time.scale().min(7);
        Self { ticks: time.increments().saturating_mul(10_u64.pow(u32::from(7 - digits))), digits }
    }

    /// Whether something is below a microsecond.
    pub fn loses_a_digit(self) -> bool {
        !self.ticks.is_multiple_of(10)
    }

    /// The same without what is below a microsecond.
    pub fn to_micros(self) -> Self {
        Self { digits: self.digits.min(6), ..self }
    }

    /// Appends `HH:MM:SS[.fffffff]`.
    pub fn append(self, out: &mut Vec<u8>) {
        let seconds = self.ticks / SECOND;
        push_two(seconds / 3600, out);
        out.push(b':');
        push_two(seconds / 60 % 60, out);
        out.push(b':');
        push_two(seconds % 60, out);
        if self.digits > 0 {
            out.push(b'.');
            let mut rest = self.ticks % SECOND;
            let mut place = SECOND / 10;
            for _ in 0..self.digits {
                out.push(digit(rest / place));
                rest %= place;
                place = (place / 10).max(1);
            }
        }
    }
}

impl Moment {
    /// The value of a type that is a moment; of a datetimeoffset its moment in UTC.
    pub fn of(value: &ColumnData<'_>) -> Option<Self> {
        match value {
            ColumnData::DateTime(Some(v)) => {
                // Ticks of 1/300 s, which the server prints as milliseconds.
                let millis = (u64::from(v.seconds_fragments()) * 10 + 1) / 3;
                let carried = i64::try_from(millis / 86_400_000).unwrap_or(0);
                let ticks = millis % 86_400_000 * 10_000;
                Some(Self {
                    days: i64::from(v.days()) - DAYS_FROM_1900 + carried,
                    time: TimeOfDay { ticks, digits: 3 },
                })
            }
            ColumnData::SmallDateTime(Some(v)) => {
                let ticks = u64::from(v.seconds_fragments()) * 60 * SECOND;
                Some(Self { days: i64::from(v.days()) - DAYS_FROM_1900, time: TimeOfDay { ticks, digits: 0 } })
            }
            ColumnData::DateTime2(Some(v)) => Some(Self::of_datetime2(*v)),
            ColumnData::DateTimeOffset(Some(v)) => Some(Self::of_datetime2(v.datetime2())),
            _ => None,
        }
    }

    fn of_datetime2(value: tiberius::time::DateTime2) -> Self {
        Self { days: i64::from(value.date().days()) - DAYS_TO_1970, time: TimeOfDay::of(value.time()) }
    }

    /// Appends `YYYY-MM-DD HH:MM:SS[.fffffff]`.
    pub fn append(self, out: &mut Vec<u8>) {
        append_date(self.days, out);
        out.push(b' ');
        self.time.append(out);
    }
}

/// Days since 1970-01-01 of a date.
pub(super) fn days(value: &ColumnData<'_>) -> Option<i64> {
    match value {
        ColumnData::Date(Some(v)) => Some(i64::from(v.days()) - DAYS_TO_1970),
        _ => None,
    }
}

/// The time of a value that is one.
pub(super) fn time_of_day(value: &ColumnData<'_>) -> Option<TimeOfDay> {
    match value {
        ColumnData::Time(Some(v)) => Some(TimeOfDay::of(*v)),
        _ => None,
    }
}

fn digit(n: u64) -> u8 {
    // Of one digit.
    b'0' + u8::try_from(n % 10).unwrap_or(0)
}

fn push_two(n: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&[digit(n / 10), digit(n)]);
}

/// Appends `YYYY-MM-DD`, from days since 1970-01-01; a year of more or fewer than four digits as it is.
pub(super) fn append_date(days: i64, out: &mut Vec<u8>) {
    let (year, month, day) = civil(days);
    if let Ok(year @ 1000..=9999) = u64::try_from(year) {
        push_two(year / 100, out);
        push_two(year % 100, out);
    } else {
        // A Vec takes all that is written to it.
        let _ = write!(out, "{year:04}");
    }
    out.push(b'-');
    push_two(month, out);
    out.push(b'-');
    push_two(day, out);
}

/// Year, month and day, counted in eras of 400 years that begin on the first of March.
/// Source: <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>
fn civil(days: i64) -> (i64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, u64::try_from(month).unwrap_or(0), u64::try_from(day).unwrap_or(0))
}

/// Appends a decimal number with the digits of its scale.
pub(super) fn append_decimal(value: i128, scale: u8, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 48];
    let mut at = digits.len();
    let mut rest = value.unsigned_abs();
    let least = usize::from(scale.min(38)) + 1;
    while rest > 0 || digits.len() - at < least {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    if value < 0 {
        out.push(b'-');
    }
    let (whole, fraction) = digits[at..].split_at(digits.len() - at - usize::from(scale.min(38)));
    out.extend_from_slice(whole);
    if !fraction.is_empty() {
        out.push(b'.');
        out.extend_from_slice(fraction);
    }
}

/// Appends bytes in hexadecimal.
fn append_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.extend_from_slice(b"0x");
    for byte in bytes {
        out.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

/// Whether the value is NULL.
pub(super) fn is_null(value: &ColumnData<'_>) -> bool {
    match value {
        ColumnData::U8(v) => v.is_none(),
        ColumnData::I16(v) => v.is_none(),
        ColumnData::I32(v) => v.is_none(),
        ColumnData::I64(v) => v.is_none(),
        ColumnData::F32(v) => v.is_none(),
        ColumnData::F64(v) => v.is_none(),
        ColumnData::Bit(v) => v.is_none(),
        ColumnData::String(v) => v.is_none(),
        ColumnData::Guid(v) => v.is_none(),
        ColumnData::Binary(v) => v.is_none(),
        ColumnData::Numeric(v) => v.is_none(),
        ColumnData::Xml(v) => v.is_none(),
        ColumnData::DateTime(v) => v.is_none(),
        ColumnData::SmallDateTime(v) => v.is_none(),
        ColumnData::Time(v) => v.is_none(),
        ColumnData::Date(v) => v.is_none(),
        ColumnData::DateTime2(v) => v.is_none(),
        ColumnData::DateTimeOffset(v) => v.is_none(),
    }
}

/// The value as a whole number, if it is one that 64 bits hold.
pub(super) fn integer(value: &ColumnData<'_>) -> Option<i64> {
    match value {
        ColumnData::U8(v) => v.map(i64::from),
        ColumnData::I16(v) => v.map(i64::from),
        ColumnData::I32(v) => v.map(i64::from),
        ColumnData::I64(v) => *v,
        ColumnData::Bit(v) => v.map(i64::from),
        ColumnData::Numeric(Some(v)) if v.scale() == 0 => i64::try_from(v.value()).ok(),
        _ => None,
    }
}

/// Appends the text of a value; nothing for NULL. Texts that come as bytes are bytes here: see [`super::row`].
pub(super) fn append(value: &ColumnData<'_>, out: &mut Vec<u8>) {
    // A Vec takes all that is written to it.
    let mut write = |what: std::fmt::Arguments<'_>| {
        let _ = out.write_fmt(what);
    };
    match value {
        ColumnData::Bit(Some(v)) => out.push(if *v { b't' } else { b'f' }),
        ColumnData::U8(Some(v)) => write(format_args!("{v}")),
        ColumnData::I16(Some(v)) => write(format_args!("{v}")),
        ColumnData::I32(Some(v)) => write(format_args!("{v}")),
        ColumnData::I64(Some(v)) => write(format_args!("{v}")),
        ColumnData::F32(Some(v)) => write(format_args!("{v:?}")),
        ColumnData::F64(Some(v)) => write(format_args!("{v:?}")),
        ColumnData::Numeric(Some(v)) => append_decimal(v.value(), v.scale(), out),
        ColumnData::String(Some(v)) => out.extend_from_slice(v.as_bytes()),
        ColumnData::Xml(Some(v)) => write(format_args!("{v}")),
        ColumnData::Guid(Some(v)) => {
            let mut text = [0; 36];
            out.extend_from_slice(v.hyphenated().encode_upper(&mut text).as_bytes());
        }
        ColumnData::Binary(Some(v)) => append_hex(v, out),
        ColumnData::Date(_) => {
            if let Some(days) = days(value) {
                append_date(days, out);
            }
        }
        ColumnData::Time(_) => {
            if let Some(time) = time_of_day(value) {
                time.append(out);
            }
        }
        ColumnData::DateTimeOffset(Some(_)) => {
            if let Some(moment) = Moment::of(value) {
                moment.append(out);
                out.extend_from_slice(b"+00");
            }
        }
        _ => {
            if let Some(moment) = Moment::of(value) {
                moment.append(out);
            }
        }
    }
}

/// The text of a value; `None` for NULL.
pub(super) fn text(value: &ColumnData<'_>) -> Option<String> {
    if is_null(value) {
        return None;
    }
    let mut out = Vec::new();
    append(value, &mut out);
    Some(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use tiberius::numeric::Numeric;
    use tiberius::time::{Date, DateTime, DateTime2, DateTimeOffset, SmallDateTime, Time};

    use super::*;

    #[test]
    fn values_have_the_servers_own_text() {
        let datetime2 = |days, increments, scale| DateTime2::new(Date::new(days), Time::new(increments, scale));
        let guid = tiberius::Uuid::parse_str("0e984725-c51c-4bf4-9960-e1c80e27aba0").unwrap();
        for (value, wanted) in [
            (ColumnData::Bit(Some(true)), "t"),
            (ColumnData::U8(Some(255)), "255"),
            (ColumnData::I64(Some(i64::MIN)), "-9223372036854775808"),
            (ColumnData::F32(Some(0.1)), "0.1"),
            (ColumnData::F64(Some(1e300)), "1e300"),
            (ColumnData::F64(Some(-2.0)), "-2.0"),
            (ColumnData::Numeric(Some(Numeric::new_with_scale(-5, 4))), "-0.0005"),
            (ColumnData::Numeric(Some(Numeric::new_with_scale(9_223_372_036_854_775_807, 4))), "922337203685477.5807"),
            (ColumnData::Numeric(Some(Numeric::new_with_scale(0, 0))), "0"),
            (ColumnData::Guid(Some(guid)), "0E984725-C51C-4BF4-9960-E1C80E27ABA0"),
            (ColumnData::Binary(Some(vec![0, 0xab].into())), "0x00AB"),
            (ColumnData::Date(Some(Date::new(0))), "0001-01-01"),
            (ColumnData::Date(Some(Date::new(3_652_058))), "9999-12-31"),
            (ColumnData::Time(Some(Time::new(863_999_999_999, 7))), "23:59:59.9999999"),
            (ColumnData::Time(Some(Time::new(86_399, 0))), "23:59:59"),
            (ColumnData::DateTime(Some(DateTime::new(0, 0))), "1900-01-01 00:00:00.000"),
            (ColumnData::DateTime(Some(DateTime::new(-53_690, 1))), "1753-01-01 00:00:00.003"),
            (ColumnData::DateTime(Some(DateTime::new(0, 2))), "1900-01-01 00:00:00.007"),
            (ColumnData::DateTime(Some(DateTime::new(0, 25_919_999))), "1900-01-01 23:59:59.997"),
            (ColumnData::SmallDateTime(Some(SmallDateTime::new(1, 61))), "1900-01-02 01:01:00"),
            (ColumnData::DateTime2(Some(datetime2(730_178, 1, 7))), "2000-02-29 00:00:00.0000001"),
            (
                ColumnData::DateTimeOffset(Some(DateTimeOffset::new(datetime2(730_178, 1, 3), 120))),
                "2000-02-29 00:00:00.001+00",
            ),
        ] {
            assert_eq!(text(&value).as_deref(), Some(wanted));
        }
        assert_eq!(text(&ColumnData::I32(None)), None);
    }

    #[test]
    fn every_tick_of_a_datetime_is_printed_as_the_server_does() {
        let millis = |ticks| text(&ColumnData::DateTime(Some(DateTime::new(0, ticks)))).unwrap()[20..].to_owned();
        for second in 0..300 {
            let end = millis(second).pop();
            assert!(matches!((second % 3, end), (0, Some('0')) | (1, Some('3')) | (2, Some('7'))), "{second}");
        }
    }
}
