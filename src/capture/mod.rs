//! Which rows may have changed, as values to read in one snapshot of the source.
//!
//! ```text
//!   previous watermark ─┐
//!   relation, config ───┼─▶ decide ─▶ Whole(why) ─▶ every row
//!   moment (snapshot) ──┘          └▶ Changes    ─▶ rows by the transaction rule   (upserts)
//!                                                   rows that left the filter       (deletes)
//!                                                   the other keys, now and then    (keys)
//! ```
//!
//! A change is found by the id of the transaction that wrote the row, never by a clock: a row committed late by a long transaction has
//! an old timestamp and a new visibility. A cursor's floor ([`cursor`]) only bounds the search. What the watermark's position can't speak
//! for (another server, a replaced table, a changed definition) is loaded afresh ([`decide`]). Where something else names the changed
//! keys, [`keyed`] reads the rows.
//!
//! Nothing here is SQL: what to read is a value ([`crate::source::Read`]), and the source renders it.

mod caveats;
mod chunk;
mod cursor;
mod decision;
mod error;
mod filter;
pub mod keyed;
mod named_keys;
mod next_mark;
mod passes;
mod unique;
mod whole_or_changes;

pub use caveats::{blind, caveats, unbounded};
pub use chunk::{may_be_chunked, may_be_cut};
pub use decision::{Decision, Part, Reconcile, Why};
pub use error::CaptureError;
pub use named_keys::{KeyWord, NextPlace};
pub use passes::{Capture, ExpectedRows, Found, Pass};
pub use whole_or_changes::{decide, reconcile_is_due, relation_mark};

#[cfg(test)]
mod tests;
