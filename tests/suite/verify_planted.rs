//! One unit in the last place, in one column of one row, for each type: `verify` names that column and no other.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::World;
use crate::support::sizes::many_rows;

/// A column, its value in the source, and what is planted in the target.
const PLANTED: &[(&str, &str, &str, &str)] = &[
    ("c_bool", "boolean", "true", "FALSE"),
    ("c_int", "bigint", "9223372036854775807", "9223372036854775806"),
    ("c_double", "double precision", "0.1", "0.10000000000000002"),
    ("c_real", "real", "0.1", "0.10000000149011612"),
    ("c_bytes", "bytea", "'\\x00ff'", "FROM_HEX('00fe')"),
    ("c_date", "date", "'2026-11-27'", "DATE '2026-11-28'"),
    ("c_time", "time", "'23:59:59.999999'", "TIME '23:59:59.999998'"),
    ("c_datetime", "timestamp", "'9999-12-31 23:59:59.999999'", "DATETIME '9999-12-31 23:59:59.999998'"),
    ("c_timestamp", "timestamptz", "'0001-01-01 00:00:00.000001+00'", "TIMESTAMP '0001-01-01 00:00:00.000002+00'"),
    (
        "c_numeric",
        "numeric(38, 9)",
        "99999999999999999999999999999.999999999",
        "NUMERIC '99999999999999999999999999999.999999998'",
    ),
    // The emulator keeps eighteen digits of a BIGNUMERIC; canonical_texts.rs has all of them, with Google's engine.
    ("c_big", "numeric", "1.00000001", "BIGNUMERIC '1.00000002'"),
    ("c_text", "text", "'a'", "'a '"),
    ("c_case", "text", "'straße'", "'STRASSE'"),
    ("c_null", "text", "NULL", "''"),
    ("c_empty", "text", "''", "NULL"),
    ("c_char", "char(4)", "'ab'", "'ab'"),
    ("c_interval", "interval", "'1 day'", "'24:00:00'"),
    ("c_inet", "inet", "'10.0.0.1'", "'10.0.0.1/32'"),
    ("c_list", "text[]", "'{a,NULL,b}'", "PARSE_JSON('[\"a\", null]')"),
    ("c_doc", "jsonb", "'{\"a\": 1, \"b\": 2}'", "PARSE_JSON('{\"a\": 1}')"),
    ("c_uuid", "uuid", "'00000000-0000-0000-0000-0000000000ab'", "'00000000-0000-0000-0000-0000000000AB'"),
    ("c_hash", "text", "'secret'", "'secret'"),
];

/// Values that are the same, though they are written otherwise.
const SAME: &[(&str, &str, &str, &str)] = &[
    ("s_zero", "double precision", "'-0'", "0.0"),
    ("s_nan", "double precision", "'NaN'", "CAST('NaN' AS FLOAT64)"),
    ("s_scale", "numeric(10, 4)", "1.5000", "NUMERIC '1.5'"),
    ("s_doc", "jsonb", "'{\"a\": 1, \"b\": [1, 2]}'", "PARSE_JSON('{\"b\": [1, 2], \"a\": 1}')"),
];

fn verified(stdout: &Value) -> Value {
    stdout["runs"].as_array().unwrap().iter().filter_map(|r| r["verified"].as_array()).flatten().next().unwrap().clone()
}

