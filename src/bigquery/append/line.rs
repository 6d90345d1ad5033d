//! A staged line, taken apart: the members of one flat JSON object, as slices of its text.

use memchr::{memchr, memchr2};

/// A member's value. Its text is all of it, the quotes or brackets included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Staged<'l> {
    Null,
    /// A number, `true` or `false`.
    Plain(&'l [u8]),
    /// A string, without its quotes, in which escapes stand as they are.
    Text(&'l [u8]),
    /// An object or an array.
    Document(&'l [u8]),
}

/// The line is no object of the form that a run stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotALine;

/// Walks over the members of a line.
pub(super) struct Members<'l> {
    rest: &'l [u8],
    is_first: bool,
}

impl<'l> Members<'l> {
    pub fn of(line: &'l [u8]) -> Result<Self, NotALine> {
        Ok(Self { rest: line.strip_prefix(b"{").ok_or(NotALine)?, is_first: true })
    }

    /// The next member: its name as it stands between the quotes, and its value. `None` at the end of the line.
    #[inline]
    pub fn next(&mut self) -> Result<Option<(&'l [u8], Staged<'l>)>, NotALine> {
        if self.rest == b"}" {
            return Ok(None);
        }
        if !std::mem::take(&mut self.is_first) {
            self.rest = self.rest.strip_prefix(b",").ok_or(NotALine)?;
        }
        let name = string(&mut self.rest)?;
        self.rest = self.rest.strip_prefix(b":").ok_or(NotALine)?;
        Ok(Some((name, value(&mut self.rest)?)))
    }
}

/// Walks over the elements of an array.
pub(super) struct Elements<'l> {
    rest: &'l [u8],
    is_first: bool,
}

impl<'l> Elements<'l> {
    pub fn of(array: &'l [u8]) -> Result<Self, NotALine> {
        Ok(Self { rest: array.strip_prefix(b"[").ok_or(NotALine)?, is_first: true })
    }

    pub fn next(&mut self) -> Result<Option<Staged<'l>>, NotALine> {
        if self.rest == b"]" {
            return Ok(None);
        }
        if !std::mem::take(&mut self.is_first) {
            self.rest = self.rest.strip_prefix(b",").ok_or(NotALine)?;
        }
        Ok(Some(value(&mut self.rest)?))
    }
}

/// Takes a string off the front; what is between its quotes.
#[inline]
fn string<'l>(rest: &mut &'l [u8]) -> Result<&'l [u8], NotALine> {
    let text = rest.strip_prefix(b"\"").ok_or(NotALine)?;
    let end = end_of_string(text)?;
    *rest = &text[end + 1..];
    Ok(&text[..end])
}

/// Where the closing quote of a string is.
#[inline]
fn end_of_string(text: &[u8]) -> Result<usize, NotALine> {
    let mut at = 0;
    loop {
        let found = at + memchr2(b'"', b'\\', text.get(at..).ok_or(NotALine)?).ok_or(NotALine)?;
        if text[found] == b'"' {
            return Ok(found);
        }
        at = found + 2;
    }
}

#[inline]
fn value<'l>(rest: &mut &'l [u8]) -> Result<Staged<'l>, NotALine> {
    match rest.first() {
        Some(b'"') => string(rest).map(Staged::Text),
        Some(b'{' | b'[') => {
            let end = end_of_document(rest)?;
            let (document, behind) = rest.split_at(end);
            *rest = behind;
            Ok(Staged::Document(document))
        }
        Some(_) => {
            let end = rest.iter().position(|b| matches!(b, b',' | b'}' | b']')).ok_or(NotALine)?;
            let (plain, behind) = rest.split_at(end);
            *rest = behind;
            Ok(if plain == b"null" { Staged::Null } else { Staged::Plain(plain) })
        }
        None => Err(NotALine),
    }
}

/// Where an object or an array ends. What is inside was checked when it was staged.
fn end_of_document(text: &[u8]) -> Result<usize, NotALine> {
    let (mut depth, mut at) = (0usize, 0);
    while let Some(byte) = text.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Ok(at);
                }
            }
            b'"' => at += end_of_string(&text[at..])? + 1,
            _ => {}
        }
    }
    Err(NotALine)
}

