//! Stretches of keys that a table and its target are cut into alike, for a comparison that takes more than one run.

use futures_util::TryStreamExt;

use super::compare::{Reader, compared_columns};
use super::connection::Statement;
use super::error::SqlServerError;
use super::key_range::of_stretch;
use super::native_type::{Family, SqlServerType};
use super::row::SqlServerRow;
use super::rows::stretch_statement;
use super::session::Session;
use crate::canonical::KeyStretch;
use crate::model::TargetType;
use crate::source::read::Table;

/// How many of the key's first columns have values in the same order on both sides.
pub(in crate::source) fn columns_in_order(table: Table<'_>) -> usize {
    let is_in_order = |c: &&crate::encode::ShapeColumn| {
        let native = table.relation.column(&c.source).and_then(|c| c.sqlserver());
        !c.is_hashed() && native.is_some_and(|n| has_order(n, c.target.target_type))
    };
    table.shape.key().iter().take_while(is_in_order).count()
}

/// Texts are compared by their collation there, and a GUID by its last bytes first.
fn has_order(native: &SqlServerType, target: TargetType) -> bool {
    match native.family() {
        Family::Integer => matches!(target, TargetType::Int64 | TargetType::Numeric | TargetType::BigNumeric),
        Family::Decimal | Family::Money => matches!(target, TargetType::Numeric | TargetType::BigNumeric),
        Family::Date => target == TargetType::Date,
        Family::Time => target == TargetType::Time,
        Family::DateTime => matches!(target, TargetType::DateTime | TargetType::Timestamp),
        Family::DateTimeOffset => target == TargetType::Timestamp,
        _ => false,
    }
}

impl Session {
    /// The stretch of about `rows` rows behind a key, whose columns are in order. More rows, where the same values stand in more.
    pub async fn compared_stretch(
        &self,
        table: Table<'_>,
        after: Option<Vec<String>>,
        rows: u64,
    ) -> Result<KeyStretch, SqlServerError> {
        let from = of_stretch(&KeyStretch { after: after.clone(), until: None });
        let columns = columns_in_order(table);
        let (sql, layout) = stretch_statement(table, &from, rows, columns);
        let layout = std::sync::Arc::new(layout);
        let compared = compared_columns(table);
        let mut reader = Reader::of(table, &compared);
        let mut found = self.connection().stream("looking for the end of a stretch", Statement::plain(sql)).await?;
        let mut until = None;
        while let Some(row) = found.try_next().await? {
            until = reader.key_to(&SqlServerRow::new(row, &layout)?, columns);
        }
        Ok(KeyStretch { after, until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_values_with_one_order_are_cut() {
        let of = |name: &str| SqlServerType { name: name.to_owned(), max_length: 8, ..SqlServerType::default() };
        for (name, target) in [
            ("int", TargetType::Int64),
            ("tinyint", TargetType::BigNumeric),
            ("money", TargetType::Numeric),
            ("date", TargetType::Date),
            ("datetime", TargetType::DateTime),
            ("datetime2", TargetType::Timestamp),
            ("datetimeoffset", TargetType::Timestamp),
        ] {
            assert!(has_order(&of(name), target), "{name}");
        }
        // A number that is kept as a text has the order of a text.
        for (name, target) in [
            ("int", TargetType::String),
            ("datetimeoffset", TargetType::String),
            ("varchar", TargetType::String),
            ("uniqueidentifier", TargetType::String),
            ("binary", TargetType::Bytes),
            ("float", TargetType::Float64),
            ("bit", TargetType::Bool),
        ] {
            assert!(!has_order(&of(name), target), "{name}");
        }
    }
}
