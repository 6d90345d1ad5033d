//! `capture = "digest"` while columns come, go and change.

use serde_json::Value;

use crate::support::{World, named_lists};

const DIGEST: &str = "[[table]]\nsource = \"item\"\ncapture = \"digest\"\n";
const HASH_CHANGED: &str = "the rows can't be hashed as they were";

async fn world() -> World {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE item (id int PRIMARY KEY, v varchar(10), n int); INSERT INTO item SELECT g, 'v', g FROM generate_series(1, 300) g",
    )
    .await;
    w.config(DIGEST);
    w.tick().await;
    w
}

fn staged(report: &Value) -> (u64, u64) {
    let table = &report["tables"][0];
    (table["upserts"].as_u64().unwrap_or(0), table["deletes"].as_u64().unwrap_or(0))
}

async fn settled(w: &World) {
    w.assert_equal("item").await;
    assert_eq!(w.tick().await["state"], "empty");
    let mut objects = w.objects().await;
    objects.retain(|n| n.starts_with("p/digests/"));
    objects.sort();
    assert_eq!(objects, named_lists(w, "item").await);
}

/// What changed before the column came is in no hash over the new columns, and must not be taken for the state of before.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_changed_before_a_column_came() {
    let w = world().await;
    w.sql(
        "UPDATE item SET v = 'before' WHERE id = 3; DELETE FROM item WHERE id = 4; INSERT INTO item VALUES (400, 'new', 1);
         ALTER TABLE item ADD COLUMN c text; UPDATE item SET c = 'filled' WHERE id IN (5, 6); UPDATE item SET v = 'after' WHERE id = 7",
    )
    .await;
    let report = w.tick().await;
    assert!(report["whole"].is_null(), "{report:#}");
    assert_eq!(staged(&report), (5, 1), "{report:#}");
    settled(&w).await;
    // From now on it is hashed.
    w.sql("UPDATE item SET c = 'x' WHERE id = 9; UPDATE item SET c = NULL WHERE id = 5").await;
    assert_eq!(staged(&w.tick().await), (2, 0));
    settled(&w).await;
    // Two more, one of which all rows have a value in that none of them was written with.
    w.sql("ALTER TABLE item ADD COLUMN d int DEFAULT 7, ADD COLUMN e int; UPDATE item SET e = 1 WHERE id = 10").await;
    let report = w.tick().await;
    assert!(report["whole"].is_null(), "{report:#}");
    assert_eq!(staged(&report), (300, 0), "{report:#}");
    settled(&w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_column_costs_no_job() {
    let w = world().await;
    w.sql("ALTER TABLE item ADD COLUMN c text").await;
    let jobs = w.bq.jobs().len();
    assert_eq!(w.tick().await["state"], "empty");
    assert_eq!(w.tick().await["state"], "empty");
    assert_eq!(w.bq.jobs().len(), jobs);
    w.sql("UPDATE item SET c = 'x' WHERE id = 9").await;
    let report = w.tick().await;
    assert_eq!((staged(&report), report["whole"].is_null()), ((1, 0), true), "{report:#}");
    settled(&w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_hashed_as_it_was_is_read_whole() {
    for (change, why) in [
        ("ALTER TABLE item DROP COLUMN n", HASH_CHANGED),
        ("ALTER TABLE item ALTER v TYPE text", HASH_CHANGED),
        ("ALTER TABLE item ALTER n TYPE bigint", HASH_CHANGED),
        ("ALTER TABLE item RENAME COLUMN n TO m", HASH_CHANGED),
        ("ALTER TABLE item DROP COLUMN n, ADD COLUMN n int DEFAULT 5", "a column was dropped"),
    ] {
        let w = world().await;
        w.sql(&format!("UPDATE item SET v = 'before' WHERE id = 3; DELETE FROM item WHERE id = 4; {change}")).await;
        let report = w.tick().await;
        assert!(report["whole"].as_str().unwrap_or_default().contains(why), "{change}: {report:#}");
        let count = w.target("SELECT COUNT(*), COUNTIF(v = 'before') FROM `{d}.item`").await;
        assert_eq!(count[0], ["299", "1"].map(|n| Some(n.to_owned())), "{change}");
        assert_eq!(w.tick().await["state"], "empty", "{change}");
        w.sql("UPDATE item SET v = 'later' WHERE id = 3").await;
        assert_eq!(staged(&w.tick().await), (1, 0), "{change}");
    }
}

/// A longer text prints the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_may_be_longer_is_hashed_alike() {
    let w = world().await;
    w.sql("ALTER TABLE item ALTER v TYPE varchar(20); UPDATE item SET v = 'a text that is long' WHERE id = 3").await;
    let report = w.tick().await;
    assert_eq!((staged(&report), report["whole"].is_null()), ((1, 0), true), "{report:#}");
    settled(&w).await;
}