/// Appends the text that a string of JSON stands for. `Err` where it holds half a surrogate pair, or is no string of JSON.
pub(super) fn unescape(text: &[u8], out: &mut Vec<u8>) -> Result<(), NotALine> {
    let mut rest = text;
    while let Some(at) = memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let escape = *rest.get(at + 1).ok_or(NotALine)?;
        rest = &rest[at + 2..];
        let plain = match escape {
            b'"' | b'\\' | b'/' => escape,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 8,
            b'f' => 12,
            b'u' => {
                append_unit(&mut rest, out)?;
                continue;
            }
            _ => return Err(NotALine),
        };
        out.push(plain);
    }
    out.extend_from_slice(rest);
    Ok(())
}

/// Appends the character behind `\u`.
fn append_unit(rest: &mut &[u8], out: &mut Vec<u8>) -> Result<(), NotALine> {
    let high = unit(rest)?;
    let code = if (0xd800..0xdc00).contains(&high) {
        *rest = rest.strip_prefix(b"\\u").ok_or(NotALine)?;
        let low = unit(rest)?.checked_sub(0xdc00).filter(|low| *low < 0x400).ok_or(NotALine)?;
        0x1_0000 + ((high - 0xd800) << 10) + low
    } else {
        high
    };
    let character = char::from_u32(code).ok_or(NotALine)?;
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Ok(())
}

fn unit(rest: &mut &[u8]) -> Result<u32, NotALine> {
    let digits = rest.get(..4).and_then(|d| std::str::from_utf8(d).ok()).ok_or(NotALine)?;
    *rest = &rest[4..];
    u32::from_str_radix(digits, 16).map_err(|_| NotALine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_apart() {
        let line = br#"{"_plimsoll_op":"U","id":-7,"a\"b":"x\\\"y","t":true,"n":null,"doc":{"k":["]}",{"a":1}]},"list":[1,"a,]b",null]}"#;
        let mut members = Members::of(line).unwrap();
        let mut all = Vec::new();
        while let Some(member) = members.next().unwrap() {
            all.push(member);
        }
        assert_eq!(
            all,
            [
                (&b"_plimsoll_op"[..], Staged::Text(b"U")),
                (b"id", Staged::Plain(b"-7")),
                (b"a\\\"b", Staged::Text(b"x\\\\\\\"y")),
                (b"t", Staged::Plain(b"true")),
                (b"n", Staged::Null),
                (b"doc", Staged::Document(br#"{"k":["]}",{"a":1}]}"#)),
                (b"list", Staged::Document(br#"[1,"a,]b",null]"#)),
            ]
        );
        let mut elements = Elements::of(br#"[1,"a,]b",null]"#).unwrap();
        assert_eq!(elements.next().unwrap(), Some(Staged::Plain(b"1")));
        assert_eq!(elements.next().unwrap(), Some(Staged::Text(b"a,]b")));
        assert_eq!(elements.next().unwrap(), Some(Staged::Null));
        assert_eq!(elements.next().unwrap(), None);
        assert_eq!(Elements::of(b"[]").unwrap().next().unwrap(), None);
        assert_eq!(Members::of(b"{}").unwrap().next().unwrap(), None);
    }

    #[test]
    fn what_is_no_line_is_said_to_be_none() {
        let all = |line: &[u8]| {
            let mut members = Members::of(line)?;
            while members.next()?.is_some() {}
            Ok::<(), NotALine>(())
        };
        let whole = br#"{"id":1,"t":"a\u00e4\"b","d":{"x":[1,{"y":"}"}]},"n":null}"#;
        assert_eq!(all(whole), Ok(()));
        for length in 0..whole.len() {
            assert_eq!(all(&whole[..length]), Err(NotALine), "{length}");
        }
        for line in [&b""[..], b"[1]", b"{\"a\"1}", b"{a:1}"] {
            assert!(all(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn escapes_are_read_as_json_reads_them() {
        for json in [r#""""#, r#""plain""#, r#""a\n\r\t\b\f\/\\\"z""#, r#""\u00e4\ud83e\udd80\u0000""#, r#""ü🦀""#] {
            let mut out = Vec::new();
            unescape(&json.as_bytes()[1..json.len() - 1], &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), serde_json::from_str::<String>(json).unwrap());
        }
        for broken in [r"\ud800", r"\ud800x", r"\ud800\u0041", r"\udc00", r"\x", r"\", r"\u12", r"\u12g4"] {
            assert!(unescape(broken.as_bytes(), &mut Vec::new()).is_err(), "{broken}");
        }
    }
}
