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
    // Which columns, and why.
    let refusals = table["refusals"].as_array().unwrap();
    let told: Vec<String> =
        refusals.iter().map(|r| format!("{} {}: {}", r["column"], r["reason"], r["values"])).collect();
    assert_eq!(refusals.len(), 9, "{told:#?}");
    assert_eq!(told[..2], ["\"d\" \"a year after 9999\": 1", "\"d\" \"infinity\": 1"]);
    // Rows, as the run says, not values.
    let status = w.run(&["status", "--json"]).await.json();
    assert_eq!((&status["feeds"][0]["quarantined"], &status["feeds"][0]["refusals"]), (&2.into(), &table["refusals"]));
    // What comes later is counted with it.
    w.sql("INSERT INTO odd (id, d, note) VALUES (4, 'infinity', 'MARKER')").await;
    let changed = w.run(&["run"]).await;
    assert!(changed.stdout.contains("1 value of d: infinity"), "{}", changed.stdout);
    let status = w.run(&["status"]).await;
    assert!(
        status.stdout.contains("2 values of d: infinity") && !status.stdout.contains("MARKER"),
        "{}",
        status.stdout
    );
    let lines = w.staged("", "quarantine").await;
    assert_eq!(lines.len(), 10, "{lines:#?}");
    let first: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((first["column"].as_str(), first["value"].as_str()), (Some("d"), Some("infinity")));
    assert_eq!((first["reason"].as_str(), first["row"]["note"].as_str()), (Some("infinity"), Some("MARKER")));
    let nulls = w.target("SELECT CAST(id AS STRING) FROM `{d}.odd` WHERE id < 4 AND d IS NULL AND tz IS NULL AND n IS NULL AND j IS NULL ORDER BY 1").await;
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

/// A new version of a row that BigQuery would not take is never a reason to keep the old one.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_outgrows_the_limit_does_without_its_largest_column() {
    let w = World::new().await;
    w.sql("CREATE TABLE doc (id int PRIMARY KEY, note text, body text); INSERT INTO doc VALUES (1, 'old', 'short'), (2, 'other', 'x')").await;
    w.config("[[table]]\nsource = \"doc\"\n");
    w.tick().await;
    // A control character is six bytes in JSON.
    w.sql("UPDATE doc SET note = 'new', body = repeat(chr(1), 17500000) WHERE id = 1").await;
    let report = w.tick().await;
    let table = &report["tables"][0];
    let counts = ["upserts", "quarantined", "nulled", "left_out"].map(|f| table[f].as_u64().unwrap());
    assert_eq!(counts, [1, 1, 1, 0], "{report}");
    let target = "SELECT note, body FROM `{d}.doc` WHERE id = 1";
    assert_eq!(w.target(target).await, [vec![Some("new".to_owned()), None]]);
    let lines = w.staged("", "quarantine").await;
    let head = "{\"column\":\"body\",\"reason\":\"a row of more than 100 MB: NULL in place of body\",\"value\":null,\
                \"row\":{\"id\":\"1\",\"note\":\"new\",\"body\":\"\\u0001";
    assert!(lines.len() == 1 && lines[0].starts_with(head), "{}", &lines[0][..300.min(lines[0].len())]);
    assert_eq!(w.run(&["status", "--json"]).await.json()["feeds"][0]["quarantined"], 1);
    w.config("[[table]]\nsource = \"doc\"\non_unrepresentable = \"fail\"\n");
    w.sql("UPDATE doc SET note = 'newer' WHERE id = 1").await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 1);
    let error = &ran.run()["error"];
    let message = "a row is longer than the 100 MB of JSON that BigQuery takes; its largest column is body";
    assert_eq!(error["message"], message);
    assert!(error["hint"].as_str().unwrap().contains("exclude = [\"body\"]"), "{error}");
    w.sql("UPDATE doc SET body = 'short again' WHERE id = 1").await;
    w.tick().await;
    w.assert_equal("doc").await;
    // What was refused is counted until all rows are read again.
    assert_eq!(w.run(&["status", "--json"]).await.json()["feeds"][0]["quarantined"], 1);
    assert_eq!(w.run(&["run", "--full"]).await.code, 0);
    assert_eq!(w.run(&["status", "--json"]).await.json()["feeds"][0]["quarantined"], 0);
}

const BY_TIME: &str = "CREATE TABLE log (id bigserial PRIMARY KEY, old text, new text);
    CREATE TABLE k (at timestamptz PRIMARY KEY, v text NOT NULL);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO log (old, new) VALUES (CASE WHEN TG_OP <> 'INSERT' THEN OLD.at END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.at END);
      RETURN NULL; END $$;
    CREATE TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON k FOR EACH ROW EXECUTE FUNCTION note();
    INSERT INTO k SELECT '2024-01-01 00:00:00+00'::timestamptz + g * interval '1 hour', 'first' FROM generate_series(1, 90) g;
    ANALYZE k;";
