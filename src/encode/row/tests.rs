//! A source that is no database: its rows are lists of typed values, as a driver of another one may hand them over.

use crate::batch::KeyBounds;
use crate::encode::value::{Unrepresentable, boolean, decimal, string};
use crate::encode::{
    Codec, ColumnSchema, ColumnWish, Content, Decoder, Flag, KeyDigest, Mapping, Nullability, RowEncoder, RowKind,
    Scalar, Shape, ShapeColumn, Width,
};
use crate::model::{Arrays, ColumnMode, OnUnrepresentable, Op, TargetType};

#[derive(Debug)]
enum Plain {
    Null,
    Bool(bool),
    Integer(i64),
    Text(&'static str),
}

#[derive(Default)]
struct PlainValues {
    buffer: Vec<u8>,
}

impl PlainValues {
    fn print(&mut self, value: &Plain) {
        match value {
            Plain::Null => self.buffer.extend_from_slice(b"null"),
            Plain::Bool(value) => self.buffer.extend_from_slice(value.to_string().as_bytes()),
            Plain::Integer(value) => self.buffer.extend_from_slice(value.to_string().as_bytes()),
            Plain::Text(value) => self.buffer.extend_from_slice(value.as_bytes()),
        }
    }
}

impl Decoder for PlainValues {
    type Row = [Plain];
    type Field<'r> = &'r Plain;
    type Fields<'r> = std::slice::Iter<'r, Plain>;

    fn source(&self) -> &'static str {
        "a list"
    }

    fn fields(row: &[Plain]) -> Self::Fields<'_> {
        row.iter()
    }

    fn is_null(field: &Plain) -> bool {
        matches!(field, Plain::Null)
    }

    fn is_true(field: &Plain) -> bool {
        matches!(field, Plain::Bool(true))
    }

    fn integer(field: &Plain) -> Option<i64> {
        match field {
            Plain::Integer(value) => Some(*value),
            _ => None,
        }
    }

    fn append_value(&mut self, field: &Plain, codec: Codec, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
        match (codec, field) {
            (Codec::Scalar(Scalar::Bool), Plain::Bool(value)) => boolean(*value, out),
            (Codec::Scalar(Scalar::Decimal(width)), Plain::Text(digits)) => decimal(digits.as_bytes(), width, out)?,
            (Codec::Scalar(Scalar::Int), Plain::Integer(value)) => out.extend_from_slice(value.to_string().as_bytes()),
            (Codec::Scalar(Scalar::Text), field) => self.append_string(field, out),
            (_, _) => return Err(Unrepresentable("a value of another type")),
        }
        Ok(())
    }

    fn append_string(&mut self, field: &Plain, out: &mut Vec<u8>) {
        string(self.plain_text(field), out);
    }

    fn plain_text<'a, 'r: 'a>(&'a mut self, field: &'r Plain) -> &'a [u8] {
        self.buffer.clear();
        self.print(field);
        &self.buffer
    }

    fn key_bytes<'a, 'r: 'a>(&'a mut self, start: Self::Fields<'r>, end: Self::Fields<'r>) -> &'a [u8] {
        self.buffer.clear();
        let fields = start.len() - end.len();
        for value in start.take(fields) {
            self.print(value);
            self.buffer.push(0);
        }
        &self.buffer
    }
}

