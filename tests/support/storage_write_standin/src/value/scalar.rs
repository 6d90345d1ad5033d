//! One value of a column that is no STRUCT, RANGE or array.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost_reflect::{FieldDescriptor, Kind, Value as Proto};
use serde_json::{Value, json};

use super::civil::{Date, Datetime, Time};
use super::decimal::{self, Width};
use super::interval::is_interval;
use super::json::is_document;
use crate::schema::column::{ColumnType, Digits};

/// The value in the REST API's JSON; an error says why it is none of the column's, and holds it.
pub fn read(kind: &ColumnType, field: &FieldDescriptor, value: &Proto) -> Result<Value, String> {
    if let (Kind::Enum(names), Proto::EnumNumber(number)) = (field.kind(), value) {
        let name = names.get_value(*number).ok_or_else(|| format!("there is no value {number} in the enum"))?;
        return match kind {
            ColumnType::Text(_) => text(kind, name.name()),
            _ => Ok(json!(*number)),
        };
    }
    match kind {
        ColumnType::Bool => boolean(value).map(Value::Bool).ok_or_else(|| refuse(kind, value)),
        ColumnType::Int64 => integer(value).map(|number| json!(number)).ok_or_else(|| refuse(kind, value)),
        ColumnType::Float64 => float(value).ok_or_else(|| refuse(kind, value)),
        ColumnType::Numeric(digits) => decimal(value, Width::Numeric, *digits).ok_or_else(|| refuse(kind, value)),
        ColumnType::BigNumeric(digits) => decimal(value, Width::BigNumeric, *digits).ok_or_else(|| refuse(kind, value)),
        ColumnType::Text(_) | ColumnType::Json | ColumnType::Geography | ColumnType::Interval => match value {
            Proto::String(content) => text(kind, content),
            other => Err(refuse(kind, other)),
        },
        ColumnType::Bytes(most) => bytes(value, *most).ok_or_else(|| refuse(kind, value)),
        ColumnType::Date => {
            let date = match value {
                Proto::String(literal) => Date::parse(literal),
                days => integer(days).and_then(Date::of_days),
            };
            date.map(|date| json!(date.to_string())).ok_or_else(|| refuse(kind, value))
        }
        ColumnType::Time => {
            let time = match value {
                Proto::String(literal) => Time::parse(literal),
                packed => integer(packed).and_then(Time::unpack),
            };
            time.map(|time| json!(time.to_string())).ok_or_else(|| refuse(kind, value))
        }
        ColumnType::Datetime => {
            let datetime = match value {
                Proto::String(literal) => Datetime::parse(literal),
                packed => integer(packed).and_then(Datetime::unpack),
            };
            datetime.map(|datetime| json!(datetime.to_string())).ok_or_else(|| refuse(kind, value))
        }
        ColumnType::Timestamp => {
            let moment = integer(value).and_then(Datetime::of_micros);
            moment.map(|moment| json!(format!("{moment}+00:00"))).ok_or_else(|| refuse(kind, value))
        }
        ColumnType::Range(_) | ColumnType::Struct(_) => Err(refuse(kind, value)),
    }
}

fn refuse(kind: &ColumnType, value: &Proto) -> String {
    format!("Cannot convert value to {}: {}", kind.name().to_lowercase(), shown(value))
}

fn shown(value: &Proto) -> String {
    match value {
        Proto::String(text) => text.clone(),
        other => format!("{other:?}"),
    }
}

fn integer(value: &Proto) -> Option<i64> {
    match value {
        Proto::I32(number) => Some(i64::from(*number)),
        Proto::I64(number) => Some(*number),
        Proto::U32(number) => Some(i64::from(*number)),
        Proto::U64(number) => i64::try_from(*number).ok(),
        _ => None,
    }
}

fn boolean(value: &Proto) -> Option<bool> {
    match value {
        Proto::Bool(yes) => Some(*yes),
        Proto::U64(number) => Some(*number != 0),
        number => integer(number).map(|number| number != 0),
    }
}

fn real(value: &Proto) -> Option<f64> {
    match value {
        Proto::F64(number) => Some(*number),
        Proto::F32(number) => Some(f64::from(*number)),
        _ => None,
    }
}

fn float(value: &Proto) -> Option<Value> {
    let number = real(value)?;
    Some(match number {
        _ if number.is_nan() => json!("NaN"),
        f64::INFINITY => json!("Infinity"),
        f64::NEG_INFINITY => json!("-Infinity"),
        _ => json!(number),
    })
}

fn decimal(value: &Proto, width: Width, digits: Option<Digits>) -> Option<Value> {
    let text = match value {
        Proto::String(text) => decimal::from_text(text, width, digits),
        Proto::Bytes(bytes) => decimal::from_bytes(bytes, width, digits),
        Proto::U64(number) => decimal::from_text(&number.to_string(), width, digits),
        other => match (integer(other), real(other)) {
            (Some(number), _) => decimal::from_text(&number.to_string(), width, digits),
            (None, Some(number)) => decimal::from_text(&number.to_string(), width, digits),
            (None, None) => None,
        },
    };
    text.map(Value::String)
}

/// A string is stored as its bytes: it is not base64 here.
fn bytes(value: &Proto, most: Option<usize>) -> Option<Value> {
    let content: &[u8] = match value {
        Proto::Bytes(bytes) => bytes,
        Proto::String(text) => text.as_bytes(),
        _ => return None,
    };
    (content.len() <= most.unwrap_or(usize::MAX)).then(|| Value::String(STANDARD.encode(content)))
}

fn text(kind: &ColumnType, content: &str) -> Result<Value, String> {
    let fits = match kind {
        ColumnType::Text(most) => content.chars().count() <= most.unwrap_or(usize::MAX),
        ColumnType::Json => is_document(content),
        ColumnType::Interval => is_interval(content),
        // Whether the text is a geometry is not looked at; an empty one is none in either of its forms.
        _ => !content.is_empty(),
    };
    if fits { Ok(Value::String(content.to_owned())) } else { Err(refuse(kind, &Proto::String(content.to_owned()))) }
}
