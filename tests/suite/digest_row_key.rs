//! `key = "row"`: rows that nothing but their values tells apart, each as often as it is there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use plimsoll::failpoint::VARIABLE;
use serde_json::Value;

use super::verify::verify;
use crate::support::World;

const RATES: &str = "CREATE TABLE rate (city text, price numeric(8,2), hidden int);
    INSERT INTO rate SELECT 'c' || g % 7, g % 3, g FROM generate_series(1, 200) g;
    INSERT INTO rate VALUES (NULL, NULL, 1), (NULL, NULL, 2), ('', NULL, 3); ANALYZE rate;";
const BY_ROW: &str = "[[table]]\nsource = \"rate\"\ncapture = \"digest\"\nkey = \"row\"\nexclude = [\"hidden\"]\n";

async fn world(rest: &str) -> World {
    let w = World::new().await;
    w.sql(RATES).await;
    w.config(&format!("{BY_ROW}{rest}"));
    w.tick().await;
    w
}

/// Every row, as often as it is there.
async fn assert_equal(w: &World, condition: &str) {
    let sql = format!(
        "SELECT concat(coalesce(city, '~'), '|', coalesce(price::numeric(8,2)::text, '~')) FROM rate WHERE {condition}"
    );
    let mut source: Vec<String> = w.pg.query(&sql, &[]).await.unwrap().iter().map(|r| r.get(0)).collect();
    let found = w.target("SELECT city, CAST(price AS STRING), _plimsoll_row, _plimsoll_copy FROM `{d}.rate`").await;
    let price = |text: &str| format!("{:.2}", text.parse::<f64>().unwrap());
    let mut target: Vec<String> = Vec::new();
    let mut copies: BTreeMap<(String, String), Vec<u64>> = BTreeMap::new();
    for row in found {
        let [city, cost, hash, copy] = row.try_into().unwrap();
        let text = format!("{}|{}", city.unwrap_or("~".to_owned()), cost.map_or("~".to_owned(), |p| price(&p)));
        copies.entry((text.clone(), hash.unwrap())).or_default().push(copy.unwrap().parse().unwrap());
        target.push(text);
    }
    source.sort();
    target.sort();
    assert_eq!(source, target);
    // A hash is of equal rows alone, and their copies are counted without a gap.
    let hashes: BTreeSet<&String> = copies.keys().map(|(_, hash)| hash).collect();
    assert_eq!(hashes.len(), copies.len());
    for numbers in copies.values_mut() {
        numbers.sort_unstable();
        assert!(numbers.iter().zip(1..).all(|(n, wanted)| *n == wanted), "{numbers:?}");
    }
}

