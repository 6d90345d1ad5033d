//! Plain values, as a driver hands them over.

use super::append::push;
use super::date_time;
use super::decimal;
use super::document::Document;

/// A value of a row, of any source.
#[derive(Clone, Debug, PartialEq)]
pub enum PlainValue<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// A decimal number: digits, with a sign and a point where it has them, without an exponent. Or `NaN` or the like.
    Decimal(&'a str),
    Double(f64),
    /// A number of 32 bits: it reaches the target as the double that its shortest text reads as, as Rust writes it. PostgreSQL takes one
    /// more digit where that text lies half-way to another number, so its server's texts are not of these values.
    Single(f32),
    /// Days since 1970-01-01.
    Date(i64),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since 1970-01-01 00:00:00, of no zone.
    DateTime(i64),
    /// Microseconds since 1970-01-01 00:00:00 UTC.
    Timestamp(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    Document(Document<'a>),
    /// The elements of a column that is REPEATED in the target.
    Array(Vec<PlainValue<'a>>),
}

impl PlainValue<'_> {
    /// The text of a value, as a key is listed and asked for.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.append_text(&mut out);
        out
    }

    /// Appends the text of a value that no piece is needed around; nothing for NULL and for values that have elements.
    pub(super) fn append_text(&self, out: &mut String) {
        match self {
            Self::Null | Self::Array(_) => {}
            Self::Bool(value) => out.push(if *value { 't' } else { 'f' }),
            Self::Int(value) => push(out, format_args!("{value}")),
            Self::Decimal(text) => decimal::append(text, out),
            Self::Double(value) => append_double(*value, out),
            Self::Single(value) => append_double(format!("{value:e}").parse().unwrap_or(f64::from(*value)), out),
            Self::Date(days) => date_time::append_date(*days, out),
            Self::Time(micros) => date_time::append_time(*micros, out),
            Self::DateTime(micros) => date_time::append_date_time(*micros, out),
            Self::Timestamp(micros) => {
                date_time::append_date_time(*micros, out);
                out.push_str("+00");
            }
            Self::Bytes(bytes) => {
                out.push_str("\\x");
                bytes.iter().for_each(|b| push(out, format_args!("{b:02x}")));
            }
            Self::Text(text) => out.push_str(text),
            Self::Document(document) => document.append(out),
        }
    }
}

/// Seventeen digits tell every double from all others.
fn append_double(value: f64, out: &mut String) {
    if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    } else {
        // Adding zero takes the sign from the negative one.
        let text = format!("{:.16e}", value + 0.0);
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |e| ('-', e));
        push(out, format_args!("{digits}e{sign}{exponent:0>2}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: PlainValue<'_>) -> String {
        let mut out = String::new();
        value.append_text(&mut out);
        out
    }

    #[test]
    fn doubles_have_seventeen_digits_and_zero_no_sign() {
        for (value, expected) in [
            (0.1, "1.0000000000000001e-01"),
            (-0.0, "0.0000000000000000e+00"),
            (5e-324, "4.9406564584124654e-324"),
            (-1.797_693_134_862_315_7e308, "-1.7976931348623157e+308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(text(PlainValue::Double(value)), expected);
        }
        assert_eq!(text(PlainValue::Single(0.1)), text(PlainValue::Double(0.1)));
        assert_eq!(text(PlainValue::Single(f32::INFINITY)), "Infinity");
    }

    #[test]
    fn times_are_those_that_postgres_prints() {
        assert_eq!(text(PlainValue::Date(-719_162)), "0001-01-01");
        assert_eq!(text(PlainValue::Date(2_932_896)), "9999-12-31");
        assert_eq!(text(PlainValue::Date(11_016)), "2000-02-29");
        assert_eq!(text(PlainValue::Time(86_399_999_999)), "23:59:59.999999");
        assert_eq!(text(PlainValue::Time(500_000)), "00:00:00.5");
        assert_eq!(text(PlainValue::DateTime(-1)), "1969-12-31 23:59:59.999999");
        assert_eq!(text(PlainValue::Timestamp(0)), "1970-01-01 00:00:00+00");
    }

    #[test]
    fn bytes_are_hexadecimal() {
        assert_eq!(text(PlainValue::Bytes(&[0, 255])), "\\x00ff");
        assert_eq!(text(PlainValue::Bytes(&[])), "\\x");
    }
}
