//! The canonical text of a row in PostgreSQL's SQL, and the statements that compare a table by it. [`crate::canonical`] says what the
//! text is. Nothing here follows from how `encode` writes a value: the column's type and its target's decide.
//!
//! What costs time is chosen by measurement, for a comparison reads whole tables: `concat` calls a type's output function and appends, where
//! `||` over casts makes two texts for each column; a row has one `md5`; digits become a bit string once, for both lanes.

mod array;
mod cell;
mod document;
mod documents;
mod key_spellings;
mod key_stretch;
mod row;
mod scalar;
mod server_text;
mod statements;

pub(in crate::source) use document::structure;
pub use documents::{DocumentCursor, documents_statement};
pub use key_stretch::{columns_in_order, stretch_end_statement};
pub use server_text::ServerText;
pub use statements::{canonical_piece, column_digests_statement, key_digests_statement, sums_statement};
