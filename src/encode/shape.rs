//! The shape of a table's rows: which source columns are published, under which name and type, in which order.
//!
//! Key columns come first. A column's name in BigQuery is its own unless BigQuery forbids it; then the rule of
//! `column_names` changes it, and `check` shows the change.

use std::collections::HashMap;

use super::column_names::legal_name;
use super::error::EncodeError;
use super::table_schema::{ColumnSchema, ColumnWish, Content, Mapping, Nullability, TableSchema};
use crate::model::{CaptureKind, Column, ColumnMode, DeleteStyle, TableKey, TableSpec, TargetType, nearest};

/// One published column.
#[derive(Clone, Debug)]
pub struct ShapeColumn {
    /// Its name in the source.
    pub source: String,
    /// As [`ColumnSchema::number`].
    pub number: i32,
    /// As [`ColumnSchema::type_name`].
    pub source_type: String,
    pub target: Column,
    pub mapping: Mapping,
}

impl ShapeColumn {
    /// A source's column, published under this name.
    pub fn new(column: &impl ColumnSchema, mapping: Mapping, name: String, mode: ColumnMode) -> Self {
        Self {
            source: column.name().to_owned(),
            number: column.number(),
            source_type: column.type_name().to_owned(),
            target: Column { name, target_type: mapping.target, mode },
            mapping,
        }
    }

    /// Values that the target can't hold, for people; empty where there are none.
    pub fn caveat(&self) -> &str {
        &self.mapping.caveat
    }

    /// Whether a digest is published in the value's place.
    pub fn is_hashed(&self) -> bool {
        self.mapping.content == Content::Digest
    }
}

/// The published columns, the first `key_len` of which are the key.
#[derive(Clone, Debug)]
pub struct Shape {
    pub columns: Vec<ShapeColumn>,
    pub key_len: usize,
}

/// Whether a table can do without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Needed,
    Optional,
}

impl Shape {
    /// Puts the config's wishes and the source's columns together.
    pub fn of<T: TableSchema>(spec: &TableSpec, table: &T) -> Result<Self, EncodeError> {
        let key = key_columns(spec, table)?;
        let forced = spec.forced.iter().map(|(column, _)| column);
        let renamed = spec.rename.iter().map(|(from, _)| from);
        for name in spec.exclude.iter().chain(&spec.hash).chain(forced).chain(renamed) {
            if column(table, name).is_none() {
                return Err(EncodeError::NoSuchColumn {
                    table: spec.source.to_string(),
                    column: name.clone(),
                    near: nearest_column(table, name),
                });
            }
        }
        if let Some(name) = key.iter().find(|k| spec.exclude.contains(k)) {
            return Err(EncodeError::KeyExcluded(name.clone()));
        }
        // A deleted row's key comes from a log or from the target, where nobody can hash it.
        if let Some(name) = key.iter().chain(&spec.cursor).find(|k| spec.hash.contains(k)) {
            return Err(EncodeError::KeyHashed(name.clone()));
        }
        let mut columns = Vec::with_capacity(table.columns().len());
        for name in &key {
            let column = column(table, name).ok_or_else(|| EncodeError::NoSuchKeyColumn {
                table: spec.source.to_string(),
                column: name.clone(),
                near: nearest_column(table, name),
            })?;
            columns.push(publish(spec, column, ColumnMode::Required)?);
        }
        for column in table.columns() {
            if !is_among(&key, column.name()) && !is_among(&spec.exclude, column.name()) {
                columns.push(publish(spec, column, ColumnMode::Nullable)?);
            }
        }
        let shape = Self { columns, key_len: key.len() };
        shape.check_names(spec)?;
        shape.check_key()?;
        let made = if spec.key == TableKey::Row { shape.key_len } else { 0 };
        if shape.columns.len() == made { Err(EncodeError::NoColumns) } else { Ok(shape) }
    }

    /// The published column of a source column's name.
    pub fn column(&self, source: &str) -> Option<&ShapeColumn> {
        self.columns.iter().find(|c| c.source == source)
    }

    pub fn key(&self) -> &[ShapeColumn] {
        &self.columns[..self.key_len]
    }

    pub fn target_columns(&self) -> Vec<Column> {
        self.columns.iter().map(|c| c.target.clone()).collect()
    }

    pub fn target_key(&self) -> Vec<String> {
        self.key().iter().map(|c| c.target.name.clone()).collect()
    }

