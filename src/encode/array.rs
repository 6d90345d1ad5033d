//! Arrays: from PostgreSQL's text form, `{1,NULL,"a \"b\""}`, to a JSON array.
//!
//! The form is that of `array_out`: elements in quotes where they need them, with a backslash before quotes and backslashes,
//! NULL without quotes, one pair of braces a dimension, and the bounds in front only where one does not begin at 1.

use super::mapping::{Document, Scalar};
use super::text::{append_plain_string, unescape};
use super::value::Scratch;
use super::{Unrepresentable, json, scalar};

/// What becomes of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A JSON document: dimensions and NULL elements stay.
    Json,
    /// A REPEATED column.
    Repeated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ArrayCodec {
    pub of: Scalar,
    pub form: Form,
    pub delimiter: u8,
}

const BOUNDS: Unrepresentable = Unrepresentable("array bounds that do not begin at 1");
const BROKEN: Unrepresentable = Unrepresentable("not in the form of an array");

impl ArrayCodec {
    /// What can't be held, for people.
    pub fn caveat(self) -> String {
        let of = match (self.form, self.of) {
            (Form::Repeated, of) => of.caveat(super::mapping::Read::AsItIs),
            (Form::Json, Scalar::Decimal(_)) => "numbers that neither INT64 nor FLOAT64 hold exactly",
            (Form::Json, of @ Scalar::Json(_)) => of.caveat(super::mapping::Read::AsItIs),
            (Form::Json, _) => "",
        };
        let own = match self.form {
            Form::Json => "bounds that do not begin at 1",
            Form::Repeated => {
                "a NULL element, more than one dimension, bounds that do not begin at 1 (and a NULL array reads as an empty one)"
            }
        };
        if of.is_empty() { own.to_owned() } else { format!("{own}; {of}") }
    }

    /// Appends the array of a COPY field.
    pub fn append(self, field: &[u8], scratch: &mut Scratch, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
        let mut text = std::mem::take(&mut scratch.array);
        text.clear();
        unescape(field, &mut text);
        let outcome = self.append_plain(&text, scratch, out);
        scratch.array = text;
        outcome
    }

    fn append_plain(self, text: &[u8], scratch: &mut Scratch, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
        if text.first() == Some(&b'[') {
            return Err(BOUNDS);
        }
        let mut depth = 0u32;
        let mut at = 0;
        while let Some(&b) = text.get(at) {
            match b {
                b'{' => {
                    depth += 1;
                    if depth > 1 && self.form == Form::Repeated {
                        return Err(Unrepresentable("an array of more than one dimension"));
                    }
                    out.push(b'[');
                    at += 1;
                }
                b'}' => {
                    depth = depth.checked_sub(1).ok_or(BROKEN)?;
                    out.push(b']');
                    at += 1;
                }
                b if b == self.delimiter => {
                    out.push(b',');
                    at += 1;
                }
                b'"' => {
                    let mut element = std::mem::take(&mut scratch.element);
                    at = unquote(text, at + 1, &mut element);
                    let outcome = self.append_element(&element, scratch, out);
                    scratch.element = element;
                    outcome?;
                }
                _ => {
                    let rest = &text[at..];
                    let length = rest.iter().position(|&b| b == self.delimiter || b == b'}').unwrap_or(rest.len());
                    match (&rest[..length], self.form) {
                        (b"NULL", Form::Json) => out.extend_from_slice(b"null"),
                        (b"NULL", Form::Repeated) => return Err(Unrepresentable("a NULL element")),
                        (element, _) => self.append_element(element, scratch, out)?,
                    }
                    at += length;
                }
            }
        }
        if depth == 0 && !text.is_empty() { Ok(()) } else { Err(BROKEN) }
    }

    fn append_element(self, plain: &[u8], scratch: &mut Scratch, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
        match (self.form, self.of) {
            (_, Scalar::Bool) => scalar::boolean(plain, out),
            (Form::Json, Scalar::Float) => json::float(plain, out),
            (Form::Repeated, Scalar::Float) => scalar::float(plain, out),
            (_, Scalar::Json(Document::Binary)) => json::plain_document(plain, json::Keys::AreUnique, scratch, out)?,
            (_, Scalar::Json(_)) => json::plain_document(plain, json::Keys::MayRepeat, scratch, out)?,
            (Form::Json, Scalar::Int) => out.extend_from_slice(plain),
            (Form::Json, Scalar::Decimal(_)) => json::number(plain, out)?,
            (Form::Repeated, Scalar::Int) => scalar::integer(plain, out),
            (Form::Repeated, Scalar::Decimal(width)) => scalar::decimal(plain, width, out)?,
            (Form::Repeated, Scalar::Date) => scalar::date(plain, out)?,
            (Form::Repeated, Scalar::Time) => scalar::time(plain, out)?,
            (Form::Repeated, Scalar::Timestamp | Scalar::TimestampUtc) => scalar::timestamp(plain, out)?,
            (Form::Repeated, Scalar::Bytea) => scalar::bytea(plain, &mut scratch.bytes, out)?,
            // Inside a document a text holds every date, and the server's own form of bytes.
            (Form::Json, Scalar::Date | Scalar::Time | Scalar::Timestamp | Scalar::TimestampUtc | Scalar::Bytea)
            | (_, Scalar::Text) => {
                out.push(b'"');
                append_plain_string(plain, out);
                out.push(b'"');
            }
        }
        Ok(())
    }
}

