//! The plain types, exactly, through the whole chain.

use crate::support::World;

const PLAIN: &str = "CREATE TABLE plain (
    id bigint PRIMARY KEY, b boolean, i2 smallint, i4 integer, i8 bigint, f4 real, f8 double precision,
    n numeric, n2 numeric(12, 4), t text, v varchar(40), bin bytea, u uuid, d date, tm time, ts timestamp, tz timestamptz,
    j json, jb jsonb)";

#[tokio::test(flavor = "multi_thread")]
async fn plain_types_are_equal_after_load_and_merge() {
    let w = World::new().await;
    w.sql(PLAIN).await;
    w.config("[[table]]\nsource = \"plain\"\n");
    let rows = [
        "(1, true, 32767, 2147483647, 9223372036854775807, 3.5, 1.7976931348623157e308, 12345678901234567890.123456, 99999999.9999, \
          'text', 'v', '\\xdeadbeef', '00112233-4455-6677-8899-aabbccddeeff', '9999-12-31', '23:59:59.999999', \
          '9999-12-31 23:59:59.999999', '2024-02-29 12:34:56.789+07', '{\"a\": [1, 2.5, null, \"x\"]}', '{\"b\": {\"c\": true}}')",
        "(2, false, -32768, -2147483648, -9223372036854775808, -0.25, -0.1, -0.000000001, -1.5, '', '', '', \
          'ffffffff-ffff-ffff-ffff-ffffffffffff', '0001-01-01', '00:00:00', '0001-01-01 00:00:00', '0001-01-01 00:00:00+00', '[]', '[1]')",
        "(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
        "(4, true, 0, 0, 0, 0, 0, 0, 0, E'tab\\t newline\\n quote\" back\\\\slash \\u0001 🦀 ü', E'\\\\N', '\\x00', NULL, \
          '1970-01-01', '12:00:00.5', '1969-12-31 23:59:59.000001', '1969-12-31 23:59:59.5+00', '{\"a\":\n \"b\\n\\\"c\\\"\"}', '{}')",
    ];
    w.sql(&format!("INSERT INTO plain VALUES {}, {}", rows[0], rows[1])).await;
    w.tick().await;
    w.assert_equal("plain").await;
    w.sql(&format!("INSERT INTO plain VALUES {}, {}", rows[2], rows[3])).await;
    w.tick().await;
    w.assert_equal("plain").await;
    let table = w.bigquery.get(&format!("/datasets/{}/tables/plain", w.dataset)).await;
    let types: Vec<&str> =
        table["schema"]["fields"].as_array().unwrap().iter().map(|f| f["type"].as_str().unwrap()).collect();
    let expected = "INTEGER BOOLEAN INTEGER INTEGER INTEGER FLOAT FLOAT BIGNUMERIC NUMERIC STRING STRING BYTES STRING DATE TIME \
                    DATETIME TIMESTAMP JSON JSON";
    assert_eq!(types, expected.split_whitespace().collect::<Vec<_>>());
}

/// Every other type is the server's own text.
#[tokio::test(flavor = "multi_thread")]
async fn other_types_are_the_servers_text() {
    let w = World::new().await;
    w.sql(
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN positive AS int CHECK (VALUE > 0); \
         CREATE TABLE other (id int PRIMARY KEY, m mood, i inet, iv interval, a int[], r int4range, c char(5), p positive, big numeric(80, 40)); \
         INSERT INTO other VALUES (1, 'ok', '10.0.0.1/8', '1 day 2 hours', '{1,NULL,3}', '[1,5)', 'ab', 7, 1.5)",
    )
    .await;
    w.config("[[table]]\nsource = \"other\"\n");
    w.tick().await;
    let rows = w.target("SELECT m, i, iv, a, r, c, CAST(p AS STRING), big FROM `{d}.other`").await;
    let expected = [
        "ok",
        "10.0.0.1/8",
        "1 day 02:00:00",
        "[1,null,3]",
        "[1,5)",
        "ab   ",
        "7",
        "1.5000000000000000000000000000000000000000",
    ];
    assert_eq!(rows[0], expected.map(|s| Some(s.to_owned())));
}

