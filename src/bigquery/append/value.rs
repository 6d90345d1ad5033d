//! A staged value as the bytes of a field, by the type of its column.
//!
//! Source: <https://cloud.google.com/bigquery/docs/supported-data-types>. A decimal is a string without an exponent, bytes are bytes (not
//! base64), a date is days, a timestamp is microseconds, a time and a datetime are their literals, a document is its text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::civil::{days, micros};
use super::line::{Staged, unescape};
use super::wire::{WireType, delimited, int64, varint};
use crate::model::TargetType;

/// Why a value can't be sent as what its column holds. It never holds the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotHeld(pub &'static str);

const NOT_OF_ITS_TYPE: NotHeld = NotHeld("a value of another type than its column's");

/// What a column of the target can hold, beyond its type: BigQuery rounds a decimal that has more digits, and says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Limits {
    /// Digits before the point and behind it.
    pub digits: Option<(usize, usize)>,
    /// Characters of a text, or bytes.
    pub longest: Option<usize>,
}

/// How fields of a type stand on the wire.
pub(super) fn wire_type(of: TargetType) -> WireType {
    match of {
        TargetType::Bool | TargetType::Int64 | TargetType::Date | TargetType::Timestamp => WireType::Varint,
        TargetType::Float64 => WireType::Fixed64,
        TargetType::Numeric
        | TargetType::BigNumeric
        | TargetType::String
        | TargetType::Bytes
        | TargetType::Time
        | TargetType::DateTime
        | TargetType::Json => WireType::LengthDelimited,
    }
}

/// Appends a value that is not NULL, without its tag. `scratch` is for a text whose length has to be known before.
#[inline]
pub(super) fn append(
    value: Staged<'_>,
    of: TargetType,
    limits: Limits,
    out: &mut Vec<u8>,
    scratch: &mut Vec<u8>,
) -> Result<(), NotHeld> {
    match of {
        TargetType::Int64 => int64(integer(value)?, out),
        TargetType::Bool => varint(u64::from(boolean(value)?), out),
        TargetType::Float64 => out.extend_from_slice(&double(value)?.to_le_bytes()),
        TargetType::Date => int64(days(text(value)?).ok_or(NotHeld("no date"))?, out),
        TargetType::Timestamp => int64(micros(text(value)?).ok_or(NotHeld("no timestamp"))?, out),
        TargetType::Time | TargetType::DateTime => delimited(text(value)?, out),
        TargetType::Numeric | TargetType::BigNumeric => {
            let digits = plain(value)?;
            check_digits(digits, limits)?;
            delimited(digits, out);
        }
        TargetType::String => string(value, limits, out, scratch)?,
        TargetType::Bytes => {
            scratch.clear();
            STANDARD.decode_vec(text(value)?, scratch).map_err(|_| NotHeld("no base64"))?;
            if limits.longest.is_some_and(|most| scratch.len() > most) {
                return Err(LONGER);
            }
            delimited(scratch, out);
        }
        TargetType::Json => document(value, out),
    }
    Ok(())
}

const LONGER: NotHeld = NotHeld("longer than the target's column");

/// The text between the quotes of a string that has no escapes.
fn text(value: Staged<'_>) -> Result<&[u8], NotHeld> {
    match value {
        Staged::Text(text) if !text.contains(&b'\\') => Ok(text),
        _ => Err(NOT_OF_ITS_TYPE),
    }
}

/// The text of a number, with or without quotes.
fn plain(value: Staged<'_>) -> Result<&[u8], NotHeld> {
    match value {
        Staged::Plain(text) | Staged::Text(text) => Ok(text),
        Staged::Null | Staged::Document(_) => Err(NOT_OF_ITS_TYPE),
    }
}

fn integer(value: Staged<'_>) -> Result<i64, NotHeld> {
    let text = plain(value)?;
    let (is_negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        digits => (false, digits),
    };
    // Up to 18 digits can't overflow.
    if digits.is_empty() || digits.len() > 18 {
        return std::str::from_utf8(text).ok().and_then(|t| t.parse().ok()).ok_or(NotHeld("no integer"));
    }
    let mut sum = 0i64;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return Err(NotHeld("no integer"));
        }
        sum = sum * 10 + i64::from(digit);
    }
    Ok(if is_negative { -sum } else { sum })
}

fn boolean(value: Staged<'_>) -> Result<bool, NotHeld> {
    match plain(value)? {
        b"true" => Ok(true),
        b"false" => Ok(false),
        _ => Err(NOT_OF_ITS_TYPE),
    }
}

/// Rust reads `NaN`, `Infinity` and `-Infinity` as they are staged.
fn double(value: Staged<'_>) -> Result<f64, NotHeld> {
    let text = plain(value)?;
    std::str::from_utf8(text).ok().and_then(|t| t.parse().ok()).ok_or(NotHeld("no number"))
}

/// Fails where the target's column would round the number, or has no room for it. Zeros at the end count for nothing.
fn check_digits(text: &[u8], limits: Limits) -> Result<(), NotHeld> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let point = memchr::memchr(b'.', digits);
    let (whole, fraction) = digits.split_at(point.unwrap_or(digits.len()));
    let fraction = fraction.strip_prefix(b".").unwrap_or_default();
    if whole.is_empty() || !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
        return Err(NotHeld("no decimal number"));
    }
    let Some((before, behind)) = limits.digits else { return Ok(()) };
    let zeros = fraction.iter().rev().take_while(|b| **b == b'0').count();
    if fraction.len() - zeros > behind {
        return Err(NotHeld("more digits after the point than the target's column keeps"));
    }
    let leading = whole.iter().take_while(|b| **b == b'0').count();
    if whole.len() - leading > before {
        return Err(NotHeld("more digits before the point than the target's column holds"));
    }
    Ok(())
}

