//! Keys that stand in more than one row.

use crate::encode::ShapeColumn;
use crate::model::TargetType;
use crate::source::postgres::key_types::compares_as_its_text;
use crate::source::postgres::render_sql::filter::filter;
use crate::source::postgres::render_sql::select::Select;
use crate::source::postgres::{PostgresError, Session, ident, oid, qualified};
use crate::source::read::{RepeatedKeys, Table};
use crate::source::relation::Relation;

impl Session {
    /// Looks for values of the key that stand in more than one published row: nothing is asked where an index keeps it unique. `None`
    /// where there are none.
    pub async fn repeated_keys(&self, table: Table<'_>) -> Result<Option<RepeatedKeys>, PostgresError> {
        let Some(query) = query(table) else { return Ok(None) };
        let rows = self.text_rows("looking for keys that occur more than once", &query).await?;
        let number = |n: usize| -> Option<u64> { rows.first()?.get(n)?.as_ref()?.parse().ok() };
        Ok(match (number(0), number(1)) {
            (Some(0), _) => None,
            (keys, rows) => Some(RepeatedKeys { keys: keys.unwrap_or(0), rows: rows.unwrap_or(0) }),
        })
    }
}

/// Counts the keys that occur more than once, and their rows; `None` where there is nothing to ask.
fn query(table: Table<'_>) -> Option<String> {
    let Table { spec, relation, shape } = table;
    let key: Vec<&str> = shape.key().iter().map(|c| c.source.as_str()).collect();
    if key.is_empty() || relation.keeps_unique(&key) {
        return None;
    }
    let each: Vec<String> = shape.key().iter().map(|c| compared(c, relation)).collect();
    let mut select = Select::from(&spec.source).expression(Some("count(*) AS n".to_owned())).filter(filter(spec));
    for name in &key {
        // A row whose key can't be held is refused by itself.
        select = select.filter(Some(can_be_held(name, relation)));
    }
    let groups = format!("{} GROUP BY {} HAVING count(*) > 1", select.query(), each.join(", "));
    Some(format!("SELECT count(*)::text, COALESCE(sum(d.n), 0)::text FROM ({groups}) AS d"))
}

/// A statement for people: which values of the key stand in more than one row.
pub fn lookup_of_repeated_keys(table: Table<'_>) -> String {
    let key: Vec<String> = table.shape.key().iter().map(|c| ident(&c.source)).collect();
    let filter = table.spec.filter.as_ref().map_or(String::new(), |f| format!(" AS t WHERE {f}"));
    format!(
        "SELECT {0} FROM {1}{filter} GROUP BY {0} HAVING count(*) > 1",
        key.join(", "),
        qualified(&table.spec.source)
    )
}

fn can_be_held(name: &str, relation: &Relation) -> String {
    let column = format!("t.{}", ident(name));
    match relation.column(name).map_or(0, |c| c.postgres().base_oid) {
        oid::DATE | oid::TIMESTAMP | oid::TIMESTAMPTZ => format!("pg_catalog.isfinite({column})"),
        _ => format!("{column} IS NOT NULL"),
    }
}

/// As BigQuery compares it: a text of its own for each spelling (citext, a collation without case).
fn compared(column: &ShapeColumn, relation: &Relation) -> String {
    let name = format!("t.{}", ident(&column.source));
    let base = relation.column(&column.source).map_or(0, |c| c.postgres().base_oid);
    match column.target.target_type {
        TargetType::String if !compares_as_its_text(base) => format!("({name})::text COLLATE \"C\""),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::Shape;
    use crate::source::postgres::relation_of;

    fn relation(kind: &str, unique: &str, leaves: &str) -> Relation {
        let json = format!(
            r#"{{"oid": 1, "kind": "{kind}", "rows": 1, "comment": null, "view": null, "primary_key": ["a", "b"], "unique": {unique},
                "leading": [], "leaves": {leaves}, "columns": [
                {{"name": "a", "number": 1, "type_name": "int", "base_oid": 23, "base_name": "integer", "typmod": -1, "not_null": true}},
                {{"name": "b", "number": 2, "type_name": "text", "base_oid": 25, "base_name": "text", "typmod": -1, "not_null": true}}]}}"#
        );
        relation_of(&json).unwrap()
    }

    #[test]
    fn a_unique_index_makes_the_look_unnecessary() {
        let spec = crate::model::plain_spec();
        let asked = |relation: &Relation| {
            let shape = Shape::of(&spec, relation).unwrap();
            query(Table { spec: &spec, relation, shape: &shape })
        };
        assert_eq!(asked(&relation("r", r#"[["a", "b"]]"#, "[]")), None);
        assert_eq!(asked(&relation("r", r#"[["b"]]"#, "[]")), None, "a part of the key is unique already");
        let leaf = r#"[{"oid": 2, "kind": "r", "schema": "s", "name": "x"}]"#;
        assert_eq!(
            asked(&relation("p", r#"[["a", "b"]]"#, leaf)),
            None,
            "a partitioned table's index is of all partitions"
        );
        for none in
            [relation("r", r#"[["c"]]"#, "[]"), relation("r", r#"[["a", "b"]]"#, leaf), relation("v", "[]", "[]")]
        {
            assert_eq!(
                asked(&none).unwrap(),
                "SELECT count(*)::text, COALESCE(sum(d.n), 0)::text FROM (SELECT count(*) AS n FROM \"shop\".\"or\"\"ders\" AS t \
                 WHERE t.\"a\" IS NOT NULL AND t.\"b\" IS NOT NULL GROUP BY t.\"a\", (t.\"b\")::text COLLATE \"C\" \
                 HAVING count(*) > 1) AS d"
            );
        }
    }
}
