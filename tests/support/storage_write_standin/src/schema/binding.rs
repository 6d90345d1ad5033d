//! Which field of a writer's rows is for which column, and whether it may be.

use prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor};

use super::column::{Column, ColumnType, Mode};
use super::descriptor::column_name;
use super::history::Known;
use crate::answer::{Refusal, StorageCode};

/// The field that says what a row does to its key.
pub const CHANGE_TYPE: &str = "_CHANGE_TYPE";
/// The field that says which change is the newer one.
pub const SEQUENCE_NUMBER: &str = "_CHANGE_SEQUENCE_NUMBER";

/// A field and its column.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The field.
    pub field: FieldDescriptor,
    /// The column.
    pub column: Column,
    /// For a STRUCT: its fields.
    pub within: Vec<Bound>,
}

/// How a writer's rows fit a table.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The fields that are stored.
    pub fields: Vec<Bound>,
    /// The field of the change type. Without it, rows are appended.
    pub change_type: Option<FieldDescriptor>,
    /// The field of the sequence number.
    pub number: Option<FieldDescriptor>,
}

/// Why a writer's schema is not for this table.
#[derive(Clone, Debug)]
pub enum Unfit {
    /// The request is refused.
    Refused(Refusal),
    /// So is it, and each of its rows is named.
    EachRow(Refusal),
}

/// Fits a writer's message to the columns that `find` knows.
pub fn bind(message: &MessageDescriptor, columns: &[Column], find: impl Fn(&str) -> Known) -> Result<Binding, Unfit> {
    let mut fields: Vec<FieldDescriptor> = message.fields().collect();
    fields.sort_by_key(FieldDescriptor::number);
    let mut binding = Binding { fields: Vec::new(), change_type: None, number: None };
    let changes = fields.iter().any(|field| field.name().eq_ignore_ascii_case(CHANGE_TYPE));
    let mut extra = Vec::new();
    for field in fields {
        let name = column_name(&field);
        if name.eq_ignore_ascii_case(CHANGE_TYPE) {
            expect_text(&field)?;
            binding.change_type = Some(field);
            continue;
        }
        if changes && name.eq_ignore_ascii_case(SEQUENCE_NUMBER) {
            expect_text(&field)?;
            binding.number = Some(field);
            continue;
        }
        match find(&name) {
            Known::Column(column) => {
                binding.fields.push(bound(&column.name.clone(), field, column, &mut extra)?);
            }
            Known::Discarded => {}
            Known::Unknown => extra.push(name),
        }
    }
    if !extra.is_empty() {
        let message = format!("Input schema has more fields than BigQuery schema, extra fields: '{}'", extra.join(","));
        return Err(Unfit::Refused(Refusal::invalid(message).with(StorageCode::SchemaMismatchExtraFields)));
    }
    let lacks = |column: &&Column| binding.fields.iter().all(|bound| bound.column.name != column.name);
    if let Some(column) = columns.iter().filter(|column| column.mode == Mode::Required).find(lacks) {
        let message = format!("The required field {} is missing in the proto message", column.name);
        return Err(Unfit::EachRow(Refusal::invalid(message)));
    }
    Ok(binding)
}

fn expect_text(field: &FieldDescriptor) -> Result<(), Unfit> {
    if field.kind() == Kind::String && field.cardinality() != Cardinality::Repeated {
        return Ok(());
    }
    Err(mismatch(field.name(), field, "STRING"))
}

fn mismatch(path: &str, field: &FieldDescriptor, column: &str) -> Unfit {
    Unfit::EachRow(Refusal::invalid(format!(
        "The proto field mismatched with BigQuery field at {path}, the proto field type {}, BigQuery field type {column}",
        kind_name(&field.kind()),
    )))
}

fn bound(path: &str, field: FieldDescriptor, column: Column, extra: &mut Vec<String>) -> Result<Bound, Unfit> {
    let repeated = field.cardinality() == Cardinality::Repeated;
    if repeated != (column.mode == Mode::Repeated) {
        return Err(Unfit::EachRow(Refusal::invalid(format!(
            "The proto field mode mismatched with BigQuery field at {path}, the proto field is {}repeated",
            if repeated { "" } else { "not " },
        ))));
    }
    let mut within = Vec::new();
    match (&column.kind, field.kind()) {
        (ColumnType::Struct(columns), Kind::Message(message)) if !field.is_map() => {
            for field in message.fields() {
                let name = column_name(&field);
                match columns.iter().find(|column| column.is_called(&name)) {
                    Some(column) => {
                        within.push(bound(&format!("{path}.{}", column.name), field, column.clone(), extra)?);
                    }
                    None => extra.push(format!("{path}.{name}")),
                }
            }
        }
        (ColumnType::Range(element), Kind::Message(message)) if !field.is_map() => {
            for field in message.fields() {
                let column = Column { name: field.name().to_owned(), kind: (**element).clone(), mode: Mode::Nullable };
                match field.name() {
                    "start" | "end" => within.push(bound(&format!("{path}.{}", column.name), field, column, extra)?),
                    other => extra.push(format!("{path}.{other}")),
                }
            }
        }
        (kind, proto) if takes(kind, &proto) => {}
        (kind, _) => return Err(mismatch(path, &field, kind.name())),
    }
    Ok(Bound { field, column, within })
}

/// Google's page "Supported protocol buffer and Arrow data types", without the messages of `google.protobuf`.
fn takes(column: &ColumnType, proto: &Kind) -> bool {
    use Kind::{Bool, Bytes, Double, Enum, Float, Int32, Int64, String, Uint32, Uint64};
    // The other encodings of integers are integers too.
    let proto = match proto {
        Kind::Sint32 | Kind::Sfixed32 => &Int32,
        Kind::Sint64 | Kind::Sfixed64 => &Int64,
        Kind::Fixed32 => &Uint32,
        Kind::Fixed64 => &Uint64,
        other => other,
    };
    match column {
        ColumnType::Bool => matches!(proto, Bool | Int32 | Int64 | Uint32 | Uint64),
        ColumnType::Int64 => matches!(proto, Int32 | Int64 | Uint32 | Enum(_)),
        ColumnType::Float64 => matches!(proto, Double | Float),
        ColumnType::Numeric(_) | ColumnType::BigNumeric(_) => {
            matches!(proto, Int32 | Int64 | Uint32 | Uint64 | Double | Float | String | Bytes)
        }
        ColumnType::Text(_) => matches!(proto, String | Enum(_)),
        ColumnType::Bytes(_) => matches!(proto, Bytes | String),
        ColumnType::Date => matches!(proto, Int32 | Int64 | String),
        ColumnType::Time | ColumnType::Datetime => matches!(proto, String | Int64),
        ColumnType::Timestamp => matches!(proto, Int64 | Int32 | Uint32),
        ColumnType::Json | ColumnType::Geography | ColumnType::Interval => matches!(proto, String),
        ColumnType::Range(_) | ColumnType::Struct(_) => false,
    }
}

fn kind_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Double => "double",
        Kind::Float => "float",
        Kind::Int32 => "int32",
        Kind::Int64 => "int64",
        Kind::Uint32 => "uint32",
        Kind::Uint64 => "uint64",
        Kind::Sint32 => "sint32",
        Kind::Sint64 => "sint64",
        Kind::Fixed32 => "fixed32",
        Kind::Fixed64 => "fixed64",
        Kind::Sfixed32 => "sfixed32",
        Kind::Sfixed64 => "sfixed64",
        Kind::Bool => "bool",
        Kind::String => "string",
        Kind::Bytes => "bytes",
        Kind::Message(_) => "message",
        Kind::Enum(_) => "enum",
    }
}
