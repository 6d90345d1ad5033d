//! Rows of a SQL Server against rows of the target, all columns of each and as often as they are there. What the target should show is made here,
//! of the model's values or of what a real server says, by nothing that the program has.

use std::collections::BTreeMap;

use sqlserver_standin::model::TableDef;
use sqlserver_standin::plans::spoken;
use sqlserver_standin::typed::{ColumnType as T, DAY_1900, Value};

use super::{World, sqlserver_said};

/// A table as the config publishes it.
#[derive(Clone, Copy, Debug)]
pub struct Published<'a> {
    /// `schema.name` in the source.
    pub source: &'a str,
    pub target: &'a str,
    /// The condition, as it is registered with the model.
    pub filter: Option<&'a str>,
    pub excluded: &'a [&'a str],
}

impl<'a> Published<'a> {
    /// All rows and columns of a table of the schema dbo.
    pub fn whole(source: &'a str) -> Self {
        let target = source.strip_prefix("dbo.").expect("a table of dbo");
        Self { source, target, filter: None, excluded: &[] }
    }

    /// Fails where source and target differ; returns how many rows there are.
    pub async fn assert_equal(&self, w: &World) -> usize {
        let definition = w.model().definition(self.source).expect("a table of the model");
        let columns = self.columns(&definition);
        let rows = match w.real_server() {
            Some(server) => sqlserver_said::rows(server, &definition, &columns, self.filter),
            None => self.modelled(w, &definition, &columns),
        };
        let mut balance: BTreeMap<Vec<Option<String>>, i64> = BTreeMap::new();
        let expected = rows.len();
        for texts in rows {
            *balance.entry(texts).or_default() += 1;
        }
        let list: Vec<String> = columns.iter().map(|at| selected(&definition, *at)).collect();
        let found = w.target(&format!("SELECT {} FROM `{{d}}.{}`", list.join(", "), self.target)).await;
        let count = found.len();
        for row in found {
            let texts = row
                .into_iter()
                .zip(&columns)
                .map(|(text, at)| target_text(text?, &definition.columns[*at].column_type));
            *balance.entry(texts.collect()).or_default() -= 1;
        }
        balance.retain(|_, often| *often != 0);
        let names: Vec<&str> = columns.iter().map(|at| definition.columns[*at].name.as_str()).collect();
        assert!(balance.is_empty(), "{}: {} differ: {:#?}", self.source, balance.len(), described(&balance, &names));
        assert_eq!(count, expected, "{}", self.source);
        count
    }

    fn modelled(&self, w: &World, definition: &TableDef, columns: &[usize]) -> Vec<Vec<Option<String>>> {
        let rows = match self.filter {
            Some(condition) => w.model().rows_where(self.source, condition).unwrap(),
            None => w.model().rows(self.source).unwrap(),
        };
        let texts = rows
            .iter()
            .map(|row| columns.iter().map(|at| source_text(&row[*at], &definition.columns[*at].column_type)).collect());
        texts.collect()
    }

    fn columns(&self, definition: &TableDef) -> Vec<usize> {
        let of = definition.columns.iter().enumerate();
        of.filter(|(_, column)| !self.excluded.contains(&column.name.as_str())).map(|(at, _)| at).collect()
    }
}

/// Some of the differences. A row with a counterpart of the same first column is described by the columns that differ.
fn described(balance: &BTreeMap<Vec<Option<String>>, i64>, names: &[&str]) -> Vec<String> {
    let of = |sign: i64| balance.iter().filter(move |(_, often)| often.signum() == sign).map(|(row, _)| row);
    let each = of(1).chain(of(-1)).take(10).map(|row| {
        let first = row.first();
        let [Some(one), Some(other)] = [of(1), of(-1)].map(|mut rows| rows.find(|other| other.first() == first)) else {
            return format!("{} {row:?}", if balance[row] > 0 { "missing:" } else { "too many:" });
        };
        let cells = names.iter().zip(one.iter().zip(other)).filter(|(_, (one, other))| one != other);
        let cells: Vec<String> =
            cells.map(|(name, (one, other))| format!("{name} {one:.80?}, not {other:.80?}")).collect();
        format!("{first:?}: {}", cells.join("; "))
    });
    each.collect()
}

fn source_text(value: &Value, of: &T) -> Option<String> {
    const DAY_1970: i64 = 719_162;
    const DAY: i64 = 86_400_000_000;
    let micros = |day: i64, ticks: u64| ((day - DAY_1970) * DAY + (ticks / 10) as i64).to_string();
    let since_1900 = |days: i64| i64::from(DAY_1900) + days;
    Some(match value {
        Value::Null => return None,
        _ if *of == T::SqlVariant => spoken(value, of)?,
        Value::Bit(bit) => bit.to_string(),
        Value::Real(number) => number.to_string().parse::<f64>().unwrap().to_string(),
        Value::Float(number) => number.to_string(),
        Value::Decimal(_) | Value::Money(_) => plain(&spoken(value, of)?),
        Value::SmallDateTime(days, minutes) => {
            micros(since_1900(i64::from(*days)), u64::from(*minutes) * 60 * 10_000_000)
        }
        // The server prints milliseconds.
        Value::DateTime(days, parts) => micros(since_1900(i64::from(*days)), (u64::from(*parts) * 10 + 1) / 3 * 10_000),
        Value::DateTime2(day, ticks) | Value::DateTimeOffset(day, ticks, _) => micros(i64::from(*day), *ticks),
        Value::Bytes(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        _ => spoken(value, of)?,
    })
}

fn selected(definition: &TableDef, at: usize) -> String {
    let column = &definition.columns[at];
    let name = format!("`{}`", column.name);
    match column.column_type {
        T::SmallDateTime | T::DateTime | T::DateTime2 { .. } => {
            format!("CAST(UNIX_MICROS(CAST({name} AS TIMESTAMP)) AS STRING)")
        }
        T::DateTimeOffset { .. } => format!("CAST(UNIX_MICROS({name}) AS STRING)"),
        T::Binary(_) | T::Varbinary(_) | T::Image | T::RowVersion => format!("TO_HEX({name})"),
        _ => format!("CAST({name} AS STRING)"),
    }
}

fn target_text(text: String, of: &T) -> Option<String> {
    Some(match of {
        T::Real | T::Float => text.to_lowercase().parse::<f64>().unwrap().to_string(),
        T::Decimal { .. } | T::Money | T::SmallMoney => plain(&text),
        _ => text,
    })
}

/// Without the zeros behind the point.
pub fn plain(number: &str) -> String {
    if number.contains('.') {
        return number.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    number.to_owned()
}
