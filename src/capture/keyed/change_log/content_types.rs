//! Django's content types: `app.model` to the number a log refers to.

use std::collections::HashMap;

use crate::capture::error::CaptureError;
use crate::model::{Dialect, LogSpec, LogTable, RelationName};
use crate::source::{Catalog, Session};

/// The content types of the database at hand.
#[derive(Default)]
pub(super) struct ContentTypes {
    pub(super) table: Option<RelationName>,
    /// `app.model` to id.
    pub(super) ids: HashMap<String, String>,
}

impl ContentTypes {
    /// Where they stand: in the given table, else beside the log.
    pub fn table_of(spec: &LogSpec, given: Option<&RelationName>, dialect: Dialect) -> RelationName {
        let beside = || match &spec.table {
            LogTable::One(log) => log.schema.clone(),
            LogTable::PerType => dialect.default_schema().to_owned(),
        };
        given.cloned().unwrap_or_else(|| RelationName { schema: beside(), name: "django_content_type".to_owned() })
    }

    pub async fn read(session: &Session, table: RelationName, catalog: &Catalog) -> Result<Self, CaptureError> {
        // A statement that fails would end the snapshot of some kinds of source.
        if catalog.get(&table).is_none() {
            return Err(CaptureError::NoContentTypes(table));
        }
        let found = session.content_types(&table).await?;
        let ids = found.ok_or_else(|| CaptureError::NoContentTypes(table.clone()))?.into_iter().collect();
        Ok(Self { table: Some(table), ids })
    }

    /// Django keeps the model's class name in lower case; people write it as the class.
    pub fn id(&self, name: &str) -> Result<String, CaptureError> {
        let lower = name.to_lowercase();
        let found =
            self.ids.get(name).or_else(|| self.ids.iter().find(|(n, _)| n.to_lowercase() == lower).map(|(_, id)| id));
        found.cloned().ok_or_else(|| {
            let near = self.ids.keys().min_by_key(|known| strsim::levenshtein(known, &lower));
            let near = near.filter(|known| strsim::levenshtein(known, &lower) <= 3).cloned();
            let types = self.table.clone().unwrap_or(RelationName { schema: String::new(), name: String::new() });
            CaptureError::NoSuchType { name: name.to_owned(), types, near }
        })
    }
}