async fn verify(w: &World, args: &[&str]) -> Value {
    let mut all = vec!["verify", "--json"];
    all.extend(args);
    let ran = w.run(&all).await;
    assert!(ran.code < 2, "{}\n{}", ran.stdout, ran.stderr);
    verified(&ran.json())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_unit_of_each_type_is_found() {
    let w = World::new().await;
    let all: Vec<_> = PLANTED.iter().chain(SAME).collect();
    let columns: Vec<String> = all.iter().map(|(name, kind, ..)| format!("{name} {kind}")).collect();
    let values: Vec<&str> = all.iter().map(|(_, _, value, _)| *value).collect();
    let rows = PLANTED.len() + SAME.len();
    w.sql(&format!(
        "CREATE TABLE typed (id int PRIMARY KEY, {}); INSERT INTO typed SELECT g, {} FROM generate_series(1, {rows}) g",
        columns.join(", "),
        values.join(", ")
    ))
    .await;
    w.config("[[table]]\nsource = \"typed\"\ncapture = \"xmin\"\nhash = [\"c_hash\"]\n");
    let config = std::fs::read_to_string(w.config_path()).unwrap();
    let salted = config.replace("[storage]", "hash_salt = \"0123456789abcdef\"\n[storage]");
    std::fs::write(w.config_path(), salted).unwrap();
    w.tick().await;
    let report = verify(&w, &[]).await;
    assert_eq!(report["state"], "equal", "{report}");
    // Each in a row of its own.
    for (n, (name, _, _, planted)) in all.iter().enumerate() {
        w.target(&format!("UPDATE `{{d}}.typed` SET {name} = {planted} WHERE id = {}", n + 1)).await;
    }
    let report = verify(&w, &[]).await;
    let expected: BTreeMap<&str, u64> = PLANTED.iter().map(|(name, ..)| (*name, 1)).collect();
    assert_eq!(report["columns"], serde_json::json!(expected), "{report}");
    assert_eq!(report["different"].as_u64(), Some(PLANTED.len() as u64), "{report}");
    let report = verify(&w, &["--repair"]).await;
    assert_eq!(
        (report["state"].as_str(), report["repaired"].as_u64()),
        (Some("equal"), Some(PLANTED.len() as u64)),
        "{report}"
    );
}

/// Keys with every separator in them, of other case, and with blanks behind.
#[tokio::test(flavor = "multi_thread")]
async fn keys_that_look_alike_are_told_apart() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE k (a text, b text, v int, PRIMARY KEY (a, b));
         INSERT INTO k VALUES ('x:y', 'z'), ('x', 'y:z'), ('1:2', ''), ('', '1:2'), ('A', 'a'), ('a', 'A'), ('a', 'A '), ('it''s', '\"'), ('\\', '\n'), ('ä', 'a\u{308}')",
    )
    .await;
    w.config("[[table]]\nsource = \"k\"\ncapture = \"xmin\"\n");
    w.tick().await;
    assert_eq!(verify(&w, &[]).await["state"], "equal");
    w.target("UPDATE `{d}.k` SET b = 'A' WHERE a = 'a' AND b = 'A '").await;
    let report = verify(&w, &["--strict"]).await;
    assert_eq!(
        (report["missing"].as_u64(), report["different"].as_u64()),
        (Some(1), Some(1)),
        "the key is there twice: {report}"
    );
    w.target("DELETE FROM `{d}.k` WHERE a = 'a'").await;
    w.target("UPDATE `{d}.k` SET a = 'X:Y' WHERE a = 'x:y'").await;
    let report = verify(&w, &["--repair", "--strict"]).await;
    assert_eq!((report["state"].as_str(), report["repaired"].as_u64()), (Some("equal"), Some(4)), "{report}");
}

/// Three rows of many, two rows swapped, and a thousand at once.
#[tokio::test(flavor = "multi_thread")]
async fn exactly_what_differs_of_many_rows_is_told() {
    let w = World::new().await;
    let rows = many_rows();
    w.sql(&format!(
        "CREATE TABLE many (id int PRIMARY KEY, v text); INSERT INTO many SELECT g, 'v' || g FROM generate_series(1, {rows}) g; ANALYZE many"
    ))
    .await;
    w.config("[[table]]\nsource = \"many\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n");
    w.tick().await;
    w.target(&format!("UPDATE `{{d}}.many` SET v = 'x' WHERE id IN (1, 50000, {rows})")).await;
    let csv = w.dir.path().join("found.csv");
    let report = verify(&w, &["--csv", csv.to_str().unwrap()]).await;
    assert_eq!(report["different"].as_u64(), Some(3), "{report}");
    let found = std::fs::read_to_string(&csv).unwrap();
    let mut ids: Vec<&str> = found.lines().skip(1).map(|l| l.split("\"\"").nth(3).unwrap()).collect();
    ids.sort_unstable();
    let last = rows.to_string();
    let mut wanted = ["1", "50000", &last];
    wanted.sort_unstable();
    assert_eq!(ids, wanted);
    assert_eq!(verify(&w, &["--repair"]).await["repaired"].as_u64(), Some(3));
    // As many rows with the same keys and the same values, but not together.
    w.target("UPDATE `{d}.many` SET v = CASE id WHEN 7 THEN 'v8' ELSE 'v7' END WHERE id IN (7, 8)").await;
    assert_eq!(verify(&w, &[]).await["different"].as_u64(), Some(2));
    w.target("UPDATE `{d}.many` SET v = 'x' WHERE id BETWEEN 2001 AND 3000").await;
    let report = verify(&w, &["--repair"]).await;
    assert_eq!((report["state"].as_str(), report["repaired"].as_u64()), (Some("equal"), Some(1002)), "{report}");
}

