//! Whether the watermark can speak for this source, this table and this config.

use sha2::{Digest, Sha256};

use time::OffsetDateTime;

use crate::batch::{Continuity, MarkedColumn, RelationMark, Standing};
use crate::capture::decision::{Decision, Part, Reconcile, Why};
use crate::capture::error::CaptureError;
use crate::capture::filter::try_filter;
use crate::capture::named_keys::KeyWord;
use crate::encode::Shape;
use crate::model::{CaptureKind, DeleteStyle, TableSpec};
use crate::source::{
    Condition, CursorColumn, Dialect, Moment, Overlooked, Relation, RelationKind, Session, Since, SourceColumn, Table,
    Unsent,
};

/// Decides, asking the source only where a column is new.
pub async fn decide(
    session: &Session,
    table: Table<'_>,
    moment: &Moment,
    standing: Option<Standing<'_>>,
    keys: KeyWord,
    reconcile: Reconcile,
) -> Result<Decision, CaptureError> {
    let Table { spec, relation, shape } = table;
    if spec.capture == CaptureKind::Xmin && !relation.tells_its_writers() {
        return Err(CaptureError::NoTransactionIds(relation.kind.name()));
    }
    let tells_a_refresh = spec.capture != CaptureKind::Changelog || spec.reconcile_every.is_some();
    if relation.materialized && !tells_a_refresh {
        return Err(CaptureError::Materialized { table: spec.source.clone(), dialect: relation.dialect });
    }
    try_filter(session, spec).await?;
    if spec.capture == CaptureKind::Full {
        return Ok(Decision::Whole(Why::FullCapture));
    }
    let Some(previous) = standing else { return Ok(Decision::Whole(Why::FirstLoad)) };
    let mark = relation_mark(table, Some(previous));
    let excluded = has_excluded(table, &previous.mark.relation).then_some(Why::ColumnExcluded);
    if let Some(why) = stale(table.relation.dialect, previous, moment, &mark).or(keys.stale).or(excluded) {
        return Ok(Decision::Whole(why));
    }
    if previous.mark.loading.is_some() {
        return go_on_loading(session, table, previous, &mark).await;
    }
    // What differs is found whatever has brought it: a partition, a rewrite, a new column. But not what differs in the target's names alone.
    if spec.capture == CaptureKind::Digest {
        if is_renamed(&previous.mark.relation, &mark) {
            return Ok(Decision::Whole(Why::ColumnRenamed));
        }
        return Ok(match reconcile {
            Reconcile::ByStaging => Decision::Reconcile(Why::ReconcileDue),
            Reconcile::NotDue | Reconcile::ByComparing => Decision::Changes,
        });
    }
    // By transaction ids, an attached partition's rows are found by themselves.
    let tells_no_partition =
        matches!(spec.capture, CaptureKind::Changelog | CaptureKind::Ct) || relation.kind == RelationKind::View;
    // What the key source names of the rows, it brings by itself.
    let unnamed = keys.unnamed;
    if tells_no_partition && previous.mark.relation.leaves != mark.leaves {
        let is_of_trouble = match (&unnamed, relation.kind) {
            (_, RelationKind::View) | (None, _) => true,
            (Some(unnamed), _) => brings_rows(session, table, &previous.mark.relation, &mark, unnamed).await?,
        };
        if is_of_trouble {
            return Ok(Decision::Reconcile(Why::PartitionsChanged));
        }
    }
    if reconcile == Reconcile::ByStaging {
        return Ok(Decision::Reconcile(Why::ReconcileDue));
    }
    let cursor = CursorColumn::of(spec, relation)?;
    let since = Since { cursor: cursor.as_ref(), standing: previous };
    let unsent = match (unnamed, relation.tells_its_writers()) {
        // A key source sends the rows again that it names, and no others, whatever wrote them.
        (Some(unnamed), _) => Unsent::Unnamed(unnamed),
        (None, true) => Unsent::Unchanged(since),
        (None, false) => Unsent::Unknown,
    };
    // A default that was added without rewriting the table, or a column that was filled in and left the cursor alone.
    let columns = new_columns(shape, previous);
    if !columns.is_empty() && session.has_overlooked(table, &Overlooked::Filled { columns, unsent }).await? {
        return Ok(Decision::Whole(Why::ColumnFilled));
    }
    // What rewrites a table may give rows other values and leave the cursor's as they were.
    if is_rewritten(&previous.mark.relation, relation)
        && session.has_overlooked(table, &Overlooked::BelowTheFloor(since)).await?
    {
        return Ok(Decision::Whole(Why::TableRewritten));
    }
    Ok(Decision::Changes)
}

