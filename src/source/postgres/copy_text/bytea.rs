//! `bytea` in its hex form.

use crate::encode::value::{Unrepresentable, bytes};

/// Appends `\x…` as base64.
pub(super) fn append_bytea(text: &[u8], scratch: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    let hex = text.strip_prefix(b"\\x").ok_or(Unrepresentable("not in hex form"))?;
    scratch.clear();
    for pair in hex.chunks_exact(2) {
        let (high, low) = (NIBBLES[usize::from(pair[0])], NIBBLES[usize::from(pair[1])]);
        if high | low > 15 {
            return Err(Unrepresentable("not in hex form"));
        }
        scratch.push(high << 4 | low);
    }
    bytes(scratch, out);
    Ok(())
}

/// The value of a hexadecimal digit as the server prints it; anything else is above 15.
const NIBBLES: [u8; 256] = {
    let mut table = [0xff; 256];
    let mut n = 0;
    while n < 16 {
        table[b"0123456789abcdef"[n as usize] as usize] = n;
        n += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_base64() {
        let b = |field: &str| {
            let mut out = Vec::new();
            append_bytea(field.as_bytes(), &mut Vec::new(), &mut out).map_err(|e| e.0)?;
            Ok::<_, &str>(String::from_utf8(out).unwrap())
        };
        assert_eq!(b(r"\x").unwrap(), "\"\"");
        assert_eq!(b(r"\x00ff").unwrap(), "\"AP8=\"");
        assert_eq!(b(r"\xdeadbe").unwrap(), "\"3q2+\"");
        assert_eq!(b("abc").unwrap_err(), "not in hex form");
    }
}
