//! A tick and its runs: the eight verbs in order.
//!
//! ```text
//! tick ─┬─ feed ─ lease ─ capture ─▶ encode ─▶ stage ─ seal ─ load ─ merge ─ commit
//!       └─ feed …  state   source                      state    BigQuery     state
//! ```
//!
//! [`feed`] is the recipe of one run, [`capture`] its first half (until the seal nothing is decided), [`finish`] its second
//! (from the seal on it is a replay, by whoever holds the lease). [`tick`] runs the feeds that are due, a few at a time,
//! and one feed's failure never stops another.

mod capture;
mod context;
mod error;
mod feed;
mod finish;
mod preview;
mod progress;
mod report;
mod staging;
mod status;
mod tick;

pub use context::{Context, Stop};
pub use error::RunError;
pub use feed::Mode;
pub use preview::{ColumnCheck, TableCheck, TablePlan};
pub use progress::{Progress, Silent};
pub use report::{Failure, RunReport, RunState, TableReport, TickReport};
pub use status::FeedStatus;
pub use tick::{NotARequest, Request, UnknownTable, tick};
