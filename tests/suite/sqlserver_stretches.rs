//! A table of a SQL Server that is larger than a run takes: compared with its target a stretch of keys at a time.

use serde_json::Value;
use sqlserver_standin::typed::Value as Cell;

use super::sqlserver::model_of;
use crate::support::{Ran, World};

const ROWS: i64 = 95;

/// A table `dbo.item` whose key has these columns, of the n-th row with these values.
async fn world(columns: &str, key: &str, of: impl Fn(i64) -> Vec<Cell>) -> World {
    let model = model_of(&format!("CREATE TABLE dbo.item ({columns}, n int NULL, PRIMARY KEY ({key}));"));
    model.load("dbo.item", (1..=ROWS).map(|n| of(n).into_iter().chain([Cell::Int(n)]).collect())).unwrap();
    let w = World::on_sql_server(model).await;
    let table = "[[table]]\nsource = \"dbo.item\"\ncapture = \"digest\"\n";
    w.config(table);
    w.tick().await;
    w.config_with("chunk_rows = 30", table);
    w
}

/// The table's comparison, in whichever run of the report it is.
fn verified(ran: &Ran) -> Value {
    let runs = ran.json()["runs"].clone();
    runs.as_array().unwrap().iter().find_map(|r| r["verified"].get(0).cloned()).unwrap_or_default()
}

/// Each difference is told once, wherever it lies, and mended.
async fn compared(w: &World, scans: usize) {
    for sql in ["UPDATE `{d}.item` SET n = -1 WHERE n IN (3, 30, 95)", "DELETE FROM `{d}.item` WHERE n IN (31, 50)"] {
        w.target(sql).await;
    }
    w.bq.clear();
    let ran = w.run(&["verify", "--json"]).await;
    let found = verified(&ran);
    let counts = ["missing", "extra", "different", "source_rows"].map(|n| found[n].as_u64().unwrap());
    assert_eq!((ran.code, counts), (1, [2, 0, 3, ROWS.unsigned_abs()]), "{found:#}");
    let is_scan = |r: &crate::support::Recorded| String::from_utf8_lossy(&r.body).contains("SUM(CAST(");
    assert_eq!(w.bq.log().iter().filter(|r| is_scan(r)).count(), scans);
    let ran = w.run(&["verify", "--repair", "--json"]).await;
    let found = verified(&ran);
    assert_eq!((ran.code, found["repaired"].as_u64()), (0, Some(5)), "{found:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_both_sides_order_alike_are_cut() {
    let seconds = |n: i64| u64::try_from(n * 1000).unwrap();
    let w = world("k int NOT NULL", "k", |n| vec![Cell::Int(n - 40)]).await;
    compared(&w, 4).await;
    let w = world("k decimal(12, 3) NOT NULL", "k", |n| vec![Cell::Decimal(i128::from(n - 40) * 50)]).await;
    compared(&w, 4).await;
    let w = world("k datetime NOT NULL", "k", |n| vec![Cell::DateTime(40_000, u32::try_from(n).unwrap())]).await;
    compared(&w, 4).await;
    let w = world("k datetime2(3) NOT NULL", "k", |n| vec![Cell::DateTime2(738_000, seconds(n) * 10)]).await;
    compared(&w, 4).await;
    // Several rows of one value end together.
    let w = world("k smallint NOT NULL, c varchar(9) NOT NULL", "k, c", |n| {
        vec![Cell::Int(n / 20), format!("{n}").as_str().into()]
    })
    .await;
    compared(&w, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_they_order_in_two_ways_are_not() {
    let w = world("k varchar(9) NOT NULL", "k", |n| {
        vec![format!("{}{n}", if n % 2 == 0 { "a" } else { "B" }).as_str().into()]
    })
    .await;
    compared(&w, 1).await;
}
