//! `reconcile_every` of a large table: a comparison, and what it can't correct is staged.

use super::verify::verify;
use crate::support::World;

/// As if all rows had been read two hours ago.
async fn long_ago(w: &World, feed: &str, target: &str) {
    let mut state = w.state(feed).await;
    let at = time::OffsetDateTime::now_utc() - time::Duration::hours(2);
    let text = at.format(&time::format_description::well_known::Rfc3339).unwrap();
    state["watermark"]["tables"][target]["whole_at"] = text.into();
    w.put_state(feed, &state).await;
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

/// What a reconcile pass can't correct is not compared again by each tick.
#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_mended_waits_for_the_next_pass() {
    let w = big().await;
    w.target("INSERT INTO `{d}.big` (id, v, at) SELECT id, v, at FROM `{d}.big` WHERE id = 7").await;
    let first = w.run(&["run", "--json"]).await;
    assert_eq!(first.code, 0, "{}", first.stdout);
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
        w.run(&["run", "--json"]).await;
    }
    w.assert_equal("big").await;
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
            w.run(&["run", "--json"]).await;
        }
        let left = w.target("SELECT CAST(COUNT(*) AS STRING) FROM `{d}.big`").await;
        assert_eq!(left, [[Some("300".to_owned())]], "chunk_rows = {chunk_rows}");
    }
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
    assert_eq!(
        (code, report["state"].as_str(), report["target_rows"].as_u64().unwrap()),
        (0, Some("equal"), 60),
        "{report:#}"
    );
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
    for _ in 0..3 {
        w.run(&["run", "--json"]).await;
    }
    let rows = w.target("SELECT CAST(COUNT(*) AS STRING) FROM `{d}.a`").await;
    assert_eq!(rows, [[Some("4000".to_owned())]]);
    w.assert_equal("b").await;
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
        w.finish(child).await;
    }
    let mended = w.target("SELECT v FROM `{d}.big` WHERE id = 9").await;
    assert_eq!(mended, [[Some("v9".to_owned())]]);
}
