//! Statements that give a role what it lacks, for people to run.

use super::sql::{ident, qualified};
use crate::model::RelationName;
use crate::source::listing::{Closed, Listing, SchemaAccess};

/// Lets a role read relations.
pub fn grant_select(relations: &[&RelationName], role: &str) -> String {
    let names: Vec<String> = relations.iter().map(|n| qualified(n)).collect();
    format!("GRANT SELECT ON {} TO {}", names.join(", "), ident(role))
}

/// Lets a role use a schema.
pub fn grant_usage(schema: &str, role: &str) -> String {
    format!("GRANT USAGE ON SCHEMA {} TO {}", ident(schema), ident(role))
}

/// Shows a role the rows that policies hide from it.
pub fn grant_all_rows(role: &str) -> String {
    format!("ALTER ROLE {} BYPASSRLS", ident(role))
}

/// What reading a relation takes.
pub fn rights_to_read(name: &RelationName) -> String {
    format!("GRANT USAGE on the schema and SELECT on {name} to the role")
}

/// Lets the role read what it may not: a schema at a time, but where it may read other tables of a schema.
pub fn grants_of_closed(listing: &Listing, closed: &[&Closed]) -> Vec<String> {
    let role = &listing.role;
    let mut statements = Vec::new();
    for of_schema in closed.chunk_by(|a, b| a.name.schema == b.name.schema) {
        let Some(first) = of_schema.first() else { continue };
        let schema = &first.name.schema;
        if first.schema == SchemaAccess::Refused {
            statements.push(grant_usage(schema, role));
        }
        if listing.candidates.iter().any(|c| c.name.schema == *schema) {
            let tables: Vec<&RelationName> = of_schema.iter().map(|c| &c.name).collect();
            statements.push(grant_select(&tables, role));
        } else {
            statements.push(format!("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}", ident(schema), ident(role)));
        }
    }
    statements
}
