//! What a target's type can hold.

use super::decimal::{fits_bignumeric, fits_numeric};
use super::document::Document;
use super::value::PlainValue;
use crate::model::TargetType;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;
/// The days of the years 1 to 9999, from 1970-01-01.
const DATES: std::ops::RangeInclusive<i64> = -719_162..=2_932_896;

impl PlainValue<'_> {
    /// Whether a column of the type holds the value. One that it can't is NULL in the target. A NULL is held, but not in an array.
    pub fn is_held(&self, target: TargetType) -> bool {
        match self {
            Self::Decimal(text) => match target {
                TargetType::Numeric => fits_numeric(text),
                TargetType::BigNumeric => fits_bignumeric(text),
                _ => true,
            },
            Self::Date(days) => DATES.contains(days),
            Self::Time(micros) => (0..DAY).contains(micros),
            Self::DateTime(micros) | Self::Timestamp(micros) => DATES.contains(&micros.div_euclid(DAY)),
            Self::Document(document) => *document != Document::Null,
            Self::Array(elements) => elements.iter().all(|e| *e != Self::Null && e.is_held(target)),
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Double(_)
            | Self::Single(_)
            | Self::Bytes(_)
            | Self::Text(_) => true,
        }
    }
}
