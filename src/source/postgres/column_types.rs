//! Which BigQuery type a type of PostgreSQL becomes, how its values are read and how they are encoded.
//!
//! [`KNOWN`] is the table; docs/TYPES.md is printed from it. What it does not name keeps the server's own text.

use super::native_type::{Element, PostgresType, TypeKind};
use super::oid;
use crate::encode::{ArrayCodec, ArrayForm, Codec, ColumnWish, Document, Scalar, Width};
use crate::model::{Arrays, TargetType};

/// What the values of a column become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TypeMapping {
    pub target: TargetType,
    pub codec: Codec,
}

/// What the server's `to_json` makes.
const MADE_DOCUMENT: TypeMapping = TypeMapping::new(TargetType::Json, Scalar::Json(Document::Made));

/// Source types that BigQuery has a counterpart of.
pub(super) struct Known {
    oids: &'static [u32],
    pub names: &'static str,
    pub target: TargetType,
    pub scalar: Scalar,
    pub note: &'static str,
}

const fn known(
    oids: &'static [u32],
    names: &'static str,
    target: TargetType,
    scalar: Scalar,
    note: &'static str,
) -> Known {
    Known { oids, names, target, scalar, note }
}

/// `numeric` is missing: there the precision decides, see [`map_numeric`].
pub(super) const KNOWN: &[Known] = &[
    known(&[oid::BOOL], "boolean", TargetType::Bool, Scalar::Bool, ""),
    known(
        &[oid::INT8, oid::INT2, oid::INT4, oid::OID],
        "smallint, integer, bigint, oid",
        TargetType::Int64,
        Scalar::Int,
        "",
    ),
    known(
        &[oid::FLOAT4, oid::FLOAT8],
        "real, double precision",
        TargetType::Float64,
        Scalar::Float,
        "the shortest text that reads back as the same value; NaN, infinity and -0 kept",
    ),
    known(&[oid::BYTEA], "bytea", TargetType::Bytes, Scalar::Bytes, "base64"),
    known(&[oid::DATE], "date", TargetType::Date, Scalar::Date, ""),
    known(&[oid::TIME], "time without time zone", TargetType::Time, Scalar::Time, "microseconds kept"),
    known(
        &[oid::TIMESTAMP],
        "timestamp without time zone",
        TargetType::DateTime,
        Scalar::Timestamp,
        "microseconds kept",
    ),
    known(
        &[oid::TIMESTAMPTZ],
        "timestamp with time zone",
        TargetType::Timestamp,
        Scalar::Timestamp,
        "microseconds kept",
    ),
    known(&[oid::JSONB], "jsonb", TargetType::Json, Scalar::Json(Document::Parsed), "the document's own text"),
    known(
        &[oid::JSON],
        "json",
        TargetType::Json,
        Scalar::Json(Document::Written),
        "the document's own text, on one line",
    ),
];

impl TypeMapping {
    const fn new(target: TargetType, scalar: Scalar) -> Self {
        Self { target, codec: Codec::Scalar(scalar) }
    }

    /// The server's own text, as a STRING: exact for every type.
    pub const TEXT: Self = Self::new(TargetType::String, Scalar::Text);
}

/// The mapping of a column; `None` where the type it is forced to can't be made of its own.
pub(super) fn map_type(native: &PostgresType, wish: ColumnWish) -> Option<TypeMapping> {
    match (wish.forced, &native.element) {
        (Some(target), _) => force(native, target),
        (None, Some(element)) => Some(map_array(element, wish.arrays)),
        (None, None) if is_made_of_fields(native.kind, &native.base_name) => Some(MADE_DOCUMENT),
        (None, None) => Some(map_scalar(native.base_oid, native.typmod)),
    }
}

fn map_scalar(base_oid: u32, typmod: i32) -> TypeMapping {
    if base_oid == oid::NUMERIC {
        return map_numeric(typmod);
    }
    let known = KNOWN.iter().find(|k| k.oids.contains(&base_oid));
    known.map_or(TypeMapping::TEXT, |k| TypeMapping::new(k.target, k.scalar))
}

/// Composites, and the extension's `hstore`, whichever schema it is in.
fn is_made_of_fields(kind: TypeKind, base_name: &str) -> bool {
    kind == TypeKind::Composite || base_name.rsplit('.').next() == Some("hstore")
}

fn map_array(element: &Element, arrays: Arrays) -> TypeMapping {
    if is_made_of_fields(element.kind, &element.base_name) {
        return MADE_DOCUMENT;
    }
    let of = map_scalar(element.base_oid, element.typmod);
    let Codec::Scalar(scalar) = of.codec else { return TypeMapping::TEXT };
    let (target, form) = match arrays {
        Arrays::Json => (TargetType::Json, ArrayForm::Json),
        Arrays::Repeated => (of.target, ArrayForm::Repeated),
    };
    let delimiter = u8::try_from(element.delimiter).unwrap_or(b',');
    TypeMapping { target, codec: Codec::Array(ArrayCodec { of: scalar, form, delimiter }) }
}

