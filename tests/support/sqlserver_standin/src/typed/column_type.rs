/// The length of a column of variable length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So many characters (UTF-16 units of an n-type, bytes of the others).
    Of(u16),
    /// `(max)`.
    Max,
}

/// The type of a column, as declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnType {
    Bit,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Real,
    Float,
    Decimal {
        precision: u8,
        scale: u8,
    },
    Money,
    SmallMoney,
    Date,
    Time {
        scale: u8,
    },
    SmallDateTime,
    DateTime,
    DateTime2 {
        scale: u8,
    },
    DateTimeOffset {
        scale: u8,
    },
    Guid,
    Char(u16),
    Varchar(Length),
    NChar(u16),
    NVarchar(Length),
    Text,
    NText,
    Binary(u16),
    Varbinary(Length),
    Image,
    RowVersion,
    Xml,
    SqlVariant,
    /// A CLR type: hierarchyid, geometry, geography.
    Udt(&'static str),
}

impl ColumnType {
    /// Its name in `sys.types`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Bit => "bit",
            Self::TinyInt => "tinyint",
            Self::SmallInt => "smallint",
            Self::Int => "int",
            Self::BigInt => "bigint",
            Self::Real => "real",
            Self::Float => "float",
            Self::Decimal { .. } => "decimal",
            Self::Money => "money",
            Self::SmallMoney => "smallmoney",
            Self::Date => "date",
            Self::Time { .. } => "time",
            Self::SmallDateTime => "smalldatetime",
            Self::DateTime => "datetime",
            Self::DateTime2 { .. } => "datetime2",
            Self::DateTimeOffset { .. } => "datetimeoffset",
            Self::Guid => "uniqueidentifier",
            Self::Char(_) => "char",
            Self::Varchar(_) => "varchar",
            Self::NChar(_) => "nchar",
            Self::NVarchar(_) => "nvarchar",
            Self::Text => "text",
            Self::NText => "ntext",
            Self::Binary(_) => "binary",
            Self::Varbinary(_) => "varbinary",
            Self::Image => "image",
            Self::RowVersion => "timestamp",
            Self::Xml => "xml",
            Self::SqlVariant => "sql_variant",
            Self::Udt(name) => name,
        }
    }

    /// `sys.columns.max_length`: bytes, -1 for `(max)`.
    pub fn max_length(&self) -> i16 {
        let bytes = |length: &Length, each: i16| match length {
            Length::Of(n) => i16::try_from(*n).unwrap_or(i16::MAX) * each,
            Length::Max => -1,
        };
        match self {
            Self::Bit | Self::TinyInt => 1,
            Self::SmallInt => 2,
            Self::Int | Self::Real | Self::SmallMoney | Self::SmallDateTime => 4,
            Self::BigInt | Self::Float | Self::Money | Self::DateTime | Self::RowVersion => 8,
            Self::Decimal { precision, .. } => i16::from(decimal_bytes(*precision)) + 1,
            Self::Date => 3,
            Self::Time { scale } => i16::from(time_bytes(*scale)),
            Self::DateTime2 { scale } => i16::from(time_bytes(*scale)) + 3,
            Self::DateTimeOffset { scale } => i16::from(time_bytes(*scale)) + 5,
            Self::Guid | Self::Text | Self::NText | Self::Image => 16,
            Self::Char(n) | Self::Binary(n) => bytes(&Length::Of(*n), 1),
            Self::NChar(n) => bytes(&Length::Of(*n), 2),
            Self::Varchar(length) | Self::Varbinary(length) => bytes(length, 1),
            Self::NVarchar(length) => bytes(length, 2),
            Self::Xml => -1,
            Self::SqlVariant => 8016,
            Self::Udt("hierarchyid") => 892,
            Self::Udt(_) => -1,
        }
    }

    /// `sys.columns.precision`.
    pub fn precision(&self) -> u8 {
        match self {
            Self::Bit => 1,
            Self::TinyInt => 3,
            Self::SmallInt => 5,
            Self::Int | Self::SmallMoney | Self::Date => 10,
            Self::BigInt | Self::Money => 19,
            Self::Real => 24,
            Self::Float => 53,
            Self::Decimal { precision, .. } => *precision,
            Self::SmallDateTime => 16,
            Self::DateTime => 23,
            Self::Time { scale: 0 } => 8,
            Self::Time { scale } => 9 + scale,
            Self::DateTime2 { scale: 0 } => 19,
            Self::DateTime2 { scale } => 20 + scale,
            Self::DateTimeOffset { scale: 0 } => 26,
            Self::DateTimeOffset { scale } => 27 + scale,
            _ => 0,
        }
    }

    /// `sys.columns.scale`.
    pub fn scale(&self) -> u8 {
        match self {
            Self::Decimal { scale, .. }
            | Self::Time { scale }
            | Self::DateTime2 { scale }
            | Self::DateTimeOffset { scale } => *scale,
            Self::Money | Self::SmallMoney => 4,
            Self::DateTime => 3,
            _ => 0,
        }
    }

    /// `sys.types.system_type_id`.
    pub fn system_type_id(&self) -> u8 {
        match self {
            Self::Image => 34,
            Self::Text => 35,
            Self::Guid => 36,
            Self::Date => 40,
            Self::Time { .. } => 41,
            Self::DateTime2 { .. } => 42,
            Self::DateTimeOffset { .. } => 43,
            Self::TinyInt => 48,
            Self::SmallInt => 52,
            Self::Int => 56,
            Self::SmallDateTime => 58,
            Self::Real => 59,
            Self::Money => 60,
            Self::DateTime => 61,
            Self::Float => 62,
            Self::SqlVariant => 98,
            Self::NText => 99,
            Self::Bit => 104,
            Self::Decimal { .. } => 106,
            Self::SmallMoney => 122,
            Self::BigInt => 127,
            Self::Varbinary(_) => 165,
            Self::Varchar(_) => 167,
            Self::Binary(_) => 173,
            Self::Char(_) => 175,
            Self::RowVersion => 189,
            Self::NVarchar(_) => 231,
            Self::NChar(_) => 239,
            Self::Udt(_) => 240,
            Self::Xml => 241,
        }
    }

    /// Does its text compare by a collation?
    pub fn is_collated(&self) -> bool {
        matches!(self, Self::Char(_) | Self::Varchar(_) | Self::NChar(_) | Self::NVarchar(_) | Self::Text | Self::NText)
    }
}

/// The bytes of a decimal's digits on the wire and on disk.
pub(crate) fn decimal_bytes(precision: u8) -> u8 {
    match precision {
        0..=9 => 4,
        10..=19 => 8,
        20..=28 => 12,
        _ => 16,
    }
}

/// The bytes of a time of day of this scale.
pub(crate) fn time_bytes(scale: u8) -> u8 {
    match scale {
        0..=2 => 3,
        3..=4 => 4,
        _ => 5,
    }
}
