//! Which BigQuery type a PostgreSQL type becomes, and how its text is carried over.
//!
//! [`KNOWN`] is the table; docs/TYPES.md is printed from it. What it does not name keeps the server's own text.

use super::array::{ArrayCodec, Form};
use crate::model::{Arrays, TargetType};
use crate::source::{Element, SourceColumn, TypeKind};

/// How the text of one value becomes JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    Bool,
    Int,
    Float,
    Decimal(Width),
    Text,
    Bytea,
    Date,
    Time,
    Timestamp,
    /// A timestamp without a zone that is declared to be UTC.
    TimestampUtc,
    Json(Document),
}

/// What a number has to fit, to be written as a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// The column's own type sees to it.
    Typed,
    Numeric,
    BigNumeric,
}

/// Where a JSON document comes from: what is known of it already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Document {
    /// `jsonb`, which has no key twice.
    Binary,
    /// `json`: the text as somebody wrote it.
    Written,
    /// A text that is said to be JSON.
    Claimed,
    /// The server's `to_json` of another type.
    Made,
}

/// How the text of a field becomes JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Scalar(Scalar),
    Array(ArrayCodec),
    /// Read but not published: the cursor of a table that excludes it.
    Hidden,
}

/// How a column is asked for in the source's SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    AsItIs,
    /// Through `to_json`.
    ToJson,
    /// The same, for arrays: their bounds would be lost by it.
    ArrayToJson,
    /// Salted and hashed: the value stays in the source.
    Hashed,
}

/// A column's place in both worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    pub target: TargetType,
    pub(super) codec: Codec,
    pub(super) read: Read,
}

/// What the config wants of a column beside what its type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    pub forced: Option<TargetType>,
    pub arrays: Arrays,
}

/// Source types that BigQuery has a counterpart of.
pub(super) struct Known {
    /// Fixed by PostgreSQL: <https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat>
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
    known(&[16], "boolean", TargetType::Bool, Scalar::Bool, ""),
    known(&[20, 21, 23, 26], "smallint, integer, bigint, oid", TargetType::Int64, Scalar::Int, ""),
    known(
        &[700, 701],
        "real, double precision",
        TargetType::Float64,
        Scalar::Float,
        "the shortest text that reads back as the same value; NaN, infinity and -0 kept",
    ),
    known(&[17], "bytea", TargetType::Bytes, Scalar::Bytea, "base64"),
    known(&[1082], "date", TargetType::Date, Scalar::Date, ""),
    known(&[1083], "time without time zone", TargetType::Time, Scalar::Time, "microseconds kept"),
    known(&[1114], "timestamp without time zone", TargetType::DateTime, Scalar::Timestamp, "microseconds kept"),
    known(&[1184], "timestamp with time zone", TargetType::Timestamp, Scalar::Timestamp, "microseconds kept"),
    known(&[3802], "jsonb", TargetType::Json, Scalar::Json(Document::Binary), "the document's own text"),
    known(&[114], "json", TargetType::Json, Scalar::Json(Document::Written), "the document's own text, on one line"),
];

const NUMERIC: u32 = 1700;
const TIMESTAMP: u32 = 1114;

impl Mapping {
    const fn new(target: TargetType, scalar: Scalar) -> Self {
        Self { target, codec: Codec::Scalar(scalar), read: Read::AsItIs }
    }

    /// The server's own text, as a STRING: exact for every type.
    pub const TEXT: Self = Self::new(TargetType::String, Scalar::Text);

    /// A digest in place of the value.
    pub const HASHED: Self = Self { read: Read::Hashed, ..Self::TEXT };

    pub(super) const HIDDEN: Self = Self { codec: Codec::Hidden, ..Self::TEXT };

    /// Whether the target holds many values in one.
    pub fn is_repeated(&self) -> bool {
        matches!(self.codec, Codec::Array(ArrayCodec { form: Form::Repeated, .. }))
    }

    /// Values of the source's type that the target can't hold, for people; empty where there are none.
    pub fn caveat(&self) -> String {
        match self.codec {
            Codec::Scalar(scalar) => scalar.caveat(self.read).to_owned(),
            Codec::Hidden => String::new(),
            Codec::Array(array) => array.caveat(),
        }
    }
}

impl Scalar {
    pub(super) fn caveat(self, read: Read) -> &'static str {
        match self {
            Self::Decimal(Width::Typed) => "NaN and Infinity",
            Self::Decimal(Width::Numeric) => {
                "NaN, Infinity, more than 29 digits before the point and more than 9 behind it"
            }
            Self::Decimal(Width::BigNumeric) => {
                "NaN, Infinity, beyond ±5.7896…E38, and more than 38 digits behind the point"
            }
            Self::Date | Self::Timestamp | Self::TimestampUtc => "infinity, BC and years after 9999",
            Self::Time => "24:00:00",
            Self::Json(Document::Binary) => {
                "a bare null, nesting deeper than 500, and numbers that neither INT64 nor FLOAT64 hold exactly"
            }
            Self::Json(Document::Made) if read == Read::ArrayToJson => {
                "bounds that do not begin at 1, and what a json column cannot hold"
            }
            Self::Json(Document::Made) => "what a json column cannot hold",
            Self::Json(Document::Written) => {
                "a bare null, a key twice in one object, half a surrogate pair, nesting deeper than 500, and numbers that \
                 neither INT64 nor FLOAT64 hold exactly"
            }
            Self::Json(Document::Claimed) => "what is no JSON, and what a json column cannot hold either",
            Self::Bool | Self::Int | Self::Float | Self::Text | Self::Bytea => "",
        }
    }
}

