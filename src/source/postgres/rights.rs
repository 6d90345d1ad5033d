//! What a role lacks to read a relation, as the statements that give it.

use super::dependencies::TREE;
use super::error::PostgresError;
use super::grants::{grant_select, grant_usage};
use super::session::Session;
use super::sql::{ident, literal, qualified};
use crate::model::RelationName;
use crate::source::relation::Relation;
use crate::source::rights::{Grants, Needs, ToldByRows};

impl Session {
    /// The server itself refuses a read whose rows a policy would filter: the session has `row_security` off.
    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "another kind of source refuses some")]
    pub fn refuse_unreadable(&self, _: &RelationName, _: &Relation) -> Result<(), PostgresError> {
        Ok(())
    }

    /// Asks the catalog what of this the role may not read.
    pub async fn grants(&self, name: &RelationName, needs: &Needs<'_>) -> Result<Grants, PostgresError> {
        let wanted: Vec<String> = match needs {
            Needs::Rows { columns, told } => {
                let columns = columns.iter().map(String::as_str).chain(told.iter().map(|t| system_column(*t)));
                columns.map(|c| literal(c, "name")).collect()
            }
            Needs::Whole => Vec::new(),
        };
        let columns = if wanted.is_empty() { "NULL".to_owned() } else { wanted.join(", ") };
        let sql = format!("{RIGHTS_OF}{columns}{}", AND_WHOSE.replace("RELATION_OID", &oid_of(name)));
        let row = self.text_rows("asking for the role's rights", &sql).await?.into_iter().next().unwrap_or_default();
        let field = |n: usize| row.get(n).and_then(|f| f.as_deref());
        let role = field(0).unwrap_or_default();
        let columns: Vec<String> = field(3).and_then(|t| serde_json::from_str(t).ok()).unwrap_or_default();
        let whole = grant_select(&[name], role);
        let mut found = Grants::default();
        if field(1) == Some("f") {
            found.statements.push(grant_usage(&name.schema, role));
        }
        match (field(2), needs) {
            (Some("f"), Needs::Rows { .. }) if !columns.is_empty() => {
                let list: Vec<String> = columns.iter().map(|c| ident(c)).collect();
                found.statements.push(format!(
                    "GRANT SELECT ({}) ON {} TO {}",
                    list.join(", "),
                    qualified(name),
                    ident(role)
                ));
                found.note = note(&columns, &whole);
            }
            // All of the columns are there; what else is read, such as those of `where`, nobody knows.
            (Some("f"), _) => found.statements.push(whole),
            _ => {}
        }
        Ok(found)
    }

    /// Whose rows row-level security would hide, as statements that end it: of the role itself, or of the owners of the views that are
    /// read on the way.
    pub async fn hidden_from(&self, name: &RelationName) -> Result<Vec<String>, PostgresError> {
        let sql = format!("{TREE}{HIDDEN}").replace("RELATION_OID", &oid_of(name));
        let rows = self.text_rows("asking for row-level security", &sql).await?;
        Ok(rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
    }
}

const XMIN: &str = "xmin";
const TABLEOID: &str = "tableoid";

/// The column that tells it.
fn system_column(told: ToldByRows) -> &'static str {
    match told {
        ToldByRows::Writer => XMIN,
        ToldByRows::Partition => TABLEOID,
    }
}

/// What the system columns among these are for; `whole` is the grant that would do instead of one on columns.
fn note(columns: &[String], whole: &str) -> String {
    let has = |name: &str| columns.iter().any(|c| c == name);
    let what = match (has(XMIN), has(TABLEOID)) {
        (true, true) => "xmin and tableoid, which tell what has changed, need",
        (true, false) => "xmin, which tells what has changed, needs",
        (false, true) => "tableoid, which tells a row's partition, needs",
        (false, false) => return String::new(),
    };
    format!(" ({what} a right of their own beside those on columns; instead: {whole})")
}

/// Names as they are, not quoted; a list of columns stands between the two parts.
const RIGHTS_OF: &str = r"
SELECT current_user::text, pg_catalog.has_schema_privilege(c.relnamespace, 'usage'), pg_catalog.has_table_privilege(c.oid, 'select'),
       (SELECT pg_catalog.json_agg(a.attname ORDER BY a.attnum < 0, a.attnum) FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = c.oid AND NOT a.attisdropped AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'select')
           AND a.attname IN (";
const AND_WHOSE: &str = "))::text FROM pg_catalog.pg_class c WHERE c.oid = RELATION_OID";

/// The relation's oid, as an expression.
fn oid_of(name: &RelationName) -> String {
    format!(
        "(SELECT named.oid FROM pg_catalog.pg_class named JOIN pg_catalog.pg_namespace n ON n.oid = named.relnamespace \
         WHERE n.nspname = {} AND named.relname = {})",
        literal(&name.schema, "name"),
        literal(&name.name, "name")
    )
}

/// A view reads with the rights of its owner, but for one with `security_invoker`; of several views, the one counts that names the table.
const HIDDEN: &str = r"
, top AS (SELECT c.relkind, c.reloptions FROM pg_catalog.pg_class c WHERE c.oid = RELATION_OID)
SELECT pg_catalog.format('ALTER ROLE %I BYPASSRLS', r.rolname)
  FROM pg_catalog.pg_roles r
 WHERE NOT r.rolbypassrls AND NOT r.rolsuper
   AND CASE WHEN EXISTS (SELECT 1 FROM top WHERE relkind = 'v' AND NOT COALESCE(reloptions::text ~ 'security_invoker=(true|on|1)', FALSE))
            THEN r.oid IN (SELECT c.relowner FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid
                             JOIN pg_catalog.pg_rewrite w ON w.ev_class = c.oid
                             JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
                                                        AND d.refclassid = 'pg_catalog.pg_class'::regclass
                             JOIN pg_catalog.pg_class b ON b.oid = d.refobjid AND b.relrowsecurity
                            WHERE c.relkind = 'v')
            ELSE r.rolname = current_user END
UNION ALL
SELECT pg_catalog.format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', c.oid::regclass)
  FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid JOIN pg_catalog.pg_roles o ON o.oid = c.relowner
 WHERE c.relforcerowsecurity AND o.rolname = current_user";
