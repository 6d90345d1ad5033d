//! The server's clock: the machine's, or what a test sets.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::typed::{DAY_TICKS, Value};

/// 1970-01-01 in days since 0001-01-01.
const DAY_1970: u64 = 719_162;

/// A clock, in 100 ns ticks since 0001-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clock(Option<u64>);

impl Clock {
    pub(crate) fn now(self) -> u64 {
        self.0.unwrap_or_else(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            DAY_1970 * DAY_TICKS + u64::try_from(since.as_nanos() / 100).unwrap_or(0)
        })
    }

    pub(crate) fn set(&mut self, ticks: u64) {
        self.0 = Some(ticks);
    }
}

/// Ticks since 0001-01-01 as a `datetime2`.
pub fn datetime2(ticks: u64) -> Value {
    Value::DateTime2((ticks / DAY_TICKS) as u32, ticks % DAY_TICKS)
}

/// Year, month and day of a day since 0001-01-01 (proleptic Gregorian).
pub fn civil(day: u32) -> (i32, u32, u32) {
    // Days since 0000-03-01, by Howard Hinnant's `civil_from_days`.
    let z = i64::from(day) + 306;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month as u32, (of_year - (153 * shifted + 2) / 5 + 1) as u32)
}

/// The day since 0001-01-01 of a date.
pub fn day(year: i32, month: u32, of_month: u32) -> u32 {
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let shifted = (i64::from(month) + 9) % 12;
    let of_year = (153 * shifted + 2) / 5 + i64::from(of_month) - 1;
    (era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 306) as u32
}

#[cfg(test)]
mod tests {
    use super::{civil, day};
    use crate::typed::DAY_1900;

    #[test]
    fn days_and_dates_are_each_others() {
        assert_eq!((day(1, 1, 1), day(1900, 1, 1), day(1970, 1, 1)), (0, DAY_1900, 719_162));
        assert_eq!(day(9999, 12, 31), 3_652_058);
        for number in (0..3_652_058).step_by(97) {
            let (year, month, of_month) = civil(number);
            assert_eq!(day(year, month, of_month), number);
        }
        assert_eq!(civil(day(2024, 2, 29)), (2024, 2, 29));
    }
}
