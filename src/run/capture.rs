//! From the source to sealed-ready files: capture, encode, stage.
//!
//! All passes read one snapshot, one after the other, over one connection. BigQuery is asked about the target when the first
//! row shows up, and before any file is stored: a quiet feed costs one question to the source, and a target that can't be
//! written leaves nothing behind.

use time::OffsetDateTime;

use super::context::Context;
use super::error::RunError;
use super::feed::Mode;
use super::staging::{Place, Staging};
use crate::batch::{Batch, Watermark};
use crate::bigquery::{BigQuery, TargetPlan};
use crate::capture::{Capture, Decision, Why, decide};
use crate::encode::{EncodeError, Shape};
use crate::model::{RunId, TableSpec};
use crate::source::read_catalog;
use crate::stage::batch_folder;

/// What a capture has found.
pub(super) enum Captured {
    Empty { next: Watermark },
    Batch { batch: Batch, whole: Option<Why> },
}

impl Captured {
    pub fn whole(&self) -> Option<Why> {
        match self {
            Self::Empty { .. } => None,
            Self::Batch { whole, .. } => *whole,
        }
    }
}

/// Reads what a run needs and stages it.
pub(super) async fn capture(
    context: &Context,
    spec: &TableSpec,
    mode: Mode,
    previous: Option<&Watermark>,
    run: &RunId,
    started: OffsetDateTime,
) -> Result<Captured, RunError> {
    let mut forced = matches!(mode, Mode::Full | Mode::Resync).then_some(Why::Requested);
    loop {
        let session = context.session().await?;
        let moment = session.begin().await?;
        let relation = read_catalog(&session, &spec.source).await?;
        let shape = Shape::of(spec, &relation)?;
        let decision = match forced {
            // Also for a table whose capture would not be possible: it is to be told now, not by the next tick.
            Some(why) => {
                decide(&session, spec, &relation, &shape, &moment, None).await.map(|_| Decision::Whole(why))?
            }
            None => decide(&session, spec, &relation, &shape, &moment, previous).await?,
        };
        let capture = Capture::new(spec, &relation, &shape, &moment, previous, decision)?;
        let plan = target_plan(&context.bigquery, spec, &shape)?;
        let place = Place { context, spec, mode, folder: batch_folder(&spec.feed(), run, started) };
        let mut staging = Staging::new(place, &session, &relation, &shape, &capture, plan);
        let absent = staging.run_passes(&moment).await?;
        if staging.is_missing() {
            // Closing the session gives up its half-read rows.
            forced = Some(Why::TargetMissing);
            continue;
        }
        let captured = staging.seal_ready(run, started, absent).await?;
        session.end().await?;
        context.keep(session);
        return Ok(captured);
    }
}

/// What a table's target has to look like.
pub fn target_plan(bigquery: &BigQuery, spec: &TableSpec, shape: &Shape) -> Result<TargetPlan, EncodeError> {
    let columns = shape.target_columns();
    let known = |name: &String| columns.iter().any(|c| c.name == *name);
    let partition = spec.partition.iter().map(|p| &p.column);
    if let Some(name) = partition.chain(spec.cluster.iter().flatten()).find(|name| !known(name)) {
        return Err(EncodeError::NoSuchColumn(name.clone()));
    }
    let by_key = || {
        let key = shape.key().iter().filter(|c| c.target.target_type.can_cluster());
        key.map(|c| c.target.name.clone()).take(4).collect()
    };
    Ok(TargetPlan {
        target: bigquery.target(&spec.target),
        key: shape.target_key(),
        delete: spec.delete.clone(),
        partition: spec.partition.clone(),
        cluster: spec.cluster.clone().unwrap_or_else(by_key),
        description: TargetPlan::description_of(&spec.source.to_string()),
        columns,
    })
}
