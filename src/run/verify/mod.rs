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
//! The feed's lease is held from a look to its end, and taken again right after the run between them: so nothing else of ours writes the target
//! meanwhile. No row leaves either side: digests do, and keys of rows that differ.

mod again;
mod compared;
mod difference;
mod documents;
mod first_look;
mod judge;
mod refused_cells;

pub(super) use again::{Again, Complete, SourceSide};
pub(super) use compared::{Compared, report};
pub(super) use difference::Difference;
pub(super) use first_look::{FirstLook, first_look};
pub(super) use judge::{Judged, judge};
