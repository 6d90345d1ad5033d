//! COLMETADATA: what the columns of an answer are.

use bytes::{BufMut, BytesMut};

use super::token;
use crate::typed::{Collation, ColumnType, Length, decimal_bytes};

/// May a column hold NULL? The wire has other types for those that can't.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    Allowed,
    Never,
}

/// A column of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct ResultColumn {
    /// Its name.
    pub name: String,
    /// Its type on the wire.
    pub column_type: ColumnType,
    /// May it be NULL?
    pub nulls: Nulls,
    /// Of its text.
    pub collation: Collation,
}

impl ResultColumn {
    /// A column that may be NULL, in the server's collation.
    pub fn new(name: impl Into<String>, column_type: ColumnType) -> Self {
        Self { name: name.into(), column_type, nulls: Nulls::Allowed, collation: Collation::SQL_LATIN1_CI_AS }
    }

    /// Of another collation.
    #[must_use]
    pub fn collated(self, collation: Collation) -> Self {
        Self { collation, ..self }
    }

    /// One that is never NULL.
    #[must_use]
    pub fn not_null(self) -> Self {
        Self { nulls: Nulls::Never, ..self }
    }
}

/// The form in which the values of a column travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// No length.
    Fixed,
    /// The length in one byte; 0 is NULL.
    ByteLength,
    /// The length in two; 0xFFFF is NULL.
    ShortLength,
    /// In chunks.
    Chunks,
    /// text, ntext, image.
    Pointer,
    /// sql_variant.
    Variant,
}

pub(crate) fn form(column: &ResultColumn) -> Form {
    use ColumnType as T;
    match (&column.column_type, column.nulls) {
        (T::Bit | T::TinyInt | T::SmallInt | T::Int | T::BigInt | T::Real | T::Float, Nulls::Never)
        | (T::Money | T::SmallMoney | T::SmallDateTime | T::DateTime, Nulls::Never) => Form::Fixed,
        (T::Varchar(Length::Max) | T::NVarchar(Length::Max) | T::Varbinary(Length::Max) | T::Xml | T::Udt(_), _) => {
            Form::Chunks
        }
        (
            T::Char(_) | T::Varchar(_) | T::NChar(_) | T::NVarchar(_) | T::Binary(_) | T::Varbinary(_) | T::RowVersion,
            _,
        ) => Form::ShortLength,
        (T::Text | T::NText | T::Image, _) => Form::Pointer,
        (T::SqlVariant, _) => Form::Variant,
        _ => Form::ByteLength,
    }
}

/// The whole token.
pub(crate) fn metadata(into: &mut BytesMut, columns: &[ResultColumn]) {
    into.put_u8(token::COLMETADATA);
    into.put_u16_le(columns.len() as u16);
    for column in columns {
        into.put_u32_le(if column.column_type == ColumnType::RowVersion { 80 } else { 0 });
        // Bit 0: may be NULL; bits 2 and 3: who may write it.
        into.put_u16_le(if column.nulls == Nulls::Allowed { 0x09 } else { 0x08 });
        type_info(into, column);
        if form(column) == Form::Pointer {
            into.put_u8(1);
            token::long_text(into, "t");
        }
        token::short_text(into, &column.name);
    }
}

fn type_info(into: &mut BytesMut, column: &ResultColumn) {
    use ColumnType as T;
    let fixed = form(column) == Form::Fixed;
    let mut short = |code: u8, length: u16, collated: bool| {
        into.put_u8(code);
        into.put_u16_le(length);
        if collated {
            into.put_slice(&column.collation.wire);
        }
    };
    let units = |length: &Length, each: u16| match length {
        Length::Of(n) => n * each,
        Length::Max => 0xffff,
    };
    match &column.column_type {
        T::Char(n) => return short(0xaf, *n, true),
        T::Varchar(length) => return short(0xa7, units(length, 1), true),
        T::NChar(n) => return short(0xef, n * 2, true),
        T::NVarchar(length) => return short(0xe7, units(length, 2), true),
        T::Binary(n) => return short(0xad, *n, false),
        T::Varbinary(length) => return short(0xa5, units(length, 1), false),
        T::RowVersion => return short(0xad, 8, false),
        _ => {}
    }
    let bytes: &[u8] = match &column.column_type {
        T::Bit if fixed => &[0x32],
        T::TinyInt if fixed => &[0x30],
        T::SmallInt if fixed => &[0x34],
        T::Int if fixed => &[0x38],
        T::BigInt if fixed => &[0x7f],
        T::Real if fixed => &[0x3b],
        T::Float if fixed => &[0x3e],
        T::Money if fixed => &[0x3c],
        T::SmallMoney if fixed => &[0x7a],
        T::SmallDateTime if fixed => &[0x3a],
        T::DateTime if fixed => &[0x3d],
        T::Bit => &[0x68, 1],
        T::TinyInt => &[0x26, 1],
        T::SmallInt => &[0x26, 2],
        T::Int => &[0x26, 4],
        T::BigInt => &[0x26, 8],
        T::Real => &[0x6d, 4],
        T::Float => &[0x6d, 8],
        T::Money => &[0x6e, 8],
        T::SmallMoney => &[0x6e, 4],
        T::SmallDateTime => &[0x6f, 4],
        T::DateTime => &[0x6f, 8],
        T::Date => &[0x28],
        T::Guid => &[0x24, 16],
        T::SqlVariant => &[0x62, 0x49, 0x1f, 0, 0],
        T::Xml => &[0xf1, 0],
        T::Decimal { precision, scale } => {
            into.put_slice(&[0x6a, decimal_bytes(*precision) + 1, *precision, *scale]);
            &[]
        }
        T::Time { scale } => {
            into.put_slice(&[0x29, *scale]);
            &[]
        }
        T::DateTime2 { scale } => {
            into.put_slice(&[0x2a, *scale]);
            &[]
        }
        T::DateTimeOffset { scale } => {
            into.put_slice(&[0x2b, *scale]);
            &[]
        }
        T::Image => &[0x22, 0xff, 0xff, 0xff, 0x7f],
        T::Text | T::NText => {
            let code = if column.column_type == T::Text { 0x23 } else { 0x63 };
            into.put_slice(&[code, 0xff, 0xff, 0xff, 0x7f]);
            into.put_slice(&column.collation.wire);
            &[]
        }
        T::Udt(name) => {
            into.put_u8(0xf0);
            into.put_u16_le(0xffff);
            token::short_text(into, "master");
            token::short_text(into, "sys");
            token::short_text(into, name);
            token::long_text(into, "Microsoft.SqlServer.Types, Version=16.0.0.0");
            &[]
        }
        T::Char(_) | T::Varchar(_) | T::NChar(_) | T::NVarchar(_) | T::Binary(_) | T::Varbinary(_) | T::RowVersion => {
            &[]
        }
    };
    into.put_slice(bytes);
}
