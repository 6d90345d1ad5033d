//! Values as text, as the server prints them, and the texts of keys as values.

use crate::error::ServerError;
use crate::model::{civil, day};
use crate::typed::{ColumnType, DAY_1900, DAY_TICKS, Guid, Value};

const SECOND: u64 = 10_000_000;

/// A value as CAST or CONVERT prints it: dates style 121, money style 2, float style 3, binary style 1.
pub fn spoken(value: &Value, column_type: &ColumnType) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bit(bit) => u8::from(*bit).to_string(),
        Value::Int(number) => number.to_string(),
        Value::Real(number) => scientific(f64::from(*number), 8),
        Value::Float(number) => scientific(*number, 16),
        Value::Decimal(digits) => decimal(*digits, column_type.scale()),
        Value::Money(number) => decimal((*number).into(), 4),
        Value::Date(day) => date(*day),
        Value::Time(ticks) => time(*ticks, column_type.scale()),
        Value::SmallDateTime(days, minutes) => {
            format!("{} {}", date(DAY_1900 + u32::from(*days)), time(u64::from(*minutes) * 60 * SECOND, 3))
        }
        Value::DateTime(days, ticks) => {
            // The server prints milliseconds that end in 0, 3 or 7.
            let millis = (u64::from(*ticks) * 10 + 1) / 3;
            format!("{} {}", date((i64::from(DAY_1900) + i64::from(*days)) as u32), time(millis * 10_000, 3))
        }
        Value::DateTime2(day, ticks) => format!("{} {}", date(*day), time(*ticks, column_type.scale())),
        Value::DateTimeOffset(day, ticks, offset) => {
            let local = i64::from(*day) * DAY_TICKS as i64 + *ticks as i64 + i64::from(*offset) * 60 * SECOND as i64;
            let (day, ticks) = (local.div_euclid(DAY_TICKS as i64), local.rem_euclid(DAY_TICKS as i64));
            let sign = if *offset < 0 { '-' } else { '+' };
            let minutes = offset.unsigned_abs();
            format!(
                "{} {} {sign}{:02}:{:02}",
                date(day as u32),
                time(ticks as u64, column_type.scale()),
                minutes / 60,
                minutes % 60
            )
        }
        Value::Guid(guid) => guid.to_string(),
        Value::Text(text) => text.to_string(),
        Value::Units(units) => String::from_utf16_lossy(units),
        Value::CodePage(bytes) => crate::typed::CodePage::Windows1252.decode(bytes),
        Value::Bytes(bytes) => hexadecimal(bytes),
        Value::Clr(both) => both.1.to_string(),
        Value::Variant(variant) => return spoken(&variant.1, &variant.0),
    })
}

/// `0x` and upper-case digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2 + 2);
    text.push_str("0x");
    for byte in bytes {
        text.push_str(&format!("{byte:02X}"));
    }
    text
}

