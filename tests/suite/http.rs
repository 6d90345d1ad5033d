//! The routes of `serve`.

use crate::support::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_by_http_and_what_the_other_routes_say() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    let mut served = w.serve().await;
    assert_eq!(w.get(&format!("{}/healthz", served.url)).await.0, 200);
    let (code, body) = w.get(&format!("{}/readyz", served.url)).await;
    assert_eq!((code, body["reasons"][0].as_str()), (503, Some("public.orders: never loaded")));

    let (code, report) = w.post(&format!("{}/runs", served.url), r#"{"tables":["public.orders"],"full":false}"#).await;
    assert_eq!((code, report["ok"].as_bool()), (200, Some(true)), "{report}");
    assert_eq!(w.get(&format!("{}/readyz", served.url)).await.0, 200);
    w.sql("INSERT INTO orders VALUES (2, 'y', 1)").await;
    assert_eq!(w.post(&format!("{}/pubsub", served.url), "").await.0, 204);
    w.keep_statements().await;
    w.assert_equal("orders").await;

    let (code, status) = w.get(&format!("{}/status", served.url)).await;
    let feed = &status["feeds"][0];
    assert_eq!((code, feed["source"].as_str(), feed["late"].as_bool()), (200, Some("public.orders"), Some(false)));
    assert!(feed["watermark"].is_string() && feed["pending"].is_null() && feed["held_by"].is_null(), "{feed}");
    assert!(served.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_is_answered_with_4xx_and_a_remedy() {
    let w = World::with_orders("").await;
    let served = w.serve().await;
    let (runs, pubsub) = (format!("{}/runs", served.url), format!("{}/pubsub", served.url));
    let (code, body) = w.post(&runs, r#"{"tables":["public.nope"]}"#).await;
    assert_eq!((code, body["error"].as_str()), (422, Some("no table `public.nope` is configured")));
    assert_eq!(body["hint"], "one of public.orders");
    for (body, expected) in [("{", 400), ("[]", 400), (r#"{"tabels":[]}"#, 400)] {
        let (code, answer) = w.post(&runs, body).await;
        assert_eq!(code, expected, "{body}: {answer}");
        assert!(answer["hint"].is_string());
    }
    for body in ["hunter2", r#"{"message":1}"#, r#"{"message":{"data":"!"}}"#, r#"{"message":{"data":"e30","x":1}}"#] {
        let (code, answer) = w.post(&pubsub, body).await;
        assert_eq!(code, 400, "{body}: {answer}");
        assert!(!answer.to_string().contains("hunter2"));
    }
    assert_eq!(w.post(&runs, &"x".repeat(300 * 1024)).await.0, 413);
    assert!(w.bq.log().is_empty() && w.gcs.written().is_empty());
    assert_eq!(w.get(&format!("{}/healthz", served.url)).await.0, 200);
}

/// SIGTERM while a run is under way: it finishes if it can.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_under_way_finishes_after_sigterm() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    let mut served = w.serve().await;
    let gate = w.bq.hold_before(|r| r.is_job("load"));
    let url = format!("{}/runs", served.url);
    let (answer, status) = tokio::join!(w.post(&url, ""), async {
        gate.reached().await;
        let ending = served.terminate();
        let open = async {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            gate.open();
        };
        tokio::join!(ending, open).0
    });
    assert_eq!(answer.0, 200, "{}", answer.1);
    assert!(status.success());
    w.assert_equal("orders").await;
}

/// SIGTERM while a run hangs: it is given up within ten seconds, its lease given back, and the next tick goes on at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_hangs_is_given_up_after_sigterm() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    let mut served = w.serve().await;
    let gate = w.bq.hold_before(|r| r.is_job("load"));
    let url = format!("{}/runs", served.url);
    let began = std::time::Instant::now();
    let (answer, _) = tokio::join!(w.post(&url, ""), async {
        gate.reached().await;
        served.terminate().await
    });
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
    assert_eq!(answer.0, 500);
    let state = w.state("orders").await;
    assert!(state["lease"].is_null() && state["pending"].is_object(), "{state}");
    gate.open();
    let report = w.tick().await;
    assert_eq!((report["state"].as_str(), report["replayed"].as_bool()), (Some("done"), Some(true)));
    w.assert_equal("orders").await;
}

/// The caller has hung up, as Pub/Sub does after its ack deadline: the run is waited for all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_caller_has_gone_is_given_up_too() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    let mut served = w.serve().await;
    let gate = w.bq.hold_before(|r| r.is_job("load"));
    let url = format!("{}/runs", served.url);
    let caller = tokio::time::timeout(std::time::Duration::from_secs(1), w.post(&url, ""));
    let (gone, ()) = tokio::join!(caller, gate.reached());
    assert!(gone.is_err());
    served.terminate().await;
    let state = w.state("orders").await;
    assert!(state["lease"].is_null() && state["pending"].is_object(), "{state}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_check_of_callers_only_loopback_is_served() {
    let w = World::with_orders("").await;
    let ran = w.run(&["serve", "--host", "0.0.0.0", "--port", "0", "--log-format", "text"]).await;
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("nobody would check who calls: auth = \"none\""), "{}", ran.stderr);
}

/// A page elsewhere that has its own name resolved to loopback makes a browser call us by that name.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_check_of_callers_only_names_of_loopback_are_answered() {
    let w = World::with_orders("").await;
    let served = w.serve().await;
    let url = format!("{}/runs", served.url);
    let rebound = w.http.post(&url).header("host", "evil.example:8080").send().await.unwrap();
    assert_eq!(rebound.status(), 403);
    assert!(w.gcs.log().is_empty());
    let named = w.http.post(&url).header("host", "localhost:8080").send().await.unwrap();
    assert_eq!(named.status(), 200);
}

