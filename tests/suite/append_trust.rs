//! What could make a table that is sent row by row differ from its source without a word.

use std::time::Duration;

use plimsoll::failpoint::VARIABLE;
use storage_write_standin::answer::Refusal;
use storage_write_standin::{Action, Applies, Fault, Settings, When};
use tonic::Code;

use super::append::{APPEND, ITEMS, loaded, loaded_with, requests, table};
use super::verify::verify;
use crate::support::World;

async fn world_of(ddl: &str, config: &str) -> World {
    let mut w = World::new().await;
    w.start_storage_write(Settings::default()).await;
    w.sql(ddl).await;
    w.config(config);
    w.tick().await;
    w
}

/// A command that fails and says so.
async fn fails(w: &World, args: &[&str], said: &str) {
    let ran = w.run(args).await;
    assert!(ran.code != 0 && ran.stdout.contains(said), "{args:?}: {}", ran.stdout);
}

async fn succeeds(w: &World, args: &[&str]) {
    let ran = w.run(args).await;
    assert_eq!(ran.code, 0, "{args:?}: {}", ran.stdout);
}

const RESYNC: [&str; 4] = ["resync", "--table", "item", "--json"];
const LOG: &str = "[changelog]\ntable = \"log\"\nid = \"id\"\ntype = \"what\"\nkey = \"key\"\n[defaults]\ncapture = \"changelog\"\napply = \"append\"\n";

/// An entry about an owner says that all of its rows were read: which of them are gone only a MERGE finds.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_about_many_rows_is_refused() {
    let mut w = World::new().await;
    w.start_storage_write(Settings::default()).await;
    w.sql(
        "CREATE TABLE log (id bigserial PRIMARY KEY, what text NOT NULL, key text, at timestamptz NOT NULL DEFAULT clock_timestamp());
         CREATE TABLE piece (id int PRIMARY KEY, plan_id int, a text)",
    )
    .await;
    w.config(&format!(
        "{LOG}[[table]]\nsource = \"piece\"\nlog_types = [\"piece\", {{ type = \"plan\", key = \"plan_id\" }}]\n"
    ));
    for args in [&["check", "--json"][..], &["plan", "--json"], &["run", "--json"]] {
        fails(&w, args, "names plan_id, which is not its key").await;
    }
}

/// A key whose text changes and whose value does not is one key.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_in_the_key_in_another_spelling() {
    for rest in ["capture = \"digest\"", "capture = \"xmin\"\ndeletes = \"keys\""] {
        let w = world_of(
            "CREATE TABLE item (id numeric PRIMARY KEY, a text); INSERT INTO item SELECT g, 'a' || g FROM generate_series(1, 10) g",
            &format!("[[table]]\nsource = \"item\"\n{rest}\napply = \"append\"\ncolumns.id.type = \"NUMERIC\"\n"),
        )
        .await;
        w.sql("UPDATE item SET id = 1.00, a = 'other' WHERE id = 1; DELETE FROM item WHERE id = 2").await;
        w.tick().await;
        let found = w.target("SELECT a FROM `{d}.item` WHERE id < 3").await;
        assert_eq!(found, [[Some("other".to_owned())]], "{rest}");
    }
}

const MADE_BY_HAND: &str = "CREATE OR REPLACE TABLE `{d}.item` (id INT64 NOT NULL, a STRING, n NUMERIC, at TIMESTAMP, doc JSON, PRIMARY KEY (id) NOT ENFORCED)";

/// Somebody creates the target again: what was sent to the old one is not in it, and no count of rows tells.
#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_somebody_makes_again() {
    let w = loaded().await;
    for n in 0..2 {
        w.target(MADE_BY_HAND).await;
        w.sql(&format!("UPDATE item SET a = 'later {n}' WHERE id = 2")).await;
        let plan = w.run(&["plan"]).await;
        assert!(plan.stdout.contains("made again by somebody else"), "{}", plan.stdout);
        assert_eq!(w.tick().await["whole"], "the target table was made again by somebody else");
        w.assert_equal("item").await;
        w.sql("UPDATE item SET a = 'sent' WHERE id = 1").await;
        assert!(w.tick().await["whole"].is_null());
        w.assert_equal("item").await;
    }
}

