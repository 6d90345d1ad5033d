//! The model's tables as T-SQL DDL.

use sqlserver_standin::model::{ColumnDef, Given, IndexDef, IndexFlag, IndexKind, TableDef};
use sqlserver_standin::typed::{ColumnType as T, Length};

use super::literal::literal;

/// A name in brackets.
pub fn quoted(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}

/// `[schema].[name]`.
pub fn full_name(table: &TableDef) -> String {
    format!("{}.{}", quoted(&table.schema), quoted(&table.name))
}

/// A type as it is declared.
pub fn column_type(of: &T) -> String {
    let length = |length: &Length| match length {
        Length::Of(n) => n.to_string(),
        Length::Max => "max".to_owned(),
    };
    let name = of.name();
    match of {
        T::Decimal { precision, scale } => format!("{name}({precision}, {scale})"),
        T::Time { scale } | T::DateTime2 { scale } | T::DateTimeOffset { scale } => format!("{name}({scale})"),
        T::Char(n) | T::NChar(n) | T::Binary(n) => format!("{name}({n})"),
        T::Varchar(n) | T::NVarchar(n) | T::Varbinary(n) => format!("{name}({})", length(n)),
        T::RowVersion => "rowversion".to_owned(),
        _ => name.to_owned(),
    }
}

/// A column as it is declared.
pub fn column(column: &ColumnDef) -> String {
    let mut text = format!("{} {}", quoted(&column.name), column_type(&column.column_type));
    if column.column_type.is_collated() {
        text.push_str(&format!(" COLLATE {}", column.collation.name));
    }
    match &column.given {
        Given::ByCounter => text.push_str(" IDENTITY"),
        Given::ByNewGuid => text.push_str(" DEFAULT NEWID()"),
        Given::ByDefault(value) => text.push_str(&format!(" DEFAULT {}", literal(value, &column.column_type))),
        // What is computed stands in the model as if it were written.
        Given::ByWriter | Given::Computed => {}
    }
    // A primary key wants it said.
    text.push_str(if column.nulls == sqlserver_standin::Nulls::Never { " NOT NULL" } else { " NULL" });
    text
}

/// The batches that make a table with its indexes.
pub fn create(table: &TableDef) -> Vec<String> {
    let name = full_name(table);
    let mut parts: Vec<String> = table.columns.iter().map(column).collect();
    if let Some(key) = table.indexes.iter().find(|index| index.kind == IndexKind::PrimaryKey) {
        parts.push(format!("PRIMARY KEY ({})", columns(key)));
    }
    let mut batches = vec![format!("CREATE TABLE {name} ({})", parts.join(", "))];
    if table.schema != "dbo" {
        let schema = &table.schema;
        batches.insert(0, format!("IF SCHEMA_ID('{schema}') IS NULL EXEC('CREATE SCHEMA {}')", quoted(schema)));
    }
    for (at, index) in table.indexes.iter().enumerate().filter(|(_, index)| index.kind != IndexKind::PrimaryKey) {
        let unique = if index.kind == IndexKind::Unique { "UNIQUE " } else { "" };
        let index_name = quoted(&format!("ix_{}_{at}", table.name));
        batches.push(format!("CREATE {unique}INDEX {index_name} ON {name} ({})", columns(index)));
        if index.is(IndexFlag::Disabled) {
            batches.push(format!("ALTER INDEX {index_name} ON {name} DISABLE"));
        }
    }
    batches
}

fn columns(index: &IndexDef) -> String {
    let mut names: Vec<String> = index.columns.iter().map(|name| quoted(name)).collect();
    if index.is(IndexFlag::Descending) {
        names[0].push_str(" DESC");
    }
    names.join(", ")
}
