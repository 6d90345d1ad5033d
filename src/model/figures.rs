//! Figures as people read them.

use std::time::Duration;

use time::OffsetDateTime;
use time::macros::format_description;

/// `1234567` as `1,234,567`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// All of them together. What is stored may be anything: a sum that is too large is the largest there is.
pub fn total(all: impl IntoIterator<Item = u64>) -> u64 {
    all.into_iter().fold(0, u64::saturating_add)
}

/// A number and its noun: `1 row`, `1,234 rows`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// Bytes, in units of 1024.
pub fn bytes(n: u64) -> String {
    bytesize::ByteSize(n).to_string()
}

/// Dollars, to the cent; less than one to two places that say something.
pub fn dollars(amount: f64) -> String {
    match amount {
        a if a >= 0.995 => format!("${a:.2}"),
        a if a >= 0.000_05 => format!("${a:.4}"),
        a if a > 0.0 => "less than $0.0001".to_owned(),
        _ => "$0".to_owned(),
    }
}

/// A stretch of time in its largest unit: `40 s`, `5 min`, `3 h`, `2 d`.
pub fn age(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{} s", seconds.max(0)),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A length of time in the units of the config, none above days: `400d`, `33d 8h`, `6h`.
pub fn period(length: Duration) -> String {
    let (days, below) = (length.as_secs() / 86_400, Duration::new(length.as_secs() % 86_400, length.subsec_nanos()));
    match (days, below.is_zero()) {
        (0, _) => humantime::format_duration(below).to_string(),
        (_, true) => format!("{days}d"),
        (_, false) => format!("{days}d {}", humantime::format_duration(below)),
    }
}

/// How long a run took.
pub fn duration(seconds: f64) -> String {
    if seconds < 120.0 { format!("{seconds:.1} s") } else { format!("{:.1} min", seconds / 60.0) }
}

/// The same moment in UTC; one that has no such form, at the ends of time, as it is.
pub fn in_utc(at: OffsetDateTime) -> OffsetDateTime {
    at.checked_to_offset(time::UtcOffset::UTC).unwrap_or(at)
}

/// A moment, to the minute, in UTC: `2026-11-26 17:41 UTC`.
pub fn minute(at: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    in_utc(at).format(format).unwrap_or_default()
}

/// A moment, to the second, in UTC.
pub fn moment(at: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    in_utc(at).format(format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1, 1000].map(|n| counted(n, "row", "rows")), ["0 rows", "1 row", "1,000 rows"]);
        assert_eq!(
            [-5, 0, 119, 120, 7199, 7200, 172_800].map(age),
            ["0 s", "0 s", "119 s", "2 min", "119 min", "2 h", "2 d"]
        );
        let periods = [21_600, 34_560_000, 2_880_000, 604_800, 90, 0].map(|s| period(Duration::from_secs(s)));
        assert_eq!(periods, ["6h", "400d", "33d 8h", "7d", "1m 30s", "0s"]);
        assert_eq!(minute(time::macros::datetime!(2026-11-26 19:41:45.123 +2)), "2026-11-26 17:41 UTC");
        assert_eq!((duration(0.26), duration(300.0)), ("0.3 s".to_owned(), "5.0 min".to_owned()));
    }
}
