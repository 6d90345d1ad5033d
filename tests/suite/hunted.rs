//! What should hold of comparisons, of passes over all rows and of tables without a key; some of it does not yet.

use serde_json::Value;

use super::verify::verify;
use crate::support::World;

fn number(report: &Value, name: &str) -> u64 {
    report[name].as_u64().unwrap()
}

/// As if all rows had been read two hours ago.
async fn long_ago(w: &World, feed: &str, target: &str) {
    let mut state = w.state(feed).await;
    let at = time::OffsetDateTime::now_utc() - time::Duration::hours(2);
    let text = at.format(&time::format_description::well_known::Rfc3339).unwrap();
    state["watermark"]["tables"][target]["whole_at"] = text.into();
    w.put_state(feed, &state).await;
}

/// More rows that only the target has than a second look takes, all of which the config lets be.
#[tokio::test(flavor = "multi_thread")]
async fn very_many_ignored_deletes_hide_no_difference() {
    let w = World::new().await;
    w.sql("CREATE TABLE many (id int PRIMARY KEY, v int); INSERT INTO many SELECT g, g FROM generate_series(1, 20600) g; ANALYZE many").await;
    w.config("[[table]]\nsource = \"many\"\ncapture = \"xmin\"\n");
    w.tick().await;
    w.sql("DELETE FROM many WHERE id <= 20400").await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!(
        (code, report["state"].as_str(), number(&report, "deletes_ignored")),
        (0, Some("equal"), 20400),
        "{report:#}"
    );
}

const BIG: &str = "CREATE TABLE big (id int PRIMARY KEY, v text, at timestamptz NOT NULL DEFAULT '2020-01-01');
    INSERT INTO big SELECT g, 'v' || g FROM generate_series(1, 300) g; CREATE INDEX ON big (at); ANALYZE big";

async fn big() -> World {
    let w = World::new().await;
    w.sql(BIG).await;
    w.config_with("chunk_rows = 100", "[[table]]\nsource = \"big\"\ncursor = \"at\"\nreconcile_every = \"1h\"\n");
    w.tick().await;
    w.tick().await;
    long_ago(&w, "big", "big").await;
    w
}

/// What was compared for `reconcile_every` is not due again because somebody has looked at less since.
#[tokio::test(flavor = "multi_thread")]
async fn a_lesser_comparison_does_not_make_a_reconcile_pass_due() {
    let w = big().await;
    let ran = w.run(&["run", "--json"]).await;
    assert!(ran.stdout.contains("\"equal\""), "{}", ran.stdout);
    w.bq.clear();
    assert_eq!(w.tick().await["state"], "empty");
    assert!(w.bq.log().is_empty());
    let (code, _) = verify(&w, &["--level", "counts"]).await;
    assert_eq!(code, 0);
    w.bq.clear();
    let ran = w.run(&["run", "--json"]).await;
    assert!(w.bq.log().is_empty(), "{}", ran.stdout);
}

/// What a reconcile pass can't mend is not compared again by each tick.
#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_mended_waits_for_the_next_pass() {
    let w = big().await;
    w.target("INSERT INTO `{d}.big` (id, v, at) SELECT id, v, at FROM `{d}.big` WHERE id = 7").await;
    let first = w.run(&["run", "--json"]).await;
    println!("{}", first.stdout);
    w.bq.clear();
    let second = w.run(&["run", "--json"]).await;
    assert!(w.bq.log().is_empty(), "{} requests\n{}", w.bq.log().len(), second.stdout);
}

/// A column that somebody has dropped in the target.
#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_the_target_lacks_is_mended_by_a_reconcile_pass() {
    let w = big().await;
    w.target("ALTER TABLE `{d}.big` DROP COLUMN v").await;
    for _ in 0..2 {
        let ran = w.run(&["run", "--json"]).await;
        println!("{} {}", ran.code, ran.stdout);
    }
    w.bq.clear();
    let ran = w.run(&["run", "--json"]).await;
    println!("third: {} requests {}", w.bq.log().len(), ran.stdout);
    w.assert_equal("big").await;
}

