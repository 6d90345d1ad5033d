//! What somebody does to a target by hand, and what the next run makes of it.

use crate::support::World;

/// A column that is dropped in the target had values that no change brings back.
#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_was_dropped_in_the_target_is_filled_again() {
    for rest in ["", "deletes = \"keys\"\n", "delete = \"soft\"\ndeletes = \"keys\"\n", "reconcile_every = \"1h\"\n"] {
        let w = World::with_orders(rest).await;
        w.sql("INSERT INTO orders SELECT g, 'n' || g, g FROM generate_series(1, 5) g").await;
        w.tick().await;
        w.target("ALTER TABLE `{d}.orders` DROP COLUMN note").await;
        w.sql("UPDATE orders SET amount = 9, updated_at = clock_timestamp() WHERE id = 1").await;
        // Killed between noticing and loading: the next one has to notice again.
        let gate = w.gcs.hold_before(|r| r.object().is_some_and(|o| o.contains("upserts")));
        let mut killed = w.command(&["run"]).spawn().unwrap();
        gate.reached().await;
        killed.kill().await.unwrap();
        w.gcs.calm();
        let report = w.tick().await;
        assert_eq!(report["whole"], "a column of the target table was dropped there", "{rest}");
        w.assert_equal("orders").await;
        assert_eq!(w.tick().await["state"], "empty");
    }
}

/// A new column of the source is none of that.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_column_is_just_added() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1), (2, 'y', 1)").await;
    w.tick().await;
    w.sql("ALTER TABLE orders ADD extra int; UPDATE orders SET extra = 5, updated_at = clock_timestamp() WHERE id = 1")
        .await;
    assert!(w.tick().await["whole"].is_null());
    w.assert_equal("orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_was_emptied_is_loaded_again() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1), (2, 'y', 1)").await;
    w.tick().await;
    w.target("TRUNCATE TABLE `{d}.orders`").await;
    w.sql("UPDATE orders SET note = 'z', updated_at = clock_timestamp() WHERE id = 1").await;
    // The emulator still counts rows that are gone; BigQuery does not.
    let url = format!("{}/bigquery/v2/projects/demo/datasets/{}/tables/orders", w.stack.bq.url, w.dataset);
    let mut table: serde_json::Value = w.http.get(url).send().await.unwrap().json().await.unwrap();
    table["numRows"] = "0".into();
    w.bq.answer(1, 200, &table.to_string(), |r| r.method == "GET" && r.path.ends_with("/tables/orders"));
    assert_eq!(w.tick().await["whole"], "the target table was emptied by somebody else");
    w.assert_equal("orders").await;
}
