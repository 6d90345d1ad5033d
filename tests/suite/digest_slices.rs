//! A table whose digest takes longer than a run: slices of keys, each with lists of its own, and a look that goes on with the next run.

use std::time::Duration;

use plimsoll::failpoint::VARIABLE;
use serde_json::Value;

use crate::support::{World, named_lists};

const SOURCE: &str = "CREATE TABLE item (a text COLLATE \"C\", b int, v text, PRIMARY KEY (a, b));
    INSERT INTO item SELECT 'k''' || g / 10, g % 10, 'first' FROM generate_series(1, 95) g; ANALYZE item;";
const DIGEST: &str = "[[table]]\nsource = \"item\"\ncapture = \"digest\"\n";
const CHUNKS: &str = "chunk_rows = 30\nlease = \"1s\"";
/// A run has time for one slice or stretch.
const ONE_A_RUN: &str = "stretch:before=error*";

async fn world() -> World {
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.config_with(CHUNKS, DIGEST);
    w
}

async fn run(w: &World, rule: &str) -> Value {
    let child = w.command(&["run", "--json"]).env(VARIABLE, rule).spawn().unwrap();
    let ran = w.finish(child).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    ran.run()
}

async fn crash(w: &World, rule: &str) {
    let child = w.command(&["run", "--json"]).env(VARIABLE, rule).spawn().unwrap();
    let ran = w.finish(child).await;
    assert_eq!(ran.code, -1, "{rule}: {}\n{}", ran.stdout, ran.stderr);
    tokio::time::sleep(Duration::from_millis(1200)).await;
}

async fn rows(w: &World) -> (Vec<String>, Vec<String>) {
    let sql = "SELECT a || '|' || b || '|' || v FROM item";
    let found = w.pg.query(sql, &[]).await.unwrap();
    let mut source: Vec<String> = found.iter().map(|r| r.get(0)).collect();
    let found = w.target("SELECT CONCAT(a, '|', CAST(b AS STRING), '|', v) FROM `{d}.item`").await;
    let mut target: Vec<String> = found.into_iter().filter_map(|mut r| r.pop().flatten()).collect();
    source.sort();
    target.sort();
    (source, target)
}

async fn equal(w: &World) {
    let (source, target) = rows(w).await;
    assert_eq!(source, target);
}

async fn mark(w: &World) -> Value {
    w.state("item").await["watermark"].clone()
}

const ON_ALL_SIDES: &str =
    "UPDATE item SET v = v || '!' WHERE a = 'k''0'; UPDATE item SET v = v || '!' WHERE a = 'k''9';
    DELETE FROM item WHERE a = 'k''1' AND b > 5; DELETE FROM item WHERE a = 'k''8';
    INSERT INTO item VALUES ('a', 1, 'before all'), ('z', 1, 'behind all'), ('k''5', 50, 'inside');
    UPDATE item SET a = 'b' WHERE a = 'k''7' AND b = 1; UPDATE item SET a = 'y' WHERE a = 'k''1' AND b = 1";

/// Each stretch has lists of its own moment; what changes meanwhile is found by the first look after the last.
#[tokio::test(flavor = "multi_thread")]
async fn a_load_in_stretches_leaves_slices() {
    let w = world().await;
    assert_eq!(run(&w, ONE_A_RUN).await["loading"][0]["rows"], 30);
    let first = mark(&w).await["taken_at"].clone();
    w.sql(ON_ALL_SIDES).await;
    run(&w, ONE_A_RUN).await;
    w.sql("UPDATE item SET v = v || '?' WHERE b = 3").await;
    crash(&w, "seal:after=crash").await;
    while !run(&w, ONE_A_RUN).await["loading"].is_null() {}
    let loaded = mark(&w).await;
    assert_eq!(loaded["taken_at"], first, "the watermark is as old as the first stretch");
    let slices = loaded["tables"]["item"]["digest"]["slices"].as_array().unwrap().clone();
    assert!(slices.len() >= 3, "{slices:#?}");
    assert!(slices.last().unwrap()["until"].is_null());
    w.tick().await;
    equal(&w).await;
    assert_ne!(mark(&w).await["taken_at"], first);
    assert_eq!(w.tick().await["state"], "empty");
}

/// One slice a run. Until all of them were looked at, the watermark does not say so.
#[tokio::test(flavor = "multi_thread")]
async fn a_look_goes_on_with_the_next_run() {
    let w = world().await;
    w.run(&["run"]).await;
    equal(&w).await;
    let slices = mark(&w).await["tables"]["item"]["digest"]["slices"].as_array().unwrap().len();
    assert_eq!(slices, 4);
    w.sql(ON_ALL_SIDES).await;
    let before = mark(&w).await;
    let began = time::OffsetDateTime::now_utc();
    for n in 1..slices {
        let report = run(&w, ONE_A_RUN).await;
        let now = mark(&w).await;
        assert_eq!(now["taken_at"], before["taken_at"], "{n}");
        assert_eq!(now["tables"]["item"]["digest"]["round"]["next"], n, "{report:#}");
    }
    // Behind the look: the next one finds it.
    w.sql("UPDATE item SET v = 'late' WHERE a = 'k''2' AND b = 2").await;
    run(&w, ONE_A_RUN).await;
    let now = mark(&w).await;
    assert!(now["tables"]["item"]["digest"]["round"].is_null());
    let taken_at = |mark: &Value| {
        let text = mark["taken_at"].as_str().unwrap().to_owned();
        time::OffsetDateTime::parse(&text, &time::format_description::well_known::Rfc3339).unwrap()
    };
    assert!(taken_at(&now) > taken_at(&before) && taken_at(&now) < began + Duration::from_secs(10));
    let (source, target) = rows(&w).await;
    let missing: Vec<_> = source.iter().filter(|r| !target.contains(r)).collect();
    assert_eq!(missing, ["k'2|2|late"]);
    for _ in 0..slices {
        run(&w, ONE_A_RUN).await;
    }
    equal(&w).await;
}

