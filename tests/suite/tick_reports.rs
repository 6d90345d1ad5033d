//! What is kept of a tick: one report for each that did something or failed, with the time of each verb and what was written.

use plimsoll::storage::Store;
use serde_json::Value;

use crate::support::World;

async fn store(w: &World) -> Store {
    Store::at(Some(w.stack.gcs.url.clone()), &w.bucket, "p/").await.unwrap()
}

async fn kept(store: &Store) -> Vec<Value> {
    let mut reports = Vec::new();
    for name in store.list("reports/").await.unwrap() {
        let (content, _) = store.get(&name).await.unwrap().unwrap();
        let report: Value = serde_json::from_slice(&content).unwrap();
        let started = report["started"].as_str().unwrap();
        assert!(name.starts_with(&format!("reports/{}/", started[..10].replace('-', "/"))), "{name} of {started}");
        reports.push(report);
    }
    reports
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_that_did_something_leaves_its_report() {
    let w = World::with_orders("deletes = \"keys\"").await;
    let store = store(&w).await;
    w.sql("INSERT INTO orders SELECT g, 'x', g FROM generate_series(1, 50) g").await;
    let first = w.run(&["run", "--json"]).await.json();
    assert_eq!(kept(&store).await, std::slice::from_ref(&first));
    // Nothing to do, nothing to keep.
    w.tick().await;
    assert_eq!(kept(&store).await.len(), 1);
    w.gcs.clear();
    w.sql("UPDATE orders SET note = 'y', updated_at = clock_timestamp() WHERE id = 1; DELETE FROM orders WHERE id = 2")
        .await;
    let second = w.run(&["run", "--json"]).await.json();
    assert_eq!(kept(&store).await, [first.clone(), second.clone()]);
    let run = &second["runs"][0];
    let uploads = w.gcs.log().iter().filter(|r| r.is_upload()).count() as u64;
    // The tick's own report is none of the run's.
    assert_eq!(run["storage_writes"].as_u64(), Some(uploads - 1), "{run}");
    let seconds = run["verb_seconds"].as_object().unwrap();
    let verbs: Vec<&str> = seconds.keys().map(String::as_str).collect();
    assert_eq!(verbs, ["capture", "commit", "lease", "load", "merge", "seal"]);
    let each: Vec<f64> = seconds.values().map(|s| s.as_f64().unwrap()).collect();
    // In thousandths: what is quicker is none.
    assert!(seconds["capture"].as_f64() > Some(0.0) && seconds["merge"].as_f64() > Some(0.0), "{run}");
    assert!(each.iter().sum::<f64>() <= run["seconds"].as_f64().unwrap() + 0.003, "{run}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_that_failed_leaves_its_report() {
    let w = World::with_orders("").await;
    let store = store(&w).await;
    w.sql("ALTER TABLE orders RENAME updated_at TO changed").await;
    let ran = w.run(&["run", "--json"]).await;
    assert_ne!(ran.code, 0);
    let kept = kept(&store).await;
    assert_eq!(kept, [ran.json()]);
    assert!(kept[0]["runs"][0]["error"]["hint"].as_str().unwrap().contains("public.orders"), "{kept:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_batch_has_a_place_of_its_own() {
    let w = World::with_orders("").await;
    let state = async || -> Value { w.state("orders").await };
    for n in 1..=3 {
        w.sql(&format!("INSERT INTO orders VALUES ({n}, 'x', 1)")).await;
        let killed = w.command(&["run"]).env("PLIMSOLL_FAILPOINT", "seal:after=crash").output().await.unwrap();
        assert!(!killed.status.success(), "{n}: {killed:?}");
        let sealed = state().await;
        assert_eq!((sealed["sealed"].as_u64(), sealed["pending"]["ordinal"].as_u64()), (Some(n), Some(n)));
        // The one that crashed holds the lease still.
        let mut free = sealed.clone();
        free["lease"] = Value::Null;
        w.put_state("orders", &free).await;
        assert_eq!(w.tick().await["replayed"], true);
        assert_eq!(state().await["sealed"].as_u64(), Some(n), "a replay seals nothing");
    }
}

/// The run itself is an empty one: what it tells is that a table waits for somebody.
#[tokio::test(flavor = "multi_thread")]
async fn a_tick_that_sets_a_table_aside_leaves_its_report() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE log (id bigserial PRIMARY KEY, what text NOT NULL, key text);
         CREATE TABLE alpha (id int PRIMARY KEY, v int); CREATE TABLE beta (id int PRIMARY KEY, v int);
         INSERT INTO alpha VALUES (1, 1); INSERT INTO beta VALUES (1, 1)",
    )
    .await;
    let table =
        |name: &str| format!("[[table]]\nsource = \"{name}\"\ncapture = \"changelog\"\nlog_types = [\"{name}\"]\n");
    let log = "[changelog]\ntable = \"log\"\nid = \"id\"\ntype = \"what\"\nkey = \"key\"\n";
    w.config(&format!("{log}{}{}", table("alpha"), table("beta")));
    let store = store(&w).await;
    w.tick().await;
    w.sql("ALTER TABLE beta ALTER v TYPE boolean USING true; INSERT INTO log (what, key) VALUES ('beta', '1')").await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!((ran.code, ran.run()["aside"].as_array().map(Vec::len)), (1, Some(1)), "{}", ran.stdout);
    let kept = kept(&store).await;
    assert_eq!(kept.last(), Some(&ran.json()));
    assert_eq!(kept.len(), 2);
}