/// The columns change between the two looks, in no transaction of ours.
async fn columns_change_between_looks(alter: &str) {
    let w = World::new().await;
    w.sql("CREATE TABLE a (id int PRIMARY KEY, u text, v text); INSERT INTO a SELECT g, 'u', 'v' FROM generate_series(1, 9) g").await;
    w.config("[[table]]\nsource = \"a\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n");
    w.tick().await;
    w.target("UPDATE `{d}.a` SET v = 'other' WHERE id = 3").await;
    let looked = w.bq.hold_after(|r| String::from_utf8_lossy(&r.body).contains("IN (") && r.path.ends_with("/queries"));
    let child = w.command(&["verify", "--json"]).spawn().unwrap();
    looked.reached().await;
    // The lease is given back, and no snapshot is open.
    let released = w.gcs.hold_after(|r| r.writes_state());
    looked.open();
    released.reached().await;
    w.sql(alter).await;
    w.sql("UPDATE a SET v = 'new' WHERE id = 3").await;
    released.open();
    let ran = w.finish(child).await;
    let json = ran.json();
    let all: Vec<&Value> =
        json["runs"].as_array().unwrap().iter().filter_map(|r| r["verified"].as_array()).flatten().collect();
    assert_eq!(all.len(), 1, "{json:#}");
    // The run between has brought the row.
    assert_ne!(all[0]["state"], "differs", "{:#}", all[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_comes_between_two_looks_is_no_difference() {
    columns_change_between_looks("ALTER TABLE a ADD COLUMN w int").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_goes_between_two_looks_is_no_difference() {
    columns_change_between_looks("ALTER TABLE a DROP COLUMN u").await;
}

/// Somebody has moved a row of the target to another day.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_in_another_partition_is_repaired_once() {
    let w = World::new().await;
    w.sql("CREATE TABLE p (id int PRIMARY KEY, day date NOT NULL, v text); INSERT INTO p SELECT g, date '2026-01-01' + g, 'v' FROM generate_series(1, 20) g").await;
    w.config("[[table]]\nsource = \"p\"\ncapture = \"xmin\"\ndeletes = \"keys\"\npartition = { column = \"day\", by = \"day\", immutable = true }\n");
    w.tick().await;
    w.target("UPDATE `{d}.p` SET day = DATE '2026-03-03' WHERE id = 5").await;
    let (code, report) = verify(&w, &["--repair"]).await;
    let rows = w.target("SELECT CAST(day AS STRING) FROM `{d}.p` WHERE id = 5").await;
    assert_eq!((code, rows.len()), (0, 1), "{rows:?} {report:#}");
}

/// Half of the source is gone: each stretch has few of these rows, and all of them have many.
#[tokio::test(flavor = "multi_thread")]
async fn the_guard_counts_the_deletes_of_all_stretches() {
    let w = World::new().await;
    w.sql("CREATE TABLE big (id int PRIMARY KEY, at timestamptz NOT NULL DEFAULT '2020-01-01'); INSERT INTO big SELECT g FROM generate_series(1, 6000) g; INSERT INTO big VALUES (0, now()); CREATE INDEX ON big (at); ANALYZE big").await;
    w.config("[[table]]\nsource = \"big\"\ncursor = \"at\"\nreconcile_every = \"1h\"\n");
    w.tick().await;
    w.sql("DELETE FROM big WHERE id % 2 = 1; ANALYZE big").await;
    long_ago(&w, "big", "big").await;
    w.config_with("chunk_rows = 1000", "[[table]]\nsource = \"big\"\ncursor = \"at\"\nreconcile_every = \"1h\"\n");
    let ran = w.run(&["run", "--json"]).await;
    let left = w.target("SELECT CAST(COUNT(*) AS STRING) FROM `{d}.big`").await;
    assert!(ran.code == 1 && ran.stdout.contains("max_delete_fraction"), "{left:?} rows left, exit code {}", ran.code);
}

/// A row of the target whose key no uuid has.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_source_has_no_value_for_goes_with_a_reconcile_pass() {
    for chunk_rows in [1000, 100] {
        let w = World::new().await;
        w.sql("CREATE TABLE big (id uuid PRIMARY KEY, v text, at timestamptz NOT NULL DEFAULT '2020-01-01'); INSERT INTO big SELECT md5(g::text)::uuid, 'v' FROM generate_series(1, 300) g; CREATE INDEX ON big (at); ANALYZE big").await;
        w.config("[[table]]\nsource = \"big\"\ncursor = \"at\"\nreconcile_every = \"1h\"\n");
        w.tick().await;
        w.target("INSERT INTO `{d}.big` (id, v) VALUES ('nobody', 'x')").await;
        long_ago(&w, "big", "big").await;
        w.config_with(
            &format!("chunk_rows = {chunk_rows}"),
            "[[table]]\nsource = \"big\"\ncursor = \"at\"\nreconcile_every = \"1h\"\n",
        );
        for _ in 0..2 {
            let ran = w.run(&["run", "--json"]).await;
            println!("{chunk_rows}: {} {}", ran.code, ran.stdout);
        }
        let left = w.target("SELECT CAST(COUNT(*) AS STRING) FROM `{d}.big`").await;
        assert_eq!(left, [[Some("300".to_owned())]], "chunk_rows = {chunk_rows}");
    }
}

/// The target was made by somebody else, who lets a key be NULL, and somebody has left one so.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_null_in_the_target_is_told() {
    let w = World::new().await;
    w.sql("CREATE TABLE first (id int PRIMARY KEY); CREATE TABLE item (id int PRIMARY KEY, note text); INSERT INTO item SELECT g, 'v' FROM generate_series(1, 9) g").await;
    // Makes the dataset.
    w.config("[[table]]\nsource = \"first\"\ncapture = \"xmin\"\n");
    w.tick().await;
    w.target("CREATE TABLE `{d}.item` (id INT64, note STRING)").await;
    w.config("[[table]]\nsource = \"item\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n");
    w.tick().await;
    w.target("INSERT INTO `{d}.item` (id, note) VALUES (NULL, 'x')").await;
    let ran = w.run(&["verify", "--json", "--strict"]).await;
    println!("{} {}\n{}", ran.code, ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("\"verified\""), "nothing is told of the table");
    let ran = w.run(&["verify", "--json", "--strict", "--level", "keys", "--repair"]).await;
    println!("{} {}\n{}", ran.code, ran.stdout, ran.stderr);
    assert_eq!(ran.code, 0);
}

/// More rows than a second look takes are read again as a whole, and then it is said what is so.
#[tokio::test(flavor = "multi_thread")]
async fn a_repair_of_very_many_rows_ends() {
    let w = World::new().await;
    w.sql("CREATE TABLE many (id int PRIMARY KEY, v int); INSERT INTO many SELECT g, g FROM generate_series(1, 20600) g; ANALYZE many").await;
    w.config("[[table]]\nsource = \"many\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n");
    w.tick().await;
    w.target("DELETE FROM `{d}.many` WHERE id > 100").await;
    let (code, report) = verify(&w, &["--repair"]).await;
    let rows = w.target("SELECT CAST(COUNT(*) AS STRING) FROM `{d}.many`").await;
    assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{rows:?} {report:#}");
}

/// A difference that only a stricter comparison sees stands, and does not make the next one due at each tick.
#[tokio::test(flavor = "multi_thread")]
async fn verify_every_is_kept_behind_a_stricter_comparison() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE item (id int PRIMARY KEY, v text); INSERT INTO item SELECT g, 'v' FROM generate_series(1, 9) g",
    )
    .await;
    w.config("[[table]]\nsource = \"item\"\ncapture = \"xmin\"\nverify_every = \"1d\"\n");
    w.tick().await;
    w.sql("DELETE FROM item WHERE id <= 3").await;
    assert_eq!(verify(&w, &["--strict"]).await.0, 1);
    let mut state = w.state("item").await;
    let at = time::OffsetDateTime::now_utc() - time::Duration::days(2);
    let text = at.format(&time::format_description::well_known::Rfc3339).unwrap();
    state["tables"]["item"]["verified"]["at"] = text.into();
    w.put_state("item", &state).await;
    assert_eq!(w.run(&["run"]).await.code, 0);
    w.bq.clear();
    let ran = w.run(&["run", "--json"]).await;
    assert!(w.bq.log().is_empty(), "compared again: {}", ran.stdout);
}

