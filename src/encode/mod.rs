//! From a row as `COPY … TO STDOUT` sends it to a line of NDJSON as BigQuery loads it.
//!
//! ```text
//!   7\tO'Brien\t\\x00ff\t\N          COPY text: tab between fields, \N for NULL, backslash escapes
//!   ──┬─ ────┬──── ──┬── ─┬
//!    Int    Text   Bytea  (NULL: left out)
//!     ▼      ▼       ▼
//!   {"_plimsoll_op":"U","id":7,"name":"O'Brien","blob":"AP8="}
//! ```
//!
//! `mapping` chooses a target type and a [`Codec`](mapping::Codec) for every column once; `row` walks the fields and
//! appends to one buffer. No value is parsed into a number or a tree: text that is right already is copied, text that
//! needs escapes is copied in runs. What the target type can't hold is named [`Unrepresentable`], never changed.

mod array;
mod document;
mod error;
mod grisu;
mod json;
mod keys;
mod mapping;
mod number;
mod quarantine;
mod row;
mod scalar;
mod shape;
mod text;
mod value;

pub use document::types_document;
pub use error::EncodeError;
pub use keys::{KeyDigest, join_bounds};
pub use mapping::{Mapping, Wish, map_type};
pub use row::{Flag, RowEncoder, RowKind, Stamp, Tally};
pub use shape::{Shape, ShapeColumn};

/// Why a value can't be held by its target type; never the value itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unrepresentable(pub &'static str);
