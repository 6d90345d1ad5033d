//! Texts as they come: UTF-16, the low byte first.

use crate::encode::value::{Unrepresentable, append_control};

const HALF: Unrepresentable = Unrepresentable("half a surrogate pair");
const ODD: Unrepresentable = Unrepresentable("half a character");

/// Bits that no ASCII character has, in four units.
const NOT_ASCII: u64 = 0xff80_ff80_ff80_ff80;

/// Appends a text as a JSON string, quotes included.
pub(super) fn append_json(text: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    out.push(b'"');
    append(text, out, Ascii { one: append_escaped, is_plain: |units| !has_escape(units) }, Halves::Refused)?;
    out.push(b'"');
    Ok(())
}

/// Appends a text as UTF-8.
pub(super) fn append_plain(text: &[u8], out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
    append(text, out, Ascii { one: |b, out: &mut Vec<u8>| out.push(b), is_plain: |_| true }, Halves::Refused)
}

/// Appends a text as UTF-8, with U+FFFD in place of what is no character: for people.
pub(super) fn append_lossy(text: &[u8], out: &mut Vec<u8>) {
    // Nothing is refused.
    let ascii = Ascii { one: |b, out: &mut Vec<u8>| out.push(b), is_plain: |_| true };
    let _ = append(text, out, ascii, Halves::Replaced);
}

/// What becomes of half a surrogate pair.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Halves {
    Refused,
    Replaced,
}

/// How ASCII is written.
struct Ascii<One, IsPlain> {
    /// One character.
    one: One,
    /// Are these four the same in the output as they are?
    is_plain: IsPlain,
}

/// Is one of four ASCII units a quote, a backslash or a control character? All four are looked at in one go.
fn has_escape(units: u64) -> bool {
    const EACH: u64 = 0x0001_0001_0001_0001;
    const TOP: u64 = EACH * 0x80;
    // An ASCII unit has no top bit; each of these keeps the one put there unless the unit is what is looked for.
    let not_control = (units | TOP) - EACH * 0x20;
    let not_quote = ((units ^ (EACH * 0x22)) | TOP) - EACH;
    let not_backslash = ((units ^ (EACH * 0x5c)) | TOP) - EACH;
    not_control & not_quote & not_backslash & TOP != TOP
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
    ascii: Ascii<impl Fn(u8, &mut Vec<u8>), impl Fn(u64) -> bool>,
    halves: Halves,
) -> Result<(), Unrepresentable> {
    out.reserve(text.len() / 2 + 2);
    let mut rest = text;
    loop {
        // Four units at a time: most text is ASCII.
        while let Some((four, more)) = rest.split_first_chunk::<8>() {
            let units = u64::from_le_bytes(*four);
            if units & NOT_ASCII != 0 {
                break;
            }
            let bytes = [four[0], four[2], four[4], four[6]];
            if (ascii.is_plain)(units) {
                out.extend_from_slice(&bytes);
            } else {
                bytes.into_iter().for_each(|b| (ascii.one)(b, out));
            }
            rest = more;
        }
        let Some((unit, more)) = rest.split_first_chunk::<2>() else { break };
        let unit = u16::from_le_bytes(*unit);
        rest = more;
        if let Ok(b @ 0..0x80) = u8::try_from(unit) {
            (ascii.one)(b, out);
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
    fn every_ascii_character_is_escaped_in_every_place() {
        for place in 0..9 {
            for b in 0..0x80_u8 {
                let mut text = "abcdefghi".to_owned();
                text.replace_range(place..=place, &char::from(b).to_string());
                let mut out = Vec::new();
                append_json(&bytes(text.encode_utf16()), &mut out).unwrap();
                assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
                assert!(out.iter().all(|b| *b >= 0x20));
            }
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
