//! Reading the rows that a chunk of keys names, in the snapshot of the run.

use super::key_source::{Chunk, KeyColumns, Reach};
use crate::capture::passes::Pass;
use crate::encode::{Flag, RowKind, ShapeColumn};
use crate::model::Op;
use crate::source::{Columns, Read, Rows, Table};

/// The reads for the keys of one source.
#[derive(Clone, Copy)]
pub struct Reread<'a> {
    pub table: Table<'a>,
    pub of: &'a KeyColumns,
}

impl<'a> Reread<'a> {
    /// The rows that are there.
    pub fn present<'k>(&self, chunk: &'k Chunk) -> Pass<'k>
    where
        'a: 'k,
    {
        let columns = Columns::Published { doubt: None, cursor: None };
        let read = Read { table: self.table, columns, rows: Rows::Among(self.of.keys(chunk)) };
        Pass { kind: RowKind::Change(Op::Upsert), read, flag: Flag::Absent }
    }

    /// The keys without a row; of those that reach further, the values whose rows were all read.
    pub fn gone<'k>(&self, chunk: &'k Chunk) -> Pass<'k>
    where
        'a: 'k,
    {
        let keys = self.of.keys(chunk);
        let (op, rows, flag) = match self.of.reach {
            Reach::Key => (Op::Delete, Rows::Absent(keys), Flag::Leading),
            Reach::Scope => (Op::Scope, Rows::Given(keys), Flag::Absent),
        };
        Pass { kind: RowKind::Change(op), read: Read { table: self.table, columns: Columns::Key, rows }, flag }
    }

    /// The column whose values are named, where that is not the key.
    pub fn scope(&self) -> Option<&'a ShapeColumn> {
        match self.of.reach {
            Reach::Key => None,
            Reach::Scope => self.of.columns.first().and_then(|c| self.table.shape.column(&c.name)),
        }
    }
}
