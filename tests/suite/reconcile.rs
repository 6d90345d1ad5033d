//! The reconcile pass finds what a capture can't see, and the delete guard keeps a mistake from emptying a target.

use crate::support::World;
use crate::support::compare::compare;

const SOURCE: &str = "
CREATE TABLE log (id bigserial PRIMARY KEY, what text NOT NULL, key text);
CREATE TABLE brand (id int PRIMARY KEY, name text);
CREATE TABLE parts (id int PRIMARY KEY, v text, brand_id int, doc jsonb, price numeric);
INSERT INTO brand VALUES (1, 'Acme'), (2, 'Zenith');
INSERT INTO parts SELECT g, 'v' || g, 1 + g % 2, jsonb_build_object('n', g), g / 4.0 FROM generate_series(1, 3000) g;
CREATE VIEW part AS SELECT p.id, p.v, b.name AS brand, p.doc, p.price FROM parts p LEFT JOIN brand b ON b.id = p.brand_id;";

const LOG: &str = "[changelog]\ntable = \"log\"\nid = \"id\"\ntype = \"what\"\nkey = \"key\"\n";

fn config(rest: &str) -> String {
    format!(
        "{LOG}[[table]]\nsource = \"part\"\nkey = [\"id\"]\ncapture = \"changelog\"\nlog_types = [\"part\"]\n{rest}"
    )
}

async fn world(rest: &str) -> World {
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.config(&config(rest));
    w.tick().await;
    w.assert_equal("part").await;
    w
}

