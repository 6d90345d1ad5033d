//! A row's columns, and which rows are compared.

use super::array::{array_document, repeated};
use super::cell::{Cell, Typed};
use super::document::structure;
use super::scalar::{hashed, scalar};
use super::server_text::ServerText;
use crate::canonical::Structure;
use crate::encode::ShapeColumn;
use crate::model::{ColumnMode, TargetType};
use crate::source::postgres::render_sql::expression::expression;
use crate::source::postgres::render_sql::published_rows::published;
use crate::source::postgres::render_sql::select::Select;
use crate::source::postgres::{PostgresType, ident};
use crate::source::read::Table;

/// `concat` takes a hundred arguments.
const ARGUMENTS: usize = 90;

/// The columns of a table's rows, in SQL.
pub(super) struct Row<'a> {
    table: Table<'a>,
    cells: Vec<Cell>,
}

impl<'a> Row<'a> {
    pub fn of(table: Table<'a>, server: ServerText) -> Self {
        let cells = table.shape.columns.iter().map(|c| column_cell(table, c, server)).collect();
        Self { table, cells }
    }

    /// What a row is told by: its key, or where the table has none all of it.
    pub fn identity(&self) -> &[Cell] {
        if self.table.shape.key_len == 0 { &self.cells } else { self.key() }
    }

    pub fn key(&self) -> &[Cell] {
        &self.cells[..self.table.shape.key_len]
    }

    pub fn all(&self) -> &[Cell] {
        &self.cells
    }

    pub fn others(&self) -> &[Cell] {
        &self.cells[self.table.shape.key_len..]
    }

    /// How many values of the row the target can't hold. Those of the key are held, or the row is not compared.
    pub fn nulled(&self) -> String {
        let each = self.others().iter().filter_map(|c| c.refused.as_ref());
        let each: Vec<String> = each.map(|r| format!("CASE WHEN {r} THEN 1 ELSE 0 END")).collect();
        if each.is_empty() { "0".to_owned() } else { each.join(" + ") }
    }

    /// The rows that the target is to have: those that the config lets through, and whose key can be held.
    pub fn select(&self) -> Select {
        let mut select = Select::of(self.table).filter(published(self.table));
        for (column, cell) in self.table.shape.key().iter().zip(self.key()) {
            select = select.filter(Some(format!("t.{} IS NOT NULL", ident(&column.source))));
            select = select.filter(cell.refused.as_ref().map(|r| format!("{r} IS NOT TRUE")));
        }
        select
    }
}

/// The pieces of some cells, one behind the other.
pub(super) fn text(cells: &[Cell]) -> String {
    let mut parts: Vec<String> = cells.iter().flat_map(|c| c.piece.iter().cloned()).collect();
    while parts.len() > ARGUMENTS {
        parts = parts.chunks(ARGUMENTS).map(|some| format!("pg_catalog.concat({})", some.join(", "))).collect();
    }
    format!("pg_catalog.concat({})", parts.join(", "))
}

fn column_cell(table: Table<'_>, column: &ShapeColumn, server: ServerText) -> Cell {
    if column.is_hashed() {
        return hashed(&expression(table.relation, column));
    }
    let unknown = PostgresType::default();
    let native = table.relation.column(&column.source).map_or(&unknown, |c| c.postgres());
    let (plain, target) = (format!("t.{}", ident(&column.source)), column.target.target_type);
    match (&native.element, target) {
        (Some(element), _) if column.target.mode == ColumnMode::Repeated => repeated(&plain, element, target, server),
        (Some(_), TargetType::Json) => array_document(&plain),
        _ => {
            let structure = structure(native);
            let is_made = target == TargetType::Json && structure == Structure::Full;
            // Composites are read as JSON; the base types of JSON are read as they are.
            let made = is_made.then(|| expression(table.relation, column));
            let typed = Typed {
                expression: made.as_deref().unwrap_or(&plain),
                base_oid: native.base_oid,
                typmod: native.typmod,
            };
            scalar(typed, target, structure, server)
        }
    }
}
