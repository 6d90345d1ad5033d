//! Ticks through Google's Pub/Sub emulator: pushes, and its own redelivery.

use std::time::Duration;

use crate::support::World;
use crate::support::pubsub::Push;

async fn wait_until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    for _ in 0..300 {
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{what} did not happen in a minute");
}

fn pushes(w: &World) -> usize {
    w.serve_log().matches("tick by push").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_tick_is_delivered_again() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    let mut served = w.serve().await;
    let Some(push) = Push::start(w.stack, &w.name, &[&format!("{}/pubsub", served.url)], 10).await else { return };
    // The bucket refuses once: the handler answers 500, and the emulator delivers the message again.
    let refused = r#"{"error":{"code":403,"message":"no"}}"#;
    w.gcs.answer(1, 403, refused, |r| r.object().is_some_and(|o| o.contains("upserts")));
    push.publish("{}").await;
    wait_until("the second delivery", async || w.state("orders").await["last"].is_object()).await;
    assert!(pushes(&w) >= 2, "{}", w.serve_log());
    w.keep_statements().await;
    w.assert_equal("orders").await;
    assert!(served.terminate().await.success());
}

/// The handler is slower than the ack deadline: the emulator calls it again while the first call still runs.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_tick_is_delivered_twice_and_done_once() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    let mut served = w.serve().await;
    let Some(push) = Push::start(w.stack, &w.name, &[&format!("{}/pubsub", served.url)], 10).await else { return };
    let gate = w.bq.hold_before(|r| r.is_job("load"));
    push.publish(r#"{"tables":["public.orders"]}"#).await;
    gate.reached().await;
    wait_until("the second delivery", async || pushes(&w) >= 2).await;
    assert_eq!(w.bq.jobs().len(), 1);
    gate.open();
    wait_until("the commit", async || w.state("orders").await["last"].is_object()).await;
    w.keep_statements().await;
    assert_eq!(w.bq.jobs().len(), 1, "one load: {:?}", w.bq.jobs());
    w.assert_equal("orders").await;
    assert!(served.terminate().await.success());
}
