//! Django's content types.

use crate::model::RelationName;
use crate::source::sqlserver::plan::Plan;
use crate::source::sqlserver::sql::qualified;
use crate::source::sqlserver::{Session, SqlServerError};

impl Session {
    /// Every content type as `app.model`, and its number. The catalog has the table.
    pub async fn content_types(&self, table: &RelationName) -> Result<Option<Vec<(String, String)>>, SqlServerError> {
        let rows = self.text_rows("reading content types", &types_statement(table)).await?;
        let types = rows.into_iter().filter_map(|row| match <[Option<String>; 3]>::try_from(row) {
            Ok([Some(app), Some(model), Some(id)]) => Some((format!("{app}.{model}"), id)),
            _ => None,
        });
        Ok(Some(types.collect()))
    }
}

pub(in crate::source::sqlserver) fn types_statement(table: &RelationName) -> String {
    let sql = format!(
        "SELECT CAST(t.[app_label] AS nvarchar(4000)) AS app_label, CAST(t.[model] AS nvarchar(4000)) AS model, CAST(t.[id] AS nvarchar(64)) AS id FROM {} AS t",
        qualified(table)
    );
    Plan::LogTypes { table }.statement(&sql)
}
