//! What has changed in one bucket: its rows then and now, compared as sets, byte by byte.

use super::list_format::{Entry, unpack};
use super::listed_rows::Now;
use crate::source::{NamedKey, Origin};

/// What the rows of a bucket say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Compared {
    /// Keys that are new, changed or gone.
    pub keys: Vec<NamedKey>,
    /// Whether a key stands in more than one row now.
    pub repeats: bool,
}

/// Compares a bucket; both sides are in the order of their keys' bytes. `None` where the list has no keys.
pub(super) fn compare(then: &[Entry], now: &[Now]) -> Option<Compared> {
    let mut found = Compared::default();
    let (mut old, mut new) = (then, now);
    while let Some(key) = old.first().map(|e| &e.key).into_iter().chain(new.first().map(|n| &n.then.key)).min() {
        let of_old = old.iter().take_while(|e| e.key == *key).count();
        let of_new = new.iter().take_while(|n| n.then.key == *key).count();
        let ((old_rows, old_rest), (new_rows, new_rest)) = (old.split_at(of_old), new.split_at(of_new));
        found.repeats |= of_new > 1;
        let is_same = old_rows.iter().eq(new_rows.iter().map(|n| &n.then)) && new_rows.iter().all(|n| !n.filled);
        if !is_same {
            // A key that no list has is in no target either: the row is there, or it would not be listed.
            let origin = if of_old == 0 { Origin::Added } else { Origin::Before };
            found.keys.push(NamedKey { values: unpack(key)?, origin });
        }
        (old, new) = (old_rest, new_rest);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::super::list_format::pack;
    use super::*;
    use crate::source::RowHash;

    fn old(key: &str, hash: u64) -> Entry {
        Entry::new(pack(&[key.to_owned()]), RowHash([hash, 1]))
    }

    fn new(key: &str, hash: u64, filled: bool) -> Now {
        Now { then: old(key, hash), next: [9, 9], filled }
    }

    fn keys(then: &[Entry], now: &[Now]) -> Vec<(String, Origin)> {
        compare(then, now).unwrap().keys.into_iter().map(|k| (k.values.concat(), k.origin)).collect()
    }

    #[test]
    fn what_differs_is_named() {
        let then = [old("a", 1), old("b", 2), old("d", 4)];
        let now = [new("a", 1, false), new("b", 3, false), new("c", 5, false)];
        let found = [("b", Origin::Before), ("c", Origin::Added), ("d", Origin::Before)];
        assert_eq!(keys(&then, &now), found.map(|(k, o)| (k.to_owned(), o)));
        assert_eq!(keys(&then, &[]).len(), 3);
        assert_eq!(keys(&[], &now).len(), 3);
        assert_eq!(keys(&[], &[]), []);
    }

    #[test]
    fn a_row_with_a_new_value_is_named_though_its_old_ones_are_the_same() {
        assert_eq!(keys(&[old("a", 1)], &[new("a", 1, true)]), [("a".to_owned(), Origin::Before)]);
    }

    #[test]
    fn a_key_in_two_rows_is_noticed() {
        let twice = [new("a", 1, false), new("a", 1, false)];
        assert!(compare(&[], &twice).unwrap().repeats);
        assert_eq!(keys(&[old("a", 1)], &twice).len(), 1, "one row more is a change");
        assert!(!compare(&[old("a", 1), old("a", 2)], &[new("a", 1, false)]).unwrap().repeats);
    }
}