fn staged(report: &Value) -> (u64, u64) {
    let table = &report["tables"][0];
    (table["upserts"].as_u64().unwrap_or(0), table["deletes"].as_u64().unwrap_or(0))
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_come_and_go() {
    let w = world("").await;
    assert_equal(&w, "true").await;
    assert_eq!(w.tick().await["state"], "empty");
    // One of many equal rows changes, one goes, one more comes.
    for (sql, wanted) in [
        ("UPDATE rate SET price = 9 WHERE hidden = 14", (1, 1)),
        ("DELETE FROM rate WHERE hidden = 21", (0, 1)),
        ("INSERT INTO rate SELECT city, price FROM rate WHERE hidden = 5", (1, 0)),
        ("UPDATE rate SET hidden = hidden + 1000", (0, 0)),
        ("DELETE FROM rate WHERE city IS NULL", (0, 2)),
        ("INSERT INTO rate VALUES (NULL, NULL, 1), (NULL, NULL, 2), (NULL, NULL, 3), ('', NULL, 3)", (4, 0)),
        (
            "UPDATE rate SET city = CASE city WHEN 'c1' THEN 'c2' WHEN 'c2' THEN 'c1' END WHERE city IN ('c1', 'c2')",
            (1, 1),
        ),
    ] {
        w.sql(sql).await;
        let report = w.tick().await;
        let found = staged(&report);
        // Those two cities differ by how often each price is there, whichever way round.
        let is_swap = sql.contains("CASE");
        assert!(found == wanted || (is_swap && found.0 == found.1 && found.0 < 20), "{sql}: {report:#}");
        assert_equal(&w, "true").await;
        assert_eq!(w.tick().await["state"], "empty", "{sql}");
    }
}

/// What the config lets through may hang on a column that is not published: copies are counted among those rows alone.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_the_filter_tells_apart() {
    let w = world("where = \"hidden % 2 = 0\"\n").await;
    assert_equal(&w, "hidden % 2 = 0").await;
    w.sql("UPDATE rate SET hidden = hidden + 1 WHERE hidden BETWEEN 10 AND 90").await;
    w.tick().await;
    assert_equal(&w, "hidden % 2 = 0").await;
    assert_eq!(w.tick().await["state"], "empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_with_equal_rows_and_hashed_columns() {
    let w = World::new().await;
    w.sql(RATES).await;
    w.sql("CREATE VIEW report AS SELECT city, price FROM rate").await;
    w.config("[[table]]\nsource = \"report\"\ncapture = \"digest\"\nkey = \"row\"\nhash = [\"city\"]\nrename = { price = \"cost\" }\n");
    let text = std::fs::read_to_string(w.config_path()).unwrap();
    std::fs::write(w.config_path(), text.replace("[storage]", "hash_salt = \"sixteen-and-more\"\n[storage]")).unwrap();
    w.tick().await;
    let count = "SELECT CAST(COUNT(*) AS STRING), CAST(COUNT(DISTINCT city) AS STRING) FROM `{d}.report`";
    assert_eq!(w.target(count).await, [[Some("203".to_owned()), Some("8".to_owned())]]);
    w.sql("DELETE FROM rate WHERE hidden = 7").await;
    assert_eq!(staged(&w.tick().await), (0, 1));
    assert_eq!(w.target(count).await, [[Some("202".to_owned()), Some("8".to_owned())]]);
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{report}");
}

/// The hash is the key, so under other columns each row has another one: all are read again, and the run says so.
#[tokio::test(flavor = "multi_thread")]
async fn another_set_of_columns_is_read_whole() {
    let w = world("").await;
    w.sql("UPDATE rate SET price = 5 WHERE hidden = 3; ALTER TABLE rate ADD COLUMN zone int; UPDATE rate SET zone = 1 WHERE hidden = 4").await;
    let report = w.tick().await;
    assert!(report["whole"].is_string(), "{report:#}");
    assert_equal(&w, "true").await;
    let zones = w.target("SELECT CAST(COUNT(zone) AS STRING) FROM `{d}.rate`").await;
    assert_eq!(zones, [[Some("1".to_owned())]]);
    assert_eq!(w.tick().await["state"], "empty");
    w.sql("DELETE FROM rate WHERE hidden = 4").await;
    assert_eq!(staged(&w.tick().await), (0, 1));
    assert_equal(&w, "true").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn soft_deletes_flag_a_copy() {
    let w = world("delete = \"soft\"\n").await;
    w.sql("DELETE FROM rate WHERE hidden IN (14, 21)").await;
    assert_eq!(staged(&w.tick().await), (0, 2));
    let gone = "SELECT CAST(COUNT(*) AS STRING) FROM `{d}.rate` WHERE is_deleted";
    assert_eq!(w.target(gone).await, [[Some("2".to_owned())]]);
    w.sql("INSERT INTO rate SELECT 'c0', 2").await;
    w.tick().await;
    assert_eq!(w.target(gone).await, [[Some("1".to_owned())]]);
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{report}");
}

/// A row that is missing in the target is told by its hash and its copy, and comes back.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_copy_is_found_and_repaired() {
    let w = world("").await;
    w.target("DELETE FROM `{d}.rate` WHERE city = 'c1' AND _plimsoll_copy = 2").await;
    w.target("UPDATE `{d}.rate` SET city = 'wrong' WHERE city = 'c2' AND _plimsoll_copy = 1").await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!(
        (code, &report["missing"], &report["different"], &report["extra"]),
        (1, &3.into(), &3.into(), &0.into()),
        "{report}"
    );
    let (code, report) = verify(&w, &["--repair"]).await;
    assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{report}");
    assert_equal(&w, "true").await;
}

/// Wherever a run ends, the lists are those of what is in the target.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_point() {
    let w = World::new().await;
    w.sql(RATES).await;
    w.config_with("lease = \"1s\"", BY_ROW);
    w.tick().await;
    let points = ["upload", "list-write", "seal", "load-wait", "merge-wait", "commit"];
    for (n, point) in points.into_iter().enumerate() {
        w.sql(&format!(
            "UPDATE rate SET price = {n} WHERE hidden BETWEEN {} AND {}; DELETE FROM rate WHERE hidden = {}",
            n * 10 + 1,
            n * 10 + 9,
            n * 10 + 10
        ))
        .await;
        let child = w.command(&["run", "--json"]).env(VARIABLE, format!("{point}:after=crash")).spawn().unwrap();
        let ran = w.finish(child).await;
        assert_eq!(ran.code, -1, "{point}: {}\n{}", ran.stdout, ran.stderr);
        tokio::time::sleep(Duration::from_millis(1200)).await;
        w.tick().await;
        assert_equal(&w, "true").await;
    }
    assert_eq!(w.tick().await["state"], "empty");
}

/// A key that is made of the row is in no index, so a large table is not cut by it.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_table_is_looked_at_at_once() {
    let w = World::new().await;
    w.sql(RATES).await;
    w.config_with("chunk_rows = 50", BY_ROW);
    assert!(w.tick().await["loading"].as_array().is_none_or(Vec::is_empty));
    w.sql("DELETE FROM rate WHERE hidden = 7").await;
    assert_eq!(staged(&w.tick().await), (0, 1));
    assert_equal(&w, "true").await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{report}");
}

