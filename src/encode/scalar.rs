//! Scalars: numbers, dates, times, bytes.
//!
//! Each function appends a JSON value, or says why it can't and leaves whatever it appended for the caller to cut off.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Unrepresentable;
use super::mapping::Width;

/// The longest integer text whose value a JSON reader that works with doubles keeps exactly.
/// Source: <https://cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/insertAll> and the note on INT64 in
/// <https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-json>: beyond 2^53, pass a string.
const SAFE_INTEGER_TEXT: usize = 15;

pub(super) fn boolean(field: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(if field == b"t" { b"true" } else { b"false" });
}

pub(super) fn integer(field: &[u8], out: &mut Vec<u8>) {
    if field.len() <= SAFE_INTEGER_TEXT { out.extend_from_slice(field) } else { quoted(field, out) }
}

/// PostgreSQL prints the shortest text that reads back as the same double; NaN and the infinities need quotes, and the
/// negative zero a point: as an integer it would have no sign.
pub(super) fn float(field: &[u8], out: &mut Vec<u8>) {
    match field {
        b"NaN" | b"Infinity" | b"-Infinity" => quoted(field, out),
        b"-0" => out.extend_from_slice(b"-0.0"),
        number => out.extend_from_slice(number),
    }
}

fn quoted(field: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(field);
    out.push(b'"');
}

/// The whole part of BIGNUMERIC's largest value, 578960446186580977117854925043439539266.34992332820282019728792…
/// Source: <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types>
const BIGNUMERIC_WHOLE: &[u8] = b"578960446186580977117854925043439539266";
const BIGNUMERIC_FRACTION: &[u8] = b"34992332820282019728792003956564819967";

/// A `numeric` or an integer, as a string. A column with a precision fits by its type; else the value decides.
pub(super) fn decimal(field: &[u8], width: Width, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    if !digits.first().is_some_and(u8::is_ascii_digit) {
        return Err(Unrepresentable(if digits == b"NaN" { "NaN" } else { "Infinity" }));
    }
    if width == Width::Numeric {
        return numeric(field, digits, out);
    }
    let mut text = field;
    if field.len() > 38 {
        let point = memchr::memchr(b'.', digits);
        let whole = &digits[..point.unwrap_or(digits.len())];
        let fraction = point.map_or(&[][..], |p| &digits[p + 1..]);
        let kept = fraction.len() - fraction.iter().rev().take_while(|&&b| b == b'0').count();
        // PostgreSQL prints no leading zeros, so equally long whole parts compare as text, and so do fractions.
        let largest = (BIGNUMERIC_WHOLE.len(), BIGNUMERIC_WHOLE, BIGNUMERIC_FRACTION);
        if (whole.len(), whole, &fraction[..kept]) > largest {
            return Err(Unrepresentable("larger than BIGNUMERIC"));
        }
        if kept > 38 {
            return Err(Unrepresentable("more than 38 digits after the point"));
        }
        text = &field[..field.len() - (fraction.len() - kept)];
        text = text.strip_suffix(b".").unwrap_or(text);
    }
    quoted(text, out);
    Ok(())
}

/// Within NUMERIC: 29 digits before the point, 9 behind it.
/// Source: <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types>
fn numeric(field: &[u8], digits: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    let point = memchr::memchr(b'.', digits);
    let whole = point.unwrap_or(digits.len());
    let fraction = point.map_or(&[][..], |p| &digits[p + 1..]);
    let zeros = fraction.iter().rev().take_while(|&&b| b == b'0').count();
    if whole > 29 {
        return Err(Unrepresentable("larger than NUMERIC"));
    }
    if fraction.len() - zeros > 9 {
        return Err(Unrepresentable("more than 9 digits after the point"));
    }
    let text = &field[..field.len() - zeros];
    quoted(text.strip_suffix(b".").unwrap_or(text), out);
    Ok(())
}

