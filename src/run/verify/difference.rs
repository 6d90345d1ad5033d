//! What differs between two sides, from what each says by itself.

use std::cmp::Ordering;

use crate::canonical::{Buckets, KeyDigest, Sums};
use crate::model::Difference;

/// The buckets whose rows are not the same, in order.
pub(super) fn differing_buckets(source: &Buckets, target: &Buckets) -> Vec<u32> {
    let none = Sums::default();
    let differs = |bucket: &&u32| {
        let of = |side: &Buckets| side.get(*bucket).copied().unwrap_or(none);
        !of(source).is_same(&of(target))
    };
    let mut found: Vec<u32> = source.keys().chain(target.keys()).filter(differs).copied().collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Buckets in groups of at most so many rows on either side, or of one bucket.
pub(super) fn groups(buckets: &[u32], source: &Buckets, target: &Buckets, most: u64) -> Vec<Vec<u32>> {
    let rows = |bucket: u32| {
        let of = |side: &Buckets| side.get(&bucket).map_or(0, |s| s.rows);
        of(source).max(of(target))
    };
    let mut groups: Vec<(u64, Vec<u32>)> = Vec::new();
    for bucket in buckets {
        match groups.last_mut() {
            Some((all, group)) if *all + rows(*bucket) <= most => {
                *all += rows(*bucket);
                group.push(*bucket);
            }
            _ => groups.push((rows(*bucket), vec![*bucket])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// The keys whose rows differ, each once for every row that the sides do not share. Rows of a table without a key have empty ones.
pub(super) fn compare_lists(mut source: Vec<KeyDigest>, mut target: Vec<KeyDigest>) -> Vec<(Vec<String>, Difference)> {
    source.sort_unstable();
    target.sort_unstable();
    let (mut source, mut target) = (source.into_iter().peekable(), target.into_iter().peekable());
    let (mut missing, mut extra) = (Vec::new(), Vec::new());
    loop {
        let order = match (source.peek(), target.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => one.cmp(other),
        };
        match order {
            Ordering::Less => missing.extend(source.next()),
            Ordering::Greater => extra.extend(target.next()),
            Ordering::Equal => _ = (source.next(), target.next()),
        }
    }
    paired(missing, extra)
}

/// Of rows that one side alone has, those with the same key are one row that has other values.
fn paired(missing: Vec<KeyDigest>, extra: Vec<KeyDigest>) -> Vec<(Vec<String>, Difference)> {
    let mut found = Vec::with_capacity(missing.len().max(extra.len()));
    let mut extra = extra.into_iter().peekable();
    for row in missing {
        while let Some(before) = extra.next_if(|e| e.key < row.key) {
            found.push((before.key, Difference::Extra));
        }
        let has_key = !row.key.is_empty();
        let difference = match extra.next_if(|e| has_key && e.key == row.key) {
            Some(_) => Difference::Different,
            None => Difference::Missing,
        };
        found.push((row.key, difference));
    }
    found.extend(extra.map(|e| (e.key, Difference::Extra)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::{LaneSums, Lanes};

    fn row(key: &str, value: u64) -> KeyDigest {
        KeyDigest { key: vec![key.to_owned()], row: Some(Lanes { first: value, second: value }) }
    }

    #[test]
    fn each_key_differs_in_its_own_way() {
        let source = vec![row("c", 1), row("a", 1), row("b", 2), row("e", 1)];
        let target = vec![row("b", 3), row("a", 1), row("d", 1), row("e", 1), row("e", 1)];
        let found = compare_lists(source, target);
        let found: Vec<(&str, Difference)> = found.iter().map(|(k, d)| (k[0].as_str(), *d)).collect();
        use Difference::{Different, Extra, Missing};
        assert_eq!(found, [("b", Different), ("c", Missing), ("d", Extra), ("e", Extra)], "a key that is there twice");
    }

    #[test]
    fn rows_without_a_key_are_missing_or_extra() {
        let row = |value| KeyDigest { key: Vec::new(), row: Some(Lanes { first: value, second: 0 }) };
        let found = compare_lists(vec![row(1), row(1), row(2)], vec![row(1), row(3)]);
        let kinds: Vec<Difference> = found.into_iter().map(|(_, d)| d).collect();
        assert_eq!(kinds, [Difference::Missing, Difference::Missing, Difference::Extra]);
    }

    #[test]
    fn buckets_are_compared_whichever_side_has_them() {
        let sums = |rows| Sums { rows, keys: LaneSums { first: u128::from(rows), second: 0 }, ..Sums::default() };
        let source: Buckets = [(1, sums(1)), (2, sums(5)), (7, sums(0)), (9, Sums { nulled: 3, ..sums(4) })].into();
        let target: Buckets = [(2, sums(6)), (3, sums(1)), (9, sums(4))].into();
        assert_eq!(differing_buckets(&source, &target), [1, 2, 3]);
        assert_eq!(groups(&[1, 2, 3], &source, &target, 7), [vec![1, 2], vec![3]]);
        assert_eq!(groups(&[2, 3], &source, &target, 1), [vec![2], vec![3]]);
    }
}
