//! What the catalog says of a relation, as [`encode`](crate::encode) asks for it: its columns, and how each is read in SQL.

use super::catalog::{Relation, SourceColumn};
use super::caveats::{MADE_ARRAY, array_caveat, caveat};
use super::column_types::{Read, TypeMapping, map_type};
use super::session::SALT;
use super::sql::ident;
use crate::encode::{Codec, ColumnSchema, Content, Mapping, Nullability, TableSchema, Wish};

impl TableSchema for Relation {
    type Column = SourceColumn;

    fn kind_name(&self) -> &'static str {
        self.kind.name()
    }

    fn columns(&self) -> &[SourceColumn] {
        &self.columns
    }

    fn primary_key(&self) -> &[String] {
        &self.primary_key
    }

    fn unique_keys(&self) -> &[Vec<String>] {
        &self.unique
    }
}

impl ColumnSchema for SourceColumn {
    fn name(&self) -> &str {
        &self.name
    }

    fn number(&self) -> i32 {
        self.number
    }

    fn type_name(&self) -> &str {
        &self.type_name
    }

    fn nullability(&self) -> Nullability {
        if self.not_null { Nullability::NotNull } else { Nullability::Nullable }
    }

    fn map(&self, wish: Wish) -> Option<Mapping> {
        map_type(self, wish).map(|mapping| read(self, mapping))
    }

    fn hashed(&self) -> Mapping {
        read(self, TypeMapping::HASHED)
    }
}

fn read(column: &SourceColumn, mapping: TypeMapping) -> Mapping {
    let TypeMapping { target, codec, read } = mapping;
    let caveat = match (codec, read) {
        (_, Read::ArrayToJson) => MADE_ARRAY.to_owned(),
        (Codec::Scalar(scalar), _) => caveat(scalar).to_owned(),
        (Codec::Array(array), _) => array_caveat(array),
    };
    let content = if read == Read::Hashed { Content::Digest } else { Content::Value };
    Mapping { target, codec, expression: expression(&column.name, read), content, caveat }
}

/// What is read of the row `t`.
fn expression(column: &str, read: Read) -> String {
    let column = format!("t.{}", ident(column));
    match read {
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