/// The emulator neither loads the special doubles nor keeps wide BIGNUMERICs, so the staged line is what is looked at.
#[tokio::test(flavor = "multi_thread")]
async fn what_bigquery_cannot_hold_is_quarantined_counted_and_never_changed() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE odd (id int PRIMARY KEY, d date, tz timestamptz, tm time, n numeric, j jsonb, note text); INSERT INTO odd VALUES \
         (1, 'infinity', '4713-01-01 00:00:00+00 BC', '24:00', 'NaN', 'null', 'MARKER'), \
         (2, '10000-01-01', '-infinity', '23:00', 1e50, '{\"x\": 0.1234567890123456789}', 'kept'), \
         (3, '2024-01-01', now(), '23:00', 1, '{}', 'plain')",
    )
    .await;
    w.config("[[table]]\nsource = \"odd\"\n");
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let table = ran.run()["tables"][0].clone();
    assert_eq!(
        (table["upserts"].as_u64(), table["quarantined"].as_u64(), table["nulled"].as_u64()),
        (Some(3), Some(2), Some(9))
    );
    let lines = w.staged("", "quarantine").await;
    assert_eq!(lines.len(), 9, "{lines:#?}");
    let first: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((first["column"].as_str(), first["value"].as_str()), (Some("d"), Some("infinity")));
    assert_eq!((first["reason"].as_str(), first["row"]["note"].as_str()), (Some("infinity"), Some("MARKER")));
    let nulls = w.target("SELECT CAST(id AS STRING) FROM `{d}.odd` WHERE d IS NULL AND tz IS NULL AND n IS NULL AND j IS NULL ORDER BY 1").await;
    assert_eq!(nulls.len(), 2);
    assert!(!ran.stderr.contains("MARKER") && !ran.stdout.contains("MARKER"));
}

#[tokio::test(flavor = "multi_thread")]
async fn special_doubles_are_staged_as_bigquery_reads_them() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE f (id int PRIMARY KEY, x float8); INSERT INTO f VALUES (1, 'NaN'), (2, '-Infinity'), (3, '-0')",
    )
    .await;
    w.config("[[table]]\nsource = \"f\"\n");
    w.run(&["run"]).await;
    let lines = w.staged("", "upserts").await;
    assert_eq!(lines, ["{\"id\":1,\"x\":\"NaN\"}", "{\"id\":2,\"x\":\"-Infinity\"}", "{\"id\":3,\"x\":-0.0}"]);
}

/// Names that BigQuery forbids or compares without case.
#[tokio::test(flavor = "multi_thread")]
async fn column_names_are_made_legal_or_refused() {
    let w = World::new().await;
    w.sql("CREATE TABLE names (id int PRIMARY KEY, \"a b\" text, \"_TABLE_x\" text, \"2nd\" text); INSERT INTO names VALUES (1, 'p', 'q', 'r')").await;
    w.config("[[table]]\nsource = \"names\"\n");
    w.tick().await;
    assert_eq!(w.target("SELECT a_b, c_TABLE_x, _2nd FROM `{d}.names`").await[0][1].as_deref(), Some("q"));
    w.sql("ALTER TABLE names ADD COLUMN \"A_B\" text").await;
    let ran = w.run(&["run"]).await;
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.contains("would both be called"), "{}", ran.stdout);
}

/// When every changed row has a bad key there is nothing to load; the run is told all the same, and not repeated.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_rows_are_all_refused_is_told_once() {
    let w = World::new().await;
    w.sql("CREATE TABLE t (id int UNIQUE, note text); INSERT INTO t VALUES (1, 'x')").await;
    w.config("[[table]]\nsource = \"t\"\nkey = [\"id\"]\n");
    w.tick().await;
    w.sql("INSERT INTO t VALUES (NULL, 'no key')").await;
    let report = w.tick().await;
    assert_eq!((report["state"].as_str(), report["tables"][0]["quarantined"].as_u64()), (Some("done"), Some(1)));
    assert_eq!(w.staged("", "quarantine").await.len(), 1);
    assert_eq!(w.bq.jobs().len(), 1, "only the first load: {:?}", w.bq.jobs());
    assert_eq!(w.tick().await["state"], "empty");
}
