//! How PostgreSQL compares and prints the values of a key or a cursor, by their types.

use super::native_type::{PostgresType, TypeKind};
use super::oid;
use crate::model::KeyFormat;
use crate::source::cursor::CursorType;
use crate::source::value_kind::ValueKind;

/// All integers, and `oid`, which has the range of none of them and fits the largest.
const INTEGERS: [u32; 4] = [oid::INT8, oid::INT2, oid::INT4, oid::OID];
/// Types whose equal values have one text: what is equal in the source is equal in BigQuery.
const PLAIN: [u32; 6] = [oid::INT8, oid::INT4, oid::INT2, oid::UUID, oid::TIMESTAMP, oid::TIMESTAMPTZ];

/// Whether values of the type are whole numbers.
pub fn is_integer(native: &PostgresType) -> bool {
    INTEGERS.contains(&native.base_oid)
}

/// The type a key column is compared as: one for all integers, whose indexes take any of them.
pub fn compared_as(native: &PostgresType) -> &str {
    if is_integer(native) { "int8" } else { &native.base_name }
}

/// Whether equal values of the type always print alike.
pub fn has_one_spelling(native: &PostgresType) -> bool {
    is_integer(native) || native.base_oid == oid::UUID
}

/// Whether two texts of the type are never equal to the server.
pub(super) fn compares_as_its_text(base_oid: u32) -> bool {
    PLAIN.contains(&base_oid)
}

/// How a column is compared as a cursor; `None` where its type has no order that grows with every change.
pub fn cursor_type(native: &PostgresType) -> Option<CursorType> {
    match native.base_oid {
        oid::INT8 | oid::INT2 | oid::INT4 => Some(CursorType::Integer),
        oid::DATE => Some(CursorType::Date),
        oid::TIMESTAMP => Some(CursorType::Timestamp),
        oid::TIMESTAMPTZ => Some(CursorType::TimestampTz),
        _ => None,
    }
}

/// Whether a log's column can hold a key that is packed in this way.
pub fn can_pack(native: &PostgresType, format: &KeyFormat) -> bool {
    let is_text = matches!(native.base_oid, oid::TEXT | oid::VARCHAR);
    match format {
        KeyFormat::Columns => true,
        KeyFormat::Json | KeyFormat::JsonArray => is_text || matches!(native.base_oid, oid::JSON | oid::JSONB),
        KeyFormat::Hstore => native.base_name.rsplit('.').next() == Some("hstore"),
        KeyFormat::Delimited(_) => is_text || native.base_oid == oid::BPCHAR,
    }
}

const NUMBERS: [u32; 6] = [oid::INT2, oid::INT4, oid::INT8, oid::FLOAT4, oid::FLOAT8, oid::NUMERIC];

/// What sort of values the type has.
pub fn value_kind(native: &PostgresType) -> ValueKind {
    match native.base_oid {
        _ if native.kind == TypeKind::Enum => ValueKind::Choice,
        oid::BOOL => ValueKind::Flag,
        oid::TIME | oid::TIMETZ | oid::INTERVAL => ValueKind::Span,
        oid::DATE | oid::TIMESTAMP | oid::TIMESTAMPTZ => ValueKind::Date,
        oid::UUID => ValueKind::Identifier,
        number if NUMBERS.contains(&number) => ValueKind::Number,
        _ => ValueKind::Text,
    }
}