fn scientific(number: f64, digits: usize) -> String {
    let text = format!("{number:.digits$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    format!("{mantissa}e{}{:03}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

fn decimal(digits: i128, scale: u8) -> String {
    let sign = if digits < 0 { "-" } else { "" };
    let scale = usize::from(scale);
    let text = format!("{:0>width$}", digits.unsigned_abs(), width = scale + 1);
    let (whole, part) = text.split_at(text.len() - scale);
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

fn date(day: u32) -> String {
    let (year, month, of_month) = civil(day);
    format!("{year:04}-{month:02}-{of_month:02}")
}

fn time(ticks: u64, scale: u8) -> String {
    let seconds = ticks / SECOND;
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if scale > 0 {
        let part = format!("{:07}", ticks % SECOND);
        text.push('.');
        text.push_str(&part[..usize::from(scale.min(7))]);
    }
    text
}

/// Ticks since 0001-01-01 in style 126: `2026-01-31T12:00:00.1234567`.
pub(crate) fn style_126(ticks: u64) -> String {
    format!("{}T{}", date((ticks / DAY_TICKS) as u32), time(ticks % DAY_TICKS, 7))
}

/// The same of a text that something else has written: of a GUID also without hyphens, or in braces.
pub(crate) fn parse_logged(text: &str, column_type: &ColumnType) -> Result<Value, ServerError> {
    let is_guid = matches!(column_type, ColumnType::Guid);
    match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        Some(inner) if is_guid && inner.len() == 36 => parse(inner, column_type),
        None if is_guid && text.len() == 32 && text.is_ascii() => {
            let parts = [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]];
            parse(&parts.join("-"), column_type)
        }
        _ => parse(text, column_type),
    }
}

/// What the text of a key stands for, as a value of its column.
pub(crate) fn parse(text: &str, column_type: &ColumnType) -> Result<Value, ServerError> {
    use ColumnType as T;
    let value = match column_type {
        T::Bit => match text {
            "t" | "1" | "true" => Some(Value::Bit(true)),
            "f" | "0" | "false" => Some(Value::Bit(false)),
            _ => None,
        },
        T::TinyInt | T::SmallInt | T::Int | T::BigInt => text.parse().ok().map(Value::Int),
        T::Real => text.parse().ok().map(Value::Real),
        T::Float => text.parse().ok().map(Value::Float),
        T::Decimal { scale, .. } => parse_decimal(text, *scale).map(Value::Decimal),
        T::Money | T::SmallMoney => {
            parse_decimal(text, 4).and_then(|digits| i64::try_from(digits).ok()).map(Value::Money)
        }
        T::Date => parse_date(text).map(Value::Date),
        T::Time { .. } => parse_time(text).map(Value::Time),
        T::SmallDateTime => parse_moment(text).and_then(|(day, ticks)| {
            Some(Value::SmallDateTime(u16::try_from(day.checked_sub(DAY_1900)?).ok()?, (ticks / SECOND / 60) as u16))
        }),
        T::DateTime => parse_moment(text).map(|(day, ticks)| {
            // To the nearest three-hundredth, as the server does.
            let thirds = (ticks * 3 + 50_000) / 100_000;
            Value::DateTime((i64::from(day) - i64::from(DAY_1900)) as i32, thirds as u32)
        }),
        T::DateTime2 { .. } => parse_moment(text).map(|(day, ticks)| Value::DateTime2(day, ticks)),
        T::DateTimeOffset { .. } => parse_offset(text),
        T::Guid => parse_guid(text),
        T::Char(_) | T::Varchar(_) | T::NChar(_) | T::NVarchar(_) | T::Text | T::NText | T::Xml => Some(text.into()),
        T::Binary(_) | T::Varbinary(_) | T::Image | T::RowVersion => parse_bytes(text),
        T::SqlVariant | T::Udt(_) => None,
    };
    value.ok_or_else(|| {
        ServerError::new(245, format!("Conversion failed when converting a text to data type {}.", column_type.name()))
    })
}

fn parse_decimal(text: &str, scale: u8) -> Option<i128> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let missing = usize::from(scale).checked_sub(part.len())?;
    let digits: i128 = format!("{whole}{part}{}", "0".repeat(missing)).parse().ok()?;
    Some(sign * digits)
}

fn parse_date(text: &str) -> Option<u32> {
    let mut parts = text.splitn(3, '-');
    let (year, month, of_month) = (parts.next()?, parts.next()?, parts.next()?);
    Some(day(year.parse().ok()?, month.parse().ok()?, of_month.parse().ok()?))
}

fn parse_time(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.splitn(3, ':');
    let mut next = || parts.next().and_then(|part| part.parse::<u64>().ok());
    let (hours, minutes, seconds) = (next()?, next()?, next().unwrap_or(0));
    let part: u64 = format!("{part:0<7}").get(..7)?.parse().ok()?;
    Some((hours * 3600 + minutes * 60 + seconds) * SECOND + part)
}

fn parse_moment(text: &str) -> Option<(u32, u64)> {
    match text.split_once([' ', 'T']) {
        Some((date, time)) => {
            Some((parse_date(date)?, parse_time(time.trim_end_matches('Z').trim_end_matches("+00"))?))
        }
        None => Some((parse_date(text)?, 0)),
    }
}

