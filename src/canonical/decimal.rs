//! Decimal numbers as text.

/// The parts of a decimal number: its sign, and its digits before and behind the point, without zeros that say nothing. `None` for what
/// is no number.
fn parts(text: &str) -> Option<(&'static str, &str, &str)> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if digits.len() == digits.matches('.').count() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    Some((if whole.is_empty() && fraction.is_empty() { "" } else { sign }, whole, fraction))
}

/// Appends the number; as it is if it is none.
pub(super) fn append(text: &str, out: &mut String) {
    let Some((sign, whole, fraction)) = parts(text) else { return out.push_str(text) };
    out.push_str(sign);
    out.push_str(if whole.is_empty() { "0" } else { whole });
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
}

/// The largest BIGNUMERIC.
/// Source: <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types>
const LARGEST: (&str, &str) = ("578960446186580977117854925043439539266", "34992332820282019728792003956564819967");

/// Whether a NUMERIC holds it: 29 digits before the point, 9 behind it.
pub(super) fn fits_numeric(text: &str) -> bool {
    parts(text).is_some_and(|(_, whole, fraction)| whole.len() <= 29 && fraction.len() <= 9)
}

/// Whether a BIGNUMERIC holds it: 38 digits behind the point, and no more than the largest before it.
pub(super) fn fits_bignumeric(text: &str) -> bool {
    // Of digits without zeros at the outer ends, longer or later in the order of texts is larger.
    parts(text).is_some_and(|(_, whole, fraction)| {
        fraction.len() <= 38 && (whole.len(), whole, fraction) <= (LARGEST.0.len(), LARGEST.0, LARGEST.1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_text() {
        for (text, expected) in [
            ("1.50", "1.5"),
            ("-0.00", "0"),
            ("+007", "7"),
            ("100", "100"),
            (".5", "0.5"),
            ("0", "0"),
            ("-10.0", "-10"),
        ] {
            let mut out = String::new();
            append(text, &mut out);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn the_largest_are_held_and_no_larger_ones() {
        let (whole, fraction) = LARGEST;
        assert!(fits_bignumeric(&format!("-{whole}.{fraction}")) && fits_bignumeric(&format!("{whole}.{fraction}000")));
        assert!(!fits_bignumeric(&format!("{whole}.34992332820282019728792003956564819968")));
        assert!(!fits_bignumeric("578960446186580977117854925043439539267") && !fits_bignumeric(&"9".repeat(40)));
        assert!(
            !fits_bignumeric(&format!("0.{}1", "0".repeat(38))) && !fits_bignumeric("NaN") && !fits_bignumeric(".")
        );
        assert!(fits_numeric(&format!("{}.{}000", "9".repeat(29), "9".repeat(9))));
        assert!(!fits_numeric(&"9".repeat(30)) && !fits_numeric("0.0000000001") && !fits_numeric("-Infinity"));
    }
}
