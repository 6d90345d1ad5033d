//! `key = "row"` on a SQL Server: a table and a view in which nothing but its values tells a row from another. Each row is in the target as
//! often as it is in the source.

use std::sync::Arc;

use sqlserver_standin::model::{ColumnDef, Model, RowView, Switch, TableDef, ViewDef};
use sqlserver_standin::typed::{ColumnType, Length, Value};

use super::sqlserver::{assert_quiet, model_of, staged};
use super::verify::verify;
use crate::support::World;
use crate::support::sqlserver_rows::Published;

const RATE: &str = "dbo.rate";
const REPORT: &str = "dbo.report";
const EVEN: &str = "hidden % 2 = 0";

fn rate(city: Option<&str>, price: i128, hidden: i32) -> Vec<Value> {
    vec![city.into(), Value::Decimal(price), hidden.into()]
}

fn hidden(row: &RowView<'_>) -> i64 {
    row.get("hidden").as_int().unwrap()
}

/// 203 rows, of which `city` and `price` are equal in many; and a view that shows these two columns.
fn rates() -> Model {
    let model = model_of("CREATE TABLE dbo.rate (city varchar(20) NULL, price decimal(8, 2) NULL, hidden int NULL);");
    let cities = ["Perth", "perth", "Perth ", "Zoë"];
    let some = (0..200).map(|n| rate(Some(cities[n % 4]), (n % 3) as i128, n as i32));
    model.load(RATE, some.chain([rate(None, 1, 201), rate(None, 1, 202), rate(Some(""), 1, 203)])).unwrap();
    model.on_where(EVEN, |row| hidden(row) % 2 == 0);
    let columns = ["city", "price"].map(str::to_owned);
    model.create_view(ViewDef {
        table: TableDef::new(
            "dbo",
            "report",
            vec![
                ColumnDef::new("city", ColumnType::Varchar(Length::Of(20))),
                ColumnDef::new("price", ColumnType::Decimal { precision: 8, scale: 2 }),
            ],
        ),
        reads: vec![RATE.to_owned()],
        columns_read: columns.map(|column| (RATE.to_owned(), column)).to_vec(),
        text_digest: "A1".to_owned(),
        indexed: Switch::Off,
        rows: Arc::new(|reader| {
            let mut rows = Vec::new();
            reader.each(RATE, |row| rows.push(vec![row.get("city").clone(), row.get("price").clone()]))?;
            Ok(rows)
        }),
    });
    model
}

async fn world(source: &str, rest: &str) -> World {
    let w = World::on_sql_server(rates()).await;
    w.config(&format!("[[table]]\nsource = \"{source}\"\ncapture = \"digest\"\nkey = \"row\"\n{rest}"));
    w.tick().await;
    w
}

const OF_RATE: Published<'static> = Published { source: RATE, target: "rate", filter: None, excluded: &["hidden"] };

