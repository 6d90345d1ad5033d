//! Which base columns a published relation is made of, as far as the catalog can tell.
//!
//! A view's rewrite rule depends on every column it names, in its list, its conditions and its joins; the catalog keeps that
//! per column. What it can't keep (a whole row, a function's insides, a trigger that writes other columns) makes the answer
//! opaque: then nothing may be concluded from it.

use super::error::PostgresError;
use super::session::Session;
use crate::source::dependencies::Dependencies;
use crate::source::relation::Relation;

/// Every relation below one: what a view reads, what a parent is made of. `RELATION_OID` stands for the one on top.
pub(super) const TREE: &str = r"
WITH RECURSIVE tree AS (
  SELECT top.oid, top.relkind FROM pg_catalog.pg_class top WHERE top.oid = RELATION_OID
  UNION
  SELECT below.oid, below.relkind
    FROM tree, LATERAL (
      SELECT r.oid, r.relkind
        FROM pg_catalog.pg_rewrite w
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
                                   AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> tree.oid
        JOIN pg_catalog.pg_class r ON r.oid = d.refobjid
       WHERE w.ev_class = tree.oid AND tree.relkind = 'v'
      UNION ALL
      SELECT r.oid, r.relkind
        FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class r ON r.oid = h.inhrelid
       WHERE h.inhparent = tree.oid) AS below
)";

const COLUMNS: &str = r"
, rules AS (
  SELECT w.oid FROM tree JOIN pg_catalog.pg_rewrite w ON w.ev_class = tree.oid WHERE tree.relkind = 'v'
), base AS (
  SELECT a.attrelid, a.attnum, a.attname, a.attgenerated, named.relname,
         EXISTS (SELECT 1 FROM rules JOIN pg_catalog.pg_depend d ON d.objid = rules.oid
                  WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass
                    AND d.refclassid = 'pg_catalog.pg_class'::regclass
                    AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum) AS used
    FROM tree JOIN pg_catalog.pg_class named ON named.oid = tree.oid JOIN pg_catalog.pg_attribute a ON a.attrelid = tree.oid
   WHERE tree.relkind <> 'v' AND a.attnum > 0 AND NOT a.attisdropped
)
SELECT attname, CASE WHEN used THEN 't' ELSE 'f' END, 'column', relname FROM base
UNION ALL
SELECT '', 't', 'opaque', '' WHERE
     EXISTS (SELECT 1 FROM tree WHERE relkind NOT IN ('v', 'r', 'p'))
  OR EXISTS (SELECT 1 FROM tree WHERE relkind = 'v' AND pg_catalog.pg_get_viewdef(oid) ~ '\.\*')
  OR EXISTS (SELECT 1 FROM base WHERE attgenerated <> '')
  OR EXISTS (SELECT 1 FROM rules JOIN pg_catalog.pg_depend d ON d.objid = rules.oid
              WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass
                AND (d.refobjsubid < 0
                  OR (d.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass)
                      AND d.refobjid >= 16384)))
  OR EXISTS (SELECT 1 FROM tree JOIN pg_catalog.pg_rewrite w ON w.ev_class = tree.oid WHERE tree.relkind <> 'v')
UNION ALL
SELECT '', 't', 'trigger', '' WHERE
  EXISTS (SELECT 1 FROM tree JOIN pg_catalog.pg_trigger g ON g.tgrelid = tree.oid
           WHERE NOT g.tgisinternal AND g.tgenabled <> 'D' AND (g.tgtype & 16) <> 0)";

/// The catalog function knows the newest file of a table, the catalog's row the one of our snapshot.
const REWRITTEN: &str = r"
SELECT count(*)::text FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid
 WHERE c.relkind IN ('r', 'm') AND pg_catalog.pg_relation_filenode(c.oid) IS DISTINCT FROM c.relfilenode";

fn query(rest: &str, oid: u32) -> String {
    format!("{TREE}{rest}").replace("RELATION_OID", &format!("{oid}::oid"))
}

impl Session {
    /// Fails where a table below the relation was truncated or rewritten after our snapshot was taken: to the snapshot it is
    /// empty then, and its rows would be taken for deleted. To be asked after the rows were read, while the lock from that
    /// keeps such a thing from happening any more.
    ///
    /// Source: <https://www.postgresql.org/docs/current/mvcc-caveats.html>
    pub async fn refuse_rewritten(&self, relation: &Relation) -> Result<(), PostgresError> {
        let rows = self.text_rows("asking whether a table was rewritten", &query(REWRITTEN, relation.id)).await?;
        match rows.first().and_then(|r| r.first()).and_then(|f| f.as_deref()) {
            Some("0") => Ok(()),
            _ => Err(PostgresError::Rewritten),
        }
    }

    /// Asks the catalog. For a table `used` is empty: its columns are published by name.
    ///
    /// In `tgtype`, 16 stands for UPDATE. Source: `pg_trigger.h` of PostgreSQL.
    pub async fn dependencies(&self, relation: &Relation) -> Result<Dependencies, PostgresError> {
        let mut found = Dependencies::default();
        for row in self.text_rows("reading what a view is made of", &query(COLUMNS, relation.id)).await? {
            let [Some(name), Some(used), Some(what), Some(table)] = row.as_slice() else { continue };
            match what.as_str() {
                "opaque" => found.opaque = true,
                "trigger" => found.triggers = true,
                _ => {
                    found.known.entry(table.clone()).or_default().insert(name.clone());
                    if used == "t" {
                        found.used.insert(name.clone());
                    }
                }
            }
        }
        Ok(found)
    }
}
