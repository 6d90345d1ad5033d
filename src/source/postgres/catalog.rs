//! What the source's catalog says of a relation.
//!
//! One statement builds one JSON document on the server: a tick over many tables pays one round trip a table.

use std::collections::HashMap;

use serde::Deserialize;

use super::dependencies::TREE;
use super::error::SourceError;
use super::missing::{KINDS, missing};
use super::oid;
use super::session::Session;
use super::sql::literal;
use crate::model::{RelationName, nearest};

/// A table, view or partitioned parent as it stands in the snapshot.
#[derive(Clone, Debug, Deserialize)]
pub struct Relation {
    pub oid: u32,
    pub kind: RelationKind,
    /// The planner's row count; absent where it was never analyzed.
    pub rows: Option<u64>,
    pub comment: Option<String>,
    pub columns: Vec<SourceColumn>,
    /// The primary key's columns in index order; empty without one.
    pub primary_key: Vec<String>,
    /// Columns of every usable unique index: no expressions, no predicate.
    pub unique: Vec<Vec<String>>,
    /// The first column of every valid index.
    pub leading: Vec<String>,
    /// Of these, the columns whose largest values an index has at hand: those of B-trees.
    #[serde(default)]
    pub ordered: Vec<String>,
    /// Leaf partitions or inheriting tables; of a view, those of the tables below it.
    pub leaves: Vec<Leaf>,
    /// A digest of a view's text, of the views below it and of the functions they call; absent for a table.
    pub view: Option<String>,
    /// The number of the file that its rows are in: another one after a rewrite. Absent where it has none.
    #[serde(default)]
    pub file: Option<u32>,
    /// Whether a materialized view is what is read, or below it.
    #[serde(default)]
    pub materialized: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum RelationKind {
    #[serde(rename = "r")]
    Table,
    #[serde(rename = "p")]
    Partitioned,
    #[serde(rename = "v")]
    View,
    #[serde(rename = "m")]
    MaterializedView,
    #[serde(rename = "f")]
    Foreign,
}

impl RelationKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Partitioned => "partitioned table",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Foreign => "foreign table",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Leaf {
    pub oid: u32,
    /// As [`Relation::file`].
    #[serde(default)]
    pub file: Option<u32>,
    pub kind: RelationKind,
    pub schema: String,
    pub name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct SourceColumn {
    pub name: String,
    /// `attnum`: a column that is dropped and made anew has another one.
    pub number: i32,
    /// As `format_type` prints it, for people.
    pub type_name: String,
    /// The type below every domain.
    pub base_oid: u32,
    /// The type modifier that goes with it; -1 for none.
    pub typmod: i32,
    /// The name of the type below every domain, as SQL takes it, without a modifier.
    pub base_name: String,
    /// The same with its modifier: `character(3)`, `numeric(10,2)`.
    #[serde(default)]
    pub base_type: String,
    #[serde(default)]
    pub kind: TypeKind,
    /// What an array is made of.
    #[serde(default)]
    pub element: Option<Element>,
    /// Names and types of a composite's attributes, or of those an array is made of.
    #[serde(default)]
    pub attributes: Option<String>,
    pub not_null: bool,
}

/// What sort of type is below every domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum TypeKind {
    #[default]
    #[serde(rename = "b")]
    Base,
    #[serde(rename = "c")]
    Composite,
    #[serde(rename = "e")]
    Enum,
    #[serde(rename = "r")]
    Range,
    #[serde(rename = "m")]
    Multirange,
    #[serde(rename = "p")]
    Pseudo,
}

/// The elements of an array type.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Element {
    /// The type below every domain, with what [`SourceColumn`] has of its own.
    pub base_oid: u32,
    pub typmod: i32,
    pub base_name: String,
    pub kind: TypeKind,
    /// What stands between two elements: a comma, but for `box`.
    pub delimiter: char,
}

impl SourceColumn {
    /// The type as far as it decides a value's text: integers that are widened stay what they are, and a composite is what
    /// its attributes are.
    pub fn value_type(&self) -> String {
        match (self.base_oid, &self.attributes) {
            (oid::INT8 | oid::INT2 | oid::INT4, _) => "integer".to_owned(),
            // `character varying(n)`: see `holds_what`.
            (oid::TEXT, _) => "character varying".to_owned(),
            (_, Some(attributes)) => format!("{} ({attributes})", self.base_type),
            _ => self.base_type.clone(),
        }
    }

    /// Whether values of one type, by [`Self::value_type`], print the same in the other: a text that may be longer.
    pub fn holds_what(then: &str, now: &str) -> bool {
        let limit = |text: &str| {
            let rest = text.strip_prefix("character varying")?;
            Some(rest.trim_matches(['(', ')']).parse().unwrap_or(u32::MAX))
        };
        then == now || matches!((limit(then), limit(now)), (Some(then), Some(now)) if now >= then)
    }
}

impl Relation {
    pub fn column(&self, name: &str) -> Option<&SourceColumn> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// The column whose name is almost this.
    pub fn nearest_column(&self, name: &str) -> Option<String> {
        nearest(name, self.columns.iter().map(|c| c.name.as_str())).map(str::to_owned)
    }

