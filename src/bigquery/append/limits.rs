//! What the columns of a target can hold, as the API describes them.

use serde_json::Value;

use super::value::Limits;
use crate::model::{Column, TargetType};

/// Digits before the point and behind it, of a column without a precision of its own.
/// Source: <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types>
const NUMERIC: (usize, usize) = (29, 9);
/// BIGNUMERIC holds some numbers of 39 digits: those that it does not were found before the seal.
const BIGNUMERIC: (usize, usize) = (39, 38);

/// For each column what the target's own can hold.
pub(super) fn limits_of(columns: &[Column], table: &Value) -> Vec<Limits> {
    let fields = table["schema"]["fields"].as_array().map_or(&[][..], Vec::as_slice);
    let of = |column: &Column| {
        let is_it = |f: &&Value| f["name"].as_str().is_some_and(|n| n.eq_ignore_ascii_case(&column.name));
        let field = fields.iter().find(is_it);
        let number = |key: &str| field.and_then(|f| f[key].as_str()?.parse::<usize>().ok());
        let digits = |widest: (usize, usize)| match (number("precision"), number("scale")) {
            (Some(precision), scale) => {
                let scale = scale.unwrap_or(0);
                Some((precision.saturating_sub(scale), scale))
            }
            (None, _) => Some(widest),
        };
        match column.target_type {
            TargetType::Numeric => Limits { digits: digits(NUMERIC), longest: None },
            TargetType::BigNumeric => Limits { digits: digits(BIGNUMERIC), longest: None },
            TargetType::String | TargetType::Bytes => Limits { digits: None, longest: number("maxLength") },
            _ => Limits::default(),
        }
    };
    columns.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::ColumnMode;

    #[test]
    fn a_column_made_by_somebody_else_may_hold_less() {
        let column = |name: &str, of| Column { name: name.to_owned(), target_type: of, mode: ColumnMode::Nullable };
        let columns = [
            column("plain", TargetType::Numeric),
            column("money", TargetType::Numeric),
            column("whole", TargetType::BigNumeric),
            column("code", TargetType::String),
            column("id", TargetType::Int64),
        ];
        let table = json!({ "schema": { "fields": [
            { "name": "Money", "type": "NUMERIC", "precision": "10", "scale": "2" },
            { "name": "whole", "type": "BIGNUMERIC", "precision": "12" },
            { "name": "code", "type": "STRING", "maxLength": "3" },
            { "name": "plain", "type": "NUMERIC" },
            { "name": "id", "type": "INTEGER" },
        ] } });
        let limits = limits_of(&columns, &table);
        let digits: Vec<_> = limits.iter().map(|l| l.digits).collect();
        assert_eq!(digits, [Some((29, 9)), Some((8, 2)), Some((12, 0)), None, None]);
        assert_eq!(limits[3].longest, Some(3));
    }
}
