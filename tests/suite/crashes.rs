//! SIGKILL between any two steps of a run; the next tick ends in the same tables as one clean run.

use serde_json::Value;

use crate::support::wire::From;
use crate::support::{Gate, World};

/// A lease short enough that the tick after a crash need not wait for its end.
const TABLE: &str = "[[table]]\nsource = \"orders\"\ncursor = \"updated_at\"\ndeletes = \"keys\"\n";

async fn world() -> World {
    let w = World::with_orders("").await;
    w.config_with("lease = \"1s\"", TABLE);
    w.sql("INSERT INTO orders SELECT g, 'n', g FROM generate_series(1, 20) g").await;
    w.tick().await;
    w.sql(
        "INSERT INTO orders VALUES (100, 'new', 1); DELETE FROM orders WHERE id = 5; \
           UPDATE orders SET note = 'u', updated_at = clock_timestamp() WHERE id = 6",
    )
    .await;
    w.bq.clear();
    w.gcs.clear();
    w
}

/// Kills a run at the gate and lets the next tick finish. Returns the crashed run's id and the finishing report.
async fn kill_at(w: &World, gate: Gate) -> (String, Value) {
    let mut run = w.command(&["run"]).spawn().unwrap();
    gate.reached().await;
    run.kill().await.unwrap();
    // It is never opened: the request of a dead process might otherwise still get through.
    drop(gate);
    let sealed = w.state("orders").await["pending"]["run"].as_str().unwrap_or_default().to_owned();
    // Changes after the crash belong to another run.
    w.sql("INSERT INTO orders VALUES (300, 'after the crash', 1)").await;
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let report = ran.json();
    w.assert_equal("orders").await;
    assert_eq!(w.tick().await["state"], "empty");
    (sealed, report)
}

fn jobs(w: &World, run: &str, verb: &str) -> Vec<String> {
    let started: std::collections::BTreeSet<String> = w.bq.jobs().into_iter().collect();
    started.into_iter().filter(|id| id.contains(run) && id.contains(&format!("_{verb}_"))).collect()
}

fn assert_finished(w: &World, sealed: &str, report: &Value) {
    assert!(!sealed.is_empty(), "the run was sealed");
    let runs = report["runs"].as_array().unwrap();
    assert_eq!((runs[0]["run"].as_str(), runs[0]["replayed"].as_bool()), (Some(sealed), Some(true)), "{report}");
    assert_eq!(runs[1]["replayed"], false, "and a run of its own for what came after: {report}");
    assert_eq!(jobs(w, sealed, "load").len(), 1, "one load job: {:?}", w.bq.jobs());
    assert_eq!(jobs(w, sealed, "merge").len(), 1, "one merge job: {:?}", w.bq.jobs());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_the_seal_and_before_the_load() {
    let w = world().await;
    let gate = w.gcs.hold_after(|r| r.writes_state());
    let (sealed, report) = kill_at(&w, gate).await;
    assert_finished(&w, &sealed, &report);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_the_load_is_asked_for() {
    let w = world().await;
    let gate = w.bq.hold_after(|r| r.is_job("load"));
    let (sealed, report) = kill_at(&w, gate).await;
    assert_finished(&w, &sealed, &report);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_load_and_merge() {
    let w = world().await;
    let gate = w.bq.hold_before(|r| r.is_job("merge"));
    let (sealed, report) = kill_at(&w, gate).await;
    assert_finished(&w, &sealed, &report);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_merge_and_commit() {
    let w = world().await;
    // The commit is the write that gives back the lease and has nothing pending.
    let gate = w.gcs.hold_before(|r| {
        let body = String::from_utf8_lossy(&r.body);
        r.writes_state() && body.contains("\"lease\": null") && body.contains("\"pending\": null")
    });
    let (sealed, report) = kill_at(&w, gate).await;
    assert_finished(&w, &sealed, &report);
    let merges = w.bq.jobs().into_iter().filter(|id| id.contains(&sealed) && id.contains("_merge_")).count();
    assert_eq!(merges, 1, "the merge that was done is found, not asked for again: {:?}", w.bq.jobs());
}

/// Files that were never sealed are never loaded, and their rows come with the next run.
#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_seal_the_files_are_never_loaded() {
    let w = world().await;
    let gate = w.gcs.hold_before(|r| r.writes_state());
    let (sealed, report) = kill_at(&w, gate).await;
    assert_eq!(sealed, "");
    let done = report["runs"][0]["run"].as_str().unwrap().to_owned();
    assert_eq!(report["runs"].as_array().unwrap().len(), 1);
    let objects = w.objects().await;
    let orphans: Vec<&String> = objects.iter().filter(|o| o.contains("/upserts-") && !o.contains(&done)).collect();
    assert!(orphans.len() >= 2, "the crashed run's file is there: {objects:?}");
    let loads = w.bq.log().into_iter().map(|r| r.json()["configuration"]["load"]["sourceUris"].to_string());
    let uris: String = loads.collect();
    assert!(uris.contains(&done) && !uris.is_empty());
    for orphan in orphans.iter().filter(|o| !uris.contains(o.as_str())) {
        assert!(!uris.contains(orphan.rsplit('/').nth(2).unwrap()), "{uris}");
    }
}

/// The answers of every kind of write are lost once, after the work was done.
#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_change_nothing() {
    let w = world().await;
    w.gcs.lose_answer(1, |r| r.object().is_some_and(|o| o.contains("/upserts-")));
    w.gcs.lose_answer(1, |r| r.object().is_some_and(|o| o.ends_with("manifest.json")));
    w.gcs.lose_answer(2, |r| r.writes_state());
    w.bq.lose_answer(1, |r| r.is_job("load"));
    w.bq.lose_answer(1, |r| r.is_job("merge"));
    let report = w.tick().await;
    assert_eq!(report["state"], "done");
    let run = report["run"].as_str().unwrap();
    assert_eq!((jobs(&w, run, "load").len(), jobs(&w, run, "merge").len()), (1, 1));
    w.assert_equal("orders").await;
    assert_eq!(w.tick().await["state"], "empty");
}

/// Every request is refused, delayed, cut or told to come back once, in its turn: one tick gets through.
#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_line_are_outlived_by_one_tick() {
    let w = world().await;
    for proxy in [&w.gcs, &w.bq] {
        proxy.refuse(1, |r| r.method == "GET");
        proxy.refuse(1, |r| r.method == "POST");
        proxy.cut(1, |r| r.method == "GET");
        proxy.cut_request(1, 10, |r| r.method == "POST");
        proxy.busy(1, 2, |r| r.method == "POST");
        proxy.delay(2, std::time::Duration::from_millis(300), |_| true);
    }
    let began = std::time::Instant::now();
    let report = w.tick().await;
    assert!(began.elapsed().as_secs() >= 2, "Retry-After is kept");
    let run = report["run"].as_str().unwrap();
    assert_eq!((jobs(&w, run, "load").len(), jobs(&w, run, "merge").len()), (1, 1));
    w.assert_equal("orders").await;
    assert_eq!(w.tick().await["state"], "empty");
}

/// The source's connection ends at any byte: the run says so, gives its lease back, and seals no half of a table.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_ends_in_the_middle_seals_nothing() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders SELECT g, repeat(md5(g::text), 20), g FROM generate_series(1, 3000) g").await;
    let cuts = [(From::Server, 3_000), (From::Server, 30_000), (From::Server, 1_000_000)];
    for (from, after) in cuts.into_iter().chain([(From::Client, 1_000), (From::Client, 6_000)]) {
        w.wire.cut(from, after);
        let ran = w.run(&["run", "--json"]).await;
        assert!(w.wire.calm(), "{from:?} {after} is reached");
        assert_eq!(ran.code, 1, "{from:?} {after}: {}", ran.stdout);
        let said = ran.run()["error"].to_string();
        assert!(said.contains("connect"), "{from:?} {after}: {said}");
        let state = w.state("orders").await;
        assert!(state["lease"].is_null() && state["pending"].is_null(), "{from:?} {after}: {state}");
    }
    assert!(w.bq.jobs().is_empty() && !w.gcs.written().iter().any(|o| o.ends_with("manifest.json")));
    w.wire.stall(From::Server, 500_000, std::time::Duration::from_secs(2));
    w.tick().await;
    assert!(w.wire.calm());
    w.assert_equal("orders").await;
}

