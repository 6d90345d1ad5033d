//! Stretches of keys: where one ends, and the condition for what lies in it.

use crate::encode::Shape;
use crate::source::postgres::render_sql::select::Select;
use crate::source::postgres::{PostgresError, Session, ident, literal};
use crate::source::read::{KeyRange, Table};
use crate::source::relation::Relation;

impl Session {
    /// A digest of what decides the order of a table's keys, and how a key reads.
    pub async fn key_order(&self, table: Table<'_>) -> Result<String, PostgresError> {
        let columns = table.shape.key().iter().map(|c| {
            let base = table.relation.column(&c.source).map_or(0, |c| c.postgres().base_oid);
            format!("({}, {base}::oid)", literal(&c.source, "name"))
        });
        let sql = ORDER
            .replace("RELATION", &table.relation.id.to_string())
            .replace("KEY", &columns.collect::<Vec<_>>().join(", "));
        let rows = self.text_rows("asking for the order of keys", &sql).await?;
        Ok(rows.into_iter().next().and_then(|r| r.into_iter().next()).flatten().unwrap_or_default())
    }

    /// The stretch of about `rows` rows behind a key.
    pub async fn stretch(
        &self,
        table: Table<'_>,
        after: Option<Vec<String>>,
        rows: u64,
    ) -> Result<KeyRange, PostgresError> {
        let order = self.key_order(table).await?;
        let from = KeyRange { after, until: None, order };
        let key: Vec<String> = table.shape.key().iter().map(|c| format!("t.{}", ident(&c.source))).collect();
        let texts = key.iter().map(|k| Some(format!("{k}::text")));
        let select = texts.fold(Select::from(&table.spec.source), Select::expression).filter(condition(
            &from,
            table.relation,
            table.shape,
        ));
        let sql = format!("{} ORDER BY {} OFFSET {} LIMIT 1", select.query(), key.join(", "), rows.max(1) - 1);
        let row = self.text_rows("looking for the end of a chunk", &sql).await?.into_iter().next();
        Ok(KeyRange { until: row.and_then(|r| r.into_iter().collect()), ..from })
    }
}

const ORDER: &str = "SELECT pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', k.name, k.base, a.attcollation, \
     CASE WHEN a.attcollation <> 0 THEN pg_catalog.pg_collation_actual_version(a.attcollation) END, \
     (SELECT pg_catalog.string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = k.base)), \
     ';' ORDER BY a.attnum)) \
     FROM (VALUES KEY) AS k(name, base) JOIN pg_catalog.pg_attribute a ON a.attrelid = RELATION::oid AND a.attname = k.name";

/// A condition over the row `t`; `None` where every key is meant.
pub(super) fn condition(range: &KeyRange, relation: &Relation, shape: &Shape) -> Option<String> {
    let ends = [range.after.as_ref().map(|k| (">", k)), range.until.as_ref().map(|k| ("<=", k))];
    let each = ends.into_iter().flatten().map(|(than, key)| compare(relation, shape, than, key));
    let all = each.collect::<Vec<_>>().join(" AND ");
    (!all.is_empty()).then_some(all)
}

/// A condition for the keys of the stretches before: those that are in the target already.
pub(super) fn before(range: &KeyRange, relation: &Relation, shape: &Shape) -> Option<String> {
    range.after.as_ref().map(|key| compare(relation, shape, "<=", key))
}

fn compare(relation: &Relation, shape: &Shape, than: &str, key: &[String]) -> String {
    let columns: Vec<String> = shape.key().iter().map(|c| format!("t.{}", ident(&c.source))).collect();
    let values = shape.key().iter().zip(key).map(|(c, value)| {
        let base = relation.column(&c.source).map_or("text", |c| c.postgres().base_name.as_str());
        literal(value, base)
    });
    format!("({}) {than} ({})", columns.join(", "), values.collect::<Vec<_>>().join(", "))
}
