//! Dates and times as text, from days and microseconds.

use super::append::push;

const DAY: i64 = 86_400_000_000;

/// Appends `YYYY-MM-DD`, from days since 1970-01-01.
pub(super) fn append_date(days: i64, out: &mut String) {
    let (year, month, day) = civil(days);
    push(out, format_args!("{year:04}-{month:02}-{day:02}"));
}

/// Appends `HH:MM:SS[.ffffff]`, from microseconds since midnight.
pub(super) fn append_time(micros: i64, out: &mut String) {
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    push(out, format_args!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60));
    if fraction != 0 {
        push(out, format_args!(".{fraction:06}"));
        out.truncate(out.trim_end_matches('0').len());
    }
}

/// Appends `YYYY-MM-DD HH:MM:SS[.ffffff]`, from microseconds since 1970-01-01 00:00:00.
pub(super) fn append_date_time(micros: i64, out: &mut String) {
    append_date(micros.div_euclid(DAY), out);
    out.push(' ');
    append_time(micros.rem_euclid(DAY), out);
}

/// Year, month and day of the proleptic Gregorian calendar, counted in eras of 400 years that begin on the first of March.
/// Source: <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}