/// `\x…` to base64.
pub(super) fn bytea(field: &[u8], scratch: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    let hex = field.strip_prefix(b"\\x").ok_or(Unrepresentable("not in hex form"))?;
    scratch.clear();
    for pair in hex.chunks_exact(2) {
        let (high, low) = (NIBBLES[usize::from(pair[0])], NIBBLES[usize::from(pair[1])]);
        if high | low > 15 {
            return Err(Unrepresentable("not in hex form"));
        }
        scratch.push(high << 4 | low);
    }
    out.push(b'"');
    let start = out.len();
    let room = scratch.len().div_ceil(3) * 4;
    out.resize(start + room, 0);
    // The room was computed for exactly these bytes; a shorter answer would only leave it cut.
    let written = STANDARD.encode_slice(&scratch, &mut out[start..]).unwrap_or(0);
    out.truncate(start + written);
    out.push(b'"');
    Ok(())
}

/// The value of a hexadecimal digit as the server prints it; anything else is above 15.
const NIBBLES: [u8; 256] = {
    let mut table = [0xff; 256];
    let mut n = 0;
    while n < 16 {
        table[b"0123456789abcdef"[n as usize] as usize] = n;
        n += 1;
    }
    table
};

const INFINITE: Unrepresentable = Unrepresentable("infinity");
const BC: Unrepresentable = Unrepresentable("a year before 1");
const FAR: Unrepresentable = Unrepresentable("a year after 9999");

/// `YYYY-MM-DD`, the only form of ten characters. `BC` and longer years are what BigQuery lacks.
pub(super) fn date(field: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    check_year(field, 10)?;
    quoted(field, out);
    Ok(())
}

/// `HH:MM:SS[.ffffff]`.
pub(super) fn time(field: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    if field.starts_with(b"24") {
        return Err(Unrepresentable("24:00:00"));
    }
    quoted(field, out);
    Ok(())
}

/// `YYYY-MM-DD HH:MM:SS[.ffffff]`, with `+00` behind it where there is a zone: the session's is UTC.
pub(super) fn timestamp(field: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    check_year(field, field.len())?;
    quoted(field, out);
    Ok(())
}

/// A `timestamp` that is declared to be UTC.
pub(super) fn timestamp_utc(field: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    check_year(field, field.len())?;
    out.push(b'"');
    out.extend_from_slice(field);
    out.extend_from_slice(b"+00\"");
    Ok(())
}