/// Whether a table or partition that was there before has its rows in another file.
fn is_rewritten(then: &RelationMark, now: &Relation) -> bool {
    let own = (now.id == then.oid).then_some(now.file).flatten();
    let leaves = now.leaves.iter().filter(|l| then.leaves.contains(&l.id)).filter_map(|l| l.file);
    !then.files.is_empty() && own.into_iter().chain(leaves).any(|file| !then.files.contains(&file))
}

/// Whether a partition was detached, or one attached that has rows which no entry names.
async fn brings_rows(
    session: &Session,
    table: Table<'_>,
    then: &RelationMark,
    now: &RelationMark,
    unnamed: &Condition,
) -> Result<bool, CaptureError> {
    if then.leaves.iter().any(|l| !now.leaves.contains(l)) {
        return Ok(true);
    }
    let partitions = now.leaves.iter().copied().filter(|l| !then.leaves.contains(l)).collect();
    let attached = Overlooked::InPartitions { partitions, unnamed: unnamed.clone() };
    Ok(session.has_overlooked(table, &attached).await?)
}

/// The next stretch of a load, unless what was loaded so far is no longer of the same table. Partitions that come and go
/// meanwhile are left to the run after the last stretch.
async fn go_on_loading(
    session: &Session,
    table: Table<'_>,
    previous: Standing<'_>,
    now: &RelationMark,
) -> Result<Decision, CaptureError> {
    // A column that was not there for a while has no values in the stretches loaded meanwhile. A type that does not hold its values was found before.
    let columns = |mark: &RelationMark| -> Vec<(String, i32)> {
        mark.columns.iter().map(|c| (c.name.clone(), c.number)).collect()
    };
    if columns(&previous.mark.relation) != columns(now) {
        return Ok(Decision::Whole(Why::ColumnsChanged));
    }
    if is_reordered(table, &previous.mark.relation, now) {
        return Ok(Decision::Whole(Why::KeyOrderChanged));
    }
    let order = session.key_order(table).await?;
    let is_same = previous.mark.loading.as_ref().is_some_and(|l| l.order == order);
    Ok(if is_same { Decision::Chunk(Why::FirstLoad, Part::Next) } else { Decision::Whole(Why::KeyOrderChanged) })
}

/// Whether the key's values are in another order than when the load began: then some may lie on the other side of where it stands.
fn is_reordered(table: Table<'_>, then: &RelationMark, now: &RelationMark) -> bool {
    let is_of_key = |column: &&MarkedColumn| table.shape.key().iter().any(|k| k.target.name == column.name);
    now.columns.iter().filter(is_of_key).any(|now| {
        let types = |then: &MarkedColumn| Some((then.value_type.clone()?, now.value_type.clone()?));
        let then = then.columns.iter().find(|c| c.number == now.number).and_then(types);
        then.is_some_and(|(then, now)| !table.relation.dialect.keeps_order(&then, &now))
    })
}

