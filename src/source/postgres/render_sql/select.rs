//! `SELECT … FROM … AS t WHERE …`, put together part by part.

use super::expression::expression;
use super::published_rows::rows_of;
use crate::encode::ShapeColumn;
use crate::model::RelationName;
use crate::source::postgres::qualified;
use crate::source::read::Table;
use crate::source::relation::Relation;

/// A read of one relation, whose row alias is `t`.
pub(super) struct Select {
    from: String,
    columns: Vec<String>,
    conditions: Vec<String>,
}

impl Select {
    pub fn from(relation: &RelationName) -> Self {
        Self { from: format!("{} AS t", qualified(relation)), columns: Vec::new(), conditions: Vec::new() }
    }

    /// The rows of a table, with the columns of its key.
    pub fn of(table: Table<'_>) -> Self {
        Self { from: rows_of(table), columns: Vec::new(), conditions: Vec::new() }
    }

    pub fn columns(mut self, relation: &Relation, columns: &[ShapeColumn]) -> Self {
        self.columns.extend(columns.iter().map(|c| expression(relation, c)));
        self
    }

    pub fn expression(mut self, expression: Option<String>) -> Self {
        self.columns.extend(expression);
        self
    }

    /// Adds a condition; all of them must hold.
    pub fn filter(mut self, condition: Option<String>) -> Self {
        self.conditions.extend(condition);
        self
    }

    /// The query without its `COPY`.
    pub fn query(&self) -> String {
        let mut sql = format!("SELECT {} FROM {}", self.columns.join(", "), self.from);
        for (n, condition) in self.conditions.iter().enumerate() {
            sql.push_str(if n == 0 { " WHERE " } else { " AND " });
            sql.push_str(condition);
        }
        sql
    }
}
