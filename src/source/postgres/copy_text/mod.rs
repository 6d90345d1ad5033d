//! The rows of `COPY … TO STDOUT` in its text format, decoded for [`encode`](crate::encode).
//!
//! ```text
//!   7\tO'Brien\t\\x00ff\t\N          tab between fields, \N for NULL, backslash escapes
//!   ──┬─ ────┬──── ──┬── ─┬
//!    Int    Text   Bytes  (NULL)
//! ```
//!
//! Fields are slices of the row. A value is copied once, from the row to the line: COPY's escapes are undone and those of JSON
//! written in the same pass.

mod array;
mod bytea;
mod date_time;
mod decoder;
mod document;
mod escapes;
mod fields;
#[cfg(test)]
mod tests;

pub use decoder::CopyText;
pub use fields::CopyFields;
