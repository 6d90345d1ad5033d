//! One field of a row, by its column's codec.

use super::array::ArrayDecoder;
use super::bytea::append_bytea;
use super::date_time::{date, timestamp, timestamp_utc};
use super::document::{append_claimed, append_document, append_made};
use super::escapes::{append_json_string, unescape};
use super::fields::CopyFields;
use crate::encode::value::{DocumentChecker, ObjectKeys, Unrepresentable, boolean, decimal, float, integer, time};
use crate::encode::{Codec, Decoder, Document, Scalar};

/// What stands for NULL. A value that is a backslash and an N has its backslash doubled.
const NULL: &[u8] = br"\N";

/// Decodes rows of COPY text. It keeps its buffers from value to value.
#[derive(Debug, Default)]
pub struct CopyText {
    /// A value without COPY's escapes, or the bytes of a `bytea`.
    plain: Vec<u8>,
    documents: DocumentChecker,
    arrays: ArrayDecoder,
}

impl Decoder for CopyText {
    type Row = [u8];
    type Field<'r> = &'r [u8];
    type Fields<'r> = CopyFields<'r>;

    fn source(&self) -> &'static str {
        "PostgreSQL"
    }

    fn fields(row: &[u8]) -> CopyFields<'_> {
        CopyFields::of(row)
    }

    fn is_null(field: &[u8]) -> bool {
        field == NULL
    }

    fn is_true(field: &[u8]) -> bool {
        field == b"t"
    }

    fn integer(field: &[u8]) -> Option<i64> {
        std::str::from_utf8(field).ok().and_then(|text| text.parse().ok())
    }

    #[inline]
    fn append_value(&mut self, field: &[u8], codec: Codec, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
        let scalar = match codec {
            Codec::Scalar(scalar) => scalar,
            Codec::Array(array) => return self.arrays.append(array, field, out),
        };
        match scalar {
            Scalar::Bool => boolean(field == b"t", out),
            Scalar::Int => integer(field, out),
            Scalar::Float => float(field, out),
            Scalar::Decimal(width) => decimal(field, width, out)?,
            // COPY has doubled the backslash.
            Scalar::Bytes => append_bytea(field.strip_prefix(b"\\").unwrap_or(field), &mut self.plain, out)?,
            Scalar::Date => date(field, out)?,
            Scalar::Time => time(field, out)?,
            Scalar::Timestamp => timestamp(field, out)?,
            Scalar::TimestampUtc => timestamp_utc(field, out)?,
            Scalar::Json(Document::Parsed) => append_document(field, ObjectKeys::AreUnique, &mut self.documents, out)?,
            Scalar::Json(Document::Written) => append_document(field, ObjectKeys::MayRepeat, &mut self.documents, out)?,
            Scalar::Json(Document::Claimed) => append_claimed(field, &mut self.plain, &mut self.documents, out)?,
            Scalar::Json(Document::Made) => append_made(field, &mut self.documents, out)?,
            Scalar::Text => self.append_string(field, out),
        }
        Ok(())
    }

    fn append_string(&mut self, field: &[u8], out: &mut Vec<u8>) {
        out.push(b'"');
        append_json_string(field, out);
        out.push(b'"');
    }

    fn plain_text<'a, 'r: 'a>(&'a mut self, field: &'r [u8]) -> &'a [u8] {
        if memchr::memchr(b'\\', field).is_none() {
            return field;
        }
        self.plain.clear();
        unescape(field, &mut self.plain);
        &self.plain
    }

    /// The fields as they were sent, with the tabs between them.
    fn key_bytes<'a, 'r: 'a>(&'a mut self, start: CopyFields<'r>, end: CopyFields<'r>) -> &'a [u8] {
        start.up_to(end)
    }
}
