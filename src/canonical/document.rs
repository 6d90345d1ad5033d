//! The structure of a JSON document.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use super::append::push;
use super::compared::Structure;

/// A document, as far as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document<'a> {
    Null,
    Boolean,
    Number,
    String,
    /// How many elements it has.
    Array(usize),
    /// Its keys, each once, in any order.
    Object(Vec<Cow<'a, str>>),
}

impl<'a> Document<'a> {
    /// The structure of a document that somebody has parsed.
    pub fn of(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::String,
            Value::Array(elements) => Self::Array(elements.len()),
            Value::Object(fields) => Self::Object(fields.keys().map(|k| Cow::Borrowed(k.as_str())).collect()),
        }
    }

    /// The structure of a text's document; `None` where it is none.
    pub fn read(text: &str) -> Option<Document<'static>> {
        let owned = match Document::of(&parse(text)?) {
            Document::Null => Document::Null,
            Document::Boolean => Document::Boolean,
            Document::Number => Document::Number,
            Document::String => Document::String,
            Document::Array(length) => Document::Array(length),
            Document::Object(keys) => Document::Object(keys.into_iter().map(|k| Cow::Owned(k.into_owned())).collect()),
        };
        Some(owned)
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// Appends all that is compared of it.
    pub(super) fn append(&self, out: &mut String) {
        out.push_str(self.kind());
        match self {
            Self::Array(length) => push(out, format_args!("{length}")),
            Self::Object(keys) => {
                let mut keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
                keys.sort_unstable_by_key(|k| (k.len(), *k));
                let keys: Vec<Cow<'_, str>> = keys.into_iter().map(quoted).collect();
                push(out, format_args!("{{{}}}", keys.join(",")));
            }
            Self::Null | Self::Boolean | Self::Number | Self::String => {}
        }
    }

    /// The same, or its kind alone.
    pub(super) fn append_as(&self, structure: Structure, out: &mut String) {
        match structure {
            Structure::Full => self.append(out),
            Structure::Kind => out.push_str(self.kind()),
        }
    }
}

/// As PostgreSQL prints a text in an array: in quotes where it needs them.
/// Source: `array_out` in PostgreSQL's arrayfuncs.c
fn quoted(key: &str) -> Cow<'_, str> {
    let special = |c| matches!(c, '"' | '\\' | '{' | '}' | ',' | ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}');
    if key.is_empty() || key.eq_ignore_ascii_case("null") || key.contains(special) {
        Cow::Owned(format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\"")))
    } else {
        Cow::Borrowed(key)
    }
}

/// However deep it is: BigQuery holds 500 levels.
pub(super) fn parse(text: &str) -> Option<Value> {
    let mut parser = serde_json::Deserializer::from_str(text);
    parser.disable_recursion_limit();
    let value = Value::deserialize(&mut parser).ok()?;
    parser.end().ok()?;
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_by_length_and_then_by_bytes() {
        let text = |json: &str| {
            let mut out = String::new();
            Document::of(&serde_json::from_str(json).unwrap()).append(&mut out);
            out
        };
        assert_eq!(text(r#"{"b": 1, "aa": 2, "B": 3, "ä": 4, "": null}"#), "object{\"\",B,b,aa,ä}");
        assert_eq!(
            (text("[1, [2, 3]]"), text("\"x\""), text("{}")),
            ("array2".into(), "string".into(), "object{}".into())
        );
    }
}
