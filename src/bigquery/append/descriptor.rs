//! What the rows of a table look like on the wire: a message with a field for each column, and two more that say what a row is.
//!
//! Source: <https://cloud.google.com/bigquery/docs/write-api#data_type_conversions>,
//! <https://cloud.google.com/bigquery/docs/change-data-capture>. The schema is of proto2: a field that is absent is NULL.

use crate::model::{Column, ColumnMode, TargetType};

/// Says whether the row is to be written or to be deleted.
pub const CHANGE_TYPE: &str = "_CHANGE_TYPE";

/// Says which of two changes of a key is the newer one.
pub const CHANGE_SEQUENCE_NUMBER: &str = "_CHANGE_SEQUENCE_NUMBER";

/// The number of a column's field: its place, from 1.
pub(super) fn field_number(place: usize) -> u32 {
    // A table has at most 10,000 columns.
    u32::try_from(place + 1).unwrap_or(u32::MAX)
}

/// A `google.protobuf.DescriptorProto`, as far as it is needed: a crate's own has no place for a column's name.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Descriptor {
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
    #[prost(message, repeated, tag = "2")]
    pub field: Vec<Field>,
}

/// A `google.protobuf.FieldDescriptorProto`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Field {
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
    #[prost(int32, optional, tag = "3")]
    pub number: Option<i32>,
    #[prost(enumeration = "Label", optional, tag = "4")]
    pub label: Option<i32>,
    #[prost(enumeration = "Type", optional, tag = "5")]
    pub r#type: Option<i32>,
    #[prost(message, optional, tag = "8")]
    pub options: Option<Options>,
}

/// A `google.protobuf.FieldOptions` with BigQuery's extension.
/// Source: `google/cloud/bigquery/storage/v1/annotations.proto`
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Options {
    #[prost(string, optional, tag = "454943157")]
    pub column_name: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub(super) enum Label {
    Optional = 1,
    Repeated = 3,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub(super) enum Type {
    Double = 1,
    Int64 = 3,
    Int32 = 5,
    Bool = 8,
    String = 9,
    Bytes = 12,
}

/// The message of a table's rows.
pub(super) fn descriptor(columns: &[Column]) -> Descriptor {
    let of_column = |(place, column): (usize, &Column)| {
        let (of, label) = (wire_type(column.target_type), label(column.mode));
        if is_identifier(&column.name) {
            return field(place, column.name.clone(), of, label);
        }
        let options = Some(Options { column_name: Some(column.name.clone()) });
        Field { options, ..field(place, stand_in(place, columns), of, label) }
    };
    let of_columns = columns.iter().enumerate().map(of_column);
    let of_change = [CHANGE_TYPE, CHANGE_SEQUENCE_NUMBER].into_iter().enumerate();
    let of_change = of_change.map(|(n, name)| field(columns.len() + n, name.to_owned(), Type::String, Label::Optional));
    Descriptor { name: Some("Row".to_owned()), field: of_columns.chain(of_change).collect() }
}

fn field(place: usize, name: String, of: Type, label: Label) -> Field {
    Field {
        name: Some(name),
        number: i32::try_from(field_number(place)).ok(),
        label: Some(label.into()),
        r#type: Some(of.into()),
        options: None,
    }
}

/// A name that no column has, for one whose own no protocol buffer takes.
fn stand_in(place: usize, columns: &[Column]) -> String {
    let mut name = format!("column_{}", place + 1);
    while columns.iter().any(|c| c.name.eq_ignore_ascii_case(&name)) {
        name.push('_');
    }
    name
}

fn wire_type(of: TargetType) -> Type {
    match of {
        TargetType::Bool => Type::Bool,
        TargetType::Int64 | TargetType::Timestamp => Type::Int64,
        TargetType::Float64 => Type::Double,
        TargetType::Date => Type::Int32,
        TargetType::Bytes => Type::Bytes,
        TargetType::Numeric
        | TargetType::BigNumeric
        | TargetType::String
        | TargetType::Time
        | TargetType::DateTime
        | TargetType::Json => Type::String,
    }
}

/// A row that is deleted has its key alone, so no other column is demanded.
fn label(mode: ColumnMode) -> Label {
    match mode {
        ColumnMode::Repeated => Label::Repeated,
        ColumnMode::Required | ColumnMode::Nullable => Label::Optional,
    }
}

/// Whether a protocol buffer takes a column's name for a field's.
fn is_identifier(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().all(is_word) && !name.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    #[test]
    fn a_column_whose_name_is_no_identifier_keeps_it() {
        let column = |name: &str, mode| Column { name: name.to_owned(), target_type: TargetType::Date, mode };
        let columns = [
            column("id", ColumnMode::Required),
            column("größe", ColumnMode::Nullable),
            column("2nd", ColumnMode::Repeated),
            column("column_2", ColumnMode::Nullable),
        ];
        let made = Descriptor::decode(&descriptor(&columns).encode_to_vec()[..]).unwrap();
        let names: Vec<&str> = made.field.iter().map(Field::name).collect();
        assert_eq!(names, ["id", "column_2_", "column_3", "column_2", CHANGE_TYPE, CHANGE_SEQUENCE_NUMBER]);
        let numbers: Vec<i32> = made.field.iter().map(Field::number).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
        let kept = |n: usize| made.field[n].options.as_ref().map(Options::column_name);
        assert_eq!((kept(0), kept(1), kept(2)), (None, Some("größe"), Some("2nd")));
        assert_eq!((made.field[0].label(), made.field[2].label()), (Label::Optional, Label::Repeated));
    }
}