async fn differences(w: &World) -> usize {
    compare(&w.pg, "part", "id", &[], &w.bigquery, &w.dataset, "part").await.count
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_log_tells_is_found() {
    let w = world("reconcile_every = \"2s\"\n").await;
    // Nothing of this is logged: a bulk update, a bulk insert, a delete by hand, and a lookup that the view joins.
    w.sql(
        "UPDATE parts SET v = 'bulk' WHERE id <= 10; UPDATE parts SET doc = NULL WHERE id = 11; UPDATE parts SET price = NULL WHERE id = 12; \
         INSERT INTO parts VALUES (5000, 'bulk', 1, '{}', 1); DELETE FROM parts WHERE id = 20; UPDATE brand SET name = 'ACME' WHERE id = 1",
    )
    .await;
    w.config(&config("reconcile_every = \"1h\"\n"));
    assert_eq!(w.tick().await["state"], "empty");
    let before = differences(&w).await;
    assert!(before > 1000, "{before}");
    w.config(&config("reconcile_every = \"2s\"\n"));
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    let report = w.tick().await;
    assert_eq!(report["whole"], "part: reconcile_every has passed", "{report}");
    w.assert_equal("part").await;
    // Only what differs is written: that is also how many rows the log had not seen.
    let table = &report["tables"][0];
    assert_eq!((table["rows_inserted"].as_u64(), table["rows_deleted"].as_u64()), (Some(1), Some(1)), "{report}");
    assert_eq!(table["rows_updated"].as_u64().unwrap() as usize + 2, before, "{report}");
    w.config(&config("reconcile_every = \"1h\"\n"));
    assert_eq!(w.tick().await["state"], "empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn soft_deletes_are_reconciled_too() {
    let w = world("delete = \"soft\"\nreconcile_every = \"1s\"\n").await;
    w.sql("DELETE FROM parts WHERE id = 1; DELETE FROM parts WHERE id = 2").await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    w.tick().await;
    let flagged = "SELECT CAST(id AS STRING) FROM `{d}.part` WHERE is_deleted ORDER BY id";
    assert_eq!(w.target(flagged).await.len(), 2);
    w.sql("INSERT INTO parts VALUES (2, 'back', 1, NULL, NULL)").await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    w.tick().await;
    assert_eq!(w.target(flagged).await, [vec![Some("1".to_owned())]]);
}

/// A cursor that was left alone by a write: the pass is there for every capture that looks for changes.
#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_table_is_reconciled() {
    let w = World::with_orders("lag = \"0s\"\nreconcile_every = \"1s\"\n").await;
    w.sql("INSERT INTO orders SELECT g, 'n', g, now() - interval '1 day' FROM generate_series(1, 20) g").await;
    w.tick().await;
    w.sql("UPDATE orders SET note = 'unseen', updated_at = now() - interval '2 days' WHERE id = 3; DELETE FROM orders WHERE id = 4").await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let report = w.tick().await;
    assert_eq!(report["whole"], "reconcile_every has passed");
    assert_eq!(
        (report["tables"][0]["rows_updated"].as_u64(), report["tables"][0]["rows_deleted"].as_u64()),
        (Some(1), Some(1))
    );
    w.assert_equal("orders").await;
}

/// Half of the source is gone. The run stops before the seal until somebody says that this is meant.
#[tokio::test(flavor = "multi_thread")]
async fn the_guard_stops_a_run_that_would_delete_too_much() {
    let w = world("reconcile_every = \"1s\"\n").await;
    w.sql("DELETE FROM parts WHERE id > 1500").await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    w.bq.clear();
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    let error = &ran.run()["error"];
    assert_eq!(
        error["message"],
        "the run would delete 1,500 of the 3,000 rows of part: more than max_delete_fraction = 0.3 allows"
    );
    assert!(error["hint"].as_str().unwrap().contains("--allow-deletes"));
    assert!(w.bq.jobs().is_empty() && w.state("changelog").await["pending"].is_null());
    let ran = w.run(&["run", "--allow-deletes", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    w.assert_equal("part").await;
}

/// The same by logged deletes, by the list of keys, and by a replacing load; and what only looks like it.
#[tokio::test(flavor = "multi_thread")]
async fn the_guard_watches_every_way_to_delete() {
    let w = world("").await;
    // Many keys that are gone from the source, none of which the target ever had.
    w.sql("INSERT INTO log (what, key) SELECT 'part', g FROM generate_series(10001, 13000) g").await;
    w.tick().await;
    w.sql("DELETE FROM parts WHERE id > 1500; INSERT INTO log (what, key) SELECT 'part', g FROM generate_series(1501, 3000) g").await;
    let ran = w.run(&["run"]).await;
    assert!(ran.code == 1 && ran.stdout.contains("would delete 1,500 of the 3,000 rows"), "{}", ran.stdout);
    w.config(&config("max_delete_fraction = 0.6\n"));
    w.tick().await;
    w.assert_equal("part").await;
    for (n, (table, how)) in [
        ("deletes = \"keys\"\n", "run"),
        ("capture = \"full\"\n", "run"),
        // What only a whole read finds, only a whole read takes away.
        ("", "run --full"),
    ]
    .into_iter()
    .enumerate()
    {
        let target = format!("[[table]]\nsource = \"parts\"\ntarget = \"parts{n}\"\n{table}");
        w.config(&target);
        w.sql("INSERT INTO parts SELECT g, 'x', 1, NULL, g FROM generate_series(1, 3000) g ON CONFLICT DO NOTHING")
            .await;
        w.tick().await;
        w.sql("DELETE FROM parts WHERE id > 1000").await;
        let ran = w.run(&how.split(' ').collect::<Vec<_>>()).await;
        assert!(ran.code == 1 && ran.stdout.contains("would delete 2,000 of the 3,000 rows"), "{}", ran.stdout);
        let typed = format!("{how} --allow-deletes --table parts{n}");
        assert!(ran.stdout.contains(&format!("`plimsoll {typed}` lets one run pass")), "{}", ran.stdout);
        assert_eq!(w.run(&typed.split(' ').collect::<Vec<_>>()).await.code, 0);
        let left = w.target(&format!("SELECT CAST(count(*) AS STRING) FROM `{{d}}.parts{n}`")).await;
        assert_eq!(left[0][0].as_deref(), Some("1000"), "{table}");
    }
}

/// Flagged rows are not told apart in the target, but the source was counted.
#[tokio::test(flavor = "multi_thread")]
async fn the_guard_watches_soft_deletes() {
    let w = world("delete = \"soft\"\nreconcile_every = \"1s\"\n").await;
    w.sql("DELETE FROM parts WHERE id > 1500").await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let ran = w.run(&["run"]).await;
    assert!(ran.code == 1 && ran.stdout.contains("would delete 1,500 of the 3,000 rows"), "{}", ran.stdout);
}

/// Rows that somebody took out of the target are put back, once.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_by_hand_is_put_back() {
    let w = world("reconcile_every = \"1s\"\n").await;
    w.target("DELETE FROM `{d}.part` WHERE id <= 5").await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let report = w.tick().await;
    assert_eq!(report["tables"][0]["rows_inserted"], 5, "{report}");
    w.assert_equal("part").await;
    w.config(&config("reconcile_every = \"1h\"\n"));
    assert_eq!(w.tick().await["state"], "empty");
}

const PENDING: &str = "CREATE TABLE c (id int PRIMARY KEY, valid_to timestamptz); \
    INSERT INTO c SELECT g, 'infinity' FROM generate_series(1, 3000) g";

async fn mark(w: &World, table: &str) -> serde_json::Value {
    w.state(table).await["watermark"]["tables"][table].clone()
}

/// Under soft deletes, too, the guard measures by what the target has, not by what it had when all rows were last read.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_came_since_the_last_look_count_for_the_guard() {
    let w = World::new().await;
    w.sql("CREATE TABLE c (id int PRIMARY KEY); INSERT INTO c SELECT generate_series(1, 500)").await;
    let rest = "[[table]]\nsource = \"c\"\ndelete = \"soft\"\nreconcile_every = ";
    w.config(&format!("{rest}\"1h\"\n"));
    w.tick().await;
    w.sql("INSERT INTO c SELECT generate_series(501, 4000)").await;
    w.tick().await;
    w.sql("DELETE FROM c WHERE id > 1200").await;
    w.config(&format!("{rest}\"1s\"\n"));
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let ran = w.run(&["run"]).await;
    assert!(ran.code == 1 && ran.stdout.contains("would delete 2,800 of the 4,000 rows of c"), "{}", ran.stdout);
}

/// A row with NULL in place of a value is one row, not two.
#[tokio::test(flavor = "multi_thread")]
async fn refused_values_hide_no_deletes() {
    for config in [
        "capture = \"full\"\n",
        "deletes = \"keys\"\n",
        "reconcile_every = \"1s\"\n",
        "reconcile_every = \"1s\"\ndelete = \"soft\"\n",
    ] {
        let w = World::new().await;
        w.sql(PENDING).await;
        w.config(&format!("[[table]]\nsource = \"c\"\n{config}"));
        w.tick().await;
        assert_eq!(
            (&mark(&w, "c").await["source_rows"], &mark(&w, "c").await["left_out"]),
            (&3000.into(), &0.into()),
            "{config}"
        );
        w.sql("DELETE FROM c WHERE id <= 1800; UPDATE c SET id = id").await;
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        let ran = w.run(&["run"]).await;
        assert!(
            ran.code == 1 && ran.stdout.contains("would delete 1,800 of the 3,000 rows of c"),
            "{config}: {}",
            ran.stdout
        );
        assert_eq!(w.run(&["run", "--allow-deletes"]).await.code, 0);
        assert_eq!(mark(&w, "c").await["source_rows"], 1200, "{config}");
    }
}

const KEYLESS: &str = "CREATE TABLE u (id int UNIQUE, v text); CREATE TABLE log (id bigserial PRIMARY KEY, key text); \
    INSERT INTO u SELECT CASE WHEN g <= 2000 THEN g END, 'x' FROM generate_series(1, 3000) g";

/// Rows without a key that could be held are rows of the source, and none of the target.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_left_out_hide_no_deletes() {
    let table = "[[table]]\nsource = \"u\"\nkey = [\"id\"]\n";
    let log = "[changelog]\ntable = \"log\"\nid = \"id\"\nkey = \"key\"\n";
    for (config, feed) in [
        (format!("{table}capture = \"full\"\n"), "u"),
        (format!("{table}deletes = \"keys\"\n"), "u"),
        (format!("{table}reconcile_every = \"1s\"\ndelete = \"soft\"\n"), "u"),
        (format!("{log}{table}capture = \"changelog\"\n"), "changelog"),
    ] {
        let w = World::new().await;
        w.sql(KEYLESS).await;
        w.config(&config);
        let report = w.tick().await;
        let counts = ["upserts", "quarantined", "nulled", "left_out"].map(|f| report["tables"][0][f].as_u64().unwrap());
        assert_eq!(counts, [2000, 1000, 0, 1000], "{config}");
        let found = w.state(feed).await["watermark"]["tables"]["u"].clone();
        assert_eq!(
            (&found["source_rows"], &found["left_out"], &found["quarantined"]),
            (&3000.into(), &1000.into(), &1000.into()),
            "{config}"
        );
        // As many again are no deletes.
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        w.tick().await;
        w.sql("WITH gone AS (DELETE FROM u WHERE id <= 1500 RETURNING id) INSERT INTO log (key) SELECT id FROM gone")
            .await;
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        let ran = w.run(&["run"]).await;
        assert!(
            ran.code == 1 && ran.stdout.contains("would delete 1,500 of the 2,000 rows of u"),
            "{config}: {}",
            ran.stdout
        );
        if feed == "changelog" {
            // A log that names no new key leads to the whole table.
            continue;
        }
        // A key that becomes NULL takes its row out of the target too.
        w.sql("INSERT INTO u SELECT g, 'back' FROM generate_series(1, 1500) g").await;
        w.tick().await;
        w.sql("UPDATE u SET id = NULL").await;
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        let ran = w.run(&["run"]).await;
        assert!(
            ran.code == 1 && ran.stdout.contains("would delete 2,000 of the 2,000 rows of u"),
            "{config}: {}",
            ran.stdout
        );
        assert_eq!(w.run(&["run", "--allow-deletes"]).await.code, 0);
        let all_gone = match config.contains("soft") {
            true => "SELECT CAST(COUNT(*) AS STRING) FROM `{d}.u` WHERE NOT is_deleted",
            false => "SELECT CAST(COUNT(*) AS STRING) FROM `{d}.u`",
        };
        assert_eq!(w.target(all_gone).await[0][0].as_deref(), Some("0"), "{config}");
        let found = mark(&w, "u").await;
        assert_eq!((&found["source_rows"], &found["left_out"]), (&3000.into(), &3000.into()), "{config}");
        w.tick().await;
    }
}

