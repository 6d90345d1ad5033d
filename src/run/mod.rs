//! A tick and its runs: the eight verbs in order.
//!
//! ```text
//! tick ─┬─ feed ─ lease ─ capture ─▶ encode ─▶ stage ─ seal ─ load ─ merge ─ commit
//!       └─ feed …  state   source                      state    BigQuery     state
//! ```
//!
//! [`feed`] is the recipe of one run, and [`verbs`] has its eight steps, a file each. Until the seal nothing is decided; from the seal on
//! a run is a replay, by whoever holds the lease. [`mod@tick`] runs the feeds that are due, a few at a time, and one feed's failure never
//! stops another. The tables that share a log are one feed ([`feeds`]); of those, one that fails for good is set aside ([`set_aside`]) and
//! the others go on. [`look_at_table`] is how a table is looked at, by a run, by `check` and by `plan`. What ticks have left is read by [`history`], added up by
//! [`costs`] and told by [`daily_report`]; no run needs any of it.

mod after_commit;
mod asked;
mod assignment;
mod cancel_statement;
mod captured_tables;
mod check;
mod context;
mod costs;
mod daily_report;
mod delete_guard;
mod error;
mod feed;
mod feeds;
mod forget_elsewhere;
mod google_console;
mod history;
mod last_sealed;
mod look_at_table;
mod old_lists;
mod order;
mod partition_limit;
mod plan;
mod progress;
mod report;
mod request;
mod sample;
mod sealed_table;
mod set_aside;
mod sink_costs;
mod staging_place;
mod status;
mod target_notes;
mod tick;
mod verbs;
mod verify;
mod wanted_target;
mod when_due;

pub use after_commit::{AfterCommit, Committed};
pub use asked::Asked;
pub use check::{ColumnCheck, Service, ServiceCheck, SourceCheck, TableCheck};
pub use context::{Context, Stop};
pub use costs::{Costs, DayCosts, DearTable, Knob, PRICES, Prices, Spend, TableCosts};
pub use daily_report::{DailyMessage, DailyReport, Failed, Published, TableDay};
pub use error::RunError;
pub use google_console::GoogleConsole;
pub use history::{
    HistoryCursor, HistoryFilter, HistoryLook, HistoryRequest, NotACursor, PastBatch, ReportCount, RunEntry, TableSql,
    UnreadableReport,
};
pub use order::{Guard, Mode, Order};
pub use plan::TablePlan;
pub use progress::{Progress, Silent};
pub use report::{
    AppendReport, AsideReport, Failure, LoadingReport, PausedReport, PostponedReport, RunReport, RunState, TableReport,
    TickKind, TickReport, VerbSeconds, VerifyReport, VerifyState,
};
pub use request::{NotARequest, Request, UnknownTable};
pub use sample::{Refusal, Sample, Sampled};
pub use sealed_table::SealedTable;
pub use status::{
    Doings, FRESH, FeedStatus, Known, KnownColumn, LoadingStatus, NextTick, Pause, Rest, Standing, TableLook,
    VerifyingStatus, not_answered_yet,
};
pub use tick::{fan_out, pass_on_rest, read_again, tick};
