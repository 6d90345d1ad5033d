//! What a statement selects for a published column.

use crate::encode::{Codec, Content, Document, Scalar, ShapeColumn};
use crate::source::postgres::{SALT, ident};
use crate::source::relation::Relation;

/// An expression over the row `t`, whose text is what the column's encoder takes.
pub(super) fn expression(relation: &Relation, column: &ShapeColumn) -> String {
    let is_array = || relation.column(&column.source).is_some_and(|c| c.postgres().element.is_some());
    let name = format!("t.{}", ident(&column.source));
    match (column.mapping.content, column.mapping.codec) {
        // Salted and hashed: the value stays in the source.
        (Content::Digest, _) => format!(
            "pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(\
             pg_catalog.current_setting('{SALT}') || {name}::text, 'UTF8')), 'hex')"
        ),
        // An array whose bounds are not the usual ones prints them; as JSON it would lose them.
        (Content::Value, Codec::Scalar(Scalar::Json(Document::Made))) if is_array() => format!(
            "CASE WHEN pg_catalog.\"left\"({name}::text, 1) = '[' THEN {name}::text ELSE pg_catalog.to_json({name})::text END"
        ),
        (Content::Value, Codec::Scalar(Scalar::Json(Document::Made))) => format!("pg_catalog.to_json({name})"),
        (Content::Value, _) => name,
    }
}