/// Rows that change are no rows that go.
#[tokio::test(flavor = "multi_thread")]
async fn an_update_of_all_rows_without_a_key_is_no_delete() {
    let w = World::new().await;
    w.sql("CREATE TABLE rate (city text, price int); INSERT INTO rate SELECT 'c' || g, 1 FROM generate_series(1, 2000) g; ANALYZE rate").await;
    w.config("[[table]]\nsource = \"rate\"\ncapture = \"digest\"\nkey = \"row\"\n");
    w.tick().await;
    w.sql("UPDATE rate SET price = 2").await;
    let ran = w.run(&["run"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let prices = "SELECT CAST(SUM(price) AS STRING), CAST(COUNT(*) AS STRING) FROM `{d}.rate`";
    assert_eq!(w.target(prices).await, [[Some("4000".to_owned()), Some("2000".to_owned())]]);
    // Most rows go, and the others change: that many go.
    w.sql("DELETE FROM rate WHERE ctid IN (SELECT ctid FROM rate LIMIT 1600); UPDATE rate SET price = 3").await;
    let ran = w.run(&["run"]).await;
    assert!(ran.code == 1 && ran.stdout.contains("1,600 of the 2,000"), "{}{}", ran.stdout, ran.stderr);
}

/// The type changes in name alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_domain_over_the_same_type_changes_no_row() {
    let w = World::new().await;
    w.sql("CREATE TABLE rate (city text, price int); INSERT INTO rate SELECT 'c' || g, 1 FROM generate_series(1, 2000) g; ANALYZE rate; CREATE DOMAIN euro AS int").await;
    w.config("[[table]]\nsource = \"rate\"\ncapture = \"digest\"\nkey = \"row\"\n");
    w.tick().await;
    w.sql("ALTER TABLE rate ALTER COLUMN price TYPE euro").await;
    assert_eq!(w.tick().await["state"], "empty");
    w.sql("CREATE DOMAIN cent AS euro CHECK (VALUE > 0); ALTER TABLE rate ALTER COLUMN price TYPE cent").await;
    assert_eq!(w.tick().await["state"], "empty");
}

/// Values of many types under a key that is made of the row.
#[tokio::test(flavor = "multi_thread")]
async fn many_types_without_a_key() {
    let w = World::new().await;
    w.sql("CREATE TYPE mood AS ENUM ('ok', 'bad'); CREATE TYPE pair AS (a int, b text); CREATE DOMAIN plus AS int CHECK (VALUE > 0);
        CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        CREATE TABLE odd (t text COLLATE ci, n numeric, f float8, r real, m money, i interval, net inet, x xml, j json, jb jsonb, a int[], aa text[],
          e mood, p pair, d plus, b bit(3), vb varbit, bin bytea, c char(5), ts timestamp, tz timestamptz, tm time, tmz timetz, rg int4range, pt point, nm name, o oid, ch \"char\");
        INSERT INTO odd SELECT CASE g % 3 WHEN 0 THEN 'A' WHEN 1 THEN 'a' END, CASE g % 3 WHEN 0 THEN 1.0 WHEN 1 THEN 1.00 END, CASE g % 2 WHEN 0 THEN 0 ELSE '-0'::float8 END, 1.1, 5, '1 day', '10.0.0.1', '<a/>', '{\"a\":1}', '{\"a\": 1}', '{1,2}', '{a,NULL}',
          'ok', '(1,x)', 1, '101', '11', '\\x00ff', 'ab', '2026-01-01', '2026-01-01', '10:00', '10:00+02', '[1,3)', '(1,2)', 'nm', 5, 'c' FROM generate_series(1, 60) g;
        INSERT INTO odd SELECT * FROM (SELECT NULL::text) s; ANALYZE odd").await;
    w.config("[[table]]\nsource = \"odd\"\ncapture = \"digest\"\nkey = \"row\"\n");
    w.tick().await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{report:#}");
    assert_eq!(report["target_rows"], 61);
    assert_eq!(w.tick().await["state"], "empty");
    w.sql("UPDATE odd SET t = lower(t), p = ROW(2, 'y'), aa = '{b}' WHERE t = 'a'; UPDATE odd SET e = 'bad' WHERE t IS NULL").await;
    w.tick().await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{report:#}");
    assert_eq!(w.tick().await["state"], "empty");
}

/// A column comes: each row has another hash, so each goes as it was, which soft deletes keep, and comes as it is. The run says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_comes_flags_every_row_under_soft_deletes() {
    let w = world("delete = \"soft\"\n").await;
    w.sql("ALTER TABLE rate ADD COLUMN late int").await;
    let report = w.tick().await;
    assert!(report["whole"].as_str().is_some_and(|why| why.contains("what is hashed")), "{report:#}");
    let flagged =
        w.target("SELECT CAST(COUNTIF(is_deleted) AS STRING), CAST(COUNT(*) AS STRING) FROM `{d}.rate`").await;
    assert_eq!(flagged, [[Some("203".to_owned()), Some("406".to_owned())]]);
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{report}");
    assert_eq!(w.tick().await["state"], "empty");
}
