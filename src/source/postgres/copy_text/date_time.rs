//! Dates and times in ISO form: the session's `datestyle`. What PostgreSQL has beside it, no other source has.

use crate::encode::value::{self, Unrepresentable};

const INFINITE: Unrepresentable = Unrepresentable("infinity");
const BC: Unrepresentable = Unrepresentable("a year before 1");

/// Appends a `date`.
pub(super) fn date(field: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    check_era(field)?;
    value::date(field, out)
}

/// Appends a `timestamp`, or a `timestamptz`, which has `+00` behind it: the session's zone is UTC.
pub(super) fn timestamp(field: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    check_era(field)?;
    value::timestamp(field, out)
}

/// Appends a `timestamp` that is declared to be UTC.
pub(super) fn timestamp_utc(field: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    check_era(field)?;
    value::timestamp_utc(field, out)
}

fn check_era(field: &[u8]) -> Result<(), Unrepresentable> {
    if field.ends_with(b"infinity") {
        Err(INFINITE)
    } else if field.ends_with(b" BC") {
        Err(BC)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::value::{appended as run, time};

    #[test]
    fn dates_and_times_that_bigquery_lacks() {
        assert_eq!(run(date, "0001-01-01").unwrap(), "\"0001-01-01\"");
        assert_eq!(run(date, "9999-12-31").unwrap(), "\"9999-12-31\"");
        assert_eq!(run(date, "10000-01-01").unwrap_err(), "a year after 9999");
        assert_eq!(run(date, "0044-03-15 BC").unwrap_err(), BC.0);
        assert_eq!(run(date, "-infinity").unwrap_err(), INFINITE.0);
        assert_eq!(run(time, "23:59:59.999999").unwrap(), "\"23:59:59.999999\"");
        assert_eq!(run(time, "24:00:00").unwrap_err(), "24:00:00");
        assert_eq!(run(timestamp, "2024-02-29 12:34:56.5+00").unwrap(), "\"2024-02-29 12:34:56.5+00\"");
        assert_eq!(run(timestamp, "294276-12-31 23:59:59.999999+00").unwrap_err(), "a year after 9999");
        assert_eq!(run(timestamp, "4713-01-01 00:00:00+00 BC").unwrap_err(), BC.0);
        assert_eq!(run(timestamp, "infinity").unwrap_err(), INFINITE.0);
    }
}
