//! What becomes of values that can't be held, and of a row that is too long.

use super::{Absent, Codec, EncodeError, OnUnrepresentable, RowEncoder, Unrepresentable, append_value, fields_of};
use crate::encode::quarantine::{Entry, append_line};

/// Why values, or a row, can't be held.
#[derive(Default)]
pub(super) struct Refused {
    pub values: Vec<(usize, Unrepresentable)>,
    /// The columns without which the row is short enough, the largest first.
    pub dropped: Vec<usize>,
    /// Whether the key alone is too long.
    pub key_is_long: bool,
}

impl Refused {
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.dropped.is_empty() && !self.key_is_long
    }
}

impl RowEncoder {
    /// Which columns a row that is too long has to do without: the largest, as few as will do, and never of the key.
    pub(super) fn shorten(&mut self, body: &[u8], out: &mut Vec<u8>) -> Result<Refused, EncodeError> {
        let start = out.len();
        let mut sizes = Vec::with_capacity(self.fields.len());
        let mut total = self.fields.first().map_or(0, |f| f.lead.len()) + self.end.len();
        for (n, (field, value)) in self.fields.iter().zip(fields_of(body)).enumerate() {
            let is_held = field.codec != Codec::Hidden
                && value != b"\\N"
                && append_value(field.codec, value, &mut self.scratch, out).is_ok();
            // What is saved without it: of the first column a NULL is written, as `leave_out` says.
            let held = if n == 0 { out.len() - start } else { field.lead.len() + out.len() - start };
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
        if let (OnUnrepresentable::Fail, Absent::IsLost) = (self.policy, self.absent) {
            let largest = refused.dropped.first().and_then(|n| self.fields.get(*n)).or(self.fields.first());
            return Err(EncodeError::RowTooLong(largest.map(|f| f.source.clone()).unwrap_or_default()));
        }
        Ok(refused)
    }

    pub(super) fn refuse(
        &mut self,
        refused: &Refused,
        key_end: Option<usize>,
        body: &[u8],
        quarantine: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        if let (OnUnrepresentable::Fail, Some((n, reason))) = (self.policy, refused.values.first()) {
            let field = &self.fields[*n];
            let (column, target) = (field.source.clone(), field.target);
            return Err(EncodeError::Unrepresentable { column, target, reason: reason.0 });
        }
        // A row that is left out has no column that became NULL.
        match key_end {
            Some(_) => self.tally.nulled += (refused.values.len() + refused.dropped.len()) as u64,
            None => self.tally.left_out += 1,
        }
        // A bad key always quarantines the row: there is no NULL to put in its place.
        if self.policy == OnUnrepresentable::Quarantine || key_end.is_none() {
            self.tally.quarantined += 1;
            self.quarantine(refused, body, quarantine);
        }
        Ok(())
    }

    /// Appends the row's lines. One that is too long stands whole in the first of them alone.
    fn quarantine(&self, refused: &Refused, body: &[u8], out: &mut Vec<u8>) {
        // What is read for the cursor's sake alone is not published here either.
        let published = || self.fields.iter().zip(fields_of(body)).filter(|(f, _)| f.codec != Codec::Hidden);
        let row = || published().map(|(f, text)| (f.source.as_str(), text));
        let long = refused.dropped.first().copied().or(refused.key_is_long.then_some(0));
        if let Some(field) = long.and_then(|n| self.fields.get(n)) {
            let names = refused.dropped.iter().filter_map(|n| self.fields.get(*n)).map(|f| f.source.as_str());
            let names = names.collect::<Vec<_>>().join(", ");
            let reason = match refused.key_is_long {
                true => "a row of more than 100 MB, by its key alone".to_owned(),
                false => format!("a row of more than 100 MB: NULL in place of {names}"),
            };
            append_line(&Entry { column: &field.source, reason: &reason, value: None }, row(), out);
        }
        for (n, reason) in &refused.values {
            let column = self.fields[*n].source.as_str();
            let value = row().find(|(name, _)| *name == column).map(|(_, value)| value);
            let entry = Entry { column, reason: reason.0, value };
            match long {
                Some(_) => append_line(&entry, std::iter::empty(), out),
                None => append_line(&entry, row(), out),
            }
        }
    }
}