    /// Whether an index keeps these columns unique, over all rows. That of a table with inheriting ones is of its own rows alone.
    pub fn keeps_unique(&self, columns: &[&str]) -> bool {
        let is_of_all = self.kind != RelationKind::Table || self.leaves.is_empty();
        is_of_all && self.unique.iter().any(|u| u.iter().all(|c| columns.contains(&c.as_str())))
    }

    /// Whether each row says which transaction wrote it. A view's rows don't, nor do a foreign server's.
    pub fn has_xmin(&self) -> bool {
        match self.kind {
            RelationKind::View | RelationKind::Foreign => false,
            RelationKind::Table | RelationKind::Partitioned | RelationKind::MaterializedView => {
                self.leaves.iter().all(|leaf| leaf.kind != RelationKind::Foreign)
            }
        }
    }
}

/// Relations by name, read at one go.
#[derive(Clone, Debug, Default)]
pub struct Catalog(HashMap<RelationName, Relation>);

impl FromIterator<(RelationName, Relation)> for Catalog {
    fn from_iter<T: IntoIterator<Item = (RelationName, Relation)>>(relations: T) -> Self {
        Self(relations.into_iter().collect())
    }
}

impl Catalog {
    pub fn get(&self, name: &RelationName) -> Result<&Relation, SourceError> {
        self.0.get(name).ok_or_else(|| SourceError::NoSuchTable { name: name.clone(), near: Vec::new() })
    }
}

/// Reads relations in the session's transaction: one round trip, however many there are. Those that are not there are
/// not in the answer.
pub async fn read_all(session: &Session, names: &[RelationName]) -> Result<Catalog, SourceError> {
    const DOING: &str = "reading the catalog";
    if names.is_empty() {
        return Ok(Catalog::default());
    }
    let wanted: Vec<String> =
        names.iter().map(|n| format!("({}, {})", literal(&n.schema, "name"), literal(&n.name, "name"))).collect();
    let sql = format!(
        "{} WHERE (n.nspname, c.relname) IN ({}) AND c.relkind IN {KINDS}",
        relation_query(),
        wanted.join(", ")
    );
    let mut found = HashMap::new();
    for row in session.text_rows(DOING, &sql).await? {
        let [Some(document), Some(schema), Some(name)] = row.as_slice() else { continue };
        let relation = serde_json::from_str(document)
            .map_err(|e| SourceError::Unexpected { doing: DOING, what: e.to_string() })?;
        found.insert(RelationName { schema: schema.clone(), name: name.clone() }, relation);
    }
    Ok(Catalog(found))
}

/// Reads one relation in the session's transaction.
pub async fn read(session: &Session, name: &RelationName) -> Result<Relation, SourceError> {
    let mut catalog = read_all(session, std::slice::from_ref(name)).await?;
    match catalog.0.remove(name) {
        Some(relation) => Ok(relation),
        None => Err(missing(session, name).await),
    }
}

/// A relation that has to be there: of one that is not, the error says which was meant.
pub async fn required<'c>(
    session: &Session,
    catalog: &'c Catalog,
    name: &RelationName,
) -> Result<&'c Relation, SourceError> {
    match catalog.0.get(name) {
        Some(relation) => Ok(relation),
        None => Err(missing(session, name).await),
    }
}

/// Of a relation `c`, all in one document.
fn relation_query() -> String {
    RELATION.replace("TREE_BELOW", &TREE.replace("RELATION_OID", "c.oid"))
}

