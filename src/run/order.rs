//! What a tick wants of its feeds.

use crate::model::Verification;

/// What a tick wants of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Changes, if the table's `every` has passed.
    IfDue,
    /// Changes.
    Now,
    /// The whole table.
    Full,
    /// The whole table, compared with what the target has.
    Reconcile,
    /// The whole table, and its target may be replaced.
    Resync,
}

/// How a tick is to go about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    pub mode: Mode,
    pub guard: Guard,
    /// Compares the tables with their source afterwards.
    pub verify: Option<Verification>,
}

/// Whether a run may delete as much as it finds gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    On,
    /// The operator has looked and lets this one pass.
    Off,
}
