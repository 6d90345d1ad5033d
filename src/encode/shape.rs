//! The shape of a table's rows: which source columns are published, under which name and type, in which order.
//!
//! Key columns come first. A column's name in BigQuery is its own unless BigQuery forbids it; then the rule of
//! [`legal_name`] changes it, and `check` shows the change.

use std::collections::HashMap;

use super::error::EncodeError;
use super::mapping::{Mapping, Read, Wish, map_type};
use crate::model::{Column, Mode, OP_COLUMN, RESERVED_PREFIX, TableSpec};
use crate::source::{Relation, SALT, SourceColumn, ident};

/// One published column.
#[derive(Clone, Debug)]
pub struct ShapeColumn {
    pub source: String,
    pub number: i32,
    pub source_type: String,
    pub target: Column,
    pub mapping: Mapping,
}

impl ShapeColumn {
    /// What is read of the row `t`.
    pub fn expression(&self) -> String {
        let column = format!("t.{}", ident(&self.source));
        match self.mapping.read {
            Read::AsItIs => column,
            Read::ToJson => format!("pg_catalog.to_json({column})"),
            // An array whose bounds are not the usual ones prints them; as JSON it would lose them.
            Read::ArrayToJson => format!(
                "CASE WHEN pg_catalog.\"left\"({column}::text, 1) = '[' THEN {column}::text ELSE pg_catalog.to_json({column})::text END"
            ),
            Read::Hashed => format!(
                "pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(\
                 pg_catalog.current_setting('{SALT}') || {column}::text, 'UTF8')), 'hex')"
            ),
        }
    }

    /// Whether a digest is published in the value's place.
    pub fn is_hashed(&self) -> bool {
        self.mapping.read == Read::Hashed
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
    pub fn of(spec: &TableSpec, relation: &Relation) -> Result<Self, EncodeError> {
        let key = key_columns(spec, relation)?;
        let forced = spec.forced.iter().map(|(column, _)| column);
        let renamed = spec.rename.iter().map(|(from, _)| from);
        for name in spec.exclude.iter().chain(&spec.hash).chain(forced).chain(renamed) {
            if relation.column(name).is_none() {
                return Err(EncodeError::NoSuchColumn {
                    table: spec.source.to_string(),
                    column: name.clone(),
                    near: relation.nearest_column(name),
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
        let mut columns = Vec::with_capacity(relation.columns.len());
        for name in &key {
            let column = relation.column(name).ok_or_else(|| EncodeError::NoSuchKeyColumn {
                table: spec.source.to_string(),
                column: name.clone(),
                near: relation.nearest_column(name),
            })?;
            columns.push(publish(spec, column, Mode::Required)?);
        }
        for column in &relation.columns {
            if !key.contains(&column.name) && !spec.exclude.contains(&column.name) {
                columns.push(publish(spec, column, Mode::Nullable)?);
            }
        }
        let shape = Self { columns, key_len: key.len() };
        shape.check_names(spec)?;
        shape.check_key()?;
        if shape.columns.is_empty() { Err(EncodeError::NoColumns) } else { Ok(shape) }
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
        if let crate::model::DeleteStyle::Soft { flag, at } = &spec.delete {
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
        use crate::model::TargetType::{Float64, Json};
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

fn key_columns(spec: &TableSpec, relation: &Relation) -> Result<Vec<String>, EncodeError> {
    let key = spec.key.clone().unwrap_or_else(|| relation.primary_key.clone());
    let need = match (spec.capture, &spec.delete) {
        (crate::model::CaptureKind::Full, crate::model::DeleteStyle::Hard) => Key::Optional,
        _ => Key::Needed,
    };
    if key.is_empty() && need == Key::Needed {
        let (table, kind) = (spec.source.to_string(), relation.kind.name());
        return Err(EncodeError::NoKey { table, kind, likely: likely_key(relation) });
    }
    Ok(key)
}

/// Columns that a table without a primary key may be told apart by: those of an index, best of columns that can't be NULL, or one
/// that is named like a key.
fn likely_key(relation: &Relation) -> Vec<String> {
    let may_be_null = |columns: &[String]| columns.iter().any(|c| relation.column(c).is_none_or(|c| !c.not_null));
    if let Some(columns) = relation.unique.iter().min_by_key(|u| (may_be_null(u), u.len())) {
        return columns.clone();
    }
    let names = || relation.columns.iter().map(|c| c.name.as_str());
    let named = |is_one: fn(&str) -> bool| names().find(|name| is_one(&name.to_lowercase()));
    let found =
        named(|n| n == "id").or_else(|| named(|n| n == "uuid" || n.ends_with("_id"))).or_else(|| names().next());
    found.map(str::to_owned).into_iter().collect()
}

fn publish(spec: &TableSpec, column: &SourceColumn, mode: Mode) -> Result<ShapeColumn, EncodeError> {
    let forced = spec.forced.iter().find(|(name, _)| *name == column.name).map(|(_, target)| *target);
    let mapping = if spec.hash.contains(&column.name) {
        Mapping::HASHED
    } else {
        map_type(column, Wish { forced, arrays: spec.arrays }).ok_or_else(|| EncodeError::CannotForce {
            column: column.name.clone(),
            source_type: column.type_name.clone(),
            target: forced.unwrap_or(Mapping::TEXT.target),
        })?
    };
    let renamed = spec.rename.iter().find(|(from, _)| *from == column.name).map(|(_, to)| to);
    let name = legal_name(renamed.unwrap_or(&column.name));
    let mode = if mapping.is_repeated() { Mode::Repeated } else { mode };
    Ok(ShapeColumn {
        source: column.name.clone(),
        number: column.number,
        source_type: column.type_name.clone(),
        target: Column { name, target_type: mapping.target, mode },
        mapping,
    })
}

/// Prefixes no column may have. Source: <https://cloud.google.com/bigquery/docs/schemas#column_names>
const FORBIDDEN: [&str; 7] =
    ["_table_", "_file_", "_partition", "_row_timestamp", "__root__", "_colidentifier", RESERVED_PREFIX];

/// A name BigQuery takes: letters, digits and underscores; other characters become an underscore, a leading digit gets
/// one before it, and a forbidden prefix a `c` (as in column).
fn legal_name(name: &str) -> String {
    let mut legal: String = name.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if legal.starts_with(|c: char| c.is_numeric()) {
        legal.insert(0, '_');
    }
    let lower = legal.to_lowercase();
    if FORBIDDEN.iter().any(|p| lower.starts_with(p)) || lower == OP_COLUMN {
        legal.insert(0, 'c');
    }
    legal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_name_is_changed_by_rule() {
        assert_eq!(legal_name("order_id"), "order_id");
        assert_eq!(legal_name("größe"), "größe");
        assert_eq!(legal_name("a b-c.d"), "a_b_c_d");
        assert_eq!(legal_name("2nd"), "_2nd");
        assert_eq!(legal_name("_Table_x"), "c_Table_x");
        assert_eq!(legal_name("_plimsoll_op"), "c_plimsoll_op");
    }
}