/// Rows whose keys change to what BigQuery can't hold are still there in the source, and go from the target all the same.
#[tokio::test(flavor = "multi_thread")]
async fn the_guard_watches_keys_that_no_longer_fit() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE log (id bigserial PRIMARY KEY, old text, new text); CREATE TABLE m (at timestamptz PRIMARY KEY, v text); \
         INSERT INTO m SELECT '2024-01-01 00:00:00+00'::timestamptz + g * interval '1 minute', 'x' FROM generate_series(1, 3000) g",
    )
    .await;
    w.config(
        "[changelog]\ntable = \"log\"\nid = \"id\"\nkey = \"new\"\nold_key = \"old\"\n[[table]]\nsource = \"m\"\ncapture = \"changelog\"\n",
    );
    w.tick().await;
    w.sql(
        "INSERT INTO log (old, new) SELECT at, at + interval '9000 years' FROM m ORDER BY at LIMIT 2000; \
         UPDATE m SET at = at + interval '9000 years' WHERE at IN (SELECT at FROM m ORDER BY at LIMIT 2000)",
    )
    .await;
    let ran = w.run(&["run"]).await;
    assert!(ran.code == 1 && ran.stdout.contains("would delete 2,000 of the 3,000 rows of m"), "{}", ran.stdout);
    assert_eq!(w.run(&["run", "--allow-deletes"]).await.code, 0);
    assert_eq!(w.target("SELECT CAST(COUNT(*) AS STRING) FROM `{d}.m`").await[0][0].as_deref(), Some("1000"));
}

