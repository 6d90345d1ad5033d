//! A digest of a whole list of keys: whether the list is another one than last time.

use sha2::{Digest, Sha256};

/// A sum of hashes over a set of keys: equal for equal sets, whatever the order.
///
/// 128 bits of SHA-256 a key, added modulo 2^128. Rows are unique by key, so equal sums and counts mean equal sets but for
/// a chance no disk or network comes near.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyDigest {
    pub count: u64,
    sum: u128,
}

impl KeyDigest {
    /// Adds a key, by the bytes that its decoder makes of it.
    pub fn add(&mut self, key: &[u8]) {
        let hash = Sha256::digest(key);
        let mut low = [0u8; 16];
        low.copy_from_slice(&hash[..16]);
        self.sum = self.sum.wrapping_add(u128::from_le_bytes(low));
        self.count += 1;
    }

    pub fn hex(&self) -> String {
        format!("{:032x}", self.sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_does_not_see_the_order_but_sees_a_swap() {
        let digest = |keys: &[&str]| {
            let mut d = KeyDigest::default();
            keys.iter().for_each(|k| d.add(k.as_bytes()));
            (d.count, d.hex())
        };
        assert_eq!(digest(&["1", "2", "3"]), digest(&["3", "1", "2"]));
        assert_ne!(digest(&["1", "2", "3"]), digest(&["1", "2", "4"]));
        assert_ne!(digest(&["1\t23"]), digest(&["12\t3"]));
    }
}
