//! The MERGE statement.
//!
//! Staged rows hold each key at most once, so every arm is about one source row. Constant bounds of the staged keys go into
//! `ON` as long as nothing is concluded from a target row that matches no staged one: a key never changes within itself,
//! and a table clustered by key is then read only where the batch may be.

use time::OffsetDateTime;

use super::sql::{ident, string, table, timestamp};
use crate::batch::{Absent, KeyBounds, TableBatch};
use crate::model::{DeleteStyle, OP_COLUMN, Op, TargetRef};

/// The statement that brings a table's staged rows into its target. `at` dates soft deletes.
pub fn merge_statement(batch: &TableBatch, staging: &TargetRef, absent: Absent, at: OffsetDateTime) -> String {
    Merge { batch, staging, absent, at }.sql()
}

struct Merge<'a> {
    batch: &'a TableBatch,
    staging: &'a TargetRef,
    absent: Absent,
    at: OffsetDateTime,
}

impl Merge<'_> {
    fn sql(&self) -> String {
        let mut sql =
            format!("MERGE {} AS T\nUSING {} AS S\nON {}", table(&self.batch.target), table(self.staging), self.on());
        for arm in [self.delete(), self.update(), Some(self.insert()), self.remove()].into_iter().flatten() {
            sql.push('\n');
            sql.push_str(&arm);
        }
        sql
    }

    fn on(&self) -> String {
        let keys = self.batch.key.iter().map(|k| format!("T.{0} = S.{0}", ident(k)));
        let bounds = match self.absent {
            Absent::Keep => self.bounds(),
            // A bound would make every row outside it look absent.
            Absent::Remove => None,
        };
        keys.chain(bounds).collect::<Vec<_>>().join(" AND ")
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
        format!("T.{0} = COALESCE(T.{0}, {1})", ident(column), timestamp(self.at))
    }

    fn delete(&self) -> Option<String> {
        let then = match &self.batch.delete {
            DeleteStyle::Hard => "DELETE".to_owned(),
            DeleteStyle::Soft { flag, at } => {
                format!("UPDATE SET T.{} = TRUE, {}", ident(flag), self.deleted_at(at))
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
        if sets.is_empty() {
            return None;
        }
        let condition = match self.absent {
            Absent::Keep => String::new(),
            // A row staged for its key alone has no values to update from.
            Absent::Remove => format!(" AND {}", Self::op_is(Op::Upsert)),
        };
        Some(format!("WHEN MATCHED{condition} THEN UPDATE SET {}", sets.join(", ")))
    }

    fn insert(&self) -> String {
        let mut names: Vec<String> = self.batch.columns.iter().map(|c| ident(&c.name)).collect();
        let mut values: Vec<String> = names.iter().map(|n| format!("S.{n}")).collect();
        if let DeleteStyle::Soft { flag, .. } = &self.batch.delete {
            names.push(ident(flag));
            values.push("FALSE".to_owned());
        }
        let condition = Self::op_is(Op::Upsert);
        format!("WHEN NOT MATCHED AND {condition} THEN INSERT ({}) VALUES ({})", names.join(", "), values.join(", "))
    }

    fn remove(&self) -> Option<String> {
        if self.absent == Absent::Keep {
            return None;
        }
        Some(match &self.batch.delete {
            DeleteStyle::Hard => "WHEN NOT MATCHED BY SOURCE THEN DELETE".to_owned(),
            DeleteStyle::Soft { flag, at } => format!(
                "WHEN NOT MATCHED BY SOURCE AND T.{0} IS NOT TRUE THEN UPDATE SET T.{0} = TRUE, {1}",
                ident(flag),
                self.deleted_at(at)
            ),
        })
    }
}