/// The planner takes the view for ten rows, so there is one bucket for all: before any row is listed, there are enough.
#[tokio::test(flavor = "multi_thread")]
async fn the_planner_knows_nothing_of_many_rows() {
    let w = World::new().await;
    let rows = many_rows();
    w.sql(&format!(
        "CREATE FUNCTION made() RETURNS SETOF int LANGUAGE plpgsql ROWS 10 AS 'BEGIN RETURN QUERY SELECT generate_series(1, {rows}); END';
         CREATE VIEW many AS SELECT g AS id, 'v' || g AS v FROM made() AS g"
    ))
    .await;
    w.config("[[table]]\nsource = \"many\"\nkey = [\"id\"]\ncapture = \"digest\"\n");
    w.tick().await;
    w.target("UPDATE `{d}.many` SET v = 'x' WHERE id = 77").await;
    w.bq.clear();
    assert_eq!(verify(&w, &[]).await["different"].as_u64(), Some(1));
    let queries: Vec<String> = w.bq.log().iter().map(|r| String::from_utf8_lossy(&r.body).into_owned()).collect();
    let of = |words: &str| queries.iter().filter(|q| q.contains(words)).count();
    assert_eq!(of("SUM(CAST("), 2, "sums of one bucket, and of many: {queries:#?}");
    assert!(of(" AS INT64) IN (") > 0, "rows of some buckets alone are listed: {queries:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_table_is_equal_to_an_empty_one() {
    let w = World::new().await;
    w.sql("CREATE TABLE none (id int PRIMARY KEY, v text)").await;
    w.config("[[table]]\nsource = \"none\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n");
    w.tick().await;
    assert_eq!(verify(&w, &[]).await["state"], "equal");
    w.target("INSERT INTO `{d}.none` (id, v) VALUES (1, 'x')").await;
    assert_eq!(verify(&w, &[]).await["extra"].as_u64(), Some(1));
    let report = verify(&w, &["--repair"]).await;
    assert_eq!((report["state"].as_str(), report["repaired"].as_u64()), (Some("equal"), Some(1)), "{report}");
}

/// Documents by what they mean, where somebody asks for it.
#[tokio::test(flavor = "multi_thread")]
async fn documents_are_compared_by_what_they_mean() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE doc (id int PRIMARY KEY, a jsonb, b json);
         INSERT INTO doc SELECT g, jsonb_build_object('n', g, 'list', jsonb_build_array(1.50, 2)), '{\"z\": 1, \"y\": [true, null]}' FROM generate_series(1, 300) g;
         INSERT INTO doc VALUES (301, NULL, 'null'), (302, '[]', '{}')",
    )
    .await;
    w.config("[[table]]\nsource = \"doc\"\ncapture = \"xmin\"\n");
    w.tick().await;
    let report = verify(&w, &["--documents", "all"]).await;
    assert_eq!((report["state"].as_str(), report["documents"].as_u64()), (Some("equal"), Some(302)), "{report}");
    assert!(report["structure_only"].is_null(), "{report}");
    w.target("UPDATE `{d}.doc` SET a = PARSE_JSON('{\"n\": 8, \"list\": [1.5, 2]}') WHERE id = 7").await;
    // Written otherwise, and the same.
    w.target("UPDATE `{d}.doc` SET a = PARSE_JSON('{\"list\": [1.5, 2], \"n\": 9}') WHERE id = 9").await;
    let report = verify(&w, &[]).await;
    assert_eq!(report["state"], "equal", "the structure is the same: {report}");
    assert_eq!(report["structure_only"], serde_json::json!(["a", "b"]));
    let report = verify(&w, &["--documents", "all"]).await;
    assert_eq!(
        (report["different"].as_u64(), &report["columns"]),
        (Some(1), &serde_json::json!({ "a": 1 })),
        "{report}"
    );
    let report = verify(&w, &["--documents", "40"]).await;
    let compared = report["documents"].as_u64().unwrap();
    assert!((10..150).contains(&compared), "{report}");
    let report = verify(&w, &["--documents", "all", "--repair"]).await;
    assert_eq!((report["state"].as_str(), report["repaired"].as_u64()), (Some("equal"), Some(1)), "{report}");
}
