//! Rows.

use bytes::{BufMut, BytesMut};

use super::column::{Form, ResultColumn, form};
use crate::error::ServerError;
use crate::typed::{Collation, ColumnType, DAY_TICKS, Value, decimal_bytes, time_bytes};

const ROW: u8 = 0xd1;
const NBCROW: u8 = 0xd2;
/// The largest chunk of a `(max)` value: small, so that a value of some length has several.
const CHUNK: usize = 8000;

/// How rows are told apart on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowForm {
    /// ROW: every value says whether it is NULL.
    Plain,
    /// NBCROW: a bit for each column that is NULL, and nothing else of it.
    NullBits,
    /// By turns.
    Alternating,
}

/// Appends a row.
pub(crate) fn row(
    into: &mut BytesMut,
    columns: &[ResultColumn],
    values: &[Value],
    null_bits: bool,
) -> Result<(), ServerError> {
    if columns.len() != values.len() {
        return Err(mistake("a row of another number of columns than its answer"));
    }
    if null_bits {
        into.put_u8(NBCROW);
        for eight in values.chunks(8) {
            into.put_u8(eight.iter().enumerate().map(|(bit, value)| u8::from(value.is_null()) << bit).sum());
        }
    } else {
        into.put_u8(ROW);
    }
    for (column, value) in columns.iter().zip(values) {
        if value.is_null() {
            if !null_bits {
                null(into, column)?;
            }
            continue;
        }
        put(into, column, value)?;
    }
    Ok(())
}

fn mistake(what: impl Into<String>) -> ServerError {
    ServerError::new(50_000, format!("the stand-in's own mistake: {}", what.into()))
}

fn null(into: &mut BytesMut, column: &ResultColumn) -> Result<(), ServerError> {
    match form(column) {
        Form::Fixed => return Err(mistake(format!("NULL in {}, which is never NULL", column.name))),
        Form::ByteLength | Form::Pointer => into.put_u8(0),
        Form::ShortLength => into.put_u16_le(0xffff),
        Form::Chunks => into.put_u64_le(u64::MAX),
        Form::Variant => into.put_u32_le(0),
    }
    Ok(())
}

fn put(into: &mut BytesMut, column: &ResultColumn, value: &Value) -> Result<(), ServerError> {
    match form(column) {
        Form::Fixed => bytes(into, &column.column_type, &column.collation, value),
        Form::ByteLength => {
            let at = into.len();
            into.put_u8(0);
            bytes(into, &column.column_type, &column.collation, value)?;
            into[at] = (into.len() - at - 1) as u8;
            Ok(())
        }
        Form::ShortLength => {
            let at = into.len();
            into.put_u16_le(0);
            bytes(into, &column.column_type, &column.collation, value)?;
            let length = into.len() - at - 2;
            if i16::try_from(length).map_or(true, |length| length > column.column_type.max_length()) {
                return Err(mistake(format!("a value of {length} bytes in {}", column.name)));
            }
            into[at..at + 2].copy_from_slice(&(length as u16).to_le_bytes());
            Ok(())
        }
        Form::Chunks => {
            let mut whole = BytesMut::new();
            bytes(&mut whole, &column.column_type, &column.collation, value)?;
            // The length is told or left open, by turns: both are allowed.
            into.put_u64_le(if whole.len().is_multiple_of(2) { whole.len() as u64 } else { u64::MAX - 1 });
            for chunk in whole.chunks(CHUNK) {
                into.put_u32_le(chunk.len() as u32);
                into.put_slice(chunk);
            }
            into.put_u32_le(0);
            Ok(())
        }
        Form::Pointer => {
            into.put_u8(16);
            into.put_slice(&[0x5a; 16]);
            into.put_slice(&[0; 8]);
            let at = into.len();
            into.put_u32_le(0);
            bytes(into, &column.column_type, &column.collation, value)?;
            let length = (into.len() - at - 4) as u32;
            into[at..at + 4].copy_from_slice(&length.to_le_bytes());
            Ok(())
        }
        Form::Variant => variant(into, &column.collation, value),
    }
}

