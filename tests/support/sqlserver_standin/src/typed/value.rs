use std::fmt;
use std::sync::Arc;

use super::ColumnType;

/// 1900-01-01, in days since 0001-01-01: where `datetime` begins to count.
pub const DAY_1900: u32 = 693_595;
/// The 100 ns ticks of a day.
pub const DAY_TICKS: u64 = 864_000_000_000;

/// A value of a column. What it means beyond this (width, scale, code page) is its column's type.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// NULL of any type.
    Null,
    /// `bit`.
    Bit(bool),
    /// `tinyint` to `bigint`.
    Int(i64),
    /// `real`.
    Real(f32),
    /// `float`.
    Float(f64),
    /// `decimal`: the digits without the point; the scale is the column's.
    Decimal(i128),
    /// `money`, `smallmoney`: ten-thousandths.
    Money(i64),
    /// `date`: days since 0001-01-01.
    Date(u32),
    /// `time`: 100 ns since midnight.
    Time(u64),
    /// `smalldatetime`: days since 1900-01-01, minutes.
    SmallDateTime(u16, u16),
    /// `datetime`: days since 1900-01-01, three-hundredths of a second.
    DateTime(i32, u32),
    /// `datetime2`: days since 0001-01-01, 100 ns since midnight.
    DateTime2(u32, u64),
    /// `datetimeoffset`: the same in UTC, and the offset in minutes.
    DateTimeOffset(u32, u64, i16),
    /// `uniqueidentifier`.
    Guid(Guid),
    /// Text that is well formed.
    Text(Arc<str>),
    /// Text with unpaired surrogates.
    Units(Arc<[u16]>),
    /// The stored bytes of a `varchar` that its code page has no meaning for.
    CodePage(Arc<[u8]>),
    /// `binary`, `varbinary`, `image`, `rowversion` (8 bytes), the serialised form of a CLR type.
    Bytes(Arc<[u8]>),
    /// A CLR value: its serialised bytes, and what `.ToString()` makes of it.
    Clr(Arc<(Box<[u8]>, Box<str>)>),
    /// `sql_variant`: a value with a type of its own.
    Variant(Arc<(ColumnType, Value)>),
}

impl Value {
    /// Text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// Bytes.
    pub fn bytes(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.into())
    }

    /// A `rowversion`.
    pub fn rowversion(counter: u64) -> Self {
        Self::Bytes(counter.to_be_bytes().as_slice().into())
    }

    /// Is it NULL?
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The whole number in it, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Bit(bit) => Some(i64::from(*bit)),
            _ => None,
        }
    }

    /// The text in it, if it is well-formed text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Int(number.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<bool> for Value {
    fn from(bit: bool) -> Self {
        Self::Bit(bit)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A `uniqueidentifier` in its stored form: the first three groups have their bytes the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Guid(pub [u8; 16]);

/// The place of each stored byte in the text form, and the other way round.
const TEXT_PLACES: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

impl Guid {
    /// From the 128 bits as the text form writes them.
    pub fn from_u128(number: u128) -> Self {
        let text = number.to_be_bytes();
        Self(TEXT_PLACES.map(|place| text[place]))
    }
}

impl fmt::Display for Guid {
    /// 36 characters in upper case, as the server writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, place) in TEXT_PLACES.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{:02X}", self.0[*place])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Guid;

    #[test]
    fn a_guid_is_written_as_the_server_writes_it() {
        let guid = Guid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);
        assert_eq!(guid.0[..8], [0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66]);
        assert_eq!(guid.to_string(), "00112233-4455-6677-8899-AABBCCDDEEFF");
    }
}
