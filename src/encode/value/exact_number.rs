//! Whether BigQuery's JSON takes a number, by the rule of its own parser: an integer of 64 bits, or a double that prints as
//! the same decimal value. Everything else would be rounded, and a load that meets it fails.
//!
//! Source: `CheckNumberRoundtrip` and `ParseExponent` of
//! <https://github.com/google/zetasql/blob/master/zetasql/public/json_value.cc> and `numeric_parser.cc` beside it. The test
//! `json_numbers` holds this rule against Google's engine.

use super::grisu::{Decimal, printed};

/// A longer number is refused, unless it is an integer of 64 bits.
const LONGEST: usize = 1500;
/// No double prints with more digits.
const MOST_DIGITS: u32 = 17;
/// Added to an exponent by the parser, which refuses what overflows then. The engine built for 32 bits, which the rule is held
/// against, also refuses digits under what stays below zero; the one for 64 bits would not, but no server prints such a number.
const MOST_FRACTION: i64 = 1074;

/// Whether a number, in the form of JSON, is held exactly.
pub(super) fn is_exact(number: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(number) else { return false };
    let magnitude = text.strip_prefix('-').unwrap_or(text);
    if magnitude.bytes().all(|b| b.is_ascii_digit()) && (text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok()) {
        return true;
    }
    if text.len() > LONGEST {
        return false;
    }
    let (mantissa, exponent) = magnitude.split_once(['e', 'E']).unwrap_or((magnitude, "0"));
    match magnitude.parse::<f64>() {
        Ok(0.0) => mantissa.bytes().all(|b| matches!(b, b'0' | b'.')) && is_readable(exponent),
        Ok(value) if value.is_finite() => {
            let exponent = exponent.parse().ok().filter(|e| *e >= -MOST_FRACTION);
            exponent.and_then(|e| decimal(mantissa, e)) == Some(without_zeros(printed(value)))
        }
        _ => false,
    }
}

/// A text that is exact for a positive, finite double, whatever text it came as.
pub(super) fn exact_text(value: f64) -> String {
    let Decimal { digits, exponent } = printed(value);
    format!("{digits}e{exponent}")
}

/// Whether the parser reads the exponent of a zero. One below 64 bits, or above them without a sign, is read as the nearest.
fn is_readable(exponent: &str) -> bool {
    match exponent.parse::<i64>() {
        Ok(e) => e.checked_add(MOST_FRACTION).is_some(),
        Err(_) => !exponent.starts_with('+'),
    }
}

/// A decimal text without zeros at its end; `None` where it has more digits than any double prints with.
fn decimal(mantissa: &str, mut exponent: i64) -> Option<Decimal> {
    let (mut digits, mut count, mut zeros, mut is_fraction) = (0u64, 0, 0, false);
    for b in mantissa.bytes() {
        match b {
            b'.' => is_fraction = true,
            b'0' => {
                zeros += u32::from(digits > 0);
                exponent -= i64::from(is_fraction);
            }
            b'1'..=b'9' => {
                count += zeros + 1;
                if count > MOST_DIGITS {
                    return None;
                }
                digits = digits * 10u64.pow(zeros + 1) + u64::from(b - b'0');
                zeros = 0;
                exponent -= i64::from(is_fraction);
            }
            _ => return None,
        }
    }
    Some(Decimal { digits, exponent: exponent.checked_add(i64::from(zeros))? })
}

fn without_zeros(mut value: Decimal) -> Decimal {
    while value.digits > 0 && value.digits.is_multiple_of(10) {
        value = Decimal { digits: value.digits / 10, exponent: value.exponent + 1 };
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_engine_takes_is_taken() {
        for exact in [
            "1",
            "-0",
            "-0.0",
            "-0e5",
            "0.1",
            "1.5e3",
            "9223372036854775807",
            "-9223372036854775808",
            "18446744073709551615",
            "1e22",
            "9.999999999999999e22",
            "0.30000000000000004",
            "1.7976931348623157e308",
            "5e-324",
            "5.0E-324",
            "100000000000000000000",
            "1.10",
            "1.0000000000000000000",
            "0.000000000000000000",
            "-250000.2500000000000000",
            "123456789012345000000000",
            "0e500",
            "0e-2000",
            "0e99999999999999999999",
            "0e9223372036854774733",
            "0e-99999999999999999999",
        ] {
            assert!(is_exact(exact.as_bytes()), "{exact}");
        }
        let padded = format!("0.5{}", "0".repeat(1497));
        assert!(is_exact(padded.as_bytes()));
        assert!(!is_exact(format!("{padded}0").as_bytes()), "too long for its parser");
        for (zeros, exact) in [(1074, true), (1075, false)] {
            assert_eq!(is_exact(format!("1{}e-{zeros}", "0".repeat(zeros)).as_bytes()), exact, "{zeros}");
        }
    }

    #[test]
    fn what_is_no_number_is_survived() {
        for text in ["", "-", "--1", "-+1", "1e", "1e5e5", ".", "1-2", "e5"] {
            assert!(!is_exact(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_the_engine_refuses_is_found() {
        for rounded in [
            "1e23",
            "5e22",
            "-1e126",
            "100000000000000000000000",
            "0.1234567890123456789",
            "9223372036854775809.5",
            "18446744073709551616",
            "18446744073709551617",
            "-9223372036854775809",
            "4.9e-324",
            "1e400",
            "1e-400",
            "0e9223372036854774734",
            "0e+99999999999999999999",
        ] {
            assert!(!is_exact(rounded.as_bytes()), "{rounded}");
        }
    }

    #[test]
    fn every_double_has_an_exact_text() {
        for value in [1e23, 5e22, 5e-324, f64::MAX, 0.1, 1.0 / 3.0] {
            let text = exact_text(value);
            assert!(is_exact(text.as_bytes()) && text.parse::<f64>() == Ok(value), "{text}");
        }
    }
}
