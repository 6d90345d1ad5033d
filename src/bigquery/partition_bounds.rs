//! Bounds of a MERGE by the target's partitions, asked of the staged rows.

use serde_json::Value;

use crate::batch::{Merge, TableBatch};
use crate::bigquery::client::BigQuery;
use crate::bigquery::error::BigQueryError;
use crate::bigquery::sql;
use crate::model::{Column, TargetRef, TargetType};

/// BigQuery's smallest charge for a table that a query names.
/// Source: <https://cloud.google.com/bigquery/pricing#on_demand_pricing>
pub const LEAST_BILLED: u64 = 10 * 1024 * 1024;

/// Where in the target the staged rows are, as a condition in constants: only those name partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Within {
    column: String,
    /// Literals of the smallest and the largest value; `None` where all are NULL.
    range: Option<(String, String)>,
    has_nulls: bool,
}

/// Bounds, and what it cost to ask for them.
pub(super) struct Asked {
    pub within: Option<Within>,
    pub bytes_processed: u64,
    pub bytes_billed: u64,
}

impl Within {
    pub fn condition(&self) -> String {
        let column = format!("T.{}", sql::ident(&self.column));
        let is_null = format!("{column} IS NULL");
        match &self.range {
            Some((min, max)) if self.has_nulls => format!("({column} BETWEEN {min} AND {max} OR {is_null})"),
            Some((min, max)) => format!("{column} BETWEEN {min} AND {max}"),
            None => is_null,
        }
    }

    /// `None` if the column's type is none that partitions are made by.
    fn of(column: &Column, answer: &Value) -> Option<Self> {
        let field = |n: usize| answer["rows"][0]["f"][n]["v"].as_str();
        let has_nulls = field(2) != Some("0");
        let range = match (field(0), field(1)) {
            (Some(min), Some(max)) => Some((literal(column.target_type, min)?, literal(column.target_type, max)?)),
            _ => None,
        };
        Some(Self { column: column.name.clone(), range, has_nulls })
    }
}

fn literal(of: TargetType, text: &str) -> Option<String> {
    match of {
        TargetType::Int64 => text.parse::<i64>().ok().map(|n| n.to_string()),
        TargetType::Date | TargetType::DateTime | TargetType::Timestamp => {
            Some(format!("{} {}", of.sql_name(), sql::string(text)))
        }
        _ => None,
    }
}

fn question(staging: &TargetRef, column: &Column) -> String {
    let name = sql::ident(&column.name);
    format!(
        "SELECT CAST(MIN({name}) AS STRING), CAST(MAX({name}) AS STRING), COUNTIF({name} IS NULL) FROM {}",
        sql::table(staging)
    )
}

impl BigQuery {
    /// The bounds of a batch's MERGE by its partitions, if it is to have them. The staged rows are the same in every replay, so they are.
    pub(super) async fn staged_bounds(&self, merge: &Merge, table: &TableBatch) -> Result<Asked, BigQueryError> {
        let nothing = Asked { within: None, bytes_processed: 0, bytes_billed: 0 };
        let Some(name) = &merge.within else { return Ok(nothing) };
        let Some(column) = table.columns.iter().find(|c| c.name == *name) else { return Ok(nothing) };
        let what = format!("the staged rows of {}", table.target);
        let answer = self.ask(question(&merge.staging, column), "look for the bounds of", &what).await?;
        if answer["jobComplete"] == false {
            return Err(BigQueryError::unavailable("look for the bounds of", what, "the query takes too long"));
        }
        let bytes = |key: &str| answer[key].as_str().and_then(|n| n.parse::<u64>().ok());
        let bytes_processed = bytes("totalBytesProcessed").unwrap_or(0);
        Ok(Asked {
            within: Within::of(column, &answer),
            bytes_processed,
            bytes_billed: bytes("totalBytesBilled").unwrap_or(bytes_processed.max(LEAST_BILLED)),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::ColumnMode;

    fn within(target_type: TargetType, fields: [Value; 3]) -> Option<String> {
        let column = Column { name: "at".into(), target_type, mode: ColumnMode::Nullable };
        let fields: Vec<Value> = fields.into_iter().map(|v| json!({ "v": v })).collect();
        Within::of(&column, &json!({ "rows": [{ "f": fields }] })).map(|w| w.condition())
    }

    #[test]
    fn the_condition_is_made_of_constants_of_the_columns_type() {
        assert_eq!(
            within(TargetType::Date, [json!("2024-01-31"), json!("2024-02-01"), json!("0")]).as_deref(),
            Some("T.`at` BETWEEN DATE '2024-01-31' AND DATE '2024-02-01'")
        );
        assert_eq!(
            within(
                TargetType::Timestamp,
                [json!("2024-01-31 00:00:00+00"), json!("2024-02-01 00:00:00.5+00"), json!("3")]
            )
            .as_deref(),
            Some(
                "(T.`at` BETWEEN TIMESTAMP '2024-01-31 00:00:00+00' AND TIMESTAMP '2024-02-01 00:00:00.5+00' OR T.`at` IS NULL)"
            )
        );
        assert_eq!(within(TargetType::Date, [json!(null), json!(null), json!("2")]).as_deref(), Some("T.`at` IS NULL"));
        assert_eq!(
            within(TargetType::Int64, [json!("-5"), json!("7"), json!("0")]).as_deref(),
            Some("T.`at` BETWEEN -5 AND 7")
        );
        assert_eq!(within(TargetType::Int64, [json!("1; DROP"), json!("7"), json!("0")]), None);
        assert_eq!(within(TargetType::Json, [json!("1"), json!("7"), json!("0")]), None);
    }
}