/// A run that gives a batch up dies before the state says so: the job that closed the batch is not taken for its merge.
#[tokio::test(flavor = "multi_thread")]
async fn killed_between_giving_a_batch_up_and_saying_so() {
    let w = world().await;
    let gate = w.bq.hold_before(|r| r.is_job("merge"));
    let mut run = w.command(&["run"]).spawn().unwrap();
    gate.reached().await;
    run.kill().await.unwrap();
    drop(gate);
    let mut closing = w.bq.log().into_iter().find(|r| r.is_job("merge")).unwrap();
    let mut job = closing.json();
    job["configuration"]["query"]["query"] = "SELECT 1".into();
    closing.body = job.to_string().into();
    assert_eq!(w.bq.deliver(&closing).await, 200);
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    w.assert_equal("orders").await;
}

/// A job that failed for a passing reason is followed by the next attempt, under the next id. The emulator never fails that
/// way, so the stub answers for it.
#[tokio::test(flavor = "multi_thread")]
async fn stub_a_passing_failure_of_a_job_is_followed_by_another_attempt() {
    let w = world().await;
    let failed = r#"{"jobReference":{"projectId":"demo","jobId":"x"},"status":{"state":"DONE","errorResult":{"reason":"backendError","message":"m"}}}"#;
    w.bq.answer(1, 200, failed, |r| r.is_job("load"));
    w.bq.answer(2, 503, "<html>busy</html>", |r| r.is_job("merge"));
    let report = w.tick().await;
    let run = report["run"].as_str().unwrap();
    assert_eq!(jobs(&w, run, "load").len(), 2, "{:?}", w.bq.jobs());
    assert_eq!(jobs(&w, run, "merge").len(), 1);
    w.assert_equal("orders").await;
}

/// A first load was done, the run died before its commit, and the target was dropped before the replay: what was loaded went
/// with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_load_into_a_target_that_is_gone_is_done_again() {
    let w = World::with_orders("").await;
    w.config_with("lease = \"1s\"", TABLE);
    w.sql("INSERT INTO orders VALUES (1, 'x', 1), (2, 'y', 2)").await;
    let gate = w.bq.hold_after(|r| r.is_job("load"));
    let mut run = w.command(&["run"]).spawn().unwrap();
    gate.reached().await;
    run.kill().await.unwrap();
    gate.open();
    w.target("DROP TABLE `{d}.orders`").await;
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert_eq!(w.tick().await["replayed"], true);
    w.assert_equal("orders").await;
}

/// The same for a merge of the full list of keys: the batch cannot make the table, so it is given up for a whole load.
#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_merge_into_a_target_that_is_gone_gives_way_to_a_whole_load() {
    let w = world().await;
    let gate = w.bq.hold_before(|r| r.is_job("merge"));
    let mut run = w.command(&["run"]).spawn().unwrap();
    gate.reached().await;
    run.kill().await.unwrap();
    w.target("DROP TABLE `{d}.orders`").await;
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert_eq!(w.tick().await["whole"], "the target table is gone");
    w.assert_equal("orders").await;
}
