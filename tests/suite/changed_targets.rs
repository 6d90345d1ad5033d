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

/// A new column of the source is none of that, nor where a tick without changes has noted it already.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_column_is_just_added() {
    for (quiet_ticks, rest) in [(0, ""), (1, ""), (1, "delete = \"soft\"\ndeletes = \"keys\"\n")] {
        let w = World::with_orders(rest).await;
        w.sql("INSERT INTO orders VALUES (1, 'x', 1), (2, 'y', 1)").await;
        w.tick().await;
        w.sql("ALTER TABLE orders ADD extra int").await;
        for _ in 0..quiet_ticks {
            // Once the server has it on disk, the state notes the column.
            tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
            assert_eq!(w.tick().await["state"], "empty");
            let noted = w.state("orders").await["watermark"]["tables"]["orders"]["relation"]["columns"].to_string();
            assert!(noted.contains("extra"), "{noted}");
        }
        w.sql("UPDATE orders SET extra = 5, updated_at = clock_timestamp() WHERE id = 1").await;
        assert!(w.tick().await["whole"].is_null(), "{rest}");
        w.assert_equal("orders").await;
    }
}

/// The flag of soft deletes is a column like any other.
#[tokio::test(flavor = "multi_thread")]
async fn a_flag_that_was_dropped_in_the_target_is_set_again() {
    let w = World::with_orders("delete = \"soft\"\ndeletes = \"keys\"\n").await;
    w.sql("INSERT INTO orders SELECT g, 'n', g FROM generate_series(1, 6) g").await;
    w.tick().await;
    w.sql("DELETE FROM orders WHERE id <= 2").await;
    w.tick().await;
    w.target("ALTER TABLE `{d}.orders` DROP COLUMN is_deleted").await;
    w.sql("UPDATE orders SET note = 'm', updated_at = clock_timestamp() WHERE id = 3").await;
    assert_eq!(w.tick().await["whole"], "a column of the target table was dropped there");
    let flags = w.target("SELECT CAST(id AS STRING), CAST(is_deleted AS STRING) FROM `{d}.orders` ORDER BY id").await;
    let flags: Vec<String> = flags.into_iter().map(|r| r[1].clone().unwrap_or_default()).collect();
    assert_eq!(flags, ["true", "true", "false", "false", "false", "false"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_was_emptied_is_loaded_again() {
    emptied("").await;
    emptied("delete = \"soft\"\ndeletes = \"keys\"\n").await;
}

async fn emptied(rest: &str) {
    let w = World::with_orders(rest).await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1), (2, 'y', 1)").await;
    w.tick().await;
    w.target("TRUNCATE TABLE `{d}.orders`").await;
    w.sql("UPDATE orders SET note = 'z', updated_at = clock_timestamp() WHERE id = 1").await;
    // The emulator still counts rows that are gone; BigQuery does not.
    let url = format!("{}/datasets/{}/tables/orders", w.bigquery.base, w.dataset);
    let mut table: serde_json::Value = w.http.get(url).send().await.unwrap().json().await.unwrap();
    table["numRows"] = "0".into();
    w.bq.answer(1, 200, &table.to_string(), |r| r.method == "GET" && r.path.ends_with("/tables/orders"));
    assert_eq!(w.tick().await["whole"], "the target table was emptied by somebody else");
    w.assert_equal("orders").await;
}
