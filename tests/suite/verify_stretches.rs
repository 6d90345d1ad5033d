//! A table that is larger than a run takes: compared a stretch of keys at a time, and the next tick goes on.

use std::collections::BTreeSet;
use std::time::Duration;

use plimsoll::failpoint::VARIABLE;
use serde_json::Value;

use crate::support::{Ran, World};

const SOURCE: &str = "CREATE TABLE item (id int PRIMARY KEY, note text);
    INSERT INTO item SELECT g, 'note ' || g FROM generate_series(1, 95) g; ANALYZE item";
const CHUNKS: &str = "chunk_rows = 30\nlease = \"1s\"";
const XMIN: &str = "[[table]]\nsource = \"item\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n";
/// A run has time for one stretch.
const ONE_A_RUN: &str = "stretch:before=error*";

async fn world(table: &str) -> World {
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.config(table);
    w.tick().await;
    w.config_with(CHUNKS, table);
    w
}

/// Until the load in stretches is through.
async fn load(w: &World) {
    for _ in 0..6 {
        w.tick().await;
    }
}

async fn run(w: &World, args: &[&str], rule: &str) -> Ran {
    let child = w.command(args).env(VARIABLE, rule).spawn().unwrap();
    w.finish(child).await
}

/// The one report of a comparison that the runs have; `Null` where they have none.
fn verified(ran: &Ran) -> Value {
    let json = ran.json();
    let runs = json["runs"].as_array().unwrap().iter();
    let all: Vec<&Value> = runs.filter_map(|r| r["verified"].as_array()).flatten().collect();
    assert!(all.len() < 2, "{json:#}");
    all.first().map_or(Value::Null, |v| (*v).clone())
}

async fn verify(w: &World, rule: &str, more: &[&str]) -> (i32, Value) {
    let args: Vec<&str> = ["verify", "--json"].iter().chain(more).copied().collect();
    let ran = run(w, &args, rule).await;
    assert!(ran.code == 0 || ran.code == 1, "{}\n{}", ran.stdout, ran.stderr);
    (ran.code, verified(&ran))
}

async fn tick(w: &World, rule: &str) -> Value {
    let ran = run(w, &["run", "--json"], rule).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    verified(&ran)
}

async fn crash(w: &World, args: &[&str], rule: &str) {
    let ran = run(w, args, rule).await;
    assert_eq!(ran.code, -1, "{rule}: {}\n{}", ran.stdout, ran.stderr);
    // The lease ends by itself.
    tokio::time::sleep(Duration::from_millis(1200)).await;
}

async fn noted(w: &World) -> Value {
    w.state("item").await["tables"]["item"]["verifying"].clone()
}

fn counts(report: &Value) -> (u64, u64, u64) {
    let of = |name: &str| report[name].as_u64().unwrap();
    (of("missing"), of("extra"), of("different"))
}

/// How often the target was added up.
fn scans(w: &World) -> usize {
    let is_scan = |r: &crate::support::Recorded| String::from_utf8_lossy(&r.body).contains("SUM(CAST(");
    w.bq.log().iter().filter(|r| is_scan(r)).count()
}

/// One in each stretch, and rows of the target alone before and behind all.
async fn plant(w: &World) {
    for sql in [
        "UPDATE `{d}.item` SET note = 'other' WHERE id IN (3, 30, 95)",
        "DELETE FROM `{d}.item` WHERE id IN (31, 50)",
        "INSERT INTO `{d}.item` (id, note) VALUES (-7, 'before all'), (9000, 'behind all')",
    ] {
        w.target(sql).await;
    }
}

const PLANTED: (u64, u64, u64) = (2, 2, 3);