const BY_TIME_LOGGED: &str = "[changelog]\ntable = \"log\"\nid = \"id\"\nkey = \"new\"\nold_key = \"old\"\n[[table]]\nsource = \"k\"\ncapture = \"changelog\"\n";

/// Keys of the target, as seconds.
async fn moments(w: &World) -> Vec<String> {
    let rows = w.target("SELECT CAST(UNIX_SECONDS(`at`) AS STRING) FROM `{d}.k`").await;
    let mut found: Vec<String> = rows.into_iter().filter_map(|mut r| r.pop().flatten()).collect();
    found.sort();
    found
}

async fn finite_moments(w: &World) -> Vec<String> {
    let sql = "SELECT extract(epoch FROM at)::bigint::text FROM k WHERE isfinite(at)";
    let mut source: Vec<String> = w.pg.query(sql, &[]).await.unwrap().iter().map(|r| r.get(0)).collect();
    source.sort();
    source
}

/// A key that changes to one that BigQuery can't hold: the old key's row goes, wherever a changed key is found at all.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_no_longer_fits_takes_its_old_row_along() {
    let table = |rest: &str| format!("[[table]]\nsource = \"k\"\n{rest}");
    for (run, config, feed, how) in [
        ("", table("capture = \"full\"\n"), "k", vec!["run"]),
        ("", table("deletes = \"keys\"\n"), "k", vec!["run"]),
        ("", table("reconcile_every = \"1s\"\n"), "k", vec!["run"]),
        ("", BY_TIME_LOGGED.to_owned(), "changelog", vec!["run"]),
        ("chunk_rows = 30", table("deletes = \"keys\"\n"), "k", vec!["run", "--full"]),
    ] {
        let w = World::new().await;
        w.sql(BY_TIME).await;
        w.config_with(run, &config);
        w.tick().await;
        assert_eq!(moments(&w).await, finite_moments(&w).await, "{config}");
        w.sql(
            "UPDATE k SET at = 'infinity', v = 'late' WHERE at = '2024-01-02 00:00:00+00'; UPDATE k SET v = 'second' WHERE at > '2024-01-03' AND isfinite(at); \
             INSERT INTO k VALUES ('-infinity', 'never')",
        )
        .await;
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        let ran = w.run(&how).await;
        assert_eq!(ran.code, 0, "{config}: {}", ran.stdout);
        let finite = finite_moments(&w).await;
        assert_eq!((finite.len(), moments(&w).await), (89, finite), "{config}");
        let lines = w.staged("", "quarantine").await;
        assert!(
            lines.iter().any(|l| l.contains("\"late\"")) && lines.iter().any(|l| l.contains("\"never\"")),
            "{lines:?}"
        );
        let mark = w.state(feed).await["watermark"]["tables"]["k"].clone();
        assert_eq!(mark["quarantined"], 2, "{config}: {mark}");
        if feed == "k" && !config.contains("reconcile") {
            assert_eq!(
                (mark["source_rows"].as_u64(), mark["left_out"].as_u64()),
                (Some(91), Some(2)),
                "{config}: {mark}"
            );
        }
        w.sql("UPDATE k SET at = '2025-01-01' WHERE at = 'infinity'; DELETE FROM k WHERE at = '-infinity'").await;
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        w.tick().await;
        let finite = finite_moments(&w).await;
        assert_eq!((finite.len(), moments(&w).await), (90, finite), "{config}");
    }
}

/// The policy `fail` stops at such a key; once it is mended, the log's word of it is in nobody's way.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_does_not_fit_stops_a_run_until_it_is_mended() {
    let w = World::new().await;
    w.sql(BY_TIME).await;
    w.config(&format!("{BY_TIME_LOGGED}on_unrepresentable = \"fail\"\n"));
    w.tick().await;
    w.sql("UPDATE k SET at = 'infinity' WHERE at = '2024-01-02 00:00:00+00'").await;
    let ran = w.run(&["run"]).await;
    assert!(
        ran.code == 1 && ran.stdout.contains("the column at holds a value that TIMESTAMP cannot"),
        "{}",
        ran.stdout
    );
    w.sql("UPDATE k SET at = '2025-01-01' WHERE at = 'infinity'").await;
    assert_eq!(w.tick().await["tables"][0]["deletes"], 1);
    assert_eq!(moments(&w).await, finite_moments(&w).await);
}
