//! A row as bytes that are hashed: its binary form, by which values are told apart exactly, NULL from everything else, and one column from
//! the next. It takes half the time of the row's text. Columns of types without a binary form that is the value go in as their text.

use super::expression::expression;
use crate::encode::ShapeColumn;
use crate::source::postgres::native_type::TypeKind;
use crate::source::postgres::{ident, oid};
use crate::source::relation::Relation;

/// Types whose binary form is the value. Source: their functions `…_send` in PostgreSQL.
const BINARY: [u32; 19] = [
    oid::BOOL,
    oid::BYTEA,
    oid::INT8,
    oid::INT2,
    oid::INT4,
    oid::TEXT,
    oid::OID,
    oid::JSON,
    oid::FLOAT4,
    oid::FLOAT8,
    oid::BPCHAR,
    oid::VARCHAR,
    oid::DATE,
    oid::TIME,
    oid::TIMESTAMP,
    oid::TIMESTAMPTZ,
    oid::NUMERIC,
    oid::UUID,
    oid::JSONB,
];

/// The row `t` as one value that is hashed.
pub(super) fn row_bytes(relation: &Relation, columns: &[ShapeColumn]) -> String {
    let each = columns.iter().map(|c| {
        let value = expression(relation, c);
        let is_plain = value == format!("t.{}", ident(&c.source));
        let native = relation.column(&c.source).map(|c| c.postgres());
        let is_binary = native.is_some_and(|n| BINARY.contains(&n.base_oid) || n.kind == TypeKind::Enum);
        if is_plain && is_binary { value } else { format!("({value})::text") }
    });
    format!("ARRAY[pg_catalog.record_send(ROW({}))]", each.collect::<Vec<_>>().join(", "))
}