/// From row by row to merges, by each way that reads everything: no MERGE goes to what takes none.
#[tokio::test(flavor = "multi_thread")]
async fn to_merges_by_each_way_that_reads_everything() {
    let full = ["run", "--full", "--json"];
    for (run, command) in [("chunk_rows = 20", &full[..]), ("", &full), ("chunk_rows = 20", &RESYNC)] {
        let w = loaded().await;
        w.sql("UPDATE item SET a = 'sent' WHERE id < 10; ANALYZE item").await;
        w.tick().await;
        w.config_with(run, &APPEND.replace("\"append\"", "\"merge\""));
        succeeds(&w, command).await;
        w.sql("DELETE FROM item WHERE id = 30").await;
        w.tick().await;
        w.assert_equal("item").await;
    }
}

/// A soft delete needs a MERGE for a whole load too.
#[tokio::test(flavor = "multi_thread")]
async fn to_soft_deletes_after_rows_were_sent() {
    let w = loaded().await;
    w.sql("UPDATE item SET a = 'sent' WHERE id < 10").await;
    w.tick().await;
    w.config(&format!("{}delete = \"soft\"\n", APPEND.replace("\"append\"", "\"merge\"")));
    fails(&w, &["run", "--json"], "plimsoll resync --table").await;
    fails(&w, &RESYNC, "it takes no MERGE, which delete = \\\"soft\\\" needs").await;
    assert!(w.state("item").await["pending"].is_null());
    w.target("DROP TABLE `{d}.item`").await;
    succeeds(&w, &RESYNC).await;
    w.assert_equal("item").await;
}

/// A table of a shared feed that was set aside, and one whose state is lost: that it takes no MERGE is known all the same.
#[tokio::test(flavor = "multi_thread")]
async fn another_sink_where_nobody_remembers_the_last() {
    let w = loaded().await;
    w.sql("UPDATE item SET a = 'sent' WHERE id < 10; DELETE FROM item WHERE id = 20").await;
    w.tick().await;
    w.remove_object("p/state/item.json").await;
    w.sql("INSERT INTO item (id, a) VALUES (20, 'back')").await;
    w.config(&APPEND.replace("\"append\"", "\"merge\""));
    fails(&w, &["run", "--json"], "plimsoll resync --table item").await;
    succeeds(&w, &RESYNC).await;
    w.sql("DELETE FROM item WHERE id = 30").await;
    w.tick().await;
    w.assert_equal("item").await;
}

/// As above, in a shared feed: what is set aside is not loaded over by the next tick.
#[tokio::test(flavor = "multi_thread")]
async fn another_sink_for_a_table_that_is_set_aside() {
    let tables = "[[table]]\nsource = \"item\"\nlog_types = [\"item\"]\n[[table]]\nsource = \"other\"\nlog_types = [\"other\"]\n";
    let w = world_of(
        "CREATE TABLE log (id bigserial PRIMARY KEY, what text NOT NULL, key text, at timestamptz NOT NULL DEFAULT clock_timestamp());
         CREATE TABLE item (id int PRIMARY KEY, a text); INSERT INTO item SELECT g, 'a' FROM generate_series(1, 5) g;
         CREATE TABLE other (id int PRIMARY KEY, a text); INSERT INTO other SELECT * FROM item",
        &format!("{LOG}{tables}"),
    )
    .await;
    let refusal = Refusal::new(Code::InvalidArgument, "something new");
    let fault = Fault::once(When::Table(format!("demo.{}.item", w.dataset)), Action::Refuse(refusal));
    w.storage_write().faults().add(fault);
    w.sql(
        "UPDATE item SET a = 'sent'; UPDATE other SET a = 'sent';
         INSERT INTO log (what, key) SELECT 'item', id FROM item UNION ALL SELECT 'other', id FROM other",
    )
    .await;
    fails(&w, &["run", "--json"], "\"aside\"").await;
    w.config(&format!("{}{tables}", LOG.replace("\"append\"", "\"merge\"")));
    for _ in 0..2 {
        fails(&w, &["run", "--table", "item", "--json"], "plimsoll resync --table item").await;
    }
    succeeds(&w, &RESYNC).await;
    w.assert_equal("item").await;
}