/// What a person has done to the target of a table without a key.
#[tokio::test(flavor = "multi_thread")]
async fn a_reconcile_pass_over_rows_without_a_key() {
    let w = World::new().await;
    w.sql("CREATE TABLE rate (city text, price int); INSERT INTO rate SELECT 'c' || g % 5, g % 2 FROM generate_series(1, 60) g; ANALYZE rate").await;
    w.config_with(
        "chunk_rows = 20",
        "[[table]]\nsource = \"rate\"\ncapture = \"digest\"\nkey = \"row\"\nreconcile_every = \"1h\"\n",
    );
    w.tick().await;
    w.target("UPDATE `{d}.rate` SET city = 'wrong' WHERE _plimsoll_copy = 2").await;
    w.target("DELETE FROM `{d}.rate` WHERE _plimsoll_copy = 3").await;
    w.target("INSERT INTO `{d}.rate` (_plimsoll_row, _plimsoll_copy, city, price) VALUES ('x', 1, 'y', 1)").await;
    long_ago(&w, "rate", "rate").await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, report["state"].as_str(), number(&report, "target_rows")), (0, Some("equal"), 60), "{report:#}");
}

/// A table in partitions, a stretch at a time.
#[tokio::test(flavor = "multi_thread")]
async fn a_partitioned_table_in_stretches() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE part (id int, day date, v text, PRIMARY KEY (day, id)) PARTITION BY RANGE (day);
           CREATE TABLE part_a PARTITION OF part FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
           CREATE TABLE part_b PARTITION OF part FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
           INSERT INTO part SELECT g, date '2026-01-01' + g % 50, 'v' FROM generate_series(1, 300) g; ANALYZE part",
    )
    .await;
    w.config("[[table]]\nsource = \"part\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n");
    w.tick().await;
    w.config_with("chunk_rows = 70", "[[table]]\nsource = \"part\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n");
    w.target("UPDATE `{d}.part` SET v = 'x' WHERE id IN (1, 99, 149)").await;
    w.target("DELETE FROM `{d}.part` WHERE id = 200").await;
    w.target("INSERT INTO `{d}.part` (id, day, v) VALUES (7, DATE '2030-01-01', 'x'), (7, DATE '1990-01-01', 'x')")
        .await;
    let (code, report) = verify(&w, &[]).await;
    let counts = ["missing", "extra", "different"].map(|n| number(&report, n));
    assert_eq!((code, counts), (1, [1, 2, 3]), "{report:#}");
}

