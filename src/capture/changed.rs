//! The condition for rows that a run of changes sends, and for those that changed and that it would not send.

use super::cursor::CursorColumn;
use super::rule::changed_since;
use crate::batch::Standing;
use crate::source::{Relation, RelationKind};

/// What a table's changes are told by: its cursor, if it has one, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Changed<'a> {
    pub relation: &'a Relation,
    pub cursor: Option<&'a CursorColumn>,
    pub standing: Standing<'a>,
}

impl Changed<'_> {
    /// Over the row `t`: it may have changed since the watermark, and the cursor's floor does not hide it.
    pub fn sent(self) -> String {
        let mut all: Vec<String> = self.above_floor().into_iter().collect();
        all.extend(self.written());
        let changed = if all.is_empty() { "TRUE".to_owned() } else { all.join(" AND ") };
        let known = &self.standing.mark.relation.leaves;
        // A view has no tableoid; its partitions were looked at before.
        let leaves = self.relation.leaves.iter().filter(|_| self.relation.kind != RelationKind::View);
        let attached: Vec<String> = leaves.filter(|l| !known.contains(&l.oid)).map(|l| l.oid.to_string()).collect();
        // The rows of a partition attached since were written before, by transactions the rule takes for known.
        if attached.is_empty() {
            changed
        } else {
            format!("({changed} OR t.tableoid = ANY ('{{{}}}'::oid[]))", attached.join(","))
        }
    }

    /// Over the row `t`: it was written since the watermark, and the floor hides it. `None` where no floor hides anything.
    pub fn hidden(self) -> Option<String> {
        let written = self.written()?;
        self.above_floor().map(|above| format!("{written} AND ({above}) IS NOT TRUE"))
    }

    fn above_floor(self) -> Option<String> {
        let (cursor, mark) = (self.cursor?, self.standing.mark.cursor.as_ref()?);
        cursor.above_floor(mark).filter(|_| cursor.trusts(mark))
    }

    fn written(self) -> Option<String> {
        self.relation.has_xmin().then(|| changed_since(self.standing.snapshot))
    }
}
