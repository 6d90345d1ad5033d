//! A first load longer than any budget: a stretch of keys a run, each sealed and loaded, and the changes made meanwhile found
//! by the run after the last.

use std::time::Duration;

use plimsoll::failpoint::VARIABLE;
use serde_json::Value;

use crate::support::World;
use crate::support::pubsub::Push;

const SOURCE: &str = "CREATE TABLE item (a text COLLATE \"C\", b int, v text, PRIMARY KEY (a, b));
    INSERT INTO item SELECT 'k''' || g / 10, g % 10, 'first' FROM generate_series(1, 95) g; ANALYZE item;
    CREATE TABLE log (id bigserial PRIMARY KEY, a text, b int, op text);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF TG_OP <> 'INSERT' THEN INSERT INTO log (a, b, op) VALUES (OLD.a, OLD.b, TG_OP); END IF;
      IF TG_OP <> 'DELETE' THEN INSERT INTO log (a, b, op) VALUES (NEW.a, NEW.b, TG_OP); END IF; RETURN NULL; END $$;
    CREATE TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON item FOR EACH ROW EXECUTE FUNCTION note();";

const LOGGED: &str = "[changelog]\ntable = \"log\"\nid = \"id\"\nkey = [\"a\", \"b\"]\n[[table]]\nsource = \"item\"\ncapture = \"changelog\"\n";
const SCANNED: &str = "[[table]]\nsource = \"item\"\ndeletes = \"keys\"\n";

const CHUNKS: &str = "chunk_rows = 30\nlease = \"1s\"";
/// A tick begins no other stretch.
const ONE_A_TICK: &str = "stretch:before=error*";

async fn world(run: &str, rest: &str) -> World {
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.config_with(run, rest);
    w
}

/// Rows of both sides, for the key is of two columns.
async fn equal(w: &World) {
    let sql = "SELECT a || '|' || b || '|' || v FROM item";
    let rows = w.pg.query(sql, &[]).await.unwrap();
    let mut source: Vec<String> = rows.iter().map(|r| r.get(0)).collect();
    let found = w.target("SELECT CONCAT(a, '|', CAST(b AS STRING), '|', v) FROM `{d}.item`").await;
    let mut target: Vec<String> = found.into_iter().filter_map(|mut r| r.pop().flatten()).collect();
    source.sort();
    target.sort();
    assert_eq!(source, target);
}

async fn one_stretch(w: &World) -> Value {
    let child = w.command(&["run", "--json"]).env(VARIABLE, ONE_A_TICK).spawn().unwrap();
    let ran = w.finish(child).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    ran.json()
}

/// All chunks in one tick, where there is time.
#[tokio::test(flavor = "multi_thread")]
async fn a_load_goes_on_while_there_is_time() {
    for rest in [LOGGED, SCANNED] {
        let w = world("chunk_rows = 30", rest).await;
        let plan = w.run(&["plan"]).await.stdout;
        assert!(plan.contains("a stretch of 30 rows at a time"), "{plan}");
        let ran = w.run(&["run", "--json"]).await;
        let report = ran.json();
        let runs = report["runs"].as_array().unwrap();
        let loading: Vec<Option<u64>> = runs.iter().map(|r| r["loading"][0]["rows"].as_u64()).collect();
        // Then what has changed since the first stretch: by the list of keys there is no telling without a look.
        let looks = usize::from(rest == SCANNED);
        assert_eq!(loading[..4], [Some(30), Some(60), Some(90), None], "{report:#}");
        assert_eq!(loading[4..], vec![None; looks], "{report:#}");
        let merges = w.bq.jobs().iter().filter(|j| j.contains("_merge_")).count();
        assert_eq!(merges, 3 + looks, "the first is loaded straight");
        equal(&w).await;
        // The figures of the load are those of all its runs.
        let loaded = w.run(&["status", "--json"]).await.json()["feeds"][0]["last_run"].clone();
        assert_eq!((&loaded["upserts"], &loaded["deletes"]), (&95.into(), &0.into()), "{loaded:#}");
        for order in [vec!["run", "--full", "--json"], vec!["resync", "--table", "item", "--json"]] {
            let report = w.run(&order).await.json();
            let rows: Vec<Option<u64>> =
                report["runs"].as_array().unwrap().iter().map(|r| r["loading"][0]["rows"].as_u64()).collect();
            assert_eq!(rows[..4], [Some(30), Some(60), Some(90), None], "{order:?}: {report:#}");
            assert!(rows[4..].iter().all(Option::is_none), "{order:?}: {report:#}");
            equal(&w).await;
        }
        w.sql("UPDATE item SET v = 'x' WHERE b = 1; DELETE FROM item WHERE b = 2").await;
        assert!(w.tick().await["whole"].is_null());
        equal(&w).await;
        assert_eq!(w.tick().await["state"], "empty");
    }
}

