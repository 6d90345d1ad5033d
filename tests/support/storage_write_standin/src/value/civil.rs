//! Dates and times: as numbers, as texts, and packed into an integer as the class `CivilTimeEncoder` of Google's Java client does it.

/// Days from 0001-01-01 to 1970-01-01, below zero (Google's page on data types).
pub const FIRST_DAY: i64 = -719_162;
/// Days from 1970-01-01 to 9999-12-31.
pub const LAST_DAY: i64 = 2_932_896;

const MICROS_A_DAY: i64 = 86_400_000_000;

/// A date in the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: i64,
    month: i64,
    day: i64,
}

impl Date {
    /// A date that exists, from 0001-01-01 to 9999-12-31.
    pub fn new(year: i64, month: i64, day: i64) -> Option<Self> {
        let date = Self { year, month, day };
        let real = (1..=9999).contains(&year) && (1..=12).contains(&month) && day >= 1;
        // A day that a month has not would come out as another day.
        (real && day <= 31 && Self::of_days(date.days()) == Some(date)).then_some(date)
    }

    /// The date so many days after 1970-01-01.
    pub fn of_days(days: i64) -> Option<Self> {
        if !(FIRST_DAY..=LAST_DAY).contains(&days) {
            return None;
        }
        // Howard Hinnant's algorithm: years begin in March, eras have 400 of them.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Some(Self { year, month, day })
    }

    /// Days after 1970-01-01.
    fn days(self) -> i64 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let shifted_month = (self.month + 9) % 12;
        let day_of_year = (153 * shifted_month + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// `YYYY-[M]M-[D]D`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let date = Self::new(number(parts.next()?, 4, 4)?, number(parts.next()?, 1, 2)?, number(parts.next()?, 1, 2)?);
        if parts.next().is_some() { None } else { date }
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A time of day, to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time {
    micros: i64,
}

impl Time {
    /// A time that exists; there is no 24:00 and no second 60.
    fn new(hour: i64, minute: i64, second: i64, micros: i64) -> Option<Self> {
        let real = (0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..60).contains(&second)
            && (0..1_000_000).contains(&micros);
        real.then_some(Self { micros: ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros })
    }

    /// `[H]H:[M]M:[S]S[.F…]`, with at most six digits behind the point.
    pub fn parse(text: &str) -> Option<Self> {
        let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let mut parts = clock.split(':');
        let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let fraction_digits = u32::try_from(fraction.len()).ok()?;
        let micros = number(fraction, 1, 6)? * 10i64.pow(6 - fraction_digits);
        Self::new(number(hour, 1, 2)?, number(minute, 1, 2)?, number(second, 1, 2)?, micros)
    }

    /// hour << 12 | minute << 6 | second, << 20, | microseconds.
    pub fn unpack(packed: i64) -> Option<Self> {
        let seconds = packed >> 20;
        if seconds >> 17 != 0 {
            return None;
        }
        Self::new(seconds >> 12, (seconds >> 6) & 0x3f, seconds & 0x3f, packed & 0xf_ffff)
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.micros / 1_000_000;
        write!(f, "{:02}:{:02}:{:02}.{:06}", seconds / 3600, seconds / 60 % 60, seconds % 60, self.micros % 1_000_000)
    }
}

/// A date and a time of day, without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Datetime(Date, Time);

impl Datetime {
    /// A date, then perhaps a time behind a blank or a `T`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once([' ', 'T', 't']) {
            Some((date, time)) => Some(Self(Date::parse(date)?, Time::parse(time)?)),
            None => Some(Self(Date::parse(text)?, Time { micros: 0 })),
        }
    }

    /// year << 26 | month << 22 | day << 17 | the seconds of [`Time::unpack`], << 20, | microseconds.
    pub fn unpack(packed: i64) -> Option<Self> {
        let seconds = packed >> 20;
        let date = Date::new(seconds >> 26, (seconds >> 22) & 0xf, (seconds >> 17) & 0x1f)?;
        let time = Time::unpack(((seconds & 0x1_ffff) << 20) | (packed & 0xf_ffff))?;
        Some(Self(date, time))
    }

