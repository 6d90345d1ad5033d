//! Reads the few forms of DDL that `matrix.sql` has: CREATE TABLE with its columns and keys, CREATE INDEX. Views, schemas and comments are passed over.

use crate::model::{ColumnDef, Given, IndexDef, IndexKind, TableDef};
use crate::typed::{Collation, ColumnType as T, Length};

/// What the reader can't make sense of.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no DDL that is known here: {0}")]
pub struct DdlError(String);

/// The tables of a text, with their indexes.
pub fn tables(text: &str) -> Result<Vec<TableDef>, DdlError> {
    let bare: Vec<&str> = text.lines().map(|line| line.split("--").next().unwrap_or("")).collect();
    let bare = bare.join("\n");
    let mut tables: Vec<TableDef> = Vec::new();
    for statement in bare.split([';']).flat_map(|part| part.split("\nGO")) {
        let statement = statement.trim();
        if let Some(rest) = statement.strip_prefix("CREATE TABLE ") {
            tables.push(table(rest)?);
        } else if let Some(rest) = statement.strip_prefix("CREATE INDEX ") {
            let (_, rest) = rest.split_once(" ON ").ok_or_else(|| unknown(statement))?;
            let (name, columns) = parted(rest).ok_or_else(|| unknown(statement))?;
            let columns: Vec<&str> = columns.split(',').map(str::trim).collect();
            let table = tables.iter_mut().find(|table| table.full_name() == name.trim());
            let table = table.ok_or_else(|| unknown(statement))?;
            table.indexes.push(IndexDef::new(IndexKind::Plain, &columns));
        } else if !(statement.is_empty()
            || statement.starts_with("CREATE SCHEMA")
            || statement.starts_with("CREATE VIEW"))
        {
            return Err(unknown(statement));
        }
    }
    Ok(tables)
}

fn unknown(what: &str) -> DdlError {
    DdlError(what.chars().take(120).collect())
}

/// What stands before the first parenthesis, and what inside of it up to the last.
fn parted(text: &str) -> Option<(&str, &str)> {
    let (before, rest) = text.split_once('(')?;
    Some((before, rest.rsplit_once(')')?.0))
}

fn table(text: &str) -> Result<TableDef, DdlError> {
    let (name, body) = parted(text).ok_or_else(|| unknown(text))?;
    let (schema, name) = name.trim().split_once('.').ok_or_else(|| unknown(text))?;
    let mut table = TableDef::new(schema, name, Vec::new());
    for item in items(body) {
        if let Some(key) = item.strip_prefix("PRIMARY KEY") {
            let (_, columns) = parted(key).ok_or_else(|| unknown(item))?;
            let columns: Vec<&str> = columns.split(',').map(str::trim).collect();
            table = table.primary_key(&columns);
            continue;
        }
        let (column, kinds) = column(item)?;
        let name = column.name.clone();
        table.columns.push(column);
        for kind in kinds {
            table.indexes.push(IndexDef::new(kind, &[&name]));
        }
    }
    Ok(table)
}

/// The parts between commas that are in no parentheses.
fn items(body: &str) -> Vec<&str> {
    let mut depth = 0;
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, c) in body.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(body[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(body[start..].trim());
    parts
}

fn column(item: &str) -> Result<(ColumnDef, Vec<IndexKind>), DdlError> {
    let (name, rest) = item.split_once(' ').ok_or_else(|| unknown(item))?;
    // A type's parameters belong to its word.
    let rest = rest.replace(", ", ",");
    let mut words = rest.split_whitespace();
    let column_type = words.next().ok_or_else(|| unknown(item))?;
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let mut column = ColumnDef::new(name, parse_type(column_type).ok_or_else(|| unknown(item))?);
    if column.column_type == T::RowVersion {
        column = column.not_null();
    }
    let mut kinds = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "NULL" => {}
            "NOT" if words.next() == Some("NULL") => column = column.not_null(),
            "IDENTITY" => column = column.not_null().given(Given::ByCounter),
            "UNIQUE" => kinds.push(IndexKind::Unique),
            "PRIMARY" if words.next() == Some("KEY") => {
                kinds.push(IndexKind::PrimaryKey);
                column = column.not_null();
            }
            "DEFAULT" if words.next() == Some("NEWID()") => column = column.given(Given::ByNewGuid),
            "COLLATE" => {
                let collation = words.next().and_then(Collation::named).ok_or_else(|| unknown(item))?;
                column = column.collate(collation);
            }
            _ => return Err(unknown(item)),
        }
    }
    Ok((column, kinds))
}

fn parse_type(text: &str) -> Option<T> {
    let (name, parameters) = match parted(text) {
        Some((name, parameters)) => (name, parameters.split(',').map(str::trim).collect()),
        None => (text, Vec::new()),
    };
    let number = |at: usize| parameters.get(at)?.parse::<u16>().ok();
    let small = |at: usize| number(at).and_then(|n| u8::try_from(n).ok());
    let length = || if parameters.first() == Some(&"max") { Some(Length::Max) } else { number(0).map(Length::Of) };
    Some(match name {
        "bit" => T::Bit,
        "tinyint" => T::TinyInt,
        "smallint" => T::SmallInt,
        "int" => T::Int,
        "bigint" => T::BigInt,
        "real" => T::Real,
        "float" => T::Float,
        "decimal" | "numeric" => T::Decimal { precision: small(0)?, scale: small(1).unwrap_or(0) },
        "money" => T::Money,
        "smallmoney" => T::SmallMoney,
        "date" => T::Date,
        "time" => T::Time { scale: small(0).unwrap_or(7) },
        "smalldatetime" => T::SmallDateTime,
        "datetime" => T::DateTime,
        "datetime2" => T::DateTime2 { scale: small(0).unwrap_or(7) },
        "datetimeoffset" => T::DateTimeOffset { scale: small(0).unwrap_or(7) },
        "uniqueidentifier" => T::Guid,
        "char" => T::Char(number(0)?),
        "varchar" => T::Varchar(length()?),
        "nchar" => T::NChar(number(0)?),
        "nvarchar" => T::NVarchar(length()?),
        "text" => T::Text,
        "ntext" => T::NText,
        "binary" => T::Binary(number(0)?),
        "varbinary" => T::Varbinary(length()?),
        "image" => T::Image,
        "rowversion" | "timestamp" => T::RowVersion,
        "xml" => T::Xml,
        "sql_variant" => T::SqlVariant,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{T, tables};
    use crate::typed::Length;
    use crate::wire::column::Nulls;

    #[test]
    fn a_table_is_read_with_its_keys() {
        let text = "CREATE SCHEMA x;\nGO\nCREATE TABLE x.t (a int IDENTITY PRIMARY KEY, [b c] decimal(9, 2) NULL, -- why\n d varchar(max) COLLATE Latin1_General_BIN2 NOT NULL UNIQUE);\nCREATE INDEX i ON x.t (d, a);\nCREATE VIEW x.v AS SELECT 1;\nGO";
        // A name with a blank is none of the forms.
        assert!(tables(text).is_err());
        let read = tables(&text.replace("b c", "bc")).unwrap();
        let [table] = read.as_slice() else { panic!("{read:?}") };
        assert_eq!(table.full_name(), "x.t");
        assert_eq!(table.columns[1].column_type, T::Decimal { precision: 9, scale: 2 });
        assert_eq!(table.columns[2].column_type, T::Varchar(Length::Max));
        assert_eq!((table.columns[2].nulls, table.columns[2].collation.name), (Nulls::Never, "Latin1_General_BIN2"));
        assert_eq!((table.indexes.len(), table.key()), (3, vec![0]));
    }
}
