//! Rows decoded for [`encode`](crate::encode).

use tiberius::ColumnData;

use super::row::{FieldKind, SqlServerField, SqlServerFields, SqlServerRow};
use super::{utf16, values};
use crate::encode::value::{self, DocumentChecker, ObjectKeys, Unrepresentable};
use crate::encode::{Codec, Decoder, Document, Scalar};

const LONG: Unrepresentable = Unrepresentable("a value of more than 100 MB");
const NOT_OF_ITS_TYPE: Unrepresentable = Unrepresentable("a value of another type than its column's");

/// Decodes the driver's rows. It keeps its buffers from value to value.
#[derive(Debug, Default)]
pub struct SqlServerCells {
    plain: Vec<u8>,
    documents: DocumentChecker,
    /// Values whose seventh digit of a second was cut off, since somebody asked.
    truncated: u64,
}

impl SqlServerCells {
    /// The text of a value that is no text.
    fn printed(&mut self, value: &ColumnData<'_>) -> &[u8] {
        self.plain.clear();
        values::append(value, &mut self.plain);
        &self.plain
    }

    fn moment(&mut self, value: &ColumnData<'_>) -> Result<&[u8], Unrepresentable> {
        const NEVER: Unrepresentable = Unrepresentable("a year that is none of 1 to 9999");
        let moment = values::Moment::of(value).ok_or(NOT_OF_ITS_TYPE)?;
        if !(-values::DAYS_TO_1970..=2_932_896).contains(&moment.days) || moment.time.ticks >= values::DAY {
            return Err(NEVER);
        }
        self.plain.clear();
        self.truncated += u64::from(moment.time.loses_a_digit());
        values::Moment { time: moment.time.to_micros(), ..moment }.append(&mut self.plain);
        if matches!(value, ColumnData::DateTimeOffset(_)) {
            self.plain.extend_from_slice(b"+00");
        }
        Ok(&self.plain)
    }

    fn document(
        &mut self,
        field: SqlServerField<'_>,
        document: Document,
        out: &mut Vec<u8>,
    ) -> Result<(), Unrepresentable> {
        self.plain.clear();
        utf16::append_plain(field.utf16().ok_or(NOT_OF_ITS_TYPE)?, &mut self.plain)?;
        let is_json =
            document != Document::Claimed || serde_json::from_slice::<serde::de::IgnoredAny>(&self.plain).is_ok();
        if !is_json {
            return Err(Unrepresentable("not JSON"));
        }
        let keys = if document == Document::Parsed { ObjectKeys::AreUnique } else { ObjectKeys::MayRepeat };
        self.documents.append(&self.plain, keys, out)
    }
}

/// A key of the target that the column's type has no value for, from the text in which the target has named it.
fn append_named(text: &str, scalar: Scalar, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    let bytes = text.as_bytes();
    match scalar {
        Scalar::Text => value::string(bytes, out),
        Scalar::Int => value::integer(bytes, out),
        Scalar::Float => value::float(bytes, out),
        Scalar::Decimal(width) => value::decimal(bytes, width, out)?,
        Scalar::Date => value::date(bytes, out)?,
        Scalar::Time => value::time(bytes, out)?,
        Scalar::Timestamp => value::timestamp(bytes, out)?,
        Scalar::TimestampUtc => value::timestamp_utc(text.trim_end_matches("+00").as_bytes(), out)?,
        Scalar::Bytes => {
            let digits = ["0x", "\\x"].iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text).as_bytes();
            let digit = |d: u8| char::from(d).to_digit(16).and_then(|d| u8::try_from(d).ok());
            let read = digits.chunks(2).map(|two| match two {
                [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
                _ => None,
            });
            value::bytes(&read.collect::<Option<Vec<u8>>>().ok_or(NOT_OF_ITS_TYPE)?, out);
        }
        Scalar::Bool | Scalar::Json(_) => return Err(NOT_OF_ITS_TYPE),
    }
    Ok(())
}

impl Decoder for SqlServerCells {
    type Row = SqlServerRow;
    type Field<'r> = SqlServerField<'r>;
    type Fields<'r> = SqlServerFields<'r>;

