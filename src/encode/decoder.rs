//! What a source has to bring so that its rows can be encoded.

use super::codec::Codec;
use super::value::Unrepresentable;

/// Reads the rows of one kind of source.
///
/// An encoder calls it for every field of every row, so it keeps its buffers and allocates nothing a value. A row may be text
/// whose fields are slices of it, or a driver's list of typed values.
pub trait Decoder {
    /// A row as the source's driver hands it over.
    type Row: ?Sized;

    /// One field of a row.
    type Field<'r>: Copy;

    /// A place in the walk over a row's fields.
    type Fields<'r>: Iterator<Item = Self::Field<'r>> + Clone;

    /// The source's name, for people.
    fn source(&self) -> &'static str;

    /// Begins the walk over the fields of a row.
    fn fields(row: &Self::Row) -> Self::Fields<'_>;

    /// Whether the field is NULL.
    fn is_null(field: Self::Field<'_>) -> bool;

    /// Whether the field is the boolean true.
    fn is_true(field: Self::Field<'_>) -> bool;

    /// The field as an integer, if it is one that 64 bits hold.
    fn integer(field: Self::Field<'_>) -> Option<i64>;

    /// Appends the JSON value of a field that is not NULL. Where it can't, the caller cuts off what was appended.
    fn append_value(&mut self, field: Self::Field<'_>, codec: Codec, out: &mut Vec<u8>) -> Result<(), Unrepresentable>;

    /// Appends a JSON string, quotes included: the text of a field that is not NULL, as the source prints it.
    fn append_string(&mut self, field: Self::Field<'_>, out: &mut Vec<u8>);

    /// The text of a field as the source prints it. Of dates and times it is the ISO form. Of a NULL it may be anything.
    fn plain_text<'a, 'r: 'a>(&'a mut self, field: Self::Field<'r>) -> &'a [u8];

    /// How many values lost a digit by a declared policy since this was asked last.
    fn take_truncated(&mut self) -> u64 {
        0
    }

    /// What a digest takes in for the key whose fields stand between two places of the walk. It must tell any two keys apart
    /// and stay the same for as long as digests are kept in a state.
    fn key_bytes<'a, 'r: 'a>(&'a mut self, start: Self::Fields<'r>, end: Self::Fields<'r>) -> &'a [u8];
}
