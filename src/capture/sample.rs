//! A few rows of a table, for people: read by the same statement as all of them.

use super::plan::{Capture, Pass};
use crate::encode::{Flag, RowKind};
use crate::model::Op;
use crate::source::ident;

impl Capture<'_> {
    /// The first rows by key where an index has them at hand, else any rows: a large table is not sorted for a few.
    pub fn sample(&self, rows: u64) -> Pass {
        let key: Vec<&str> = self.shape.key().iter().map(|c| c.source.as_str()).collect();
        let mut query = self.upserts().query;
        if !key.is_empty() && self.relation.keeps_unique(&key) {
            let order: Vec<String> = key.iter().map(|c| format!("t.{}", ident(c))).collect();
            query.push_str(&format!(" ORDER BY {}", order.join(", ")));
        }
        query.push_str(&format!(" LIMIT {rows}"));
        Pass { kind: RowKind::Change(Op::Upsert), query, flag: Flag::Absent }
    }
}
