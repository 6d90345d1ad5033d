//! What a database has that could be published: its tables and views, and what the role may read of them.

use std::collections::HashMap;

use serde::Deserialize;

use super::catalog::CatalogKind;
use super::error::PostgresError;
use super::session::Session;
use super::sql::literal;
use crate::model::Dialect;
use crate::model::RelationName;
use crate::source::listing::{
    Access, Candidate, ChangeTracking, Closed, Fires, Listing, Persistence, SchemaAccess, Trigger, TriggerFunction,
};
use crate::source::relation::{Relation, RelationKind, RowSecurity};

/// How many relations one statement over the catalog reads.
const AT_ONCE: usize = 200;

/// A guess of fewer rows is not told.
const WORTH_TELLING: u64 = 100_000;

#[derive(Deserialize)]
struct Listed {
    schema: String,
    name: String,
    kind: CatalogKind,
    unlogged: bool,
    extension: Option<String>,
    usage: bool,
    select: bool,
    hidden: bool,
    readable: Option<Vec<String>>,
    triggers: Option<Vec<TriggerDocument>>,
}

#[derive(Clone, Deserialize)]
struct TriggerDocument {
    name: String,
    function: u32,
    /// `tgtype`. Source: <https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_trigger.h>
    events: i16,
    is_partial: bool,
    arguments: String,
}

/// The bits of `tgtype`.
const FIRES: [(i16, Fires); 6] = [
    (1, Fires::ForEachRow),
    (1 << 1, Fires::Before),
    (1 << 2, Fires::OnInsert),
    (1 << 3, Fires::OnDelete),
    (1 << 4, Fires::OnUpdate),
    (1 << 5, Fires::OnTruncate),
];

impl From<TriggerDocument> for Trigger {
    fn from(document: TriggerDocument) -> Self {
        let fires = FIRES.iter().filter(|(bit, _)| document.events & bit != 0).map(|(_, fires)| *fires).collect();
        let TriggerDocument { name, function, is_partial, arguments, .. } = document;
        Self { name, function, fires, is_partial, arguments }
    }
}

impl Session {
    /// Lists what the database has. Partitions and tables that inherit from another are not listed: their parents read them.
    pub async fn candidates(&self) -> Result<Listing, PostgresError> {
        self.list(&format!("{LIST} {NOT_A_PART} ORDER BY n.nspname, c.relname")).await
    }

    /// Lists one table or view, a partition as well; `None` where it is not there.
    pub async fn candidate(&self, name: &RelationName) -> Result<Option<Listing>, PostgresError> {
        let (schema, relation) = (literal(&name.schema, "name"), literal(&name.name, "name"));
        let listing = self.list(&format!("{LIST} AND n.nspname = {schema} AND c.relname = {relation}")).await?;
        let is_there = !listing.candidates.is_empty() || !listing.closed.is_empty();
        Ok(is_there.then_some(listing))
    }

    async fn list(&self, sql: &str) -> Result<Listing, PostgresError> {
        const DOING: &str = "listing tables";
        let wrong = |what: String| PostgresError::Unexpected { doing: DOING, what };
        let who = self.text_row(DOING, "SELECT current_user::text, pg_catalog.current_database()::text").await?;
        let field = |n: usize| who.get(n).cloned().flatten().unwrap_or_default();
        let mut listing =
            Listing { dialect: Dialect::Postgres, role: field(0), database: field(1), ..Listing::default() };
        let mut open = Vec::new();
        for row in self.text_rows(DOING, sql).await? {
            let Some(Some(document)) = row.first() else { continue };
            let listed: Listed = serde_json::from_str(document).map_err(|e| wrong(e.to_string()))?;
            let name = RelationName { schema: listed.schema.clone(), name: listed.name.clone() };
            if listed.usage && (listed.select || listed.readable.is_some()) {
                open.push((name, listed));
            } else {
                let schema = if listed.usage { SchemaAccess::Given } else { SchemaAccess::Refused };
                listing.closed.push(Closed { name, kind: listed.kind.into(), schema });
            }
        }
        for part in open.chunks(AT_ONCE) {
            let names: Vec<RelationName> = part.iter().map(|(name, _)| name.clone()).collect();
            let catalog = self.read_catalog(&names).await?;
            for (name, listed) in part {
                // One that was dropped meanwhile is not there.
                let Some(relation) = catalog.get(name) else { continue };
                let mut candidate = candidate_of(name, listed, relation);
                // Before PostgreSQL 14, a table that was never analyzed has 0.
                if relation.rows.unwrap_or(0) == 0 && is_plain_table(&candidate) {
                    // A guess about an empty table is far off.
                    candidate.about_rows = Some(self.estimate_size(name).await?).filter(|n| *n >= WORTH_TELLING);
                }
                listing.candidates.push(candidate);
            }
        }
        listing.functions = self.functions(&listing.candidates).await?;
        Ok(listing)
    }

