//! What a field of an answer is made of, and how a comment names it.

use super::comment::encoded;

/// What a field of an answer is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Plain,
    Text,
    Bytes,
    Decimal,
    Variant,
    Spoken,
    Shape,
    Offset,
    Hash,
    Flag,
    Count,
    Long,
    /// The number of a key in the list that was handed over.
    Number,
}

impl Form {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Decimal => "decimal",
            Self::Variant => "variant",
            Self::Spoken => "spoken",
            Self::Shape => "shape",
            Self::Offset => "offset",
            Self::Hash => "hash",
            Self::Flag => "flag",
            Self::Count => "count",
            Self::Long => "long",
            Self::Number => "number",
        }
    }
}

/// A field of an answer, as `columns=` has it.
pub fn column(name: &str, form: Form) -> String {
    format!("{}:{}", encoded(name), form.name())
}
