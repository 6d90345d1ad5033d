//! Views: their rows are what a closure makes of their tables.

use std::sync::Arc;

use super::database::Database;
use super::rights::Switch;
use super::row_view::RowView;
use super::schema::TableDef;
use super::slot::Visibility;
use crate::error::ServerError;
use crate::typed::Value;

/// Makes a view's rows.
pub type ViewRows = Arc<dyn Fn(&ViewReader<'_>) -> Result<Vec<Vec<Value>>, ServerError> + Send + Sync>;

/// A view.
#[derive(Clone)]
pub struct ViewDef {
    /// Its name and columns.
    pub table: TableDef,
    /// The tables below it, as `schema.name`, and of each the columns it reads.
    pub reads: Vec<String>,
    /// The same by column: table, column.
    pub columns_read: Vec<(String, String)>,
    /// Its text's digest: another one is another view.
    pub text_digest: String,
    /// Has it a clustered index of its own?
    pub indexed: Switch,
    /// Its rows.
    pub rows: ViewRows,
}

/// Reads the tables below a view, as its statement sees them.
pub struct ViewReader<'a> {
    database: &'a Database,
    by: Visibility,
}

impl<'a> ViewReader<'a> {
    pub(crate) fn new(database: &'a Database, by: Visibility) -> Self {
        Self { database, by }
    }

    /// Calls `each` with the rows of a table.
    pub fn each(&self, table: &str, mut each: impl FnMut(&RowView<'_>)) -> Result<(), ServerError> {
        let definition = self.database.definition(table).ok_or_else(|| ServerError::no_object(table))?;
        for row in self.database.rows_of(table, self.by)? {
            each(&RowView::new(&definition.columns, &row));
        }
        Ok(())
    }
}
