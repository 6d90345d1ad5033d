//! From a row as a source hands it over to a line of NDJSON as BigQuery loads it.
//!
//! ```text
//!   7       O'Brien    00 ff     NULL          a row of any source; its `Decoder` knows the form
//!   │          │         │         │
//!  Int       Text      Bytes    (left out)     the codec of each column
//!   ▼          ▼         ▼
//!   {"_plimsoll_op":"U","id":7,"name":"O'Brien","blob":"AP8="}
//! ```
//!
//! Nothing here knows a source. A source brings two things: a [`TableSchema`], from which [`Shape`] chooses what is published
//! under which name and type, and a [`Decoder`], which reads its rows field by field. [`RowEncoder`] walks the fields and
//! appends to one buffer; [`value`] has what decoders write values with. What the target type can't hold is named
//! [`Unrepresentable`], never changed.

mod codec;
mod column_names;
mod cursor;
mod decoder;
mod error;
mod key_bounds;
mod key_digest;
mod row;
mod shape;
mod table_schema;
pub mod value;

pub use codec::{ArrayCodec, ArrayForm, Codec, Document, Scalar, Width};
pub use decoder::Decoder;
pub use error::EncodeError;
pub use key_bounds::join_bounds;
pub use key_digest::KeyDigest;
pub use row::{Flag, LONGEST_ROW, RowEncoder, RowKind, Stamp, Tally};
pub use shape::{Shape, ShapeColumn};
pub use table_schema::{ColumnSchema, ColumnWish, Content, Mapping, Nullability, TableSchema};
pub use value::Unrepresentable;
