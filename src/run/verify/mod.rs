//! Whether a target is what its source is.
//!
//! ```text
//!   a tick ─▶ first look: digests of both sides, added up by bucket; of buckets that differ the keys
//!                │ none differs: they are equal
//!                ▼
//!   one more run, whose snapshot also notes what those keys have in the source ─▶ its merge ─▶ second look at the target
//!                                                                                   │
//!                                                     what still differs now was no change in flight
//! ```
//!
//! A large table goes through this a stretch of keys at a time ([`look`]); the state keeps how far it is, and the next tick goes on.
//!
//! The feed's lease is held from a look to its end, and taken again right after the run between them: so nothing else of ours writes the target
//! meanwhile. No row leaves either side: digests do, and keys of rows that differ.

mod again;
mod compared;
mod difference;
mod documents;
mod first_look;
mod judge;
mod look;
mod named_keys;
mod refused_cells;
mod sides;

pub(super) use again::{Again, Complete, LookAgain, SourceSide};
pub(super) use compared::{Compared, Ground, Verdict, report};
pub(super) use judge::{Judged, judge};
pub(super) use look::{Asked, Looked};
