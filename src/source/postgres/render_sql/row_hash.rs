//! A row's hash, made by the server: no value leaves it.

use super::expression::expression;
use crate::encode::ShapeColumn;
use crate::source::relation::Relation;

/// An expression over the row `t`: a hash of its published values, 128 bits in hexadecimal. Rows that differ in a value or a NULL have
/// different texts: each value is its length in bytes and itself, a NULL is `N`.
pub(super) fn row_hash(relation: &Relation, columns: &[ShapeColumn]) -> String {
    let pieces = columns.iter().map(|c| {
        let value = format!("({})::text", expression(relation, c));
        format!("COALESCE(pg_catalog.octet_length({value}) || ':' || {value}, 'N')")
    });
    // Not `concat`, which takes a hundred arguments.
    format!("pg_catalog.md5(pg_catalog.array_to_string(ARRAY[{}], ''))", pieces.collect::<Vec<_>>().join(", "))
}

/// The order of the keys' texts, byte by byte.
pub(super) fn by_key_text(relation: &Relation, key: &[ShapeColumn]) -> String {
    let each = key.iter().map(|c| format!("({})::text COLLATE \"C\"", expression(relation, c)));
    format!(" ORDER BY {}", each.collect::<Vec<_>>().join(", "))
}
