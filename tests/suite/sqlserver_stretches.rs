//! Tables of a SQL Server that are larger than a run takes: compared with their targets a stretch of keys at a time.

use serde_json::Value;
use sqlserver_standin::typed::Value as Cell;

use super::sqlserver::model_of;
use crate::support::{Ran, World};

const ROWS: i64 = 95;

/// A table by its name, the columns and the order of its key, and the key of its n-th row.
struct Keyed {
    table: &'static str,
    columns: &'static str,
    key: &'static str,
    of: fn(i64) -> Vec<Cell>,
    /// Lines for the table's config.
    config: &'static str,
}

async fn world(all: &[Keyed]) -> World {
    let ddl = all
        .iter()
        .map(|t| format!("CREATE TABLE dbo.{} ({}, n int NULL, PRIMARY KEY ({}));", t.table, t.columns, t.key));
    let model = model_of(&ddl.collect::<String>());
    for t in all {
        let rows = (1..=ROWS).map(|n| (t.of)(n).into_iter().chain([Cell::Int(n)]).collect::<Vec<_>>());
        model.load(&format!("dbo.{}", t.table), rows).unwrap();
    }
    let w = World::on_sql_server(model).await;
    let tables =
        all.iter().map(|t| format!("[[table]]\nsource = \"dbo.{}\"\ncapture = \"digest\"\n{}", t.table, t.config));
    let tables: String = tables.collect();
    w.config(&tables);
    w.tick().await;
    w.config_with("chunk_rows = 30", &tables);
    w
}

/// The tables' comparisons, in whichever runs of the report they are.
fn verified(ran: &Ran) -> Vec<Value> {
    let runs = ran.json()["runs"].clone();
    runs.as_array().unwrap().iter().filter_map(|r| r["verified"].as_array().cloned()).flatten().collect()
}

/// Each difference is told once, wherever it lies, and mended.
async fn compared(all: &[Keyed], scans: usize) {
    let w = world(all).await;
    for Keyed { table, .. } in all {
        w.target(&format!("UPDATE `{{d}}.{table}` SET n = -1 WHERE n IN (3, 30, 95)")).await;
        w.target(&format!("DELETE FROM `{{d}}.{table}` WHERE n IN (31, 50)")).await;
    }
    w.bq.clear();
    let ran = w.run(&["verify", "--json"]).await;
    let found = verified(&ran);
    assert_eq!((ran.code, found.len()), (1, all.len()), "{}", ran.stdout);
    for table in &found {
        let counts = ["missing", "extra", "different", "source_rows"].map(|n| table[n].as_u64().unwrap());
        assert_eq!(counts, [2, 0, 3, ROWS.unsigned_abs()], "{table:#}");
    }
    let is_scan = |r: &crate::support::Recorded| String::from_utf8_lossy(&r.body).contains("SUM(CAST(");
    assert_eq!(w.bq.log().iter().filter(|r| is_scan(r)).count(), scans);
    let ran = w.run(&["verify", "--repair", "--json"]).await;
    let found = verified(&ran);
    assert_eq!((ran.code, found.len()), (0, all.len()), "{}", ran.stdout);
    assert!(found.iter().all(|table| table["repaired"].as_u64() == Some(5)), "{found:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_both_sides_order_alike_are_cut() {
    let all = [
        Keyed { table: "number", columns: "k int NOT NULL", key: "k", of: |n| vec![Cell::Int(n - 40)], config: "" },
        Keyed {
            table: "price",
            columns: "k decimal(12, 3) NOT NULL",
            key: "k",
            of: |n| vec![Cell::Decimal(i128::from(n - 40) * 50)],
            config: "",
        },
        Keyed {
            table: "moment",
            columns: "k datetime NOT NULL",
            key: "k",
            of: |n| vec![Cell::DateTime(40_000, u32::try_from(n).unwrap())],
            config: "",
        },
        Keyed {
            table: "later",
            columns: "k datetime2(3) NOT NULL",
            key: "k",
            of: |n| vec![Cell::DateTime2(738_000, u64::try_from(n).unwrap() * 10_000)],
            config: "",
        },
        // Several rows of one value end together.
        Keyed {
            table: "pair",
            columns: "k smallint NOT NULL, c varchar(9) NOT NULL",
            key: "k, c",
            of: |n| vec![Cell::Int(n / 20), format!("{n}").as_str().into()],
            config: "",
        },
    ];
    compared(&all, 4 * 4 + 3).await;
}

/// As moments in UTC they come from the target with a zone, which none of these types has.
#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_timestamps_in_the_target_are_cut() {
    const CONFIG: &str = "columns.k.type = \"TIMESTAMP\"\n";
    let all = [
        Keyed {
            table: "moment",
            columns: "k datetime NOT NULL",
            key: "k",
            of: |n| vec![Cell::DateTime(40_000, u32::try_from(n).unwrap())],
            config: CONFIG,
        },
        Keyed {
            table: "minute",
            columns: "k smalldatetime NOT NULL",
            key: "k",
            of: |n| vec![Cell::SmallDateTime(40_000, u16::try_from(n).unwrap())],
            config: CONFIG,
        },
        Keyed {
            table: "later",
            columns: "k datetime2(3) NOT NULL",
            key: "k",
            of: |n| vec![Cell::DateTime2(738_000, u64::try_from(n).unwrap() * 10_000)],
            config: CONFIG,
        },
    ];
    compared(&all, 3 * 4).await;
}

/// Their values are printed otherwise there and here.
#[tokio::test(flavor = "multi_thread")]
async fn keys_of_bytes_are_compared_and_mended() {
    let all = [
        Keyed {
            table: "hash",
            columns: "k binary(3) NOT NULL",
            key: "k",
            of: |n| vec![Cell::bytes(&[0xab, u8::try_from(n).unwrap(), 0])],
            config: "",
        },
        Keyed {
            table: "bytes",
            columns: "k varbinary(8) NOT NULL",
            key: "k",
            of: |n| vec![Cell::bytes(&[0xab, u8::try_from(n).unwrap()])],
            config: "",
        },
        Keyed { table: "row", columns: "k rowversion NOT NULL", key: "k", of: |_| vec![Cell::Null], config: "" },
    ];
    compared(&all, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_they_order_in_two_ways_are_not() {
    let of = |n: i64| vec![format!("{}{n}", if n % 2 == 0 { "a" } else { "B" }).as_str().into()];
    compared(&[Keyed { table: "item", columns: "k varchar(9) NOT NULL", key: "k", of, config: "" }], 1).await;
}
