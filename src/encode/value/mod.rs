//! A plain value as JSON: what decoders write values with.
//!
//! Each function appends a JSON value, or says why it can't and leaves whatever it appended for the caller to cut off. Text that
//! is right already is copied, and text that needs escapes is copied in runs; no number is parsed where its text can be copied.

mod bytes;
mod date_time;
mod document;
mod exact_number;
mod grisu;
mod number;
mod text;
mod unrepresentable;

pub use bytes::bytes;
pub use date_time::{date, time, timestamp, timestamp_utc};
pub use document::{DocumentChecker, ObjectKeys, document_float, document_number};
pub use number::{boolean, decimal, float, integer};
pub use text::{append_control, append_escaped, first_special, string};
pub use unrepresentable::Unrepresentable;

/// What a function appends for a field's text, or why it does not, for tests.
#[cfg(test)]
pub(crate) fn appended(
    append: impl Fn(&[u8], &mut Vec<u8>) -> Result<(), Unrepresentable>,
    field: &str,
) -> Result<String, &'static str> {
    let mut out = Vec::new();
    append(field.as_bytes(), &mut out).map_err(|e| e.0)?;
    Ok(String::from_utf8(out).unwrap())
}