/// A look without changes gets on all the same, though nothing is sealed.
#[tokio::test(flavor = "multi_thread")]
async fn a_look_without_changes_gets_on() {
    let w = world().await;
    w.run(&["run"]).await;
    w.tick().await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        // What was written a moment ago may still be lost: then the look stays where it is.
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(run(&w, ONE_A_RUN).await["state"], "empty");
        seen.push(mark(&w).await["tables"]["item"]["digest"]["round"]["next"].as_u64());
    }
    assert_eq!(seen, [Some(1), Some(2), Some(3), None]);
}

/// Crashes in the middle of a look, before and after what it has found is decided.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_the_middle_of_a_look() {
    let w = world().await;
    w.run(&["run"]).await;
    w.sql(ON_ALL_SIDES).await;
    run(&w, ONE_A_RUN).await;
    for rule in ["list-write:after=crash", "seal:before=crash", "seal:after=crash", "commit:before=crash"] {
        w.sql("UPDATE item SET v = v || '.'; DELETE FROM item WHERE ctid = (SELECT min(ctid) FROM item)").await;
        crash(&w, &format!("{ONE_A_RUN},{rule}")).await;
    }
    for _ in 0..5 {
        run(&w, ONE_A_RUN).await;
    }
    w.tick().await;
    equal(&w).await;
    assert_eq!(w.tick().await["state"], "empty");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    w.sql("UPDATE item SET v = 'last'").await;
    w.tick().await;
    equal(&w).await;
    let mut objects = w.objects().await;
    objects.retain(|n| n.starts_with("p/digests/"));
    objects.sort();
    assert_eq!(objects, named_lists(&w, "item").await);
}

/// A column that comes is hashed slice by slice, each from its own time on.
#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_comes_in_the_middle_of_a_look() {
    let w = world().await;
    w.run(&["run"]).await;
    w.sql("UPDATE item SET v = 'before'").await;
    run(&w, ONE_A_RUN).await;
    w.sql("UPDATE item SET v = 'and again' WHERE b = 1; ALTER TABLE item ADD COLUMN c text; UPDATE item SET c = 'c' WHERE b = 2").await;
    run(&w, ONE_A_RUN).await;
    assert_eq!(mark(&w).await["tables"]["item"]["digest"]["hashed"].as_array().unwrap().len(), 2);
    w.sql("UPDATE item SET c = 'd' WHERE b = 3").await;
    for _ in 0..3 {
        assert!(run(&w, ONE_A_RUN).await["whole"].is_null());
    }
    w.tick().await;
    equal(&w).await;
    let count = w.target("SELECT COUNTIF(c = 'c'), COUNTIF(c = 'd') FROM `{d}.item`").await;
    assert_eq!(count[0], ["10", "10"].map(|n| Some(n.to_owned())));
    assert_eq!(w.tick().await["state"], "empty");
    assert_eq!(mark(&w).await["tables"]["item"]["digest"]["hashed"].as_array().unwrap().len(), 1);
}

/// Where a slice ends depends on the order of keys.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_order_changes() {
    let w = world().await;
    w.run(&["run"]).await;
    w.sql("ALTER TABLE item ALTER a TYPE text COLLATE \"en-x-icu\"; UPDATE item SET v = 'other' WHERE b = 1").await;
    let report = w.tick().await;
    assert_eq!(report["whole"], "the order of the key's values has changed since the table was loaded", "{report:#}");
    w.tick().await;
    equal(&w).await;
    assert_eq!(w.tick().await["state"], "empty");
}

/// A table that was small enough for one slice, and has grown; later it is its last slice that grows.
#[tokio::test(flavor = "multi_thread")]
async fn a_slice_that_grows_is_cut() {
    let w = World::new().await;
    w.sql("CREATE TABLE item (a text, b int, v text, PRIMARY KEY (a, b)); INSERT INTO item SELECT 'k', g, 'v' FROM generate_series(1, 20) g")
        .await;
    w.config_with(CHUNKS, DIGEST);
    let slices = async || mark(&w).await["tables"]["item"]["digest"]["slices"].as_array().unwrap().len();
    w.tick().await;
    assert_eq!(slices().await, 1);
    for (sql, least) in [
        ("INSERT INTO item SELECT 'l', g, 'v' FROM generate_series(1, 100) g; UPDATE item SET v = 'w' WHERE b = 3", 4),
        ("INSERT INTO item SELECT 'm', g, 'v' FROM generate_series(1, 100) g; DELETE FROM item WHERE b = 5", 7),
    ] {
        w.sql(sql).await;
        assert!(w.tick().await["whole"].is_null());
        equal(&w).await;
        assert!(slices().await >= least, "{} slices", slices().await);
        assert_eq!(w.tick().await["state"], "empty");
        w.sql("UPDATE item SET v = v || '.' WHERE b = 7; DELETE FROM item WHERE b = 11").await;
        let mut runs = 0;
        while run(&w, ONE_A_RUN).await["state"] != "empty"
            || !mark(&w).await["tables"]["item"]["digest"]["round"].is_null()
        {
            runs += 1;
            // Two rounds are enough, but a busy server's log may be behind: then a run without changes notes nothing.
            assert!(runs < 300);
        }
        w.tick().await;
        equal(&w).await;
    }
}
