//! The parts that a protocol buffer is made of.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding/>

/// How a field's value stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WireType {
    Varint = 0,
    Fixed64 = 1,
    LengthDelimited = 2,
}

/// The bytes that a field begins with, made once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    bytes: [u8; 5],
    len: u8,
}

impl Tag {
    pub fn new(field: u32, wire: WireType) -> Self {
        let mut value = (field << 3) | wire as u32;
        let (mut bytes, mut len) = ([0; 5], 0);
        // A field's number has 29 bits, so five bytes of seven bits are enough.
        for byte in &mut bytes {
            *byte = (value & 0x7f) as u8;
            value >>= 7;
            len += 1;
            if value == 0 {
                break;
            }
            *byte |= 0x80;
        }
        Self { bytes, len }
    }

    #[inline]
    pub fn append(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes[..usize::from(self.len)]);
    }
}

/// Appends a number in as few bytes as it has groups of seven bits.
#[inline]
pub(super) fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

/// How many bytes [`varint`] appends.
pub(super) fn varint_len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// Appends a signed number: a negative one has all of its 64 bits.
#[inline]
pub(super) fn int64(value: i64, out: &mut Vec<u8>) {
    varint(value.cast_unsigned(), out);
}

/// Appends bytes behind their length.
#[inline]
pub(super) fn delimited(bytes: &[u8], out: &mut Vec<u8>) {
    varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_bytes_that_others_read() {
        for (value, wanted) in [(0, &[0][..]), (127, &[127]), (128, &[128, 1]), (300, &[0xac, 2])] {
            let mut out = Vec::new();
            varint(value, &mut out);
            assert_eq!(out, wanted);
        }
        for value in [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut out = Vec::new();
            varint(value, &mut out);
            assert_eq!(varint_len(value), out.len(), "{value}");
            assert_eq!(prost::encoding::decode_varint(&mut &out[..]).unwrap(), value);
        }
        let mut out = Vec::new();
        int64(-1, &mut out);
        assert_eq!(out.len(), 10);
    }

    #[test]
    fn a_tag_holds_number_and_type() {
        for field in [1, 15, 16, 2047, 2048, (1 << 29) - 1] {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            Tag::new(field, WireType::LengthDelimited).append(&mut ours);
            prost::encoding::encode_key(field, prost::encoding::WireType::LengthDelimited, &mut theirs);
            assert_eq!(ours, theirs);
        }
    }
}
