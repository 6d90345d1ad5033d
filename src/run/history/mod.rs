//! What is kept of runs that are over.
//!
//! ```text
//!   past_run.rs   one run: the note in its feed's state, and its batch's folder
//!   look.rs       the reports of ticks, newest first: a page of them, by a filter
//!     cursor.rs     where a look goes on
//!     filter.rs     which runs are wanted
//!     names.rs      the names of reports, newest first, by few requests
//!     stored.rs     a report as it is stored, by this version or an older one
//!     kept.rs       reports that were read already: they never change
//!   sweep.rs      all reports of a span, to be added up
//! ```
//!
//! No run reads any of it.

mod cursor;
mod filter;
pub(in crate::run) mod kept;
mod look;
mod names;
mod past_run;
mod stored;
mod sweep;

pub use cursor::{HistoryCursor, NotACursor};
pub use filter::HistoryFilter;
pub use look::{HistoryLook, HistoryRequest, ReportCount, UnreadableReport};
pub use past_run::{PastBatch, TableSql};
pub use stored::RunEntry;

pub(in crate::run) use cursor::report_name;
pub(in crate::run) use kept::Parsed;
pub(in crate::run) use sweep::Swept;
