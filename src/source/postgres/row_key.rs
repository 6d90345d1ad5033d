//! The columns of [`TableKey::Row`], as if the table had them.

use super::native_type::PostgresType;
use super::oid;
use crate::model::TableKey;
use crate::source::column::SourceColumn;

/// Numbers that no column of a table has. Source: those of system columns end at -6, and a table has at most 1,600.
const NUMBERS: [i32; 2] = [-1001, -1002];

/// Whether a column of this number is made of the row, and so always in one way.
pub fn is_of_row_key(number: i32) -> bool {
    NUMBERS.contains(&number)
}

/// The hash, as text, and the number of the copy.
pub fn row_key_columns() -> [SourceColumn; 2] {
    let [hash, copy] = TableKey::ROW_COLUMNS;
    let column = |name: &str, base_oid, base: &str, number| SourceColumn {
        number,
        ..SourceColumn::of_postgres(
            name,
            PostgresType {
                base_oid,
                base_name: base.to_owned(),
                base_type: base.to_owned(),
                ..PostgresType::default()
            },
        )
    };
    [column(hash, oid::TEXT, "text", NUMBERS[0]), column(copy, oid::INT8, "bigint", NUMBERS[1])]
}
