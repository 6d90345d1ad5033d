//! What the source's catalog says of a relation.
//!
//! One statement builds one JSON document on the server: a tick over many tables pays one round trip a table.

use serde::Deserialize;

use super::dependencies::TREE;
use super::error::PostgresError;
use super::missing::KINDS;
use super::native_type::PostgresType;
use super::session::Session;
use super::sql::literal;
use crate::model::Dialect;
use crate::model::RelationName;
use crate::source::catalog::Catalog;
use crate::source::column::{NativeType, SourceColumn};
use crate::source::relation::{Leaf, Relation, RelationKind, RowSecurity};

/// A relation, as [`RELATION`] prints it.
#[derive(Deserialize)]
struct CatalogDocument {
    oid: u32,
    kind: CatalogKind,
    /// Absent where it was never analyzed.
    rows: Option<u64>,
    comment: Option<String>,
    columns: Vec<ColumnDocument>,
    primary_key: Vec<String>,
    unique: Vec<Vec<String>>,
    leading: Vec<String>,
    /// Those of B-trees.
    #[serde(default)]
    ordered: Vec<String>,
    leaves: Vec<LeafDocument>,
    view: Option<String>,
    #[serde(default)]
    file: Option<u32>,
    #[serde(default)]
    materialized: bool,
}

/// `pg_class.relkind`.
#[derive(Clone, Copy, Deserialize)]
pub(super) enum CatalogKind {
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

impl From<CatalogKind> for RelationKind {
    fn from(kind: CatalogKind) -> Self {
        match kind {
            CatalogKind::Table => Self::Table,
            CatalogKind::Partitioned => Self::Partitioned,
            CatalogKind::View => Self::View,
            CatalogKind::MaterializedView => Self::MaterializedView,
            CatalogKind::Foreign => Self::Foreign,
        }
    }
}

#[derive(Deserialize)]
struct LeafDocument {
    oid: u32,
    #[serde(default)]
    file: Option<u32>,
    kind: CatalogKind,
    schema: String,
    name: String,
}

#[derive(Deserialize)]
struct ColumnDocument {
    name: String,
    /// `attnum`.
    number: i32,
    /// As `format_type` prints it.
    type_name: String,
    not_null: bool,
    #[serde(flatten)]
    native: PostgresType,
}

impl From<CatalogDocument> for Relation {
    fn from(document: CatalogDocument) -> Self {
        let leaf = |l: LeafDocument| Leaf {
            id: l.oid,
            name: RelationName { schema: l.schema, name: l.name },
            file: l.file,
            kind: l.kind.into(),
        };
        let column = |c: ColumnDocument| SourceColumn {
            name: c.name,
            number: c.number,
            type_name: c.type_name,
            not_null: c.not_null,
            native: NativeType::Postgres(c.native),
        };
        Self {
            dialect: Dialect::Postgres,
            id: document.oid,
            kind: document.kind.into(),
            rows: document.rows,
            comment: document.comment,
            columns: document.columns.into_iter().map(column).collect(),
            primary_key: document.primary_key,
            unique: document.unique,
            leading: document.leading,
            ordered: document.ordered,
            leaves: document.leaves.into_iter().map(leaf).collect(),
            view: document.view,
            file: document.file,
            materialized: document.materialized,
            row_security: RowSecurity::Off,
        }
    }
}

/// Reads a relation from the document that the catalog's statement makes of it.
pub fn relation_of(document: &str) -> serde_json::Result<Relation> {
    serde_json::from_str::<CatalogDocument>(document).map(Relation::from)
}

impl Session {
    /// Reads relations in the transaction: one round trip, however many there are. Those that are not there are not in the answer.
    pub async fn read_catalog(&self, names: &[RelationName]) -> Result<Catalog, PostgresError> {
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
        let mut found = Vec::new();
        for row in self.text_rows(DOING, &sql).await? {
            let [Some(document), Some(schema), Some(name)] = row.as_slice() else { continue };
            let relation =
                relation_of(document).map_err(|e| PostgresError::Unexpected { doing: DOING, what: e.to_string() })?;
            found.push((RelationName { schema: schema.clone(), name: name.clone() }, relation));
        }
        Ok(found.into_iter().collect())
    }

    /// Reads one relation in the transaction.
    pub async fn read_relation(&self, name: &RelationName) -> Result<Relation, PostgresError> {
        let mut catalog = self.read_catalog(std::slice::from_ref(name)).await?;
        match catalog.take(name) {
            Some(relation) => Ok(relation),
            None => Err(self.missing(name).await),
        }
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
             'is_domain', base.oid <> a.atttypid,
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