/// Whether `reconcile_every` has passed since all rows were read, or compared.
pub fn reconcile_is_due(
    spec: &TableSpec,
    previous: Standing<'_>,
    compared_at: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> bool {
    match (spec.reconcile_every, previous.mark.whole_at.max(compared_at)) {
        (Some(every), Some(last)) => now - last >= every,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

fn stale(dialect: Dialect, previous: Standing<'_>, moment: &Moment, mark: &RelationMark) -> Option<Why> {
    let relation = &previous.mark.relation;
    match previous.at.up_to(moment.position.at()) {
        Continuity::AnotherSource => return Some(Why::ServerChanged),
        Continuity::Lost => return Some(Why::HistoryLost),
        Continuity::Unbroken => {}
    }
    if relation.oid != mark.oid {
        Some(Why::TableReplaced)
    } else if relation.definition != mark.definition {
        Some(Why::DefinitionChanged)
    } else if mark.columns.iter().any(|c| is_another(relation, c)) {
        Some(Why::ColumnReplaced)
    } else if mark.columns.iter().any(|c| is_retyped(dialect, relation, c)) {
        Some(Why::ColumnRetyped)
    } else {
        None
    }
}

/// Whether the target has values of a column that the config excludes since. What the source has dropped stays, for nobody can bring it
/// back; what is to stay in the source may not.
fn has_excluded(table: Table<'_>, then: &RelationMark) -> bool {
    let excluded = table.relation.columns.iter().filter(|c| table.spec.exclude.contains(&c.name));
    excluded.map(|c| c.number).any(|number| then.columns.iter().any(|c| c.number == number))
}

/// The target has values under this name that came from another column: dropped and created again, renamed over, or left out
/// for a while.
fn is_another(then: &RelationMark, now: &MarkedColumn) -> bool {
    then.columns.iter().any(|c| c.name == now.name && c.number != now.number) || then.retired.contains(&now.name)
}

/// Whether a column's values are in the target under another name alone.
fn is_renamed(then: &RelationMark, now: &RelationMark) -> bool {
    let names = |number: i32| then.columns.iter().filter(move |c| c.number == number);
    now.columns.iter().any(|c| names(c.number).next().is_some() && names(c.number).all(|then| then.name != c.name))
}

fn is_retyped(dialect: Dialect, then: &RelationMark, now: &MarkedColumn) -> bool {
    let holds = |then: &MarkedColumn| match (&then.value_type, &now.value_type) {
        (Some(then), Some(now)) => dialect.holds_what(then, now),
        (then, now) => then == now,
    };
    then.columns.iter().any(|c| c.name == now.name && !holds(c))
}

/// The published columns that the target does not have yet, by their names in the source.
fn new_columns<'s>(shape: &'s Shape, previous: Standing<'_>) -> Vec<&'s str> {
    let known = |name: &str| previous.mark.relation.columns.iter().any(|c| c.name == name);
    shape.columns.iter().filter(|c| !known(&c.target.name)).map(|c| c.source.as_str()).collect()
}

/// What the next watermark will say of the relation.
pub fn relation_mark(table: Table<'_>, previous: Option<Standing<'_>>) -> RelationMark {
    let Table { spec, relation, shape } = table;
    // A change of type gives every row another value, but leaves no entry, nor a new cursor value, nor always a new row version.
    let value_type = |source: &str| relation.column(source).map(SourceColumn::value_type);
    let columns: Vec<MarkedColumn> = shape
        .columns
        .iter()
        .map(|c| MarkedColumn { name: c.target.name.clone(), number: c.number, value_type: value_type(&c.source) })
        .collect();
    // A whole load leaves NULL in what is not published; only changes leave old values.
    let before = previous.into_iter().flat_map(|p| {
        let then = &p.mark.relation;
        then.columns
            .iter()
            .map(|c| &c.name)
            .chain(&then.retired)
            .filter(|n| columns.iter().all(|c| c.name != **n))
            .cloned()
    });
    let retired = before.collect();
    RelationMark {
        oid: relation.id,
        leaves: relation.leaves.iter().map(|l| l.id).collect(),
        files: relation.file.into_iter().chain(relation.leaves.iter().filter_map(|l| l.file)).collect(),
        columns,
        held: previous.map(|p| p.mark.relation.held.clone()).unwrap_or_default(),
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
    let by_cursor_alone =
        relation.dialect == Dialect::SqlServer || matches!(relation.kind, RelationKind::View | RelationKind::Foreign);
    if let Some(cursor) = spec.cursor.as_ref().filter(|_| by_cursor_alone) {
        text.push_str(&format!("cursor {cursor}\n"));
    }
    for column in shape.columns.iter().filter(|c| c.is_hashed()) {
        text.push_str(&format!("hash {} {}\n", column.source, spec.salt));
    }
    if !spec.log.is_empty() {
        text.push_str(&format!("log {}\n", spec.log));
    }
    // Entries of a type that was not listened to have gone by unseen.
    for claimed in &spec.log_types {
        text.push_str(&format!("log {} {:?} {:?}\n", claimed.name, claimed.key, claimed.fields));
    }
    let hash = Sha256::digest(text.as_bytes());
    hash[..16].iter().map(|b| format!("{b:02x}")).collect()
}
