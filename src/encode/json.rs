//! `json` and `jsonb`: the document passes as text, checked for what BigQuery's JSON can't hold.
//!
//! BigQuery keeps a number as INT64, UINT64 or FLOAT64; anything else would be rounded on the way in. A bare `null` would
//! load as SQL NULL. Source: <https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#wide_number_mode>

use super::Unrepresentable;

/// BigQuery's limit on nesting. Source: <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#json_type>
const MAX_DEPTH: usize = 500;

/// Appends a document on one line.
pub(super) fn document(field: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    let start = out.len();
    flatten(field, out);
    check(&out[start..])
}

/// Undoes COPY's escapes. A control character in a valid document can only be white space between tokens, so each becomes
/// a blank: NDJSON has one document a line.
fn flatten(field: &[u8], out: &mut Vec<u8>) {
    let mut rest = field;
    while let Some(stop) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..stop]);
        match rest.get(stop + 1) {
            Some(b'\\') => out.push(b'\\'),
            Some(_) => out.push(b' '),
            None => {}
        }
        rest = &rest[(stop + 2).min(rest.len())..];
    }
    out.extend_from_slice(rest);
}

fn check(text: &[u8]) -> Result<(), Unrepresentable> {
    if text.trim_ascii() == b"null" {
        return Err(Unrepresentable("a bare JSON null"));
    }
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(&b) = text.get(at) {
        match b {
            b'"' => {
                let end = end_of_string(text, at + 1);
                if has_lone_surrogate(&text[at..end]) {
                    return Err(Unrepresentable("half of a surrogate pair, which is no character"));
                }
                at = end;
            }
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(Unrepresentable("nested deeper than 500"));
                }
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            b'-' | b'0'..=b'9' => {
                let len = text[at..]
                    .iter()
                    .take_while(|b| matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'))
                    .count();
                if !is_exact(&text[at..at + len]) {
                    return Err(Unrepresentable("a number that neither INT64 nor FLOAT64 holds exactly"));
                }
                at += len;
            }
            _ => at += 1,
        }
    }
    Ok(())
}

/// `json` keeps `\ud800` as it was written; no Unicode text can hold it.
fn has_lone_surrogate(string: &[u8]) -> bool {
    let unit = |at: usize| {
        let hex = string.get(at..at + 6).filter(|e| e.starts_with(b"\\u"))?;
        std::str::from_utf8(&hex[2..]).ok().and_then(|h| u16::from_str_radix(h, 16).ok())
    };
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', string.get(at..).unwrap_or_default()) {
        at += found;
        match unit(at) {
            Some(0xd800..=0xdbff) if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) => at += 12,
            Some(0xd800..=0xdfff) => return true,
            Some(_) => at += 6,
            None => at += 2,
        }
    }
    false
}

/// The place after the closing quote.
fn end_of_string(text: &[u8], mut at: usize) -> usize {
    while let Some(found) = memchr::memchr2(b'"', b'\\', text.get(at..).unwrap_or_default()) {
        if text[at + found] == b'"' {
            return at + found + 1;
        }
        at += found + 2;
    }
    text.len()
}

/// Whether a 64-bit integer or a double holds the number's decimal value.
fn is_exact(number: &[u8]) -> bool {
    // Every double tells 15 significant digits apart, and no exponent is in play.
    if number.len() <= 15 && !number.iter().any(|b| matches!(b, b'e' | b'E')) {
        return true;
    }
    let Ok(text) = std::str::from_utf8(number) else { return false };
    if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
        return true;
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => decimal_value(text) == decimal_value(&format!("{value:e}")),
        _ => false,
    }
}

/// Significant digits and the power of ten of the last one: equal for equal decimal values.
fn decimal_value(text: &str) -> (String, i64) {
    let text = text.trim_start_matches('-');
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return (String::new(), 0);
    }
    let zeros = digits.len() - digits.trim_end_matches('0').len();
    // An exponent beyond i64 belongs to no finite double.
    let exponent: i64 = exponent.parse().unwrap_or(i64::MAX / 2);
    let length = |n: usize| i64::try_from(n).unwrap_or(i64::MAX / 4);
    (significant.to_owned(), exponent - length(fraction.len()) + length(zeros))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(field: &str) -> Result<String, &'static str> {
        let mut out = Vec::new();
        document(field.as_bytes(), &mut out).map_err(|e| e.0)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_document_passes_on_one_line() {
        assert_eq!(run(r#"{"a":\n  [1,\t2]}"#).unwrap(), r#"{"a":   [1, 2]}"#);
        assert_eq!(run(r#"{"a": "line\\nbreak \\"quoted\\" \\\\"}"#).unwrap(), r#"{"a": "line\nbreak \"quoted\" \\"}"#);
        assert_eq!(run(r#""scalar""#).unwrap(), r#""scalar""#);
    }

    #[test]
    fn numbers_that_would_be_rounded_are_found() {
        for exact in [
            "1",
            "-0",
            "0.1",
            "1.5e3",
            "9223372036854775807",
            "18446744073709551615",
            "1e22",
            "0.30000000000000004",
            "1.7976931348623157e308",
            "5e-324",
            "100000000000000000000",
            "1.10",
            "1.0000000000000000000",
            "0.000000000000000000",
        ] {
            assert!(run(exact).is_ok(), "{exact}");
        }
        for rounded in ["0.1234567890123456789", "9223372036854775809.5", "1e400", "18446744073709551617", "1e-400"] {
            assert!(run(&format!("{{\"a\":[{rounded}]}}")).is_err(), "{rounded}");
        }
    }

    #[test]
    fn a_number_inside_a_string_is_text() {
        assert!(run(r#"{"1e999 \\" 1e999": "1e999"}"#).is_ok());
        assert!(run(r#"["\\\\", 1e999]"#).is_err());
    }

    #[test]
    fn half_a_surrogate_pair_is_no_text() {
        assert!(run(r#"["\\\\ud83e\\\\udd80 \\\\u00e9"]"#.replace("\\\\\\\\", "\\\\").as_str()).is_ok());
        for lone in [r"\\ud800", r"\\udc00", r"\\ud800\\ud800", r"\\ud83ex"] {
            assert!(run(&format!("[\"{lone}\"]")).is_err(), "{lone}");
        }
        // An escaped backslash before a u is no escape of a character.
        assert!(run(r#"["\\\\ud800"]"#).is_ok());
    }

    #[test]
    fn null_and_depth() {
        assert_eq!(run("null").unwrap_err(), "a bare JSON null");
        assert!(run("[null]").is_ok());
        assert!(run(&format!("{}{}", "[".repeat(500), "]".repeat(500))).is_ok());
        assert!(run(&format!("{}{}", "[".repeat(501), "]".repeat(501))).is_err());
    }
}
