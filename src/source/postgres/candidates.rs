//! What a database has that could be published: its tables and views, and what the role may read of them.

use std::collections::HashMap;

use serde::Deserialize;

use super::catalog::{Relation, RelationKind, read_all};
use super::error::SourceError;
use super::session::Session;
use super::sql::literal;
use crate::model::RelationName;

/// How many relations one statement over the catalog reads.
const AT_ONCE: usize = 200;

/// A guess of fewer rows is not told.
const WORTH_TELLING: u64 = 100_000;

/// Everything that the catalog lists, and who asks.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    pub role: String,
    pub database: String,
    /// By schema and name.
    pub candidates: Vec<Candidate>,
    /// What the role may not read at all.
    pub closed: Vec<Closed>,
    /// The bodies of the functions that triggers call, by oid.
    pub functions: HashMap<u32, TriggerFunction>,
}

/// A table or view that the role may read, all of it or some columns.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub name: RelationName,
    pub relation: Relation,
    pub access: Access,
    /// The extension that made it.
    pub extension: Option<String>,
    pub persistence: Persistence,
    pub row_security: RowSecurity,
    /// Enabled triggers in the order in which they run, those of statements too.
    pub triggers: Vec<Trigger>,
    /// The planner's count; of a table that was never analyzed, its guess by the size of the files, where that is large.
    pub about_rows: Option<u64>,
}

/// What the role may read of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    Whole,
    /// Only these columns. System columns such as `xmin` are not among them.
    Columns(Vec<String>),
}

/// Whether a crash of the server empties a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    Permanent,
    Unlogged,
}

/// Whether a policy hides rows from the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowSecurity {
    Off,
    HidesRows,
}

/// A relation that the role may not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    pub name: RelationName,
    pub kind: RelationKind,
    pub schema: SchemaAccess,
}

/// Whether the role may use a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaAccess {
    Given,
    Refused,
}

/// An enabled trigger.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Trigger {
    pub name: String,
    pub function: u32,
    /// `tgtype`. Source: <https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_trigger.h>
    pub events: i16,
    /// Only for updates of some columns, or under a condition.
    pub is_partial: bool,
    /// Its arguments, each closed by NUL, in PostgreSQL's escapes.
    pub arguments: String,
}

impl Trigger {
    const ROW: i16 = 1;
    const BEFORE: i16 = 1 << 1;
    const INSERT: i16 = 1 << 2;
    const DELETE: i16 = 1 << 3;
    const UPDATE: i16 = 1 << 4;
    const TRUNCATE: i16 = 1 << 5;

    fn has(&self, all: i16) -> bool {
        self.events & all == all
    }

    /// Whether it may change some of the rows that are inserted or updated.
    pub fn is_before_some_write(&self) -> bool {
        self.has(Self::ROW | Self::BEFORE) && self.events & (Self::INSERT | Self::UPDATE) != 0
    }

    /// Whether it may change every row that is inserted or updated.
    pub fn is_before_every_write(&self) -> bool {
        !self.is_partial && self.has(Self::ROW | Self::BEFORE | Self::INSERT | Self::UPDATE)
    }

    /// Whether it sees every row that is inserted, updated or deleted.
    pub fn is_of_every_write(&self) -> bool {
        !self.is_partial && self.has(Self::ROW | Self::INSERT | Self::DELETE | Self::UPDATE)
    }

    /// Whether it sees that all rows are taken out at once.
    pub fn is_of_truncate(&self) -> bool {
        !self.is_partial && self.has(Self::TRUNCATE)
    }
}

/// A function that triggers call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerFunction {
    /// Its text in PL/pgSQL; empty where it is written in another language.
    pub body: String,
}

#[derive(Deserialize)]
struct Listed {
    schema: String,
    name: String,
    kind: RelationKind,
    unlogged: bool,
    extension: Option<String>,
    usage: bool,
    select: bool,
    hidden: bool,
    readable: Option<Vec<String>>,
    triggers: Option<Vec<Trigger>>,
}

/// Lists what the database has. Partitions and tables that inherit from another are not listed: their parents read them.
pub async fn candidates(session: &Session) -> Result<Listing, SourceError> {
    list(session, &format!("{LIST} {NOT_A_PART} ORDER BY n.nspname, c.relname")).await
}

