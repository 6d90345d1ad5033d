//! `capture = "digest"`: whatever has changed is found, though nothing tells of it.

use std::time::Duration;

use serde_json::Value;

use super::verify::verify;
use crate::support::sizes::{many_rows, peak_mib, times_as_long};
use crate::support::{World, named_lists};

const ITEMS: &str = "CREATE TABLE item (id int PRIMARY KEY, a text, b text, at timestamptz DEFAULT '2020-01-01');
    INSERT INTO item SELECT g, 'a' || g, 'b' FROM generate_series(1, 500) g; ANALYZE item;";
const DIGEST: &str = "[[table]]\nsource = \"item\"\ncapture = \"digest\"\n";

async fn world(rest: &str) -> World {
    let w = World::new().await;
    w.sql(ITEMS).await;
    w.config(&format!("{DIGEST}{rest}"));
    w.tick().await;
    w
}

/// Rows of a report: upserted and deleted lines.
fn staged(report: &Value) -> (u64, u64) {
    let table = &report["tables"][0];
    (table["upserts"].as_u64().unwrap_or(0), table["deletes"].as_u64().unwrap_or(0))
}

async fn lists(w: &World) -> Vec<String> {
    let mut names = w.objects().await;
    names.retain(|n| n.starts_with("p/digests/"));
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_timestamp_tells_is_found() {
    let w = world("").await;
    w.assert_equal("item").await;
    w.sql(
        "UPDATE item SET a = 'backwards', at = '2001-01-01' WHERE id = 7; UPDATE item SET a = 'untold' WHERE id = 8;
         DELETE FROM item WHERE id IN (9, 10); INSERT INTO item VALUES (1000, 'new', NULL, '1999-01-01')",
    )
    .await;
    let report = w.tick().await;
    assert_eq!(staged(&report), (3, 2), "{report:#}");
    assert_eq!(report["tables"][0]["rows_inserted"], 1, "{report:#}");
    assert!(report["whole"].is_null());
    w.assert_equal("item").await;
    // Rows of a dump take the place of the newer ones.
    w.sql("CREATE TABLE dump AS TABLE item; UPDATE item SET b = 'newer', at = now() WHERE id < 20").await;
    w.tick().await;
    w.sql("BEGIN; DELETE FROM item; INSERT INTO item TABLE dump; COMMIT").await;
    let report = w.tick().await;
    assert_eq!(staged(&report), (17, 0), "{report:#}");
    w.assert_equal("item").await;
    assert_eq!(w.tick().await["state"], "empty");
}

/// No job, no write, not even a list is read.
#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_has_changed_nothing_is_done() {
    let w = world("").await;
    w.sql("UPDATE item SET a = a").await;
    w.bq.clear();
    w.gcs.clear();
    let report = w.tick().await;
    assert_eq!((&report["state"], &report["storage_writes"]), (&"empty".into(), &0.into()), "{report:#}");
    assert!(w.bq.log().is_empty());
    let asked: Vec<_> = w.gcs.log().into_iter().filter(|r| r.path.contains("digests")).collect();
    assert!(asked.is_empty(), "{asked:?}");
}