#[tokio::test(flavor = "multi_thread")]
async fn each_difference_is_told_once() {
    let w = world(XMIN).await;
    w.bq.clear();
    let (code, report) = verify(&w, "", &[]).await;
    assert_eq!((code, report["state"].as_str(), report["source_rows"].as_u64()), (0, Some("equal"), Some(95)));
    assert_eq!(scans(&w), 4, "95 rows, 30 at a time");
    plant(&w).await;
    let csv = w.dir.path().join("keys.csv");
    let (code, report) = verify(&w, "", &["--csv", csv.to_str().unwrap()]).await;
    assert_eq!((code, counts(&report), report["source_rows"].as_u64()), (1, PLANTED, Some(95)), "{report}");
    let keys = std::fs::read_to_string(csv).unwrap();
    let mut ids: Vec<&str> = keys.lines().skip(1).map(|l| l.split("\"\"").nth(3).unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["-7", "3", "30", "31", "50", "9000", "95"]);
    let note = w.state("item").await["tables"]["item"].clone();
    assert!(note["verifying"].is_null() && note["verified"]["began"].is_string(), "{note}");
    for level in ["counts", "keys"] {
        let (_, report) = verify(&w, "", &["--level", level]).await;
        assert_eq!(counts(&report), (2, 2, 0), "{level}: {report}");
    }
    let (code, report) = verify(&w, "", &["--repair"]).await;
    assert_eq!((code, report["state"].as_str(), counts(&report)), (0, Some("equal"), (0, 0, 0)), "{report}");
    // After a repair the next run lists all keys, so it takes the last extra row away itself.
    assert_eq!(report["repaired"], 6, "{report}");
    w.assert_equal("item").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_tick_goes_on() {
    let w = world(XMIN).await;
    plant(&w).await;
    let text = run(&w, &["verify"], ONE_A_RUN).await;
    let told = "30 of about 95 rows are compared so far; the next tick goes on";
    assert!(text.code == 1 && text.stdout.replace("\n  ", " ").contains(told), "{}", text.stdout);
    let after = noted(&w).await;
    assert_eq!((after["after"][0].as_str(), after["found"]["different"].as_u64()), (Some("30"), Some(2)), "{after:#}");
    let status = w.run(&["status"]).await.stdout.replace("\n  ", " ");
    assert!(
        status.contains("a comparison goes on since") && status.contains("30 of about 95 rows so far, 3 differ"),
        "{status}"
    );
    let status = w.run(&["status", "--json"]).await.stdout;
    assert!(status.contains("\"verifying\"") && !status.contains("\"after\""), "{status}");
    // Asked for in the same way, it goes on too, and looks at the next stretch alone.
    w.bq.clear();
    let (code, report) = verify(&w, ONE_A_RUN, &[]).await;
    assert_eq!(
        (code, report["state"].as_str(), report["source_rows"].as_u64()),
        (1, Some("goes_on"), Some(60)),
        "{report}"
    );
    assert_eq!(scans(&w), 1);
    assert_eq!(tick(&w, ONE_A_RUN).await["source_rows"].as_u64(), Some(90));
    let report = tick(&w, ONE_A_RUN).await;
    assert_eq!((report["state"].as_str(), counts(&report)), (Some("differs"), PLANTED), "{report}");
    assert!(noted(&w).await.is_null());
    assert_eq!(scans(&w), 3);
    assert!(tick(&w, ONE_A_RUN).await.is_null(), "it is over");
}

/// Who adds up the reports of a comparison that takes several runs finds each byte once: also those of a run that told nothing.
#[tokio::test(flavor = "multi_thread")]
async fn each_billed_byte_is_reported_once() {
    let w = world(XMIN).await;
    let (_, report) = verify(&w, ONE_A_RUN, &[]).await;
    assert_eq!((report["bytes_billed"].as_u64(), report["state"].as_str()), (Some(0), Some("goes_on")), "{report}");
    // The emulator bills nothing, so the state says what the stretches before were billed for.
    let billed = async |all: u64, reported: u64| {
        let mut state = w.state("item").await;
        state["tables"]["item"]["verifying"]["found"]["bytes_billed"] = all.into();
        state["tables"]["item"]["verifying"]["reported_bytes"] = reported.into();
        w.put_state("item", &state).await;
    };
    billed(1000, 600).await;
    let figures = |report: &Value| (report["bytes_billed"].as_u64(), report["bytes_billed_in_all"].as_u64());
    assert_eq!(figures(&tick(&w, ONE_A_RUN).await), (Some(400), Some(1000)));
    assert_eq!(noted(&w).await["reported_bytes"].as_u64(), Some(1000));
    assert_eq!(figures(&tick(&w, ONE_A_RUN).await), (Some(0), Some(1000)));
    // All rows are read again: what was compared says nothing any more, but it was billed.
    billed(1700, 1000).await;
    let ran = w.run(&["run", "--full", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    load(&w).await;
    let (_, report) = verify(&w, "", &[]).await;
    assert_eq!(report["state"].as_str(), Some("equal"), "{report}");
    let all = w.run(&["runs", "--table", "item", "--json"]).await.stdout;
    let all: Value = serde_json::from_str(&all).unwrap();
    let told = all["runs"].as_array().unwrap().iter().filter_map(|r| r["verified"].as_array()).flatten();
    let told: u64 = told.filter_map(|v| v["bytes_billed"].as_u64()).sum();
    assert_eq!(told, 400 + 700, "{all:#}");
}

/// Crashes between two stretches, and in the middle of one: what was looked at is not looked at again.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_two_stretches() {
    let w = world(XMIN).await;
    plant(&w).await;
    crash(&w, &["verify", "--json"], "first-look:before@2=crash").await;
    let after = noted(&w).await;
    assert_eq!(after["after"][0], "30", "{after:#}");
    w.bq.clear();
    crash(&w, &["run", "--json"], "second-look:after=crash").await;
    assert_eq!((noted(&w).await, scans(&w)), (after, 1), "the second stretch was not decided");
    w.bq.clear();
    let report = tick(&w, "").await;
    assert_eq!((report["state"].as_str(), counts(&report)), (Some("differs"), PLANTED), "{report}");
    assert_eq!(scans(&w), 3, "the first stretch is not looked at again");
}

/// What changes while a comparison goes on is no difference, on either side of where it is.
#[tokio::test(flavor = "multi_thread")]
async fn changes_between_two_stretches_are_no_difference() {
    for table in [XMIN, "[[table]]\nsource = \"item\"\ncapture = \"digest\"\n"] {
        let w = world(table).await;
        // Each process ends before its second stretch.
        let one = "first-look:before@2=error";
        run(&w, &["verify"], one).await;
        let mut stretches = 1;
        while !noted(&w).await.is_null() {
            let n = stretches;
            w.sql(&format!(
                "UPDATE item SET note = 'n{n}' WHERE id % 7 = {n}; DELETE FROM item WHERE id IN ({n} + 20, {n} + 50);
                 INSERT INTO item (id, note) VALUES (-{n}, 'new'), (1000 + {n}, 'new'); UPDATE item SET id = 3000 + {n} WHERE id = 5 + {n};
                 UPDATE item SET id = -100 - {n} WHERE id = 80 + {n}"
            ))
            .await;
            run(&w, &["run"], one).await;
            stretches += 1;
            assert!(stretches < 12, "{}", noted(&w).await);
        }
        let found = w.state("item").await["tables"]["item"]["verified"].clone();
        assert!(stretches >= 4 && found["differs"].is_null() && found["began"].is_string(), "{table}: {found}");
    }
}

/// Another ask, another set of columns, and rows that are all loaded again: what was found before says nothing any more.
#[tokio::test(flavor = "multi_thread")]
async fn what_makes_it_start_again() {
    let w = world(XMIN).await;
    verify(&w, ONE_A_RUN, &[]).await;
    assert_eq!(tick(&w, ONE_A_RUN).await["source_rows"].as_u64(), Some(60));
    let (_, report) = verify(&w, ONE_A_RUN, &["--level", "keys"]).await;
    assert_eq!((report["level"].as_str(), report["source_rows"].as_u64()), (Some("keys"), Some(30)), "{report}");
    tick(&w, ONE_A_RUN).await;
    w.sql("ALTER TABLE item ADD COLUMN late text; UPDATE item SET late = 'x' WHERE id = 1").await;
    let report = tick(&w, ONE_A_RUN).await;
    assert_eq!((report["level"].as_str(), report["source_rows"].as_u64()), (Some("keys"), Some(30)), "{report}");
    tick(&w, ONE_A_RUN).await;
    assert_eq!(noted(&w).await["after"][0], "60");
    run(&w, &["resync", "--table", "item"], ONE_A_RUN).await;
    let begins = noted(&w).await;
    assert!(begins["after"].is_null() && begins["found"]["source_rows"] == 0, "{begins:#}");
    load(&w).await;
    assert!(noted(&w).await.is_null());
    let found = w.state("item").await["tables"]["item"]["verified"].clone();
    assert_eq!((found["rows"].as_u64(), found["level"].as_str()), (Some(95), Some("keys")), "{found}");
}

/// A repair goes on as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_repair_goes_on() {
    let w = world(XMIN).await;
    plant(&w).await;
    let (_, report) = verify(&w, ONE_A_RUN, &["--repair"]).await;
    assert_eq!((report["state"].as_str(), report["repaired"].as_u64()), (Some("goes_on"), Some(3)), "{report}");
    let report = loop {
        let report = tick(&w, ONE_A_RUN).await;
        if report["state"] != "goes_on" {
            break report;
        }
    };
    assert_eq!((report["state"].as_str(), report["repaired"].as_u64()), (Some("equal"), Some(6)), "{report}");
    w.assert_equal("item").await;
}

/// One that the delete guard stops is told once, and the comparison goes on behind it.
#[tokio::test(flavor = "multi_thread")]
async fn a_repair_that_is_stopped() {
    let w = world(XMIN).await;
    w.target("INSERT INTO `{d}.item` (id) SELECT x FROM UNNEST(GENERATE_ARRAY(-2000, -801)) AS x").await;
    w.target("UPDATE `{d}.item` SET note = 'x' WHERE id = 40").await;
    let ran = run(&w, &["verify", "--json", "--repair"], "").await;
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("the run would delete 1,200 of the"), "{}", ran.stdout);
    assert_eq!(noted(&w).await["after"][0], "30");
    let report = tick(&w, "").await;
    assert_eq!((counts(&report), report["repaired"].as_u64()), ((0, 1200, 0), Some(1)), "{report}");
}

