//! The MERGE statement.
//!
//! Staged rows hold each key at most once, so every arm is about one source row. Constant bounds of the staged keys go into
//! `ON` as long as nothing is concluded from a target row that matches no staged one: a key never changes within itself,
//! and a table clustered by key is then read only where the batch may be.
//!
//! Two things make that wider. Where several types of log entries lead to one row, it may be staged more than once, each time
//! as it stands in the snapshot: any one of them is taken. And a staged *scope* says that all rows with its value were
//! read: those of the target that are not among the staged ones are gone.

use time::OffsetDateTime;

use super::sql::{ident, string, table, timestamp};
use crate::batch::{Absent, Batch, KeyBounds, Merge, Repeats, TableBatch, Unstaged, Update};
use crate::bigquery::partition_bounds::Within;
use crate::model::{
    Column, ColumnMode, DeleteStyle, Metadata, OP_COLUMN, Op, RUN_COLUMN, RunId, SYNCED_AT_COLUMN, TargetType,
};

/// The run that a statement is of.
#[derive(Clone, Copy, Debug)]
pub struct Merger<'a> {
    pub run: &'a RunId,
    /// The date of soft deletes.
    pub started: OffsetDateTime,
}

impl<'a> Merger<'a> {
    pub fn of(batch: &'a Batch) -> Self {
        Self { run: &batch.run, started: batch.started }
    }
}

/// The statement that brings a table's staged rows into its target, bounded by the target's partitions where `within` says so.
pub(super) fn bounded_merge_statement(
    merge: &Merge,
    table: &TableBatch,
    within: Option<&Within>,
    merger: Merger<'_>,
) -> String {
    Statement { merge, batch: table, within, merger }.sql()
}

struct Statement<'a> {
    merge: &'a Merge,
    batch: &'a TableBatch,
    within: Option<&'a Within>,
    merger: Merger<'a>,
}

