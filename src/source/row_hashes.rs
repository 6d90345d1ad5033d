//! Hashes of a table's rows, made by the source, as values.
//!
//! Rows lie in buckets, by a hash of their key's text. A run that finds no difference asks for sums alone: of each bucket how many rows it
//! has, and their hashes added up. What a hash is a source decides by itself: it is only ever compared with its own past. It has at least
//! 112 bits, and tells rows apart that differ in a value or a NULL.

use super::read::{KeyRange, Table};
use crate::encode::ShapeColumn;

/// A row's bucket is a number below two to this power: what a list of hashes is sorted by.
pub const BUCKET_BITS: u8 = 17;

/// Which rows are hashed, and what of them.
#[derive(Clone, Copy)]
pub struct Hashing<'a> {
    pub table: Table<'a>,
    /// The columns that are hashed, in this order.
    pub columns: &'a [ShapeColumn],
    pub range: &'a KeyRange,
}

/// A row's hash, or the sum of several: two lanes, added up each by itself without a carry out of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowHash(pub [u64; 2]);

impl RowHash {
    /// The sum with another.
    pub fn plus(self, other: Self) -> Self {
        Self([self.0[0].wrapping_add(other.0[0]), self.0[1].wrapping_add(other.0[1])])
    }
}

/// The rows of one bucket, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BucketSum {
    pub rows: u64,
    pub hash: RowHash,
}

/// Sums of all rows, by bucket. Several buckets of a list may be one here: those that agree in their first bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketSums {
    /// There are two to this power.
    pub bits: u8,
    pub sums: Vec<BucketSum>,
}

impl BucketSums {
    /// Of no rows.
    pub fn empty(bits: u8) -> Self {
        Self { bits, sums: vec![BucketSum::default(); 1 << bits] }
    }

    /// All rows.
    pub fn rows(&self) -> u64 {
        self.sums.iter().map(|s| s.rows).sum()
    }

    /// Adds rows to one of these buckets; one that there is not is passed over.
    pub fn add(&mut self, bucket: u32, more: BucketSum) {
        if let Some(sum) = usize::try_from(bucket).ok().and_then(|n| self.sums.get_mut(n)) {
            *sum = BucketSum { rows: sum.rows + more.rows, hash: sum.hash.plus(more.hash) };
        }
    }

    /// The same rows in fewer buckets.
    pub fn coarser(&self, bits: u8) -> Self {
        let bits = bits.min(self.bits);
        let mut all = Self::empty(bits);
        for (bucket, sum) in (0_u32..).zip(&self.sums) {
            all.add(bucket >> (self.bits - bits), *sum);
        }
        all
    }

    /// The buckets that have other rows.
    pub fn differing(&self, other: &Self) -> BucketSet {
        let mut set = BucketSet::none(self.bits);
        let pairs = (0_u32..).zip(self.sums.iter().zip(&other.sums));
        pairs.filter(|(_, (a, b))| a != b).for_each(|(bucket, _)| set.insert(bucket));
        set
    }
}

/// Some of the buckets of sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketSet {
    bits: u8,
    /// A bit for each, the lowest of a byte first.
    members: Vec<u8>,
}

impl BucketSet {
    /// Of two to this power none.
    pub fn none(bits: u8) -> Self {
        Self { bits, members: vec![0; (1_usize << bits).div_ceil(8)] }
    }

    pub fn insert(&mut self, bucket: u32) {
        if let Some(byte) = usize::try_from(bucket / 8).ok().and_then(|n| self.members.get_mut(n)) {
            *byte |= 1 << (bucket % 8);
        }
    }

    /// Whether a bucket of a list is one of them.
    pub fn has(&self, bucket: u32) -> bool {
        let coarse = bucket >> self.shift();
        usize::try_from(coarse / 8).ok().and_then(|n| self.members.get(n)).is_some_and(|b| b >> (coarse % 8) & 1 == 1)
    }

    /// Whether any from one bucket of a list to another is.
    pub fn has_any(&self, first: u32, last: u32) -> bool {
        let shift = self.shift();
        (first >> shift..=last >> shift).any(|coarse| self.has(coarse << shift))
    }

    /// By how many bits a list's bucket is finer.
    pub fn shift(&self) -> u8 {
        BUCKET_BITS.saturating_sub(self.bits)
    }

    /// A bit for each, the lowest of a byte first.
    pub fn bytes(&self) -> &[u8] {
        &self.members
    }
}

/// Which rows are listed.
#[derive(Clone, Copy)]
pub struct HashListing<'a> {
    pub of: Hashing<'a>,
    /// `None` for all.
    pub buckets: Option<&'a BucketSet>,
    /// Where columns have come: all that is hashed from now on.
    pub next: Option<NextHashing<'a>>,
}

/// What is hashed beside it.
#[derive(Clone, Copy)]
pub struct NextHashing<'a> {
    pub columns: &'a [ShapeColumn],
    /// Of those, the ones that are new.
    pub new: &'a [ShapeColumn],
}

/// A row's key and hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashedRow {
    pub bucket: u32,
    /// As the source prints it.
    pub key: Vec<String>,
    pub hash: RowHash,
    pub next: Option<NextHash>,
}

/// What is told of a row beside it, where columns have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextHash {
    pub hash: RowHash,
    pub filled: Filled,
}

/// Whether a row has a value in a new column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filled {
    Yes,
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_fewer_buckets_are_of_the_same_rows() {
        let one = |n| BucketSum { rows: 1, hash: RowHash([n, u64::MAX]) };
        let mut fine = BucketSums::empty(3);
        for bucket in 0..8 {
            fine.add(bucket, one(u64::from(bucket)));
        }
        fine.add(99, one(0));
        let coarse = fine.coarser(1);
        assert_eq!(
            coarse.sums,
            [
                BucketSum { rows: 4, hash: RowHash([6, u64::MAX - 3]) },
                BucketSum { rows: 4, hash: RowHash([22, u64::MAX - 3]) }
            ]
        );
        assert_eq!((fine.rows(), coarse.rows(), fine.coarser(0).rows()), (8, 8, 8));
    }

    #[test]
    fn a_set_knows_the_finer_buckets_of_a_list() {
        let (then, mut now) = (BucketSums::empty(4), BucketSums::empty(4));
        now.add(9, BucketSum { rows: 1, hash: RowHash::default() });
        let set = then.differing(&now);
        assert_eq!(set.bytes(), [0, 2]);
        let first = 9 << 13;
        assert!(set.has(first) && set.has(first + (1 << 13) - 1));
        assert!(!set.has(first - 1) && !set.has(first + (1 << 13)));
        assert!(set.has_any(0, first) && !set.has_any(0, first - 1) && set.has_any(first + 5, (1 << 17) - 1));
    }
}