/// The copies of each row are numbered from 1 without a gap, and no two rows that differ share a hash.
async fn assert_numbered(w: &World, target: &str) {
    let sql = format!(
        "SELECT CAST(COUNT(*) AS STRING) FROM (SELECT _plimsoll_row, COUNT(*) AS n, MIN(_plimsoll_copy) AS low, MAX(_plimsoll_copy) AS high, \
         COUNT(DISTINCT CONCAT(IFNULL(city, '~'), '|', CAST(price AS STRING))) AS texts FROM `{{d}}.{target}` GROUP BY _plimsoll_row) \
         WHERE low <> 1 OR high <> n OR texts <> 1"
    );
    assert_eq!(w.target(&sql).await, [[Some("0".to_owned())]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_come_and_go() {
    let w = world(RATE, "exclude = [\"hidden\"]\n").await;
    assert_eq!(OF_RATE.assert_equal(&w).await, 203);
    assert_numbered(&w, "rate").await;
    assert_quiet(&w).await;
    let mut writer = w.model().begin();
    writer.update_where(RATE, |row| hidden(row) == 14, &[("price", Value::Decimal(900))]).unwrap();
    writer.delete_one_where(RATE, |row| hidden(row) == 21).unwrap();
    writer.insert(RATE, rate(None, 1, 7)).unwrap();
    // Nobody sees this.
    writer.update_where(RATE, |row| hidden(row) == 33, &[("hidden", 1033.into())]).unwrap();
    writer.commit();
    let report = w.tick().await;
    assert_eq!(staged(&report), (2, 2), "{report:#}");
    assert_eq!(OF_RATE.assert_equal(&w).await, 203);
    assert_numbered(&w, "rate").await;
    assert_quiet(&w).await;
    // Another spelling of the text is another row.
    let mut writer = w.model().begin();
    writer.update_where(RATE, |row| row.get("city").as_text() == Some("perth"), &[("city", "PERTH".into())]).unwrap();
    writer.commit();
    w.tick().await;
    assert_eq!(OF_RATE.assert_equal(&w).await, 203);
    assert_numbered(&w, "rate").await;
    assert_quiet(&w).await;
    // All copies of a row go, and one comes back.
    let mut writer = w.model().begin();
    writer.delete_where(RATE, |row| row.get("city").is_null()).unwrap();
    writer.commit();
    assert_eq!(staged(&w.tick().await), (0, 3));
    assert_eq!(OF_RATE.assert_equal(&w).await, 200);
    let mut writer = w.model().begin();
    writer.insert(RATE, rate(None, 1, 8)).unwrap();
    writer.commit();
    assert_eq!(staged(&w.tick().await), (1, 0));
    assert_eq!(OF_RATE.assert_equal(&w).await, 201);
    assert_numbered(&w, "rate").await;
}

/// Copies are counted among the rows that the filter lets through, by a column that is not published.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_a_hidden_column_lets_through() {
    let w = world(RATE, &format!("exclude = [\"hidden\"]\nwhere = \"{EVEN}\"\n")).await;
    let published = Published { filter: Some(EVEN), ..OF_RATE };
    assert_eq!(published.assert_equal(&w).await, 101);
    let mut writer = w.model().begin();
    for id in [10, 22, 34] {
        writer.update_where(RATE, |row| hidden(row) == id, &[("hidden", (id as i32 + 1).into())]).unwrap();
    }
    writer.update_where(RATE, |row| hidden(row) == 51, &[("hidden", 50.into())]).unwrap();
    writer.commit();
    w.tick().await;
    assert_eq!(published.assert_equal(&w).await, 99);
    assert_numbered(&w, "rate").await;
    assert_quiet(&w).await;
}

/// Of a view nothing is known but its rows.
#[tokio::test(flavor = "multi_thread")]
async fn a_view_whose_rows_repeat() {
    let w = world(REPORT, "").await;
    let published = Published::whole(REPORT);
    assert_eq!(published.assert_equal(&w).await, 203);
    let mut writer = w.model().begin();
    writer.delete_where(RATE, |row| matches!(hidden(row), 7 | 9)).unwrap();
    writer.update_where(RATE, |row| hidden(row) == 12, &[("city", Value::Null)]).unwrap();
    writer.commit();
    let report = w.tick().await;
    assert_eq!(staged(&report), (1, 3), "{report:#}");
    assert_eq!(published.assert_equal(&w).await, 201);
    assert_numbered(&w, "report").await;
    assert_quiet(&w).await;
}

/// A comparison reads the rows that differ by their hash and copy: those that only the source has, those that only the target has, and both.
#[tokio::test(flavor = "multi_thread")]
async fn verify_finds_and_repairs_copies() {
    let w = world(RATE, "exclude = [\"hidden\"]\n").await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{report}");
    w.target("DELETE FROM `{d}.rate` WHERE city = 'Perth' AND _plimsoll_copy = 2").await;
    w.target("UPDATE `{d}.rate` SET price = 77 WHERE city = 'Zoë' AND _plimsoll_copy = 3").await;
    w.target("UPDATE `{d}.rate` SET _plimsoll_copy = 40 WHERE city IS NULL AND _plimsoll_copy = 2").await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, report["state"].as_str()), (1, Some("differs")), "{report}");
    let counts = ["missing", "extra", "different"].map(|name| report[name].as_u64().unwrap());
    assert_eq!(counts, [4, 1, 3], "{report}");
    let (code, report) = verify(&w, &["--repair"]).await;
    assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{report}");
    assert_eq!(OF_RATE.assert_equal(&w).await, 203);
    assert_numbered(&w, "rate").await;
    // What was repaired may be sent once more, and then no more.
    w.tick().await;
    assert_quiet(&w).await;
}