async fn signal(child: &tokio::process::Child, signal: &str) {
    let id = child.id().unwrap().to_string();
    assert!(tokio::process::Command::new("kill").args([signal, &id]).status().await.unwrap().success());
}

/// A holder of an old batch goes on once the table was created again: each of its rows would win over one that was loaded.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_holder_after_a_resync() {
    let w = loaded().await;
    w.config_with("lease = \"1s\"", APPEND);
    w.sql("UPDATE item SET a = 'old' WHERE id < 10; DELETE FROM item WHERE id = 20").await;
    let first = w.command(&["run", "--json"]).env(VARIABLE, "append-send:before=pause:1500").spawn().unwrap();
    while w.state("item").await["pending"].is_null() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    signal(&first, "-STOP").await;
    assert_eq!(requests(&w), 0, "it has sent its rows already");
    tokio::time::sleep(Duration::from_millis(1300)).await;
    assert_eq!(w.tick().await["replayed"], true);
    w.sql("UPDATE item SET a = 'new' WHERE id < 10; INSERT INTO item (id, a) VALUES (20, 'back')").await;
    succeeds(&w, &RESYNC).await;
    w.assert_equal("item").await;
    let before = requests(&w);
    signal(&first, "-CONT").await;
    let ran = w.finish(first).await;
    assert_eq!(ran.run()["state"], "busy", "{}", ran.stdout);
    assert_eq!(requests(&w), before);
    w.assert_equal("item").await;
}

/// The table's own staleness decides what its readers see, whatever the config says now.
#[tokio::test(flavor = "multi_thread")]
async fn a_staleness_that_the_config_no_longer_has() {
    let settings = Settings { applies: Applies::Every(Duration::from_secs(4)), ..Settings::default() };
    let w = loaded_with(settings, &format!("{APPEND}max_staleness = \"15m\"\n")).await;
    w.config(APPEND);
    w.sql("UPDATE item SET a = 'sent' WHERE id < 10").await;
    let report = w.tick().await;
    assert!(table(&report)["append"]["apply_lag_seconds"].is_u64(), "{report:#}");
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{report:#}");
    // An age of nothing takes it away.
    w.config(&format!("{APPEND}max_staleness = \"0s\"\n"));
    w.sql("UPDATE item SET a = 'later' WHERE id < 10").await;
    w.tick().await;
    w.assert_equal("item").await;
    let patches = |w: &World| w.bq.log().iter().filter(|r| r.method == "PATCH").count();
    w.bq.clear();
    w.sql("UPDATE item SET a = 'last' WHERE id < 10").await;
    w.tick().await;
    assert_eq!(patches(&w), 0);
}

/// Two rows of one key: a MERGE would refuse them, and of two that are sent the later would win.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_a_view_has_twice() {
    let w = world_of(
        "CREATE TABLE base (id int PRIMARY KEY, at timestamptz DEFAULT now()); CREATE TABLE tag (id int, t text);
         INSERT INTO base SELECT g FROM generate_series(1, 10) g; INSERT INTO tag SELECT g, 'x' FROM generate_series(1, 10) g;
         CREATE VIEW item AS SELECT b.id, b.at, t.t FROM base b LEFT JOIN tag t ON t.id = b.id",
        "[[table]]\nsource = \"item\"\nkey = [\"id\"]\ncursor = \"at\"\napply = \"append\"\n",
    )
    .await;
    w.sql("UPDATE base SET at = now() WHERE id = 4").await;
    w.tick().await;
    w.assert_equal("item").await;
    w.sql("INSERT INTO tag VALUES (3, 'y'); UPDATE base SET at = now() WHERE id = 3").await;
    fails(&w, &["run", "--json"], "name columns as key that are unique").await;
    assert_eq!(requests(&w), 1);
}

