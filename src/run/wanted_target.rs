//! What a table's target has to look like, and to be, for what a run has decided.

use super::order::Mode;
use crate::batch::RowsBefore;
use crate::bigquery::{Present, TargetPlan, TargetState};
use crate::capture::{Decision, ExpectedRows, Part, Why};
use crate::encode::{EncodeError, Shape};
use crate::model::{ApplyBy, ColumnMode, TableSpec, TargetRef, nearest};

/// What a table's target has to look like.
pub(super) fn target_plan(target: TargetRef, spec: &TableSpec, shape: &Shape) -> Result<TargetPlan, EncodeError> {
    let columns = shape.target_columns();
    let find = |name: &str| columns.iter().find(|c| c.name == name);
    let missing = |name: &str| EncodeError::NoSuchColumn {
        table: spec.source.to_string(),
        column: name.to_owned(),
        near: nearest(name, columns.iter().map(|c| c.name.as_str())).map(str::to_owned),
    };
    for (n, name) in spec.cluster.iter().flatten().enumerate() {
        let column = find(name).ok_or_else(|| missing(name))?;
        let is_twice = spec.cluster.iter().flatten().take(n).any(|c| c == name);
        if is_twice || !column.target_type.can_cluster() || column.mode == ColumnMode::Repeated {
            return Err(EncodeError::BadCluster { column: name.clone(), target: column.target_type });
        }
    }
    if let Some(p) = &spec.partition {
        let column = find(&p.column).ok_or_else(|| missing(&p.column))?;
        if !p.by.fits(column.target_type) || column.mode == ColumnMode::Repeated {
            return Err(EncodeError::BadPartition { column: p.column.clone(), target: column.target_type });
        }
    }
    let by_key = || {
        let key = shape.key().iter().filter(|c| c.target.target_type.can_cluster());
        key.map(|c| c.target.name.clone()).take(4).collect()
    };
    Ok(TargetPlan {
        target,
        key: shape.target_key(),
        delete: spec.delete.clone(),
        partition: spec.partition.clone(),
        cluster: spec.cluster.clone().unwrap_or_else(by_key),
        description: TargetPlan::description_of(&spec.source.to_string()),
        metadata: spec.metadata,
        apply: spec.apply,
        max_staleness: spec.max_staleness.filter(|_| spec.apply == ApplyBy::Append),
        filled_by: spec.apply,
        columns,
        held: Vec::new(),
    })
}

/// What becomes of a target that is there.
pub(super) fn present(decision: Decision, mode: Mode) -> Present {
    match (decision, mode) {
        (Decision::Changes | Decision::Reconcile(_) | Decision::Chunk(_, Part::Next), _) => Present::Merge,
        (Decision::Chunk(_, Part::First(RowsBefore::Some)), _) => Present::MergeAll,
        (Decision::Whole(_) | Decision::Chunk(..), Mode::Resync) => Present::Overwrite,
        (Decision::Whole(_) | Decision::Chunk(..), _) => Present::Replace,
    }
}

/// Whether the target is another table than the one that rows were sent to, by the moments at which BigQuery has made them.
pub(super) fn is_another(known: Option<&str>, found: Option<&str>) -> bool {
    known.zip(found).is_some_and(|(known, found)| known != found)
}

/// What keeps rows from being merged into a target, so that all have to be read. `expected` says whether it has to have any.
pub(super) fn why_unfit(state: TargetState, rows: Option<u64>, expected: ExpectedRows) -> Option<Why> {
    match (state, rows, expected) {
        (TargetState::Missing, ..) => Some(Why::TargetMissing),
        (TargetState::LacksColumn, ..) => Some(Why::TargetLacksColumn),
        // Somebody has emptied it by hand: changes would never bring the other rows back.
        (_, Some(0), ExpectedRows::Some) => Some(Why::TargetEmptied),
        (TargetState::Ready | TargetState::Incompatible, ..) => None,
    }
}

/// Why all rows are read, where they are; of a load in chunks its first stretch says so.
pub(super) fn why_whole(decision: Decision) -> Option<Why> {
    match decision {
        Decision::Whole(why) | Decision::Reconcile(why) | Decision::Chunk(why, Part::First(_)) => Some(why),
        Decision::Chunk(_, Part::Next) | Decision::Changes => None,
    }
}
