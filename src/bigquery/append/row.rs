//! A staged line as a row of the Storage Write API. No value is copied more often than it has to be, and nothing is allocated a value.

use super::descriptor::field_number;
use super::line::{Elements, Members, NotALine, Staged};
use super::value::{Limits, NotHeld, append, wire_type};
use super::wire::{Tag, WireType, delimited, int64};
use crate::model::{Column, ColumnMode, OP_COLUMN, Op, TargetType};

/// A column's field.
struct Field {
    /// The name as it stands between the quotes of a line.
    name: Vec<u8>,
    tag: Tag,
    of: TargetType,
    mode: ColumnMode,
    limits: Limits,
}

/// Writes the rows of one batch of a table.
pub(super) struct RowWriter {
    fields: Vec<Field>,
    /// The two fields that say what a row is, of rows that are written and of rows that are deleted.
    written: Vec<u8>,
    deleted: Vec<u8>,
    row: Vec<u8>,
    scratch: Vec<u8>,
}

/// A column that has one value for all rows of a batch.
pub(super) enum Constant {
    Text(String, String),
    /// Of a TIMESTAMP.
    Micros(String, i64),
}

impl Constant {
    fn append(&self, columns: &[Column], out: &mut Vec<u8>) {
        let (Self::Text(name, _) | Self::Micros(name, _)) = self;
        let Some(place) = columns.iter().position(|c| c.name == *name) else { return };
        match self {
            Self::Text(_, text) => {
                Tag::new(field_number(place), WireType::LengthDelimited).append(out);
                delimited(text.as_bytes(), out);
            }
            Self::Micros(_, micros) => {
                Tag::new(field_number(place), WireType::Varint).append(out);
                int64(*micros, out);
            }
        }
    }
}

/// Why a line did not become a row. It never holds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoRow {
    /// The target can't hold the value of a column.
    NotHeld { column: usize, why: NotHeld },
    /// It is no line that a run stages.
    NotALine,
}

impl From<NotALine> for NoRow {
    fn from(_: NotALine) -> Self {
        Self::NotALine
    }
}

