//! Change tracking as a key source: the server itself keeps the keys of rows that were written, with the version of the commit.
//!
//! ```text
//!   V := the database's version        before the snapshot's first read: too early sends rows again, too late loses them
//!   snapshot ─ oldest version that is kept, and since when the table is tracked        behind it: the table is read whole
//!            ─ CHANGETABLE since W ─▶ keys ─▶ reread        presence wins, whatever the operation's letter says
//!   W := V                              and what is between the last W and this one is looked at once more by the next run
//! ```
//!
//! A TRUNCATE raises the oldest version; tracking that is switched off and on has another beginning; a restore has another history
//! ([`crate::batch::SqlServerIdentity`]). The beginning is the version at that time. It can be the one that it was before only if no tracked commit came
//! in between, and then a table stands at just that version: only there the date of the table's last change, which moves with each ALTER, decides. Of a column that is added with a value nothing is tracked: that is found as for a change log.

mod at_hand;
mod keys;

pub use at_hand::{CtAtHand, CtClaim, CtReading};
pub use keys::CtKeys;