const RELATION: &str = r"
SELECT pg_catalog.json_build_object(
  'oid', c.oid::int8,
  'file', NULLIF(c.relfilenode::int8, 0),
  'kind', c.relkind,
  'rows', CASE WHEN c.reltuples >= 0 THEN c.reltuples::int8 END,
  'comment', pg_catalog.obj_description(c.oid, 'pg_class'),
  'view', CASE WHEN c.relkind = 'v' THEN (
    SELECT pg_catalog.md5(pg_catalog.string_agg(x.body, E'\n' ORDER BY x.body)) FROM (
      SELECT w.ev_action::text AS body FROM pg_catalog.pg_rewrite w WHERE w.ev_class = ANY (below.oids)
      UNION ALL
      SELECT (pg_catalog.to_jsonb(p) - 'proacl')::text
        FROM pg_catalog.pg_rewrite w
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
        LEFT JOIN pg_catalog.pg_operator o ON d.refclassid = 'pg_catalog.pg_operator'::regclass AND o.oid = d.refobjid
        LEFT JOIN pg_catalog.pg_aggregate a ON d.refclassid = 'pg_catalog.pg_proc'::regclass AND a.aggfnoid = d.refobjid
        JOIN pg_catalog.pg_proc p
          ON p.oid IN (CASE WHEN d.refclassid = 'pg_catalog.pg_proc'::regclass THEN d.refobjid END,
                       o.oprcode, a.aggtransfn, a.aggfinalfn)
       WHERE w.ev_class = ANY (below.oids) AND p.oid >= 16384) AS x) END,
  'materialized', 'm' = ANY (below.kinds),
  'columns', COALESCE((
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
             'name', a.attname,
             'number', a.attnum,
             'type_name', pg_catalog.format_type(a.atttypid, a.atttypmod),
             'base_oid', base.oid::int8,
             'typmod', base.typmod,
             'base_name', pg_catalog.format_type(base.oid, -1),
             'base_type', pg_catalog.format_type(base.oid, base.typmod),
             'kind', b.typtype,
             'attributes', (SELECT pg_catalog.string_agg(f.attname || ' ' || pg_catalog.format_type(f.atttypid, f.atttypmod), ', ' ORDER BY f.attnum)
                FROM pg_catalog.pg_type y JOIN pg_catalog.pg_attribute f ON f.attrelid = y.typrelid
               WHERE y.typtype = 'c' AND y.oid IN (b.oid, b.typelem) AND f.attnum > 0 AND NOT f.attisdropped),
             'element', CASE WHEN b.typoutput = 'pg_catalog.array_out'::regproc THEN (
               WITH RECURSIVE down AS (
                 SELECT t.oid, t.typtype, t.typbasetype, CASE WHEN base.typmod <> -1 THEN base.typmod ELSE t.typtypmod END AS typmod
                   FROM pg_catalog.pg_type t WHERE t.oid = b.typelem
                 UNION ALL
                 SELECT t.oid, t.typtype, t.typbasetype, CASE WHEN d.typmod <> -1 THEN d.typmod ELSE t.typtypmod END
                   FROM down d JOIN pg_catalog.pg_type t ON t.oid = d.typbasetype WHERE d.typtype = 'd')
               SELECT pg_catalog.json_build_object(
                        'base_oid', down.oid::int8, 'typmod', down.typmod, 'base_name', pg_catalog.format_type(down.oid, -1),
                        'kind', down.typtype, 'delimiter', (SELECT e.typdelim FROM pg_catalog.pg_type e WHERE e.oid = b.typelem))
                 FROM down WHERE down.typtype <> 'd') END,
             'not_null', a.attnotnull) ORDER BY a.attnum)
      FROM pg_catalog.pg_attribute a,
           LATERAL (
             WITH RECURSIVE down AS (
               SELECT t.oid, t.typtype, t.typbasetype, CASE WHEN a.atttypmod <> -1 THEN a.atttypmod ELSE t.typtypmod END AS typmod
                 FROM pg_catalog.pg_type t WHERE t.oid = a.atttypid
               UNION ALL
               SELECT t.oid, t.typtype, t.typbasetype, CASE WHEN d.typmod <> -1 THEN d.typmod ELSE t.typtypmod END
                 FROM down d JOIN pg_catalog.pg_type t ON t.oid = d.typbasetype WHERE d.typtype = 'd')
             SELECT oid, typmod FROM down WHERE typtype <> 'd') AS base
             JOIN pg_catalog.pg_type b ON b.oid = base.oid
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]'),
  'primary_key', COALESCE((
    SELECT pg_catalog.json_agg(a.attname ORDER BY k.position)
      FROM pg_catalog.pg_index i,
           LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, position),
           LATERAL (SELECT attname FROM pg_catalog.pg_attribute
                     WHERE attrelid = c.oid AND attnum = k.attnum) AS a
     WHERE i.indrelid = c.oid AND i.indisprimary AND k.position <= i.indnkeyatts), '[]'),
  'unique', COALESCE((
    SELECT pg_catalog.json_agg(
             (SELECT pg_catalog.json_agg(a.attname ORDER BY k.position)
                FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, position)
                JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
               WHERE k.position <= i.indnkeyatts))
      FROM pg_catalog.pg_index i
     WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL), '[]'),
  'leading', COALESCE((
    SELECT pg_catalog.json_agg(DISTINCT a.attname)
      FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
     WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL), '[]'),
  'ordered', COALESCE((
    SELECT pg_catalog.json_agg(DISTINCT a.attname)
      FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
      JOIN pg_catalog.pg_am m ON m.oid = x.relam AND m.amname = 'btree'
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
     WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL), '[]'),
  'leaves', COALESCE((
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
             'oid', l.oid::int8, 'file', NULLIF(l.relfilenode::int8, 0), 'kind', l.relkind, 'schema', s.nspname, 'name', l.relname) ORDER BY l.oid)
      FROM pg_catalog.pg_class l JOIN pg_catalog.pg_namespace s ON s.oid = l.relnamespace
     WHERE l.oid = ANY (below.oids) AND l.oid <> c.oid AND l.relkind IN ('r', 'f')
       AND EXISTS (SELECT 1 FROM pg_catalog.pg_inherits h WHERE h.inhrelid = l.oid)), '[]')
)::text, n.nspname, c.relname
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace,
       LATERAL (TREE_BELOW
         SELECT pg_catalog.array_agg(tree.oid) AS oids, pg_catalog.array_agg(tree.relkind) AS kinds FROM tree) AS below";