impl Statement<'_> {
    fn sql(&self) -> String {
        let mut sql =
            format!("MERGE {} AS T\nUSING {} AS S\nON {}", table(&self.batch.target), self.using(), self.on());
        for arm in [self.delete(), self.update(), Some(self.insert()), self.remove()].into_iter().flatten() {
            sql.push('\n');
            sql.push_str(&arm);
        }
        sql
    }

    /// Each key once, and no scopes: those are no rows.
    fn using(&self) -> String {
        let staging = table(&self.merge.staging);
        let rows = if self.merge.scopes.is_empty() {
            String::new()
        } else {
            format!(" WHERE {} <> '{}'", ident(OP_COLUMN), Op::Scope.code())
        };
        let once = match self.merge.repeats {
            Repeats::Never => String::new(),
            // QUALIFY wants a WHERE before it.
            Repeats::Possible => {
                let rows = if rows.is_empty() { " WHERE TRUE" } else { "" };
                // Only equal rows are one: two different ones under a key are the source's fault, and the MERGE says so.
                let fields = std::iter::once(ident(OP_COLUMN)).chain(self.batch.columns.iter().map(groupable));
                let fields: Vec<String> = fields.collect();
                format!("{rows} QUALIFY ROW_NUMBER() OVER (PARTITION BY {}) = 1", fields.join(", "))
            }
        };
        if rows.is_empty() && once.is_empty() { staging } else { format!("(SELECT * FROM {staging}{rows}{once})") }
    }

    fn on(&self) -> String {
        let keys = self.batch.key.iter().map(|k| format!("T.{0} = S.{0}", ident(k)));
        let bounds = match self.merge.unstaged() {
            Unstaged::Stay => self.bounds(),
            // A bound would make every row outside it look absent.
            Unstaged::GoInScopes | Unstaged::Go => None,
        };
        // Given only where nothing is concluded from other rows.
        let within = self.within.map(Within::condition);
        keys.chain(bounds).chain(within).collect::<Vec<_>>().join(" AND ")
    }

    fn bounds(&self) -> Option<String> {
        let first = ident(self.batch.key.first()?);
        Some(match self.batch.bounds.as_ref()? {
            KeyBounds::Int64 { min, max } => format!("T.{first} BETWEEN {min} AND {max}"),
            KeyBounds::String { min, max } => format!("T.{first} BETWEEN {} AND {}", string(min), string(max)),
        })
    }

    fn op_is(op: Op) -> String {
        format!("S.{} = '{}'", ident(OP_COLUMN), op.code())
    }

    fn deleted_at(&self, column: &str) -> String {
        // A row that is deleted twice keeps the first date.
        format!("T.{0} = COALESCE(T.{0}, {1})", ident(column), timestamp(self.merger.started))
    }

    /// What flags a row as deleted.
    fn flagging(&self, flag: &str, at: &str) -> Vec<String> {
        let mut sets = vec![format!("T.{} = TRUE", ident(flag)), self.deleted_at(at)];
        sets.extend(self.metadata().map(|(name, value)| format!("T.{name} = {value}")));
        sets
    }

    /// The metadata columns, if the target has them, and their values.
    fn metadata(&self) -> impl Iterator<Item = (String, String)> + use<> {
        let values = [
            (ident(SYNCED_AT_COLUMN), "CURRENT_TIMESTAMP()".to_owned()),
            (ident(RUN_COLUMN), string(self.merger.run.as_str())),
        ];
        let has_them = self.batch.metadata == Metadata::Columns;
        values.into_iter().filter(move |_| has_them)
    }

    fn delete(&self) -> Option<String> {
        let then = match &self.batch.delete {
            DeleteStyle::Hard => "DELETE".to_owned(),
            DeleteStyle::Soft { flag, at } => {
                format!("UPDATE SET {}", self.flagging(flag, at).join(", "))
            }
        };
        Some(format!("WHEN MATCHED AND {} THEN {then}", Self::op_is(Op::Delete)))
    }

    fn update(&self) -> Option<String> {
        let mut sets: Vec<String> = self
            .batch
            .columns
            .iter()
            .filter(|c| !self.batch.key.contains(&c.name))
            .map(|c| format!("T.{0} = S.{0}", ident(&c.name)))
            .collect();
        if let DeleteStyle::Soft { flag, at } = &self.batch.delete {
            sets.push(format!("T.{} = FALSE", ident(flag)));
            sets.push(format!("T.{} = CAST(NULL AS TIMESTAMP)", ident(at)));
        }
        // Nothing but a value that changed is a reason to write a row.
        if sets.is_empty() && (self.batch.metadata == Metadata::Off || self.merge.update == Update::Different) {
            return None;
        }
        sets.extend(self.metadata().map(|(name, value)| format!("T.{name} = {value}")));
        let mut condition = match self.merge.absent {
            Absent::Keep => String::new(),
            // A row staged for its key alone has no values to update from.
            Absent::Remove => format!(" AND {}", Self::op_is(Op::Upsert)),
        };
        if self.merge.update == Update::Different {
            condition.push_str(&format!(" AND ({})", self.differs().join(" OR ")));
        }
        Some(format!("WHEN MATCHED{condition} THEN UPDATE SET {}", sets.join(", ")))
    }

    /// What makes a matched row one that has to be written.
    fn differs(&self) -> Vec<String> {
        let values = self.batch.columns.iter().filter(|c| !self.batch.key.contains(&c.name)).map(|c| {
            let (target, staged) = (comparable("T", c), comparable("S", c));
            format!("{target} IS DISTINCT FROM {staged}")
        });
        let flag = match &self.batch.delete {
            DeleteStyle::Hard => None,
            DeleteStyle::Soft { flag, .. } => Some(format!("T.{} IS NOT FALSE", ident(flag))),
        };
        values.chain(flag).collect()
    }

    fn insert(&self) -> String {
        let mut names: Vec<String> = self.batch.columns.iter().map(|c| ident(&c.name)).collect();
        let mut values: Vec<String> = names.iter().map(|n| format!("S.{n}")).collect();
        if let DeleteStyle::Soft { flag, .. } = &self.batch.delete {
            names.push(ident(flag));
            values.push("FALSE".to_owned());
        }
        for (name, value) in self.metadata() {
            names.push(name);
            values.push(value);
        }
        let condition = Self::op_is(Op::Upsert);
        format!("WHEN NOT MATCHED AND {condition} THEN INSERT ({}) VALUES ({})", names.join(", "), values.join(", "))
    }

    fn remove(&self) -> Option<String> {
        let scope = match self.merge.unstaged() {
            Unstaged::Go => String::new(),
            Unstaged::GoInScopes => format!(" AND ({})", self.in_scope()),
            Unstaged::Stay => return None,
        };
        Some(match &self.batch.delete {
            DeleteStyle::Hard => format!("WHEN NOT MATCHED BY SOURCE{scope} THEN DELETE"),
            DeleteStyle::Soft { flag, at } => format!(
                "WHEN NOT MATCHED BY SOURCE{scope} AND T.{} IS NOT TRUE THEN UPDATE SET {}",
                ident(flag),
                self.flagging(flag, at).join(", ")
            ),
        })
    }

    /// The target row has a value whose rows were all read.
    fn in_scope(&self) -> String {
        let each = self.merge.scopes.iter().map(|name| {
            let column = ident(name);
            let scope = Op::Scope.code();
            format!(
                "T.{column} IN (SELECT {column} FROM {} WHERE {} = '{scope}' AND {column} IS NOT NULL)",
                table(&self.merge.staging),
                ident(OP_COLUMN),
            )
        });
        each.collect::<Vec<_>>().join(" OR ")
    }
}

/// What a partition of rows may be made by: neither JSON nor FLOAT64, nor an array.
fn groupable(column: &Column) -> String {
    let name = ident(&column.name);
    match column.target_type {
        _ if column.mode == ColumnMode::Repeated => format!("TO_JSON_STRING({name})"),
        TargetType::Json => format!("TO_JSON_STRING({name})"),
        TargetType::Float64 => format!("CAST({name} AS STRING)"),
        _ => name,
    }
}

/// Neither JSON nor an array has an order or equality; its text has.
fn comparable(alias: &str, column: &Column) -> String {
    let name = format!("{alias}.{}", ident(&column.name));
    if column.target_type == TargetType::Json || column.mode == ColumnMode::Repeated {
        format!("TO_JSON_STRING({name})")
    } else {
        name
    }
}
