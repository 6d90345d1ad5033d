//! Bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Appends bytes as base64.
pub fn bytes(value: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let start = out.len();
    let room = value.len().div_ceil(3) * 4;
    out.resize(start + room, 0);
    // The room was computed for exactly these bytes; a shorter answer would only leave it cut.
    let written = STANDARD.encode_slice(value, &mut out[start..]).unwrap_or(0);
    out.truncate(start + written);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_base64() {
        for (value, expected) in [(&b""[..], "\"\""), (b"\x00\xff", "\"AP8=\""), (b"\xde\xad\xbe", "\"3q2+\"")] {
            let mut out = Vec::new();
            bytes(value, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