/// Two tables of one log: what stops the one does not keep the other from being mended.
#[tokio::test(flavor = "multi_thread")]
async fn one_tables_guard_is_no_others() {
    let w = World::new().await;
    w.sql("CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (id int PRIMARY KEY, v text); CREATE TABLE log (id bigserial PRIMARY KEY, what text NOT NULL, key text);
           INSERT INTO a SELECT g, 'v' FROM generate_series(1, 4000) g; INSERT INTO b SELECT g, 'v' FROM generate_series(1, 4000) g; ANALYZE").await;
    let table = |name: &str| {
        format!(
            "[[table]]\nsource = \"{name}\"\ncapture = \"changelog\"\nlog_types = [\"{name}\"]\nreconcile_every = \"1h\"\n"
        )
    };
    let tables = format!(
        "[changelog]\ntable = \"log\"\nid = \"id\"\ntype = \"what\"\nkey = \"key\"\n{}{}",
        table("a"),
        table("b")
    );
    w.config(&tables);
    w.tick().await;
    w.sql("DELETE FROM a WHERE id > 2600; UPDATE b SET v = 'unseen' WHERE id = 7").await;
    for target in ["a", "b"] {
        long_ago(&w, "changelog", target).await;
    }
    w.config_with("chunk_rows = 2000", &tables);
    for n in 0..3 {
        let ran = w.run(&["run", "--json"]).await;
        println!("{n}: {} {}", ran.code, ran.stdout);
    }
    let rows = w.target("SELECT CAST(COUNT(*) AS STRING) FROM `{d}.a`").await;
    assert_eq!(rows, [[Some("4000".to_owned())]]);
    w.assert_equal("b").await;
}

/// A table that is paused between the two looks is left alone from then on.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_paused_between_two_looks_is_let_be() {
    let w = World::new().await;
    w.sql("CREATE TABLE a (id int PRIMARY KEY, v text); INSERT INTO a SELECT g, 'v' FROM generate_series(1, 9) g")
        .await;
    w.config("[[table]]\nsource = \"a\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n");
    w.tick().await;
    w.target("UPDATE `{d}.a` SET v = 'other' WHERE id = 3").await;
    let looked = w.bq.hold_after(|r| String::from_utf8_lossy(&r.body).contains("IN (") && r.path.ends_with("/queries"));
    let child = w.command(&["verify", "--json", "--repair"]).spawn().unwrap();
    looked.reached().await;
    let paused = w.run(&["pause", "--table", "a"]).await;
    assert_eq!(paused.code, 0, "{}{}", paused.stdout, paused.stderr);
    w.sql("UPDATE a SET v = 'new' WHERE id = 5").await;
    looked.open();
    let ran = w.finish(child).await;
    let row = w.target("SELECT v FROM `{d}.a` WHERE id IN (3, 5) ORDER BY id").await;
    let kept = [[Some("other".to_owned())], [Some("v".to_owned())]];
    assert_eq!(row, kept, "{}", ran.stdout);
}

