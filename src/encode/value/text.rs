//! Text, and the escapes of JSON.

/// Bytes that a JSON string can't hold as they are.
const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 0x20 {
        table[b] = true;
        b += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};

/// The place of the first byte that a JSON string can't hold as it is. Eight bytes at a time: most text has none.
pub fn first_special(text: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 0x80;
    // A byte below `n` borrows from its high bit; only bytes below 0x80 can.
    let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word & HIGH;
    let mut at = 0;
    while let Some(bytes) = text.get(at..at + 8).and_then(|b| <[u8; 8]>::try_from(b).ok()) {
        let word = u64::from_le_bytes(bytes);
        let equals = |b: u8| below(word ^ (ONES * u64::from(b)), 1);
        let found = below(word, 0x20) | equals(b'"') | equals(b'\\');
        if found != 0 {
            // A borrow only spills upwards: the lowest mark is true.
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    text[at..].iter().position(|&b| SPECIAL[usize::from(b)]).map(|n| at + n)
}

/// Appends a text as a JSON string.
pub fn string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    append_escaped(text, out);
    out.push(b'"');
}

/// Appends a text that needs no escapes as a JSON string.
pub(super) fn quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
}

/// Appends a text as the inside of a JSON string.
pub fn append_escaped(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(stop) = first_special(rest) {
        out.extend_from_slice(&rest[..stop]);
        match rest[stop] {
            b @ (b'"' | b'\\') => out.extend_from_slice(&[b'\\', b]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => append_control(control, out),
        }
        rest = &rest[stop + 1..];
    }
    out.extend_from_slice(rest);
}

/// Appends the escape of a control character.
pub fn append_control(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(b"\\u00");
    out.push(HEX[usize::from(byte >> 4)]);
    out.push(HEX[usize::from(byte & 15)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_reads_back_as_the_same() {
        for text in ["", "plain ünïcode 🦀", "\u{8}\u{c}\n\r\t\u{b}\\", "\"\\\"", "\u{7f}\u{80}\u{1f}"] {
            let mut out = Vec::new();
            string(text.as_bytes(), &mut out);
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }

    #[test]
    fn the_first_special_byte_is_found_wherever_it_stands() {
        for special in [0u8, 9, 0x1f, b'"', b'\\'] {
            for length in 1..40 {
                for at in 0..length {
                    for filler in [b' ', b'a', 0x7f, 0x80, 0xff, b'!', b'#', b'[', b']'] {
                        let mut text = vec![filler; length];
                        assert_eq!(first_special(&text), None);
                        text[at] = special;
                        assert_eq!(first_special(&text), Some(at), "{special} {length} {at} {filler}");
                    }
                }
            }
        }
    }
}