/// What an older version has counted is not taken for the rows of the target.
#[tokio::test(flavor = "multi_thread")]
async fn counts_of_an_older_version_raise_no_alarm() {
    let w = World::new().await;
    w.sql(PENDING).await;
    w.config("[[table]]\nsource = \"c\"\nreconcile_every = \"1s\"\ndelete = \"soft\"\n");
    w.tick().await;
    let mut state = w.state("c").await;
    let mark = &mut state["watermark"]["tables"]["c"];
    mark["source_rows"] = 6000.into();
    mark.as_object_mut().unwrap().remove("left_out");
    w.put_state("c", &state).await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    w.tick().await;
    assert_eq!(w.state("c").await["watermark"]["tables"]["c"]["source_rows"], 3000);
}

/// A table that would be read in stretches is compared with its target instead: what no capture has seen is read again by its keys, and
/// no other row leaves the source.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_table_is_compared_and_what_differs_is_read_again() {
    let w = World::new().await;
    w.sql("CREATE TABLE big (id int PRIMARY KEY, v text, at timestamptz NOT NULL DEFAULT '2020-01-01'); INSERT INTO big SELECT g, 'v' || g FROM generate_series(1, 3000) g; UPDATE big SET at = now() WHERE id % 2 = 0; CREATE INDEX ON big (at); ANALYZE big").await;
    let configure = |every: &str| {
        w.config_with(
            "chunk_rows = 1000",
            &format!("[[table]]\nsource = \"big\"\ncursor = \"at\"\nreconcile_every = \"{every}\"\n"),
        );
    };
    configure("1h");
    w.tick().await;
    w.assert_equal("big").await;
    // Neither the cursor nor anything else tells of these; two of them are somebody's doing in the target.
    w.sql("UPDATE big SET v = 'unseen' WHERE id = 7; DELETE FROM big WHERE id = 2500; INSERT INTO big VALUES (9000, 'old')").await;
    w.target("UPDATE `{d}.big` SET v = 'by hand' WHERE id = 1500").await;
    w.target("INSERT INTO `{d}.big` (id, v) VALUES (9500, 'nobody has it')").await;
    let report = w.tick().await;
    assert_eq!(report["state"], "empty", "{report:#}");
    configure("1s");
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    w.bq.clear();
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let runs = ran.json()["runs"].as_array().unwrap().clone();
    let staged: u64 =
        runs.iter().flat_map(|r| r["tables"].as_array().unwrap()).map(|t| t["upserts"].as_u64().unwrap()).sum();
    assert_eq!(staged, 3, "only what differs leaves the source: {runs:#?}");
    let verified: Vec<_> = runs.iter().filter_map(|r| r["verified"].as_array()).flatten().collect();
    assert_eq!((&verified[0]["state"], &verified[0]["repaired"]), (&"equal".into(), &5.into()), "{verified:#?}");
    w.assert_equal("big").await;
    // Found equal, so it is not due again before its time.
    configure("1h");
    w.bq.clear();
    assert_eq!(w.tick().await["state"], "empty");
    assert!(w.bq.log().is_empty());
}

