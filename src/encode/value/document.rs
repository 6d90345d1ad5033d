//! JSON documents: they pass as text, checked for what BigQuery's JSON can't hold.
//!
//! BigQuery keeps a number as INT64, UINT64 or FLOAT64; anything else would be rounded on the way in, see [`is_exact`]. A bare
//! `null` would load as SQL NULL. Source:
//! <https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#wide_number_mode>

use std::hash::{Hash, Hasher};

use super::exact_number::{exact_text, is_exact};
use super::number::float;
use super::text::quoted;
use super::unrepresentable::Unrepresentable;

/// BigQuery's limit on nesting. Source: <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#json_type>
const MAX_DEPTH: usize = 500;

/// Whether an object may have a key twice: the source keeps both, BigQuery one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKeys {
    AreUnique,
    MayRepeat,
}

/// An object or array under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    /// Where its keys begin among all.
    Object(usize),
    Array,
}

/// Appends a number of a document: a string where JSON has none for it.
pub fn document_number(plain: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    let is_finite = plain.strip_prefix(b"-").unwrap_or(plain).first().is_some_and(u8::is_ascii_digit);
    if !is_finite {
        quoted(plain, out);
        return Ok(());
    }
    out.extend_from_slice(plain);
    if is_exact(plain) { Ok(()) } else { Err(ROUNDED) }
}

/// Appends a double of a document, which has many texts: one that BigQuery takes.
pub fn document_float(plain: &[u8], out: &mut Vec<u8>) {
    let magnitude = plain.strip_prefix(b"-").unwrap_or(plain);
    let is_taken = !magnitude.first().is_some_and(u8::is_ascii_digit) || is_exact(plain);
    let value = if is_taken { None } else { std::str::from_utf8(magnitude).ok().and_then(|t| t.parse::<f64>().ok()) };
    match value {
        Some(value) if value.is_finite() && value > 0.0 => {
            out.extend_from_slice(&plain[..plain.len() - magnitude.len()]);
            out.extend_from_slice(exact_text(value).as_bytes());
        }
        _ => float(plain, out),
    }
}

const ROUNDED: Unrepresentable = Unrepresentable("a number that neither INT64 nor FLOAT64 holds exactly");

/// Finds what BigQuery's JSON can't hold. It keeps its buffers from document to document.
#[derive(Debug, Default)]
pub struct DocumentChecker {
    /// Digests of the keys of the objects under way.
    keys: Vec<u64>,
    under_way: Vec<Frame>,
}

impl DocumentChecker {
    /// Appends a valid document on one line. A control character in it can only be white space between tokens, so each becomes a
    /// blank: NDJSON has one document a line.
    pub fn append(&mut self, text: &[u8], keys: ObjectKeys, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
        let start = out.len();
        out.extend(text.iter().map(|&b| if b < 0x20 { b' ' } else { b }));
        self.check(&out[start..], keys)
    }

    /// Checks a valid document.
    pub fn check(&mut self, text: &[u8], keys: ObjectKeys) -> Result<(), Unrepresentable> {
        if text.trim_ascii() == b"null" {
            return Err(Unrepresentable("a bare JSON null"));
        }
        self.keys.clear();
        self.under_way.clear();
        let mut depth = 0usize;
        // In an object: whether a string here is a key.
        let mut is_key = false;
        let mut at = 0;
        while let Some(&b) = text.get(at) {
            match b {
                b'"' => {
                    let end = end_of_string(text, at + 1);
                    let string = &text[at..end];
                    if has_lone_surrogate(string) {
                        return Err(Unrepresentable("half of a surrogate pair, which is no character"));
                    }
                    if is_key {
                        self.keys.push(digest(string));
                    }
                    is_key = false;
                    at = end;
                }
                b'{' | b'[' => {
                    depth += 1;
                    if depth > MAX_DEPTH {
                        return Err(Unrepresentable("nested deeper than 500"));
                    }
                    if keys == ObjectKeys::MayRepeat {
                        let frame = if b == b'{' { Frame::Object(self.keys.len()) } else { Frame::Array };
                        self.under_way.push(frame);
                        is_key = b == b'{';
                    }
                    at += 1;
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    if let Some(Frame::Object(first)) = self.under_way.pop() {
                        let own = &mut self.keys[first..];
                        own.sort_unstable();
                        if own.windows(2).any(|pair| pair[0] == pair[1]) {
                            return Err(Unrepresentable("a key twice in one object"));
                        }
                        self.keys.truncate(first);
                    }
                    is_key = false;
                    at += 1;
                }
                b',' => {
                    is_key = matches!(self.under_way.last(), Some(Frame::Object(_)));
                    at += 1;
                }
                b'-' | b'0'..=b'9' => {
                    let len = text[at..]
                        .iter()
                        .take_while(|b| matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'))
                        .count();
                    if !is_exact(&text[at..at + len]) {
                        return Err(ROUNDED);
                    }
                    at += len;
                }
                _ => at += 1,
            }
        }
        Ok(())
    }
}

/// Equal for equal keys, however they are spelled, and for no others that anybody will meet.
fn digest(quoted: &[u8]) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    match memchr::memchr(b'\\', quoted).and_then(|_| serde_json::from_slice::<String>(quoted).ok()) {
        Some(plain) => plain.as_bytes().hash(&mut hasher),
        None => quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().hash(&mut hasher),
    }
    hasher.finish()
}

/// A document may have `\ud800` as it was written; no Unicode text can hold it.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> Result<String, &'static str> {
        let mut out = Vec::new();
        DocumentChecker::default().append(text.as_bytes(), ObjectKeys::MayRepeat, &mut out).map_err(|e| e.0)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_document_is_on_one_line_and_has_each_key_once() {
        assert_eq!(run("{\"a\":\n\t[1]}").unwrap(), "{\"a\":  [1]}");
        for twice in [r#"{"a":1,"a":2}"#, r#"[{"a":1, "\u0061":2}]"#] {
            assert_eq!(run(twice).unwrap_err(), "a key twice in one object", "{twice}");
        }
    }

    #[test]
    fn numbers_that_would_be_rounded_are_found() {
        for exact in ["1", "-0", "0.1", "1.5e3", "18446744073709551615", "1e22", "1.10"] {
            assert!(run(&format!("{{\"a\":[{exact}]}}")).is_ok(), "{exact}");
        }
        for rounded in ["0.1234567890123456789", "1e400", "18446744073709551617", "1e23", "100000000000000000000000"] {
            assert!(run(&format!("{{\"a\":[{rounded}]}}")).is_err(), "{rounded}");
        }
    }

    #[test]
    fn a_double_gets_a_text_that_is_taken() {
        let text = |plain: &str| {
            let mut out = Vec::new();
            document_float(plain.as_bytes(), &mut out);
            String::from_utf8(out).unwrap()
        };
        for same in ["0", "1.5", "5e-324", "1e+22", "0.1"] {
            assert_eq!(text(same), same);
        }
        assert_eq!((text("1e+23").as_str(), text("-5e+22").as_str()), ("9999999999999999e7", "-49999999999999996e6"));
        assert_eq!((text("-0").as_str(), text("NaN").as_str()), ("-0.0", "\"NaN\""));
    }

    #[test]
    fn null_and_depth() {
        assert_eq!(run("null").unwrap_err(), "a bare JSON null");
        assert!(run("[null]").is_ok());
        assert!(run(&format!("{}{}", "[".repeat(500), "]".repeat(500))).is_ok());
        assert!(run(&format!("{}{}", "[".repeat(501), "]".repeat(501))).is_err());
    }
}
