//! The lines of a quarantine file: what could not be held, and the whole row it stood in.

use super::text::{append_json_string, append_plain_string};

/// What could not be held, and why.
pub(super) struct Entry<'a> {
    pub column: &'a str,
    pub reason: &'a str,
    /// As COPY sent it; `None` where it is not said here.
    pub value: Option<&'a [u8]>,
}

/// Appends one line: the column, why, the value's text, and the row as the source printed it.
pub(super) fn append_line<'a>(entry: &Entry<'_>, row: impl Iterator<Item = (&'a str, &'a [u8])>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"column\":");
    append_name(entry.column, out);
    out.extend_from_slice(b",\"reason\":");
    append_name(entry.reason, out);
    out.extend_from_slice(b",\"value\":");
    append_value(entry.value.unwrap_or(b"\\N"), out);
    out.extend_from_slice(b",\"row\":{");
    for (n, (name, field)) in row.enumerate() {
        if n > 0 {
            out.push(b',');
        }
        append_name(name, out);
        out.push(b':');
        append_value(field, out);
    }
    out.extend_from_slice(b"}}\n");
}

fn append_value(field: &[u8], out: &mut Vec<u8>) {
    if field == b"\\N" {
        out.extend_from_slice(b"null");
    } else {
        out.push(b'"');
        append_json_string(field, out);
        out.push(b'"');
    }
}

/// A plain text, whose backslashes COPY has not doubled.
pub(super) fn append_name(name: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    append_plain_string(name.as_bytes(), out);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_the_row_as_the_source_printed_it() {
        let mut out = Vec::new();
        let row: [(&str, &[u8]); 3] = [("id", b"1"), ("at", b"infinity"), ("note", b"\\N")];
        let entry = Entry { column: "at", reason: "infinity", value: Some(b"infinity") };
        append_line(&entry, row.into_iter(), &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\"column\":\"at\",\"reason\":\"infinity\",\"value\":\"infinity\",\
             \"row\":{\"id\":\"1\",\"at\":\"infinity\",\"note\":null}}\n"
        );
    }
}
