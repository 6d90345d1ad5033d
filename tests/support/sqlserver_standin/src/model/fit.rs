//! What the server does to a value when it stores it: padding, limits, NULL where there must be none.

use super::database::Counted;
use super::identity::guid;
use super::schema::{ColumnDef, Given};
use crate::error::ServerError;
use crate::typed::{ColumnType, DAY_TICKS, Length, Value};
use crate::wire::column::Nulls;

/// Makes a value fit its column, or says why it does not.
pub(crate) fn fit(
    column: &ColumnDef,
    value: &mut Value,
    counter: &mut i64,
    counted: Counted,
) -> Result<(), ServerError> {
    if value.is_null() && counted == Counted::Now {
        match &column.given {
            Given::ByCounter => {
                *counter += 1;
                *value = Value::Int(*counter);
            }
            Given::ByNewGuid => {
                *counter += 1;
                *value = Value::Guid(guid(0x6e65_7769, *counter as u64));
            }
            Given::ByDefault(default) => *value = default.clone(),
            Given::ByWriter | Given::Computed => {}
        }
    }
    if value.is_null() {
        return match column.nulls {
            Nulls::Allowed => Ok(()),
            Nulls::Never => Err(ServerError::new(
                515,
                format!("Cannot insert the value NULL into column '{}'; column does not allow nulls.", column.name),
            )),
        };
    }
    let stored = std::mem::replace(value, Value::Null);
    *value = store(column, stored)?;
    Ok(())
}

/// A value as its column stores it.
pub(crate) fn store(column: &ColumnDef, value: Value) -> Result<Value, ServerError> {
    use ColumnType as T;
    let overflow =
        || ServerError::new(220, format!("Arithmetic overflow error for data type {}.", column.column_type.name()));
    let truncated =
        || ServerError::new(2628, format!("String or binary data would be truncated in column '{}'.", column.name));
    let within = |number: i64, low: i64, high: i64| {
        if (low..=high).contains(&number) { Ok(Value::Int(number)) } else { Err(overflow()) }
    };
    Ok(match (&column.column_type, value) {
        (T::Bit, Value::Int(number)) => Value::Bit(number != 0),
        (T::TinyInt, Value::Int(number)) => within(number, 0, 255)?,
        (T::SmallInt, Value::Int(number)) => within(number, i16::MIN.into(), i16::MAX.into())?,
        (T::Int, Value::Int(number)) => within(number, i32::MIN.into(), i32::MAX.into())?,
        (T::Decimal { precision, .. }, Value::Decimal(digits))
            if digits.unsigned_abs() >= 10_u128.pow((*precision).into()) =>
        {
            return Err(overflow());
        }
        (T::SmallMoney, Value::Money(number)) if i32::try_from(number).is_err() => return Err(overflow()),
        (T::Char(n), Value::Text(text)) => {
            let bytes = column.collation.code_page.encode(&text);
            let missing = usize::from(*n).checked_sub(bytes.len()).ok_or_else(truncated)?;
            // What the code page does not have is lost when it is stored.
            let text = if text.is_ascii() { text } else { column.collation.code_page.decode(&bytes).into() };
            padded(text, missing)
        }
        (T::NChar(n), Value::Text(text)) => {
            let missing = usize::from(*n).checked_sub(text.encode_utf16().count()).ok_or_else(truncated)?;
            padded(text, missing)
        }
        (T::Varchar(_) | T::Text, Value::Text(text)) => {
            let bytes = column.collation.code_page.encode(&text);
            if matches!(column.column_type, T::Varchar(Length::Of(n)) if bytes.len() > usize::from(n)) {
                return Err(truncated());
            }
            if text.is_ascii() { Value::Text(text) } else { column.collation.code_page.decode(&bytes).into() }
        }
        (T::NVarchar(Length::Of(n)), Value::Text(text)) if text.encode_utf16().count() > usize::from(*n) => {
            return Err(truncated());
        }
        (T::Varbinary(Length::Of(n)), Value::Bytes(bytes)) if bytes.len() > usize::from(*n) => {
            return Err(truncated());
        }
        (T::Binary(n), Value::Bytes(bytes)) => {
            if bytes.len() > usize::from(*n) {
                return Err(truncated());
            }
            let mut bytes = bytes.to_vec();
            bytes.resize((*n).into(), 0);
            Value::Bytes(bytes.into())
        }
        (T::Time { scale }, Value::Time(ticks)) => Value::Time(rounded(ticks, *scale).min(DAY_TICKS - 1)),
        (T::DateTime2 { scale }, Value::DateTime2(day, ticks)) => {
            let (day, ticks) = carried(day, rounded(ticks, *scale));
            Value::DateTime2(day, ticks)
        }
        (T::DateTimeOffset { scale }, Value::DateTimeOffset(day, ticks, offset)) => {
            let (day, ticks) = carried(day, rounded(ticks, *scale));
            Value::DateTimeOffset(day, ticks, offset)
        }
        (column_type, value) if is_of(column_type, &value) => value,
        (column_type, _) => {
            return Err(ServerError::new(
                206,
                format!("Operand type clash: the value for '{}' is no {}.", column.name, column_type.name()),
            ));
        }
    })
}

fn padded(text: std::sync::Arc<str>, missing: usize) -> Value {
    if missing == 0 {
        return Value::Text(text);
    }
    format!("{text}{}", " ".repeat(missing)).into()
}

/// The server rounds to the scale, half up.
fn rounded(ticks: u64, scale: u8) -> u64 {
    let unit = 10_u64.pow(u32::from(7 - scale.min(7)));
    (ticks + unit / 2) / unit * unit
}

fn carried(day: u32, ticks: u64) -> (u32, u64) {
    (day + (ticks / DAY_TICKS) as u32, ticks % DAY_TICKS)
}

fn is_of(column_type: &ColumnType, value: &Value) -> bool {
    use ColumnType as T;
    matches!(
        (column_type, value),
        (T::Bit, Value::Bit(_))
            | (T::TinyInt | T::SmallInt | T::Int | T::BigInt, Value::Int(_))
            | (T::Real, Value::Real(_))
            | (T::Float, Value::Float(_))
            | (T::Decimal { .. }, Value::Decimal(_))
            | (T::Money | T::SmallMoney, Value::Money(_))
            | (T::Date, Value::Date(_))
            | (T::SmallDateTime, Value::SmallDateTime(..))
            | (T::DateTime, Value::DateTime(..))
            | (T::Guid, Value::Guid(_))
            | (T::Char(_) | T::Varchar(_) | T::Text, Value::CodePage(_))
            | (T::NText | T::NVarchar(_) | T::Xml, Value::Text(_))
            | (T::NChar(_) | T::NVarchar(_) | T::NText, Value::Units(_))
            | (T::Varbinary(_) | T::Image | T::RowVersion | T::Udt(_), Value::Bytes(_))
            | (T::Udt(_), Value::Clr(_))
            | (T::SqlVariant, Value::Variant(_))
    )
}
