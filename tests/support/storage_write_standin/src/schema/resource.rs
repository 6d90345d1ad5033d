//! A table as the REST API describes it (`tables.get`).

use std::time::Duration;

use serde_json::Value;

use super::column::{Column, ColumnType, Digits, Mode};

/// What the stand-in needs to know of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableResource {
    /// When it was made: it tells a table from another of the same name.
    pub created: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// The names of its primary key's columns, in their order; empty without a key.
    pub key: Vec<String>,
    /// `max_staleness`; zero if there is none.
    pub max_staleness: Duration,
}

/// The description is none that the stand-in can work with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ResourceError(String);

fn refuse<T>(what: impl Into<String>) -> Result<T, ResourceError> {
    Err(ResourceError(what.into()))
}

impl TableResource {
    /// Reads `tables.get`'s answer.
    pub fn read(resource: &Value) -> Result<Self, ResourceError> {
        let fields = resource["schema"]["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
        let columns = fields.iter().map(column).collect::<Result<Vec<_>, _>>()?;
        let key = resource["tableConstraints"]["primaryKey"]["columns"].as_array();
        let key: Vec<String> = key.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect();
        let key = key.iter().map(|name| key_column(&columns, name)).collect::<Result<Vec<_>, _>>()?;
        let max_staleness = match resource["maxStaleness"].as_str() {
            Some(text) => {
                staleness(text).ok_or_else(|| ResourceError(format!("maxStaleness is no interval: {text}")))?
            }
            None => Duration::ZERO,
        };
        let created = resource["creationTime"].as_str().unwrap_or_default().to_owned();
        Ok(Self { created, columns, key, max_staleness })
    }
}

fn key_column(columns: &[Column], name: &str) -> Result<String, ResourceError> {
    match columns.iter().find(|column| column.is_called(name)) {
        Some(column) if column.kind.may_be_key() && column.mode != Mode::Repeated => Ok(column.name.clone()),
        Some(column) => refuse(format!("a column of type {} can't be part of a key: {name}", column.kind.name())),
        None => refuse(format!("the key names a column that the table has not: {name}")),
    }
}

fn column(field: &Value) -> Result<Column, ResourceError> {
    let name = field["name"].as_str().unwrap_or_default().to_owned();
    let mode = match field["mode"].as_str() {
        Some("REQUIRED") => Mode::Required,
        Some("REPEATED") => Mode::Repeated,
        _ => Mode::Nullable,
    };
    let kind = column_type(field["type"].as_str().unwrap_or_default(), field)?;
    Ok(Column { name, kind, mode })
}

/// A type by its name in the REST API or in SQL; numbers come as texts there.
fn column_type(name: &str, field: &Value) -> Result<ColumnType, ResourceError> {
    let number = |key: &str| field[key].as_str().and_then(|text| text.parse().ok()).or_else(|| field[key].as_u64());
    let small = |key: &str| number(key).and_then(|number| u32::try_from(number).ok());
    let length = number("maxLength").and_then(|number| usize::try_from(number).ok());
    let digits = small("precision").map(|precision| Digits { precision, scale: small("scale").unwrap_or(0) });
    Ok(match name {
        "BOOL" | "BOOLEAN" => ColumnType::Bool,
        "INT64" | "INTEGER" => ColumnType::Int64,
        "FLOAT64" | "FLOAT" => ColumnType::Float64,
        "NUMERIC" => ColumnType::Numeric(digits),
        "BIGNUMERIC" => ColumnType::BigNumeric(digits),
        "STRING" => ColumnType::Text(length),
        "BYTES" => ColumnType::Bytes(length),
        "DATE" => ColumnType::Date,
        "TIME" => ColumnType::Time,
        "DATETIME" => ColumnType::Datetime,
        "TIMESTAMP" => ColumnType::Timestamp,
        "JSON" => ColumnType::Json,
        "GEOGRAPHY" => ColumnType::Geography,
        "INTERVAL" => ColumnType::Interval,
        "RANGE" => {
            let element = field["rangeElementType"]["type"].as_str().unwrap_or_default();
            match element {
                "DATE" | "DATETIME" | "TIMESTAMP" => ColumnType::Range(Box::new(column_type(element, &Value::Null)?)),
                _ => return refuse(format!("there is no RANGE of {element}")),
            }
        }
        "STRUCT" | "RECORD" => {
            let fields = field["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
            ColumnType::Struct(fields.iter().map(column).collect::<Result<_, _>>()?)
        }
        _ => return refuse(format!("not a type: {name}")),
    })
}

/// An interval as the REST API writes it, `Y-M D H:M:S`, without its years and months, which `max_staleness` can't have.
fn staleness(text: &str) -> Option<Duration> {
    let mut parts = text.split_whitespace().rev();
    let mut seconds = 0u64;
    for part in parts.next()?.split(':') {
        seconds = seconds.checked_mul(60)?.checked_add(part.split('.').next()?.parse().ok()?)?;
    }
    let days: u64 = parts.next().unwrap_or("0").parse().ok()?;
    matches!(parts.next(), None | Some("0-0")).then(|| Duration::from_secs(days * 86_400 + seconds))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_is_read_as_the_rest_api_gives_it() {
        let table = TableResource::read(&json!({
            "creationTime": "17",
            "maxStaleness": "0-0 0 0:15:0",
            "tableConstraints": {"primaryKey": {"columns": ["ID"]}},
            "schema": {"fields": [
                {"name": "id", "type": "INTEGER", "mode": "REQUIRED"},
                {"name": "price", "type": "NUMERIC", "precision": "10", "scale": "2"},
                {"name": "tags", "type": "RECORD", "mode": "REPEATED", "fields": [{"name": "t", "type": "STRING", "maxLength": "3"}]},
                {"name": "span", "type": "RANGE", "rangeElementType": {"type": "DATE"}},
            ]},
        }))
        .unwrap();
        assert_eq!((table.created.as_str(), table.key), ("17", vec!["id".to_owned()]));
        assert_eq!(table.max_staleness, Duration::from_mins(15));
        let kinds: Vec<ColumnType> = table.columns.into_iter().map(|column| column.kind).collect();
        let tag = Column { name: "t".into(), kind: ColumnType::Text(Some(3)), mode: Mode::Nullable };
        assert_eq!(
            kinds,
            [
                ColumnType::Int64,
                ColumnType::Numeric(Some(Digits { precision: 10, scale: 2 })),
                ColumnType::Struct(vec![tag]),
                ColumnType::Range(Box::new(ColumnType::Date)),
            ]
        );
    }

    #[test]
    fn a_key_of_a_type_that_can_be_none_is_refused() {
        for kind in ["BYTES", "FLOAT", "JSON", "TIME", "GEOGRAPHY", "INTERVAL"] {
            let table = json!({
                "schema": {"fields": [{"name": "id", "type": kind}]},
                "tableConstraints": {"primaryKey": {"columns": ["id"]}},
            });
            assert!(TableResource::read(&table).is_err(), "{kind}");
        }
    }

    #[test]
    fn staleness_is_read_in_days_and_time() {
        assert_eq!(staleness("0-0 1 2:0:1"), Some(Duration::from_secs(86_400 + 7_201)));
        assert_eq!(staleness("0:15:0"), Some(Duration::from_mins(15)));
        assert_eq!(staleness("0-0 0 0:0:0"), Some(Duration::ZERO));
        assert_eq!(staleness("1-0 0 0:0:0"), None);
        assert_eq!(staleness("soon"), None);
    }
}