/// Lists one table or view, a partition as well; `None` where it is not there.
pub async fn candidate(session: &Session, name: &RelationName) -> Result<Option<Listing>, SourceError> {
    let (schema, relation) = (literal(&name.schema, "name"), literal(&name.name, "name"));
    let listing = list(session, &format!("{LIST} AND n.nspname = {schema} AND c.relname = {relation}")).await?;
    let is_there = !listing.candidates.is_empty() || !listing.closed.is_empty();
    Ok(is_there.then_some(listing))
}

async fn list(session: &Session, sql: &str) -> Result<Listing, SourceError> {
    const DOING: &str = "listing tables";
    let wrong = |what: String| SourceError::Unexpected { doing: DOING, what };
    let who = session.text_row(DOING, "SELECT current_user::text, pg_catalog.current_database()::text").await?;
    let field = |n: usize| who.get(n).cloned().flatten().unwrap_or_default();
    let mut listing = Listing { role: field(0), database: field(1), ..Listing::default() };
    let mut open = Vec::new();
    for row in session.text_rows(DOING, sql).await? {
        let Some(Some(document)) = row.first() else { continue };
        let listed: Listed = serde_json::from_str(document).map_err(|e| wrong(e.to_string()))?;
        let name = RelationName { schema: listed.schema.clone(), name: listed.name.clone() };
        if listed.usage && (listed.select || listed.readable.is_some()) {
            open.push((name, listed));
        } else {
            let schema = if listed.usage { SchemaAccess::Given } else { SchemaAccess::Refused };
            listing.closed.push(Closed { name, kind: listed.kind, schema });
        }
    }
    for part in open.chunks(AT_ONCE) {
        let names: Vec<RelationName> = part.iter().map(|(name, _)| name.clone()).collect();
        let catalog = read_all(session, &names).await?;
        for (name, listed) in part {
            // One that was dropped meanwhile is not there.
            let Ok(relation) = catalog.get(name) else { continue };
            let mut candidate = candidate_of(name, listed, relation);
            // Before PostgreSQL 14, a table that was never analyzed has 0.
            if relation.rows.unwrap_or(0) == 0 && candidate.is_plain_table() {
                // A guess about an empty table is far off.
                candidate.about_rows = Some(session.estimate_size(name).await?).filter(|n| *n >= WORTH_TELLING);
            }
            listing.candidates.push(candidate);
        }
    }
    listing.functions = functions(session, &listing.candidates).await?;
    Ok(listing)
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
        row_security: if listed.hidden { RowSecurity::HidesRows } else { RowSecurity::Off },
        triggers: listed.triggers.clone().unwrap_or_default(),
        about_rows: relation.rows.filter(|n| *n > 0),
    }
}

impl Candidate {
    /// A table whose size the planner tells, on a standby too, without asking another server.
    fn is_plain_table(&self) -> bool {
        let is_table = matches!(self.relation.kind, RelationKind::Table | RelationKind::Partitioned);
        is_table
            && self.row_security == RowSecurity::Off
            && self.persistence == Persistence::Permanent
            && self.relation.has_xmin()
    }
}

async fn functions(session: &Session, of: &[Candidate]) -> Result<HashMap<u32, TriggerFunction>, SourceError> {
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
    let rows = session.text_rows("reading the functions of triggers", &sql).await?;
    let found = rows.into_iter().filter_map(|row| {
        let mut fields = row.into_iter();
        let oid = fields.next()??.parse().ok()?;
        Some((oid, TriggerFunction { body: fields.next()?.unwrap_or_default() }))
    });
    Ok(found.collect())
}

/// The names of all tables and views, for those who mistyped one.
pub async fn relation_names(session: &Session) -> Result<Vec<RelationName>, SourceError> {
    let rows = session.text_rows("listing tables", NAMES).await?;
    let names = rows.into_iter().filter_map(|row| {
        let mut fields = row.into_iter();
        Some(RelationName { schema: fields.next()??, name: fields.next()?? })
    });
    Ok(names.collect())
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