/// The first columns of a key that both sides order alike are cut; a text is not.
#[tokio::test(flavor = "multi_thread")]
async fn keys_of_each_kind() {
    let w = World::new().await;
    let kinds = [
        ("by_uuid", "k uuid PRIMARY KEY", "md5(g::text)::uuid", "'00000000-0000-0000-0000-000000000000'"),
        (
            "by_time",
            "k timestamptz PRIMARY KEY",
            "timestamptz '2026-01-01' + g * interval '1 microsecond'",
            "TIMESTAMP '1999-01-01 00:00:00+00'",
        ),
        (
            "by_local",
            "k timestamp PRIMARY KEY",
            "timestamp '2026-01-01' + g * interval '0.5 second'",
            "DATETIME '1999-01-01 00:00:00'",
        ),
        ("by_day", "k date PRIMARY KEY", "date '1969-12-01' + g", "DATE '1000-01-01'"),
        ("by_number", "k numeric(12, 3) PRIMARY KEY", "g / 4.0 - 10", "NUMERIC '-99'"),
        ("by_bytes", "k bytea PRIMARY KEY", "decode(md5(g::text), 'hex')", "FROM_HEX('')"),
        ("by_two", "k int, code text, PRIMARY KEY (k, code)", "g / 7, chr(65 + g % 20)", "-5"),
        ("by_pair", "k int, b bigint, PRIMARY KEY (k, b)", "g / 50, -g", "-5"),
    ];
    let mut config = String::new();
    for (name, columns, values, _) in kinds {
        w.sql(&format!("CREATE TABLE {name} (n int, {columns}); INSERT INTO {name} SELECT g, {values} FROM generate_series(1, 95) g; ANALYZE {name}")).await;
        config.push_str(&format!("[[table]]\nsource = \"{name}\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n"));
    }
    w.sql("CREATE TABLE by_text (n int, k text PRIMARY KEY); INSERT INTO by_text SELECT g, 'k' || g FROM generate_series(1, 95) g; ANALYZE by_text").await;
    config.push_str("[[table]]\nsource = \"by_text\"\ncapture = \"xmin\"\n");
    w.config(&config);
    w.tick().await;
    w.config_with(CHUNKS, &config);
    let ran = run(&w, &["verify", "--json"], ONE_A_RUN).await;
    let json = ran.json();
    let found = json["runs"].as_array().unwrap().iter().filter_map(|r| r["verified"].as_array()).flatten();
    let whole: BTreeSet<&str> =
        found.filter(|v| v["state"] == "equal").map(|v| v["source"].as_str().unwrap()).collect();
    assert_eq!(whole, BTreeSet::from(["public.by_text"]), "{json:#}");
    for (name, _, _, extra) in kinds {
        w.target(&format!("UPDATE `{{d}}.{name}` SET n = n + 1000 WHERE n IN (1, 33, 64, 95)")).await;
        let columns = match name {
            "by_two" => "k, code, n) VALUES (-5, 'x', 0)".to_owned(),
            "by_pair" => "k, b, n) VALUES (-5, 7, 0)".to_owned(),
            _ => format!("k, n) VALUES ({extra}, 0)"),
        };
        w.target(&format!("INSERT INTO `{{d}}.{name}` ({columns}")).await;
    }
    // Some of them are begun: from the start again, by another ask.
    let ran = run(&w, &["verify", "--json", "--strict"], "").await;
    let json = ran.json();
    let found = json["runs"].as_array().unwrap().iter().filter_map(|r| r["verified"].as_array()).flatten();
    let mut seen = 0;
    for v in found.filter(|v| v["source"] != "public.by_text") {
        assert_eq!((v["state"].as_str(), counts(v)), (Some("differs"), (0, 1, 4)), "{v:#}");
        seen += 1;
    }
    assert_eq!(seen, kinds.len());
}
