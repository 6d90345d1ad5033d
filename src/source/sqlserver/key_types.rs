//! How SQL Server compares the values of a key or a cursor, by their types.

use super::native_type::{Family, SqlServerType};
use crate::model::KeyFormat;
use crate::source::cursor::CursorType;
use crate::source::value_kind::ValueKind;

/// Whether equal values of the type always print alike. Texts don't: blanks at the end never count, and by most collations neither does case. Of
/// two binary values one may have zeros at its end, and of two moments each its own offset.
pub fn has_one_spelling(native: &SqlServerType) -> bool {
    match native.family() {
        Family::Bit
        | Family::Integer
        | Family::Decimal
        | Family::Money
        | Family::Date
        | Family::Time
        | Family::DateTime
        | Family::Guid
        | Family::RowVersion => true,
        Family::Binary => !ignores_last_zeros(native),
        _ => false,
    }
}

/// Whether a value with zeros at its end is equal to one without. Of a fixed length, all of them have as many bytes.
pub fn ignores_last_zeros(native: &SqlServerType) -> bool {
    native.family() == Family::Binary && native.name != "binary"
}

/// How a column is compared as a cursor; `None` where its type has no order that grows with every change.
pub fn cursor_type(native: &SqlServerType) -> Option<CursorType> {
    match native.family() {
        Family::Integer => Some(CursorType::Integer),
        Family::Date => Some(CursorType::Date),
        Family::DateTime => Some(CursorType::Timestamp),
        Family::DateTimeOffset => Some(CursorType::TimestampTz),
        Family::RowVersion => Some(CursorType::RowVersion),
        _ => None,
    }
}

/// Whether a log's column can hold a key that is packed in this way: of one that is not, each value has a column of its own.
pub fn can_pack(_native: &SqlServerType, format: &KeyFormat) -> bool {
    *format == KeyFormat::Columns
}

/// What sort of values the type has.
pub fn value_kind(native: &SqlServerType) -> ValueKind {
    match native.family() {
        Family::Bit => ValueKind::Flag,
        Family::Integer | Family::Decimal | Family::Money | Family::Float => ValueKind::Number,
        Family::Date | Family::DateTime | Family::DateTimeOffset => ValueKind::Date,
        Family::Time => ValueKind::Span,
        Family::Guid => ValueKind::Identifier,
        _ => ValueKind::Text,
    }
}

/// Whether a range of the type's values can be cut: the server's order is one that a boundary, read back, stands in again.
pub(super) fn can_be_cut(native: &SqlServerType) -> bool {
    match native.family() {
        Family::Bit
        | Family::Integer
        | Family::Decimal
        | Family::Money
        | Family::Date
        | Family::Time
        | Family::DateTime
        | Family::DateTimeOffset
        | Family::Guid => true,
        Family::Text | Family::Unicode | Family::Binary => native.max_length > 0,
        _ => false,
    }
}