/// What has to be staged, since a comparison would not see all of it, is.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_table_with_documents_is_staged() {
    let w = World::new().await;
    w.sql("CREATE TABLE big (id int PRIMARY KEY, v text, doc jsonb); INSERT INTO big SELECT g, 'v', '{\"a\": 1}' FROM generate_series(1, 300) g; ANALYZE big").await;
    w.config_with("chunk_rows = 100", "[[table]]\nsource = \"big\"\ncapture = \"xmin\"\nreconcile_every = \"10s\"\n");
    w.tick().await;
    w.target("UPDATE `{d}.big` SET v = 'by hand' WHERE id = 7").await;
    // Longer than a load in stretches takes: else the tick begins another one.
    tokio::time::sleep(std::time::Duration::from_millis(10_200)).await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.stdout.contains("reconcile_every has passed"), "{}", ran.stdout);
    w.assert_equal("big").await;
}

/// Half of the source is gone, and nothing has told of it.
#[tokio::test(flavor = "multi_thread")]
async fn the_guard_stops_a_comparison_that_would_delete_too_much() {
    let w = World::new().await;
    w.sql("CREATE TABLE big (id int PRIMARY KEY, at timestamptz NOT NULL DEFAULT '2020-01-01'); INSERT INTO big SELECT g FROM generate_series(1, 4000) g; INSERT INTO big VALUES (0, now()); ANALYZE big").await;
    w.config_with("chunk_rows = 2000", "[[table]]\nsource = \"big\"\ncursor = \"at\"\nreconcile_every = \"1s\"\n");
    w.tick().await;
    w.sql("DELETE FROM big WHERE id > 2600").await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("max_delete_fraction"), "{}", ran.stdout);
    assert_eq!(w.target("SELECT CAST(COUNT(*) AS STRING) FROM `{d}.big`").await, [[Some("4001".to_owned())]]);
    assert_eq!(w.run(&["run", "--allow-deletes"]).await.code, 0);
    w.assert_equal("big").await;
}
