//! The parameters of an RPC, in the forms that tiberius sends.

use super::reader::{Reader, units, utf16};
use crate::error::Ended;
use crate::typed::{Guid, Value};

/// A parameter as sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) value: Value,
}

pub(crate) fn parse(from: &mut Reader<'_>) -> Result<Parameter, Ended> {
    let name = from.short_text()?;
    let _status = from.u8()?;
    let value = value(from)?;
    Ok(Parameter { name, value })
}

fn value(from: &mut Reader<'_>) -> Result<Value, Ended> {
    let code = from.u8()?;
    Ok(match code {
        0x1f => Value::Null,
        // int, bit, float, money, datetime, guid: the greatest length, then the length.
        0x26 | 0x68 | 0x6d | 0x6e | 0x6f | 0x24 => {
            let _greatest = from.u8()?;
            by_length(code, from)?
        }
        0x6a | 0x6c => {
            let (_greatest, _precision, _scale) = (from.u8()?, from.u8()?, from.u8()?);
            decimal(from)?
        }
        0x28 => match from.u8()? {
            0 => Value::Null,
            _ => Value::Date(days(from)?),
        },
        0x29..=0x2b => {
            let scale = from.u8()?;
            moment(code, scale, from)?
        }
        0xe7 | 0xef => {
            let length = from.u16()?;
            let _collation = from.take(5)?;
            sized(from, length)?.map_or(Ok(Value::Null), |bytes| text(&bytes))?
        }
        0xa7 | 0xaf => {
            let length = from.u16()?;
            let _collation = from.take(5)?;
            sized(from, length)?.map_or(Value::Null, |bytes| Value::CodePage(bytes.into()))
        }
        0xa5 | 0xad => {
            let length = from.u16()?;
            sized(from, length)?.map_or(Value::Null, |bytes| Value::Bytes(bytes.into()))
        }
        0xf1 => {
            if from.u8()? != 0 {
                return Err(Ended::Protocol("an xml parameter with a schema"));
            }
            sized(from, 0xffff)?.map_or(Ok(Value::Null), |bytes| text(&bytes))?
        }
        _ => return Err(Ended::Protocol("a parameter of a type that the stand-in does not read")),
    })
}

fn text(bytes: &[u8]) -> Result<Value, Ended> {
    Ok(match utf16(bytes) {
        Ok(text) => Value::Text(text.into()),
        Err(_) => Value::Units(units(bytes).into()),
    })
}

/// A value with its length in two bytes, or in chunks where the type's length is 0xFFFF.
fn sized(from: &mut Reader<'_>, of_type: u16) -> Result<Option<Vec<u8>>, Ended> {
    if of_type != 0xffff {
        let length = from.u16()?;
        return Ok(if length == 0xffff { None } else { Some(from.take(length.into())?.to_vec()) });
    }
    if from.u64()? == u64::MAX {
        return Ok(None);
    }
    let mut whole = Vec::new();
    loop {
        let length = from.u32()? as usize;
        if length == 0 {
            return Ok(Some(whole));
        }
        whole.extend_from_slice(from.take(length)?);
    }
}

fn by_length(code: u8, from: &mut Reader<'_>) -> Result<Value, Ended> {
    let length = from.u8()?;
    Ok(match (code, length) {
        (_, 0) => Value::Null,
        (0x26, 1) => Value::Int(from.u8()?.into()),
        (0x26, 2) => Value::Int((from.u16()? as i16).into()),
        (0x26, 4) => Value::Int((from.u32()? as i32).into()),
        (0x26, 8) => Value::Int(from.u64()? as i64),
        (0x68, 1) => Value::Bit(from.u8()? != 0),
        (0x6d, 4) => Value::Real(f32::from_bits(from.u32()?)),
        (0x6d, 8) => Value::Float(f64::from_bits(from.u64()?)),
        (0x6e, 4) => Value::Money((from.u32()? as i32).into()),
        (0x6e, 8) => {
            let high = from.u32()?;
            Value::Money(((u64::from(high) << 32) | u64::from(from.u32()?)) as i64)
        }
        (0x6f, 4) => Value::SmallDateTime(from.u16()?, from.u16()?),
        (0x6f, 8) => Value::DateTime(from.u32()? as i32, from.u32()?),
        (0x24, 16) => {
            let mut guid = [0; 16];
            guid.copy_from_slice(from.take(16)?);
            Value::Guid(Guid(guid))
        }
        _ => return Err(Ended::Protocol("a parameter of a length that its type does not have")),
    })
}

fn decimal(from: &mut Reader<'_>) -> Result<Value, Ended> {
    let length = usize::from(from.u8()?);
    if length == 0 {
        return Ok(Value::Null);
    }
    let positive = from.u8()? == 1;
    let mut digits = [0; 16];
    let bytes = from.take(length - 1)?;
    digits.get_mut(..bytes.len()).ok_or(Ended::Protocol("a long decimal"))?.copy_from_slice(bytes);
    let digits = u128::from_le_bytes(digits) as i128;
    Ok(Value::Decimal(if positive { digits } else { -digits }))
}

fn days(from: &mut Reader<'_>) -> Result<u32, Ended> {
    let bytes = from.take(3)?;
    Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]))
}

fn moment(code: u8, scale: u8, from: &mut Reader<'_>) -> Result<Value, Ended> {
    let length = usize::from(from.u8()?);
    if length == 0 {
        return Ok(Value::Null);
    }
    let after = match code {
        0x29 => 0,
        0x2a => 3,
        _ => 5,
    };
    let mut time = [0; 8];
    let bytes = from.take(length.checked_sub(after).ok_or(Ended::Protocol("a short time"))?)?;
    time.get_mut(..bytes.len()).ok_or(Ended::Protocol("a long time"))?.copy_from_slice(bytes);
    let ticks = u64::from_le_bytes(time) * 10_u64.pow(u32::from(7_u8.saturating_sub(scale)));
    Ok(match code {
        0x29 => Value::Time(ticks),
        0x2a => Value::DateTime2(days(from)?, ticks),
        _ => Value::DateTimeOffset(days(from)?, ticks, from.u16()? as i16),
    })
}
