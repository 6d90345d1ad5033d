//! What there is to say of a table's target before anything is written to it.

use crate::batch::Standing;
use crate::bigquery::{Inspection, MergeReach};
use crate::capture::keyed::Claims;
use crate::capture::may_be_chunked;
use crate::model::{ApplyBy, CaptureKind, DeleteStyle, Deletes, TableSpec};
use crate::run::context::Context;
use crate::run::error::RunError;
use crate::run::partition_limit::refuse_too_many;
use crate::source::{Session, Table};

/// How far the MERGEs of a table have to look, those of every day included that comes by itself; `None` where there are none.
pub(super) fn usual_reach(spec: &TableSpec, claims: &Claims) -> Option<MergeReach> {
    if spec.apply == ApplyBy::Append {
        return None;
    }
    let looks_everywhere = spec.delete != DeleteStyle::Hard
        || spec.deletes == Deletes::Keys
        || spec.reconcile_every.is_some()
        || claims.have_scopes();
    match spec.capture {
        CaptureKind::Full if spec.delete == DeleteStyle::Hard => None,
        _ if looks_everywhere => Some(MergeReach::All),
        CaptureKind::Changelog | CaptureKind::Digest | CaptureKind::Ct => Some(MergeReach::Keys),
        // A row that the filter lets through no more is deleted by its key.
        CaptureKind::Full | CaptureKind::Cursor | CaptureKind::Xmin if spec.filter.is_some() => Some(MergeReach::Keys),
        CaptureKind::Full | CaptureKind::Cursor | CaptureKind::Xmin => Some(MergeReach::Rows),
    }
}

impl Context {
    /// Fails where the next whole read brings more partitions than one job may write. A load in chunks has a job for each stretch.
    pub(super) async fn refuse_too_many(
        &self,
        session: &Session,
        table: Table<'_>,
        standing: Option<Standing<'_>>,
    ) -> Result<(), RunError> {
        let Table { spec, relation, shape } = table;
        let is_large = session.estimate_size(&spec.source).await? > self.config.run.chunk_rows;
        let in_chunks = is_large && may_be_chunked(spec, relation, shape);
        if in_chunks || (standing.is_some() && spec.capture != CaptureKind::Full) {
            return Ok(());
        }
        refuse_too_many(session, table, &self.bigquery.target(&spec.target)).await
    }
}

/// What the operator should know of a target.
pub(super) fn target_notes(spec: &TableSpec, found: &Inspection) -> Vec<String> {
    let mut notes = Vec::new();
    if !found.others.is_empty() && spec.delete == DeleteStyle::Hard {
        notes.push(format!(
            "the target has columns that are not from the source: {}. A full load (run --full, resync, or one that becomes necessary) \
             empties them; keep such values in a table of their own",
            found.others.join(", ")
        ));
    }
    notes
}

/// What a MERGE costs beside itself that names partitions.
pub(super) fn bound_note(column: &str) -> String {
    format!(
        "each MERGE looks only into the partitions by {column} that its rows are in; a query over the staged rows finds them"
    )
}
