//! Quoting for GoogleSQL.

use time::OffsetDateTime;

use crate::model::TargetRef;

/// An identifier in backticks. Backslash escapes work inside them.
pub(super) fn ident(name: &str) -> String {
    format!("`{}`", escape(name, '`'))
}

/// A table, qualified.
pub(super) fn table(t: &TargetRef) -> String {
    format!("`{}.{}.{}`", escape(&t.project, '`'), escape(&t.dataset, '`'), escape(&t.table, '`'))
}

/// A STRING literal.
pub(super) fn string(text: &str) -> String {
    format!("'{}'", escape(text, '\''))
}

/// A TIMESTAMP literal, to the microsecond.
pub(super) fn timestamp(t: OffsetDateTime) -> String {
    let t = t.to_offset(time::UtcOffset::UTC);
    let (y, m, d) = (t.year(), u8::from(t.month()), t.day());
    let (h, min, s, us) = (t.hour(), t.minute(), t.second(), t.microsecond());
    format!("TIMESTAMP '{y:04}-{m:02}-{d:02} {h:02}:{min:02}:{s:02}.{us:06}+00'")
}

fn escape(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c == quote || c == '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => out.push_str(&format!("\\U{:08x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_cannot_be_left() {
        assert_eq!(string("it's \\ \n\u{1}"), "'it\\'s \\\\ \\n\\U00000001'");
        assert_eq!(ident("a`b"), "`a\\`b`");
    }

    #[test]
    fn a_timestamp_keeps_its_microseconds() {
        let t = time::macros::datetime!(2024-02-29 12:34:56.000123 +02:00);
        assert_eq!(timestamp(t), "TIMESTAMP '2024-02-29 10:34:56.000123+00'");
    }
}
