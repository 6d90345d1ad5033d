//! A table that is not there, and the one that was meant.

use super::error::SourceError;
use super::session::Session;
use crate::model::{RelationName, nearest};

/// What can be read like a table, by `pg_class.relkind`.
pub(super) const KINDS: &str = "('r', 'p', 'v', 'm', 'f')";

/// The error of a relation that is not there.
pub(super) async fn missing(session: &Session, name: &RelationName) -> SourceError {
    // Without an answer the error is as true.
    let near = nearest_relation(session, name).await.ok().flatten();
    SourceError::NoSuchTable { name: name.clone(), near }
}

/// A relation that was meant: of the same name in another schema or in other letters, or of almost the same name.
async fn nearest_relation(session: &Session, name: &RelationName) -> Result<Option<RelationName>, SourceError> {
    let sql = format!(
        "SELECT n.nspname, c.relname FROM pg_catalog.pg_class AS c \
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
         WHERE c.relkind IN {KINDS} AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' \
         ORDER BY n.nspname, c.relname LIMIT 10000"
    );
    let rows = session.text_rows("looking for a table of almost this name", &sql).await?;
    let all: Vec<RelationName> = rows
        .into_iter()
        .filter_map(|row| match <[Option<String>; 2]>::try_from(row) {
            Ok([Some(schema), Some(name)]) => Some(RelationName { schema, name }),
            _ => None,
        })
        .collect();
    let is_same = |other: &&RelationName| other.name.to_lowercase() == name.name.to_lowercase();
    if let Some(same) = all.iter().find(|o| is_same(o) && o.schema == name.schema).or_else(|| all.iter().find(is_same))
    {
        return Ok(Some(same.clone()));
    }
    let beside = all.iter().filter(|o| o.schema == name.schema).map(|o| o.name.as_str());
    Ok(nearest(&name.name, beside).map(|near| RelationName { schema: name.schema.clone(), name: near.to_owned() }))
}
