//! The condition for rows that a run of changes sends, and for those that changed and that it would not send.

use crate::source::postgres::render_sql::cursor;
use crate::source::postgres::render_sql::transaction_rule::changed_since;
use crate::source::read::Since;
use crate::source::relation::{Relation, RelationKind};

/// Over the row `t`: it may have changed since the watermark, and the cursor's floor does not hide it.
pub(super) fn sent(relation: &Relation, since: Since<'_>) -> String {
    let mut all: Vec<String> = above_floor(since).into_iter().collect();
    all.extend(written(relation, since));
    let changed = if all.is_empty() { "TRUE".to_owned() } else { all.join(" AND ") };
    let known = &since.standing.mark.relation.leaves;
    // A view has no tableoid; its partitions were looked at before.
    let leaves = relation.leaves.iter().filter(|_| relation.kind != RelationKind::View);
    let attached: Vec<u32> = leaves.map(|l| l.id).filter(|oid| !known.contains(oid)).collect();
    // The rows of a partition attached since were written before, by transactions the rule takes for known.
    if attached.is_empty() { changed } else { format!("({changed} OR {})", is_in(&attached)) }
}

/// Over the row `t`: it was written since the watermark, and the floor hides it. `None` where no floor hides anything.
pub(super) fn hidden(relation: &Relation, since: Since<'_>) -> Option<String> {
    let written = written(relation, since)?;
    above_floor(since).map(|above| format!("{written} AND ({above}) IS NOT TRUE"))
}

/// Over the row `t`: it lies in one of these partitions.
pub(super) fn is_in(partitions: &[u32]) -> String {
    let list: Vec<String> = partitions.iter().map(u32::to_string).collect();
    format!("t.tableoid = ANY ('{{{}}}'::oid[])", list.join(","))
}

fn above_floor(since: Since<'_>) -> Option<String> {
    let (column, mark) = (since.cursor?, since.standing.mark.cursor()?);
    cursor::above_floor(column, mark).filter(|_| cursor::trusts(column, mark))
}

fn written(relation: &Relation, since: Since<'_>) -> Option<String> {
    since.standing.at.snapshot().filter(|_| relation.tells_its_writers()).map(changed_since)
}