/// A feed whose runs take a while is reconciled all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_is_busy_is_reconciled_too() {
    let w = World::new().await;
    w.sql(BIG).await;
    let table = "[[table]]\nsource = \"big\"\ncursor = \"at\"\nreconcile_every = \"1h\"\n";
    w.config(table);
    w.tick().await;
    w.target("UPDATE `{d}.big` SET v = 'wrong' WHERE id = 9").await;
    long_ago(&w, "big", "big").await;
    w.config_with("chunk_rows = 100\nbudget = \"24s\"", table);
    for n in 0..3 {
        w.sql(&format!("UPDATE big SET at = now(), v = 'v{n}' WHERE id = 1")).await;
        let child = w
            .command(&["run", "--json"])
            .env(plimsoll::failpoint::VARIABLE, "upload:before=pause:6500")
            .spawn()
            .unwrap();
        let ran = w.finish(child).await;
        println!("{n}: {} {}", ran.code, ran.stdout);
    }
    w.assert_equal("big").await;
}

/// One table whose target can't be read as it is does not end the comparison of the others of its log.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_null_is_one_tables_trouble() {
    let w = World::new().await;
    w.sql("CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (id int PRIMARY KEY, v text); CREATE TABLE log (id bigserial PRIMARY KEY, what text NOT NULL, key text);
           INSERT INTO a SELECT g, 'v' FROM generate_series(1, 9) g; INSERT INTO b SELECT g, 'v' FROM generate_series(1, 9) g").await;
    let table =
        |name: &str| format!("[[table]]\nsource = \"{name}\"\ncapture = \"changelog\"\nlog_types = [\"{name}\"]\n");
    let log = "[changelog]\ntable = \"log\"\nid = \"id\"\ntype = \"what\"\nkey = \"key\"\n";
    w.config(&format!("{log}{}", table("a")));
    w.tick().await;
    w.target("CREATE TABLE `{d}.b` (id INT64, v STRING)").await;
    w.config(&format!("{log}{}{}", table("a"), table("b")));
    w.tick().await;
    w.target("INSERT INTO `{d}.b` (id, v) VALUES (NULL, 'x')").await;
    w.target("UPDATE `{d}.a` SET v = 'other' WHERE id = 3").await;
    let ran = w.run(&["verify", "--json"]).await;
    assert!(ran.stdout.contains("\"differs\""), "nothing is told of the other table: {}", ran.stdout);
}
