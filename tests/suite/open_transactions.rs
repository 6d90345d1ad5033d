//! Order comes from the database: what a long transaction commits late is found, and nothing is sent twice without need.

use crate::support::World;

/// The transaction takes its timestamp first and commits last; others commit newer rows meanwhile.
async fn a_late_commit_arrives(write: &str) {
    let w = World::with_orders("lag = \"0s\"").await;
    w.sql("INSERT INTO orders VALUES (1, 'before', 1)").await;
    w.tick().await;

    let open = w.connect().await;
    open.batch_execute("BEGIN").await.unwrap();
    open.batch_execute(write).await.unwrap();
    w.sql("INSERT INTO orders VALUES (11, 'newer', 1)").await;
    assert_eq!(w.tick().await["state"], "done");
    w.sql("INSERT INTO orders VALUES (12, 'newer still', 1)").await;
    assert_eq!(w.tick().await["state"], "done");
    let ids = w.target("SELECT CAST(id AS STRING) FROM `{d}.orders` ORDER BY id").await;
    assert_eq!(ids.len(), 3, "not committed, not there: {ids:?}");

    open.batch_execute("COMMIT").await.unwrap();
    w.tick().await;
    w.assert_equal("orders").await;
    assert_eq!(w.tick().await["state"], "empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_with_an_older_cursor_committed_late_arrives() {
    a_late_commit_arrives("INSERT INTO orders VALUES (2, 'late', 1, clock_timestamp())").await;
}

/// `pg_visible_in_snapshot` would call the savepoint's transaction visible and lose this row.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_written_under_a_savepoint_arrives() {
    a_late_commit_arrives(
        "INSERT INTO orders VALUES (3, 'top', 1, clock_timestamp()); SAVEPOINT s; \
         INSERT INTO orders VALUES (2, 'under a savepoint', 1, clock_timestamp()); RELEASE s",
    )
    .await;
}

/// The cursor is a sequence, which no clock orders: the floor may not pass a number that is still to be committed.
#[tokio::test(flavor = "multi_thread")]
async fn a_smaller_number_committed_late_arrives() {
    let w = World::new().await;
    w.sql("CREATE TABLE log (id bigserial PRIMARY KEY, what text); INSERT INTO log (what) VALUES ('first')").await;
    w.config("[[table]]\nsource = \"log\"\ncursor = \"id\"\n");
    w.tick().await;
    let open = w.connect().await;
    open.batch_execute("BEGIN; INSERT INTO log (what) VALUES ('small number')").await.unwrap();
    for n in 0..3 {
        w.sql(&format!("INSERT INTO log (what) VALUES ('larger {n}')")).await;
        w.tick().await;
    }
    open.batch_execute("COMMIT").await.unwrap();
    w.tick().await;
    w.assert_equal("log").await;
}

/// The number was drawn before the transaction wrote anything, so no transaction id tells of it: that is what `lag` is for.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_drawn_early_arrives() {
    let w = World::new().await;
    w.sql("CREATE SEQUENCE s; CREATE TABLE log (id bigint PRIMARY KEY, what text); INSERT INTO log SELECT nextval('s'), 'first'").await;
    for lag in ["", "lag = 100\n"] {
        w.config(&format!("[[table]]\nsource = \"log\"\ncursor = \"id\"\n{lag}"));
        w.tick().await;
        let open = w.connect().await;
        open.batch_execute("BEGIN").await.unwrap();
        let early: i64 = open.query_one("SELECT nextval('s')", &[]).await.unwrap().get(0);
        w.sql("INSERT INTO log SELECT nextval('s'), 'later'").await;
        w.tick().await;
        w.tick().await;
        open.batch_execute(&format!("INSERT INTO log VALUES ({early}, 'drawn early'); COMMIT")).await.unwrap();
        w.tick().await;
        w.assert_equal("log").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_open_transaction_nothing_is_sent_twice() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders SELECT g, 'n', g FROM generate_series(1, 10) g").await;
    w.tick().await;
    for n in 0..5 {
        // All of these lie within the cursor's lag; only the transaction rule tells them apart.
        w.sql(&format!("INSERT INTO orders VALUES ({}, 'x', 1)", 100 + n)).await;
        let report = w.tick().await;
        let run = report["run"].as_str().unwrap();
        let lines = w.staged(run, "upserts").await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains(&format!("\"id\":{}", 100 + n)));
    }
    assert_eq!(w.tick().await["state"], "empty");
}

/// While a transaction is open, what committed after it began is in doubt and sent once more, and counted.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_in_doubt_is_sent_again_and_counted() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'before', 1)").await;
    w.tick().await;
    let open = w.connect().await;
    open.batch_execute("BEGIN; INSERT INTO orders VALUES (2, 'open', 1)").await.unwrap();
    w.sql("INSERT INTO orders VALUES (3, 'committed', 1)").await;
    assert_eq!(w.tick().await["tables"][0]["resent"], 0);
    let again = w.tick().await;
    assert_eq!((again["tables"][0]["upserts"].as_u64(), again["tables"][0]["resent"].as_u64()), (Some(1), Some(1)));
    open.batch_execute("COMMIT").await.unwrap();
    let last = w.tick().await;
    assert_eq!((last["tables"][0]["upserts"].as_u64(), last["tables"][0]["resent"].as_u64()), (Some(2), Some(1)));
    w.assert_equal("orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rolled_back_never_arrives() {
    let w = World::with_orders("deletes = \"keys\"").await;
    w.sql("INSERT INTO orders VALUES (1, 'a', 1)").await;
    w.tick().await;
    let open = w.connect().await;
    open.batch_execute(
        "BEGIN; INSERT INTO orders VALUES (2, 'never', 1); UPDATE orders SET note = 'never' WHERE id = 1",
    )
    .await
    .unwrap();
    w.tick().await;
    open.batch_execute("ROLLBACK").await.unwrap();
    w.tick().await;
    w.assert_equal("orders").await;
}

/// What the server may still forget in a crash is not taken for known: its transaction ids would be given out again.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_not_on_disk_is_waited_for() {
    let w = World::with_orders("").await;
    w.sql("ALTER SYSTEM SET wal_writer_delay = '3s'").await;
    w.sql("ALTER SYSTEM SET wal_writer_flush_after = '1GB'").await;
    w.sql("SELECT pg_reload_conf(); INSERT INTO orders VALUES (1, 'a', 1)").await;
    w.tick().await;
    for id in 2..5 {
        w.sql(&format!("SET synchronous_commit = off; INSERT INTO orders VALUES ({id}, 'fleeting', 1)")).await;
        let end: String = w.pg.query_one("SELECT pg_current_wal_insert_lsn()::text", &[]).await.unwrap().get(0);
        let report = w.tick().await;
        assert_eq!(report["tables"][0]["upserts"], 1, "{report}");
        let sql = format!("SELECT pg_current_wal_flush_lsn() >= '{end}'::pg_lsn - 40");
        assert!(w.pg.query_one(&sql, &[]).await.unwrap().get::<_, bool>(0), "{id}");
    }
}
