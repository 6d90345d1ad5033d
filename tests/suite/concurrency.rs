//! Two ticks of one feed at once: one works, one answers busy, and the target is right.

use crate::support::World;

/// Ten times the second tick overtakes the first before its seal, ten times it comes while the first one's load is under way.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_ticks_at_once_one_works_and_one_is_busy() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders SELECT g, 'n', g FROM generate_series(1, 50) g").await;
    w.tick().await;
    for round in 0..20 {
        w.sql(&format!("INSERT INTO orders SELECT 1000 * {} + g, 'x', g FROM generate_series(1, 20) g", round + 1))
            .await;
        let gate = if round % 2 == 0 {
            w.gcs.hold_before(|r| r.object().is_some_and(|o| o.ends_with("manifest.json")))
        } else {
            w.bq.hold_before(|r| r.is_job("load"))
        };
        let args: &[&str] = if round == 0 { &["run", "--full", "--json"] } else { &["run", "--json"] };
        let first = w.command(args).spawn().unwrap();
        gate.reached().await;
        let second = w.run(&["run", "--json"]).await;
        gate.open();
        let first = w.finish(first).await;
        assert_eq!((first.code, second.code), (0, 0), "{}\n{}", first.stderr, second.stderr);
        let states = [first.run()["state"].clone(), second.run()["state"].clone()];
        match round % 2 == 0 && states != ["busy", "done"] {
            // Whoever is held up for five seconds takes the lease first: on a busy machine the second run may be that slow.
            true => assert_eq!(states, ["done", "busy"], "round {round}"),
            false => {
                assert_eq!(states, if round % 2 == 0 { ["busy", "done"] } else { ["done", "busy"] }, "round {round}")
            }
        }
        // The busy one may have read the whole table, and nothing came of it.
        assert!(first.run()["whole"].is_null(), "{}", first.stdout);
    }
    w.assert_equal("orders").await;
    let loads: Vec<String> = w.bq.jobs().into_iter().filter(|id| id.contains("_load_")).collect();
    assert_eq!(loads.len(), 21, "one load for each round and the first: {loads:?}");
}

/// Nothing is held here: the two race as they like.
#[tokio::test(flavor = "multi_thread")]
async fn ticks_that_race_freely_end_in_the_same_table() {
    let w = World::with_orders("deletes = \"keys\"").await;
    w.sql("INSERT INTO orders SELECT g, 'n', g FROM generate_series(1, 50) g").await;
    // The emulator cannot make one table twice at once; BigQuery answers "already exists".
    w.tick().await;
    for round in 0..4 {
        w.sql(&format!(
            "INSERT INTO orders VALUES ({}, 'x', 1); DELETE FROM orders WHERE id = {}",
            100 + round,
            round + 1
        ))
        .await;
        let ticks = [(); 3].map(|()| w.command(&["run", "--json"]).spawn().unwrap());
        let mut done = 0;
        for tick in ticks {
            let ran = w.finish(tick).await;
            assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
            done += usize::from(ran.run()["state"] == "done");
        }
        assert_eq!(done, 1, "exactly one worked in round {round}");
        w.assert_equal("orders").await;
    }
}

/// Two requests to one server: the second is told at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_busy_server_answers_409() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    let mut served = w.serve().await;
    let gate = w.bq.hold_before(|r| r.is_job("load"));
    let url = format!("{}/runs", served.url);
    let (first, second) = tokio::join!(w.post(&url, ""), async {
        gate.reached().await;
        let answer = w.post(&url, "").await;
        gate.open();
        answer
    });
    assert_eq!(first.0, 200, "{}", first.1);
    assert_eq!((second.0, second.1["runs"][0]["state"].as_str()), (409, Some("busy")));
    w.keep_statements().await;
    w.assert_equal("orders").await;
    assert!(served.terminate().await.success());
}

/// A holder that has gone silent is taken over when its lease ends, not before.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_holder_is_taken_over_when_its_lease_ends() {
    let w = World::with_orders("").await;
    w.config_with("lease = \"4s\"", "[[table]]\nsource = \"orders\"\ncursor = \"updated_at\"\n");
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    let gate = w.bq.hold_before(|r| r.is_job("load"));
    let mut silent = w.command(&["run"]).spawn().unwrap();
    gate.reached().await;
    silent.kill().await.unwrap();
    assert_eq!(w.tick().await["state"], "busy");
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let report = w.tick().await;
    assert_eq!((report["state"].as_str(), report["replayed"].as_bool()), (Some("done"), Some(true)));
    w.assert_equal("orders").await;
}

/// A lease is renewed while its holder works, in the capture as in the jobs: one that is shorter than the run takes nothing
/// from it.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_shorter_than_the_run_is_kept() {
    let w = World::with_orders("").await;
    w.config_with("lease = \"3s\"", "[[table]]\nsource = \"orders\"\ncursor = \"updated_at\"\n");
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    let other = w.connect().await;
    other.batch_execute("BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let gate = w.bq.hold_before(|r| r.is_job("load"));
    let first = w.command(&["run", "--json"]).spawn().unwrap();
    // The lease is taken after 5 s of capture.
    tokio::time::sleep(std::time::Duration::from_secs(11)).await;
    assert_eq!(w.tick().await["state"], "busy", "the source keeps it waiting");
    other.batch_execute("ROLLBACK").await.unwrap();
    gate.reached().await;
    tokio::time::sleep(std::time::Duration::from_secs(7)).await;
    assert_eq!(w.tick().await["state"], "busy", "a job keeps it waiting");
    gate.open();
    let ran = w.finish(first).await;
    assert_eq!((ran.code, ran.run()["state"].as_str()), (0, Some("done")), "{}{}", ran.stdout, ran.stderr);
    w.assert_equal("orders").await;
}