    /// The moment so many microseconds after 1970-01-01 00:00 UTC.
    pub fn of_micros(micros: i64) -> Option<Self> {
        let date = Date::of_days(micros.div_euclid(MICROS_A_DAY))?;
        Some(Self(date, Time { micros: micros.rem_euclid(MICROS_A_DAY) }))
    }
}

impl std::fmt::Display for Datetime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.0, self.1)
    }
}

/// A number of so many digits.
fn number(text: &str, least: usize, most: usize) -> Option<i64> {
    let fits = (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(days: i64) -> Option<String> {
        Date::of_days(days).map(|date| date.to_string())
    }

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(day(FIRST_DAY).as_deref(), Some("0001-01-01"));
        assert_eq!(day(LAST_DAY).as_deref(), Some("9999-12-31"));
        assert_eq!((day(FIRST_DAY - 1), day(LAST_DAY + 1)), (None, None));
        assert_eq!(day(0).as_deref(), Some("1970-01-01"));
        assert_eq!(day(11_016).as_deref(), Some("2000-02-29"));
        for days in (FIRST_DAY..=LAST_DAY).step_by(997) {
            assert_eq!(Date::of_days(days).unwrap().days(), days);
        }
    }

    #[test]
    fn dates_that_do_not_exist_are_none() {
        for text in [
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "2024-00-10",
            "0000-01-01",
            "10000-01-01",
            "2024-01",
            "2024-01-32",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert_eq!(Date::parse("2024-2-9").unwrap().to_string(), "2024-02-09");
    }

    #[test]
    fn times_are_read_to_the_microsecond() {
        assert_eq!(Time::parse("1:2:3.5").unwrap().to_string(), "01:02:03.500000");
        for text in ["24:00:00", "23:60:00", "23:59:60", "1:2", "1:2:3.1234567", "1:2:3.", "-1:2:3"] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    #[test]
    fn packed_times_are_those_of_the_java_client() {
        // CivilTimeEncoder's own tests: 00:00:00.000001 is 1; 12:07:11.000000... in bits.
        assert_eq!(Time::unpack(1).unwrap().to_string(), "00:00:00.000001");
        let packed = ((23 << 12 | 59 << 6 | 59) << 20) | 999_999;
        assert_eq!(Time::unpack(packed).unwrap().to_string(), "23:59:59.999999");
        assert_eq!(Time::unpack((24 << 12) << 20), None);
        assert_eq!(Time::unpack(1_000_000), None, "a million microseconds");
        assert_eq!(Time::unpack(-1), None);
        let seconds: i64 = 9999 << 26 | 12 << 22 | 31 << 17 | 23 << 12 | 59 << 6 | 59;
        assert_eq!(Datetime::unpack(seconds << 20 | 999_999).unwrap().to_string(), "9999-12-31 23:59:59.999999");
        assert_eq!(Datetime::unpack(0), None, "the year 0");
    }

    #[test]
    fn datetimes_and_moments() {
        assert_eq!(Datetime::parse("2024-02-29T1:2:3").unwrap().to_string(), "2024-02-29 01:02:03.000000");
        assert_eq!(Datetime::parse("2024-02-29").unwrap().to_string(), "2024-02-29 00:00:00.000000");
        assert_eq!(Datetime::of_micros(-1).unwrap().to_string(), "1969-12-31 23:59:59.999999");
        assert_eq!(Datetime::of_micros(-62_135_596_800_000_000).unwrap().to_string(), "0001-01-01 00:00:00.000000");
        assert_eq!(Datetime::of_micros(-62_135_596_800_000_001), None);
        assert_eq!(Datetime::of_micros(253_402_300_799_999_999).unwrap().to_string(), "9999-12-31 23:59:59.999999");
        assert_eq!(Datetime::of_micros(253_402_300_800_000_000), None);
    }
}