/// A column as a catalog would describe it.
struct PlainColumn(&'static str, Scalar, TargetType);

impl ColumnSchema for PlainColumn {
    fn name(&self) -> &str {
        self.0
    }

    fn number(&self) -> i32 {
        1
    }

    fn type_name(&self) -> &str {
        "plain"
    }

    fn nullability(&self) -> Nullability {
        Nullability::Nullable
    }

    fn map(&self, _: ColumnWish) -> Option<Mapping> {
        let codec = Codec::Scalar(self.1);
        Some(Mapping { target: self.2, codec, content: Content::Value, caveat: String::new() })
    }

    fn hashed(&self) -> Mapping {
        unreachable!("no column is hashed here")
    }
}

fn shape(key_len: usize) -> Shape {
    let columns = [
        PlainColumn("id", Scalar::Int, TargetType::Int64),
        PlainColumn("name", Scalar::Text, TargetType::String),
        PlainColumn("paid", Scalar::Bool, TargetType::Bool),
        PlainColumn("price", Scalar::Decimal(Width::Numeric), TargetType::Numeric),
    ];
    let published = columns.iter().map(|c| {
        let mapping = c.map(ColumnWish { forced: None, arrays: Arrays::Json }).unwrap();
        ShapeColumn::new(c, mapping, c.name().to_owned(), ColumnMode::Nullable)
    });
    Shape { columns: published.collect(), key_len }
}

fn encode(encoder: &mut RowEncoder<PlainValues>, row: &[Plain]) -> (String, String) {
    let (mut out, mut quarantine) = (Vec::new(), Vec::new());
    encoder.encode(row, &mut out, &mut quarantine).unwrap();
    (String::from_utf8(out).unwrap(), String::from_utf8(quarantine).unwrap())
}

fn upserts() -> RowEncoder<PlainValues> {
    let kind = RowKind::Change(Op::Upsert);
    RowEncoder::new(PlainValues::default(), &shape(1), kind, OnUnrepresentable::Quarantine)
}

#[test]
fn rows_of_typed_values_become_lines() {
    let mut e = upserts().flagged(Flag::Leading).digesting_keys();
    let row = [Plain::Bool(true), Plain::Integer(7), Plain::Text("a \"b\"\t"), Plain::Bool(false), Plain::Text("1.50")];
    let line = "{\"_plimsoll_op\":\"U\",\"id\":7,\"name\":\"a \\\"b\\\"\\t\",\"paid\":false,\"price\":\"1.5\"}\n";
    assert_eq!(encode(&mut e, &row), (line.to_owned(), String::new()));
    let row = [Plain::Bool(false), Plain::Integer(-9), Plain::Null, Plain::Null, Plain::Null];
    assert_eq!(encode(&mut e, &row).0, "{\"_plimsoll_op\":\"U\",\"id\":-9}\n");
    assert_eq!((e.tally().rows, e.tally().flagged), (2, 1));
    assert_eq!(e.bounds(), Some(KeyBounds::Int64 { min: -9, max: 7 }));
    let mut keys = KeyDigest::default();
    keys.add(b"7\0");
    keys.add(b"-9\0");
    assert_eq!(e.digest(), Some(keys));
}

#[test]
fn what_cannot_be_held_is_kept_as_the_source_prints_it() {
    let mut e = upserts();
    let row = [Plain::Integer(7), Plain::Text("x"), Plain::Null, Plain::Text("0.0000000001")];
    let (line, kept) = encode(&mut e, &row);
    assert_eq!(line, "{\"_plimsoll_op\":\"U\",\"id\":7,\"name\":\"x\"}\n");
    assert_eq!(
        kept,
        "{\"column\":\"price\",\"reason\":\"more than 9 digits after the point\",\"value\":\"0.0000000001\",\
         \"row\":{\"id\":\"7\",\"name\":\"x\",\"paid\":null,\"price\":\"0.0000000001\"}}\n"
    );
}

#[test]
fn a_cursor_and_the_text_of_a_column_are_read_of_them_too() {
    let mut e = upserts().watching_cursor("changed", TargetType::Timestamp);
    let row = [Plain::Integer(7), Plain::Text("x"), Plain::Null, Plain::Null, Plain::Text("2024-01-01 00:00:00+00:00")];
    assert_eq!(encode(&mut e, &row).0, "{\"_plimsoll_op\":\"U\",\"id\":7,\"name\":\"x\"}\n");
    assert_eq!(e.cursor_max().as_deref(), Some("2024-01-01 00:00:00+00:00"));
    assert_eq!(e.plain_text(&row, 1), Some(&b"x"[..]));
}

#[test]
fn a_row_of_other_columns_names_its_source() {
    let error = upserts().encode(&[Plain::Integer(7)], &mut Vec::new(), &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "a list sent a row with 1 columns instead of 4");
}
