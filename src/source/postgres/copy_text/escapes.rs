//! The escapes of COPY's text format.

use crate::encode::value::{append_control, first_special};

/// Appends a COPY field as the inside of a JSON string.
///
/// COPY escapes `\b \f \n \r \t \v \\`; every other byte stands for itself. The field is valid UTF-8 because the
/// session's `client_encoding` is.
pub(super) fn append_json_string(field: &[u8], out: &mut Vec<u8>) {
    let mut rest = field;
    while let Some(stop) = first_special(rest) {
        out.extend_from_slice(&rest[..stop]);
        let byte = rest[stop];
        let mut used = 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => {
                used = 2;
                match rest.get(stop + 1) {
                    // JSON has the same letter for these five, and the backslash is escaped alike.
                    Some(c @ (b'b' | b'f' | b'n' | b'r' | b't' | b'\\')) => out.extend_from_slice(&[b'\\', *c]),
                    Some(b'v') => out.extend_from_slice(b"\\u000b"),
                    // Not sent by any server; the byte stands for itself.
                    Some(c) => append_json_string(&[*c], out),
                    None => used = 1,
                }
            }
            control => append_control(control, out),
        }
        rest = &rest[(stop + used).min(rest.len())..];
    }
    out.extend_from_slice(rest);
}

/// Appends a COPY field with its escapes undone.
pub(super) fn unescape(field: &[u8], out: &mut Vec<u8>) {
    let mut rest = field;
    while let Some(stop) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..stop]);
        match rest.get(stop + 1) {
            Some(b'b') => out.push(8),
            Some(b'f') => out.push(12),
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            Some(b't') => out.push(b'\t'),
            Some(b'v') => out.push(11),
            Some(other) => out.push(*other),
            None => {}
        }
        rest = &rest[(stop + 2).min(rest.len())..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(field: &str) -> String {
        let mut out = Vec::new();
        append_json_string(field.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_copy_field_becomes_the_json_string_of_the_same_text() {
        assert_eq!(json("plain ünïcode 🦀"), "plain ünïcode 🦀");
        assert_eq!(json(r"tab\tnewline\nback\\slash"), r"tab\tnewline\nback\\slash");
        assert_eq!(json(r"\v"), r"\u000b");
        assert_eq!(json("a\"b\u{1}c\u{1f}"), r#"a\"b\u0001c\u001f"#);
        assert_eq!(json(""), "");
    }

    /// Every byte string that COPY can send reads back, through both decoders, as the same text.
    #[test]
    fn both_ways_out_agree() {
        for text in ["\u{8}\u{c}\n\r\t\u{b}\\", "\\\\n", "\"\\\"", "\u{7f}\u{80}", "ends with \\"] {
            let copy: String = text
                .chars()
                .map(|c| match c {
                    '\u{8}' => "\\b".to_owned(),
                    '\u{c}' => "\\f".to_owned(),
                    '\n' => "\\n".to_owned(),
                    '\r' => "\\r".to_owned(),
                    '\t' => "\\t".to_owned(),
                    '\u{b}' => "\\v".to_owned(),
                    '\\' => "\\\\".to_owned(),
                    c => c.to_string(),
                })
                .collect();
            let mut plain = Vec::new();
            unescape(copy.as_bytes(), &mut plain);
            assert_eq!(plain, text.as_bytes());
            let decoded: String = serde_json::from_str(&format!("\"{}\"", json(&copy))).unwrap();
            assert_eq!(decoded, text);
        }
    }

    #[test]
    fn a_broken_escape_at_the_end_is_survived() {
        assert_eq!(json("a\\"), "a");
        let mut out = Vec::new();
        unescape(b"a\\", &mut out);
        assert_eq!(out, b"a");
    }
}