    fn source(&self) -> &'static str {
        "SQL Server"
    }

    fn fields(row: &SqlServerRow) -> SqlServerFields<'_> {
        row.fields()
    }

    #[inline]
    fn is_null(field: SqlServerField<'_>) -> bool {
        field.kind != FieldKind::Long && values::is_null(field.value)
    }

    fn is_true(field: SqlServerField<'_>) -> bool {
        matches!(field.value, ColumnData::Bit(Some(true)))
    }

    fn integer(field: SqlServerField<'_>) -> Option<i64> {
        values::integer(field.value)
    }

    #[inline]
    fn append_value(
        &mut self,
        field: SqlServerField<'_>,
        codec: Codec,
        out: &mut Vec<u8>,
    ) -> Result<(), Unrepresentable> {
        if field.kind == FieldKind::Long {
            return Err(LONG);
        }
        // SQL Server has no arrays.
        let Codec::Scalar(scalar) = codec else { return Err(NOT_OF_ITS_TYPE) };
        if let ColumnData::String(Some(text)) = field.value {
            return append_named(text, scalar, out);
        }
        match (scalar, field.value) {
            (Scalar::Text, _) => match field.utf16() {
                Some(bytes) => utf16::append_json(bytes, out)?,
                None => value::string(self.printed(field.value), out),
            },
            (Scalar::Bool, ColumnData::Bit(Some(v))) => value::boolean(*v, out),
            (Scalar::Int, _) => value::integer(self.printed(field.value), out),
            (Scalar::Float, _) => value::float(self.printed(field.value), out),
            (Scalar::Decimal(width), _) => value::decimal(self.printed(field.value), width, out)?,
            (Scalar::Bytes, ColumnData::Binary(Some(bytes))) => value::bytes(bytes, out),
            (Scalar::Date, ColumnData::Date(_)) => value::date(self.printed(field.value), out)?,
            (Scalar::Time, _) => {
                let time = values::time_of_day(field.value).ok_or(NOT_OF_ITS_TYPE)?;
                self.truncated += u64::from(time.loses_a_digit());
                self.plain.clear();
                time.to_micros().append(&mut self.plain);
                value::time(&self.plain, out)?;
            }
            (Scalar::Timestamp, v) => value::timestamp(self.moment(v)?, out)?,
            (Scalar::TimestampUtc, v) => value::timestamp_utc(self.moment(v)?, out)?,
            (Scalar::Json(document), _) => self.document(field, document, out)?,
            (Scalar::Bool | Scalar::Bytes | Scalar::Date, _) => return Err(NOT_OF_ITS_TYPE),
        }
        Ok(())
    }

    fn append_string(&mut self, field: SqlServerField<'_>, out: &mut Vec<u8>) {
        self.plain.clear();
        field.append_text(&mut self.plain);
        value::string(&self.plain, out);
    }

    fn plain_text<'a, 'r: 'a>(&'a mut self, field: SqlServerField<'r>) -> &'a [u8] {
        self.plain.clear();
        field.append_text(&mut self.plain);
        &self.plain
    }

    #[inline]
    fn take_truncated(&mut self) -> u64 {
        std::mem::take(&mut self.truncated)
    }

    /// Each field's text behind its length: a text may hold whatever could stand between two.
    fn key_bytes<'a, 'r: 'a>(&'a mut self, start: SqlServerFields<'r>, end: SqlServerFields<'r>) -> &'a [u8] {
        self.plain.clear();
        for field in start.take(end.at().saturating_sub(start.at())) {
            let at = self.plain.len();
            self.plain.extend_from_slice(&[0; 4]);
            match field.utf16() {
                Some(bytes) => self.plain.extend_from_slice(bytes),
                None => values::append(field.value, &mut self.plain),
            }
            let length = u32::try_from(self.plain.len() - at - 4).unwrap_or(u32::MAX);
            self.plain[at..at + 4].copy_from_slice(&length.to_le_bytes());
        }
        &self.plain
    }
}

#[cfg(test)]
mod tests {
    use tiberius::numeric::Numeric;
    use tiberius::time::{Date, DateTime, DateTime2, DateTimeOffset, Time};

    use super::*;
    use crate::encode::Width;
    use crate::source::sqlserver::plan::Form;
    use crate::source::sqlserver::row::row_of;

