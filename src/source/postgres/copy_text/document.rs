//! `json` and `jsonb`, and what the server's `to_json` has made.

use super::escapes::unescape;
use crate::encode::value::{DocumentChecker, ObjectKeys, Unrepresentable};

/// Appends a document on one line.
pub(super) fn append_document(
    field: &[u8],
    keys: ObjectKeys,
    checker: &mut DocumentChecker,
    out: &mut Vec<u8>,
) -> Result<(), Unrepresentable> {
    let start = out.len();
    flatten(field, out);
    checker.check(&out[start..], keys)
}

/// Appends a text that is said to be JSON.
pub(super) fn append_claimed(
    field: &[u8],
    scratch: &mut Vec<u8>,
    checker: &mut DocumentChecker,
    out: &mut Vec<u8>,
) -> Result<(), Unrepresentable> {
    scratch.clear();
    unescape(field, scratch);
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(scratch).is_ok();
    if is_json { append_document(field, ObjectKeys::MayRepeat, checker, out) } else { Err(Unrepresentable("not JSON")) }
}

/// Appends what the server's `to_json` has made of a composite, or of an array of them.
pub(super) fn append_made(
    field: &[u8],
    checker: &mut DocumentChecker,
    out: &mut Vec<u8>,
) -> Result<(), Unrepresentable> {
    // The array's own text, asked for where its bounds would be lost: `[2:3]={…}`.
    if let [b'[', b'-' | b'0'..=b'9', ..] = field {
        return Err(Unrepresentable("array bounds that do not begin at 1"));
    }
    // A `json` attribute inside may have a key twice.
    append_document(field, ObjectKeys::MayRepeat, checker, out)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn run(field: &str) -> Result<String, &'static str> {
        let mut out = Vec::new();
        append_document(field.as_bytes(), ObjectKeys::MayRepeat, &mut DocumentChecker::default(), &mut out)
            .map_err(|e| e.0)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_document_passes_on_one_line() {
        assert_eq!(run(r#"{"a":\n  [1,\t2]}"#).unwrap(), r#"{"a":   [1, 2]}"#);
        assert_eq!(run(r#"{"a": "line\\nbreak \\"quoted\\" \\\\"}"#).unwrap(), r#"{"a": "line\nbreak \"quoted\" \\"}"#);
        assert_eq!(run(r#""scalar""#).unwrap(), r#""scalar""#);
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
    fn a_key_that_stands_twice_is_found() {
        for twice in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"b":{"c":[],"c":1}}"#,
            r#"[{"a":1, "\\u0061":2}]"#,
            r#"{"a":[{"x":1}],"b":"a","a":0}"#,
        ] {
            assert_eq!(run(twice).unwrap_err(), "a key twice in one object", "{twice}");
        }
        for once in [r#"{"a":"a","b":["a","a"],"c":{"a":1}}"#, r#"[{"a":1},{"a":2}]"#, r#"{"":1," ":2}"#] {
            assert!(run(once).is_ok(), "{once}");
        }
    }

    #[test]
    fn a_text_that_is_said_to_be_json() {
        let claim = |field: &str| {
            let mut out = Vec::new();
            append_claimed(field.as_bytes(), &mut Vec::new(), &mut DocumentChecker::default(), &mut out)
                .map_err(|e| e.0)?;
            Ok::<_, &str>(String::from_utf8(out).unwrap())
        };
        assert_eq!(claim(r#"{"a":\n 1}"#).unwrap(), r#"{"a":  1}"#);
        for not in ["", "{", "plain", r#""a\nb""#, "01", "{'a':1}"] {
            assert_eq!(claim(not).unwrap_err(), "not JSON", "{not}");
        }
    }
}
