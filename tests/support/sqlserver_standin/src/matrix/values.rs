//! Random values of each type: with what goes wrong most among them.

use std::sync::Arc;

use fastrand::Rng;

use super::today;
use crate::model::ColumnDef;
use crate::typed::{ColumnType as T, DAY_1900, DAY_TICKS, Guid, Length, Value};
use crate::wire::column::Nulls;

const WORDS: [&str; 16] = [
    "Smith",
    "smith",
    "SMITH ",
    "O'Brien",
    "Zoë",
    "Müller",
    "straße",
    "日本",
    "",
    " ",
    "NULL",
    "None",
    "a,b\t\"c\"",
    "\\N",
    "line\nbreak",
    "😀 x",
];

/// A value of a column; NULL now and then, where it may be.
pub(super) fn value(rng: &mut Rng, column: &ColumnDef) -> Value {
    if column.nulls == Nulls::Allowed && rng.u8(..8) == 0 {
        return Value::Null;
    }
    of_type(rng, &column.column_type)
}

fn of_type(rng: &mut Rng, column_type: &T) -> Value {
    let day = |rng: &mut Rng| today() - rng.u32(..3000);
    match column_type {
        T::Bit => rng.bool().into(),
        T::TinyInt => i64::from(rng.u8(..)).into(),
        T::SmallInt => i64::from(rng.i16(..)).into(),
        // Few values, so that joins find something.
        T::Int => i64::from(rng.u16(1..200)).into(),
        T::BigInt => i64::from(rng.u8(1..80)).into(),
        T::Real => Value::Real(rng.f32() * 1000.0 - 500.0),
        T::Float => Value::Float(rng.f64() * 360.0 - 180.0),
        T::Decimal { precision, .. } => {
            let digits = rng.u8(1..=*precision);
            let most = 10_i128.pow(digits.into());
            Value::Decimal((rng.u128(..) % most as u128) as i128 * if rng.bool() { 1 } else { -1 })
        }
        T::Money => Value::Money(if rng.u8(..16) == 0 {
            i64::MAX - i64::from(rng.u8(..))
        } else {
            rng.i64(-1_000_000..1_000_000_000)
        }),
        T::SmallMoney => Value::Money(rng.i32(..).into()),
        T::Date => Value::Date(day(rng)),
        T::Time { .. } => Value::Time(rng.u64(..DAY_TICKS)),
        T::SmallDateTime => Value::SmallDateTime((day(rng) - DAY_1900) as u16, rng.u16(..1440)),
        T::DateTime => Value::DateTime((day(rng) - DAY_1900) as i32, rng.u32(..25_920_000)),
        T::DateTime2 { .. } => Value::DateTime2(day(rng), rng.u64(..DAY_TICKS)),
        T::DateTimeOffset { .. } => Value::DateTimeOffset(day(rng), rng.u64(..DAY_TICKS), rng.i16(-48..=56) * 15),
        T::Guid => Value::Guid(Guid::from_u128(rng.u128(..))),
        T::Char(n) | T::NChar(n) => text(rng, usize::from(*n)),
        T::Varchar(Length::Of(n)) | T::NVarchar(Length::Of(n)) => text(rng, usize::from(*n)),
        T::Text | T::NText | T::Varchar(Length::Max) | T::NVarchar(Length::Max) => text(rng, 9000),
        T::Binary(n) | T::Varbinary(Length::Of(n)) => bytes(rng, usize::from(*n)),
        T::Varbinary(Length::Max) | T::Image | T::Udt(_) => bytes(rng, 300),
        T::RowVersion => Value::Null,
        T::Xml => format!("<a n=\"{}\">&lt;é</a>", rng.u8(..)).into(),
        T::SqlVariant => {
            let inner = match rng.u8(..7) {
                0 => T::Int,
                1 => T::DateTime,
                2 => T::Money,
                3 => T::Float,
                4 => T::Decimal { precision: 18, scale: 6 },
                5 => T::Varbinary(Length::Of(20)),
                _ => T::NVarchar(Length::Of(40)),
            };
            let value = of_type(rng, &inner);
            Value::Variant(Arc::new((inner, value)))
        }
    }
}

fn text(rng: &mut Rng, limit: usize) -> Value {
    let mut text = String::new();
    let parts = if limit > 1000 && rng.u8(..8) == 0 { 400 } else { rng.usize(1..4) };
    for _ in 0..parts {
        let word = WORDS[rng.usize(..WORDS.len())];
        if text.encode_utf16().count() + word.encode_utf16().count() >= limit {
            break;
        }
        text.push_str(word);
    }
    text.into()
}

fn bytes(rng: &mut Rng, limit: usize) -> Value {
    let length = rng.usize(..=limit);
    Value::Bytes((0..length).map(|_| rng.u8(..)).collect())
}
