//! What somebody has asked for is not lost where a feed is busy; a plain tick that meets one is done.

use std::time::Duration;

use crate::support::World;
use crate::support::pubsub::Push;

const TWO: &str = "CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (id int PRIMARY KEY, v text);
    INSERT INTO a VALUES (1, 'x'); INSERT INTO b VALUES (1, 'x');";
const TABLES: &str = "[[table]]\nsource = \"a\"\n[[table]]\nsource = \"b\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_meets_a_busy_feed_is_to_be_repeated() {
    let w = World::new().await;
    w.sql(TWO).await;
    w.config(TABLES);
    let mut served = w.serve().await;
    let (runs, pubsub) = (format!("{}/runs", served.url), format!("{}/pubsub", served.url));
    assert_eq!(w.post(&runs, "").await.0, 200);
    w.sql("UPDATE a SET v = 'changed'").await;
    let gate = w.bq.hold_before(|r| r.job_id().is_some_and(|id| id.contains("_a_load")));
    let (first, ()) = tokio::join!(w.post(&runs, r#"{"tables":["a"]}"#), async {
        gate.reached().await;
        for (body, push, call) in [
            // A plain tick: the one that is at work, or the next, finds the same changes.
            ("", 204, 409),
            (r#"{"tables":["a"],"due":true}"#, 204, 409),
            (r#"{"tables":["a"]}"#, 503, 409),
            (r#"{"tables":["a"],"full":true}"#, 503, 409),
            (r#"{"tables":["a"],"resync":true}"#, 503, 409),
            (r#"{"tables":["a","b"]}"#, 503, 409),
            (r#"{"full":true}"#, 503, 409),
            (r#"{"allow_deletes":true}"#, 503, 409),
            (r#"{"tables":["b"]}"#, 204, 200),
        ] {
            let (code, report) = w.post(&pubsub, body).await;
            assert_eq!(code, push, "push {body}: {report:#}");
            // `due` is for our own messages.
            if !body.contains("due") {
                let (code, report) = w.post(&runs, body).await;
                assert_eq!(code, call, "call {body}: {report:#}");
            }
        }
        gate.open();
    });
    assert_eq!(first.0, 200, "{}", first.1);
    // What Pub/Sub then delivers again.
    assert_eq!(w.post(&pubsub, r#"{"tables":["a"],"full":true}"#).await.0, 204);
    let report = w.post(&runs, r#"{"tables":["a"],"full":true}"#).await.1;
    assert_eq!(report["runs"][0]["whole"], "requested");
    w.keep_statements().await;
    w.assert_equal("a").await;
    assert!(served.terminate().await.success());
}

/// Of a full load of two tables one is busy: the other is not loaded twice for its sake.
#[tokio::test(flavor = "multi_thread")]
async fn the_rest_of_a_request_goes_on_by_a_message() {
    let w = World::new().await;
    w.sql(TWO).await;
    w.config(&format!("[pubsub]\ntopic = \"{}\"\n{TABLES}", w.name));
    let mut served = w.serve().await;
    let endpoint = format!("{}/pubsub", served.url);
    let Some(_push) = Push::start(w.stack, &w.name, &[&endpoint], 20).await else { return };
    assert_eq!(w.post(&endpoint, "").await.0, 204);
    w.sql("UPDATE a SET v = 'changed'").await;
    let first_load =
        |w: &World| w.bq.jobs().iter().filter(|id| id.contains("_a_load")).map(|id| id.to_owned()).collect::<Vec<_>>();
    let before = first_load(&w).len();
    let gate = w.bq.hold_before(|r| r.job_id().is_some_and(|id| id.contains("_a_load")));
    let (held, ()) = tokio::join!(w.post(&endpoint, r#"{"tables":["a"]}"#), async {
        gate.reached().await;
        assert_eq!(w.post(&endpoint, r#"{"full":true}"#).await.0, 204);
        gate.open();
    });
    assert_eq!(held.0, 204);
    // The one that was held, and the one of the message.
    for _ in 0..300 {
        if first_load(&w).len() >= before + 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(first_load(&w).len(), before + 2, "{:?}", w.bq.jobs());
    let of_b = w.bq.jobs().iter().filter(|id| id.contains("_b_load")).count();
    assert_eq!(of_b, 2, "one first load, one full: {:?}", w.bq.jobs());
    assert!(served.terminate().await.success());
    w.keep_statements().await;
    w.assert_equal("a").await;
}

/// Of a full load one table loads a stretch and another one fails: neither is lost, and the first does not begin again.
#[tokio::test(flavor = "multi_thread")]
async fn what_failed_beside_a_load_in_chunks_is_asked_for_again() {
    let w = World::new().await;
    w.sql("CREATE TABLE big (id int PRIMARY KEY); INSERT INTO big SELECT generate_series(1, 3000); CREATE TABLE small (id int PRIMARY KEY)").await;
    let tables = "[[table]]\nsource = \"big\"\n[[table]]\nsource = \"small\"\n";
    let run = "chunk_rows = 1000\nbudget = \"20s\"";
    w.config_with(run, tables);
    let without_topic = w.serve().await;
    assert_eq!(w.post(&format!("{}/pubsub", without_topic.url), "").await.0, 204);
    w.sql("INSERT INTO small VALUES (1); ALTER TABLE small RENAME TO gone").await;
    let full = r#"{"full":true}"#;
    assert_eq!(
        w.post(&format!("{}/pubsub", without_topic.url), full).await.0,
        500,
        "no topic: delivered again as a whole"
    );
    drop(without_topic);
    w.config_with(run, &format!("[pubsub]\ntopic = \"{}\"\n{tables}", w.name));
    let served = w.serve().await;
    let endpoint = format!("{}/pubsub", served.url);
    let Some(_push) = Push::start(w.stack, &w.name, &[&endpoint], 20).await else { return };
    assert_eq!(w.post(&endpoint, full).await.0, 204);
    w.sql("ALTER TABLE gone RENAME TO small").await;
    let mut done = false;
    for _ in 0..300 {
        done = w.state("small").await["last"]["upserts"] == 1;
        if done {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(done, "{}", w.serve_log());
}

/// A feed that takes long holds one of the places of its tick, and no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_feed_does_not_hold_up_the_others() {
    let w = World::new().await;
    let mut rest = String::new();
    for n in 0..6 {
        w.sql(&format!("CREATE TABLE t{n} (id int PRIMARY KEY); INSERT INTO t{n} VALUES (1)")).await;
        rest.push_str(&format!("[[table]]\nsource = \"t{n}\"\n"));
    }
    w.config_with("parallelism = 2", &rest);
    let gate = w.bq.hold_before(|r| r.job_id().is_some_and(|id| id.contains("_t0_load")));
    let tick = w.command(&["run", "--json"]).spawn().unwrap();
    gate.reached().await;
    let mut done = 0;
    for _ in 0..600 {
        done = 0;
        for n in 1..6 {
            done += usize::from(w.state(&format!("t{n}")).await["watermark"].is_object());
        }
        if done == 5 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    gate.open();
    let ran = w.finish(tick).await;
    assert_eq!(done, 5, "{}", ran.stdout);
    let report = ran.json();
    let feeds: Vec<&str> = report["runs"].as_array().unwrap().iter().map(|r| r["feed"].as_str().unwrap()).collect();
    assert_eq!(feeds, ["t0", "t1", "t2", "t3", "t4", "t5"], "in the config's order");
}
