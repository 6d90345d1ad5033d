//! Reading the rows that a chunk of keys names, in the snapshot the log was read in.

use crate::capture::keyed::log::claim::{Claim, Reach};
use crate::capture::keyed::log::keys::Chunk;
use crate::capture::plan::Pass;
use crate::encode::{Flag, RowKind, ShapeColumn};
use crate::model::Op;
use crate::source::{Columns, Keys, Read, Rows, Table};

/// The reads for one claim of a table.
#[derive(Clone, Copy)]
pub struct Reread<'a> {
    pub table: Table<'a>,
    pub claim: &'a Claim,
}

impl<'a> Reread<'a> {
    /// The rows that are there.
    pub fn present<'k>(&self, chunk: &'k Chunk) -> Pass<'k>
    where
        'a: 'k,
    {
        let columns = Columns::Published { doubt: None, cursor: None };
        let read = Read { table: self.table, columns, rows: Rows::Among(self.keys(chunk)) };
        Pass { kind: RowKind::Change(Op::Upsert), read, flag: Flag::Absent }
    }

    /// The keys without a row, or for a claim that reaches further, the values whose rows were all read.
    pub fn gone<'k>(&self, chunk: &'k Chunk) -> Pass<'k>
    where
        'a: 'k,
    {
        let keys = self.keys(chunk);
        let (op, rows, flag) = match self.claim.reach {
            Reach::Key => (Op::Delete, Rows::Absent(keys), Flag::Leading),
            Reach::Scope => (Op::Scope, Rows::Given(keys), Flag::Absent),
        };
        Pass { kind: RowKind::Change(op), read: Read { table: self.table, columns: Columns::Key, rows }, flag }
    }

    /// The column whose values the claim names, where that is not the key.
    pub fn scope(&self) -> Option<&'a ShapeColumn> {
        match self.claim.reach {
            Reach::Key => None,
            Reach::Scope => self.claim.columns.first().and_then(|c| self.table.shape.column(&c.name)),
        }
    }

    fn keys<'k>(&self, chunk: &'k Chunk) -> Keys<'k>
    where
        'a: 'k,
    {
        Keys { columns: &self.claim.columns, spelling: &self.claim.spelling, list: &chunk.keys }
    }
}
