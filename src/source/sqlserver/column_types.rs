//! Which BigQuery type a type of SQL Server becomes, how its values are read and how they are encoded.

use super::native_type::{Family, SqlServerType};
use crate::encode::{Codec, ColumnWish, Content, Document, Mapping, Scalar, Width};
use crate::model::TargetType;

/// Source types that BigQuery has a counterpart of; docs/TYPES.md is printed from it.
pub(super) struct Known {
    pub families: &'static [Family],
    pub names: &'static str,
    pub target: TargetType,
    pub scalar: Scalar,
    pub note: &'static str,
}

const fn known(
    families: &'static [Family],
    names: &'static str,
    target: TargetType,
    scalar: Scalar,
    note: &'static str,
) -> Known {
    Known { families, names, target, scalar, note }
}

/// `decimal` is missing: there the precision decides. What is not named is text.
pub(super) const KNOWN: &[Known] = &[
    known(&[Family::Bit], "bit", TargetType::Bool, Scalar::Bool, ""),
    known(&[Family::Integer], "tinyint, smallint, int, bigint", TargetType::Int64, Scalar::Int, ""),
    known(
        &[Family::Money],
        "money, smallmoney",
        TargetType::Numeric,
        Scalar::Decimal(Width::Typed),
        "read as `decimal(19,4)`, exact",
    ),
    known(
        &[Family::Float],
        "float, real",
        TargetType::Float64,
        Scalar::Float,
        "the shortest text that reads back as the same value",
    ),
    known(&[Family::Date], "date", TargetType::Date, Scalar::Date, ""),
    known(&[Family::Time], "time(0) to time(7)", TargetType::Time, Scalar::Time, "microseconds kept"),
    known(
        &[Family::DateTime],
        "smalldatetime, datetime, datetime2(0) to (7)",
        TargetType::DateTime,
        Scalar::Timestamp,
        "microseconds kept; of `datetime` the milliseconds that the server prints (.000, .003, .007)",
    ),
    known(
        &[Family::DateTimeOffset],
        "datetimeoffset(0) to (7)",
        TargetType::Timestamp,
        Scalar::Timestamp,
        "the moment in UTC, microseconds kept; the offset is kept by `type = \"STRING\"`",
    ),
    known(
        &[Family::Binary, Family::Image, Family::RowVersion],
        "binary, varbinary, image, rowversion",
        TargetType::Bytes,
        Scalar::Bytes,
        "base64",
    ),
    known(
        &[Family::Json],
        "json",
        TargetType::Json,
        Scalar::Json(Document::Written),
        "the document's own text, on one line",
    ),
    known(
        &[Family::Vector],
        "vector",
        TargetType::Json,
        Scalar::Json(Document::Written),
        "an array, as the server prints it",
    ),
];

/// What a type cannot bring over, for people; empty where there is nothing.
pub(super) fn caveat(native: &SqlServerType, target: TargetType) -> String {
    let mut all: Vec<&str> = Vec::new();
    if loses_a_digit(native, target) {
        all.push(SEVENTH_DIGIT);
    }
    match (native.family(), target) {
        (Family::DateTimeOffset, TargetType::Timestamp) => all.push("what is before the year 1 or after 9999 in UTC"),
        (Family::Decimal, TargetType::Numeric) if !fits_numeric(native) => {
            all.push("more than 29 digits before the point and more than 9 behind it");
        }
        (Family::Json, _) => all.push(
            "a key twice in one object, nesting deeper than 500, and numbers that neither INT64 nor FLOAT64 hold exactly",
        ),
        (Family::Vector, _) => all.push("numbers that FLOAT64 does not print alike"),
        (Family::Unicode | Family::Document, _) => all.push("half a surrogate pair"),
        (Family::Variant, _) => all.push("half a surrogate pair"),
        _ => {}
    }
    if native.is_unbounded() {
        all.push("a value of more than 100 MB");
    }
    all.join("; ")
}

/// The declared policy for 100 ns: SQL Server's clock fills them, so quarantine would empty whole columns.
const SEVENTH_DIGIT: &str = "the seventh digit of a second: it is cut off, never rounded";

/// Whether the seventh digit of a second is cut off.
pub(super) fn loses_a_digit(native: &SqlServerType, target: TargetType) -> bool {
    let has_one = matches!(native.family(), Family::Time | Family::DateTime | Family::DateTimeOffset);
    has_one && native.scale == 7 && target != TargetType::String
}

/// What a column of a key has to be forced to: without its seventh digit two moments could be one.
pub fn type_in_key(native: &SqlServerType) -> Option<TargetType> {
    loses_a_digit(native, own(native).0).then_some(TargetType::String)
}