/// The value without its length.
fn bytes(
    into: &mut BytesMut,
    column_type: &ColumnType,
    collation: &Collation,
    value: &Value,
) -> Result<(), ServerError> {
    use ColumnType as T;
    match (column_type, value) {
        (T::Bit, Value::Bit(bit)) => into.put_u8(u8::from(*bit)),
        (T::TinyInt, Value::Int(number)) => into.put_u8(fits(*number)?),
        (T::SmallInt, Value::Int(number)) => into.put_i16_le(fits(*number)?),
        (T::Int, Value::Int(number)) => into.put_i32_le(fits(*number)?),
        (T::BigInt, Value::Int(number)) => into.put_i64_le(*number),
        (T::Real, Value::Real(number)) => into.put_f32_le(*number),
        (T::Float, Value::Float(number)) => into.put_f64_le(*number),
        (T::Decimal { precision, .. }, Value::Decimal(digits)) => {
            if digits.unsigned_abs() >= 10_u128.pow((*precision).into()) {
                return Err(ServerError::new(
                    8115,
                    "Arithmetic overflow error converting numeric to data type numeric.",
                ));
            }
            into.put_u8(u8::from(*digits >= 0));
            into.put_slice(&digits.unsigned_abs().to_le_bytes()[..usize::from(decimal_bytes(*precision))]);
        }
        (T::Money, Value::Money(number)) => {
            // The high half first.
            into.put_i32_le((number >> 32) as i32);
            into.put_u32_le(*number as u32);
        }
        (T::SmallMoney, Value::Money(number)) => into.put_i32_le(fits(*number)?),
        (T::Date, Value::Date(days)) => into.put_slice(&days.to_le_bytes()[..3]),
        (T::Time { scale }, Value::Time(ticks)) => time(into, *scale, *ticks),
        (T::SmallDateTime, Value::SmallDateTime(days, minutes)) => {
            into.put_u16_le(*days);
            into.put_u16_le(*minutes);
        }
        (T::DateTime, Value::DateTime(days, ticks)) => {
            into.put_i32_le(*days);
            into.put_u32_le(*ticks);
        }
        (T::DateTime2 { scale }, Value::DateTime2(days, ticks)) => {
            time(into, *scale, *ticks);
            into.put_slice(&days.to_le_bytes()[..3]);
        }
        (T::DateTimeOffset { scale }, Value::DateTimeOffset(days, ticks, offset)) => {
            time(into, *scale, *ticks);
            into.put_slice(&days.to_le_bytes()[..3]);
            into.put_i16_le(*offset);
        }
        (T::Guid, Value::Guid(guid)) => into.put_slice(&guid.0),
        (T::Char(_) | T::Varchar(_) | T::Text, Value::Text(text)) => into.put_slice(&collation.code_page.encode(text)),
        (T::Char(_) | T::Varchar(_) | T::Text, Value::CodePage(stored)) => into.put_slice(stored),
        (T::NChar(_) | T::NVarchar(_) | T::NText | T::Xml, Value::Text(text)) => {
            text.encode_utf16().for_each(|unit| into.put_u16_le(unit));
        }
        (T::NChar(_) | T::NVarchar(_) | T::NText | T::Xml, Value::Units(units)) => {
            units.iter().for_each(|unit| into.put_u16_le(*unit));
        }
        (T::Binary(_) | T::Varbinary(_) | T::Image | T::RowVersion | T::Udt(_), Value::Bytes(bytes)) => {
            into.put_slice(bytes);
        }
        (T::Udt(_) | T::Varbinary(_), Value::Clr(both)) => into.put_slice(&both.0),
        (column_type, value) => return Err(mistake(format!("{} for {value:?}", column_type.name()))),
    }
    Ok(())
}

fn fits<T: TryFrom<i64>>(number: i64) -> Result<T, ServerError> {
    T::try_from(number)
        .map_err(|_| ServerError::new(220, format!("Arithmetic overflow error for data type, value = {number}.")))
}

fn time(into: &mut BytesMut, scale: u8, ticks: u64) {
    let units = ticks.min(DAY_TICKS - 1) / 10_u64.pow(u32::from(7 - scale.min(7)));
    into.put_slice(&units.to_le_bytes()[..usize::from(time_bytes(scale))]);
}

/// Total length, base type, the properties of the type, the value.
fn variant(into: &mut BytesMut, collation: &Collation, value: &Value) -> Result<(), ServerError> {
    use ColumnType as T;
    let Value::Variant(variant) = value else {
        return Err(mistake(format!("sql_variant for {value:?}")));
    };
    let (base, value) = &**variant;
    let mut properties = BytesMut::new();
    let max_length = base.max_length() as u16;
    let code = match base {
        T::Bit => 0x32,
        T::TinyInt => 0x30,
        T::SmallInt => 0x34,
        T::Int => 0x38,
        T::BigInt => 0x7f,
        T::Real => 0x3b,
        T::Float => 0x3e,
        T::Money => 0x3c,
        T::SmallMoney => 0x7a,
        T::SmallDateTime => 0x3a,
        T::DateTime => 0x3d,
        T::Guid => 0x24,
        T::Date => 0x28,
        T::Decimal { precision, scale } => {
            properties.put_slice(&[*precision, *scale]);
            0x6a
        }
        T::Time { scale } => {
            properties.put_u8(*scale);
            0x29
        }
        T::DateTime2 { scale } => {
            properties.put_u8(*scale);
            0x2a
        }
        T::DateTimeOffset { scale } => {
            properties.put_u8(*scale);
            0x2b
        }
        T::Char(_) | T::Varchar(_) | T::NChar(_) | T::NVarchar(_) => {
            properties.put_slice(&collation.wire);
            properties.put_u16_le(max_length);
            match base {
                T::Char(_) => 0xaf,
                T::Varchar(_) => 0xa7,
                T::NChar(_) => 0xef,
                _ => 0xe7,
            }
        }
        T::Binary(_) | T::Varbinary(_) => {
            properties.put_u16_le(max_length);
            if matches!(base, T::Binary(_)) { 0xad } else { 0xa5 }
        }
        other => return Err(mistake(format!("{} inside of sql_variant", other.name()))),
    };
    let at = into.len();
    into.put_u32_le(0);
    into.put_u8(code);
    into.put_u8(properties.len() as u8);
    into.put_slice(&properties);
    bytes(into, base, collation, value)?;
    let length = (into.len() - at - 4) as u32;
    into[at..at + 4].copy_from_slice(&length.to_le_bytes());
    Ok(())
}
