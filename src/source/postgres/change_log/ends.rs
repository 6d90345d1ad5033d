//! The newest entry of a log, and whether the one that was newest at the last look is still there.

use crate::model::LogSpec;
use crate::source::change_log::{EntryTable, LogEnds};
use crate::source::cursor::CursorType;
use crate::source::postgres::{PostgresError, Session, ident, literal, oid, qualified};

/// So many entries beyond the sequence are rows that somebody imported.
const MOST_IMPORTED: u32 = 1000;

impl Session {
    /// Looks at the ends of a table of entries. `seen` is the number of the entry that was newest at the last look. Fails where the table
    /// was emptied or rewritten after the snapshot was taken: to that, all entries are gone.
    pub async fn log_ends(
        &self,
        spec: &LogSpec,
        table: &EntryTable,
        seen: Option<&str>,
    ) -> Result<LogEnds, PostgresError> {
        const DOING: &str = "looking at the change log";
        let query = match &table.ids {
            None => format!("SELECT {}", rewritten(table)),
            Some(ids) => query(spec, table, (&ids.name, ids.kind), seen),
        };
        let row = self.text_rows(DOING, &query).await?.into_iter().next().unwrap_or_default();
        let field = |n: usize| row.get(n).and_then(|f| f.as_deref());
        if field(0) == Some("t") {
            return Err(PostgresError::Rewritten);
        }
        Ok(LogEnds {
            newest: field(1).map(str::to_owned),
            drawn: field(2).and_then(|t| t.parse().ok()),
            proof: field(3).map(str::to_owned),
            seen_proof: field(4).map(str::to_owned),
            first: field(5).and_then(|t| t.parse().ok()),
        })
    }
}

/// The catalog function knows the newest file, the catalog's row the one of our snapshot.
fn rewritten(table: &EntryTable) -> String {
    let oid = table.relation.id;
    format!(
        "(SELECT c.relkind = 'r' AND pg_catalog.pg_relation_filenode(c.oid) IS DISTINCT FROM c.relfilenode \
         FROM pg_catalog.pg_class c WHERE c.oid = {oid}::oid)"
    )
}

/// An expression over the entry `t` that tells it from another one with its number.
fn proof_of(spec: &LogSpec, table: &EntryTable) -> String {
    let is_time = |c: &&String| {
        table.relation.column(c).is_some_and(|c| matches!(c.postgres().base_oid, oid::TIMESTAMP | oid::TIMESTAMPTZ))
    };
    match spec.at.as_ref().filter(is_time) {
        Some(at) => format!("COALESCE(pg_catalog.date_part('epoch', t.{0})::text, t.xmin::text)", ident(at)),
        None => "t.xmin::text".to_owned(),
    }
}

fn query(spec: &LogSpec, log: &EntryTable, (id, kind): (&str, CursorType), seen: Option<&str>) -> String {
    let (table, column) = (qualified(&log.name), format!("t.{}", ident(id)));
    let rewritten = rewritten(log);
    if kind != CursorType::Integer {
        return format!("SELECT {rewritten}, (SELECT max({column})::text FROM {table} AS t)");
    }
    let drawn = format!(
        "(SELECT CASE WHEN pg_catalog.has_sequence_privilege(s.name, 'select') \
                      THEN COALESCE(pg_catalog.pg_sequence_last_value(s.name::regclass), 0) END \
            FROM (SELECT pg_catalog.pg_get_serial_sequence({}, {}) AS name) AS s WHERE s.name IS NOT NULL)",
        literal(&table, "text"),
        literal(id, "text"),
    );
    // Where many entries lie beyond the sequence, something else numbers them.
    let trusted = format!(
        "(SELECT CASE WHEN (SELECT count(*) FROM (SELECT 1 FROM {table} AS t WHERE {column} > q.drawn LIMIT {}) AS b) \
         <= {MOST_IMPORTED} THEN q.drawn END FROM (SELECT {drawn} AS drawn) AS q)",
        MOST_IMPORTED + 1,
    );
    // One row imported with a huge number must not hide all that the sequence is still to give out.
    let drawn_ones = format!("FROM {table} AS t WHERE {column} <= COALESCE(d.drawn, 9223372036854775807)");
    let proof_of = proof_of(spec, log);
    let proof = |number: &str| format!("(SELECT {proof_of} FROM {table} AS t WHERE {column} = {number} LIMIT 1)");
    let seen = seen.map_or("NULL::text".to_owned(), |seen| proof(&literal(seen, "int8")));
    format!(
        "SELECT {rewritten}, n.newest::text, d.drawn::text, {}, {seen}, (SELECT min({column})::text {drawn_ones}) \
         FROM (SELECT {trusted} AS drawn) AS d, LATERAL (SELECT max({column}) AS newest {drawn_ones}) AS n",
        proof("n.newest"),
    )
}
