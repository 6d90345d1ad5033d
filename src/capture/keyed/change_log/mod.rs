//! A change log as the source of a capture: the log says which rows, the row says what is true.
//!
//! ```text
//!   log table ── entries since the table's own place in it (id floor and transaction rule)
//!       │
//!       ├─ scan   one look: which types have entries, and do they name rows?      an empty tick ends here
//!       └─ keys   of one table: a cursor on the server, one key once, in chunks
//!                    │
//!                    ▼ same snapshot
//!                 reread ── the row is there  ─▶ upsert, whatever the action says
//!                        └─ it is not         ─▶ delete
//! ```
//!
//! Nothing of an entry but its key reaches the target, so it does not matter in which order entries were written, whether
//! their clock was right, or whether the request that left them was rolled back. What matters is that none is missed
//! (the source's rule of transactions) and that a log which can't be trusted any more is noticed ([`Health`]).
//!
//! An entry may become visible before the change it speaks of: the log of a request is sometimes written over another
//! connection. As long as the change was *made* first, its transaction has the smaller id, so the rule keeps the entry in
//! doubt until it has ended, and the row is read again then.

mod at_hand;
mod claim;
mod content_types;
mod diff;
mod health;
mod keys;
mod limits;
mod notes;
mod order_notes;
mod read_entries;
mod resolve;
mod scan;
mod survey;

pub use at_hand::{ClaimReading, Concerned, LogAtHand};
pub use claim::Claim;
pub use health::Health;
pub use keys::{KeyReader, Opened};
pub use limits::UNSEEN;
pub use resolve::Log;

#[cfg(test)]
mod tests;
