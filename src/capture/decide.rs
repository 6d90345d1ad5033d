//! Whether the watermark can speak for this source, this table and this config.

use sha2::{Digest, Sha256};

use super::error::CaptureError;
use super::rule::changed_since;
use crate::batch::{MarkedColumn, RelationMark, Watermark};
use crate::encode::Shape;
use crate::model::{CaptureKind, DeleteStyle, TableSpec};
use crate::source::{Moment, Relation, RelationKind, Session, ident, qualified};

/// What a run has to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Whole(Why),
    Changes,
}

/// Why every row has to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    FullCapture,
    FirstLoad,
    Requested,
    ServerChanged,
    HistoryLost,
    TableReplaced,
    DefinitionChanged,
    ColumnFilled,
    ColumnReplaced,
    TargetMissing,
}

impl Why {
    pub fn text(self) -> &'static str {
        match self {
            Self::FullCapture => "capture = \"full\"",
            Self::FirstLoad => "first load",
            Self::Requested => "requested",
            Self::ServerChanged => "the source is another server, or was restored or failed over",
            Self::HistoryLost => "the watermark lies ahead of the source, or too far behind it",
            Self::TableReplaced => "the source table was dropped and made anew",
            Self::DefinitionChanged => "the table's definition in config or source has changed",
            Self::ColumnFilled => "a new column has values in rows that did not change",
            Self::ColumnReplaced => "a column was dropped, or left out, and is back, or another one has its name",
            Self::TargetMissing => "the target table is gone",
        }
    }

    /// Whether an operator should be told: it was neither asked for nor the usual way.
    pub fn is_a_surprise(self) -> bool {
        !matches!(self, Self::FullCapture | Self::FirstLoad | Self::Requested)
    }
}

/// Beyond this many transactions the 32 bits a row stores come too close to wrapping round.
const MOST_TRANSACTIONS: u64 = 1 << 31;

/// Decides, asking the source only where a column is new.
pub async fn decide(
    session: &Session,
    spec: &TableSpec,
    relation: &Relation,
    shape: &Shape,
    moment: &Moment,
    previous: Option<&Watermark>,
) -> Result<Decision, CaptureError> {
    if spec.capture == CaptureKind::Xmin && !relation.has_xmin() {
        return Err(CaptureError::NoTransactionIds(relation.kind.name()));
    }
    if spec.capture == CaptureKind::Full {
        return Ok(Decision::Whole(Why::FullCapture));
    }
    let Some(previous) = previous else { return Ok(Decision::Whole(Why::FirstLoad)) };
    let mark = relation_mark(spec, relation, shape, Some(previous));
    if let Some(why) = stale(previous, moment, &mark) {
        return Ok(Decision::Whole(why));
    }
    match filled_column(spec, relation, shape, previous) {
        Some(condition) => {
            let sql =
                format!("COPY (SELECT 1 FROM {} AS t WHERE {condition} LIMIT 1) TO STDOUT", qualified(&spec.source));
            let mut rows = session.copy(&sql).await?;
            let found = futures_util::StreamExt::next(&mut rows).await.transpose()?.is_some();
            Ok(if found { Decision::Whole(Why::ColumnFilled) } else { Decision::Changes })
        }
        None => Ok(Decision::Changes),
    }
}

fn stale(previous: &Watermark, moment: &Moment, mark: &RelationMark) -> Option<Why> {
    let (then, now) = (&previous.snapshot, &moment.snapshot);
    if previous.identity != moment.identity {
        Some(Why::ServerChanged)
    } else if now.xmax < then.xmax || now.xmax - then.xmin > MOST_TRANSACTIONS {
        Some(Why::HistoryLost)
    } else if previous.relation.oid != mark.oid {
        Some(Why::TableReplaced)
    } else if previous.relation.definition != mark.definition {
        Some(Why::DefinitionChanged)
    } else if mark.columns.iter().any(|c| is_another(&previous.relation, c)) {
        Some(Why::ColumnReplaced)
    } else {
        None
    }
}

/// The target has values under this name that came from another column: dropped and made anew, renamed over, or left out
/// for a while.
fn is_another(then: &RelationMark, now: &MarkedColumn) -> bool {
    then.columns.iter().any(|c| c.name == now.name && c.number != now.number) || then.retired.contains(&now.name)
}

/// A condition for rows that did not change but hold a value in a column the target does not have yet: a default that was
/// added without rewriting the table, say. `None` where no column is new.
fn filled_column(spec: &TableSpec, relation: &Relation, shape: &Shape, previous: &Watermark) -> Option<String> {
    let known = |name: &str| previous.relation.columns.iter().any(|c| c.name == name);
    let added: Vec<String> = shape
        .columns
        .iter()
        .filter(|c| !known(&c.target.name))
        .map(|c| format!("t.{} IS NOT NULL", ident(&c.source)))
        .collect();
    if added.is_empty() {
        return None;
    }
    let mut condition = format!("({})", added.join(" OR "));
    if relation.has_xmin() {
        condition.push_str(&format!(" AND NOT ({})", changed_since(&previous.snapshot)));
    }
    if let Some(filter) = &spec.filter {
        condition.push_str(&format!(" AND ({filter})"));
    }
    Some(condition)
}

/// What the next watermark will say of the relation.
pub fn relation_mark(
    spec: &TableSpec,
    relation: &Relation,
    shape: &Shape,
    previous: Option<&Watermark>,
) -> RelationMark {
    let columns: Vec<MarkedColumn> =
        shape.columns.iter().map(|c| MarkedColumn { name: c.target.name.clone(), number: c.number }).collect();
    // A whole load leaves NULL in what is not published; only changes leave old values.
    let before = previous.into_iter().flat_map(|w| {
        let names = w.relation.columns.iter().map(|c| &c.name);
        names.chain(&w.relation.retired).filter(|n| columns.iter().all(|c| c.name != **n)).cloned()
    });
    let retired = before.collect();
    RelationMark {
        oid: relation.oid,
        leaves: relation.leaves.iter().map(|l| l.oid).collect(),
        columns,
        retired,
        definition: definition(spec, relation, shape),
    }
}

/// Everything beside the columns that decides which rows and values are published.
fn definition(spec: &TableSpec, relation: &Relation, shape: &Shape) -> String {
    let mut text = format!("source {}\ntarget {}.{}\n", spec.source, spec.home, spec.target);
    for column in shape.key() {
        text.push_str(&format!("key {}\n", column.source));
    }
    if let Some(filter) = &spec.filter {
        text.push_str(&format!("where {filter}\n"));
    }
    if let DeleteStyle::Soft { flag, at } = &spec.delete {
        text.push_str(&format!("soft {flag} {at}\n"));
    }
    if let Some(view) = &relation.view {
        text.push_str(&format!("view {view}\n"));
    }
    // Without transaction ids the cursor is the only thing that finds a change.
    if let (RelationKind::View | RelationKind::Foreign, Some(cursor)) = (relation.kind, &spec.cursor) {
        text.push_str(&format!("cursor {cursor}\n"));
    }
    let hash = Sha256::digest(text.as_bytes());
    hash[..16].iter().map(|b| format!("{b:02x}")).collect()
}
