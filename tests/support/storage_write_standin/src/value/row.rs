//! A row: a message of the writer's, read by the writer's own descriptor.

use bytes::Bytes;
use prost_reflect::{DynamicMessage, MessageDescriptor, Value as Proto};
use serde_json::{Map, Value};

use super::scalar;
use crate::change::kind::{Change, ChangeType, Key, NOT_A_CHANGE_TYPE, Row};
use crate::change::number::SequenceNumber;
use crate::schema::binding::{Binding, Bound};
use crate::schema::column::{ColumnType, Mode};

/// What a row asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// One more row.
    Append(Row),
    /// A change of a key.
    Change(Change),
}

/// Why a row is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A value of it is bad.
    Value(String),
    /// It has no change type, or another than the two.
    ChangeType(String),
}

/// Reads a row. `key` names the columns of the table's key.
pub fn read(message: &MessageDescriptor, binding: &Binding, key: &[String], row: &Bytes) -> Result<Wanted, Fault> {
    // A field that the descriptor does not name is dropped without a word, `_CHANGE_TYPE` too.
    let row = DynamicMessage::decode(message.clone(), row.clone()).map_err(|error| Fault::Value(error.to_string()))?;
    let values = columns(&row, &binding.fields).map_err(Fault::Value)?;
    let Some(change_type) = &binding.change_type else {
        return Ok(Wanted::Append(values));
    };
    let kind = match text(&row, change_type) {
        Some(word) => {
            ChangeType::parse(&word).ok_or_else(|| Fault::ChangeType(format!("{NOT_A_CHANGE_TYPE}: {word}")))?
        }
        None => return Err(Fault::ChangeType(format!("{NOT_A_CHANGE_TYPE}: NULL"))),
    };
    let number = binding.number.as_ref().and_then(|field| text(&row, field));
    let number = number.map(|number| SequenceNumber::parse(&number)).transpose();
    let number = number.map_err(|error| Fault::Value(error.to_string()))?;
    let key = Key::of(&values, key).ok_or_else(|| Fault::Value("A column of the primary key is NULL".to_owned()))?;
    Ok(Wanted::Change(Change { key, kind, number, row: values.into() }))
}

fn text(row: &DynamicMessage, field: &prost_reflect::FieldDescriptor) -> Option<String> {
    if !row.has_field(field) {
        return None;
    }
    row.get_field(field).as_str().map(str::to_owned)
}

/// The values of a message, without those that are NULL.
fn columns(message: &DynamicMessage, fields: &[Bound]) -> Result<Map<String, Value>, String> {
    let mut values = Map::new();
    for bound in fields {
        let name = &bound.column.name;
        if bound.column.mode == Mode::Repeated {
            let list = message.get_field(&bound.field);
            let items = list.as_list().unwrap_or_default().iter().map(|item| value(bound, item));
            values.insert(name.clone(), Value::Array(items.collect::<Result<_, _>>()?));
        } else if message.has_field(&bound.field) {
            values.insert(name.clone(), value(bound, &message.get_field(&bound.field))?);
        } else if bound.column.mode == Mode::Required {
            return Err(format!("Field {name}: a required field is missing"));
        }
    }
    Ok(values)
}

fn value(bound: &Bound, value: &Proto) -> Result<Value, String> {
    let name = &bound.column.name;
    let within = |error: String| format!("Field {name}: {error}");
    match (&bound.column.kind, value) {
        (ColumnType::Struct(_), Proto::Message(message)) => {
            columns(message, &bound.within).map(Value::Object).map_err(within)
        }
        (ColumnType::Range(_), Proto::Message(message)) => {
            let bounds = columns(message, &bound.within).map_err(within)?;
            match (bounds.get("start"), bounds.get("end")) {
                // All three types of elements sort as their texts do.
                (Some(Value::String(start)), Some(Value::String(end))) if start >= end => {
                    Err(within(format!("Cannot convert value to range: [{start}, {end})")))
                }
                _ => Ok(Value::Object(bounds)),
            }
        }
        (kind, value) => scalar::read(kind, &bound.field, value).map_err(within),
    }
}