fn fits_numeric(native: &SqlServerType) -> bool {
    native.precision.saturating_sub(native.scale) <= 29 && native.scale <= 9
}

/// How a column's values reach the target; `None` where the type it is forced to can't be made of its own.
pub fn mapping(native: &SqlServerType, wish: ColumnWish) -> Option<Mapping> {
    let own = own(native);
    let (target, scalar) = match wish.forced {
        None => own,
        Some(target) => force(native, own, target)?,
    };
    let caveat = caveat(native, target);
    Some(Mapping { target, codec: Codec::Scalar(scalar), content: Content::Value, caveat })
}

/// How a salted digest reaches the target in the values' place.
pub fn hashed() -> Mapping {
    Mapping {
        target: TargetType::String,
        codec: Codec::Scalar(Scalar::Text),
        content: Content::Digest,
        caveat: String::new(),
    }
}

fn own(native: &SqlServerType) -> (TargetType, Scalar) {
    let family = native.family();
    if family == Family::Decimal {
        let target = if fits_numeric(native) { TargetType::Numeric } else { TargetType::BigNumeric };
        return (target, Scalar::Decimal(Width::Typed));
    }
    let known = KNOWN.iter().find(|k| k.families.contains(&family));
    known.map_or((TargetType::String, Scalar::Text), |k| (k.target, k.scalar))
}

/// What a column can be forced to, if its values mean the same there.
fn force(native: &SqlServerType, own: (TargetType, Scalar), target: TargetType) -> Option<(TargetType, Scalar)> {
    let is_number = matches!(native.family(), Family::Integer | Family::Decimal | Family::Money);
    match target {
        TargetType::String => Some((target, Scalar::Text)),
        TargetType::Numeric if is_number => Some((target, Scalar::Decimal(Width::Numeric))),
        TargetType::BigNumeric if is_number => Some((target, Scalar::Decimal(Width::BigNumeric))),
        TargetType::Timestamp if native.family() == Family::DateTime => Some((target, Scalar::TimestampUtc)),
        TargetType::Json if own.0 == TargetType::String && is_text(native) => {
            Some((target, Scalar::Json(Document::Claimed)))
        }
        _ => Some(own).filter(|(own, _)| *own == target),
    }
}

fn is_text(native: &SqlServerType) -> bool {
    matches!(native.family(), Family::Text | Family::Unicode | Family::Document)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Arrays;

    fn native(name: &str, precision: u8, scale: u8) -> SqlServerType {
        SqlServerType { name: name.to_owned(), max_length: 8, precision, scale, ..SqlServerType::default() }
    }

    fn target(native: &SqlServerType, forced: Option<TargetType>) -> Option<TargetType> {
        mapping(native, ColumnWish { forced, arrays: Arrays::Json }).map(|m| m.target)
    }

    #[test]
    fn a_decimal_gets_the_narrowest_type_that_holds_it() {
        for (precision, scale, wanted) in [
            (38, 9, TargetType::Numeric),
            (29, 0, TargetType::Numeric),
            (38, 0, TargetType::BigNumeric),
            (30, 0, TargetType::BigNumeric),
            (19, 10, TargetType::BigNumeric),
            (38, 38, TargetType::BigNumeric),
        ] {
            assert_eq!(target(&native("decimal", precision, scale), None), Some(wanted), "{precision},{scale}");
        }
    }

    #[test]
    fn a_column_is_forced_only_to_what_means_the_same() {
        for (name, forced) in [
            ("int", TargetType::String),
            ("int", TargetType::Numeric),
            ("money", TargetType::BigNumeric),
            ("datetime", TargetType::Timestamp),
            ("nvarchar", TargetType::Json),
            ("bit", TargetType::Bool),
            ("datetimeoffset", TargetType::String),
        ] {
            assert_eq!(target(&native(name, 10, 0), Some(forced)), Some(forced), "{name}");
        }
        for (name, forced) in [
            ("varchar", TargetType::Int64),
            ("float", TargetType::Numeric),
            ("datetimeoffset", TargetType::DateTime),
            ("int", TargetType::Json),
            ("uniqueidentifier", TargetType::Json),
        ] {
            assert_eq!(target(&native(name, 10, 0), Some(forced)), None, "{name}");
        }
    }

    #[test]
    fn a_seventh_digit_is_told() {
        let caveat = |name: &str, scale| {
            mapping(&native(name, 27, scale), ColumnWish { forced: None, arrays: Arrays::Json }).unwrap().caveat
        };
        assert!(
            caveat("datetime2", 7).contains("seventh digit") && caveat("datetimeoffset", 7).contains("seventh digit")
        );
        assert_eq!(caveat("datetime2", 6), "");
    }
}
