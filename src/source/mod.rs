//! What is read: one folder for each kind of source, and the words in which all of them are asked.
//!
//! `capture` says what is to be read as a value ([`Read`], [`Overlooked`]); a source renders and streams it. Everything that a run
//! reads comes from one snapshot, so that rows, keys and watermark speak of the same moment.

mod change_log;
mod cursor;
mod keys;
pub mod postgres;
mod read;

pub use change_log::{Claimed, CollapsedEntry, EntryCounts, EntryTable, Group, LogEnds, LogPlace, NewEntries};
pub use cursor::{Bulk, CursorColumn, CursorType, Nullability, Search};
pub use keys::{Keys, NamedKey, Origin, Spelling};
pub use postgres::*;
pub use read::{Columns, Condition, KeyRange, Overlooked, Partitioned, Read, RepeatedKeys, Rows, Since, Table, Unsent};
