//! The columns of [`TableKey::Row`], as if the table had them.

use super::native_type::SqlServerType;
use crate::model::TableKey;
use crate::source::column::SourceColumn;

/// Numbers that no column of a table has: those begin at 1.
const NUMBERS: [i32; 2] = [-1001, -1002];

/// Compares by bytes.
pub(super) const COLLATION: &str = "Latin1_General_BIN2";
/// The hash in hexadecimal.
pub(super) const HASH_TYPE: &str = "char(32)";

/// Whether a column of this number is made of the row, and so always in one way.
pub fn is_of_row_key(number: i32) -> bool {
    NUMBERS.contains(&number)
}

/// The hash, as text, and the number of the copy.
pub fn row_key_columns() -> [SourceColumn; 2] {
    let [hash, copy] = TableKey::ROW_COLUMNS;
    let text = SqlServerType {
        name: "char".to_owned(),
        max_length: 32,
        collation: Some(COLLATION.to_owned()),
        ..SqlServerType::default()
    };
    let number = SqlServerType { name: "bigint".to_owned(), max_length: 8, precision: 19, ..SqlServerType::default() };
    [
        SourceColumn { number: NUMBERS[0], ..SourceColumn::of_sqlserver(hash, text) },
        SourceColumn { number: NUMBERS[1], ..SourceColumn::of_sqlserver(copy, number) },
    ]
}
