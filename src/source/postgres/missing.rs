//! A table that is not there, and those that may have been meant.

use super::error::PostgresError;
use super::session::Session;
use crate::model::{RelationName, nearest_relations};

/// What can be read like a table, by `pg_class.relkind`.
pub(super) const KINDS: &str = "('r', 'p', 'v', 'm', 'f')";

impl Session {
    /// The error of a relation that is not there.
    pub async fn missing(&self, name: &RelationName) -> PostgresError {
        // Without an answer the error is as true.
        let near = self.near_ones(name).await.unwrap_or_default();
        PostgresError::NoSuchTable { name: name.clone(), near }
    }

    /// The relations that may have been meant.
    async fn near_ones(&self, name: &RelationName) -> Result<Vec<RelationName>, PostgresError> {
        let sql = format!(
            "SELECT n.nspname, c.relname FROM pg_catalog.pg_class AS c \
             JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
             WHERE c.relkind IN {KINDS} AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' \
             ORDER BY n.nspname, c.relname LIMIT 10000"
        );
        let rows = self.text_rows("looking for a table of almost this name", &sql).await?;
        let all: Vec<RelationName> = rows
            .into_iter()
            .filter_map(|row| match <[Option<String>; 2]>::try_from(row) {
                Ok([Some(schema), Some(name)]) => Some(RelationName { schema, name }),
                _ => None,
            })
            .collect();
        Ok(nearest_relations(&name.quoted(), &all).into_iter().cloned().collect())
    }
}