    fn utf16(text: &str) -> ColumnData<'static> {
        ColumnData::Binary(Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>().into()))
    }

    fn encoded(value: ColumnData<'static>, form: Form, scalar: Scalar) -> Result<String, &'static str> {
        let row = row_of(vec![(value, form)], vec![]);
        let mut out = Vec::new();
        let field = row.field(0).unwrap();
        SqlServerCells::default().append_value(field, Codec::Scalar(scalar), &mut out).map_err(|e| e.0)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn values_become_what_bigquery_reads() {
        let at = |days, increments, scale| DateTime2::new(Date::new(days), Time::new(increments, scale));
        for (value, form, scalar, wanted) in [
            (ColumnData::Bit(Some(true)), Form::Plain, Scalar::Bool, "true"),
            (ColumnData::I64(Some(-42)), Form::Plain, Scalar::Int, "-42"),
            (ColumnData::I64(Some(i64::MAX)), Form::Plain, Scalar::Int, "\"9223372036854775807\""),
            (ColumnData::U8(Some(7)), Form::Plain, Scalar::Text, "\"7\""),
            (ColumnData::F64(Some(-0.0)), Form::Plain, Scalar::Float, "-0.0"),
            (
                ColumnData::Numeric(Some(Numeric::new_with_scale(-9_223_372_036_854_775_808, 4))),
                Form::Decimal,
                Scalar::Decimal(Width::Typed),
                "\"-922337203685477.5808\"",
            ),
            (utf16("a\"ü\n🦀"), Form::Text, Scalar::Text, "\"a\\\"ü\\n🦀\""),
            (ColumnData::Binary(Some(vec![0, 255].into())), Form::Plain, Scalar::Bytes, "\"AP8=\""),
            (ColumnData::Date(Some(Date::new(730_178))), Form::Plain, Scalar::Date, "\"2000-02-29\""),
            (ColumnData::Time(Some(Time::new(863_999_999_999, 7))), Form::Plain, Scalar::Time, "\"23:59:59.999999\""),
            // The seventh digit is cut off, never rounded.
            (
                ColumnData::DateTime2(Some(at(3_652_058, 863_999_999_999, 7))),
                Form::Plain,
                Scalar::Timestamp,
                "\"9999-12-31 23:59:59.999999\"",
            ),
            (
                ColumnData::DateTime(Some(DateTime::new(0, 1))),
                Form::Plain,
                Scalar::Timestamp,
                "\"1900-01-01 00:00:00.003\"",
            ),
            (
                ColumnData::DateTime(Some(DateTime::new(0, 1))),
                Form::Plain,
                Scalar::TimestampUtc,
                "\"1900-01-01 00:00:00.003+00\"",
            ),
            (
                ColumnData::DateTimeOffset(Some(DateTimeOffset::new(at(730_178, 0, 0), -60))),
                Form::Plain,
                Scalar::Timestamp,
                "\"2000-02-29 00:00:00+00\"",
            ),
            (utf16("{\"a\":\n[1]}"), Form::Text, Scalar::Json(Document::Written), "{\"a\": [1]}"),
        ] {
            assert_eq!(encoded(value, form, scalar).as_deref(), Ok(wanted));
        }
    }

    #[test]
    fn what_cannot_be_held_is_refused() {
        let half = ColumnData::Binary(Some(vec![0x00, 0xd8].into()));
        assert_eq!(encoded(half, Form::Text, Scalar::Text), Err("half a surrogate pair"));
        assert_eq!(encoded(utf16("{"), Form::Text, Scalar::Json(Document::Claimed)), Err("not JSON"));
        let beyond = DateTimeOffset::new(DateTime2::new(Date::new(3_652_059), Time::new(0, 0)), 60);
        assert_eq!(
            encoded(ColumnData::DateTimeOffset(Some(beyond)), Form::Plain, Scalar::Timestamp),
            Err("a year that is none of 1 to 9999")
        );
        let long =
            row_of(vec![(ColumnData::I32(Some(1)), Form::Plain), (ColumnData::Binary(None), Form::Text)], vec![1]);
        let field = long.field(1).unwrap();
        assert!(!SqlServerCells::is_null(field));
        let refused = SqlServerCells::default().append_value(field, Codec::Scalar(Scalar::Text), &mut Vec::new());
        assert_eq!(refused.unwrap_err().0, LONG.0);
    }

    #[test]
    fn two_keys_never_have_the_same_bytes() {
        let bytes = |a: &str, b: &str| {
            let row = row_of(vec![(utf16(a), Form::Text), (utf16(b), Form::Text)], vec![]);
            let start = SqlServerCells::fields(&row);
            let mut end = start;
            end.nth(1);
            SqlServerCells::default().key_bytes(start, end).to_vec()
        };
        assert_ne!(bytes("1", "23"), bytes("12", "3"));
        assert_eq!(bytes("1", "23"), bytes("1", "23"));
    }
}
