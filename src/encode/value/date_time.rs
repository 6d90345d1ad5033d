//! Dates and times, given by their text in ISO form.

use super::text::quoted;
use super::unrepresentable::Unrepresentable;

const FAR: Unrepresentable = Unrepresentable("a year after 9999");

/// Appends a date: `YYYY-MM-DD`, the only form of ten characters. A longer year is what BigQuery lacks.
pub fn date(text: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    check_year(text, 10)?;
    quoted(text, out);
    Ok(())
}

/// Appends a time of the day: `HH:MM:SS[.ffffff]`.
pub fn time(text: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    if text.starts_with(b"24") {
        return Err(Unrepresentable("24:00:00"));
    }
    quoted(text, out);
    Ok(())
}

/// Appends a timestamp: `YYYY-MM-DD HH:MM:SS[.ffffff]`, with its offset from UTC behind it where there is a zone.
pub fn timestamp(text: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    check_year(text, text.len())?;
    quoted(text, out);
    Ok(())
}

/// Appends a timestamp without a zone that is declared to be UTC.
pub fn timestamp_utc(text: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    check_year(text, text.len())?;
    out.push(b'"');
    out.extend_from_slice(text);
    out.extend_from_slice(b"+00\"");
    Ok(())
}

fn check_year(text: &[u8], length: usize) -> Result<(), Unrepresentable> {
    if text.len() != length || text.get(4) != Some(&b'-') { Err(FAR) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bigquery_lacks_is_found() {
        let run = |f: fn(&[u8], &mut Vec<u8>) -> Result<(), Unrepresentable>, text: &str| {
            let mut out = Vec::new();
            f(text.as_bytes(), &mut out).map_err(|e| e.0)?;
            Ok::<_, &str>(String::from_utf8(out).unwrap())
        };
        assert_eq!(run(date, "9999-12-31").unwrap(), "\"9999-12-31\"");
        assert_eq!(run(date, "10000-01-01").unwrap_err(), FAR.0);
        assert_eq!(run(time, "23:59:59.999999").unwrap(), "\"23:59:59.999999\"");
        assert_eq!(run(time, "24:00:00").unwrap_err(), "24:00:00");
        assert_eq!(run(timestamp, "2024-02-29 12:34:56.5+00").unwrap(), "\"2024-02-29 12:34:56.5+00\"");
        assert_eq!(run(timestamp_utc, "2024-02-29 12:34:56.5").unwrap(), "\"2024-02-29 12:34:56.5+00\"");
        assert_eq!(run(timestamp, "294276-12-31 23:59:59.999999+00").unwrap_err(), FAR.0);
    }
}
