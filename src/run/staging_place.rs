//! What is staged, for whom and where; and what its rows are read by.

use super::context::Context;
use super::order::{Guard, Mode};
use crate::batch::Standing;
use crate::encode::Shape;
use crate::model::{FeedId, RunId, TableSpec};
use crate::source::{Relation, Session};
use crate::storage::Store;

/// What is staged, for whom and where.
#[derive(Clone, Copy)]
pub(super) struct StagingPlace<'a> {
    pub context: &'a Context,
    pub store: &'a Store,
    pub spec: &'a TableSpec,
    pub feed: &'a FeedId,
    pub mode: Mode,
    pub guard: Guard,
    pub run: &'a RunId,
    /// The run's folder.
    pub folder: &'a str,
    pub told: Told,
    pub compared: Compared,
}

/// Whether the target is compared with the source once the run is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    No,
    Yes,
}

/// What is known of the changes beside the rows, for the guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Which keys have changed, or nothing at all.
    Changes,
    /// And which of them are new.
    Inserts,
    /// Keys were named by somebody: others may have come and gone unseen.
    SomeKeys,
}

/// What a table's rows are read by.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub session: &'a Session,
    pub relation: &'a Relation,
    pub shape: &'a Shape,
    pub standing: Option<Standing<'a>>,
}
