//! A table that is not there, and those that may have been meant.

use super::error::SqlServerError;
use super::plan::Plan;
use super::session::Session;
use crate::model::{RelationName, nearest_relations};

/// What may be published.
const NAMES: &str = "\
SELECT s.name AS [schema], o.name FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 ORDER BY s.name, o.name";

pub(super) fn names_statement() -> String {
    Plan::CatalogNames.statement(NAMES)
}

impl Session {
    /// The error of a relation that is not there.
    pub async fn missing(&self, name: &RelationName) -> SqlServerError {
        // Without an answer the error is as true.
        let all = self.relation_names().await.unwrap_or_default();
        let near = nearest_relations(&name.quoted(), &all).into_iter().cloned().collect();
        SqlServerError::NoSuchTable { name: name.clone(), near }
    }

    /// The names of all tables and views, for those who mistyped one.
    pub async fn relation_names(&self) -> Result<Vec<RelationName>, SqlServerError> {
        let rows = self.text_rows("listing tables", &names_statement()).await?;
        let names = rows.into_iter().filter_map(|row| match <[Option<String>; 2]>::try_from(row) {
            Ok([Some(schema), Some(name)]) => Some(RelationName { schema, name }),
            _ => None,
        });
        Ok(names.collect())
    }
}