/// What a column can be forced to, if its values mean the same there.
fn force(native: &PostgresType, target: TargetType) -> Option<TypeMapping> {
    let own = map_scalar(native.base_oid, native.typmod);
    let is_number = native.base_oid == oid::NUMERIC || own.target == TargetType::Int64;
    let is_plain = native.element.is_none();
    match target {
        TargetType::String => Some(TypeMapping::TEXT),
        TargetType::Numeric if is_number => Some(TypeMapping::new(target, Scalar::Decimal(Width::Numeric))),
        TargetType::BigNumeric if is_number => Some(TypeMapping::new(target, Scalar::Decimal(Width::BigNumeric))),
        TargetType::Timestamp if native.base_oid == oid::TIMESTAMP => {
            Some(TypeMapping::new(target, Scalar::TimestampUtc))
        }
        TargetType::Json if is_plain && own == TypeMapping::TEXT && native.kind == TypeKind::Base => {
            Some(TypeMapping::new(target, Scalar::Json(Document::Claimed)))
        }
        _ => Some(map_type(native, ColumnWish { forced: None, arrays: Arrays::Json })?).filter(|m| m.target == target),
    }
}

/// The type modifier of `numeric(p, s)` is `((p << 16) | (s & 0x7ff)) + 4`, with an 11-bit signed scale.
/// Source: `make_numeric_typmod` in PostgreSQL's numeric.c.
fn map_numeric(typmod: i32) -> TypeMapping {
    if typmod < 4 {
        return TypeMapping::new(TargetType::BigNumeric, Scalar::Decimal(Width::BigNumeric));
    }
    let packed = typmod - 4;
    let precision = (packed >> 16) & 0xffff;
    let scale = ((packed & 0x7ff) ^ 0x400) - 0x400;
    let whole = (precision - scale).max(0);
    let fraction = scale.max(0);
    if whole <= 29 && fraction <= 9 {
        TypeMapping::new(TargetType::Numeric, Scalar::Decimal(Width::Typed))
    } else if whole <= 38 && fraction <= 38 {
        TypeMapping::new(TargetType::BigNumeric, Scalar::Decimal(Width::Typed))
    } else {
        TypeMapping::TEXT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numeric(precision: i32, scale: i32) -> TargetType {
        map_numeric(((precision << 16) | (scale & 0x7ff)) + 4).target
    }

    #[test]
    fn a_numeric_gets_the_narrowest_type_that_holds_it() {
        assert_eq!(numeric(38, 9), TargetType::Numeric);
        assert_eq!(numeric(10, 2), TargetType::Numeric);
        assert_eq!(numeric(29, 0), TargetType::Numeric);
        assert_eq!(numeric(30, 0), TargetType::BigNumeric);
        assert_eq!(numeric(20, 10), TargetType::BigNumeric);
        assert_eq!(numeric(76, 38), TargetType::BigNumeric);
        assert_eq!(numeric(77, 38), TargetType::String);
        assert_eq!(numeric(40, 39), TargetType::String);
        assert_eq!(map_numeric(-1).target, TargetType::BigNumeric);
    }

    #[test]
    fn a_negative_scale_widens_the_whole_part() {
        assert_eq!(numeric(28, -1), TargetType::Numeric);
        assert_eq!(numeric(29, -1), TargetType::BigNumeric);
        assert_eq!(numeric(3, 5), TargetType::Numeric);
    }

    #[test]
    fn a_column_is_forced_only_to_what_means_the_same() {
        let force = |oid, target| {
            let native = PostgresType { base_oid: oid, ..PostgresType::default() };
            map_type(&native, ColumnWish { forced: Some(target), arrays: Arrays::Json }).map(|m| m.target)
        };
        for (oid, target) in [
            (23, TargetType::String),
            (23, TargetType::Numeric),
            (oid::NUMERIC, TargetType::Numeric),
            (oid::NUMERIC, TargetType::BigNumeric),
            (oid::TIMESTAMP, TargetType::Timestamp),
            (25, TargetType::Json),
            (16, TargetType::Bool),
        ] {
            assert_eq!(force(oid, target), Some(target), "{oid}");
        }
        for (oid, target) in [
            (25, TargetType::Int64),
            (701, TargetType::Numeric),
            (1184, TargetType::DateTime),
            (23, TargetType::Json),
            (oid::NUMERIC, TargetType::Float64),
        ] {
            assert_eq!(force(oid, target), None, "{oid}");
        }
    }
}
