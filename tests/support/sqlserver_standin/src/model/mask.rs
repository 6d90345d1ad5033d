//! Masked columns.

use crate::typed::{DAY_1900, Value};

/// What the default mask makes of a value.
pub(crate) fn fake(value: &Value) -> Value {
    match value {
        Value::Text(_) | Value::Units(_) | Value::CodePage(_) => Value::text("xxxx"),
        Value::Int(_) => Value::Int(0),
        Value::Bit(_) => Value::Bit(false),
        Value::Real(_) => Value::Real(0.0),
        Value::Float(_) => Value::Float(0.0),
        Value::Decimal(_) => Value::Decimal(0),
        Value::Money(_) => Value::Money(0),
        Value::Date(_) => Value::Date(DAY_1900),
        Value::DateTime(..) => Value::DateTime(0, 0),
        Value::SmallDateTime(..) => Value::SmallDateTime(0, 0),
        Value::DateTime2(..) => Value::DateTime2(DAY_1900, 0),
        Value::DateTimeOffset(..) => Value::DateTimeOffset(DAY_1900, 0, 0),
        Value::Bytes(_) => Value::bytes(b"0"),
        other => other.clone(),
    }
}
