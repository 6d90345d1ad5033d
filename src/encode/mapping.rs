//! Which BigQuery type a PostgreSQL type becomes, and how its text is carried over.

use crate::model::TargetType;
use crate::source::SourceColumn;

/// How the text of a field becomes JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Bool,
    Int,
    Float,
    /// A number as a string, within what the target's type holds.
    Decimal,
    Text,
    Bytea,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Json,
    /// Read but not published: the cursor of a table that excludes it.
    Hidden,
}

/// A column's place in both worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    pub target: TargetType,
    pub(super) codec: Codec,
}

impl Mapping {
    const fn new(target: TargetType, codec: Codec) -> Self {
        Self { target, codec }
    }

    /// The server's own text, as a STRING: exact for every type.
    pub const TEXT: Self = Self::new(TargetType::String, Codec::Text);

    pub(super) const HIDDEN: Self = Self::new(TargetType::String, Codec::Hidden);

    /// Values of the source's type that the target can't hold, for people; empty where there are none.
    pub fn caveat(&self) -> &'static str {
        match self.codec {
            Codec::Decimal => "NaN, Infinity and more than 38 digits on either side of the point",
            Codec::Date | Codec::Timestamp | Codec::TimestampTz => "infinity, BC and years after 9999",
            Codec::Time => "24:00:00",
            Codec::Json => "a bare null, and numbers that neither INT64 nor FLOAT64 hold exactly",
            _ => "",
        }
    }
}

/// The mapping of a column. Every type not named here keeps its text.
///
/// The oids are fixed by PostgreSQL: <https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat>
pub fn map_type(column: &SourceColumn) -> Mapping {
    match column.base_oid {
        16 => Mapping::new(TargetType::Bool, Codec::Bool),
        17 => Mapping::new(TargetType::Bytes, Codec::Bytea),
        // int8, int2, int4, oid
        20 | 21 | 23 | 26 => Mapping::new(TargetType::Int64, Codec::Int),
        // json, jsonb
        114 | 3802 => Mapping::new(TargetType::Json, Codec::Json),
        // float4, float8
        700 | 701 => Mapping::new(TargetType::Float64, Codec::Float),
        1082 => Mapping::new(TargetType::Date, Codec::Date),
        1083 => Mapping::new(TargetType::Time, Codec::Time),
        1114 => Mapping::new(TargetType::DateTime, Codec::Timestamp),
        1184 => Mapping::new(TargetType::Timestamp, Codec::TimestampTz),
        1700 => map_numeric(column.typmod),
        _ => Mapping::TEXT,
    }
}

/// The type modifier of `numeric(p, s)` is `((p << 16) | (s & 0x7ff)) + 4`, with an 11-bit signed scale.
/// Source: `make_numeric_typmod` in PostgreSQL's numeric.c.
fn map_numeric(typmod: i32) -> Mapping {
    if typmod < 4 {
        return Mapping::new(TargetType::BigNumeric, Codec::Decimal);
    }
    let packed = typmod - 4;
    let precision = (packed >> 16) & 0xffff;
    let scale = ((packed & 0x7ff) ^ 0x400) - 0x400;
    let whole = (precision - scale).max(0);
    let fraction = scale.max(0);
    if whole <= 29 && fraction <= 9 {
        Mapping::new(TargetType::Numeric, Codec::Decimal)
    } else if whole <= 38 && fraction <= 38 {
        Mapping::new(TargetType::BigNumeric, Codec::Decimal)
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
}
