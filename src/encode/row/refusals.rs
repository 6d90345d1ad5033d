//! Which columns' values could not be held, and why.

use std::collections::BTreeMap;

use super::refused::Refused;

const TOO_LONG: &str = "left out of a row of more than 100 MB";
const KEY_TOO_LONG: &str = "a row of more than 100 MB, by its key alone";

/// How many values could not be held, by the number of their column and the reason.
#[derive(Clone, Debug, Default)]
pub(super) struct Refusals(BTreeMap<(usize, &'static str), u64>);

impl Refusals {
    /// Counts what of one row can't be held.
    pub fn add(&mut self, refused: &Refused) {
        let values = refused.values.iter().map(|(n, reason)| (*n, reason.0));
        let dropped = refused.dropped.iter().map(|n| (*n, TOO_LONG));
        let key = refused.key_is_long.then_some((0, KEY_TOO_LONG));
        for refusal in values.chain(dropped).chain(key) {
            *self.0.entry(refusal).or_default() += 1;
        }
    }

    /// Columns by their numbers, reasons, and how many values.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &'static str, u64)> {
        self.0.iter().map(|((column, reason), values)| (*column, *reason, *values))
    }
}
