//! One field of a row, by its column's codec.

use super::mapping::{Codec, Document, Scalar};
use super::{Unrepresentable, json, scalar, text};

/// Buffers that are used again for every value.
#[derive(Default)]
pub(super) struct Scratch {
    pub bytes: Vec<u8>,
    /// An array's text without COPY's escapes.
    pub array: Vec<u8>,
    pub element: Vec<u8>,
    /// Digests of the keys of the objects under way, and where each object's begin.
    pub keys: Vec<u64>,
    pub objects: Vec<json::Frame>,
}

/// Appends the JSON value of a field as COPY sent it, or says why it can't.
pub(super) fn append_value(
    codec: Codec,
    field: &[u8],
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Result<(), Unrepresentable> {
    match codec {
        Codec::Scalar(Scalar::Bool) => scalar::boolean(field, out),
        Codec::Scalar(Scalar::Int) => scalar::integer(field, out),
        Codec::Scalar(Scalar::Float) => scalar::float(field, out),
        Codec::Scalar(Scalar::Decimal(width)) => scalar::decimal(field, width, out)?,
        Codec::Scalar(Scalar::Bytea) => {
            // COPY has doubled the backslash.
            let plain = field.strip_prefix(b"\\").unwrap_or(field);
            scalar::bytea(plain, &mut scratch.bytes, out)?;
        }
        Codec::Scalar(Scalar::Date) => scalar::date(field, out)?,
        Codec::Scalar(Scalar::Time) => scalar::time(field, out)?,
        Codec::Scalar(Scalar::Timestamp) => scalar::timestamp(field, out)?,
        Codec::Scalar(Scalar::TimestampUtc) => scalar::timestamp_utc(field, out)?,
        Codec::Scalar(Scalar::Json(Document::Binary)) => {
            json::document(field, json::Keys::AreUnique, scratch, out)?;
        }
        Codec::Scalar(Scalar::Json(Document::Written)) => json::document(field, json::Keys::MayRepeat, scratch, out)?,
        Codec::Scalar(Scalar::Json(Document::Claimed)) => json::claimed(field, scratch, out)?,
        Codec::Scalar(Scalar::Json(Document::Made)) => json::made(field, scratch, out)?,
        Codec::Scalar(Scalar::Text) => {
            out.push(b'"');
            text::append_json_string(field, out);
            out.push(b'"');
        }
        Codec::Array(array) => array.append(field, scratch, out)?,
        Codec::Hidden => {}
    }
    Ok(())
}