/// A key of every type that BigQuery takes: rows change, go, and get another key.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_every_type() {
    for capture in ["capture = \"digest\"", "capture = \"xmin\"\ndeletes = \"keys\""] {
        let w = world_of(
            "CREATE TABLE item (b boolean, i bigint, n numeric(38, 9), m numeric(50, 18), d date, s timestamp, z timestamptz, t text, id int, a text,
                PRIMARY KEY (b, i, n, m, d, s, z, t));
             INSERT INTO item VALUES
               (true, -9223372036854775808, 99999999999999999999999999999.999999999, 1.000000000000000001, '0001-01-01', '0001-01-01 00:00:00',
                '0001-01-01 00:00:00+00', E'a\\n\"\\\\', 1, 'one'),
               (false, 9223372036854775807, -0.000000001, -0.000000000000000001, '9999-12-31', '9999-12-31 23:59:59.999999',
                '9999-12-31 23:59:59.999999+00', '🦀ü', 2, 'two'),
               (false, 0, 1.5, 7, '2024-02-29', '2024-02-29 12:00:00.000001', '2024-02-29 12:00:00.000001+02', '', 3, 'three')",
            &format!("[[table]]\nsource = \"item\"\n{capture}\napply = \"append\"\n"),
        )
        .await;
        w.assert_equal("item").await;
        w.sql(
            "UPDATE item SET a = 'changed' WHERE id = 1; DELETE FROM item WHERE id = 2;
             UPDATE item SET i = -1, z = '2024-02-29 12:00:00.000002+02', t = 'moved' WHERE id = 3",
        )
        .await;
        let report = w.tick().await;
        let counts = (table(&report)["upserts"].as_u64(), table(&report)["deletes"].as_u64());
        assert_eq!(counts, (Some(2), Some(2)), "{report:#}");
        w.assert_equal("item").await;
    }
}

/// Rows come and go while a table is loaded in stretches, each by a job; a change that is sent in between ends that.
#[tokio::test(flavor = "multi_thread")]
async fn changes_during_a_load_in_stretches() {
    for rest in ["capture = \"digest\"", "capture = \"xmin\"\ndeletes = \"keys\"\nmetadata = true"] {
        let config = format!("[[table]]\nsource = \"item\"\n{rest}\napply = \"append\"\n");
        let mut w = World::new().await;
        w.start_storage_write(Settings::default()).await;
        w.sql(ITEMS).await;
        w.config_with("chunk_rows = 20\nlease = \"1s\"", &config);
        for (n, point) in ["load-wait:after", "commit:after", "load-submit:after", "commit:after"].iter().enumerate() {
            let child = w.command(&["run"]).env(VARIABLE, format!("{point}=crash")).spawn().unwrap();
            assert_eq!(w.finish(child).await.code, -1, "{point}");
            w.sql(&format!(
                "UPDATE item SET a = 'during {n}', at = now() WHERE id IN ({n} + 1, {n} + 30); DELETE FROM item WHERE id IN ({n} + 10, {n} + 40);
                 INSERT INTO item (id, a, at) VALUES ({n} + 100, 'n', now())"
            ))
            .await;
            tokio::time::sleep(Duration::from_millis(if point.starts_with("commit") { 0 } else { 1300 })).await;
        }
        assert!(w.state("item").await["watermark"]["tables"]["item"]["loading"].is_object(), "{rest}");
        assert_eq!(requests(&w), 0, "{rest}");
        w.config(&config);
        w.tick().await;
        w.tick().await;
        w.assert_equal("item").await;
        assert!(requests(&w) > 0);
        if rest.contains("metadata") {
            let found = w.target("SELECT COUNT(*) FROM `{d}.item` WHERE _plimsoll_run IS NULL").await;
            assert_eq!(found, [[Some("0".to_owned())]]);
        }
    }
}

