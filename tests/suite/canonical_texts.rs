//! The canonical text of a value is the same in three implementations that share no code: from plain values, in PostgreSQL's SQL, and in
//! BigQuery's as Google's own engine evaluates it.

use fastrand::Rng;
use plimsoll::bigquery::canonical_piece;
use plimsoll::canonical::{ComparedColumn, RowText, Structure};
use plimsoll::model::{Column, ColumnMode, TargetType};
use plimsoll::source::postgres::{self, ServerText};
use serde_json::json;
use tokio_postgres::SimpleQueryMessage;

use crate::canonical_digests::{Looked, SETTINGS};
use crate::support::Database;
use crate::support::google::{GivenTable, evaluate};
use crate::support::plain_values::{COLUMNS, Cell, REPEATED, ValueColumn, double, single};

/// Random values of each column; the first is NULL.
pub fn cells(columns: &[ValueColumn], rows: usize, seed: u64) -> Vec<Vec<Cell>> {
    let mut rng = Rng::with_seed(seed);
    let column = |c: &ValueColumn, rng: &mut Rng| {
        let mut cells = vec![Cell::null()];
        cells.extend((1..rows).map(|_| (c.make)(rng)));
        cells
    };
    columns.iter().map(|c| column(c, &mut rng)).collect()
}

/// A table of these values, and the config's lines for it.
pub async fn fill(database: &Database, columns: &[ValueColumn], cells: &mut [Vec<Cell>]) -> String {
    let declared: Vec<String> = columns.iter().map(|c| format!("{} {}", c.name, c.pg_type)).collect();
    let sql = format!("CREATE TABLE t (id int PRIMARY KEY, {})", declared.join(", "));
    database.pg.batch_execute(&sql).await.unwrap();
    database.pg.batch_execute("CREATE TABLE texts (id int, x text)").await.unwrap();
    for (n, (column, cells)) in columns.iter().zip(&mut *cells).enumerate() {
        let texts: Vec<Option<String>> = cells.iter().map(|c| c.source.clone()).collect();
        let read = format!("({})::{}", column.from_text, column.pg_type);
        let sql = if n == 0 {
            format!(
                "INSERT INTO t (id, {}) SELECT i, {read} FROM unnest($1::text[]) WITH ORDINALITY AS u(x, i)",
                column.name
            )
        } else {
            format!(
                "UPDATE t SET {} = {read} FROM unnest($1::text[]) WITH ORDINALITY AS u(x, i) WHERE id = i",
                column.name
            )
        };
        database.pg.execute(&sql, &[&texts]).await.unwrap_or_else(|e| panic!("{}: {e:?}", column.name));
    }
    for (column, cells) in columns.iter().zip(cells).filter(|(c, _)| c.pg_type == "real") {
        let sql = format!("SELECT {}::text FROM t WHERE id > 1 ORDER BY id", column.name);
        let texts = database.pg.query(&sql, &[]).await.unwrap();
        cells.iter_mut().skip(1).zip(texts).for_each(|(cell, row)| *cell = Cell::printed_single(row.get(0)));
    }
    let forced = columns.iter().filter_map(|c| Some(format!("columns.{}.type = \"{}\"\n", c.name, c.forced?)));
    forced.collect()
}

fn expected(column: &ComparedColumn, cell: &Cell) -> String {
    let mut text = RowText::default();
    text.push(column, &cell.plain);
    text.as_str().to_owned()
}

async fn in_postgres(database: &Database, looked: &Looked, column: usize) -> Vec<String> {
    let piece = postgres::canonical_piece(looked.table(), column, ServerText::Utf8).unwrap();
    let sql = format!("{SETTINGS}; SELECT {piece} FROM t AS t ORDER BY id");
    let messages = database.pg.simple_query(&sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    let rows = messages.into_iter().filter_map(|m| match m {
        SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap().to_owned()),
        _ => None,
    });
    rows.collect()
}

/// The pieces of each column, from one query.
fn in_google(columns: &[ComparedColumn], cells: &[Vec<Cell>]) -> Vec<Vec<String>> {
    let given = given_table(columns, cells);
    let pieces: Vec<String> = columns.iter().map(canonical_piece).collect();
    let query = format!("SELECT {} FROM `p.d.t` AS T ORDER BY T.id", pieces.join(", "));
    let rows = evaluate(&given, &[query]).remove(0);
    (0..columns.len()).map(|n| rows.iter().map(|row| row[n].clone().unwrap()).collect()).collect()
}

/// The rows as the target has them, with a number each.
pub fn given_table(columns: &[ComparedColumn], cells: &[Vec<Cell>]) -> GivenTable {
    let declared = columns.iter().map(|c| {
        let plain = c.column.target_type.sql_name();
        let is_repeated = c.column.mode == ColumnMode::Repeated;
        (c.column.name.clone(), if is_repeated { format!("ARRAY<{plain}>") } else { plain.to_owned() })
    });
    let value = |n: usize, c: &Cell| match columns[n].column.mode {
        ColumnMode::Repeated if c.target.is_null() => json!([]),
        _ => c.target.clone(),
    };
    let row = |r: usize| {
        let values = cells.iter().enumerate().map(|(n, column)| value(n, &column[r]));
        std::iter::once(json!((r + 1).to_string())).chain(values).collect()
    };
    GivenTable {
        name: "p.d.t".to_owned(),
        columns: std::iter::once(("id".to_owned(), "INT64".to_owned())).chain(declared).collect(),
        rows: (0..cells[0].len()).map(row).collect(),
    }
}

