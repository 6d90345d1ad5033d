//! The bytes a row hash is made of: injective, so that two different rows never have the same.

use sha2::{Digest, Sha256};

use super::{CodePage, ColumnType, Value};

/// The length of a row hash: SHA2_256's.
pub const ROW_HASH_BYTES: usize = 32;

/// The hash of these values. It agrees with itself over time; it is not the hash that a real server's casts would give.
pub fn row_hash<'a>(values: impl IntoIterator<Item = &'a Value>) -> [u8; ROW_HASH_BYTES] {
    let mut bytes = vec![1];
    for value in values {
        canonical(&mut bytes, value);
    }
    Sha256::digest(&bytes).into()
}

/// Appends 0 for NULL, else 1, the length and the stored bytes: case, accents and blanks at the end all count.
pub fn canonical(into: &mut Vec<u8>, value: &Value) {
    if value.is_null() {
        into.push(0);
        return;
    }
    into.push(1);
    let start = into.len();
    into.extend_from_slice(&[0; 4]);
    match value {
        Value::Null => {}
        Value::Bit(bit) => into.push(u8::from(*bit)),
        Value::Int(number) | Value::Money(number) => into.extend_from_slice(&number.to_be_bytes()),
        Value::Real(number) => into.extend_from_slice(&number.to_be_bytes()),
        Value::Float(number) => into.extend_from_slice(&number.to_be_bytes()),
        Value::Decimal(digits) => into.extend_from_slice(&digits.to_be_bytes()),
        Value::Date(day) => into.extend_from_slice(&day.to_be_bytes()),
        Value::Time(ticks) => into.extend_from_slice(&ticks.to_be_bytes()),
        Value::SmallDateTime(day, minute) => {
            into.extend_from_slice(&day.to_be_bytes());
            into.extend_from_slice(&minute.to_be_bytes());
        }
        Value::DateTime(day, ticks) => {
            into.extend_from_slice(&day.to_be_bytes());
            into.extend_from_slice(&ticks.to_be_bytes());
        }
        Value::DateTime2(day, ticks) => {
            into.extend_from_slice(&day.to_be_bytes());
            into.extend_from_slice(&ticks.to_be_bytes());
        }
        Value::DateTimeOffset(day, ticks, offset) => {
            into.extend_from_slice(&day.to_be_bytes());
            into.extend_from_slice(&ticks.to_be_bytes());
            into.extend_from_slice(&offset.to_be_bytes());
        }
        Value::Guid(guid) => into.extend_from_slice(&guid.0),
        Value::Text(text) => text.encode_utf16().for_each(|unit| into.extend_from_slice(&unit.to_be_bytes())),
        Value::Units(units) => units.iter().for_each(|unit| into.extend_from_slice(&unit.to_be_bytes())),
        // What is read is the text that the page makes of it; what is hashed are the stored bytes.
        Value::CodePage(bytes) => {
            into.push(0xff);
            into.extend_from_slice(bytes);
        }
        Value::Bytes(bytes) => into.extend_from_slice(bytes),
        Value::Clr(both) => into.extend_from_slice(&both.0),
        Value::Variant(variant) => {
            let (column_type, value) = &**variant;
            into.push(column_type.system_type_id());
            into.push(column_type.scale());
            canonical(into, value);
        }
    }
    let length = u32::try_from(into.len() - start - 4).unwrap_or(u32::MAX);
    into[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

/// `DATALENGTH` of a value of this type, in bytes.
pub fn data_length(value: &Value, column_type: &ColumnType, code_page: CodePage) -> Option<i64> {
    let bytes = match (value, column_type) {
        (Value::Null, _) => return None,
        (Value::Text(text), ColumnType::Char(_) | ColumnType::Varchar(_) | ColumnType::Text) => {
            code_page.encode(text).len()
        }
        (Value::Text(text), _) => text.encode_utf16().count() * 2,
        (Value::Units(units), _) => units.len() * 2,
        (Value::CodePage(bytes) | Value::Bytes(bytes), _) => bytes.len(),
        (Value::Clr(both), _) => both.0.len(),
        (Value::Variant(variant), _) => return data_length(&variant.1, &variant.0, code_page),
        (_, other) => usize::try_from(other.max_length()).unwrap_or(0),
    };
    i64::try_from(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::row_hash;
    use crate::typed::Value;

    #[test]
    fn rows_that_differ_have_hashes_that_differ() {
        let rows: [&[Value]; 7] = [
            &["1".into(), "23".into()],
            &["12".into(), "3".into()],
            &["12".into(), "3 ".into()],
            &[Value::Null, "None".into()],
            &["None".into(), Value::Null],
            &["".into(), "None".into()],
            &["A".into(), "NONE".into()],
        ];
        let hashes: std::collections::HashSet<_> = rows.iter().map(|row| row_hash(*row)).collect();
        assert_eq!(hashes.len(), rows.len());
    }
}