fn check_year(field: &[u8], length: usize) -> Result<(), Unrepresentable> {
    if field.ends_with(b"infinity") {
        Err(INFINITE)
    } else if field.ends_with(b" BC") {
        Err(BC)
    } else if field.len() != length || field.get(4) != Some(&b'-') {
        Err(FAR)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(
        f: impl Fn(&[u8], &mut Vec<u8>) -> Result<(), Unrepresentable>,
        field: &str,
    ) -> Result<String, &'static str> {
        let mut out = Vec::new();
        f(field.as_bytes(), &mut out).map_err(|e| e.0)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn integers_beyond_a_double_are_quoted() {
        let int = |field| {
            run(
                |f, o| {
                    integer(f, o);
                    Ok(())
                },
                field,
            )
            .unwrap()
        };
        assert_eq!(int("-32768"), "-32768");
        assert_eq!(int("999999999999999"), "999999999999999");
        assert_eq!(int("9223372036854775807"), "\"9223372036854775807\"");
        assert_eq!(int("-9223372036854775808"), "\"-9223372036854775808\"");
    }

    #[test]
    fn floats_pass_as_they_are() {
        let f = |field| {
            run(
                |f, o| {
                    float(f, o);
                    Ok(())
                },
                field,
            )
            .unwrap()
        };
        assert_eq!(f("-0"), "-0.0");
        assert_eq!(f("5e-324"), "5e-324");
        assert_eq!(f("NaN"), "\"NaN\"");
        assert_eq!(f("-Infinity"), "\"-Infinity\"");
    }

    #[test]
    fn decimals_within_numeric() {
        let small = |f: &[u8], o: &mut Vec<u8>| decimal(f, Width::Numeric, o);
        let most = format!("{}.{}", "9".repeat(29), "9".repeat(9));
        assert_eq!(run(small, &most).unwrap(), format!("\"{most}\""));
        assert_eq!(run(small, "-1.5000000000000").unwrap(), "\"-1.5\"");
        assert_eq!(run(small, "7.000000000000").unwrap(), "\"7\"");
        assert_eq!(run(small, "100").unwrap(), "\"100\"");
        assert_eq!(run(small, &"9".repeat(30)).unwrap_err(), "larger than NUMERIC");
        assert_eq!(run(small, "0.0000000001").unwrap_err(), "more than 9 digits after the point");
        assert_eq!(run(small, "NaN").unwrap_err(), "NaN");
    }

    #[test]
    fn decimals_within_bignumeric() {
        let big = |f: &[u8], o: &mut Vec<u8>| decimal(f, Width::BigNumeric, o);
        assert_eq!(run(big, "1.50").unwrap(), "\"1.50\"");
        assert_eq!(run(big, "-0.00").unwrap(), "\"-0.00\"");
        let most = format!("578960446186580977117854925043439539265.{}", "9".repeat(38));
        assert_eq!(run(big, &most).unwrap(), format!("\"{most}\""));
        for held in [
            "578960446186580977117854925043439539266",
            "-578960446186580977117854925043439539266.34992332820282019728792003956564819967",
        ] {
            assert_eq!(run(big, held).unwrap(), format!("\"{held}\""));
        }
        for larger in ["578960446186580977117854925043439539266.35", "578960446186580977117854925043439539267"] {
            assert_eq!(run(big, larger).unwrap_err(), "larger than BIGNUMERIC");
        }
        assert_eq!(run(big, &"9".repeat(40)).unwrap_err(), "larger than BIGNUMERIC");
        assert_eq!(run(big, &format!("0.{}1", "0".repeat(38))).unwrap_err(), "more than 38 digits after the point");
        let padded = format!("12.5{}", "0".repeat(60));
        assert_eq!(run(big, &padded).unwrap(), "\"12.5\"");
        assert_eq!(run(big, &format!("7.{}", "0".repeat(60))).unwrap(), "\"7\"");
        assert_eq!(run(big, "NaN").unwrap_err(), "NaN");
        assert_eq!(run(big, "-Infinity").unwrap_err(), "Infinity");
    }

    #[test]
    fn bytes_become_base64() {
        let b = |field| run(|f, o| bytea(f, &mut Vec::new(), o), field);
        assert_eq!(b(r"\x").unwrap(), "\"\"");
        assert_eq!(b(r"\x00ff").unwrap(), "\"AP8=\"");
        assert_eq!(b(r"\xdeadbe").unwrap(), "\"3q2+\"");
        assert_eq!(b("abc").unwrap_err(), "not in hex form");
    }

    #[test]
    fn dates_and_times_that_bigquery_lacks() {
        assert_eq!(run(date, "0001-01-01").unwrap(), "\"0001-01-01\"");
        assert_eq!(run(date, "9999-12-31").unwrap(), "\"9999-12-31\"");
        assert_eq!(run(date, "10000-01-01").unwrap_err(), FAR.0);
        assert_eq!(run(date, "0044-03-15 BC").unwrap_err(), BC.0);
        assert_eq!(run(date, "-infinity").unwrap_err(), INFINITE.0);
        assert_eq!(run(time, "23:59:59.999999").unwrap(), "\"23:59:59.999999\"");
        assert_eq!(run(time, "24:00:00").unwrap_err(), "24:00:00");
        assert_eq!(run(timestamp, "2024-02-29 12:34:56.5+00").unwrap(), "\"2024-02-29 12:34:56.5+00\"");
        assert_eq!(run(timestamp, "294276-12-31 23:59:59.999999+00").unwrap_err(), FAR.0);
        assert_eq!(run(timestamp, "4713-01-01 00:00:00+00 BC").unwrap_err(), BC.0);
        assert_eq!(run(timestamp, "infinity").unwrap_err(), INFINITE.0);
    }
}
