//! The bounds of the keys that a run has passed: a MERGE looks no further.

use super::decoder::Decoder;
use crate::batch::KeyBounds;
use crate::model::TargetType;

/// Keeps the smallest and largest value of the first key column, in BigQuery's order of its type.
#[derive(Clone, Debug)]
pub(super) enum BoundsTracker {
    Int64(Option<(i64, i64)>),
    /// Bytewise, as BigQuery orders strings.
    String(Option<(Vec<u8>, Vec<u8>)>),
    /// A type whose bounds are of no use in a MERGE, or a value that could not be read.
    None,
}

/// Longer keys make longer statements, and prune no better.
const LONGEST_STRING_BOUND: usize = 256;

impl BoundsTracker {
    pub fn new(key: Option<TargetType>) -> Self {
        match key {
            Some(TargetType::Int64) => Self::Int64(None),
            Some(TargetType::String) => Self::String(None),
            _ => Self::None,
        }
    }

    pub fn add<D: Decoder>(&mut self, field: D::Field<'_>, decoder: &mut D) {
        match self {
            Self::Int64(_) => self.add_integer(D::integer(field)),
            Self::String(range) => widen(range, decoder.plain_text(field)),
            Self::None => {}
        }
    }

    fn add_integer(&mut self, value: Option<i64>) {
        let Self::Int64(range) = self else { return };
        match value {
            Some(n) => *range = Some(range.map_or((n, n), |(lo, hi)| (lo.min(n), hi.max(n)))),
            None => *self = Self::None,
        }
    }

    pub fn bounds(&self) -> Option<KeyBounds> {
        match self {
            Self::Int64(range) => range.map(|(min, max)| KeyBounds::Int64 { min, max }),
            Self::String(Some((lo, hi))) => {
                let text = |b: &[u8]| {
                    std::str::from_utf8(b).ok().filter(|t| t.len() <= LONGEST_STRING_BOUND).map(str::to_owned)
                };
                Some(KeyBounds::String { min: text(lo)?, max: text(hi)? })
            }
            _ => None,
        }
    }
}

fn widen(range: &mut Option<(Vec<u8>, Vec<u8>)>, text: &[u8]) {
    match range {
        None => *range = Some((text.to_vec(), text.to_vec())),
        Some((lo, hi)) => {
            if text < lo.as_slice() {
                lo.clear();
                lo.extend_from_slice(text);
            }
            if text > hi.as_slice() {
                hi.clear();
                hi.extend_from_slice(text);
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_bounds_are_bytewise() {
        let mut range = None;
        for key in ["b", "B", "é", "a"] {
            widen(&mut range, key.as_bytes());
        }
        let bounds = BoundsTracker::String(range).bounds();
        assert_eq!(bounds, Some(KeyBounds::String { min: "B".into(), max: "é".into() }));
    }

    #[test]
    fn a_key_that_is_no_integer_leaves_no_bounds() {
        let mut b = BoundsTracker::new(Some(TargetType::Int64));
        for (key, bounds) in [(Some(7), Some(KeyBounds::Int64 { min: 7, max: 7 })), (None, None), (Some(8), None)] {
            b.add_integer(key);
            assert_eq!(b.bounds(), bounds);
        }
    }
}