/// A moment with its offset behind it: `+00`, ` +01:30`, `Z`.
fn parse_offset(text: &str) -> Option<Value> {
    let split = text.get(11..)?.find(['+', '-', 'Z']).map(|at| at + 11)?;
    let (moment, offset) = text.split_at(split);
    let minutes: i64 = if offset == "Z" {
        0
    } else {
        let (hours, minutes) = offset[1..].split_once(':').unwrap_or((&offset[1..], "0"));
        let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
        if offset.starts_with('-') { -minutes } else { minutes }
    };
    let (day, ticks) = parse_moment(moment.trim_end())?;
    let utc = i64::from(day) * DAY_TICKS as i64 + ticks as i64 - minutes * 60 * SECOND as i64;
    let (day, ticks) = (utc.div_euclid(DAY_TICKS as i64), utc.rem_euclid(DAY_TICKS as i64));
    Some(Value::DateTimeOffset(u32::try_from(day).ok()?, ticks as u64, minutes as i16))
}

fn parse_guid(text: &str) -> Option<Value> {
    let hex: String = text.chars().filter(|c| *c != '-').collect();
    let is_one = text.len() == 36 && hex.len() == 32;
    is_one.then(|| u128::from_str_radix(&hex, 16).ok()).flatten().map(|number| Value::Guid(Guid::from_u128(number)))
}

fn parse_bytes(text: &str) -> Option<Value> {
    let digits = text.strip_prefix("0x")?;
    let bytes: Option<Vec<u8>> =
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect();
    bytes.map(|bytes| Value::Bytes(bytes.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_printed_as_the_server_prints_them() {
        let said = |value, column_type: ColumnType| spoken(&value, &column_type).unwrap();
        assert_eq!(said(Value::Money(-12_345), ColumnType::Money), "-1.2345");
        assert_eq!(said(Value::Decimal(5), ColumnType::Decimal { precision: 9, scale: 6 }), "0.000005");
        assert_eq!(said(Value::Float(1.5), ColumnType::Float), "1.5000000000000000e+000");
        assert_eq!(said(Value::Real(-0.1), ColumnType::Real), "-1.00000001e-001");
        assert_eq!(said(Value::DateTime(0, 1), ColumnType::DateTime), "1900-01-01 00:00:00.003");
        assert_eq!(said(Value::DateTime(-1, 25_919_999), ColumnType::DateTime), "1899-12-31 23:59:59.997");
        let offset = ColumnType::DateTimeOffset { scale: 3 };
        assert_eq!(said(Value::DateTimeOffset(719_162, 0, -90), offset), "1969-12-31 22:30:00.000 -01:30");
        assert_eq!(said(Value::bytes(&[0, 171]), ColumnType::Binary(2)), "0x00AB");
    }

    #[test]
    fn the_text_of_a_key_is_its_value_again() {
        for (value, column_type) in [
            (Value::Int(-5), ColumnType::Int),
            (Value::Decimal(-105), ColumnType::Decimal { precision: 9, scale: 2 }),
            (Value::Date(737_000), ColumnType::Date),
            (Value::DateTime(43_000, 25_919_999), ColumnType::DateTime),
            (Value::DateTime(43_000, 1), ColumnType::DateTime),
            (Value::DateTime2(737_000, 863_999_999_999), ColumnType::DateTime2 { scale: 7 }),
            (Value::SmallDateTime(5, 61), ColumnType::SmallDateTime),
            (Value::DateTimeOffset(737_000, 17, 0), ColumnType::DateTimeOffset { scale: 7 }),
            (Value::Guid(Guid::from_u128(7)), ColumnType::Guid),
            (Value::bytes(&[1, 255]), ColumnType::Binary(2)),
        ] {
            let text = spoken(&value, &column_type).unwrap();
            assert_eq!(parse(&text, &column_type).unwrap(), value, "{text}");
        }
        assert!(parse("x", &ColumnType::Int).is_err());
        assert_eq!(
            parse("2020-01-01 00:00:00.000+00", &ColumnType::DateTimeOffset { scale: 3 }).unwrap(),
            Value::DateTimeOffset(day(2020, 1, 1), 0, 0)
        );
    }
}
