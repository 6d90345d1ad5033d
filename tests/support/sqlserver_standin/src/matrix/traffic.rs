//! What an application does to the database, by a seed.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use fastrand::Rng;

use super::values::value;
use super::{COMPARED, LINKS, REPLACED, SALES, today};
use crate::error::ServerError;
use crate::model::{ColumnDef, Given, Model, Row, TableDef, Writer};
use crate::typed::{ColumnType as T, DAY_1900, Value};

/// How much was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Transactions that were committed.
    pub commits: u32,
    /// Those that were rolled back.
    pub rollbacks: u32,
    /// Rows that were written, whether they were kept or not.
    pub writes: u32,
}

/// Random changes. The same seed on the same model does the same.
pub struct Traffic {
    model: Model,
    rng: Rng,
    /// The next number of each table's key.
    numbers: HashMap<String, i64>,
    /// How many rows have been made for each table.
    made: HashMap<String, i64>,
    /// Transactions that are open across ticks.
    open: Vec<Writer>,
    /// What has been done.
    pub done: Counted,
}

/// How many transactions may stay open over ticks.
const MOST_OPEN: usize = 2;

impl Traffic {
    /// None yet.
    pub fn new(model: &Model, seed: u64) -> Self {
        Self {
            model: model.clone(),
            rng: Rng::with_seed(seed),
            numbers: HashMap::new(),
            made: HashMap::new(),
            open: Vec::new(),
            done: Counted::default(),
        }
    }

