//! The digest of a text, and the bucket that a key is in.

use md5::{Digest as _, Md5};

/// The MD5 of a canonical text: all databases have it, and nobody is kept out by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest([u8; 16]);

/// Two numbers of 56 bits, from the beginning of a digest. A database adds them up; 64 bits would overflow at the first addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lanes {
    pub first: u64,
    pub second: u64,
}

/// How many hexadecimal digits of a key's digest are its bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BucketDigits(u8);

impl Digest {
    pub fn of(text: &str) -> Self {
        Self(Md5::digest(text).into())
    }

    pub fn lanes(&self) -> Lanes {
        let number = |bytes: &[u8]| bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b));
        Lanes { first: number(&self.0[..7]), second: number(&self.0[7..14]) }
    }

    /// The bucket of a key that has this digest.
    pub fn bucket(&self, digits: BucketDigits) -> u32 {
        let leading = u32::from_be_bytes([self.0[0], self.0[1], self.0[2], self.0[3]]);
        leading.checked_shr(32 - 4 * u32::from(digits.0)).unwrap_or(0)
    }

    pub fn hex(&self) -> String {
        self.0.iter().map(|b| format!("{b:02x}")).collect()
    }
}

impl BucketDigits {
    /// More buckets than this no answer should hold.
    pub const MOST: u8 = 4;

    /// `digits` of them, at most [`Self::MOST`]: 16 to that power are the buckets.
    pub fn new(digits: u8) -> Self {
        Self(digits.min(Self::MOST))
    }

    /// As many as put about `rows` of a table into one bucket.
    pub fn for_rows(table: u64, rows: u64) -> Self {
        let fits = |digits: &u8| (table >> (4 * u32::from(*digits))) <= rows;
        Self((0..Self::MOST).find(fits).unwrap_or(Self::MOST))
    }

    pub fn count(self) -> u32 {
        1 << (4 * u32::from(self.0))
    }

    pub fn get(self) -> u8 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_and_buckets_are_the_leading_digits() {
        let digest = Digest::of("");
        assert_eq!(digest.hex(), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(digest.lanes(), Lanes { first: 0x00d4_1d8c_d98f_00b2, second: 0x0004_e980_0998_ecf8 });
        let bucket = |digits| digest.bucket(BucketDigits::new(digits));
        assert_eq!([bucket(0), bucket(1), bucket(3), bucket(4), bucket(9)], [0, 0xd, 0xd41, 0xd41d, 0xd41d]);
    }

    #[test]
    fn buckets_grow_with_the_table() {
        let of = |table| BucketDigits::for_rows(table, 20_000).get();
        assert_eq!([of(0), of(20_000), of(21_000), of(2_000_000), of(100_000_000), of(u64::MAX)], [0, 0, 1, 2, 4, 4]);
        assert_eq!(BucketDigits::new(3).count(), 4096);
    }
}
