//! Bad input: one line that names the thing and the remedy, the right exit code, nothing written.

use crate::support::{Ran, World, tells_of_a_failure};

/// One error, of one line, with a remedy; nothing was written and no watermark moved.
async fn assert_refused(w: &World, ran: &Ran, code: i32, names: &str, remedy: &str) {
    assert_eq!(ran.code, code, "{}\n{}", ran.stdout, ran.stderr);
    let told = format!("{}\n{}", ran.stdout, ran.stderr);
    let line = told.lines().find(|l| l.contains(names)).unwrap_or_else(|| panic!("`{names}` is not named in\n{told}"));
    assert!(line.len() < 400, "{line}");
    assert!(told.contains(remedy), "`{remedy}` is not said in\n{told}");
    // But for what tells of the failure.
    assert!(w.gcs.written().iter().all(|name| tells_of_a_failure(name)), "{:?}", w.gcs.written());
    assert!(w.bq.jobs().is_empty(), "{:?}", w.bq.jobs());
    let state = w.state("orders").await;
    assert!(state["watermark"].is_null() && state["pending"].is_null(), "{state}");
}

async fn with_row() -> World {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password() {
    let w = with_row().await;
    let url = w.source_url().replace(&w.own.pg.password, "hunter2");
    for command in [["run"], ["check"]] {
        let child = w.command(&command).env("DATABASE_URL", &url).spawn().unwrap();
        let ran = w.finish(child).await;
        assert_refused(&w, &ran, 1, "password authentication failed", "check user and password").await;
        assert!(!ran.stderr.contains("hunter2") && !ran.stdout.contains("hunter2"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_host() {
    let w = with_row().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = w.command(&["run"]).env("DATABASE_URL", format!("postgres://u:p@127.0.0.1:{port}/d")).spawn().unwrap();
    let ran = w.finish(child).await;
    assert_refused(&w, &ran, 1, &format!("cannot connect to PostgreSQL at 127.0.0.1:{port}/d"), "check host and port")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_that_is_none() {
    let w = with_row().await;
    let child = w.command(&["run"]).env("DATABASE_URL", "mysql://u:hunter2@h/d").spawn().unwrap();
    let ran = w.finish(child).await;
    assert_refused(&w, &ran, 2, "is not a PostgreSQL connection string", "write postgres://").await;
    assert!(!ran.stderr.contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_table_no_key_and_bad_cursors() {
    let w = with_row().await;
    w.sql("CREATE TABLE keyless (id int, updated_at timestamptz, doc json); CREATE VIEW v AS SELECT * FROM orders")
        .await;
    let cases = [
        ("source = \"nope\"", "the table public.nope does not exist", "check source = \"public.nope\""),
        ("source = \"keyless\"\ncursor = \"updated_at\"", "no key", "key = ["),
        (
            "source = \"orders\"\ncursor = \"absent\"",
            "the cursor column absent does not exist",
            "name a column of public.orders",
        ),
        (
            "source = \"keyless\"\nkey = [\"id\"]\ncursor = \"doc\"",
            "the cursor column doc has the type json",
            "capture = \"xmin\"",
        ),
        ("source = \"orders\"\ncursor = \"note\"", "the cursor column note has the type text", "capture = \"xmin\""),
        (
            "source = \"v\"\nkey = [\"id\"]\ncapture = \"xmin\"",
            "a view do not say which transaction",
            "capture = \"cursor\"",
        ),
        (
            "source = \"orders\"\nkey = [\"absent\"]",
            "the key column absent does not exist",
            "name columns of public.orders",
        ),
        (
            "source = \"orders\"\nexclude = [\"absent\"]",
            "the column absent, named in the config",
            "correct its spelling",
        ),
        (
            "source = \"orders\"\nwhere = \"nope = 1\"",
            "column \"nope\" does not exist",
            "correct where of public.orders",
        ),
    ];
    for (table, names, remedy) in cases {
        w.config(&format!("[[table]]\ntarget = \"orders\"\n{table}\n"));
        let ran = w.run(&["run"]).await;
        assert_refused(&w, &ran, 2, names, remedy).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_there() {
    let w = with_row().await;
    let text = std::fs::read_to_string(w.config_path()).unwrap();
    std::fs::write(w.config_path(), text.replace(&w.bucket, "no-such-bucket")).unwrap();
    let ran = w.run(&["run"]).await;
    assert_refused(&w, &ran, 1, "the bucket no-such-bucket does not exist", "gcloud storage buckets create").await;
    let ran = w.run(&["check"]).await;
    assert_refused(&w, &ran, 1, "the bucket no-such-bucket does not exist", "gcloud storage buckets create").await;
}

/// The emulator knows no rights, so the stub refuses for it.
#[tokio::test(flavor = "multi_thread")]
async fn stub_a_dataset_without_rights() {
    let w = with_row().await;
    let denied =
        r#"{"error":{"code":403,"message":"Access Denied: Dataset demo:app","errors":[{"reason":"accessDenied"}]}}"#;
    w.bq.answer(100, 403, denied, |_| true);
    let ran = w.run(&["run"]).await;
    assert_refused(&w, &ran, 1, "Access Denied: Dataset demo:app", "roles/bigquery.dataEditor").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_faulty_config_is_told_whole() {
    let w = with_row().await;
    w.config("[[table]]\nsource = \"orders\"\ncolour = \"red\"\n[[table]]\nsource = \"shop.orders\"\n");
    let ran = w.run(&["run"]).await;
    assert_refused(&w, &ran, 2, "unknown key `colour`", "known here").await;
    assert!(ran.stderr.contains("the target `orders` is also the target of public.orders"), "{}", ran.stderr);
    let ran = w.run(&["--config", "nowhere.toml", "run"]).await;
    assert_refused(&w, &ran, 2, "nowhere.toml does not exist", "plimsoll init").await;
    let ran = w.run(&["run", "--table"]).await;
    assert_eq!(ran.code, 2);
}

/// A variable is put in wherever it stands; what the environment holds beside it is of no concern.
#[tokio::test(flavor = "multi_thread")]
async fn variables_in_lists_and_an_odd_environment() {
    use std::os::unix::ffi::OsStrExt;
    let w = with_row().await;
    w.config("[[table]]\nsource = \"orders\"\nkey = [\"${KEY}\"]\nexclude = [\"${NOT_SET}\"]\n");
    let ran = w.run(&["run"]).await;
    assert_refused(&w, &ran, 2, "the environment variable NOT_SET is not set", "export NOT_SET=").await;
    assert!(ran.stderr.contains("export KEY="), "{}", ran.stderr);
    let odd = std::ffi::OsStr::from_bytes(b"\xff");
    let child =
        w.command(&["check", "--verbose"]).env("KEY", "id").env("NOT_SET", "note").env("ODD", odd).spawn().unwrap();
    let ran = w.finish(child).await;
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("id  ") && !ran.stdout.contains("note  "), "{}", ran.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_tables_failure_does_not_stop_the_others() {
    let w = with_row().await;
    w.config(
        "[[table]]\nsource = \"nope\"\n[[table]]\nsource = \"orders\"\ncursor = \"updated_at\"\n\
         [[table]]\nsource = \"orders\"\ntarget = \"bad\"\ncursor = \"note\"\n",
    );
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 1);
    let report = ran.json();
    let states: Vec<_> = report["runs"].as_array().unwrap().iter().map(|r| r["state"].as_str().unwrap()).collect();
    assert_eq!((report["ok"].as_bool(), states), (Some(false), vec!["failed", "done", "failed"]));
    assert!(report["runs"][0]["error"]["message"].as_str().unwrap().contains("public.nope"));
    w.assert_equal("orders").await;

    let served = w.serve().await;
    let (code, report) = w.post(&format!("{}/runs", served.url), "").await;
    assert_eq!((code, report["runs"][0]["state"].as_str()), (500, Some("failed")));
    assert_eq!(w.post(&format!("{}/pubsub", served.url), "").await.0, 500);
    assert_eq!(w.post(&format!("{}/runs", served.url), r#"{"tables":["nope"]}"#).await.0, 422);
}

/// No secret and no row value in anything the program writes about an error.
#[tokio::test(flavor = "multi_thread")]
async fn errors_hold_no_values() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE t (id int PRIMARY KEY, at timestamptz, secret text); \
           INSERT INTO t VALUES (1, 'infinity', 'MARKER-1'), (2, now(), 'MARKER-2')",
    )
    .await;
    w.config("[[table]]\nsource = \"t\"\non_unrepresentable = \"fail\"\n");
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("the column at holds a value that TIMESTAMP cannot: infinity"), "{}", ran.stdout);
    w.config("[[table]]\nsource = \"t\"\nwhere = \"secret::int > 0\"\n");
    let failed = w.run(&["run", "--json"]).await;
    assert_eq!(failed.code, 1);
    for text in [&ran.stdout, &ran.stderr, &failed.stdout, &failed.stderr] {
        assert!(!text.contains("MARKER") && !text.contains(&w.own.pg.password), "{text}");
    }
}

/// A state that cannot be trusted is never replaced: the next run would take what it says for the truth.
#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_cannot_be_read_stops_its_feed() {
    let w = with_row().await;
    w.tick().await;
    let good = w.state("orders").await;
    let mut newer = good.clone();
    newer["version"] = serde_json::json!(99);
    for (state, said, remedy) in [
        (serde_json::json!({"version": 1}), "the state of orders cannot be read", "delete it"),
        (serde_json::json!("half a docu"), "the state of orders cannot be read", "delete it"),
        (newer, "has format 99; this version knows 2", "deploy the newer version"),
    ] {
        w.put_state("orders", &state).await;
        let ran = w.run(&["run"]).await;
        assert!(ran.code == 1 && ran.stdout.contains(said) && ran.stdout.contains(remedy), "{}", ran.stdout);
        assert_eq!(w.state("orders").await, state, "left as it was");
    }
    w.put_state("orders", &good).await;
    w.tick().await;
    w.assert_equal("orders").await;
}