impl RowWriter {
    /// `number` is the sequence number of the batch; there is a limit for each of the columns. Those that are constant stand in no line.
    pub fn new(columns: &[Column], limits: &[Limits], number: &str, constants: &[Constant]) -> Self {
        let of_column = |(place, column): (usize, &Column)| {
            let quoted = serde_json::Value::from(column.name.as_str()).to_string();
            let (of, mode) = (column.target_type, column.mode);
            Field {
                name: quoted.trim_matches('"').as_bytes().to_vec(),
                tag: Tag::new(field_number(place), wire_type(of)),
                of,
                mode,
                limits: limits.get(place).copied().unwrap_or_default(),
            }
        };
        let ending = |change: &str, constants: &[Constant]| {
            let mut out = Vec::new();
            for constant in constants {
                constant.append(columns, &mut out);
            }
            for (n, text) in [change, number].into_iter().enumerate() {
                Tag::new(field_number(columns.len() + n), WireType::LengthDelimited).append(&mut out);
                delimited(text.as_bytes(), &mut out);
            }
            out
        };
        Self {
            fields: columns.iter().enumerate().map(of_column).collect(),
            written: ending("UPSERT", constants),
            deleted: ending("DELETE", &[]),
            row: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// The row of a staged line.
    pub fn row(&mut self, line: &[u8], op: Op) -> Result<&[u8], NoRow> {
        self.row.clear();
        let mut members = Members::of(line)?;
        let mut expected = 0;
        while let Some((name, value)) = members.next()? {
            // The op stands in front of all columns.
            if expected == 0 && name == OP_COLUMN.as_bytes() {
                continue;
            }
            // Columns come in their order; those that are NULL are absent.
            let place = self.place_of(name, expected).ok_or(NoRow::NotALine)?;
            expected = place + 1;
            if value == Staged::Null {
                continue;
            }
            let field = &self.fields[place];
            let not_held = |why| NoRow::NotHeld { column: place, why };
            if field.mode == ColumnMode::Repeated {
                let Staged::Document(array) = value else { return Err(NoRow::NotALine) };
                let mut elements = Elements::of(array)?;
                while let Some(element) = elements.next()? {
                    field.tag.append(&mut self.row);
                    append(element, field.of, field.limits, &mut self.row, &mut self.scratch).map_err(not_held)?;
                }
            } else {
                field.tag.append(&mut self.row);
                append(value, field.of, field.limits, &mut self.row, &mut self.scratch).map_err(not_held)?;
            }
        }
        self.row.extend_from_slice(if op == Op::Delete { &self.deleted } else { &self.written });
        Ok(&self.row)
    }

    /// The name of a column by its number.
    pub fn column(&self, place: usize) -> String {
        let name = self.fields.get(place).map(|f| String::from_utf8_lossy(&f.name).into_owned());
        name.unwrap_or_default()
    }

    #[inline]
    fn place_of(&self, name: &[u8], expected: usize) -> Option<usize> {
        let is_it = |place: &usize| self.fields[*place].name == name;
        (expected..self.fields.len()).chain(0..expected.min(self.fields.len())).find(is_it)
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use prost_reflect::prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet};
    use prost_reflect::{DescriptorPool, DynamicMessage, Value};

    use super::*;
    use crate::bigquery::append::descriptor::descriptor;

    fn column(name: &str, target_type: TargetType, mode: ColumnMode) -> Column {
        Column { name: name.to_owned(), target_type, mode }
    }

    fn columns() -> Vec<Column> {
        let mut all = vec![column("id", TargetType::Int64, ColumnMode::Required)];
        let nullable =
            |of: TargetType| column(&format!("c_{}", of.sql_name().to_lowercase()), of, ColumnMode::Nullable);
        all.extend(TargetType::ALL.into_iter().map(nullable));
        all.push(column("list", TargetType::Timestamp, ColumnMode::Repeated));
        all.push(column("größe", TargetType::String, ColumnMode::Nullable));
        all
    }

    /// The row as a library reads it that knows nothing of how it was written.
    fn read(row: &[u8]) -> DynamicMessage {
        let made = DescriptorProto::decode(&descriptor(&columns()).encode_to_vec()[..]).unwrap();
        let file = FileDescriptorProto {
            name: Some("row.proto".into()),
            message_type: vec![made],
            syntax: Some("proto2".into()),
            ..FileDescriptorProto::default()
        };
        let pool = DescriptorPool::from_file_descriptor_set(FileDescriptorSet { file: vec![file] }).unwrap();
        DynamicMessage::decode(pool.get_message_by_name("Row").unwrap(), row).unwrap()
    }

    #[test]
    fn a_row_reads_back_as_what_was_staged() {
        let line = r#"{"_plimsoll_op":"U","id":"-9223372036854775808","c_bool":false,"c_int64":0,"c_float64":"-Infinity","c_numeric":"-1.50","c_bignumeric":"0.00000000000000000000000000000000000001","c_string":"a\n\"ü\u0000","c_bytes":"AP8=","c_date":"0001-01-01","c_time":"23:59:59.999999","c_datetime":"9999-12-31 23:59:59","c_timestamp":"1969-12-31 23:59:59.5+00","c_json":{"a":[1,"}"]},"list":["1970-01-01 00:00:00+00","1970-01-01 00:00:01+00"],"größe":"42"}"#;
        let mut writer = RowWriter::new(&columns(), &[], "1/2a", &[]);
        let row = writer.row(line.as_bytes(), Op::Upsert).unwrap().to_vec();
        let read = read(&row);
        let value = |name: &str| read.get_field_by_name(name).unwrap().into_owned();
        for (name, wanted) in [
            ("id", Value::I64(i64::MIN)),
            ("c_bool", Value::Bool(false)),
            ("c_int64", Value::I64(0)),
            ("c_float64", Value::F64(f64::NEG_INFINITY)),
            ("c_numeric", Value::String("-1.50".into())),
            ("c_string", Value::String("a\n\"ü\0".into())),
            ("c_bytes", Value::Bytes(vec![0, 255].into())),
            ("c_date", Value::I32(-719_162)),
            ("c_time", Value::String("23:59:59.999999".into())),
            ("c_datetime", Value::String("9999-12-31 23:59:59".into())),
            ("c_timestamp", Value::I64(-500_000)),
            ("c_json", Value::String(r#"{"a":[1,"}"]}"#.into())),
            ("list", Value::List(vec![Value::I64(0), Value::I64(1_000_000)])),
            ("column_15", Value::String("42".into())),
            ("_CHANGE_TYPE", Value::String("UPSERT".into())),
            ("_CHANGE_SEQUENCE_NUMBER", Value::String("1/2a".into())),
        ] {
            assert!(read.has_field_by_name(name), "{name}");
            assert_eq!(value(name), wanted, "{name}");
        }
    }

    #[test]
    fn what_is_absent_or_null_is_no_field() {
        let mut writer = RowWriter::new(&columns(), &[], "0/1", &[]);
        let row = writer.row(br#"{"_plimsoll_op":"D","id":7}"#, Op::Delete).unwrap().to_vec();
        let deleted = read(&row);
        assert_eq!(deleted.fields().count(), 3);
        assert_eq!(deleted.get_field_by_name("_CHANGE_TYPE").unwrap().as_str(), Some("DELETE"));
        // The columns need not come in their order.
        let row = writer.row(br#"{"c_string":"x","c_bool":null,"id":7}"#, Op::Upsert).unwrap().to_vec();
        assert_eq!(read(&row).fields().count(), 4);
    }

    #[test]
    fn what_the_target_can_not_hold_is_told_by_its_column() {
        let limits: Vec<Limits> = columns()
            .iter()
            .map(|c| match c.target_type {
                TargetType::Numeric => Limits { digits: Some((8, 2)), ..Limits::default() },
                _ => Limits::default(),
            })
            .collect();
        let mut writer = RowWriter::new(&columns(), &limits, "0/1", &[]);
        let refused = writer.row(br#"{"id":1,"c_numeric":"1.245"}"#, Op::Upsert).unwrap_err();
        assert!(matches!(refused, NoRow::NotHeld { column: 4, .. }), "{refused:?}");
        assert_eq!(writer.column(4), "c_numeric");
        for line in [&br#"{"id":1,"other":2}"#[..], b"", br#"{"id":1"#, br#"{"id":1,"list":"x"}"#] {
            assert_eq!(writer.row(line, Op::Upsert).unwrap_err(), NoRow::NotALine);
        }
    }
}
