//! What a published relation is made of.

use super::error::SqlServerError;
use super::session::Session;
use crate::model::RelationName;
use crate::source::change_log::{EntryCounts, EntryTable, LogEnds, LogQuery, NewEntries};
use crate::source::dependencies::Dependencies;
use crate::source::relation::{Relation, RelationKind};

/// A change log of an application's own is not read yet.
pub fn no_log() -> SqlServerError {
    SqlServerError::not_done(
        "capture = \"changelog\"",
        "write capture = \"ct\" where change tracking is on, else capture = \"digest\"",
    )
}

impl Session {
    /// The base columns below a relation. The catalog's view of what a view is made of takes rights that a reader has not, so below a view nobody looks.
    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn dependencies(&self, relation: &Relation) -> Result<Dependencies, SqlServerError> {
        Ok(Dependencies { opaque: relation.kind == RelationKind::View, ..Dependencies::default() })
    }

    /// A table whose structure was changed after the snapshot began can't be read in it: the server says so by itself.
    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn refuse_rewritten(&self, _: &Relation) -> Result<(), SqlServerError> {
        Ok(())
    }

    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn lock_entries(&self, names: &[&RelationName]) -> Result<(), SqlServerError> {
        if names.is_empty() { Ok(()) } else { Err(no_log()) }
    }

    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn log_ends(
        &self,
        _: &crate::model::LogSpec,
        _: &EntryTable,
        _: Option<&str>,
    ) -> Result<LogEnds, SqlServerError> {
        Err(no_log())
    }

    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn estimate_log(&self, _: LogQuery<'_>) -> Result<u64, SqlServerError> {
        Err(no_log())
    }

    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn try_log(&self, _: LogQuery<'_>) -> Result<(), SqlServerError> {
        Err(no_log())
    }

    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn count_entries(&self, _: NewEntries<'_>) -> Result<Vec<EntryCounts>, SqlServerError> {
        Err(no_log())
    }

    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn close_cursors(&self) -> Result<(), SqlServerError> {
        Ok(())
    }

    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn content_types(&self, _: &RelationName) -> Result<Option<Vec<(String, String)>>, SqlServerError> {
        Err(no_log())
    }
}
