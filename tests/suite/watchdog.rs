//! What takes too long is stopped where it runs, and the feed is free for the next tick.

use std::time::Duration;

use crate::support::World;

/// A statement that the server would go on with, for it has no rows to send that would not arrive.
#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_outlives_the_budget_is_cancelled_at_the_source() {
    let w = World::new().await;
    w.sql("CREATE TABLE base (id int PRIMARY KEY); INSERT INTO base VALUES (1); CREATE VIEW slow AS SELECT id, pg_sleep(60)::text AS v FROM base").await;
    w.config_with("budget = \"2s\"", "[[table]]\nsource = \"slow\"\nkey = [\"id\"]\ncapture = \"full\"\n");
    // The server's own limit must not be what ends it.
    let config = std::fs::read_to_string(w.config_path()).unwrap();
    std::fs::write(w.config_path(), config.replace("[storage]", "statement_timeout = \"5m\"\n[storage]")).unwrap();
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.run()["error"]["message"].as_str().unwrap().contains("budget"), "{}", ran.stdout);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let active = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%slow%' AND pid <> pg_backend_pid()";
    let left: i64 = w.pg.query_one(active, &[]).await.unwrap().get(0);
    assert_eq!(left, 0, "the statement is still running");
    let state = w.state("slow").await;
    assert!(state.is_null() || state["lease"].is_null(), "{state}");
}

/// The emulator's jobs end at once, so a stub says that one does not.
#[tokio::test(flavor = "multi_thread")]
async fn stub_a_job_that_takes_too_long_is_cancelled_and_tried_anew() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'a', 1)").await;
    let config = std::fs::read_to_string(w.config_path()).unwrap();
    std::fs::write(w.config_path(), config.replace("[bigquery]", "[bigquery]\njob_timeout = \"1s\"")).unwrap();
    let running = r#"{"jobReference":{"projectId":"demo","jobId":"x"},"status":{"state":"RUNNING"},"statistics":{"creationTime":"1000"}}"#;
    w.bq.answer(1, 200, running, |r| r.is_job("load"));
    w.bq.answer(1, 200, "{}", |r| r.path.ends_with("/cancel"));
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(
        ran.run()["error"]["message"].as_str().unwrap().contains("was cancelled, for it took longer than 1s"),
        "{}",
        ran.stdout
    );
    let cancelled: Vec<String> = w.bq.log().into_iter().map(|r| r.path).filter(|p| p.ends_with("/cancel")).collect();
    assert_eq!(cancelled.len(), 1, "{cancelled:?}");
    // As the service has it from now on: the first attempt was stopped.
    let stopped = r#"{"jobReference":{"projectId":"demo","jobId":"x"},"status":{"state":"DONE","errorResult":{"reason":"stopped","message":"m"}}}"#;
    w.bq.answer(1, 409, "{}", |r| r.is_job("load"));
    w.bq.answer(1, 200, stopped, |r| r.method == "GET" && r.path.contains("/jobs/"));
    w.tick().await;
    w.assert_equal("orders").await;
    assert!(w.bq.jobs().last().unwrap().ends_with("_load_2"), "{:?}", w.bq.jobs());
}

/// A run that is told to stop while it writes its state does not know whether it has the lease; it gives it back all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_is_on_its_way_goes_back_too() {
    for holds_answer in [true, false] {
        let w = World::with_orders("").await;
        w.sql("INSERT INTO orders VALUES (1, 'a', 1)").await;
        let gate = match holds_answer {
            true => w.gcs.hold_after(|r| r.writes_state()),
            false => w.gcs.hold_before(|r| r.writes_state()),
        };
        let child = w.command(&["run"]).spawn().unwrap();
        gate.reached().await;
        let pid = child.id().unwrap().to_string();
        tokio::process::Command::new("kill").args(["-TERM", &pid]).status().await.unwrap();
        let ran = w.finish(child).await;
        assert_eq!(ran.code, 1, "{}", ran.stdout);
        gate.open();
        let state = w.state("orders").await;
        assert!(state["lease"].is_null(), "{state}");
        assert_eq!(state["pending"].is_null(), !holds_answer, "{state}");
        w.tick().await;
        w.assert_equal("orders").await;
    }
}