/// One chunk a tick; between them rows change, come, go and move, on both sides of where the load stands.
#[tokio::test(flavor = "multi_thread")]
async fn changes_between_two_chunks_are_found() {
    for rest in [LOGGED, SCANNED] {
        let w = world(CHUNKS, rest).await;
        let first = one_stretch(&w).await;
        assert_eq!(first["runs"].as_array().unwrap().len(), 1, "{first:#}");
        let (code, ready) = (w.run(&["status"]).await.stdout, w.state("changelog").await);
        assert!(code.contains(" rows, in 1 stretch; "), "{code} {ready}");
        let status = w.run(&["status", "--json"]).await.json();
        let (table, load) = (&status["feeds"][0], &status["feeds"][0]["load"]);
        assert_eq!((&load["rows"], &load["stretches"]), (&30.into(), &1.into()), "{table:#}");
        assert!(table["loading"].is_null(), "one figure has one name: {table:#}");
        assert!(load["about"].as_u64().unwrap() >= 30 && load["rows_an_hour"].is_u64(), "{table:#}");
        // It has been going on since the moment that its first stretch shows.
        assert_eq!(load["began"], w.state(table["feed"].as_str().unwrap()).await["watermark"]["taken_at"], "{table:#}");
        w.sql(
            "UPDATE item SET v = 'loaded before'  WHERE a = 'k''0'; UPDATE item SET v = 'to come' WHERE a = 'k''9'; \
               DELETE FROM item WHERE a = 'k''1' AND b > 5; DELETE FROM item WHERE a = 'k''8'; \
               INSERT INTO item VALUES ('a', 1, 'before all'), ('z', 1, 'behind all'); \
               UPDATE item SET a = 'b' WHERE a = 'k''7' AND b = 1; UPDATE item SET a = 'y' WHERE a = 'k''1' AND b = 1",
        )
        .await;
        one_stretch(&w).await;
        w.sql("UPDATE item SET v = v || '!' WHERE b = 3").await;
        let mut ticks = 0;
        while !one_stretch(&w).await["runs"][0]["loading"].is_null() {
            ticks += 1;
            assert!(ticks < 5);
        }
        w.tick().await;
        equal(&w).await;
        assert_eq!(w.tick().await["state"], "empty");
    }
}

/// A load over rows that are there: nobody sees fewer of them meanwhile, and what the source lacks goes at the end.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_target_is_never_half_empty() {
    let w = world("chunk_rows = 1000", LOGGED).await;
    w.tick().await;
    w.sql("ALTER TABLE item DISABLE TRIGGER t; DELETE FROM item WHERE b = 4; UPDATE item SET v = 'unlogged'").await;
    w.config_with(&format!("{CHUNKS}\nbudget = \"24s\""), LOGGED);
    // Once by time alone: more than half of the budget is over after one stretch, and the rest is for a machine that is busy.
    let rule = "seal:before=pause:12200";
    let child = w.command(&["run", "--full", "--json"]).env(VARIABLE, rule).spawn().unwrap();
    let ran = w.finish(child).await;
    assert_eq!(ran.run()["loading"][0]["rows"], 30, "{}", ran.stdout);
    assert_eq!(w.target("SELECT COUNT(*) FROM `{d}.item`").await[0][0].as_deref(), Some("95"));
    while !one_stretch(&w).await["runs"][0]["loading"].is_null() {}
    equal(&w).await;
    assert_eq!(w.tick().await["state"], "empty");
}

