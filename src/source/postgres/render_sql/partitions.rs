//! How many partitions the rows of a table would be of in a target that is partitioned by a time.

use crate::encode::ShapeColumn;
use crate::source::postgres::render_sql::filter::filter;
use crate::source::postgres::{PostgresError, Session, ident, literal, qualified};
use crate::source::read::{Partitioned, Table};
use crate::source::relation::{Relation, RelationKind};

/// A table of more rows is not read for this alone.
const FEW_ROWS: u64 = 1_000_000;

impl Session {
    /// Has the server look at the right to ask a row for its partition, where the table has any.
    pub async fn try_partitions(&self, table: Table<'_>) -> Result<(), PostgresError> {
        if table.relation.kind == RelationKind::View || table.relation.leaves.is_empty() {
            return Ok(());
        }
        self.try_query(&format!("SELECT t.tableoid FROM {} AS t", qualified(&table.spec.source))).await
    }

    /// Counts the partitions of all rows, up to a little more than `most`; `None` where that would cost a long read, or where the column
    /// is no time.
    pub async fn partitions(&self, table: Table<'_>, by: Partitioned<'_>) -> Result<Option<usize>, PostgresError> {
        let Some(time) = time_type(by.column) else { return Ok(None) };
        let query = if table.spec.filter.is_none() && has_btree(self, table.relation, by.column).await? {
            by_index(table, by, time)
        } else if self.estimate_size(&table.spec.source).await? <= FEW_ROWS {
            by_reading(table, by, time)
        } else {
            return Ok(None);
        };
        let rows = self.text_rows("counting the target's partitions", &query).await?;
        Ok(rows.first().and_then(|r| r.first()).and_then(|f| f.as_ref()).and_then(|n| n.parse::<usize>().ok()))
    }
}

/// The type that a column's bounds are written in, if it is a date or time as PostgreSQL has them.
fn time_type(column: &ShapeColumn) -> Option<&'static str> {
    let name = column.source_type.as_str();
    match name {
        "date" => Some("date"),
        _ if name.starts_with("timestamp") && name.ends_with("with time zone") => Some("timestamptz"),
        _ if name.starts_with("timestamp") => Some("timestamp"),
        _ => None,
    }
}

/// Whether the smallest value above another is one look into an index.
async fn has_btree(session: &Session, relation: &Relation, column: &ShapeColumn) -> Result<bool, PostgresError> {
    let query = format!(
        "SELECT 1 FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid \
         JOIN pg_catalog.pg_am AS a ON a.oid = c.relam \
         WHERE i.indrelid = {} AND i.indkey[0] = {} AND i.indisvalid AND i.indpred IS NULL AND a.amname = 'btree' LIMIT 1",
        relation.id, column.number
    );
    Ok(!session.text_rows("looking for an index", &query).await?.is_empty())
}

fn bounds(column: &str, time: &str, by: Partitioned<'_>) -> String {
    let year = |y: u64| literal(&format!("{y}-01-01"), time);
    format!("{column} >= {} AND {column} < {}", year(*by.years.start()), year(by.years.end() + 1))
}

/// From each partition's first value to the next one's, as many looks as there are partitions.
fn by_index(table: Table<'_>, partitioned: Partitioned<'_>, time: &str) -> String {
    let (relation, value) = (qualified(&table.spec.source), format!("t.{}", ident(&partitioned.column.source)));
    let (bounds, by, most) = (bounds(&value, time, partitioned), partitioned.by.word(), partitioned.most + 2);
    format!(
        "WITH RECURSIVE step AS (\
         (SELECT {value} AS v FROM {relation} AS t WHERE {bounds} ORDER BY {value} LIMIT 1) UNION ALL \
         SELECT (SELECT {value} FROM {relation} AS t WHERE {bounds} AND {value} >= \
         CAST(date_trunc('{by}', CAST(step.v AS timestamp)) + interval '1 {by}' AS {time}) \
         ORDER BY {value} LIMIT 1) FROM step WHERE step.v IS NOT NULL) \
         SELECT count(s.v) FROM (SELECT step.v FROM step LIMIT {most}) AS s"
    )
}

fn by_reading(table: Table<'_>, partitioned: Partitioned<'_>, time: &str) -> String {
    let (relation, value) = (qualified(&table.spec.source), format!("t.{}", ident(&partitioned.column.source)));
    let (bounds, by, most) = (bounds(&value, time, partitioned), partitioned.by.word(), partitioned.most + 1);
    let filter = filter(table.spec).map_or(String::new(), |f| format!(" AND {f}"));
    format!(
        "SELECT count(*) FROM (SELECT DISTINCT date_trunc('{by}', CAST({value} AS timestamp)) \
         FROM {relation} AS t WHERE {bounds}{filter} LIMIT {most}) AS s"
    )
}
