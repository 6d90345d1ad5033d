//! What of PostgreSQL's types a target can't hold, for people.

use crate::encode::{ArrayCodec, ArrayForm, Document, Scalar, Width};

/// Of an array that the server's `to_json` has made.
pub(super) const MADE_ARRAY: &str = "bounds that do not begin at 1, and what a json column cannot hold";

/// Of one value; empty where the target holds all there are.
pub(super) fn caveat(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Decimal(Width::Typed) => "NaN and Infinity",
        Scalar::Decimal(Width::Numeric) => {
            "NaN, Infinity, more than 29 digits before the point and more than 9 behind it"
        }
        Scalar::Decimal(Width::BigNumeric) => {
            "NaN, Infinity, beyond ±5.7896…E38, and more than 38 digits behind the point"
        }
        Scalar::Date | Scalar::Timestamp | Scalar::TimestampUtc => "infinity, BC and years after 9999",
        Scalar::Time => "24:00:00",
        Scalar::Json(Document::Parsed) => {
            "a bare null, nesting deeper than 500, and numbers that neither INT64 nor FLOAT64 hold exactly"
        }
        Scalar::Json(Document::Made) => "what a json column cannot hold",
        Scalar::Json(Document::Written) => {
            "a bare null, a key twice in one object, half a surrogate pair, nesting deeper than 500, and numbers that \
             neither INT64 nor FLOAT64 hold exactly"
        }
        Scalar::Json(Document::Claimed) => "what is no JSON, and what a json column cannot hold either",
        Scalar::Bool | Scalar::Int | Scalar::Float | Scalar::Text | Scalar::Bytes => "",
    }
}

/// Of an array.
pub(super) fn array_caveat(array: ArrayCodec) -> String {
    let of = match (array.form, array.of) {
        (ArrayForm::Repeated, of) => caveat(of),
        (ArrayForm::Json, Scalar::Decimal(_)) => "numbers that neither INT64 nor FLOAT64 hold exactly",
        (ArrayForm::Json, of @ Scalar::Json(_)) => caveat(of),
        (ArrayForm::Json, _) => "",
    };
    let own = match array.form {
        ArrayForm::Json => "bounds that do not begin at 1",
        ArrayForm::Repeated => {
            "a NULL element, more than one dimension, bounds that do not begin at 1 (and a NULL array reads as an empty one)"
        }
    };
    if of.is_empty() { own.to_owned() } else { format!("{own}; {of}") }
}