    async fn functions(&self, of: &[Candidate]) -> Result<HashMap<u32, TriggerFunction>, PostgresError> {
        let mut oids: Vec<u32> = of.iter().flat_map(|c| c.triggers.iter().map(|t| t.function)).collect();
        oids.sort_unstable();
        oids.dedup();
        if oids.is_empty() {
            return Ok(HashMap::new());
        }
        let list: Vec<String> = oids.iter().map(u32::to_string).collect();
        let sql = format!(
            "SELECT p.oid::text, CASE WHEN l.lanname = 'plpgsql' THEN p.prosrc END \
             FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE p.oid = ANY ({})",
            literal(&format!("{{{}}}", list.join(",")), "oid[]")
        );
        let rows = self.text_rows("reading the functions of triggers", &sql).await?;
        let found = rows.into_iter().filter_map(|row| {
            let mut fields = row.into_iter();
            let oid = fields.next()??.parse().ok()?;
            Some((oid, TriggerFunction { body: fields.next()?.unwrap_or_default() }))
        });
        Ok(found.collect())
    }

    /// The names of all tables and views, for those who mistyped one.
    pub async fn relation_names(&self) -> Result<Vec<RelationName>, PostgresError> {
        let rows = self.text_rows("listing tables", NAMES).await?;
        let names = rows.into_iter().filter_map(|row| {
            let mut fields = row.into_iter();
            Some(RelationName { schema: fields.next()??, name: fields.next()?? })
        });
        Ok(names.collect())
    }
}

fn candidate_of(name: &RelationName, listed: &Listed, relation: &Relation) -> Candidate {
    let access = match &listed.readable {
        Some(columns) if !listed.select => Access::Columns(columns.clone()),
        _ => Access::Whole,
    };
    Candidate {
        name: name.clone(),
        relation: relation.clone(),
        access,
        extension: listed.extension.clone(),
        persistence: if listed.unlogged { Persistence::Unlogged } else { Persistence::Permanent },
        tracking: ChangeTracking::Off,
        withheld: Vec::new(),
        row_security: if listed.hidden { RowSecurity::HidesRows } else { RowSecurity::Off },
        triggers: listed.triggers.iter().flatten().cloned().map(Trigger::from).collect(),
        about_rows: relation.rows.filter(|n| *n > 0),
    }
}

/// A table whose size the planner tells, on a standby too, without asking another server.
fn is_plain_table(candidate: &Candidate) -> bool {
    let is_table = matches!(candidate.relation.kind, RelationKind::Table | RelationKind::Partitioned);
    is_table
        && candidate.row_security == RowSecurity::Off
        && candidate.persistence == Persistence::Permanent
        && candidate.relation.tells_its_writers()
}

const NAMES: &str = r"
SELECT n.nspname, c.relname
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
   AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
 ORDER BY 1, 2";

const LIST: &str = r"
SELECT pg_catalog.json_build_object(
  'schema', n.nspname,
  'name', c.relname,
  'kind', c.relkind,
  'unlogged', c.relpersistence = 'u',
  'extension', (
    SELECT e.extname FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
     WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
       AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e' LIMIT 1),
  'usage', pg_catalog.has_schema_privilege(n.oid, 'usage'),
  'select', pg_catalog.has_table_privilege(c.oid, 'select'),
  'hidden', c.relrowsecurity AND pg_catalog.row_security_active(c.oid),
  'readable', (
    SELECT pg_catalog.json_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'select')),
  'triggers', (
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
             'name', g.tgname, 'function', g.tgfoid::int8, 'events', g.tgtype,
             'is_partial', g.tgattr::text <> '' OR g.tgqual IS NOT NULL,
             'arguments', pg_catalog.encode(g.tgargs, 'escape')) ORDER BY g.tgname)
      FROM pg_catalog.pg_trigger g
     WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A'))
)::text
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
   AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'";

const NOT_A_PART: &str = "AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid)";