/// A source that was emptied by mistake stops the run, also where nobody counts the target's rows.
#[tokio::test(flavor = "multi_thread")]
async fn many_deletes_stop_the_run() {
    for capture in ["capture = \"digest\"", "capture = \"xmin\"\ndeletes = \"keys\""] {
        let w = world_of(
            "CREATE TABLE item (id int PRIMARY KEY, a text); INSERT INTO item SELECT g, 'a' FROM generate_series(1, 3000) g",
            &format!("[[table]]\nsource = \"item\"\n{capture}\napply = \"append\"\n"),
        )
        .await;
        w.sql("UPDATE item SET a = 'sent' WHERE id < 10").await;
        w.tick().await;
        w.sql("DELETE FROM item WHERE id > 500").await;
        fails(&w, &["run", "--json"], "would delete 2,500 of the 3,000 rows").await;
        assert_eq!(requests(&w), 1, "{capture}");
        succeeds(&w, &["run", "--allow-deletes", "--json"]).await;
        w.assert_equal("item").await;
    }
}

/// A batch that takes longer than a run may: each tick goes on where the last one has stopped.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_takes_longer_than_a_run() {
    let w = loaded_with(Settings::default(), &APPEND.replace("digest", "xmin")).await;
    w.config_with("budget = \"7s\"\nlease = \"1s\"", &APPEND.replace("digest", "xmin"));
    // About ten requests, of which the row that is too large is none.
    w.sql(
        "INSERT INTO item (id, a) SELECT g, (SELECT string_agg(md5(g::text || n), '') FROM generate_series(1, 64) n) FROM generate_series(1000, 6000) g;
         UPDATE item SET a = repeat('x', 9000000) WHERE id = 1",
    )
    .await;
    w.storage_write().faults().add(Fault::always(When::Request, Action::Delay(Duration::from_secs(1))));
    let mut ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    for _ in 0..4 {
        if ran.code != 0 {
            ran = w.run(&["run", "--json"]).await;
        }
    }
    assert_eq!((ran.code, ran.run()["replayed"].as_bool()), (0, Some(true)), "{}", ran.stdout);
    assert_eq!(table(&ran.run())["quarantined"], 1, "{}", ran.stdout);
    let count = w.target("SELECT COUNT(*) FROM `{d}.item` WHERE id >= 1000 AND LENGTH(a) = 2048").await;
    assert_eq!(count, [[Some("5001".to_owned())]]);
}

/// What is said of a table whose rows are sent speaks of no MERGE.
#[tokio::test(flavor = "multi_thread")]
async fn no_word_of_a_merge() {
    let w = world_of(
        ITEMS,
        &format!(
            "{}deletes = \"keys\"\npartition = {{ column = \"at\", by = \"month\", immutable = true }}\n",
            APPEND.replace("digest", "xmin")
        ),
    )
    .await;
    let check = w.run(&["check"]).await;
    assert_eq!(check.code, 0, "{}", check.stdout);
    let plan = w.run(&["plan"]).await;
    assert_eq!(plan.code, 0, "{}", plan.stdout);
    // The list of keys is compared too.
    assert!(plan.stdout.contains("hashtext("), "{}", plan.stdout);
    for said in [check.stdout, plan.stdout] {
        assert!(!said.contains("MERGE"), "{said}");
    }
    w.config_with("chunk_rows = 20", APPEND);
    w.remove_object("p/state/item.json").await;
    let plan = w.run(&["plan"]).await;
    assert!(plan.stdout.contains("Each is loaded by a load job, nothing billed"), "{}", plan.stdout);
}

/// A table without a key: equal rows are told apart by how many there are, and none of them is refused.
#[tokio::test(flavor = "multi_thread")]
async fn equal_rows_of_a_table_without_a_key() {
    let w = world_of(
        "CREATE TABLE item (a text, b int); INSERT INTO item SELECT 'same', 1 FROM generate_series(1, 3); INSERT INTO item VALUES ('other', 2)",
        "[[table]]\nsource = \"item\"\ncapture = \"digest\"\nkey = \"row\"\napply = \"append\"\n",
    )
    .await;
    w.sql("INSERT INTO item VALUES ('same', 1), ('new', 5), ('new', 5); DELETE FROM item WHERE a = 'other'").await;
    w.tick().await;
    let found = w.target("SELECT a, COUNT(*) FROM `{d}.item` GROUP BY a ORDER BY a").await;
    let found: Vec<_> = found.iter().map(|row| (row[0].as_deref().unwrap(), row[1].as_deref().unwrap())).collect();
    assert_eq!(found, [("new", "2"), ("same", "4")]);
}
