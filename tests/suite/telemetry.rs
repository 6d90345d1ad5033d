//! What is logged: entries that Cloud Logging understands, one event a run with every figure, and never a secret or a row's value.

use serde_json::{Value, json};

use crate::support::World;
use crate::support::inbox::Inbox;

fn entries(log: &str) -> Vec<Value> {
    log.lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}"))).collect()
}

/// What the module's metrics, alerts and commands read, each with the event that its filter asks for.
fn fields_of_the_module<'a>(finished: &'a Value, compared: &'a Value) -> Vec<(String, &'a Value)> {
    let module = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/terraform/monitoring.tf")).unwrap();
    let mut fields = Vec::new();
    for line in module.lines() {
        let event = if line.contains("local.compared_filter") { compared } else { finished };
        for named in ["field = \"", "jsonPayload."] {
            let names = line.split(named).skip(1).map(|r| r.split(|c: char| !c.is_alphanumeric()).next().unwrap());
            fields.extend(names.filter(|f| !f.is_empty()).map(|f| (f.to_owned(), event)));
        }
    }
    // Only runs that fail, find the feed held, or send rows one by one have these.
    fields.retain(|(f, _)| !["leaseSeconds", "error", "hint", "applyLagSeconds"].contains(&f.as_str()));
    assert!(fields.len() > 10 && fields.iter().any(|(f, _)| f == "missing"), "{fields:?}");
    fields
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_one_entry_with_trace_labels_and_every_figure() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1), (2, 'y', 'NaN')").await;
    let mut served = w.serve_with(&[("GOOGLE_CLOUD_PROJECT", "my-project")]).await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let call = async |name: &str, value: String| {
        w.http.post(format!("{}/runs", served.url)).header(name, value).send().await.unwrap().status().as_u16()
    };
    assert_eq!(call("traceparent", format!("00-{trace}-00f067aa0ba902b7-01")).await, 200);
    assert_eq!(call("x-cloud-trace-context", format!("{trace}/255;o=1")).await, 200);
    let verified = w.http.post(format!("{}/runs", served.url)).json(&json!({ "verify": true })).send().await.unwrap();
    assert_eq!(verified.status().as_u16(), 200);
    w.sql("ALTER TABLE orders RENAME TO gone").await;
    assert_eq!(call("x-nothing", String::new()).await, 422, "the config names a table that is gone");
    served.terminate().await;
    let all = entries(&w.serve_log());
    let finished: Vec<&Value> = all.iter().filter(|e| e["message"] == "run finished").collect();
    let [first, empty, .., failed] = finished.as_slice() else { panic!("{finished:#?}") };
    assert_eq!((&first["severity"], &first["state"]), (&"INFO".into(), &"done".into()));
    assert_eq!(first["logging.googleapis.com/trace"], format!("projects/my-project/traces/{trace}"));
    assert_eq!(first["logging.googleapis.com/spanId"], "00f067aa0ba902b7");
    let labels = &first["logging.googleapis.com/labels"];
    assert_eq!((&labels["feed"], &labels["table"]), (&"orders".into(), &"public.orders".into()));
    assert_eq!(labels["run"], first["run"]);
    for figure in [
        "seconds",
        "upserts",
        "deletes",
        "resent",
        "quarantined",
        "nulled",
        "skipped",
        "unreadable",
        "aside",
        "postponed",
        "loading",
        "rowsInserted",
        "rowsUpdated",
        "rowsDeleted",
        "stagedBytes",
        "bytesProcessed",
        "bytesBilled",
        "ageSeconds",
    ] {
        assert!(first[figure].is_number(), "{figure}: {first}");
    }
    let compared = all.iter().find(|e| e["message"] == "table compared").expect("the verify's own event");
    for (field, event) in fields_of_the_module(first, compared) {
        assert!(!event[&field].is_null(), "{field}: {event}");
    }
    assert_eq!((&first["rowsInserted"], &first["quarantined"]), (&2.into(), &1.into()));
    assert_eq!(empty["logging.googleapis.com/spanId"], "00000000000000ff");
    assert_eq!((&failed["severity"], &failed["state"]), (&"ERROR".into(), &"failed".into()));
    assert!(failed["error"].is_string() && failed["hint"].is_string() && failed["ageSeconds"].is_number(), "{failed}");
    assert!(failed["logging.googleapis.com/trace"].is_null());
    for entry in &all {
        assert!(entry["severity"].is_string() && entry["time"].is_string() && entry["spans"].is_null(), "{entry}");
    }
}

