//! The canonical text of a row: one text for one row, whichever database holds it, so that two can be compared by digests alone.
//!
//! Three implementations write it and share no code: this one, from plain values; PostgreSQL's SQL
//! (`source/postgres/render_sql/canonical`); BigQuery's SQL (`bigquery/canonical_text.rs`). None of them looks at what `encode` does,
//! for a comparison has to find its mistakes.
//!
//! ```text
//!   7 │ "O'Brien" │ NULL │ 2026-01-01 00:00:00.5+00      the values of a row
//!   │       │        │                │
//!   7;  7:O'Brien    ;   2026-01-01 00:00:00.5+00;         a piece each, one behind the other
//!                     │
//!                    MD5 ─▶ two lanes of 56 bits           added up over all rows of a bucket
//! ```
//!
//! A *piece* tells its value from every other one of its type, and where it ends:
//!
//! | values of | piece | of NULL |
//! | --- | --- | --- |
//! | STRING | `<bytes>:<text>` | `:` |
//! | a REPEATED column | `<elements>:` and the piece of each | as of no element: `0:` |
//! | JSON | `<kind>`, of an object its keys as PostgreSQL prints an array, of an array how many elements, then `;` | `;` |
//! | any other type | `<text>;`, for no text of it has a semicolon or is empty | `;` |
//!
//! | type | text |
//! | --- | --- |
//! | BOOL | `t` or `f` |
//! | INT64 | decimal |
//! | NUMERIC, BIGNUMERIC | decimal, without zeros at the end of a fraction |
//! | FLOAT64 | 17 digits, `1.0000000000000001e-01`; `NaN`, `Infinity`, `-Infinity`; -0 is 0 |
//! | BYTES | `\x` and hexadecimal |
//! | DATE | `2026-01-31` |
//! | TIME | `23:59:59`, then the fraction without zeros at its end |
//! | DATETIME | date and time, a blank between them |
//! | TIMESTAMP | the same in UTC, and `+00` |
//!
//! They are PostgreSQL's own texts where it has one, so that its server makes them as quickly as it does for a `COPY`, and a key that
//! was listed can be asked for as it stands. Of a JSON document only the structure is compared: its kind, and the keys of an object (sorted by
//! length, then by bytes) or the length of an array. Documents have no text that all databases agree on.
//!
//! Values that the target can't hold are NULL there; [`PlainValue::is_held`] says which, so that they are no difference. What a document holds
//! that BigQuery's JSON can't is not told here: such a cell is a document in the source and NULL in the target. The digests of single columns
//! ([`ColumnDigests`]) tell a NULL from all else, so the cell shows as that, and its document can be fetched and judged.

mod answers;
mod append;
mod compared;
mod date_time;
mod decimal;
mod digest;
mod document;
mod documents;
mod held;
mod key_stretch;
mod row_text;
mod sums;
mod value;

pub use answers::{ColumnDigests, KeyDigest, KeySpelling};
pub use compared::{ComparedColumn, Level, Structure};
pub use digest::{BucketDigits, Digest, Lanes};
pub use document::Document;
pub use documents::{Documents, mean_the_same};
pub use key_stretch::{ALL_KEYS, KeyStretch};
pub use row_text::RowText;
pub use sums::{Buckets, LaneSums, Sums};
pub use value::PlainValue;
