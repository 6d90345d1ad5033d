//! The lines of a quarantine file: what could not be held, and the whole row it stood in.

use super::line::LineWriter;
use super::refused::Refused;
use crate::encode::decoder::Decoder;
use crate::encode::value::string;

/// What could not be held, and why.
struct Entry<'a, Field> {
    column: &'a str,
    reason: &'a str,
    /// `None` where it is not said here.
    value: Option<Field>,
}

impl<D: Decoder> LineWriter<D> {
    /// Appends what is kept of a row. One that is too long stands whole in the first of its lines alone.
    pub(super) fn quarantine(&mut self, refused: &Refused, row: &D::Fields<'_>, out: &mut Vec<u8>) {
        let Self { decoder, columns, .. } = self;
        // What is read for the cursor's sake alone is not published here either.
        let published = || columns.iter().zip(row.clone()).filter(|(c, _)| c.codec.is_some());
        let row = || published().map(|(c, field)| (c.source.as_str(), field));
        let long = refused.dropped.first().copied().or(refused.key_is_long.then_some(0));
        if let Some(column) = long.and_then(|n| columns.get(n)) {
            let names = refused.dropped.iter().filter_map(|n| columns.get(*n)).map(|c| c.source.as_str());
            let names = names.collect::<Vec<_>>().join(", ");
            let reason = match refused.key_is_long {
                true => "a row of more than 100 MB, by its key alone".to_owned(),
                false => format!("a row of more than 100 MB: NULL in place of {names}"),
            };
            append_line(decoder, &Entry { column: &column.source, reason: &reason, value: None }, row(), out);
        }
        for (n, reason) in &refused.values {
            let column = columns[*n].source.as_str();
            let value = row().find(|(name, _)| *name == column).map(|(_, value)| value);
            let entry = Entry { column, reason: reason.0, value };
            match long {
                Some(_) => append_line(decoder, &entry, std::iter::empty(), out),
                None => append_line(decoder, &entry, row(), out),
            }
        }
    }
}

/// Appends one line: the column, why, the value's text, and the row as the source printed it.
fn append_line<'a, 'r, D: Decoder>(
    decoder: &mut D,
    entry: &Entry<'_, D::Field<'r>>,
    row: impl Iterator<Item = (&'a str, D::Field<'r>)>,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"{\"column\":");
    string(entry.column.as_bytes(), out);
    out.extend_from_slice(b",\"reason\":");
    string(entry.reason.as_bytes(), out);
    out.extend_from_slice(b",\"value\":");
    append_field(decoder, entry.value, out);
    out.extend_from_slice(b",\"row\":{");
    for (n, (name, field)) in row.enumerate() {
        if n > 0 {
            out.push(b',');
        }
        string(name.as_bytes(), out);
        out.push(b':');
        append_field(decoder, Some(field), out);
    }
    out.extend_from_slice(b"}}\n");
}

fn append_field<'r, D: Decoder>(decoder: &mut D, field: Option<D::Field<'r>>, out: &mut Vec<u8>) {
    match field.filter(|f| !D::is_null(*f)) {
        Some(field) => decoder.append_string(field, out),
        None => out.extend_from_slice(b"null"),
    }
}