fn string(value: Staged<'_>, limits: Limits, out: &mut Vec<u8>, scratch: &mut Vec<u8>) -> Result<(), NotHeld> {
    let Staged::Text(text) = value else { return Err(NOT_OF_ITS_TYPE) };
    let plain = if memchr::memchr(b'\\', text).is_none() {
        text
    } else {
        scratch.clear();
        unescape(text, scratch).map_err(|_| NotHeld("no text"))?;
        scratch
    };
    // A character has at least one byte.
    if let Some(most) = limits.longest.filter(|most| plain.len() > *most) {
        let characters = plain.iter().filter(|b| **b & 0xc0 != 0x80).count();
        if characters > most {
            return Err(LONGER);
        }
    }
    delimited(plain, out);
    Ok(())
}

/// A document goes as the text that stands in the line.
fn document(value: Staged<'_>, out: &mut Vec<u8>) {
    match value {
        Staged::Null => delimited(b"null", out),
        Staged::Plain(text) | Staged::Document(text) => delimited(text, out),
        Staged::Text(text) => {
            varint(text.len() as u64 + 2, out);
            out.push(b'"');
            out.extend_from_slice(text);
            out.push(b'"');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(value: Staged<'_>, of: TargetType, limits: Limits) -> Result<Vec<u8>, &'static str> {
        let mut out = Vec::new();
        append(value, of, limits, &mut out, &mut Vec::new()).map_err(|e| e.0)?;
        Ok(out)
    }

    #[test]
    fn integers_of_all_lengths() {
        for number in [0, 1, -1, 999_999_999_999_999_999, 1_000_000_000_000_000_000, i64::MAX, i64::MIN, -42] {
            let text = number.to_string();
            assert_eq!(integer(Staged::Plain(text.as_bytes())), Ok(number));
            assert_eq!(integer(Staged::Text(text.as_bytes())), Ok(number));
        }
        for text in ["", "-", "1.0", "1e3", "9223372036854775808", "true", "12a", "--1"] {
            assert!(integer(Staged::Plain(text.as_bytes())).is_err(), "{text}");
        }
    }

    #[test]
    fn a_decimal_that_would_be_rounded_is_not_sent() {
        let money = Limits { digits: Some((8, 2)), ..Limits::default() };
        let of = |text: &'static str| run(Staged::Text(text.as_bytes()), TargetType::Numeric, money).map(|_| ());
        for held in ["0", "1.24", "-99999999.99", "1.2400000", "00000000012.5"] {
            assert_eq!(of(held), Ok(()), "{held}");
        }
        assert!(of("1.245").unwrap_err().contains("after the point"));
        assert!(of("100000000").unwrap_err().contains("before the point"));
        for none in ["", "-", "1e5", "NaN", "1.2.3", ".5", "1,5"] {
            assert!(of(none).is_err(), "{none}");
        }
    }

    #[test]
    fn a_text_is_as_long_as_its_characters() {
        let three = Limits { longest: Some(3), ..Limits::default() };
        assert_eq!(run(Staged::Text("äöü".as_bytes()), TargetType::String, three).unwrap()[0], 6);
        assert_eq!(run(Staged::Text(b"abcd"), TargetType::String, three), Err(LONGER.0));
        assert_eq!(run(Staged::Text(br"a\n\u00e4"), TargetType::String, three).unwrap(), b"\x04a\n\xc3\xa4");
        assert_eq!(run(Staged::Text(b"AP+A"), TargetType::Bytes, Limits::default()).unwrap(), b"\x03\x00\xff\x80");
        assert!(run(Staged::Text(b"AP+"), TargetType::Bytes, Limits::default()).is_err());
    }

    #[test]
    fn doubles_keep_what_they_are() {
        for (text, wanted) in [("-0.0", -0.0f64), ("5e-324", 5e-324), ("Infinity", f64::INFINITY), ("1.5", 1.5)] {
            let value = double(Staged::Text(text.as_bytes())).unwrap();
            assert_eq!(value.to_bits(), wanted.to_bits(), "{text}");
        }
        assert!(double(Staged::Text(b"NaN")).unwrap().is_nan());
    }

    #[test]
    fn a_document_is_its_text() {
        let of = |value| run(value, TargetType::Json, Limits::default()).unwrap();
        assert_eq!(of(Staged::Document(br#"{"a":1}"#)), b"\x07{\"a\":1}");
        assert_eq!(of(Staged::Text(b"x\\n")), b"\x05\"x\\n\"");
        assert_eq!(of(Staged::Plain(b"12")), b"\x0212");
    }

    #[test]
    fn a_value_of_another_type_is_not_sent() {
        for (value, of) in [
            (Staged::Text(b"yes"), TargetType::Bool),
            (Staged::Plain(b"1"), TargetType::String),
            (Staged::Document(b"[]"), TargetType::Int64),
            (Staged::Plain(b"1"), TargetType::Date),
            (Staged::Text(b"2024-13-01"), TargetType::Date),
            (Staged::Text(b"2024-01-01"), TargetType::Timestamp),
        ] {
            assert!(run(value, of, Limits::default()).is_err(), "{value:?} {of}");
        }
    }
}
