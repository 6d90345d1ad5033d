//! Django's content types.

use crate::model::RelationName;
use crate::source::postgres::{PostgresError, Session, qualified};

/// Source: <https://www.postgresql.org/docs/current/errcodes-appendix.html>
const UNDEFINED_TABLE: &str = "42P01";

impl Session {
    /// Every content type as `app.model`, and its number; `None` where there is no such table.
    pub async fn content_types(&self, table: &RelationName) -> Result<Option<Vec<(String, String)>>, PostgresError> {
        let sql = format!("SELECT app_label, model, id::text FROM {}", qualified(table));
        let rows = match self.text_rows("reading content types", &sql).await {
            Err(PostgresError::Statement { code, .. }) if code == UNDEFINED_TABLE => return Ok(None),
            rows => rows?,
        };
        let types = rows.into_iter().filter_map(|row| match <[Option<String>; 3]>::try_from(row) {
            Ok([Some(app), Some(model), Some(id)]) => Some((format!("{app}.{model}"), id)),
            _ => None,
        });
        Ok(Some(types.collect()))
    }
}
