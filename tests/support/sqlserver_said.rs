//! The rows of a real SQL Server, in the same texts as [`super::sqlserver_rows`] makes of the model's.

use sqlserver_standin::model::TableDef;
use sqlserver_standin::typed::ColumnType as T;
use time::format_description::well_known::Iso8601;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::sqlserver_real::Connection;
use super::sqlserver_rows::plain;

/// The rows that a condition lets through, of these columns.
pub fn rows(
    server: &Connection,
    table: &TableDef,
    columns: &[usize],
    filter: Option<&str>,
) -> Vec<Vec<Option<String>>> {
    let list: Vec<String> = columns.iter().map(|at| selected(table, *at)).collect();
    let condition = filter.map(|condition| format!(" WHERE {condition}")).unwrap_or_default();
    let found = server.rows(&format!("SELECT {} FROM [{}].[{}]{condition}", list.join(", "), table.schema, table.name));
    let texts = |row: Vec<Option<String>>| -> Vec<Option<String>> {
        let each = row.into_iter().zip(columns);
        each.map(|(text, at)| text.map(|text| same_text(text, &table.columns[*at].column_type))).collect()
    };
    found.into_iter().map(texts).collect()
}

/// A column as text.
fn selected(table: &TableDef, at: usize) -> String {
    let name = format!("[{}]", table.columns[at].name);
    match table.columns[at].column_type {
        T::Bit => format!("CASE {name} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END"),
        // All digits.
        T::Real | T::Float => format!("CONVERT(varchar(60), {name}, 3)"),
        // Money prints two digits behind the point.
        T::Money | T::SmallMoney => format!("CONVERT(varchar(60), CAST({name} AS decimal(19, 4)))"),
        T::Date => format!("CONVERT(varchar(10), {name}, 23)"),
        T::SmallDateTime | T::DateTime | T::DateTime2 { .. } => format!("CONVERT(varchar(40), {name}, 126)"),
        T::DateTimeOffset { .. } => {
            format!("CONVERT(varchar(40), CAST(SWITCHOFFSET({name}, '+00:00') AS datetime2(7)), 126)")
        }
        T::Binary(_) | T::Varbinary(_) | T::Image | T::RowVersion => {
            format!("CONVERT(varchar(max), CAST({name} AS varbinary(max)), 2)")
        }
        T::Guid => format!("CONVERT(varchar(36), {name})"),
        T::SqlVariant => format!(
            "CASE CAST(SQL_VARIANT_PROPERTY({name}, 'BaseType') AS varchar(30)) \
             WHEN 'datetime' THEN CONVERT(nvarchar(4000), CAST({name} AS datetime), 121) \
             WHEN 'money' THEN CONVERT(nvarchar(4000), CAST(CAST({name} AS money) AS decimal(19, 4))) \
             WHEN 'float' THEN CONVERT(nvarchar(4000), CAST({name} AS float), 3) \
             WHEN 'varbinary' THEN CONVERT(nvarchar(4000), CAST({name} AS varbinary(8000)), 1) \
             ELSE CAST({name} AS nvarchar(4000)) END"
        ),
        _ => format!("CAST({name} AS nvarchar(max))"),
    }
}

fn same_text(text: String, of: &T) -> String {
    let number = text.trim();
    match of {
        T::Real => number.parse::<f32>().unwrap().to_string().parse::<f64>().unwrap().to_string(),
        T::Float => number.parse::<f64>().unwrap().to_string(),
        T::Decimal { .. } | T::Money | T::SmallMoney => plain(number),
        T::SmallDateTime | T::DateTime | T::DateTime2 { .. } | T::DateTimeOffset { .. } => {
            let moment = PrimitiveDateTime::parse(&text.replace(' ', "T"), &Iso8601::DEFAULT)
                .unwrap_or_else(|e| panic!("{text}: {e}"));
            let since = moment.assume_utc() - OffsetDateTime::UNIX_EPOCH;
            // The seventh digit is cut off.
            since.whole_nanoseconds().div_euclid(1000).to_string()
        }
        T::Binary(_) | T::Varbinary(_) | T::Image | T::RowVersion => text.to_lowercase(),
        _ => text,
    }
}
