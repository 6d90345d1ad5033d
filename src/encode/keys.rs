//! What a run learns from the keys it passes: their bounds, and a digest of the whole list.

use sha2::{Digest, Sha256};

use super::text::unescape;
use crate::batch::KeyBounds;
use crate::model::TargetType;

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
    /// Adds a key by its fields as COPY sent them, separators included.
    pub fn add(&mut self, key: &[u8]) {
        let hash = Sha256::digest(key);
        let mut low = [0u8; 16];
        low.copy_from_slice(&hash[..16]);
        self.sum = self.sum.wrapping_add(u128::from_le_bytes(low));
        self.count += 1;
    }

    pub fn merge(&mut self, other: Self) {
        self.sum = self.sum.wrapping_add(other.sum);
        self.count += other.count;
    }

    pub fn hex(&self) -> String {
        format!("{:032x}", self.sum)
    }
}

/// Keeps the smallest and largest value of the first key column, in BigQuery's order of its type.
#[derive(Clone, Debug)]
pub(super) enum BoundsTracker {
    Int64(Option<(i64, i64)>),
    /// Bytewise, as BigQuery orders strings.
    String {
        range: Option<(Vec<u8>, Vec<u8>)>,
        scratch: Vec<u8>,
    },
    /// A type whose bounds are of no use in a MERGE, or a value that could not be read.
    None,
}

/// Longer keys make longer statements, and prune no better.
const LONGEST_STRING_BOUND: usize = 256;

impl BoundsTracker {
    pub fn new(key: Option<TargetType>) -> Self {
        match key {
            Some(TargetType::Int64) => Self::Int64(None),
            Some(TargetType::String) => Self::String { range: None, scratch: Vec::new() },
            _ => Self::None,
        }
    }

    pub fn add(&mut self, field: &[u8]) {
        match self {
            Self::Int64(range) => match std::str::from_utf8(field).ok().and_then(|t| t.parse::<i64>().ok()) {
                Some(n) => *range = Some(range.map_or((n, n), |(lo, hi)| (lo.min(n), hi.max(n)))),
                None => *self = Self::None,
            },
            Self::String { range, scratch } => {
                scratch.clear();
                unescape(field, scratch);
                match range {
                    None => *range = Some((scratch.clone(), scratch.clone())),
                    Some((lo, hi)) => {
                        if scratch < lo {
                            lo.clone_from(scratch);
                        }
                        if scratch > hi {
                            hi.clone_from(scratch);
                        }
                    }
                }
            }
            Self::None => {}
        }
    }

    pub fn bounds(&self) -> Option<KeyBounds> {
        match self {
            Self::Int64(range) => range.map(|(min, max)| KeyBounds::Int64 { min, max }),
            Self::String { range: Some((lo, hi)), .. } => {
                let text = |b: &[u8]| {
                    std::str::from_utf8(b).ok().filter(|t| t.len() <= LONGEST_STRING_BOUND).map(str::to_owned)
                };
                Some(KeyBounds::String { min: text(lo)?, max: text(hi)? })
            }
            _ => None,
        }
    }
}

/// The smallest bounds that hold both; `None` where one side has rows but no bounds.
pub fn join_bounds(a: Option<KeyBounds>, b: Option<KeyBounds>) -> Option<KeyBounds> {
    match (a?, b?) {
        (KeyBounds::Int64 { min, max }, KeyBounds::Int64 { min: n, max: x }) => {
            Some(KeyBounds::Int64 { min: min.min(n), max: max.max(x) })
        }
        (KeyBounds::String { min, max }, KeyBounds::String { min: n, max: x }) => {
            Some(KeyBounds::String { min: min.min(n), max: max.max(x) })
        }
        _ => None,
    }
}

/// Keeps the largest value of a cursor column, as PostgreSQL prints it.
#[derive(Clone, Debug)]
pub(super) enum CursorTracker {
    Integer(Option<i64>),
    /// Dates and timestamps in ISO form sort as text while the year has four digits.
    Temporal(Option<Vec<u8>>),
}

impl CursorTracker {
    pub fn new(target: TargetType) -> Self {
        if target == TargetType::Int64 { Self::Integer(None) } else { Self::Temporal(None) }
    }

    pub fn add(&mut self, field: &[u8]) {
        match self {
            Self::Integer(max) => {
                let number = std::str::from_utf8(field).ok().and_then(|t| t.parse::<i64>().ok());
                *max = (*max).max(number);
            }
            Self::Temporal(max) => {
                // Infinity, BC and far years say nothing about where "now" is.
                let ordinary = field.get(4) == Some(&b'-') && !field.ends_with(b"BC");
                if ordinary && max.as_deref().is_none_or(|m| field > m) {
                    let slot = max.get_or_insert_default();
                    slot.clear();
                    slot.extend_from_slice(field);
                }
            }
        }
    }

    pub fn max(&self) -> Option<String> {
        match self {
            Self::Integer(max) => max.map(|n| n.to_string()),
            Self::Temporal(max) => max.as_ref().map(|m| String::from_utf8_lossy(m).into_owned()),
        }
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

    #[test]
    fn string_bounds_are_bytewise() {
        let mut b = BoundsTracker::new(Some(TargetType::String));
        for key in ["b", "B", "é", "a"] {
            b.add(key.as_bytes());
        }
        assert_eq!(b.bounds(), Some(KeyBounds::String { min: "B".into(), max: "é".into() }));
    }

    #[test]
    fn a_fraction_is_larger_than_none() {
        let mut t = CursorTracker::new(TargetType::Timestamp);
        for v in [
            "2024-01-01 00:00:00+00",
            "2024-01-01 00:00:00.5+00",
            "2024-01-01 00:00:00.45+00",
            "infinity",
            "10000-01-01 00:00:00+00",
        ] {
            t.add(v.as_bytes());
        }
        assert_eq!(t.max().as_deref(), Some("2024-01-01 00:00:00.5+00"));
    }

    #[test]
    fn integers_compare_as_numbers() {
        let mut t = CursorTracker::new(TargetType::Int64);
        for v in ["9", "10", "-11"] {
            t.add(v.as_bytes());
        }
        assert_eq!(t.max().as_deref(), Some("10"));
    }
}