/// Reads a quoted element; the place behind its closing quote.
fn unquote(text: &[u8], mut at: usize, element: &mut Vec<u8>) -> usize {
    element.clear();
    while let Some(found) = memchr::memchr2(b'"', b'\\', text.get(at..).unwrap_or_default()) {
        element.extend_from_slice(&text[at..at + found]);
        at += found;
        if text[at] == b'"' {
            return at + 1;
        }
        element.extend(text.get(at + 1));
        at += 2;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::super::mapping::Width;
    use super::*;

    fn append(of: Scalar, form: Form, text: &str) -> Result<String, &'static str> {
        let mut out = Vec::new();
        let copied = text.replace('\\', "\\\\").replace('\n', "\\n");
        let codec = ArrayCodec { of, form, delimiter: b',' };
        codec.append(copied.as_bytes(), &mut Scratch::default(), &mut out).map_err(|e| e.0)?;
        Ok(String::from_utf8(out).unwrap())
    }

    fn json(of: Scalar, text: &str) -> Result<String, &'static str> {
        append(of, Form::Json, text)
    }

    #[test]
    fn elements_nulls_and_dimensions_survive_in_json() {
        assert_eq!(json(Scalar::Int, "{1,NULL,9223372036854775807}").unwrap(), "[1,null,9223372036854775807]");
        assert_eq!(json(Scalar::Int, "{{1,2},{3,4}}").unwrap(), "[[1,2],[3,4]]");
        assert_eq!(json(Scalar::Text, "{}").unwrap(), "[]");
        assert_eq!(json(Scalar::Text, "{a,\"NULL\",\"\",\"{,}\"}").unwrap(), r#"["a","NULL","","{,}"]"#);
        assert_eq!(json(Scalar::Text, "{\"q\\\"b\\\\s\nl\"}").unwrap(), r#"["q\"b\\s\nl"]"#);
        assert_eq!(json(Scalar::Bool, "{t,f}").unwrap(), "[true,false]");
        assert_eq!(json(Scalar::Float, "{NaN,-0,1.5,1e+23}").unwrap(), r#"["NaN",-0.0,1.5,9999999999999999e7]"#);
        assert_eq!(json(Scalar::Date, "{infinity,\"0044-03-15 BC\"}").unwrap(), r#"["infinity","0044-03-15 BC"]"#);
        let document = Scalar::Json(Document::Written);
        assert_eq!(json(document, r#"{"{\"a\": [1, null]}","\"x\""}"#).unwrap(), r#"[{"a": [1, null]},"x"]"#);
    }

    #[test]
    fn what_json_cannot_hold_is_found() {
        let decimal = Scalar::Decimal(Width::BigNumeric);
        assert_eq!(json(decimal, "{10.10,NaN}").unwrap(), r#"[10.10,"NaN"]"#);
        assert!(json(decimal, "{0.1234567890123456789}").is_err());
        assert_eq!(json(Scalar::Int, "[2:3]={1,2}").unwrap_err(), BOUNDS.0);
        assert!(json(Scalar::Json(Document::Written), r#"{"null"}"#).is_err());
        for broken in ["", "{", "}", "{1", "1}}"] {
            assert!(json(Scalar::Int, broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_repeated_column_takes_plain_lists_only() {
        let repeated = |of, text: &str| append(of, Form::Repeated, text);
        assert_eq!(repeated(Scalar::Int, "{1,9223372036854775807}").unwrap(), r#"[1,"9223372036854775807"]"#);
        assert_eq!(repeated(Scalar::Decimal(Width::BigNumeric), "{1.5}").unwrap(), r#"["1.5"]"#);
        assert_eq!(repeated(Scalar::Bytea, "{\"\\\\x00ff\"}").unwrap(), r#"["AP8="]"#);
        assert_eq!(
            repeated(Scalar::Timestamp, "{\"2024-01-01 00:00:00+00\"}").unwrap(),
            r#"["2024-01-01 00:00:00+00"]"#
        );
        assert_eq!(repeated(Scalar::Int, "{}").unwrap(), "[]");
        assert_eq!(repeated(Scalar::Int, "{1,NULL}").unwrap_err(), "a NULL element");
        assert_eq!(repeated(Scalar::Int, "{{1}}").unwrap_err(), "an array of more than one dimension");
        assert_eq!(repeated(Scalar::Date, "{infinity}").unwrap_err(), "infinity");
    }

    #[test]
    fn a_box_is_followed_by_a_semicolon() {
        let mut out = Vec::new();
        let codec = ArrayCodec { of: Scalar::Text, form: Form::Json, delimiter: b';' };
        codec.append(b"{(1,1),(0,0);(2,2),(1,1)}", &mut Scratch::default(), &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), r#"["(1,1),(0,0)","(2,2),(1,1)"]"#);
    }
}
