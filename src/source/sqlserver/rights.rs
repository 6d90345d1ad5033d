//! What a login lacks to read a relation, as the statements that give it.

use super::error::SqlServerError;
use super::plan::Plan;
use super::session::Session;
use super::sql::{ident, literal, object_id, qualified};
use crate::model::RelationName;
use crate::source::listing::{Closed, Listing};
use crate::source::relation::{Relation, RelationKind, RowSecurity};
use crate::source::rights::{Grants, Needs};

/// What reading a relation takes, for people.
pub fn rights_to_read(name: &RelationName) -> String {
    format!("SELECT on {}", qualified(name))
}

/// The statement that lets a user read all of a relation.
pub fn grant_select(name: &RelationName, user: &str) -> String {
    format!("GRANT SELECT ON {} TO {}", qualified(name), ident(user))
}

/// The statement that lets a user read which keys of a table were changed.
pub fn grant_tracking(name: &RelationName, user: &str) -> String {
    format!("GRANT VIEW CHANGE TRACKING ON {} TO {}", qualified(name), ident(user))
}

/// Statements that let the user read what it may not.
pub fn grants_of_closed(listing: &Listing, closed: &[&Closed]) -> Vec<String> {
    closed.iter().map(|c| grant_select(&c.name, &listing.role)).collect()
}

/// What shows the user the rows that policies hide.
pub fn grant_all_rows(user: &str) -> String {
    format!("-- let the predicates of the security policies return 1 for USER_NAME() = {}", literal(user))
}

impl Session {
    /// Asks the catalog what of this the login may not read.
    pub async fn grants(&self, name: &RelationName, needs: &Needs<'_>) -> Result<Grants, SqlServerError> {
        const DOING: &str = "asking for rights";
        let columns: &[String] = match needs {
            Needs::Rows { columns, .. } => columns,
            Needs::Whole => &[],
        };
        let row = self.text_rows(DOING, &rights_statement(name, columns)).await?.into_iter().next().unwrap_or_default();
        let mut fields = row.into_iter();
        let is_whole = fields.next().flatten().as_deref() == Some("t");
        let missing: Vec<String> = fields.flatten().collect();
        let user = &self.facts().user;
        let mut found = Grants::default();
        if is_whole || (missing.is_empty() && !columns.is_empty()) {
            return Ok(found);
        }
        if missing.is_empty() || missing.len() == columns.len() {
            found.statements.push(grant_select(name, user));
        } else {
            let list: Vec<String> = missing.iter().map(|c| ident(c)).collect();
            found.statements.push(format!(
                "GRANT SELECT ON {} ({}) TO {}",
                qualified(name),
                list.join(", "),
                ident(user)
            ));
        }
        Ok(found)
    }

    /// Fails where the rows can't be had as they are.
    #[allow(clippy::unused_self, reason = "a session of each kind is asked alike")]
    pub fn refuse_unreadable(&self, name: &RelationName, relation: &Relation) -> Result<(), SqlServerError> {
        if relation.kind == RelationKind::InMemory {
            return Err(SqlServerError::InMemory { table: name.clone() });
        }
        // The server says nothing of the rows that a security policy leaves out.
        match relation.row_security {
            RowSecurity::Off => Ok(()),
            RowSecurity::HidesRows => Err(SqlServerError::Hidden { table: Some(name.to_string()) }),
        }
    }

    /// Statements that end it that security policies hide rows: of the table, or of one whose name a view's text has. A login that may not see
    /// policies is told of none.
    pub async fn hidden_from(&self, name: &RelationName) -> Result<Vec<String>, SqlServerError> {
        let rows = self.text_rows("asking for row-level security", &policies_statement(name)).await?;
        let policies = rows.into_iter().filter_map(|row| row.into_iter().next().flatten());
        Ok(policies.map(|policy| format!("ALTER SECURITY POLICY {policy} WITH (STATE = OFF)")).collect())
    }
}

pub(super) fn rights_statement(name: &RelationName, columns: &[String]) -> String {
    let object = literal(&qualified(name));
    let each = columns.iter().map(|c| {
        // Here a name stands without brackets.
        // Source: <https://learn.microsoft.com/sql/t-sql/functions/has-perms-by-name-transact-sql#arguments>
        let column = literal(c);
        format!(
            "CASE WHEN COALESCE(HAS_PERMS_BY_NAME({object}, 'OBJECT', 'SELECT', {column}, 'COLUMN'), 0) = 1 THEN NULL ELSE {column} END"
        )
    });
    let whole = format!("CAST(COALESCE(HAS_PERMS_BY_NAME({object}, 'OBJECT', 'SELECT'), 0) AS bit)");
    let fields: Vec<String> = std::iter::once(whole).chain(each).collect();
    Plan::CatalogRights { table: name, columns }.statement(&format!("SELECT {}", fields.join(", ")))
}

pub(super) fn policies_statement(name: &RelationName) -> String {
    let policy = "QUOTENAME(SCHEMA_NAME(p.schema_id)) + N'.' + QUOTENAME(p.name)";
    let sql = format!("SELECT DISTINCT {policy} AS policy {} ORDER BY policy", filtering(&object_id(name)));
    Plan::CatalogPolicies { table: name }.statement(&sql)
}

/// The policies `p` that hide rows of a relation: of the table itself, or of one whose name a view's text has. `id` is its number.
pub(super) fn filtering(id: &str) -> String {
    format!(
        "FROM sys.security_policies AS p \
         JOIN sys.security_predicates AS d ON d.object_id = p.object_id AND d.predicate_type_desc = N'FILTER' \
         JOIN sys.objects AS b ON b.object_id = d.target_object_id WHERE p.is_enabled = 1 AND (b.object_id = {id} \
         OR CHARINDEX(b.name, CASE WHEN OBJECTPROPERTY({id}, 'IsView') = 1 THEN COALESCE(OBJECT_DEFINITION({id}), b.name) END) > 0)"
    )
}