    /// The tables that can be written to.
    fn tables(&self) -> Vec<&'static str> {
        let names = REPLACED.into_iter().chain(COMPARED);
        names.filter(|name| !name.contains(".vw_")).collect()
    }

    /// Puts rows into every table: `small` into those that are replaced, `large` into those that are compared.
    pub fn fill(&mut self, small: usize, large: usize) -> Result<(), ServerError> {
        for table in self.tables() {
            let definition = self.definition(table)?;
            let wanted = if REPLACED.contains(&table) { small } else { large };
            let mut rows = Vec::with_capacity(wanted);
            for _ in 0..wanted {
                rows.push(self.row(&definition));
            }
            if table == SALES {
                // Rows that repeat.
                let again: Vec<Vec<Value>> = rows.iter().step_by(5).cloned().collect();
                rows.extend(again);
            }
            self.model.load(table, rows)?;
        }
        Ok(())
    }

    /// Some transactions: most are committed, some rolled back, some stay open into later ticks.
    pub fn tick(&mut self) -> Result<(), ServerError> {
        self.transactions(3..12)
    }

    /// A tick of so many transactions.
    pub fn transactions(&mut self, many: Range<usize>) -> Result<(), ServerError> {
        for _ in 0..self.rng.usize(many) {
            let mut writer = self.model.begin();
            for _ in 0..self.rng.usize(1..8) {
                match self.write(&mut writer) {
                    Ok(()) => self.done.writes += 1,
                    // Another transaction has the row, or a unique value: an application would try again.
                    Err(error) if matches!(error.number, 1222 | 2627) => {}
                    Err(error) => return Err(error),
                }
            }
            match self.rng.u8(..10) {
                0 => {
                    writer.roll_back();
                    self.done.rollbacks += 1;
                }
                1 if self.open.len() < MOST_OPEN => self.open.push(writer),
                _ => {
                    writer.commit();
                    self.done.commits += 1;
                }
            }
        }
        if !self.open.is_empty() && self.rng.bool() {
            let at = self.rng.usize(..self.open.len());
            self.open.swap_remove(at).commit();
            self.done.commits += 1;
        }
        Ok(())
    }

    /// Commits what is open: after this the rows are what they will be.
    pub fn settle(&mut self) {
        for writer in self.open.drain(..) {
            writer.commit();
            self.done.commits += 1;
        }
    }

    fn definition(&self, table: &str) -> Result<Arc<TableDef>, ServerError> {
        self.model.definition(table).ok_or_else(|| ServerError::no_object(table))
    }

    fn write(&mut self, writer: &mut Writer) -> Result<(), ServerError> {
        let tables = self.tables();
        let table = tables[self.rng.usize(..tables.len())];
        let definition = self.definition(table)?;
        match self.rng.u8(..12) {
            0..=2 => {
                let row = self.row(&definition);
                writer.insert(table, row)
            }
            3..=6 => self.update(writer, table, &definition),
            7..=8 => self.delete(writer, table, &definition),
            9 => self.respell(writer),
            10 => self.close_link(writer),
            _ => self.repeat_sale(writer),
        }
    }

    /// A whole row with a key that none has had.
    fn row(&mut self, definition: &TableDef) -> Vec<Value> {
        *self.made.entry(definition.full_name()).or_default() += 1;
        let key = definition.key();
        let mut row = Vec::with_capacity(definition.columns.len());
        for (at, column) in definition.columns.iter().enumerate() {
            row.push(match (&column.given, key.contains(&at)) {
                (Given::ByCounter, _) => Value::Null,
                (_, true) => self.key_value(definition, column),
                _ => self.plain_value(definition, column),
            });
        }
        row
    }

    fn key_value(&mut self, definition: &TableDef, column: &ColumnDef) -> Value {
        let number = self.numbers.entry(format!("{}.{}", definition.full_name(), column.name)).or_default();
        *number += 1;
        match column.column_type {
            T::Char(_) => {
                // AAA, AAB … in mixed case.
                let letters = [*number / 676 % 26, *number / 26 % 26, *number % 26];
                let letters = letters.map(|n| char::from(b'A' + n as u8));
                let text: String =
                    letters.into_iter().map(|c| if self.rng.bool() { c } else { c.to_ascii_lowercase() }).collect();
                text.into()
            }
            T::TinyInt => Value::Int(*number % 256),
            T::SmallInt => Value::Int(*number % 32_000),
            _ => Value::Int(*number),
        }
    }

    fn plain_value(&mut self, definition: &TableDef, column: &ColumnDef) -> Value {
        match (definition.full_name().as_str(), column.name.as_str()) {
            // Unique, but for its case.
            ("dbo.subscriber", "subs_id") => {
                let number = self.numbers.entry("subs_id".to_owned()).or_default();
                *number += 1;
                format!("S-{number:06}").into()
            }
            // Well inside of the window, or well outside.
            (SALES, "Retail_SaleDate") => {
                let ago = if self.rng.u8(..4) == 0 { self.rng.u32(750..900) } else { self.rng.u32(..690) };
                Value::Date(today() - ago)
            }
            (SALES, "Outlet") => format!("outlet {}", self.rng.u8(..20)).into(),
            (LINKS, "ToDate") if self.rng.u8(..4) != 0 => Value::Null,
            _ => value(&mut self.rng, column),
        }
    }

    /// A row of a table as the transaction sees it.
    fn pick(&mut self, writer: &Writer, table: &str) -> Result<Option<Row>, ServerError> {
        let rows = self.made.get(table).copied().unwrap_or(0);
        writer.row_from(table, self.rng.i64(0..=rows))
    }

    fn update(&mut self, writer: &mut Writer, table: &str, definition: &TableDef) -> Result<(), ServerError> {
        let Some(row) = self.pick(writer, table)? else { return Ok(()) };
        let key = definition.key();
        let mut set: Vec<(&str, Value)> = Vec::new();
        for _ in 0..self.rng.usize(1..4) {
            let at = self.rng.usize(..definition.columns.len());
            let column = &definition.columns[at];
            let is_kept = column.column_type == T::RowVersion || column.given == Given::ByCounter;
            // A key changes now and then.
            if is_kept || key.contains(&at) && self.rng.u8(..6) != 0 {
                continue;
            }
            let new = if key.contains(&at) {
                self.key_value(definition, column)
            } else {
                self.plain_value(definition, column)
            };
            set.push((&column.name, new));
        }
        // Columns that are called dates of change lie: they go back, forth, or stay.
        for column in definition.columns.iter().filter(|c| c.column_type == T::DateTime && c.name.ends_with("_date")) {
            if self.rng.bool() {
                let day = (today() - DAY_1900) as i32 + self.rng.i32(-2000..30);
                set.push((&column.name, Value::DateTime(day, self.rng.u32(..25_920_000))));
            }
        }
        if key.is_empty() {
            let same = |seen: &crate::model::RowView<'_>| {
                definition.columns.iter().zip(row.iter()).all(|(column, value)| seen.get(&column.name) == value)
            };
            return writer.update_where(table, same, &set).map(drop);
        }
        let key: Vec<Value> = key.iter().map(|at| row[*at].clone()).collect();
        writer.update(table, &key, &set).map(drop)
    }

    fn delete(&mut self, writer: &mut Writer, table: &str, definition: &TableDef) -> Result<(), ServerError> {
        // Now and then a small table is empty for a while.
        if REPLACED.contains(&table) && self.rng.u8(..8) == 0 {
            return writer.delete_where(table, |_| true).map(drop);
        }
        let Some(row) = self.pick(writer, table)? else { return Ok(()) };
        let key = definition.key();
        if key.is_empty() {
            let same = |seen: &crate::model::RowView<'_>| {
                definition.columns.iter().zip(row.iter()).all(|(column, value)| seen.get(&column.name) == value)
            };
            return writer.delete_one_where(table, same).map(drop);
        }
        let key: Vec<Value> = key.iter().map(|at| row[*at].clone()).collect();
        writer.delete(table, &key)?;
        // And may come back at once, as another row.
        if self.rng.u8(..4) == 0 && !definition.columns.iter().any(|column| column.given == Given::ByCounter) {
            let mut again = self.row(definition);
            for (at, value) in definition.key().into_iter().zip(key) {
                again[at] = value;
            }
            return writer.insert(table, again);
        }
        Ok(())
    }

    /// A key gets another spelling, which is the same to the server.
    fn respell(&mut self, writer: &mut Writer) -> Result<(), ServerError> {
        const COUNTRIES: &str = "dbo.tbl_country";
        let Some(row) = self.pick(writer, COUNTRIES)? else { return Ok(()) };
        let Some(code) = row[0].as_text() else { return Ok(()) };
        let other: String = code
            .chars()
            .map(|c| if c.is_ascii_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() })
            .collect();
        writer.update(COUNTRIES, &[row[0].clone()], &[("Country_Code", other.into())]).map(drop)
    }

    /// A link is closed, and so leaves the filter; or is opened again.
    fn close_link(&mut self, writer: &mut Writer) -> Result<(), ServerError> {
        let Some(row) = self.pick(writer, LINKS)? else { return Ok(()) };
        let to = match row[5] {
            Value::Null => Value::DateTime((today() - DAY_1900) as i32, self.rng.u32(..25_920_000)),
            _ => Value::Null,
        };
        writer.update(LINKS, &[row[0].clone()], &[("ToDate", to)]).map(drop)
    }

    /// The same sale once more.
    fn repeat_sale(&mut self, writer: &mut Writer) -> Result<(), ServerError> {
        match self.pick(writer, SALES)? {
            Some(row) => writer.insert(SALES, row.to_vec()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::{OPEN_LINKS, RECENT_SALES, model};

    #[test]
    fn a_seed_does_the_same_each_time() {
        let run = || {
            let model = model().unwrap();
            let mut traffic = Traffic::new(&model, 5);
            traffic.fill(20, 60).unwrap();
            for _ in 0..30 {
                traffic.tick().unwrap();
            }
            traffic.settle();
            let rows: Vec<String> =
                model.names().iter().map(|name| format!("{name} {:?}", model.rows(name).unwrap())).collect();
            (rows, traffic.done, model)
        };
        let (rows, done, model) = run();
        assert_eq!((&rows, done), (&run().0, done));
        assert!(done.commits > 100 && done.rollbacks > 5 && done.writes > 500, "{done:?}");
        for (table, condition) in [(LINKS, OPEN_LINKS), (SALES, RECENT_SALES)] {
            let (all, inside) = (model.rows(table).unwrap().len(), model.rows_where(table, condition).unwrap().len());
            assert!(0 < inside && inside < all, "{table}: {inside} of {all}");
        }
        assert!(!model.rows("ffx.vw_RPT_SubsRateRounds").unwrap().is_empty());
    }
}