#[track_caller]
fn assert_same(who: &str, column: &ComparedColumn, cells: &[Cell], found: &[String]) {
    assert_eq!(found.len(), cells.len(), "{who}: {}", column.column.name);
    for (cell, found) in cells.iter().zip(found) {
        assert_eq!(*found, expected(column, cell), "{who}: {} {:?}", column.column.name, cell.source);
    }
}

/// How many of the values the target can't hold: the test is about them too.
fn nulled(column: &ComparedColumn, cells: &[Cell]) -> usize {
    cells.iter().filter(|c| !c.plain.is_held(column.column.target_type)).count()
}

async fn postgres_agrees(columns: &[ValueColumn], config: &str, rows: usize) {
    let database = Database::new("").await;
    let mut cells = cells(columns, rows, 1);
    let forced = fill(&database, columns, &mut cells).await;
    let looked = Looked::at(&database, &format!("{config}{forced}")).await;
    for (n, (compared, cells)) in looked.columns()[1..].iter().zip(&cells).enumerate() {
        assert_same("PostgreSQL", compared, cells, &in_postgres(&database, &looked, n + 1).await);
        let may_refuse = !matches!(
            compared.column.target_type,
            TargetType::Bool | TargetType::Int64 | TargetType::Float64 | TargetType::String | TargetType::Bytes
        );
        let is_sure = ["n2", "n76", "nb"].contains(&compared.column.name.as_str());
        assert_eq!(
            nulled(compared, cells) > 0,
            compared.column.mode == ColumnMode::Repeated || may_refuse && !is_sure,
            "{}",
            compared.column.name
        );
    }
    // The server counts the same values.
    let sums = looked.sums().await;
    let counted: u64 = sums.values().map(|s| s.nulled).sum();
    let all: usize = looked.columns()[1..].iter().zip(&cells).map(|(c, cells)| nulled(c, cells)).sum();
    assert_eq!(counted, all as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_writes_the_text_of_every_type() {
    postgres_agrees(COLUMNS, "", 2000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_writes_the_text_of_repeated_columns() {
    postgres_agrees(REPEATED, "arrays = \"repeated\"\n", 1000).await;
}

const FLOATS: &[ValueColumn] = &[
    ValueColumn { name: "f8", pg_type: "double precision", from_text: "x", forced: None, make: double },
    ValueColumn { name: "f4", pg_type: "real", from_text: "x", forced: None, make: single },
];

#[tokio::test(flavor = "multi_thread")]
async fn doubles_of_any_bits_have_one_text() {
    let database = Database::new("").await;
    let mut cells = cells(FLOATS, 24_000, 2);
    fill(&database, FLOATS, &mut cells).await;
    let looked = Looked::at(&database, "").await;
    let google = in_google(&looked.columns()[1..], &cells);
    for (n, (compared, cells)) in looked.columns()[1..].iter().zip(&cells).enumerate() {
        assert_same("PostgreSQL", compared, cells, &in_postgres(&database, &looked, n + 1).await);
        assert_same("Google", compared, cells, &google[n]);
    }
}

/// The engine needs no source: the types are those that the columns become.
fn google_agrees(columns: &[ValueColumn], mode: ColumnMode, types: &[TargetType], rows: usize) {
    let cells = cells(columns, rows, 3);
    assert_eq!(columns.len(), types.len());
    let compared = |(column, target_type): (&ValueColumn, &TargetType)| ComparedColumn {
        column: Column { name: column.name.to_owned(), target_type: *target_type, mode },
        structure: Structure::Full,
    };
    let compared: Vec<ComparedColumn> = columns.iter().zip(types).map(compared).collect();
    for ((compared, cells), found) in compared.iter().zip(&cells).zip(in_google(&compared, &cells)) {
        assert_same("Google", compared, cells, &found);
    }
}

#[test]
fn google_writes_the_text_of_every_type() {
    use TargetType::{BigNumeric, Bool, Bytes, Date, DateTime, Float64, Int64, Json, Numeric, String, Time, Timestamp};
    let types = [
        Bool, Int64, Int64, Int64, Float64, Float64, BigNumeric, Numeric, BigNumeric, Numeric, BigNumeric, String,
        Bytes, String, Date, Time, DateTime, Timestamp, Timestamp, Json, Json,
    ];
    google_agrees(COLUMNS, ColumnMode::Nullable, &types, 1000);
}

#[test]
fn google_writes_the_text_of_repeated_columns() {
    use TargetType::{BigNumeric, Float64, Int64, Json, String};
    google_agrees(REPEATED, ColumnMode::Repeated, &[Int64, String, Float64, BigNumeric, Json], 1000);
}
