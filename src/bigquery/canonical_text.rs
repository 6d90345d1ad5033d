//! The canonical text of a row in GoogleSQL: [`crate::canonical`] says what it is.
//!
//! Google's own engine evaluates these expressions in the tests, over random values of every type. They are also right where the emulator
//! differs from it: that pads a NUMERIC and the fraction of a second with zeros.

use super::sql::ident;
use crate::canonical::{ComparedColumn, Structure};
use crate::model::{ColumnMode, TargetType};

/// Arguments of one CONCAT; more of them are nested.
const ARGUMENTS: usize = 200;

/// The pieces of a row's columns, one behind the other. The row is called `T`.
pub(super) fn row_text(columns: &[ComparedColumn]) -> String {
    let mut parts: Vec<String> = columns.iter().flat_map(parts).collect();
    while parts.len() > ARGUMENTS {
        parts = parts.chunks(ARGUMENTS).map(|some| format!("CONCAT({})", some.join(", "))).collect();
    }
    format!("CONCAT({})", parts.join(", "))
}

/// The piece of one column, over the row `T`: for tests, which look at what is digested.
pub fn canonical_piece(column: &ComparedColumn) -> String {
    row_text(std::slice::from_ref(column))
}

/// The piece of a column, as arguments of CONCAT.
fn parts(column: &ComparedColumn) -> Vec<String> {
    let value = value(column);
    let target = column.column.target_type;
    if column.column.mode != ColumnMode::Repeated {
        return element(&value, target, column.structure);
    }
    // BigQuery has no NULL for an array; the emulator has.
    let pieces = element("e", target, column.structure).join(", ");
    vec![
        format!("IFNULL(CAST(ARRAY_LENGTH({value}) AS STRING), '0')"),
        "':'".to_owned(),
        format!(
            "IFNULL((SELECT STRING_AGG(CONCAT({pieces}), '' ORDER BY n) FROM UNNEST({value}) AS e WITH OFFSET AS n), '')"
        ),
    ]
}

fn value(column: &ComparedColumn) -> String {
    format!("T.{}", ident(&column.column.name))
}

fn element(e: &str, target: TargetType, structure: Structure) -> Vec<String> {
    if target == TargetType::String {
        return vec![format!("IFNULL(CONCAT(CAST(BYTE_LENGTH({e}) AS STRING), ':', {e}), ':')")];
    }
    vec![format!("IFNULL({}, '')", text(e, target, structure)), "';'".to_owned()]
}

/// The text of a key's column; NULL for NULL.
pub(super) fn key_text(column: &ComparedColumn) -> String {
    text(&value(column), column.column.target_type, column.structure)
}

/// Whether a column is NULL, as it is compared.
pub(super) fn is_null(column: &ComparedColumn) -> Option<String> {
    let value = value(column);
    match column.column.target_type {
        _ if column.column.mode == ColumnMode::Repeated => None,
        TargetType::Json => Some(format!("{value} IS NULL OR JSON_TYPE({value}) = 'null'")),
        _ => Some(format!("{value} IS NULL")),
    }
}

fn text(e: &str, target: TargetType, structure: Structure) -> String {
    match target {
        TargetType::String => e.to_owned(),
        TargetType::Bool => format!("CASE WHEN {e} THEN 't' WHEN NOT {e} THEN 'f' END"),
        TargetType::Int64 | TargetType::Date => format!("CAST({e} AS STRING)"),
        // Adding zero takes the sign from the negative one.
        TargetType::Float64 => format!(
            "CASE WHEN IS_NAN({e}) THEN 'NaN' WHEN IS_INF({e}) THEN IF({e} > 0, 'Infinity', '-Infinity') ELSE FORMAT('%.16e', {e} + 0) END"
        ),
        TargetType::Numeric | TargetType::BigNumeric => {
            let text = format!("CAST({e} AS STRING)");
            format!("IF(STRPOS({text}, '.') > 0, {}, {text})", without_zeros(&text))
        }
        TargetType::Bytes => format!("CONCAT('\\\\x', TO_HEX({e}))"),
        TargetType::Time => without_zeros(&format!("FORMAT_TIME('%H:%M:%E6S', {e})")),
        TargetType::DateTime => without_zeros(&format!("FORMAT_DATETIME('%E4Y-%m-%d %H:%M:%E6S', {e})")),
        TargetType::Timestamp => {
            let text = without_zeros(&format!("FORMAT_TIMESTAMP('%E4Y-%m-%d %H:%M:%E6S', {e}, 'UTC')"));
            format!("CONCAT({text}, '+00')")
        }
        TargetType::Json => document(e, structure),
    }
}

/// A text that has a point, without zeros at the end of its fraction.
fn without_zeros(text: &str) -> String {
    format!("RTRIM(RTRIM({text}, '0'), '.')")
}

fn document(e: &str, structure: Structure) -> String {
    let kind = format!("JSON_TYPE({e})");
    if structure == Structure::Kind {
        return format!("NULLIF({kind}, 'null')");
    }
    // A key with a point, a quote, a backslash or a control character comes as a JSON string, and no other begins with a quote.
    let plain = "IF(STARTS_WITH(q, '\"'), STRING(PARSE_JSON(q)), q)";
    // In quotes as PostgreSQL puts an array's text in them.
    let quoted = r#"IF(k = '' OR LOWER(k) = 'null' OR REGEXP_CONTAINS(k, r'[\t\n\v\f\r ",{}\\]'), CONCAT('"', REPLACE(REPLACE(k, '\\', '\\\\'), '"', '\\"'), '"'), k)"#;
    let keys = format!(
        "SELECT STRING_AGG({quoted}, ',' ORDER BY BYTE_LENGTH(k), k) FROM (SELECT {plain} AS k FROM UNNEST(JSON_KEYS({e}, 1)) AS q)"
    );
    format!(
        "CASE {kind} WHEN 'object' THEN CONCAT('object{{', IFNULL(({keys}), ''), '}}') \
         WHEN 'array' THEN CONCAT('array', CAST(ARRAY_LENGTH(JSON_QUERY_ARRAY({e})) AS STRING)) WHEN 'null' THEN NULL ELSE {kind} END"
    )
}
