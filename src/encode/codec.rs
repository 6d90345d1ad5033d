//! What a column's values become in JSON.

/// How one field becomes a JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    Scalar(Scalar),
    Array(ArrayCodec),
}

/// How one value becomes JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    Bool,
    Int,
    Float,
    Decimal(Width),
    /// The source's own text of any type.
    Text,
    Bytes,
    Date,
    Time,
    Timestamp,
    /// A timestamp without a zone that is declared to be UTC.
    TimestampUtc,
    Json(Document),
}

/// What a number has to fit, to be written as a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// The column's own type sees to it.
    Typed,
    Numeric,
    BigNumeric,
}

/// Where a JSON document comes from: what is known of it already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// The source has parsed it: no object has a key twice.
    Parsed,
    /// The text as somebody wrote it, valid JSON.
    Written,
    /// A text that is said to be JSON.
    Claimed,
    /// Made by the source from a value of another type. Its decoder knows what the source sends where it could not.
    Made,
}

/// How an array becomes JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArrayCodec {
    pub of: Scalar,
    pub form: ArrayForm,
    /// What separates the elements, where the source sends an array as text.
    pub delimiter: u8,
}

/// What becomes of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrayForm {
    /// A JSON document: dimensions and NULL elements stay.
    Json,
    /// A REPEATED column.
    Repeated,
}
