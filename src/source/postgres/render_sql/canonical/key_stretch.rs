//! Stretches of keys, where the server orders their values as BigQuery does.
//!
//! A text has the order of its collation here and that of its bytes there, so a key is cut by its first columns, up to the first text.

use super::row::Row;
use super::server_text::ServerText;
use crate::canonical::KeyStretch;
use crate::model::TargetType;
use crate::source::postgres::{PostgresError, Session, ident, literal, oid};
use crate::source::read::Table;

/// How many of the key's first columns have values in the same order on both sides.
pub fn columns_in_order(table: Table<'_>) -> usize {
    let is_in_order = |c: &&crate::encode::ShapeColumn| {
        let native = table.relation.column(&c.source).map(|c| c.postgres());
        let base = native.filter(|n| n.element.is_none()).map_or(0, |n| n.base_oid);
        !c.is_hashed() && has_order(base, c.target.target_type)
    };
    table.shape.key().iter().take_while(is_in_order).count()
}

fn has_order(base_oid: u32, target: TargetType) -> bool {
    match target {
        TargetType::Int64 => matches!(base_oid, oid::INT2 | oid::INT4 | oid::INT8),
        TargetType::Numeric | TargetType::BigNumeric => {
            matches!(base_oid, oid::INT2 | oid::INT4 | oid::INT8 | oid::NUMERIC)
        }
        TargetType::Date => base_oid == oid::DATE,
        TargetType::Time => base_oid == oid::TIME,
        TargetType::DateTime => base_oid == oid::TIMESTAMP,
        TargetType::Timestamp => matches!(base_oid, oid::TIMESTAMP | oid::TIMESTAMPTZ),
        TargetType::Bytes => base_oid == oid::BYTEA,
        // Its text is of one length, with blanks in the same places and in small letters.
        TargetType::String => base_oid == oid::UUID,
        TargetType::Bool | TargetType::Float64 | TargetType::Json => false,
    }
}

/// A condition over the row `t`; `None` where every key is meant.
pub(super) fn is_within(table: Table<'_>, stretch: &KeyStretch) -> Option<String> {
    let ends = [stretch.after.as_ref().map(|k| (">", k)), stretch.until.as_ref().map(|k| ("<=", k))];
    let each = ends.into_iter().flatten().map(|(than, key)| {
        let columns: Vec<String> =
            table.shape.key().iter().zip(key).map(|(c, _)| format!("t.{}", ident(&c.source))).collect();
        let values = table.shape.key().iter().zip(key).map(|(c, value)| {
            let base = table.relation.column(&c.source).map_or("text", |c| c.postgres().base_name.as_str());
            literal(value, base)
        });
        format!("({}) {than} ({})", columns.join(", "), values.collect::<Vec<_>>().join(", "))
    });
    let all = each.collect::<Vec<_>>().join(" AND ");
    (!all.is_empty()).then_some(all)
}

/// Asks for the end of the stretch of about `rows` rows behind a key, as canonical texts. No row where it is the last stretch.
pub fn stretch_end_statement(table: Table<'_>, after: Option<&Vec<String>>, rows: u64, server: ServerText) -> String {
    let row = Row::of(table, server);
    let columns = columns_in_order(table);
    let from = KeyStretch { after: after.cloned(), until: None };
    let texts = row.key().iter().take(columns).map(|c| format!("pg_catalog.concat({})", c.text));
    let select = texts.fold(row.select(), |s, text| s.expression(Some(text))).filter(is_within(table, &from));
    let order: Vec<String> =
        table.shape.key().iter().take(columns).map(|c| format!("t.{}", ident(&c.source))).collect();
    format!("{} ORDER BY {} OFFSET {} LIMIT 1", select.query(), order.join(", "), rows.max(1) - 1)
}

impl Session {
    /// The stretch of about `rows` rows behind a key, whose columns are in order. More rows, where the same values stand in more.
    pub async fn compared_stretch(
        &self,
        table: Table<'_>,
        after: Option<Vec<String>>,
        rows: u64,
    ) -> Result<KeyStretch, PostgresError> {
        let sql = stretch_end_statement(table, after.as_ref(), rows, self.server_text().await?);
        let row = self.text_rows("looking for the end of a stretch", &sql).await?.into_iter().next();
        Ok(KeyStretch { after, until: row.and_then(|r| r.into_iter().collect()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_values_with_one_order_are_cut() {
        assert!(has_order(oid::INT8, TargetType::Int64) && has_order(oid::UUID, TargetType::String));
        assert!(has_order(oid::TIMESTAMP, TargetType::Timestamp));
        // A number that is kept as a text has the order of a text.
        assert!(!has_order(oid::INT8, TargetType::String) && !has_order(oid::TEXT, TargetType::String));
        assert!(!has_order(oid::TIMETZ, TargetType::Time) && !has_order(oid::FLOAT8, TargetType::Float64));
    }
}