/// The mapping of a column; `None` where the type it is forced to can't be made of its own.
pub fn map_type(column: &SourceColumn, wish: Wish) -> Option<Mapping> {
    match (wish.forced, &column.element) {
        (Some(target), _) => force(column, target),
        (None, Some(element)) => Some(map_array(element, wish.arrays)),
        (None, None) if is_made_of_fields(column.kind, &column.base_name) => {
            Some(Mapping { read: Read::ToJson, ..Mapping::new(TargetType::Json, Scalar::Json(Document::Made)) })
        }
        (None, None) => Some(map_scalar(column.base_oid, column.typmod)),
    }
}

fn map_scalar(base_oid: u32, typmod: i32) -> Mapping {
    if base_oid == NUMERIC {
        return map_numeric(typmod);
    }
    let known = KNOWN.iter().find(|k| k.oids.contains(&base_oid));
    known.map_or(Mapping::TEXT, |k| Mapping::new(k.target, k.scalar))
}

/// Composites, and the extension's `hstore`, whichever schema it is in.
fn is_made_of_fields(kind: TypeKind, base_name: &str) -> bool {
    kind == TypeKind::Composite || base_name.rsplit('.').next() == Some("hstore")
}

fn map_array(element: &Element, arrays: Arrays) -> Mapping {
    if is_made_of_fields(element.kind, &element.base_name) {
        return Mapping { read: Read::ArrayToJson, ..Mapping::new(TargetType::Json, Scalar::Json(Document::Made)) };
    }
    let of = map_scalar(element.base_oid, element.typmod);
    let Codec::Scalar(scalar) = of.codec else { return Mapping::TEXT };
    let (target, form) = match arrays {
        Arrays::Json => (TargetType::Json, Form::Json),
        Arrays::Repeated => (of.target, Form::Repeated),
    };
    let delimiter = u8::try_from(element.delimiter).unwrap_or(b',');
    Mapping { target, codec: Codec::Array(ArrayCodec { of: scalar, form, delimiter }), read: Read::AsItIs }
}

/// What a column can be forced to, if its values mean the same there.
fn force(column: &SourceColumn, target: TargetType) -> Option<Mapping> {
    let own = map_scalar(column.base_oid, column.typmod);
    let is_number = column.base_oid == NUMERIC || own.target == TargetType::Int64;
    let is_plain = column.element.is_none();
    match target {
        TargetType::String => Some(Mapping::TEXT),
        TargetType::Numeric if is_number => Some(Mapping::new(target, Scalar::Decimal(Width::Numeric))),
        TargetType::BigNumeric if is_number => Some(Mapping::new(target, Scalar::Decimal(Width::BigNumeric))),
        TargetType::Timestamp if column.base_oid == TIMESTAMP => Some(Mapping::new(target, Scalar::TimestampUtc)),
        TargetType::Json if is_plain && own == Mapping::TEXT && column.kind == TypeKind::Base => {
            Some(Mapping::new(target, Scalar::Json(Document::Claimed)))
        }
        _ => Some(map_type(column, Wish { forced: None, arrays: Arrays::Json })?).filter(|m| m.target == target),
    }
}

/// The type modifier of `numeric(p, s)` is `((p << 16) | (s & 0x7ff)) + 4`, with an 11-bit signed scale.
/// Source: `make_numeric_typmod` in PostgreSQL's numeric.c.
fn map_numeric(typmod: i32) -> Mapping {
    if typmod < 4 {
        return Mapping::new(TargetType::BigNumeric, Scalar::Decimal(Width::BigNumeric));
    }
    let packed = typmod - 4;
    let precision = (packed >> 16) & 0xffff;
    let scale = ((packed & 0x7ff) ^ 0x400) - 0x400;
    let whole = (precision - scale).max(0);
    let fraction = scale.max(0);
    if whole <= 29 && fraction <= 9 {
        Mapping::new(TargetType::Numeric, Scalar::Decimal(Width::Typed))
    } else if whole <= 38 && fraction <= 38 {
        Mapping::new(TargetType::BigNumeric, Scalar::Decimal(Width::Typed))
    } else {
        Mapping::TEXT
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
            let column = SourceColumn { base_oid: oid, typmod: -1, ..SourceColumn::default() };
            map_type(&column, Wish { forced: Some(target), arrays: Arrays::Json }).map(|m| m.target)
        };
        for (oid, target) in [
            (23, TargetType::String),
            (23, TargetType::Numeric),
            (NUMERIC, TargetType::Numeric),
            (NUMERIC, TargetType::BigNumeric),
            (TIMESTAMP, TargetType::Timestamp),
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
            (NUMERIC, TargetType::Float64),
        ] {
            assert_eq!(force(oid, target), None, "{oid}");
        }
    }
}
