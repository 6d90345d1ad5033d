//! Booleans and numbers.

use super::text::quoted;
use super::unrepresentable::Unrepresentable;
use crate::encode::codec::Width;

/// The longest integer text whose value a JSON reader that works with doubles keeps exactly.
/// Source: <https://cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/insertAll> and the note on INT64 in
/// <https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-json>: beyond 2^53, pass a string.
const SAFE_INTEGER_TEXT: usize = 15;

/// Appends a boolean.
pub fn boolean(value: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// Appends an integer, given by its decimal text.
pub fn integer(text: &[u8], out: &mut Vec<u8>) {
    if text.len() <= SAFE_INTEGER_TEXT { out.extend_from_slice(text) } else { quoted(text, out) }
}

/// Appends a double, given by a text that reads back as the same double, or by `NaN`, `Infinity` or `-Infinity`. These need
/// quotes, and the negative zero a point: as an integer it would have no sign.
pub fn float(text: &[u8], out: &mut Vec<u8>) {
    match text {
        b"NaN" | b"Infinity" | b"-Infinity" => quoted(text, out),
        b"-0" => out.extend_from_slice(b"-0.0"),
        number => out.extend_from_slice(number),
    }
}

/// The whole part of BIGNUMERIC's largest value, 578960446186580977117854925043439539266.34992332820282019728792…
/// Source: <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types>
const BIGNUMERIC_WHOLE: &[u8] = b"578960446186580977117854925043439539266";
const BIGNUMERIC_FRACTION: &[u8] = b"34992332820282019728792003956564819967";

/// Appends a decimal number as a string, given by its text without an exponent. A column with a precision fits by its type;
/// else the value decides. `NaN` and `Infinity` have no place in a decimal.
pub fn decimal(field: &[u8], width: Width, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
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
        // There are no leading zeros, so equally long whole parts compare as text, and so do fractions.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::value::appended as run;

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
}