/// A run that finds the feed held says for how long.
#[tokio::test(flavor = "multi_thread")]
async fn a_busy_run_says_how_long_the_feed_is_held() {
    let w = World::with_orders("").await;
    w.tick().await;
    let mut state = w.state("orders").await;
    let until = "2126-01-01T00:00:00Z";
    state["lease"] = serde_json::json!({ "holder": "x", "run": "20260101t000000_000000000000", "until": until });
    w.put_state("orders", &state).await;
    let ran = w.run(&["run", "--json", "--log-format", "json"]).await;
    let finished = entries(&ran.stderr).into_iter().find(|e| e["message"] == "run finished").unwrap();
    assert_eq!(finished["state"], "busy");
    assert!(finished["leaseSeconds"].as_i64().unwrap() > 86_400, "{finished}");
}

/// Markers in every place that a value or a secret has; then everything that the binary writes is searched for them.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_and_no_value_is_written() {
    const MARK: &str = "Zx9marker";
    let w = World::new().await;
    w.sql(&format!(
        "CREATE TABLE people (id text PRIMARY KEY, name text, mail text, born date, doc jsonb, amount numeric,
            updated_at timestamptz NOT NULL DEFAULT clock_timestamp());
         INSERT INTO people VALUES ('{MARK}-key', '{MARK}-name', '{MARK}-mail', 'infinity', '{{\"{MARK}\": 1e400}}', 'NaN');
         CREATE TABLE log (id bigserial PRIMARY KEY, kind text, key text);
         CREATE TABLE noted (id text PRIMARY KEY, x text); INSERT INTO noted VALUES ('{MARK}-noted', '{MARK}');
         CREATE FUNCTION broken(text) RETURNS boolean LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'value {MARK}: %', $1 USING DETAIL = '{MARK}', HINT = '{MARK}'; END $$;"
    ))
    .await;
    let salt = format!("{MARK}-salt-of-some-length");
    let tables = |filter: &str| {
        format!(
            "[changelog]\ntable = \"log\"\nid = \"id\"\ntype = \"kind\"\nkey = \"key\"\n\
             [[table]]\nsource = \"people\"\ncursor = \"updated_at\"\ndeletes = \"keys\"\nhash = [\"mail\"]\n{filter}\n\
             [[table]]\nsource = \"noted\"\ncapture = \"changelog\"\nlog_types = [\"n\"]\n"
        )
    };
    let configure = |filter: &str| {
        w.config(&tables(filter));
        let text = std::fs::read_to_string(w.config_path()).unwrap();
        let text = text
            .replace("[storage]", "hash_salt = \"${SALT}\"\n[storage]")
            .replace("auth = \"none\"", "auth = \"none\"\nconsole = \"operate\"");
        std::fs::write(w.config_path(), text).unwrap();
    };
    configure("");
    let mut told = String::new();
    let mut run = async |args: &[&str]| {
        let mut command = w.command(args);
        command.env("SALT", &salt).env("RUST_LOG", "trace");
        let ran = w.finish(command.spawn().unwrap()).await;
        told.push_str(&ran.stdout);
        told.push_str(&ran.stderr);
        ran.code
    };
    for command in [&["check"][..], &["run"], &["run", "--json"], &["plan"], &["status", "--json"]] {
        assert_eq!(run(command).await, 0, "{command:?}");
    }
    w.sql(&format!(
        "UPDATE people SET name = '{MARK}-2', updated_at = now() + interval '1 second';
         INSERT INTO log (kind, key) VALUES ('n', '{MARK}-noted'), ('n', '{MARK}-gone'), ('{MARK}', '{MARK}');
         UPDATE noted SET x = '{MARK}-2'"
    ))
    .await;
    run(&["run"]).await;
    w.sql("DELETE FROM people").await;
    run(&["run"]).await;
    // The source's own errors carry values; a job of BigQuery's could, too.
    w.sql(&format!("INSERT INTO people (id) VALUES ('{MARK}-3')")).await;
    configure("where = \"broken(id)\"");
    assert_ne!(run(&["run", "--json"]).await, 0);
    configure("where = \"id::int > 0\"");
    assert_ne!(run(&["run", "--json"]).await, 0);
    // Under a code that says nothing of data.
    for filter in [
        "to_tsquery('simple', id || ' x') IS NOT NULL",
        "id::regclass IS NOT NULL",
        "set_config(id, 'x', true) IS NOT NULL",
    ] {
        configure(&format!("where = \"{filter}\""));
        assert_ne!(run(&["run", "--json"]).await, 0);
    }
    configure("");
    w.sql(&format!("INSERT INTO people (id) VALUES ('{MARK}-4')")).await;
    let message = format!("Could not convert value to integer. Field: id; Value: {MARK}");
    let errors = [serde_json::json!({ "reason": "invalid", "message": message })];
    let refused = serde_json::json!({ "error": { "code": 400, "message": message, "errors": errors } });
    w.bq.answer(1, 400, &refused.to_string(), |r| r.is_job("load"));
    let served = w.serve_with(&[("SALT", &salt), ("RUST_LOG", "trace")]).await;
    for path in ["runs", "runs"] {
        let (_, report) = w.post(&format!("{}/{path}", served.url), "").await;
        told.push_str(&report.to_string());
    }
    let bad = format!(r#"{{"tables":["{MARK}"]}}"#);
    w.post(&format!("{}/pubsub", served.url), &format!(r#"{{"message":{{"data":"{MARK}"}}}}"#)).await;
    w.post(&format!("{}/pubsub", served.url), &bad).await;
    for path in ["", "status", "readyz"] {
        told.push_str(&w.http.get(format!("{}/{path}", served.url)).send().await.unwrap().text().await.unwrap());
    }
    let state = w.state("people").await;
    for past in state["recent"].as_array().unwrap() {
        let url = format!("{}/feeds/people/runs/{}", served.url, past["run"].as_str().unwrap());
        told.push_str(&w.http.get(url).send().await.unwrap().text().await.unwrap());
    }
    told.push_str(&w.serve_log());
    assert!(told.len() > 10_000 && told.contains("run finished"), "something was told");
    for secret in [MARK, &w.own.pg.password] {
        let at = told.find(secret).map(|at| told[at.saturating_sub(300)..].chars().take(500).collect::<String>());
        assert_eq!(at, None, "a value or a secret is told");
    }
}

/// Each run's report on a topic, with attributes to filter by.
#[tokio::test(flavor = "multi_thread")]
async fn reports_are_published() {
    let w = World::with_orders("").await;
    let Some(inbox) = Inbox::open(w.stack, &w.name).await else { return };
    let text = std::fs::read_to_string(w.config_path()).unwrap();
    std::fs::write(
        w.config_path(),
        text.replace("[server]", &format!("[pubsub]\nreports = \"{}\"\n[server]", inbox.topic)),
    )
    .unwrap();
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    let report = w.tick().await;
    w.sql("ALTER TABLE orders RENAME TO gone").await;
    assert_ne!(w.run(&["run"]).await.code, 0);
    let messages = inbox.take(2).await;
    let done = messages.iter().find(|m| m.attributes["state"] == "done").unwrap();
    assert_eq!((&done.attributes["feed"], &done.attributes["ok"]), (&"orders".into(), &"true".into()));
    assert_eq!(done.data, report, "the same as everywhere");
    let failed = messages.iter().find(|m| m.attributes["state"] == "failed").unwrap();
    assert!(failed.attributes["ok"] == "false" && failed.data["error"]["hint"].is_string(), "{}", failed.data);

    // A topic that is not there is no run's trouble.
    w.sql("ALTER TABLE gone RENAME TO orders; INSERT INTO orders VALUES (2, 'y', 1)").await;
    let text = std::fs::read_to_string(w.config_path()).unwrap();
    std::fs::write(w.config_path(), text.replace(&inbox.topic, "no-such-topic")).unwrap();
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("a report was not published"), "{}", ran.stderr);
    w.assert_equal("orders").await;
}
