//! The state of a feed: one small object, changed only by compare-and-swap.
//!
//! ```text
//!   state/<feed>.json = { watermark, lease, pending }
//!
//!     idle ──lease──▶ leased ──seal──▶ pending ──commit──▶ idle, watermark moved
//!       └───────────────seal (a quick capture)──▲
//! ```
//!
//! Every write names the generation it was read at, so of two runs that start from one generation only one can seal: the
//! other finds a conflict and leaves. The lease merely saves the work of finding out late. Each document carries a stamp
//! of its writer: after a lost answer, a conflict with our own stamp is success. Notes in the margin (paused tables, past runs) may be
//! made at any time and by anybody: they are in no run's way.

mod annotate;
mod document;
mod error;
mod handle;
mod notes;
mod past_run;
mod pause_reason;
mod paused_by;
mod verified;
mod verifying;

pub use annotate::{Newborn, annotate};
pub use document::{Lease, StateDocument, object_name};
pub use error::StateError;
pub use handle::{Handle, Holder};
pub use notes::{Notes, Paused, ReconcileOutcome, Reconciled, TableNote, Told};
pub use past_run::{Complaint, Figures, PastRun};
pub use pause_reason::{PauseReason, ReasonTooLong};
pub use paused_by::PausedBy;
pub use verified::{Differs, Verified};
pub use verifying::{Found, FoundKey, Verifying};
