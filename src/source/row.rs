//! Rows as their source hands them over, and what decodes them.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;

use super::error::SourceError;
use super::postgres::{self, CopyFields, CopyText};
use super::sqlserver::{self, SqlServerCells, SqlServerField, SqlServerFields, SqlServerRow};
use crate::encode::value::Unrepresentable;
use crate::encode::{Codec, Decoder};
use crate::model::Dialect;

/// Rows as the source hands them over. They borrow the session: some drivers have to while an answer is read.
pub enum RowStream<'s> {
    Postgres(postgres::RowStream<'s>),
    SqlServer(sqlserver::RowStream<'s>),
}

impl Stream for RowStream<'_> {
    type Item = Result<Row, SourceError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.get_mut() {
            Self::Postgres(rows) => Pin::new(rows).poll_next(cx).map(|next| next.map(|row| Ok(Row::CopyText(row?)))),
            Self::SqlServer(rows) => Pin::new(rows).poll_next(cx).map(|next| next.map(|row| Ok(Row::SqlServer(row?)))),
        }
    }
}

/// A row of any source.
#[derive(Clone, Debug)]
pub enum Row {
    /// Of `COPY … TO STDOUT` in its text format, with the newline at its end.
    CopyText(Bytes),
    /// Values of the driver.
    SqlServer(SqlServerRow),
}

/// One field of a row.
#[derive(Clone, Copy, Debug)]
pub enum Field<'r> {
    CopyText(&'r [u8]),
    SqlServer(SqlServerField<'r>),
}

/// A place in the walk over a row's fields.
#[derive(Clone, Copy, Debug)]
pub enum Fields<'r> {
    CopyText(CopyFields<'r>),
    SqlServer(SqlServerFields<'r>),
}

impl<'r> Iterator for Fields<'r> {
    type Item = Field<'r>;

    #[inline]
    fn next(&mut self) -> Option<Field<'r>> {
        match self {
            Self::CopyText(fields) => fields.next().map(Field::CopyText),
            Self::SqlServer(fields) => fields.next().map(Field::SqlServer),
        }
    }

    #[inline]
    fn nth(&mut self, n: usize) -> Option<Field<'r>> {
        match self {
            Self::CopyText(fields) => fields.nth(n).map(Field::CopyText),
            Self::SqlServer(fields) => fields.nth(n).map(Field::SqlServer),
        }
    }
}

/// Decodes the rows of one kind of source.
#[derive(Debug)]
pub enum RowDecoder {
    CopyText(CopyText),
    SqlServer(SqlServerCells),
}

impl RowDecoder {
    /// The decoder of rows that a source of this kind hands over.
    pub fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Postgres => Self::CopyText(CopyText::default()),
            Dialect::SqlServer => Self::SqlServer(SqlServerCells::default()),
        }
    }
}

/// A decoder meets the rows of its own kind of source alone: both come from one session.
const OF_ANOTHER_KIND: Unrepresentable = Unrepresentable("a row of another kind of source");

impl Decoder for RowDecoder {
    type Row = Row;
    type Field<'r> = Field<'r>;
    type Fields<'r> = Fields<'r>;

    fn source(&self) -> &'static str {
        match self {
            Self::CopyText(decoder) => decoder.source(),
            Self::SqlServer(decoder) => decoder.source(),
        }
    }

    #[inline]
    fn fields(row: &Row) -> Fields<'_> {
        match row {
            Row::CopyText(row) => Fields::CopyText(CopyText::fields(row)),
            Row::SqlServer(row) => Fields::SqlServer(SqlServerCells::fields(row)),
        }
    }

    #[inline]
    fn is_null(field: Field<'_>) -> bool {
        match field {
            Field::CopyText(field) => CopyText::is_null(field),
            Field::SqlServer(field) => SqlServerCells::is_null(field),
        }
    }

    fn is_true(field: Field<'_>) -> bool {
        match field {
            Field::CopyText(field) => CopyText::is_true(field),
            Field::SqlServer(field) => SqlServerCells::is_true(field),
        }
    }

    fn integer(field: Field<'_>) -> Option<i64> {
        match field {
            Field::CopyText(field) => CopyText::integer(field),
            Field::SqlServer(field) => SqlServerCells::integer(field),
        }
    }

    #[inline]
    fn append_value(&mut self, field: Field<'_>, codec: Codec, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
        match (self, field) {
            (Self::CopyText(decoder), Field::CopyText(field)) => decoder.append_value(field, codec, out),
            (Self::SqlServer(decoder), Field::SqlServer(field)) => decoder.append_value(field, codec, out),
            (Self::CopyText(_) | Self::SqlServer(_), _) => Err(OF_ANOTHER_KIND),
        }
    }

    fn append_string(&mut self, field: Field<'_>, out: &mut Vec<u8>) {
        match (self, field) {
            (Self::CopyText(decoder), Field::CopyText(field)) => decoder.append_string(field, out),
            (Self::SqlServer(decoder), Field::SqlServer(field)) => decoder.append_string(field, out),
            (Self::CopyText(_) | Self::SqlServer(_), _) => out.extend_from_slice(b"null"),
        }
    }

    fn plain_text<'a, 'r: 'a>(&'a mut self, field: Field<'r>) -> &'a [u8] {
        match (self, field) {
            (Self::CopyText(decoder), Field::CopyText(field)) => decoder.plain_text(field),
            (Self::SqlServer(decoder), Field::SqlServer(field)) => decoder.plain_text(field),
            (Self::CopyText(_) | Self::SqlServer(_), _) => b"",
        }
    }

    #[inline]
    fn take_truncated(&mut self) -> u64 {
        match self {
            Self::CopyText(decoder) => decoder.take_truncated(),
            Self::SqlServer(decoder) => decoder.take_truncated(),
        }
    }

    fn key_bytes<'a, 'r: 'a>(&'a mut self, start: Fields<'r>, end: Fields<'r>) -> &'a [u8] {
        match (self, start, end) {
            (Self::CopyText(decoder), Fields::CopyText(start), Fields::CopyText(end)) => decoder.key_bytes(start, end),
            (Self::SqlServer(decoder), Fields::SqlServer(start), Fields::SqlServer(end)) => {
                decoder.key_bytes(start, end)
            }
            (Self::CopyText(_) | Self::SqlServer(_), ..) => b"",
        }
    }
}
