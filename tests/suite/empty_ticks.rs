//! A tick with nothing to do costs one object read and a question to the source.

use serde_json::Value;

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

async fn status(w: &World) -> Vec<Value> {
    w.run(&["status", "--json"]).await.json()["feeds"].as_array().unwrap().clone()
}

/// Another process knows when a quiet table was last looked at, to a heartbeat; a failed run has not looked.
#[tokio::test(flavor = "multi_thread")]
async fn last_checked_is_true_in_every_process() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    let long_ago = || {
        let then = time::OffsetDateTime::now_utc() - std::time::Duration::from_secs(301);
        then.format(&time::format_description::well_known::Rfc3339).unwrap()
    };
    let loaded = status(&w).await.remove(0);
    let written = || w.gcs.written().len();
    let before = written();
    assert_eq!(w.tick().await["state"], "empty");
    assert_eq!((written(), &status(&w).await[0]["checked"]), (before, &loaded["checked"]), "within the heartbeat");
    // As it will be when the heartbeat has passed.
    let mut state = w.state("orders").await;
    state["watermark"]["taken_at"] = long_ago().into();
    state["tables"]["orders"]["checked"] = long_ago().into();
    w.put_state("orders", &state).await;
    let loaded = status(&w).await.remove(0);
    assert!(loaded["checked_seconds"].as_i64().unwrap() >= 301, "{loaded:#}");
    assert_eq!(w.tick().await["state"], "empty");
    assert_eq!(written(), before + 1);
    let quiet = status(&w).await.remove(0);
    let moment = |table: &Value, field: &str| table[field].as_str().unwrap().to_owned();
    assert!(moment(&quiet, "checked") > moment(&loaded, "checked"), "{quiet:#}");
    assert!(moment(&quiet, "last_success") > moment(&loaded, "last_success"), "{quiet:#}");
    assert!(moment(&quiet, "last_success") <= moment(&quiet, "checked"), "the look comes before its end: {quiet:#}");
    assert_eq!(quiet["last_run"], loaded["last_run"], "an empty run wrote nothing");
    // Where the table's own time is shorter, that is kept by a process that has seen none of it.
    let text = std::fs::read_to_string(w.config_path()).unwrap();
    std::fs::write(w.config_path(), format!("{text}every = \"2m\"\n")).unwrap();
    let mut state = w.state("orders").await;
    let then = time::OffsetDateTime::now_utc() - std::time::Duration::from_secs(130);
    state["watermark"]["taken_at"] = then.format(&time::format_description::well_known::Rfc3339).unwrap().into();
    w.put_state("orders", &state).await;
    assert_eq!(w.tick().await["state"], "empty");
    let again = w.run(&["run", "--json"]).await.json();
    assert_eq!(again["runs"], serde_json::json!([]), "it is not due: {again:#}");
    std::fs::write(w.config_path(), text).unwrap();
    let quiet = status(&w).await.remove(0);
    // A process that looks more often than it writes knows more than the others.
    let served = w.serve().await;
    let (_, answer) = w.post(&format!("{}/runs", served.url), "").await;
    assert_eq!(answer["runs"][0]["state"], "empty");
    let own = w.get(&format!("{}/status", served.url)).await.1["feeds"][0].clone();
    assert!(moment(&own, "checked") > moment(&quiet, "checked"), "{own:#}");
    assert_eq!(status(&w).await[0]["checked"], quiet["checked"], "nothing was written");
    w.sql("ALTER TABLE orders RENAME TO gone").await;
    assert_eq!(w.post(&format!("{}/runs", served.url), "").await.1["runs"][0]["state"], "failed");
    let failed = w.get(&format!("{}/status", served.url)).await.1["feeds"][0].clone();
    assert_eq!((&failed["checked"], &failed["last_success"]), (&own["checked"], &own["last_success"]), "{failed:#}");
}