/// Who began the load has let it delete: its last stretch, ticks later, may do so; without a word it may not.
#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_may_delete_ends_by_itself() {
    let w = world("chunk_rows = 10000", SCANNED).await;
    w.sql("INSERT INTO item SELECT 'm', g, 'many' FROM generate_series(1, 3000) g; ANALYZE item").await;
    w.tick().await;
    w.sql("DELETE FROM item WHERE a = 'm'; ANALYZE item").await;
    w.config_with(CHUNKS, SCANNED);
    let begin = async |extra: &[&str]| {
        let args = [&["run", "--full", "--json"], extra].concat();
        let ran = w.finish(w.command(&args).env(VARIABLE, ONE_A_TICK).spawn().unwrap()).await;
        assert_eq!(ran.run()["loading"][0]["rows"], 30, "{}", ran.stdout);
    };
    begin(&[]).await;
    let mut stopped = w.run(&["run", "--json"]).await;
    while stopped.code == 0 {
        stopped = w.run(&["run", "--json"]).await;
    }
    assert!(stopped.stdout.contains("would delete"), "{}", stopped.stdout);
    begin(&["--allow-deletes"]).await;
    while !one_stretch(&w).await["runs"][0]["loading"].is_null() {}
    equal(&w).await;
}

/// A crash at any point costs one chunk at most.
/// By the new key several rows of the target would match one of the source.
#[tokio::test(flavor = "multi_thread")]
async fn under_another_key_a_full_run_replaces_the_rows() {
    let w = world("chunk_rows = 1000", SCANNED).await;
    let ran = w.run(&["run"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    w.sql(
        "DELETE FROM item WHERE b <> 5; ALTER TABLE item DROP CONSTRAINT item_pkey; ALTER TABLE item ALTER b DROP NOT NULL;
         ALTER TABLE item ADD PRIMARY KEY (a)",
    )
    .await;
    w.config_with("chunk_rows = 3", SCANNED);
    let ran = w.run(&["run", "--full"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    equal(&w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_costs_a_chunk() {
    let w = world("chunk_rows = 30\nlease = \"1s\"", SCANNED).await;
    for rule in ["seal:before@2=crash", "load-wait:before@1=crash", "merge-wait:after@1=crash", "commit:before@1=crash"]
    {
        let child = w.command(&["run"]).env(VARIABLE, rule).spawn().unwrap();
        assert_eq!(w.finish(child).await.code, -1, "{rule}");
        w.sql("UPDATE item SET v = v || '.' WHERE b = 5; DELETE FROM item WHERE ctid = (SELECT min(ctid) FROM item)")
            .await;
        tokio::time::sleep(Duration::from_millis(1200)).await;
    }
    assert_eq!(w.run(&["run"]).await.code, 0);
    w.tick().await;
    equal(&w).await;
}

/// Rows that somebody else has put there are not merged away.
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_target_is_left_alone() {
    let w = world("chunk_rows = 1000", SCANNED).await;
    w.sql("CREATE TABLE first (id int PRIMARY KEY)").await;
    w.config_with("", "[[table]]\nsource = \"first\"\n");
    w.tick().await;
    w.target("CREATE TABLE `{d}.item` (a STRING NOT NULL, b INT64 NOT NULL, v STRING)").await;
    w.target("INSERT INTO `{d}.item` VALUES ('theirs', 1, 'x')").await;
    w.config_with("chunk_rows = 30", SCANNED);
    let ran = w.run(&["run"]).await;
    assert!(ran.code == 1 && ran.stdout.contains("was not made by Plimsoll"), "{}", ran.stdout);
    assert_eq!(w.target("SELECT a FROM `{d}.item`").await.len(), 1);
}

/// The planner takes the table for large, and it is empty by now.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_was_emptied_is_empty() {
    let w = world("chunk_rows = 30", SCANNED).await;
    w.run(&["run"]).await;
    w.sql("DELETE FROM item").await;
    assert_eq!(w.run(&["resync", "--table", "item"]).await.code, 0);
    equal(&w).await;
}

/// The table is replaced by another between two chunks: the load begins anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_load_of_a_table_that_is_gone_begins_anew() {
    let w = world(CHUNKS, SCANNED).await;
    one_stretch(&w).await;
    w.sql("DROP TABLE item; CREATE TABLE item (a text, b int, v text, PRIMARY KEY (a, b)); INSERT INTO item VALUES ('new', 1, 'x')").await;
    assert_eq!(w.tick().await["whole"], "the source table was dropped and made again");
    equal(&w).await;
}

/// A tick becomes a message for each feed, a chunk one for the next; and every message is delivered to two processes.
#[tokio::test(flavor = "multi_thread")]
async fn feeds_fan_out_and_a_load_goes_on_by_message() {
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.sql("CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1); CREATE TABLE third (id int PRIMARY KEY)").await;
    let rest = format!(
        "[pubsub]\ntopic = \"{}\"\n{SCANNED}[[table]]\nsource = \"other\"\n[[table]]\nsource = \"third\"\ncapture = \"full\"\n",
        w.name
    );
    w.config_with("chunk_rows = 30\nfan_out = true\nbudget = \"2s\"\nlease = \"1s\"", &rest);
    let first = w.serve().await;
    let second = w.serve().await;
    let urls = [format!("{}/pubsub", first.url), format!("{}/pubsub", second.url)];
    let Some(push) = Push::start(w.stack, &w.name, &[&urls[0], &urls[1]], 10).await else { return };
    push.publish("{}").await;
    for _ in 0..300 {
        let done = w.state("item").await["watermark"]["tables"]["item"].clone();
        if done.is_object() && done["loading"].is_null() && w.state("third").await["last"].is_object() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    equal(&w).await;
    let log = w.serve_log();
    let pushes = log.matches("tick by push").count();
    // One tick to each process, from each one message a feed, and each of those to both again.
    assert!(pushes >= 2 + 2 * 3, "{pushes} pushes: {log}");
    let loads: Vec<String> = w.bq.jobs().into_iter().filter(|j| j.contains("_other_load_")).collect();
    assert_eq!(loads.iter().collect::<std::collections::BTreeSet<_>>().len(), 1, "a feed is loaded once: {loads:?}");
}

const NUMBERS: &str = "CREATE TABLE item (id int PRIMARY KEY, n int NOT NULL, v text);
    INSERT INTO item SELECT g, g, 'a' FROM generate_series(1, 4000) g; ANALYZE item";
const BY_CURSOR: &str = "[[table]]\nsource = \"item\"\ncursor = \"n\"\n";

/// The first stretch of a new load is far fewer rows than the target once had; that is no mistake of the source.
#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_target_is_filled_again() {
    let w = World::new().await;
    w.sql(NUMBERS).await;
    w.config_with("chunk_rows = 1000", BY_CURSOR);
    w.run(&["run"]).await;
    w.target("DROP TABLE `{d}.item`").await;
    w.sql("INSERT INTO item VALUES (5000, 5000, 'new')").await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!((ran.code, ran.run()["whole"].as_str()), (0, Some("the target table is gone")), "{}", ran.stdout);
    w.assert_equal("item").await;
}

/// The numbers of another server bound nothing on this one.
#[tokio::test(flavor = "multi_thread")]
async fn a_restored_source_is_not_searched_from_where_the_old_one_stood() {
    let w = World::new().await;
    w.sql(NUMBERS).await;
    w.sql("INSERT INTO item VALUES (9000, 1000000, 'far')").await;
    w.config_with("chunk_rows = 1000", BY_CURSOR);
    w.run(&["run"]).await;
    let mut state = w.state("item").await;
    state["watermark"]["identity"]["system"] = serde_json::json!("1");
    w.put_state("item", &state).await;
    w.sql("DELETE FROM item WHERE id = 9000").await;
    let ran = w.run(&["run", "--json"]).await;
    assert!(ran.run()["whole"].as_str().unwrap().contains("another server"), "{}", ran.stdout);
    w.assert_equal("item").await;
    w.sql("INSERT INTO item VALUES (4500, 4500, 'after')").await;
    w.tick().await;
    w.assert_equal("item").await;
}

/// Rows that come into a stretch that is through are brought by the next changes, not by another load; a column that comes
/// meanwhile makes the load begin anew.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_into_a_stretch_that_is_through() {
    let w = world("chunk_rows = 1000", SCANNED).await;
    w.tick().await;
    w.config_with(CHUNKS, SCANNED);
    let child = w.command(&["run", "--full", "--json"]).env(VARIABLE, ONE_A_TICK).spawn().unwrap();
    assert_eq!(w.finish(child).await.run()["loading"][0]["rows"], 30);
    w.sql("INSERT INTO item VALUES ('a', 1, 'before all')").await;
    let mut seen = Vec::new();
    loop {
        let report = one_stretch(&w).await;
        seen.extend(report["runs"].as_array().unwrap().iter().map(|r| r["whole"].clone()));
        if report["runs"][0]["loading"].is_null() {
            break;
        }
    }
    assert!(seen.iter().all(Value::is_null), "{seen:?}");
    assert!(w.tick().await["whole"].is_null());
    equal(&w).await;
    let child = w.command(&["run", "--full", "--json"]).env(VARIABLE, ONE_A_TICK).spawn().unwrap();
    assert_eq!(w.finish(child).await.run()["loading"][0]["rows"], 30);
    w.sql("ALTER TABLE item ADD COLUMN w int").await;
    assert_eq!(one_stretch(&w).await["runs"][0]["whole"], "columns came or went while the table was loaded");
    w.config_with("chunk_rows = 30", SCANNED);
    assert_eq!(w.run(&["run"]).await.code, 0);
    equal(&w).await;
}

/// A partition with old rows that is attached while the load goes on, and one that comes and goes again.
#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_come_and_go_while_a_load_goes_on() {
    for config in [
        "[[table]]\nsource = \"pt\"\ncursor = \"at\"\n",
        "[[table]]\nsource = \"pt\"\n",
        "[changelog]\ntable = \"log\"\nid = \"id\"\nkey = [\"id\", \"r\"]\n[[table]]\nsource = \"pt\"\ncapture = \"changelog\"\n",
    ] {
        let w = World::new().await;
        let columns = "(id int, r text, v int, at timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (id, r))";
        w.sql(&format!(
            "CREATE TABLE pt {columns} PARTITION BY LIST (r); CREATE TABLE pa PARTITION OF pt FOR VALUES IN ('a'); \
             CREATE TABLE log (lid bigserial, id int, r text); ALTER TABLE log ADD PRIMARY KEY (lid); \
             INSERT INTO pt SELECT g, 'a', 1 FROM generate_series(1, 90) g"
        ))
        .await;
        let config = config.replace("id = \"id\"", "id = \"lid\"");
        w.config_with("chunk_rows = 30\nlease = \"1s\"", &config);
        let crash = async |rule: &str| {
            let child = w.command(&["run"]).env(VARIABLE, rule).spawn().unwrap();
            assert_eq!(w.finish(child).await.code, -1, "{rule}");
            tokio::time::sleep(Duration::from_millis(1200)).await;
        };
        crash("seal:before@2=crash").await;
        w.sql(&format!(
            "CREATE TABLE pb {columns}; INSERT INTO pb SELECT g, 'b', 2, '2020-01-01' FROM generate_series(1, 50) g; \
             ALTER TABLE pt ATTACH PARTITION pb FOR VALUES IN ('b'); \
             CREATE TABLE pc {columns}; INSERT INTO pc SELECT g, 'c', 2, '2020-01-01' FROM generate_series(85, 95) g; \
             ALTER TABLE pt ATTACH PARTITION pc FOR VALUES IN ('c')"
        ))
        .await;
        crash("seal:before@2=crash").await;
        w.sql("ALTER TABLE pt DETACH PARTITION pc").await;
        let ran = w.run(&["run", "--json"]).await;
        assert_eq!(ran.code, 0, "{}", ran.stdout);
        let begun = ran.json()["runs"].as_array().unwrap().iter().filter(|r| r["whole"] == "first load").count();
        assert_eq!(begun, 0, "the load goes on: {}", ran.stdout);
        w.tick().await;
        let count = w.target("SELECT COUNT(*), COUNTIF(r = 'a'), COUNTIF(r = 'b') FROM `{d}.pt` WHERE r <> 'c'").await;
        assert_eq!(count[0], ["140", "90", "50"].map(|n| Some(n.to_owned())), "{config}");
        // Without deletes = "keys" rows of a detached partition stay, as after any other load.
        if config.contains("changelog") {
            assert_eq!(w.target("SELECT COUNT(*) FROM `{d}.pt` WHERE r = 'c'").await[0][0].as_deref(), Some("0"));
        }
    }
}

/// Where a stretch ends depends on the order of keys, and on how they read.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_order_changes_while_it_is_loaded() {
    for (source, change) in [
        (
            "k text COLLATE \"C\" PRIMARY KEY, v int); INSERT INTO k SELECT c || g, 1 FROM generate_series(1, 50) g, unnest('{A,a}'::text[]) c",
            "ALTER TABLE k ALTER k TYPE text COLLATE \"en-x-icu\"",
        ),
        (
            "s mood, k int, v int, PRIMARY KEY (s, k)); INSERT INTO k SELECT s, g, 1 FROM generate_series(1, 50) g, unnest('{a,b}'::mood[]) s",
            "ALTER TYPE mood RENAME VALUE 'a' TO 'zz'",
        ),
    ] {
        let w = World::new().await;
        w.sql(&format!("CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TABLE k ({source}; ANALYZE k")).await;
        w.config_with("chunk_rows = 30\nlease = \"1s\"", "[[table]]\nsource = \"k\"\n");
        let child = w.command(&["run"]).env(VARIABLE, "seal:before@2=crash").spawn().unwrap();
        assert_eq!(w.finish(child).await.code, -1);
        w.sql(change).await;
        tokio::time::sleep(Duration::from_millis(1200)).await;
        let ran = w.run(&["run", "--json"]).await;
        assert_eq!(
            ran.run()["whole"],
            "the order of the key's values changed while the table was loaded",
            "{}",
            ran.stdout
        );
        assert_eq!(w.run(&["run"]).await.code, 0);
        let sql = "SELECT string_agg(k::text, ' ' ORDER BY k::text COLLATE \"C\") FROM k";
        let source: String = w.pg.query_one(sql, &[]).await.unwrap().get(0);
        let mut target: Vec<String> = w
            .target("SELECT CAST(k AS STRING) FROM `{d}.k`")
            .await
            .into_iter()
            .filter_map(|mut r| r.pop().flatten())
            .collect();
        target.sort();
        assert_eq!(target.join(" "), source);
    }
}
