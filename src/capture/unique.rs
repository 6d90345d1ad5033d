//! Whether the key is one.
//!
//! Of two rows with one key BigQuery would keep both after a load, and after the next change two times the same one: the MERGE
//! updates every row that matches. A unique index rules that out. Without one the source is asked whenever all keys are read
//! anyway: by a whole read, by a reconcile pass, by a look for deleted rows.

use super::error::CaptureError;
use super::passes::Capture;
use crate::source::{Session, Table, lookup_of_repeated_keys};

/// Fails where a value of the key stands in more than one published row.
pub(super) async fn refuse_repeated_keys(session: &Session, table: Table<'_>) -> Result<(), CaptureError> {
    let dialect = table.relation.dialect;
    match session.repeated_keys(table).await? {
        None => Ok(()),
        Some(repeated) => Err(CaptureError::NotUnique {
            table: table.spec.source.clone(),
            key: table.shape.key().iter().map(|c| dialect.ident(&c.source)).collect(),
            lookup: lookup_of_repeated_keys(table),
            keys: repeated.keys,
            rows: repeated.rows,
        }),
    }
}

impl Capture<'_> {
    /// Fails where a value of the key stands in more than one published row.
    pub async fn refuse_repeated_keys(&self, session: &Session) -> Result<(), CaptureError> {
        refuse_repeated_keys(session, self.table()).await
    }
}
