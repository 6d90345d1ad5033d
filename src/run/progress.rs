//! How far a run is, for whoever watches.

use crate::model::FeedId;

/// Told of a run's progress; the command line draws bars from it.
pub trait Progress: Send + Sync {
    /// A run reads a table; `expected` rows by the planner's guess.
    fn reading(&self, _feed: &FeedId, _rows: u64, _expected: Option<u64>) {}
    /// A run has moved on to another verb.
    fn verb(&self, _feed: &FeedId, _verb: &'static str) {}
    /// A run has ended.
    fn ended(&self, _feed: &FeedId, _how: &str) {}
}

/// Tells nobody.
pub struct Silent;

impl Progress for Silent {}
