//! What a run is to capture.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use time::OffsetDateTime;

use super::context::Context;
use super::error::RunError;
use super::feeds::Feed;
use super::order::Order;
use crate::batch::{Aside, Watermark};
use crate::capture::keyed::GivenKeys;
use crate::capture::keyed::digest::Kept;
use crate::model::{RunId, TableSpec};
use crate::run::verify::LookAgain;
use crate::state::Reconciled;
use crate::storage::Store;

/// Where a feed stood before a run.
#[derive(Clone, Copy)]
pub(super) struct Before<'a> {
    pub watermark: Option<&'a Watermark>,
    pub aside: &'a BTreeMap<String, Aside>,
    /// The last comparisons for `reconcile_every`, by target.
    pub reconciled: &'a BTreeMap<String, Reconciled>,
}

/// Tables of a shared feed that a run goes on without, and why. Where the error of one ends the snapshot of all, the others are captured again.
#[derive(Debug, Default)]
pub(super) struct GivenUp(Mutex<Vec<(String, RunError)>>);

impl GivenUp {
    pub fn count(&self) -> usize {
        self.of_all().len()
    }

    pub fn add(&self, target: &str, error: RunError) {
        self.of_all().push((target.to_owned(), error));
    }

    /// All of them, for a run that knows them from now on.
    pub fn take(&self) -> Vec<(String, RunError)> {
        std::mem::take(&mut self.of_all())
    }

    fn of_all(&self) -> MutexGuard<'_, Vec<(String, RunError)>> {
        // A list is whole whoever was interrupted while he had it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tables that a run is to capture, and from where.
#[derive(Clone, Copy)]
pub(super) struct Assignment<'a> {
    pub context: &'a Context,
    /// Counts what the run writes.
    pub store: &'a Store,
    pub feed: &'a Feed,
    /// The tables of the feed that are due.
    pub tables: &'a [TableSpec],
    /// Those of them that can't be read, by target.
    pub given_up: &'a GivenUp,
    pub order: Order,
    /// Targets whose load in chunks this tick has begun: it goes on, whatever was asked for.
    pub begun: &'a [String],
    /// The keys that it is for alone.
    pub keys: Option<&'a GivenKeys>,
    /// What of each target is to be noted in the snapshot.
    pub again: &'a BTreeMap<String, LookAgain>,
    pub run: &'a RunId,
    /// Whether lists of row hashes that the watermark names are there.
    pub kept: Kept,
    /// How many lists the run has written.
    pub lists: &'a Arc<AtomicU32>,
    pub started: OffsetDateTime,
    pub previous: Option<&'a Watermark>,
    pub aside: &'a BTreeMap<String, Aside>,
    pub reconciled: &'a BTreeMap<String, Reconciled>,
}
