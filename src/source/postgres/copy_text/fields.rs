//! The fields of a row.

/// A place in the walk over a row's fields: what is left of the row. A tab inside a value is escaped.
#[derive(Clone, Copy, Debug)]
pub struct CopyFields<'r> {
    rest: Option<&'r [u8]>,
}

impl<'r> CopyFields<'r> {
    /// The walk over a row, with or without the newline at its end.
    pub(super) fn of(row: &'r [u8]) -> Self {
        Self { rest: Some(row.strip_suffix(b"\n").unwrap_or(row)) }
    }

    /// The text from this place to another, without the tab before that one.
    pub(super) fn up_to(self, end: Self) -> &'r [u8] {
        let text = self.rest.unwrap_or_default();
        let after = end.rest.map_or(0, |rest| rest.len() + 1);
        &text[..text.len().saturating_sub(after)]
    }
}

impl<'r> Iterator for CopyFields<'r> {
    type Item = &'r [u8];

    #[inline]
    fn next(&mut self) -> Option<&'r [u8]> {
        let text = self.rest?;
        match memchr::memchr(b'\t', text) {
            Some(tab) => {
                self.rest = Some(&text[tab + 1..]);
                Some(&text[..tab])
            }
            None => {
                self.rest = None;
                Some(text)
            }
        }
    }

    /// In one search, however many fields are passed over.
    fn nth(&mut self, n: usize) -> Option<&'r [u8]> {
        if let Some(last) = n.checked_sub(1) {
            let text = self.rest.take()?;
            self.rest = memchr::memchr_iter(b'\t', text).nth(last).map(|tab| &text[tab + 1..]);
        }
        self.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_one_field_more_than_tabs() {
        for row in ["", "a", "a\tb", "\t\t", "a\tbc\t\td"] {
            let expected: Vec<&str> = row.split('\t').collect();
            for text in [row.to_owned(), format!("{row}\n")] {
                let fields = CopyFields::of(text.as_bytes());
                assert_eq!(fields.map(|f| std::str::from_utf8(f).unwrap()).collect::<Vec<_>>(), expected);
                for n in 0..=expected.len() {
                    let mut walk = fields;
                    assert_eq!(walk.nth(n), expected.get(n).map(|f| f.as_bytes()), "{row} {n}");
                    let left: Vec<&str> = walk.map(|f| std::str::from_utf8(f).unwrap()).collect();
                    assert_eq!(left, expected.get(n + 1..).unwrap_or_default(), "{row} {n}");
                }
            }
        }
    }

    #[test]
    fn a_key_is_the_text_between_two_places() {
        let start = CopyFields::of(b"1\t2\tx\n");
        let mut place = start;
        let mut keys = vec![start.up_to(place)];
        while place.next().is_some() {
            keys.push(start.up_to(place));
        }
        assert_eq!(keys, [&b""[..], b"1", b"1\t2", b"1\t2\tx"]);
    }
}
