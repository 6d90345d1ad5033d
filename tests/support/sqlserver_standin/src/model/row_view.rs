use super::schema::ColumnDef;
use crate::typed::Value;

/// A row, by the names of its columns.
#[derive(Clone, Copy)]
pub struct RowView<'a> {
    columns: &'a [ColumnDef],
    row: &'a [Value],
}

impl<'a> RowView<'a> {
    pub(crate) fn new(columns: &'a [ColumnDef], row: &'a [Value]) -> Self {
        Self { columns, row }
    }

    /// The value of a column, whose name's case does not count. NULL where there is no such column.
    pub fn get(&self, name: &str) -> &'a Value {
        let at = self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
        at.and_then(|at| self.row.get(at)).unwrap_or(&Value::Null)
    }
}
