//! What a row that is too long has to do without.

use super::line::LineWriter;
use super::refused::Refused;
use crate::encode::decoder::Decoder;

impl<D: Decoder> LineWriter<D> {
    /// Which columns a row that is too long has to do without: the largest, as few as will do, and never of the key.
    pub(super) fn shorten(&mut self, row: &D::Fields<'_>, out: &mut Vec<u8>) -> Refused {
        let start = out.len();
        let mut sizes = Vec::with_capacity(self.columns.len());
        let mut total = self.columns.first().map_or(0, |c| c.lead.len()) + self.end.len();
        for (n, (column, field)) in self.columns.iter().zip(row.clone()).enumerate() {
            let is_held = column
                .codec
                .is_some_and(|codec| !D::is_null(field) && self.decoder.append_value(field, codec, out).is_ok());
            // What is saved without it: of the first column a NULL is written, as `leave_out` says.
            let held = if n == 0 { out.len() - start } else { column.lead.len() + out.len() - start };
            let null = if n == 0 { b"null".len() } else { 0 };
            total += if is_held { held } else { null };
            sizes.push((if is_held { held.saturating_sub(null) } else { 0 }, n));
            out.truncate(start);
        }
        let mut rest = sizes.split_off(self.key_len.min(sizes.len()));
        rest.sort_by(|a, b| b.cmp(a));
        let mut refused = Refused::default();
        for (size, n) in rest {
            if total <= self.longest || size == 0 {
                break;
            }
            total -= size;
            refused.dropped.push(n);
        }
        refused.key_is_long = total > self.longest;
        refused
    }
}