/// Values that look alike when they are put together carelessly.
#[tokio::test(flavor = "multi_thread")]
async fn values_and_nulls_are_told_apart() {
    let w = world("").await;
    for (then, now) in [
        ("'1', '23'", "'12', '3'"),
        ("NULL, ''", "'', NULL"),
        ("NULL, NULL", "'', ''"),
        ("'', ''", "'NULL', ''"),
        ("'a ', 'b'", "'a', 'b'"),
        ("'a', 'b'", "'A', 'b'"),
        ("'(,)', ''", "'', '(,)'"),
        ("'ä', ''", "'a\u{308}', ''"),
    ] {
        w.sql(&format!("UPDATE item SET (a, b) = ({then}) WHERE id = 3")).await;
        w.tick().await;
        w.sql(&format!("UPDATE item SET (a, b) = ({now}) WHERE id = 3")).await;
        assert_eq!(staged(&w.tick().await), (1, 0), "{then} and {now}");
        w.assert_equal("item").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_enter_and_leave_the_filter() {
    let w = world("where = \"a <> 'hidden' -- and its comment\"\n").await;
    w.sql("UPDATE item SET a = 'hidden' WHERE id IN (4, 5); INSERT INTO item VALUES (600, 'hidden')").await;
    assert_eq!(staged(&w.tick().await), (0, 2));
    w.sql("UPDATE item SET a = 'seen' WHERE id IN (5, 600)").await;
    assert_eq!(staged(&w.tick().await), (2, 0));
    let ids = w.target("SELECT CAST(id AS STRING) FROM `{d}.item` WHERE id IN (4, 5, 600) ORDER BY id").await;
    assert_eq!(ids, [[Some("5".to_owned())], [Some("600".to_owned())]]);
    // Under another filter the hashes say nothing.
    w.config(&format!("{DIGEST}where = \"id > 100\"\n"));
    assert!(w.tick().await["whole"].as_str().unwrap().contains("definition"));
    assert_eq!(w.tick().await["state"], "empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn excluded_hashed_and_renamed_columns() {
    let rest = "exclude = [\"b\"]\nhash = [\"a\"]\nrename = { at = \"stamp\" }\n";
    let w = World::new().await;
    w.sql(ITEMS).await;
    w.config(&format!("{DIGEST}{rest}"));
    let salted = std::fs::read_to_string(w.config_path())
        .unwrap()
        .replace("[storage]", "hash_salt = \"0123456789abcdef\"\n[storage]");
    std::fs::write(w.config_path(), &salted).unwrap();
    w.tick().await;
    w.sql("UPDATE item SET b = 'nobody sees it'").await;
    assert_eq!(w.tick().await["state"], "empty", "a change of an excluded column is none");
    w.sql("UPDATE item SET a = 'secret' WHERE id = 2; UPDATE item SET at = now() WHERE id = 3").await;
    assert_eq!(staged(&w.tick().await), (2, 0));
    for name in lists(&w).await {
        let content = w.object(&name).await;
        assert!(!String::from_utf8_lossy(&content).contains("secret"));
    }
    // Another salt makes other digests of every row.
    std::fs::write(w.config_path(), salted.replace("0123456789abcdef", "fedcba9876543210")).unwrap();
    assert!(w.tick().await["whole"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn soft_deletes_flag_and_revive() {
    let w = world("delete = \"soft\"\n").await;
    w.sql("DELETE FROM item WHERE id = 2").await;
    w.tick().await;
    let flagged = async || {
        let rows = w.target("SELECT CAST(id AS STRING) FROM `{d}.item` WHERE is_deleted").await;
        rows.into_iter().map(|r| r[0].clone().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(flagged().await, ["2"]);
    w.sql("INSERT INTO item VALUES (2, 'back')").await;
    w.tick().await;
    assert!(flagged().await.is_empty());
    w.sql("DELETE FROM item WHERE id = 3").await;
    assert_eq!(w.run(&["resync", "--table", "item"]).await.code, 0);
    assert_eq!(flagged().await, ["3"]);
    assert_eq!(w.tick().await["state"], "empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_would_empty_the_target_stops() {
    let w = world("").await;
    w.sql("INSERT INTO item SELECT g, 'more' FROM generate_series(1000, 4000) g").await;
    w.tick().await;
    // As many come as go: the count of rows alone would not tell.
    w.sql("DELETE FROM item WHERE id <= 2500; INSERT INTO item SELECT g, 'other' FROM generate_series(5000, 7500) g")
        .await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("would delete 2,001 of the 3,501 rows"), "{}", ran.stdout);
    // As long as nobody looks at it, this goes on tick by tick.
    assert_eq!(lists(&w).await, named_lists(&w, "item").await);
    assert_eq!(w.run(&["run", "--allow-deletes"]).await.code, 0);
    w.assert_equal("item").await;
    assert_eq!(w.tick().await["state"], "empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_reads_leave_lists_behind() {
    let w = world("").await;
    for order in [&["run", "--full"][..], &["resync", "--table", "item"]] {
        w.sql("UPDATE item SET b = b || '.' WHERE id % 50 = 0; DELETE FROM item WHERE id = (SELECT max(id) FROM item)")
            .await;
        assert_eq!(w.run(order).await.code, 0);
        w.assert_equal("item").await;
        assert_eq!(w.tick().await["state"], "empty", "{order:?}");
        w.sql("UPDATE item SET b = b || 'x' WHERE id = 1; UPDATE item SET b = b || 'y' WHERE id = 1").await;
        assert_eq!(staged(&w.tick().await), (1, 0));
        assert_eq!(lists(&w).await, named_lists(&w, "item").await);
    }
    // A table from which everything goes, and to which everything comes back.
    w.sql("TRUNCATE item").await;
    w.run(&["run", "--allow-deletes"]).await;
    w.assert_equal("item").await;
    assert_eq!(w.tick().await["state"], "empty");
    w.sql("INSERT INTO item SELECT g, 'again' FROM generate_series(1, 40) g").await;
    let report = w.tick().await;
    assert!(report["whole"].is_null(), "{report:#}");
    w.assert_equal("item").await;
    assert_eq!(w.tick().await["state"], "empty");
}

/// A key of several texts, with all that could be taken for the end of one.
#[tokio::test(flavor = "multi_thread")]
async fn keys_of_several_texts() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE item (a text, b varchar(20), c char(4), v int, PRIMARY KEY (a, b, c));
         INSERT INTO item VALUES ('x', 'y', 'z', 1), ('x,y', '', 'z', 2), ('x', ',y', 'z', 3), ('X', 'y', 'z', 4), ('x ', 'y', 'z', 5), ('x', 'y ', 'z', 6),
             ('\"', E'\\\\', '''', 7), (E'\\t', E'\\n', '{}', 8), ('', '', '', 9), ('NULL', 'null', '(', 10), ('ü', 'ß', '☃', 11)",
    )
    .await;
    w.config(DIGEST);
    w.tick().await;
    let rows = async || {
        let found = w.target("SELECT CONCAT(a, '|', b, '|', c, '|', CAST(v AS STRING)) FROM `{d}.item`").await;
        let mut found: Vec<String> = found.into_iter().map(|r| r[0].clone().unwrap()).collect();
        found.sort();
        let sql = "SELECT concat(a, '|', b, '|', rpad(c::text, 4), '|', v) FROM item";
        let mut source: Vec<String> = w.pg.query(sql, &[]).await.unwrap().iter().map(|r| r.get(0)).collect();
        source.sort();
        assert_eq!(found, source);
    };
    rows().await;
    w.sql("UPDATE item SET v = v + 100").await;
    assert_eq!(staged(&w.tick().await), (11, 0));
    rows().await;
    // The old key goes, the new one comes.
    w.sql("UPDATE item SET a = 'x  ' WHERE v = 105; UPDATE item SET b = 'Y' WHERE v = 101; DELETE FROM item WHERE v IN (107, 109)").await;
    assert_eq!(staged(&w.tick().await), (2, 4));
    rows().await;
    assert_eq!(w.tick().await["state"], "empty");
}

/// Equal values of a key that are spelled otherwise are one key to the target, or two.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_spelled_otherwise() {
    let w = World::new().await;
    w.sql("CREATE TABLE item (id numeric PRIMARY KEY, v text); INSERT INTO item SELECT g, 'v' FROM generate_series(1, 300) g").await;
    w.config(DIGEST);
    w.tick().await;
    w.sql("UPDATE item SET id = 7.00 WHERE id = 7; UPDATE item SET id = 8.0, v = 'w' WHERE id = 8; DELETE FROM item WHERE id = 9").await;
    w.tick().await;
    let count = w.target("SELECT COUNT(*), COUNT(DISTINCT CAST(id AS STRING)), COUNTIF(v = 'w') FROM `{d}.item`").await;
    assert_eq!(count[0], ["299", "299", "1"].map(|n| Some(n.to_owned())));
    assert_eq!(w.tick().await["state"], "empty");
}

/// Of a view nobody else can tell what has changed.
#[tokio::test(flavor = "multi_thread")]
async fn a_view_and_a_key_in_two_rows() {
    let w = World::new().await;
    w.sql(ITEMS).await;
    w.sql("CREATE TABLE label (a text, label text); CREATE VIEW seen AS SELECT i.id, l.label FROM item i LEFT JOIN label l USING (a)").await;
    w.config("[[table]]\nsource = \"seen\"\nkey = [\"id\"]\ncapture = \"digest\"\n");
    w.tick().await;
    w.sql("INSERT INTO label VALUES ('a3', 'three')").await;
    assert_eq!(staged(&w.tick().await), (1, 0));
    w.assert_equal("seen").await;
    w.sql("INSERT INTO label VALUES ('a3', 'another')").await;
    let ran = w.run(&["run", "--json"]).await;
    assert!(ran.code == 2 && ran.stdout.contains("is not unique"), "{} {}", ran.code, ran.stdout);
    w.sql("DELETE FROM label").await;
    assert_eq!(staged(&w.tick().await), (1, 0));
    w.assert_equal("seen").await;
    assert_eq!(w.tick().await["state"], "empty");
}

/// A table that was captured in another way has no lists; and once it is again, its lists are nobody's.
#[tokio::test(flavor = "multi_thread")]
async fn from_another_capture_and_back() {
    let w = world("").await;
    w.config("[[table]]\nsource = \"item\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n");
    w.sql("UPDATE item SET a = 'by xmin' WHERE id = 1").await;
    let report = w.tick().await;
    assert!(report["whole"].is_null(), "the watermark speaks of everything: {report:#}");
    w.assert_equal("item").await;
    assert_eq!(lists(&w).await, Vec::<String>::new());
    w.config(DIGEST);
    w.sql("DELETE FROM item WHERE id = 2").await;
    let report = w.tick().await;
    assert_eq!(report["whole"], "no row hashes are kept that the rows could be compared with");
    w.assert_equal("item").await;
    assert_eq!(w.tick().await["state"], "empty");
}

/// Lists that somebody has removed or broken.
#[tokio::test(flavor = "multi_thread")]
async fn lists_that_are_lost_are_made_again() {
    for broken in [false, true] {
        let w = world("").await;
        for name in lists(&w).await {
            if broken {
                w.replace_object(&name, b"PLL1 and no more").await;
            } else {
                w.remove_object(&name).await;
            }
        }
        assert_eq!(w.tick().await["state"], "empty", "nobody needs them yet");
        w.sql("UPDATE item SET a = 'changed' WHERE id = 4; DELETE FROM item WHERE id = 5").await;
        let report = w.tick().await;
        assert_eq!(report["whole"], "lists of row hashes are gone or broken", "{report:#}");
        w.assert_equal("item").await;
        assert_eq!(w.tick().await["state"], "empty");
    }
}

/// Many lists, of which few are touched; the others are neither read nor written.
#[tokio::test(flavor = "multi_thread")]
async fn only_lists_of_many_rows_that_have_changed_are_written() {
    let w = World::new().await;
    let rows = many_rows();
    w.sql(&format!(
        "CREATE TABLE item (id int PRIMARY KEY, a text); INSERT INTO item SELECT g, 'a' FROM generate_series(1, {rows}) g; ANALYZE item"
    ))
    .await;
    w.config(DIGEST);
    let config = std::fs::read_to_string(w.config_path()).unwrap().replace("256KiB", "64KiB");
    std::fs::write(w.config_path(), config).unwrap();
    w.tick().await;
    let before = named_lists(&w, "item").await;
    assert!(before.len() > 8, "{before:?}");
    w.sql("UPDATE item SET a = 'b' WHERE id = 77").await;
    w.gcs.clear();
    let report = w.tick().await;
    assert_eq!(staged(&report), (1, 0));
    let after = named_lists(&w, "item").await;
    let new: Vec<_> = after.iter().filter(|n| !before.contains(n)).collect();
    assert!(new.len() <= 3, "its list, in two parts at most, and the sums: {new:?}");
    let read = w.gcs.log().into_iter().filter(|r| r.method == "GET" && r.path.contains("digests")).count();
    assert!(read <= 4, "{read} reads");
    assert_eq!(lists(&w).await, after, "what was replaced is gone");
    w.assert_equal("item").await;
    // Thousands of changes all over the lists, more rows than there were buckets for, and fewer again.
    for sql in [
        "UPDATE item SET a = 'c' WHERE id % 20 = 0; DELETE FROM item WHERE id % 50 = 3",
        "INSERT INTO item SELECT -g, 'more' FROM generate_series(1, {rows}) g",
        "DELETE FROM item WHERE id % 5 = 0 AND id < {rows} / 2",
    ] {
        w.sql(&sql.replace("{rows}", &rows.to_string())).await;
        assert!(w.tick().await["whole"].is_null());
        w.assert_equal("item").await;
        assert_eq!(w.tick().await["state"], "empty", "{sql}");
        assert_eq!(lists(&w).await, named_lists(&w, "item").await);
    }
}

/// Rows whose key has a NULL are in no target; they are no difference.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_null() {
    let w = World::new().await;
    w.sql("CREATE TABLE item (id int UNIQUE, a text); INSERT INTO item VALUES (1, 'a'), (NULL, 'b')").await;
    w.config("[[table]]\nsource = \"item\"\nkey = [\"id\"]\ncapture = \"digest\"\n");
    w.tick().await;
    assert_eq!(w.tick().await["state"], "empty");
    w.sql("UPDATE item SET a = 'c' WHERE id IS NULL").await;
    assert_eq!(w.tick().await["state"], "empty");
    w.sql("UPDATE item SET id = 2 WHERE id IS NULL").await;
    assert_eq!(staged(&w.tick().await), (1, 0));
    w.sql("UPDATE item SET id = NULL WHERE id = 1").await;
    assert_eq!(staged(&w.tick().await), (0, 1));
    assert_eq!(w.target("SELECT CAST(id AS STRING) FROM `{d}.item`").await, [[Some("2".to_owned())]]);
}

/// Partitions and a materialized view, whose rows come and go without being written.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_come_and_go_unwritten() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE event (id int, at date NOT NULL, what text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
         CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
         CREATE TABLE event_2 (LIKE event INCLUDING ALL);
         INSERT INTO event VALUES (1, '2024-05-05', 'a'); INSERT INTO event_2 VALUES (2, '2025-05-05', 'old');
         CREATE MATERIALIZED VIEW total AS SELECT what AS id, count(*) AS n FROM event GROUP BY what",
    )
    .await;
    w.config(
        "[[table]]\nsource = \"event\"\ncapture = \"digest\"\n[[table]]\nsource = \"total\"\nkey = [\"id\"]\ncapture = \"digest\"\n",
    );
    w.tick().await;
    for change in [
        "ALTER TABLE event ATTACH PARTITION event_2 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
        "REFRESH MATERIALIZED VIEW total",
        "ALTER TABLE event DETACH PARTITION event_1; INSERT INTO event VALUES (3, '2025-06-06', 'b')",
        "REFRESH MATERIALIZED VIEW total",
    ] {
        w.sql(change).await;
        let ran = w.run(&["run", "--json"]).await;
        assert_eq!(ran.code, 0, "{}", ran.stdout);
        w.assert_equal("event").await;
        w.assert_equal("total").await;
        let runs = w.run(&["run", "--json"]).await.json()["runs"].clone();
        assert!(runs.as_array().unwrap().iter().all(|r| r["state"] == "empty"), "{change}: {runs:#}");
    }
}

/// A role that may read columns, and not what the system keeps of a row.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_read_columns_alone() {
    let w = World::new().await;
    w.sql(ITEMS).await;
    w.sql("CREATE ROLE reader LOGIN PASSWORD 'secret'; GRANT SELECT (id, a) ON item TO reader").await;
    w.config(&format!("{DIGEST}exclude = [\"b\", \"at\"]\n"));
    let url = format!("postgres://reader:secret@127.0.0.1:{}/postgres", w.wire.port);
    let run = async |args: &[&str]| w.finish(w.command(args).env("DATABASE_URL", &url).spawn().unwrap()).await;
    let check = run(&["check"]).await;
    assert_eq!(check.code, 0, "{}\n{}", check.stdout, check.stderr);
    let said = check.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("every tick reads the whole table and hashes each row"), "{said}");
    assert_eq!(run(&["run"]).await.code, 0);
    w.sql("UPDATE item SET a = 'x' WHERE id = 1; DELETE FROM item WHERE id = 2; UPDATE item SET b = 'y'").await;
    let plan = run(&["plan", "--json"]).await.json()[0].clone();
    let statements = plan["source_sql"].to_string();
    assert!(statements.contains("GROUP BY s.b") && statements.contains("ORDER BY s.b"), "{plan:#}");
    assert!(plan["merge_sql"].is_string() && plan["whole"].is_null(), "{plan:#}");
    assert_eq!(staged(&run(&["run", "--json"]).await.run()), (1, 1));
    assert_eq!(run(&["run", "--json"]).await.run()["state"], "empty");
    w.sql("REVOKE SELECT ON item FROM reader; REVOKE SELECT (a) ON item FROM reader").await;
    let check = run(&["check"]).await;
    assert!(check.code != 0 && check.stdout.contains("GRANT SELECT"), "{}", check.stdout);
}

/// Every kind of column, each changed by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_any_type_is_found() {
    let w = World::new().await;
    let columns = [
        ("bool", "true", "false"),
        ("int2", "1", "2"),
        ("float8", "0.1", "0.10000000000000002"),
        ("float4", "'NaN'", "'Infinity'"),
        ("numeric", "1.0", "1.00"),
        ("numeric(10,2)", "1.10", "1.11"),
        ("bytea", "'\\x00'", "'\\x'"),
        ("char(5)", "'a'", "'b'"),
        ("uuid", "'00000000-0000-0000-0000-000000000001'", "'00000000-0000-0000-0000-000000000002'"),
        ("date", "'2026-01-01'", "'infinity'"),
        ("time", "'00:00'", "'24:00'"),
        ("timetz", "'00:00+00'", "'00:00+01'"),
        ("timestamp", "'2026-01-01'", "'2026-01-01 00:00:00.000001'"),
        ("timestamptz", "'2026-01-01'", "'2026-01-01 00:00:00.000001'"),
        ("interval", "'1 mon'", "'30 days'"),
        ("json", "'{\"a\":1}'", "'{\"a\": 1}'"),
        ("jsonb", "'{\"a\":1}'", "'{\"a\":1.0}'"),
        ("int[]", "'{1,NULL}'", "'{{1,NULL}}'"),
        ("text[]", "'{a,\"\"}'", "'{a,NULL}'"),
        ("int4range", "'[1,5)'", "'[1,6)'"),
        ("inet", "'10.0.0.1'", "'10.0.0.1/8'"),
        ("bit(3)", "'101'", "'100'"),
        ("xml", "'<a/>'", "'<a></a>'"),
        ("tsvector", "'a:1'", "'a:2'"),
        ("money", "1", "2"),
        ("mood", "'ok'", "'bad'"),
        ("pair", "'(1,)'", "'(,1)'"),
        ("positive", "1", "2"),
    ];
    let defined: Vec<String> = columns.iter().enumerate().map(|(n, (t, ..))| format!("c{n} {t}")).collect();
    let first: Vec<&str> = columns.iter().map(|(_, then, _)| *then).collect();
    w.sql(&format!(
        "CREATE TYPE mood AS ENUM ('ok', 'bad'); CREATE TYPE pair AS (a int, b int); CREATE DOMAIN positive AS int CHECK (VALUE > 0);
         CREATE TABLE item (id int PRIMARY KEY, {}); INSERT INTO item SELECT g, {} FROM generate_series(0, {}) g",
        defined.join(", "),
        first.join(", "),
        2 * columns.len()
    ))
    .await;
    w.config(DIGEST);
    w.tick().await;
    assert_eq!(w.tick().await["state"], "empty");
    for (n, (_, _, now)) in columns.iter().enumerate() {
        w.sql(&format!(
            "UPDATE item SET c{n} = {now} WHERE id = {n}; UPDATE item SET c{n} = NULL WHERE id = {}",
            n + columns.len()
        ))
        .await;
    }
    let report = w.tick().await;
    assert_eq!(staged(&report), (2 * columns.len() as u64, 0), "{report:#}");
    assert_eq!(w.tick().await["state"], "empty");
    // A label that is renamed is another value in every row that has it.
    w.sql("ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'").await;
    assert_eq!(staged(&w.tick().await), (2 * columns.len() as u64 - 1, 0));
}

/// The lists of ten times as many rows take no more memory.
#[tokio::test(flavor = "multi_thread")]
async fn memory_is_flat_over_hashes_of_many_rows() {
    let mut peaks = Vec::new();
    for rows in [many_rows() / 10, many_rows()] {
        let w = World::new().await;
        w.sql(&format!(
            "CREATE TABLE item (id int PRIMARY KEY, a text); INSERT INTO item SELECT g, md5(g::text) FROM generate_series(1, {rows}) g; ANALYZE item"
        ))
        .await;
        w.config(DIGEST);
        let served = w.serve().await;
        let url = format!("{}/runs", served.url);
        for sql in [
            "SELECT 1",
            "UPDATE item SET a = 'b' WHERE id % 100 = 1",
            "ALTER TABLE item ADD c int; UPDATE item SET c = 1 WHERE id < 9",
        ] {
            w.sql(sql).await;
            let answer = w.http.post(&url).timeout(Duration::from_secs(120) * times_as_long()).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), 200, "{sql}: {}", answer.text().await.unwrap());
        }
        peaks.push(peak_mib(served.child.id().unwrap()));
    }
    assert!(peaks[1] < peaks[0] + 24 && peaks[1] < 128, "MiB: {peaks:?}");
}

/// A column is given another name in the config, and nothing else changes.
#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_is_renamed_later_has_its_values() {
    for capture in ["capture = \"xmin\"", "capture = \"digest\"", "capture = \"digest\"\nkey = \"row\""] {
        let w = World::new().await;
        w.sql("CREATE TABLE r (id int PRIMARY KEY, price int); INSERT INTO r SELECT g, g FROM generate_series(1, 20) g; ANALYZE r").await;
        w.config(&format!("[[table]]\nsource = \"r\"\n{capture}\n"));
        w.tick().await;
        w.config(&format!("[[table]]\nsource = \"r\"\n{capture}\nrename = {{ price = \"cost\" }}\n"));
        w.tick().await;
        w.sql("UPDATE r SET price = 100 WHERE id = 1").await;
        w.tick().await;
        let filled = w.target("SELECT CAST(COUNT(cost) AS STRING) FROM `{d}.r`").await;
        assert_eq!(filled, [[Some("20".to_owned())]], "{capture}");
    }
}

/// A wider type in the config, and nothing else changes.
#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_is_given_later_holds_for_all_rows() {
    let w = World::new().await;
    w.sql("CREATE TABLE r (id int PRIMARY KEY, price int); INSERT INTO r SELECT g, g FROM generate_series(1, 20) g; ANALYZE r").await;
    let table = "[[table]]\nsource = \"r\"\ncapture = \"digest\"\n";
    w.config(table);
    w.tick().await;
    w.config(&format!("{table}columns = {{ price = {{ type = \"NUMERIC\" }} }}\n"));
    assert!(w.tick().await["whole"].is_string());
    assert_eq!(w.tick().await["state"], "empty");
    w.sql("UPDATE r SET price = 100 WHERE id = 1").await;
    assert!(w.tick().await["whole"].is_null());
    let filled = w.target("SELECT CAST(COUNT(price) AS STRING) FROM `{d}.r`").await;
    assert_eq!(filled, [[Some("20".to_owned())]]);
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{report:#}");
}
