//! A tick with nothing to do costs one object read and a question to the source.

use crate::support::World;

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_tick_writes_nothing_and_asks_bigquery_nothing() {
    let w = World::with_orders("deletes = \"keys\"").await;
    w.sql("INSERT INTO orders SELECT g, 'n', g FROM generate_series(1, 1000) g").await;
    w.tick().await;
    w.bq.clear();
    w.gcs.clear();
    for _ in 0..5 {
        assert_eq!(w.tick().await["state"], "empty");
    }
    assert!(w.bq.log().is_empty(), "{:?}", w.bq.log());
    assert!(w.gcs.written().is_empty(), "{:?}", w.gcs.written());
    assert_eq!(w.gcs.log().len(), 5, "one read a tick: {:?}", w.gcs.log());
}

/// The watermark of a quiet feed still moves, now and then, so that a fresh process can tell quiet from stuck.
#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_feed_moves_its_watermark_now_and_then() {
    let w = World::with_orders("").await;
    let table = "[[table]]\nsource = \"orders\"\ncursor = \"updated_at\"\n";
    // `config` ends in the section [server].
    w.config(&format!("max_age = \"2s\"\n{table}"));
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    let before = w.state("orders").await["watermark"]["taken_at"].clone();
    tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
    assert_eq!(w.tick().await["state"], "empty");
    assert_ne!(w.state("orders").await["watermark"]["taken_at"], before);
}
