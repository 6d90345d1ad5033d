//! What is staged, for whom and where; and what its rows are read by.

use super::context::Context;
use super::order::{Guard, Mode};
use crate::batch::Standing;
use crate::encode::Shape;
use crate::model::{CaptureKind, FeedId, RunId, TableSpec};
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
}

impl StagingPlace<'_> {
    /// Whether the table's log tells inserts from other changes.
    pub fn tells_inserts(self) -> bool {
        let log = self.context.config.changelog.as_ref().filter(|_| self.spec.capture == CaptureKind::Changelog);
        log.is_some_and(|log| !log.codes.added.is_empty())
    }
}

/// What a table's rows are read by.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub session: &'a Session,
    pub relation: &'a Relation,
    pub shape: &'a Shape,
    pub standing: Option<Standing<'a>>,
}
