//! Dates and timestamps from the text in which they are staged.

/// Days since 1970-01-01 of `YYYY-MM-DD`; `None` where it is no date of the years 1 to 9999.
pub(super) fn days(text: &[u8]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return None };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    let (month, day) = (two(m1, m2)?, two(d1, d2)?);
    if year == 0 || !(1..=12).contains(&month) || !(1..=days_of(month, year)).contains(&day) {
        return None;
    }
    Some(from_civil(year, month, day))
}

/// Microseconds since 1970-01-01 00:00:00 UTC of `YYYY-MM-DD HH:MM:SS[.ffffff]` and an offset of nothing: `+00` or `+00:00`.
pub(super) fn micros(text: &[u8]) -> Option<i64> {
    let text = text.strip_suffix(b"+00").or_else(|| text.strip_suffix(b"+00:00"))?;
    let (date, rest) = text.split_at_checked(10)?;
    let (clock, fraction) = rest.split_at_checked(9)?;
    let [b' ' | b'T', h1, h2, b':', m1, m2, b':', s1, s2] = *clock else { return None };
    let (hour, minute, second) = (two(h1, h2)?, two(m1, m2)?, two(s1, s2)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days(date)? * 86_400 + hour * 3600 + minute * 60 + second;
    Some(seconds * 1_000_000 + fraction_of(fraction)?)
}

/// Microseconds of `.f` to `.ffffff`.
fn fraction_of(text: &[u8]) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let digits = text.strip_prefix(b".").filter(|d| (1..=6).contains(&d.len()))?;
    let read = digits.iter().try_fold(0, |sum, b| Some(sum * 10 + digit(*b)?))?;
    Some((digits.len()..6).fold(read, |sum, _| sum * 10))
}

fn digit(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

fn two(tens: u8, ones: u8) -> Option<i64> {
    Some(digit(tens)? * 10 + digit(ones)?)
}

fn days_of(month: i64, year: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Source: <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>
fn from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        let mut date = time::Date::from_calendar_date(1, time::Month::January, 1).unwrap();
        let epoch = time::Date::from_calendar_date(1970, time::Month::January, 1).unwrap();
        for _ in 0..20_000 {
            let text = format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day());
            assert_eq!(days(text.as_bytes()), Some((date - epoch).whole_days()), "{text}");
            date = date.saturating_add(time::Duration::days(181));
        }
        assert_eq!((days(b"0001-01-01"), days(b"9999-12-31")), (Some(-719_162), Some(2_932_896)));
        for none in [
            "2023-02-29",
            "1900-02-29",
            "2024-00-10",
            "2024-13-01",
            "2024-04-31",
            "0000-01-01",
            "24-01-01",
            "2024-1-01",
        ] {
            assert_eq!(days(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn moments_have_up_to_six_digits() {
        for (text, wanted) in [
            ("1970-01-01 00:00:00+00", 0),
            ("1970-01-01 00:00:01.5+00", 1_500_000),
            ("1969-12-31 23:59:59.999999+00:00", -1),
            ("1970-01-02 00:00:00.000001+00", 86_400_000_001),
        ] {
            assert_eq!(micros(text.as_bytes()), Some(wanted), "{text}");
        }
        for none in [
            "1970-01-01 00:00:00",
            "1970-01-01 24:00:00+00",
            "1970-01-01 00:00:00.1234567+00",
            "1970-01-01 00:00:00.+00",
            "1970-01-01 00:00+00",
            "1970-01-01 00:00:00+02",
        ] {
            assert_eq!(micros(none.as_bytes()), None, "{none}");
        }
    }
}
