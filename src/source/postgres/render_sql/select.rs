//! `SELECT … FROM … AS t WHERE …`, put together part by part.

use super::expression::expression;
use crate::encode::ShapeColumn;
use crate::model::RelationName;
use crate::source::postgres::qualified;
use crate::source::relation::Relation;

/// A read of one relation, whose row alias is `t`.
pub(super) struct Select<'a> {
    relation: &'a RelationName,
    columns: Vec<String>,
    conditions: Vec<String>,
}

impl<'a> Select<'a> {
    pub fn from(relation: &'a RelationName) -> Self {
        Self { relation, columns: Vec::new(), conditions: Vec::new() }
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
        let mut sql = format!("SELECT {} FROM {} AS t", self.columns.join(", "), qualified(self.relation));
        for (n, condition) in self.conditions.iter().enumerate() {
            sql.push_str(if n == 0 { " WHERE " } else { " AND " });
            sql.push_str(condition);
        }
        sql
    }
}
