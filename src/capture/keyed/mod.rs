//! Captures that something else than the table's rows tells of: it names keys, and the rows are read by them.
//!
//! ```text
//!   key source ── keys, each once, in chunks            keys_at_hand.rs lists them; a change log is one: change_log/
//!       │
//!       ▼ same snapshot
//!   reread ── the row is there  ─▶ upsert, whatever the source of the key says
//!          └─ it is not         ─▶ delete
//! ```

pub mod change_log;
mod claims;
pub mod ct;
pub mod digest;
mod given;
mod key_source;
mod keys_at_hand;
mod reread;

pub use claims::{Claims, KeyReading, Keys, Named, OpenedKeys};
pub use given::GivenKeys;
pub use key_source::{Chunk, KeyColumns, KeyCounts, KeySource, Reach};
pub use keys_at_hand::{KeysAtHand, KeysFrom};
pub use reread::Reread;
