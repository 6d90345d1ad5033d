//! Texts as they come: UTF-16, the low byte first.

use crate::encode::value::{Unrepresentable, append_control};

const HALF: Unrepresentable = Unrepresentable("half a surrogate pair");
const ODD: Unrepresentable = Unrepresentable("half a character");

/// Bits that no ASCII character has, in four units.
const NOT_ASCII: u64 = 0xff80_ff80_ff80_ff80;

/// Appends a text as a JSON string, quotes included.
pub(super) fn append_json(text: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    out.push(b'"');
    append(text, out, append_escaped, Halves::Refused)?;
    out.push(b'"');
    Ok(())
}

/// Appends a text as UTF-8.
pub(super) fn append_plain(text: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    append(text, out, |b, out| out.push(b), Halves::Refused)
}

/// Appends a text as UTF-8, with U+FFFD in place of what is no character: for people.
pub(super) fn append_lossy(text: &[u8], out: &mut Vec<u8>) {
    // Nothing is refused.
    let _ = append(text, out, |b, out| out.push(b), Halves::Replaced);
}

/// What becomes of half a surrogate pair.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Halves {
    Refused,
    Replaced,
}

fn append_escaped(b: u8, out: &mut Vec<u8>) {
    match b {
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', b]),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0..0x20 => append_control(b, out),
        _ => out.push(b),
    }
}

#[inline]
fn append(
    text: &[u8],
    out: &mut Vec<u8>,
    ascii: impl Fn(u8, &mut Vec<u8>),
    halves: Halves,
) -> Result<(), Unrepresentable> {
    out.reserve(text.len() / 2 + 2);
    let mut rest = text;
    loop {
        // Four units at a time: most text is ASCII.
        while let Some((four, more)) = rest.split_first_chunk::<8>() {
            if u64::from_le_bytes(*four) & NOT_ASCII != 0 {
                break;
            }
            for b in [four[0], four[2], four[4], four[6]] {
                ascii(b, out);
            }
            rest = more;
        }
        let Some((unit, more)) = rest.split_first_chunk::<2>() else { break };
        let unit = u16::from_le_bytes(*unit);
        rest = more;
        if let Ok(b @ 0..0x80) = u8::try_from(unit) {
            ascii(b, out);
            continue;
        }
        let c = match unit {
            0xd800..0xdc00 => {
                let low =
                    rest.first_chunk::<2>().map(|b| u16::from_le_bytes(*b)).filter(|u| (0xdc00..0xe000).contains(u));
                if low.is_some() {
                    rest = &rest[2..];
                }
                low.and_then(|low| {
                    char::from_u32(0x1_0000 + ((u32::from(unit) - 0xd800) << 10) + (u32::from(low) - 0xdc00))
                })
            }
            _ => char::from_u32(u32::from(unit)),
        };
        let c = match (c, halves) {
            (Some(c), _) => c,
            (None, Halves::Replaced) => char::REPLACEMENT_CHARACTER,
            (None, Halves::Refused) => return Err(HALF),
        };
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    if rest.is_empty() || halves == Halves::Replaced { Ok(()) } else { Err(ODD) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(units: impl IntoIterator<Item = u16>) -> Vec<u8> {
        units.into_iter().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_text_is_read_as_it_was_written() {
        for text in [
            "",
            "a",
            "abcdefghi",
            "ünïcode 🦀 and more",
            "\"\\\"\n\r\t\u{0}\u{1f}",
            "abc🦀",
            "\u{ffff}\u{fffd}\u{10ffff}",
            "1234é678",
        ] {
            let source = bytes(text.encode_utf16());
            let mut out = Vec::new();
            append_json(&source, &mut out).unwrap();
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
            out.clear();
            append_plain(&source, &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }

    #[test]
    fn half_a_pair_is_no_text() {
        for units in [vec![0xd800], vec![0xdc00, 0x41], vec![0x41, 0xd83e, 0x41], vec![0xd83e, 0xd83e, 0xdd80]] {
            let mut out = Vec::new();
            assert_eq!(append_json(&bytes(units.clone()), &mut out).unwrap_err().0, HALF.0, "{units:x?}");
            out.clear();
            append_lossy(&bytes(units), &mut out);
            assert!(String::from_utf8(out).unwrap().contains('\u{fffd}'));
        }
        assert_eq!(append_plain(b"a\0b", &mut Vec::new()).unwrap_err().0, ODD.0);
    }
}
