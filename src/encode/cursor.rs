//! The largest value of the cursor that a run has passed.

use super::decoder::Decoder;
use crate::model::TargetType;

/// Keeps the largest value of a cursor column, as the source prints it.
#[derive(Clone, Debug)]
pub(super) enum CursorTracker {
    Integer(Option<i64>),
    /// Dates and timestamps in ISO form, as [`Decoder::plain_text`] gives them, sort as text while the year has four digits.
    Temporal(Option<Vec<u8>>),
}

impl CursorTracker {
    pub fn new(target: TargetType) -> Self {
        if target == TargetType::Int64 { Self::Integer(None) } else { Self::Temporal(None) }
    }

    pub fn add<D: Decoder>(&mut self, field: D::Field<'_>, decoder: &mut D) {
        match self {
            Self::Integer(max) => *max = (*max).max(D::integer(field)),
            Self::Temporal(max) => raise(max, decoder.plain_text(field)),
        }
    }

    pub fn max(&self) -> Option<String> {
        match self {
            Self::Integer(max) => max.map(|n| n.to_string()),
            Self::Temporal(max) => max.as_ref().map(|m| String::from_utf8_lossy(m).into_owned()),
        }
    }
}

fn raise(max: &mut Option<Vec<u8>>, text: &[u8]) {
    // A year that has not four digits, or what is no date, says nothing about where "now" is.
    let is_ordinary = text.get(4) == Some(&b'-') && text.last().is_some_and(u8::is_ascii_digit);
    if is_ordinary && max.as_deref().is_none_or(|m| text > m) {
        let slot = max.get_or_insert_default();
        slot.clear();
        slot.extend_from_slice(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_is_larger_than_none() {
        let mut max = None;
        for v in [
            "2024-01-01 00:00:00+00",
            "2024-01-01 00:00:00.5+00",
            "2024-01-01 00:00:00.45+00",
            "never",
            "10000-01-01 00:00:00+00",
            "2024-01-01 00:00:00+00 or so",
        ] {
            raise(&mut max, v.as_bytes());
        }
        assert_eq!(CursorTracker::Temporal(max).max().as_deref(), Some("2024-01-01 00:00:00.5+00"));
    }
}