/// On Cloud Run the config's object, or the right to read it, may be known a moment after the service starts.
#[tokio::test(flavor = "multi_thread")]
async fn on_cloud_run_a_config_that_is_not_there_yet_is_waited_for() {
    let w = World::with_orders("").await;
    let path = format!("gs://{}/config/x.toml", w.bucket);
    let ran = w.run(&["status", "--config", &path]).await;
    assert!(ran.code == 2 && ran.stderr.contains("x.toml"), "elsewhere it is an error at once: {}", ran.stderr);
    let waiting = w.command(&["status", "--config", &path]).env("K_SERVICE", "plimsoll").spawn().unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let url = format!("{}/upload/storage/v1/b/{}/o?uploadType=media&name=config%2Fx.toml", w.stack.gcs.url, w.bucket);
    let text = std::fs::read_to_string(w.config_path()).unwrap();
    w.http.post(url).body(text).send().await.unwrap().error_for_status().unwrap();
    let ran = w.finish(waiting).await;
    assert!(ran.stdout.contains("never loaded"), "{} {}", ran.stdout, ran.stderr);
}

/// As under nohup: the terminal goes, and the service stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_that_was_ignored_from_the_start_stays_so() {
    let w = World::with_orders("").await;
    for (shell, ends) in
        [("trap '' HUP; exec \"$0\" serve --port \"$1\"", false), ("exec \"$0\" serve --port \"$1\"", true)]
    {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let binary = env!("CARGO_BIN_EXE_plimsoll");
        let like = w.command(&[]);
        let mut command = tokio::process::Command::new("sh");
        command.args(["-c", shell, binary, &port.to_string()]).current_dir(w.dir.path()).kill_on_drop(true);
        command.envs(like.as_std().get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut child = command.spawn().unwrap();
        let health = format!("http://127.0.0.1:{port}/healthz");
        while w.http.get(&health).send().await.is_err() {
            assert!(child.try_wait().unwrap().is_none(), "it did not start");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let pid = child.id().unwrap().to_string();
        assert!(tokio::process::Command::new("kill").args(["-HUP", &pid]).status().await.unwrap().success());
        if ends {
            tokio::time::timeout(std::time::Duration::from_secs(15), child.wait()).await.expect("it ends").unwrap();
        } else {
            // Whoever answers after the signal was delivered has not begun to stop.
            for _ in 0..5 {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                assert!(w.http.get(&health).send().await.unwrap().status().is_success());
            }
        }
    }
}