    /// BigQuery compares column names without case.
    fn check_names(&self, spec: &TableSpec) -> Result<(), EncodeError> {
        let mut seen: HashMap<String, &str> = HashMap::new();
        if let DeleteStyle::Soft { flag, at } = &spec.delete {
            seen.insert(flag.to_lowercase(), flag);
            if seen.insert(at.to_lowercase(), at).is_some() {
                return Err(EncodeError::NameCollision { first: flag.clone(), second: at.clone(), name: at.clone() });
            }
        }
        for column in &self.columns {
            let name = &column.target.name;
            if let Some(first) = seen.insert(name.to_lowercase(), &column.source) {
                return Err(EncodeError::NameCollision {
                    first: first.to_owned(),
                    second: column.source.clone(),
                    name: name.clone(),
                });
            }
        }
        Ok(())
    }

    fn check_key(&self) -> Result<(), EncodeError> {
        use TargetType::{Float64, Json};
        let is_bad = |c: &&ShapeColumn| matches!(c.target.target_type, Json | Float64) || c.mapping.is_repeated();
        match self.key().iter().find(is_bad) {
            Some(c) => Err(EncodeError::BadKeyType {
                column: c.source.clone(),
                source_type: c.source_type.clone(),
                target: c.target.target_type,
            }),
            None => Ok(()),
        }
    }
}

fn is_among(names: &[String], name: &str) -> bool {
    names.iter().any(|n| n == name)
}

fn column<'t, T: TableSchema>(table: &'t T, name: &str) -> Option<&'t T::Column> {
    table.columns().iter().find(|c| c.name() == name)
}

/// The column whose name is almost this.
fn nearest_column<T: TableSchema>(table: &T, name: &str) -> Option<String> {
    nearest(name, table.columns().iter().map(ColumnSchema::name)).map(str::to_owned)
}

fn key_columns<T: TableSchema>(spec: &TableSpec, table: &T) -> Result<Vec<String>, EncodeError> {
    let key = match &spec.key {
        TableKey::Primary => table.primary_key().to_vec(),
        TableKey::Columns(columns) => columns.clone(),
        TableKey::Row => TableKey::ROW_COLUMNS.map(str::to_owned).to_vec(),
    };
    let need = match (spec.capture, &spec.delete) {
        (CaptureKind::Full, DeleteStyle::Hard) => Key::Optional,
        _ => Key::Needed,
    };
    if key.is_empty() && need == Key::Needed {
        let (name, kind) = (spec.source.to_string(), table.kind_name());
        return Err(EncodeError::NoKey { table: name, kind, likely: likely_key(table) });
    }
    Ok(key)
}

/// Columns that a table without a primary key may be told apart by: those of an index, best of columns that can't be NULL, or one
/// that is named like a key.
fn likely_key<T: TableSchema>(table: &T) -> Vec<String> {
    let may_be_null = |names: &[String]| {
        names.iter().any(|n| column(table, n).is_none_or(|c| c.nullability() == Nullability::Nullable))
    };
    if let Some(columns) = table.unique_keys().iter().min_by_key(|u| (may_be_null(u), u.len())) {
        return columns.clone();
    }
    let names = || table.columns().iter().map(ColumnSchema::name);
    let named = |is_one: fn(&str) -> bool| names().find(|name| is_one(&name.to_lowercase()));
    let found =
        named(|n| n == "id").or_else(|| named(|n| n == "uuid" || n.ends_with("_id"))).or_else(|| names().next());
    found.map(str::to_owned).into_iter().collect()
}

fn publish(spec: &TableSpec, column: &impl ColumnSchema, mode: ColumnMode) -> Result<ShapeColumn, EncodeError> {
    let source = column.name();
    let forced = spec.forced.iter().find(|(name, _)| name == source).map(|(_, target)| *target);
    let mapping = if is_among(&spec.hash, source) {
        column.hashed()
    } else {
        column.map(ColumnWish { forced, arrays: spec.arrays }).ok_or_else(|| EncodeError::CannotForce {
            column: source.to_owned(),
            source_type: column.type_name().to_owned(),
            target: forced.unwrap_or(TargetType::String),
        })?
    };
    let renamed = spec.rename.iter().find(|(from, _)| from == source).map(|(_, to)| to.as_str());
    let is_ours = spec.key == TableKey::Row && TableKey::ROW_COLUMNS.contains(&source);
    let name = if is_ours { source.to_owned() } else { legal_name(renamed.unwrap_or(source)) };
    let mode = if mapping.is_repeated() { ColumnMode::Repeated } else { mode };
    Ok(ShapeColumn::new(column, mapping, name, mode))
}
