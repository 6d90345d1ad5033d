//! What a run is to capture.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use time::OffsetDateTime;

use super::context::Context;
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

/// The tables that a run is to capture, and from where.
#[derive(Clone, Copy)]
pub(super) struct Assignment<'a> {
    pub context: &'a Context,
    /// Counts what the run writes.
    pub store: &'a Store,
    pub feed: &'a Feed,
    /// The tables of the feed that are due.
    pub tables: &'a [TableSpec],
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
