//! Arrays: from PostgreSQL's text form, `{1,NULL,"a \"b\""}`, to a JSON array.
//!
//! The form is that of `array_out`: elements in quotes where they need them, with a backslash before quotes and backslashes,
//! NULL without quotes, one pair of braces a dimension, and the bounds in front only where one does not begin at 1.

use super::bytea::append_bytea;
use super::date_time::{date, timestamp};
use super::escapes::unescape;
use crate::encode::value::{
    DocumentChecker, ObjectKeys, Unrepresentable, boolean, decimal, document_float, document_number, float, integer,
    string, time,
};
use crate::encode::{ArrayCodec, ArrayForm, Document, Scalar};

const BOUNDS: Unrepresentable = Unrepresentable("array bounds that do not begin at 1");
const BROKEN: Unrepresentable = Unrepresentable("not in the form of an array");

/// Decodes arrays. It keeps its buffers from array to array.
#[derive(Debug, Default)]
pub(super) struct ArrayDecoder {
    /// The array without COPY's escapes.
    text: Vec<u8>,
    /// An element without its quotes.
    element: Vec<u8>,
    bytes: Vec<u8>,
    documents: DocumentChecker,
}

impl ArrayDecoder {
    /// Appends the array of a field.
    pub(super) fn append(&mut self, codec: ArrayCodec, field: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        unescape(field, &mut text);
        let outcome = self.append_plain(codec, &text, out);
        self.text = text;
        outcome
    }

    fn append_plain(&mut self, codec: ArrayCodec, text: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
        let ArrayCodec { form, delimiter, .. } = codec;
        if text.first() == Some(&b'[') {
            return Err(BOUNDS);
        }
        let mut depth = 0u32;
        let mut at = 0;
        while let Some(&b) = text.get(at) {
            match b {
                b'{' => {
                    depth += 1;
                    if depth > 1 && form == ArrayForm::Repeated {
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
                b if b == delimiter => {
                    out.push(b',');
                    at += 1;
                }
                b'"' => {
                    let mut element = std::mem::take(&mut self.element);
                    at = unquote(text, at + 1, &mut element);
                    let outcome = self.append_element(codec, &element, out);
                    self.element = element;
                    outcome?;
                }
                _ => {
                    let rest = &text[at..];
                    let length = rest.iter().position(|&b| b == delimiter || b == b'}').unwrap_or(rest.len());
                    match (&rest[..length], form) {
                        (b"NULL", ArrayForm::Json) => out.extend_from_slice(b"null"),
                        (b"NULL", ArrayForm::Repeated) => return Err(Unrepresentable("a NULL element")),
                        (element, _) => self.append_element(codec, element, out)?,
                    }
                    at += length;
                }
            }
        }
        if depth == 0 && !text.is_empty() { Ok(()) } else { Err(BROKEN) }
    }

    fn append_element(&mut self, codec: ArrayCodec, plain: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
        match (codec.form, codec.of) {
            (_, Scalar::Bool) => boolean(plain == b"t", out),
            (ArrayForm::Json, Scalar::Float) => document_float(plain, out),
            (ArrayForm::Repeated, Scalar::Float) => float(plain, out),
            (_, Scalar::Json(Document::Parsed)) => self.documents.append(plain, ObjectKeys::AreUnique, out)?,
            (_, Scalar::Json(_)) => self.documents.append(plain, ObjectKeys::MayRepeat, out)?,
            (ArrayForm::Json, Scalar::Int) => out.extend_from_slice(plain),
            (ArrayForm::Json, Scalar::Decimal(_)) => document_number(plain, out)?,
            (ArrayForm::Repeated, Scalar::Int) => integer(plain, out),
            (ArrayForm::Repeated, Scalar::Decimal(width)) => decimal(plain, width, out)?,
            (ArrayForm::Repeated, Scalar::Date) => date(plain, out)?,
            (ArrayForm::Repeated, Scalar::Time) => time(plain, out)?,
            (ArrayForm::Repeated, Scalar::Timestamp | Scalar::TimestampUtc) => timestamp(plain, out)?,
            (ArrayForm::Repeated, Scalar::Bytes) => append_bytea(plain, &mut self.bytes, out)?,
            // Inside a document a text holds every date, and the server's own form of bytes.
            (
                ArrayForm::Json,
                Scalar::Date | Scalar::Time | Scalar::Timestamp | Scalar::TimestampUtc | Scalar::Bytes,
            )
            | (_, Scalar::Text) => string(plain, out),
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
    use super::*;
    use crate::encode::Width;

    fn run(codec: ArrayCodec, text: &str, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
        ArrayDecoder::default().append_plain(codec, text.as_bytes(), out)
    }

    fn append(of: Scalar, form: ArrayForm, text: &str) -> Result<String, &'static str> {
        let mut out = Vec::new();
        let codec = ArrayCodec { of, form, delimiter: b',' };
        run(codec, text, &mut out).map_err(|e| e.0)?;
        Ok(String::from_utf8(out).unwrap())
    }

    fn json(of: Scalar, text: &str) -> Result<String, &'static str> {
        append(of, ArrayForm::Json, text)
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
        let repeated = |of, text: &str| append(of, ArrayForm::Repeated, text);
        assert_eq!(repeated(Scalar::Int, "{1,9223372036854775807}").unwrap(), r#"[1,"9223372036854775807"]"#);
        assert_eq!(repeated(Scalar::Decimal(Width::BigNumeric), "{1.5}").unwrap(), r#"["1.5"]"#);
        assert_eq!(repeated(Scalar::Bytes, "{\"\\\\x00ff\"}").unwrap(), r#"["AP8="]"#);
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
        let codec = ArrayCodec { of: Scalar::Text, form: ArrayForm::Json, delimiter: b';' };
        run(codec, "{(1,1),(0,0);(2,2),(1,1)}", &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), r#"["(1,1),(0,0)","(2,2),(1,1)"]"#);
    }
}
