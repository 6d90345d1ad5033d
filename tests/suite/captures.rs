//! `full`, `cursor` and `xmin`, with both kinds of deletes.

use crate::support::World;

#[tokio::test(flavor = "multi_thread")]
async fn deletes_are_found_by_the_list_of_keys() {
    let w = World::with_orders("deletes = \"keys\"").await;
    w.sql("INSERT INTO orders SELECT g, 'n', g FROM generate_series(1, 100) g").await;
    w.tick().await;
    w.sql("DELETE FROM orders WHERE id IN (3, 50); INSERT INTO orders VALUES (200, 'new', 1)").await;
    let report = w.tick().await;
    assert_eq!(report["tables"][0]["rows_deleted"], 2, "{report}");
    w.assert_equal("orders").await;
    // The same key again: deleted, and back.
    w.sql("INSERT INTO orders VALUES (3, 'back', 1)").await;
    w.tick().await;
    w.assert_equal("orders").await;
    w.sql("DELETE FROM orders").await;
    w.tick().await;
    w.assert_equal("orders").await;
    assert_eq!(w.tick().await["state"], "empty");
}

/// An unchanged list of keys is not staged, unless upserts may have added keys since it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_keys_is_only_trusted_while_nothing_was_added_to_it() {
    let w = World::with_orders("deletes = \"keys\"\ndeletes_every = \"2s\"").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    w.sql("INSERT INTO orders VALUES (2, 'comes and goes', 1)").await;
    w.tick().await;
    w.sql("DELETE FROM orders WHERE id = 2").await;
    tokio::time::sleep(std::time::Duration::from_millis(2200)).await;
    // The list is the one of the first load again; the target is not.
    w.tick().await;
    w.assert_equal("orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ignored_deletes_stay_and_check_says_so() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders SELECT g, 'n', g FROM generate_series(1, 3) g").await;
    w.tick().await;
    w.sql("DELETE FROM orders WHERE id = 2; UPDATE orders SET note = 'u', updated_at = clock_timestamp() WHERE id = 3")
        .await;
    w.tick().await;
    let left = w.target("SELECT CAST(id AS STRING) FROM `{d}.orders` ORDER BY 1").await;
    assert_eq!(left.len(), 3);
    let check = w.run(&["check"]).await;
    assert!(check.stdout.contains("rows deleted in the source stay in the target"), "{}", check.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn soft_deletes_flag_and_revive() {
    let w = World::with_orders("deletes = \"keys\"\ndelete = \"soft\"").await;
    w.sql("INSERT INTO orders SELECT g, 'n', g FROM generate_series(1, 3) g").await;
    w.tick().await;
    let flags = "SELECT CAST(id AS STRING), CAST(is_deleted AS STRING), CAST(deleted_at IS NULL AS STRING) FROM `{d}.orders` ORDER BY id";
    let row = |id: &str, deleted: &str, undated: &str| {
        vec![Some(id.to_owned()), Some(deleted.to_owned()), Some(undated.to_owned())]
    };
    w.sql("DELETE FROM orders WHERE id = 2").await;
    w.tick().await;
    assert_eq!(
        w.target(flags).await,
        [row("1", "false", "true"), row("2", "true", "false"), row("3", "false", "true")]
    );
    w.sql("INSERT INTO orders VALUES (2, 'back', 9)").await;
    w.tick().await;
    assert_eq!(
        w.target(flags).await,
        [row("1", "false", "true"), row("2", "false", "true"), row("3", "false", "true")]
    );
    // A full load keeps what only the target has.
    w.sql("DELETE FROM orders WHERE id = 1").await;
    assert_eq!(w.run(&["resync", "--table", "orders"]).await.code, 0);
    assert_eq!(w.target(flags).await[0], row("1", "true", "false"));
}

#[tokio::test(flavor = "multi_thread")]
async fn xmin_needs_no_cursor() {
    let w = World::new().await;
    w.sql("CREATE TABLE tags (id text PRIMARY KEY, label text); INSERT INTO tags VALUES ('a', 'A'), ('b', 'B')").await;
    w.config("[[table]]\nsource = \"tags\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n");
    w.tick().await;
    w.sql("UPDATE tags SET label = 'changed' WHERE id = 'a'; DELETE FROM tags WHERE id = 'b'; INSERT INTO tags VALUES ('ü''\\', 'C')").await;
    let report = w.tick().await;
    assert_eq!(report["tables"][0]["upserts"], 2);
    w.assert_equal("tags").await;
    assert_eq!(w.tick().await["state"], "empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn full_replaces_the_table_every_run_even_without_a_key() {
    let w = World::new().await;
    w.sql("CREATE TABLE rates (id text, rate numeric(8, 4)); INSERT INTO rates VALUES ('eur', 1.1), ('usd', 1)").await;
    w.config("[[table]]\nsource = \"rates\"\ncapture = \"full\"\n");
    w.tick().await;
    w.assert_equal("rates").await;
    w.sql("DELETE FROM rates WHERE id = 'usd'; INSERT INTO rates VALUES ('thb', 38.5)").await;
    let report = w.tick().await;
    assert_eq!(report["state"], "done");
    assert!(w.bq.jobs().iter().all(|id| id.contains("_load_")));
    w.assert_equal("rates").await;
    w.sql("DELETE FROM rates").await;
    w.tick().await;
    w.assert_equal("rates").await;
}

/// A row whose cursor is NULL is above no floor and must still be found.
#[tokio::test(flavor = "multi_thread")]
async fn a_null_cursor_is_not_a_hiding_place() {
    let w = World::new().await;
    w.sql("CREATE TABLE notes (id int PRIMARY KEY, note text, updated_at timestamptz); INSERT INTO notes VALUES (1, 'a', now())").await;
    w.config("[[table]]\nsource = \"notes\"\ncursor = \"updated_at\"\n");
    w.tick().await;
    w.sql("INSERT INTO notes VALUES (2, 'no date', NULL)").await;
    w.tick().await;
    w.sql("UPDATE notes SET note = 'still none' WHERE id = 2").await;
    w.tick().await;
    w.assert_equal("notes").await;
}

/// One row dated into the future must not push the floor above everything that comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_date_in_the_future_hides_nothing() {
    let w = World::with_orders("lag = \"1s\"").await;
    w.sql("INSERT INTO orders VALUES (1, 'future', 1, '2999-01-01')").await;
    w.tick().await;
    w.sql("INSERT INTO orders VALUES (2, 'now', 1)").await;
    w.tick().await;
    w.assert_equal("orders").await;
}

/// A row that leaves the filter by an update leaves the target.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_leaves_the_filter_is_deleted() {
    let w = World::with_orders("where = \"amount > 10 -- large ones\"").await;
    w.sql("INSERT INTO orders VALUES (1, 'in', 20), (2, 'out', 5), (3, 'in', 30)").await;
    w.tick().await;
    w.sql("UPDATE orders SET amount = 1, updated_at = clock_timestamp() WHERE id = 1; \
           UPDATE orders SET amount = 50, updated_at = clock_timestamp() WHERE id = 2; INSERT INTO orders VALUES (4, 'never in', NULL)").await;
    let report = w.tick().await;
    assert_eq!(report["tables"][0]["deletes"], 2, "the row that left and the one that never was: {report}");
    let ids = w.target("SELECT CAST(id AS STRING) FROM `{d}.orders` ORDER BY 1").await;
    assert_eq!(ids, [vec![Some("2".to_owned())], vec![Some("3".to_owned())]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_read_by_its_cursor() {
    let w = World::with_orders("").await;
    w.sql("CREATE VIEW big AS SELECT id, note, updated_at FROM orders WHERE amount > 10; INSERT INTO orders VALUES (1, 'x', 20), (2, 'y', 1)").await;
    w.config("[[table]]\nsource = \"big\"\nkey = [\"id\"]\ncursor = \"updated_at\"\ndeletes = \"keys\"\n");
    w.tick().await;
    w.assert_equal("big").await;
    w.sql(
        "UPDATE orders SET amount = 100, updated_at = clock_timestamp() WHERE id = 2; DELETE FROM orders WHERE id = 1",
    )
    .await;
    w.tick().await;
    w.assert_equal("big").await;
}

/// A partitioned parent is one table; a partition that is attached later brings rows written long before.
#[tokio::test(flavor = "multi_thread")]
async fn an_attached_partition_brings_its_old_rows() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE events (id int, at date NOT NULL, what text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at); \
         CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01'); \
         CREATE TABLE events_2 (LIKE events INCLUDING ALL); \
         INSERT INTO events VALUES (1, '2024-05-05', 'a'); INSERT INTO events_2 VALUES (2, '2025-05-05', 'old')",
    )
    .await;
    w.config("[[table]]\nsource = \"events\"\ncapture = \"xmin\"\n");
    w.tick().await;
    w.sql("INSERT INTO events VALUES (3, '2024-06-06', 'b')").await;
    w.tick().await;
    w.sql("ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')").await;
    w.tick().await;
    w.assert_equal("events").await;
    assert_eq!(w.tick().await["state"], "empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn excluded_and_renamed_columns() {
    let w = World::with_orders("exclude = [\"note\", \"updated_at\"]\nrename = { amount = \"total\" }").await;
    w.sql("INSERT INTO orders VALUES (1, 'secret', 7.5)").await;
    w.tick().await;
    w.sql("INSERT INTO orders VALUES (2, 'secret', 8.5)").await;
    w.tick().await;
    let rows = w.target("SELECT CAST(id AS STRING), CAST(total AS STRING) FROM `{d}.orders` ORDER BY 1").await;
    assert_eq!(rows.len(), 2);
    assert!(w.staged("", "upserts").await.iter().all(|l| !l.contains("secret") && !l.contains("updated_at")));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_keeps_a_table_out_of_a_tick() {
    let w = World::with_orders("every = \"1h\"").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!((ran.code, ran.json()["runs"].as_array().unwrap().len()), (0, 0));
    // Asked for by name it runs all the same.
    let ran = w.run(&["run", "--table", "orders", "--json"]).await;
    assert_eq!(ran.run()["state"], "empty");
}

/// The key is unique among the rows that the filter lets through, and only there.
#[tokio::test(flavor = "multi_thread")]
async fn a_filtered_row_does_not_delete_a_live_one_of_the_same_key() {
    let w = World::new().await;
    w.sql("CREATE TABLE people (pk int PRIMARY KEY, email text, active boolean); INSERT INTO people VALUES (1, 'a@x', true)").await;
    w.config("[[table]]\nsource = \"people\"\nkey = [\"email\"]\nwhere = \"active\"\n");
    w.tick().await;
    w.sql("INSERT INTO people VALUES (2, 'a@x', false)").await;
    w.tick().await;
    assert_eq!(w.target("SELECT email FROM `{d}.people`").await.len(), 1);
}
