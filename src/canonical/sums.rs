//! Digests added up, bucket by bucket. A sum does not depend on the order of the rows, and sees a row that is there twice.

use std::collections::BTreeMap;

use super::digest::{Digest, Lanes};

/// The sums of both lanes. Of up to 2^72 rows none overflows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneSums {
    pub first: u128,
    pub second: u128,
}

/// What is known of the rows of a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub rows: u64,
    /// Over the digests of their keys.
    pub keys: LaneSums,
    /// Over the digests of whole rows; zero where only keys are compared.
    pub values: LaneSums,
    /// Values of the source that the target can't hold. The target knows nothing of them.
    pub nulled: u64,
}

/// The sums of each bucket; a bucket without rows is not there.
pub type Buckets = BTreeMap<u32, Sums>;

impl LaneSums {
    pub fn add(&mut self, Lanes { first, second }: Lanes) {
        self.first += u128::from(first);
        self.second += u128::from(second);
    }
}

impl Sums {
    /// Adds a row; without a digest of all of it where only keys are compared.
    pub fn add(&mut self, key: Digest, row: Option<Digest>, nulled: u64) {
        self.rows += 1;
        self.keys.add(key.lanes());
        if let Some(row) = row {
            self.values.add(row.lanes());
        }
        self.nulled += nulled;
    }

    /// Whether the rows are the same, as far as they are compared.
    pub fn is_same(&self, other: &Self) -> bool {
        Self { nulled: 0, ..*self } == Self { nulled: 0, ..*other }
    }

    /// Reads the row of an answer: bucket, rows, the sums of the key's lanes, then where values are compared those of the rows' lanes, then
    /// where the source counts them the nulled values. `None` where it is no such row.
    pub fn read(row: &[Option<String>]) -> Option<(u32, Self)> {
        let number = |n: usize| -> Option<u128> {
            let text = row.get(n)?.as_deref()?;
            // The emulator pads a NUMERIC with zeros.
            text.split_once('.').map_or(text, |(whole, _)| whole).parse().ok()
        };
        let or_zero = |n: usize| if n < row.len() { number(n) } else { Some(0) };
        let sums = Self {
            rows: u64::try_from(number(1)?).ok()?,
            keys: LaneSums { first: number(2)?, second: number(3)? },
            values: LaneSums { first: or_zero(4)?, second: or_zero(5)? },
            nulled: u64::try_from(or_zero(6)?).ok()?,
        };
        Some((u32::try_from(number(0)?).ok()?, sums))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_sees_no_order_but_a_row_twice() {
        let sum = |rows: &[&str]| {
            let mut sums = Sums::default();
            rows.iter().for_each(|r| sums.add(Digest::of(r), Some(Digest::of(r)), 0));
            sums
        };
        assert!(sum(&["a", "b"]).is_same(&sum(&["b", "a"])));
        assert!(!sum(&["a", "a"]).is_same(&sum(&["a", "b"])) && !sum(&["a", "a"]).is_same(&sum(&["b", "b"])));
    }

    #[test]
    fn answers_of_either_side_are_read() {
        let row = |texts: &[&str]| texts.iter().map(|t| Some((*t).to_owned())).collect::<Vec<_>>();
        let (bucket, sums) = Sums::read(&row(&["9", "2", "144115188075855870.000000000", "1", "3", "4"])).unwrap();
        assert_eq!((bucket, sums.rows, sums.keys.first, sums.values.second), (9, 2, 144_115_188_075_855_870, 4));
        assert_eq!(Sums::read(&row(&["9", "2", "7", "1"])).unwrap().1.values, LaneSums::default());
        assert_eq!(Sums::read(&row(&["9", "2", "7", "1", "1", "1", "5"])).unwrap().1.nulled, 5);
        assert_eq!(Sums::read(&row(&["9", "x", "7", "1"])), None);
        assert_eq!(Sums::read(&[None, None]), None);
    }
}
