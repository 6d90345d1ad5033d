//! The model's values as T-SQL literals.

use sqlserver_standin::model::civil;
use sqlserver_standin::typed::{ColumnType, DAY_1900, DAY_TICKS, Value};

use super::definition::column_type;

/// A literal of the column's own type.
pub fn literal(value: &Value, of: &ColumnType) -> String {
    let cast = |text: String| format!("CAST({text} AS {})", column_type(of));
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Bit(bit) => cast(i32::from(*bit).to_string()),
        Value::Int(number) => cast(number.to_string()),
        Value::Real(number) => cast(format!("{number:e}")),
        Value::Float(number) => cast(format!("{number:e}")),
        Value::Decimal(digits) => cast(pointed(*digits, of.scale())),
        Value::Money(digits) => cast(pointed(i128::from(*digits), 4)),
        Value::Date(day) => cast(format!("'{}'", date(*day))),
        Value::Time(ticks) => cast(format!("'{}'", time(*ticks))),
        Value::SmallDateTime(days, minutes) => {
            let ticks = u64::from(*minutes) * 60 * 10_000_000;
            cast(format!("'{}T{}'", date(DAY_1900 + u32::from(*days)), &time(ticks)[..8]))
        }
        Value::DateTime(days, parts) => {
            let day = i64::from(DAY_1900) + i64::from(*days);
            // Milliseconds as the server prints them, which it reads as the same three-hundredths.
            let ticks = (u64::from(*parts) * 10 + 1) / 3 * 10_000;
            cast(format!("'{}T{}'", date(u32::try_from(day).expect("a day of AD")), &time(ticks)[..12]))
        }
        Value::DateTime2(day, ticks) => cast(format!("'{}T{}'", date(*day), time(*ticks))),
        Value::DateTimeOffset(day, ticks, offset) => {
            let local =
                i128::from(*day) * i128::from(DAY_TICKS) + i128::from(*ticks) + i128::from(*offset) * 600_000_000;
            let (days, ticks) = (local.div_euclid(DAY_TICKS.into()), local.rem_euclid(DAY_TICKS.into()));
            let day = u32::try_from(days).expect("a day of AD");
            let ticks = u64::try_from(ticks).expect("less than a day");
            let (sign, minutes) = (if *offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
            cast(format!("'{}T{}{sign}{:02}:{:02}'", date(day), time(ticks), minutes / 60, minutes % 60))
        }
        Value::Guid(guid) => cast(format!("'{guid}'")),
        Value::Text(text) => cast(format!("N'{}'", text.replace('\'', "''"))),
        Value::Units(units) => {
            let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            cast(format!("CAST({} AS nvarchar(max))", hex(&bytes)))
        }
        Value::CodePage(bytes) => cast(format!("CAST({} AS varchar(max))", hex(bytes))),
        Value::Bytes(bytes) => cast(hex(bytes)),
        Value::Clr(clr) => cast(hex(&clr.0)),
        Value::Variant(variant) => cast(literal(&variant.1, &variant.0)),
    }
}

fn pointed(digits: i128, scale: u8) -> String {
    let scale = usize::from(scale);
    let sign = if digits < 0 { "-" } else { "" };
    let text = format!("{:0>width$}", digits.unsigned_abs(), width = scale + 1);
    let (whole, rest) = text.split_at(text.len() - scale);
    // A whole number would be read as an int, which is too small for it.
    format!("{sign}{whole}.{rest}")
}

fn date(day: u32) -> String {
    let (year, month, of_month) = civil(day);
    format!("{year:04}-{month:02}-{of_month:02}")
}

/// With seven digits behind the point.
fn time(ticks: u64) -> String {
    let seconds = ticks / 10_000_000;
    format!("{:02}:{:02}:{:02}.{:07}", seconds / 3600, seconds / 60 % 60, seconds % 60, ticks % 10_000_000)
}

fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("0x{digits}")
}

#[cfg(test)]
mod tests {
    use sqlserver_standin::typed::{ColumnType as T, Length, Value};

    use super::literal;

    #[test]
    fn literals_are_exact() {
        let decimal = T::Decimal { precision: 9, scale: 3 };
        for (value, of, expected) in [
            (Value::Decimal(-5), &decimal, "CAST(-0.005 AS decimal(9, 3))"),
            (Value::Money(i64::MIN), &T::Money, "CAST(-922337203685477.5808 AS money)"),
            (Value::DateTime(0, 1), &T::DateTime, "CAST('1900-01-01T00:00:00.003' AS datetime)"),
            (Value::DateTime(-1, 25_919_999), &T::DateTime, "CAST('1899-12-31T23:59:59.997' AS datetime)"),
            (
                Value::DateTimeOffset(0, 0, 60),
                &T::DateTimeOffset { scale: 7 },
                "CAST('0001-01-01T01:00:00.0000000+01:00' AS datetimeoffset(7))",
            ),
            ("it's".into(), &T::Varchar(Length::Max), "CAST(N'it''s' AS varchar(max))"),
            (Value::bytes(&[]), &T::Varbinary(Length::Of(4)), "CAST(0x AS varbinary(4))"),
        ] {
            assert_eq!(literal(&value, of), expected);
        }
    }
}
