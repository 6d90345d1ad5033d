//! A row as bytes that are hashed: of each column `0x00` for NULL, or `0x01` and the value as it is stored; of a value that varies in length that
//! length goes before it. So two rows have the same bytes only if they are the same, by case, accents, blanks at an end and code pages as well.

use super::native_type::{Family, SqlServerType};
use super::plan;
use super::sql::ident;
use crate::encode::ShapeColumn;
use crate::source::relation::Relation;

/// The hash of such bytes.
pub(super) fn hash(bytes: &str) -> String {
    format!("HASHBYTES('SHA2_256', {bytes})")
}

/// Longer results of `+` are cut off without an error, unless one side is `max`.
const LONGEST: i64 = 8000;

/// What a column puts into the row's bytes, and how many bytes that are at most; `None` without a limit.
fn column_bytes(column: &str, native: &SqlServerType) -> (String, Option<i64>) {
    let varying = |value: String, cast: String, most: Option<i64>| {
        let bytes = format!("0x01 + CAST(DATALENGTH({value}) AS binary(4)) + {cast}");
        (format!("CASE WHEN {column} IS NULL THEN 0x00 ELSE {bytes} END"), most.map(|n| n + 5))
    };
    let fixed = |most: i64| {
        (
            format!("CASE WHEN {column} IS NULL THEN 0x00 ELSE 0x01 + CAST({column} AS varbinary({most})) END"),
            Some(most + 1),
        )
    };
    let length = i64::from(native.max_length);
    match native.family() {
        Family::Bit => fixed(1),
        Family::Integer | Family::Money => fixed(8),
        // With precision and scale before the digits.
        Family::Decimal => fixed(20),
        Family::Float | Family::RowVersion => fixed(8),
        Family::Date => fixed(3),
        Family::Time => fixed(6),
        Family::DateTime => fixed(9),
        Family::DateTimeOffset => fixed(11),
        Family::Guid => fixed(16),
        Family::Text | Family::Unicode | Family::Binary if length > 0 => {
            varying(column.to_owned(), format!("CAST({column} AS varbinary({length}))"), Some(length))
        }
        Family::Text
        | Family::Unicode
        | Family::Binary
        | Family::Image
        | Family::Hierarchy
        | Family::Spatial
        | Family::Other => {
            let value = format!("CAST({column} AS varbinary(max))");
            varying(value.clone(), value, None)
        }
        Family::Document if native.name == "text" => {
            let value = format!("CAST({column} AS varchar(max))");
            varying(value.clone(), format!("CAST({value} AS varbinary(max))"), None)
        }
        Family::Document | Family::Json | Family::Vector => {
            let value = format!("CAST({column} AS nvarchar(max))");
            varying(value.clone(), format!("CAST({value} AS varbinary(max))"), None)
        }
        Family::Variant => {
            let property = |name: &str| format!("CAST(SQL_VARIANT_PROPERTY({column}, '{name}') AS nvarchar(128))");
            let of_type = format!(
                "CONCAT({}, N',', {}, N',', {}, N';')",
                property("BaseType"),
                property("Precision"),
                property("Scale")
            );
            let value = format!("CAST({of_type} AS varbinary(1000)) + CAST({column} AS varbinary(8000))");
            let value = format!("(CAST(0x AS varbinary(max)) + {value})");
            varying(value.clone(), value, None)
        }
    }
}

/// The bytes of the row `t`.
pub(super) fn row_bytes(relation: &Relation, columns: &[ShapeColumn]) -> String {
    let each = columns.iter().filter_map(|c| {
        let native = relation.column(&c.source)?.sqlserver()?;
        Some(column_bytes(&format!("t.{}", ident(&c.source)), native))
    });
    let (parts, lengths): (Vec<String>, Vec<Option<i64>>) = each.unzip();
    let whole: Option<i64> = lengths.into_iter().sum();
    // The version of how it is made leads; of many bytes one part that has no limit keeps all of them.
    let lead = format!("0x{:02X}", plan::HASH_VERSION);
    let lead = match whole {
        Some(n) if n < LONGEST => lead,
        _ => format!("CAST({lead} AS varbinary(max))"),
    };
    std::iter::once(lead).chain(parts).collect::<Vec<_>>().join(" + ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_bytes_are_never_cut_off() {
        let native =
            |name: &str, max_length| SqlServerType { name: name.to_owned(), max_length, ..SqlServerType::default() };
        let bytes = |native: &SqlServerType| column_bytes("t.[c]", native);
        assert_eq!(
            bytes(&native("int", 4)).0,
            "CASE WHEN t.[c] IS NULL THEN 0x00 ELSE 0x01 + CAST(t.[c] AS varbinary(8)) END"
        );
        assert_eq!(
            bytes(&native("varchar", 20)).0,
            "CASE WHEN t.[c] IS NULL THEN 0x00 ELSE 0x01 + CAST(DATALENGTH(t.[c]) AS binary(4)) + CAST(t.[c] AS varbinary(20)) END"
        );
        assert_eq!(bytes(&native("nvarchar", -1)).1, None);
    }
}
