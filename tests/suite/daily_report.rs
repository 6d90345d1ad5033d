//! The report of a time: in a terminal, as an answer, and as a message that a mail function sends as it is.

use plimsoll::model::RunId;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::support::World;
use crate::support::inbox::{Inbox, Received};
use crate::support::world::ORDERS;

const HTML: &str = "<img src=x onerror=alert(1)>";

/// A table that does well, and one that fails whose name is HTML, as is what its error says.
async fn two_tables(pubsub: &str) -> World {
    let w = World::new().await;
    w.sql(&format!(
        "{ORDERS} INSERT INTO orders SELECT g, 'secret-' || g, g FROM generate_series(1, 20) g;
         CREATE TABLE \"{HTML}\" (id int PRIMARY KEY, v text); INSERT INTO \"{HTML}\" VALUES (1, 'secret')"
    ))
    .await;
    w.config(&format!(
        "{pubsub}\n[[table]]\nsource = \"public.orders\"\ncursor = \"updated_at\"\n[[table]]\nsource = 'public.\"{HTML}\"'\ntarget = \"odd\"\n"
    ));
    assert_eq!(w.run(&["run"]).await.code, 0);
    w.sql(&format!("ALTER TABLE \"{HTML}\" RENAME TO \"gone {HTML}\"; UPDATE orders SET note = 'secret', updated_at = clock_timestamp() WHERE id < 4"))
        .await;
    assert_ne!(w.run(&["run"]).await.code, 0);
    w
}

fn is_daily(message: &&Received) -> bool {
    message.attributes["kind"] == "daily-report"
}

/// What is in every form of it: text, page and figures.
fn check(message: &Value) {
    let [subject, text, html] = ["subject", "text", "html"].map(|part| message[part].as_str().unwrap());
    assert!(subject.ends_with("1 of 2 tables in trouble") && !subject.contains(['\n', '<']), "{subject}");
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("&lt;img src=x onerror=alert(1)&gt;"), "{html}");
    assert!(!html.contains("<img") && !html.contains("<script"), "{html}");
    for part in
        ["In trouble", "failing since", "Failed in this time", "has not recovered", "All tables", "public.orders"]
    {
        assert!(text.contains(part) && html.contains(part), "{part}: {text}\n{html}");
    }
    for form in [text, html] {
        assert!(!form.contains("secret"), "no value of a row: {form}");
    }
    let report = &message["report"];
    let tables = report["tables"].as_array().unwrap();
    assert_eq!(tables.len(), 2);
    let (odd, fine) = (&tables[0], &tables[1]);
    assert_eq!((&odd["standing"], &odd["is_trouble"]), (&json!("failing"), &json!(true)), "the worst first: {report}");
    assert!(odd["since"].is_string() && odd["error"]["hint"].is_string(), "{odd}");
    assert_eq!(
        (&fine["standing"], fine["upserts"].as_u64(), fine["runs"].as_u64()),
        (&json!("up to date"), Some(23), Some(2)),
        "{fine}"
    );
    assert_eq!(report["failures"].as_array().unwrap().len(), 1);
    assert_eq!((&report["failures"][0]["runs"], &report["failures"][0]["has_recovered"]), (&json!(1), &json!(false)));
    assert_eq!(report["costs"]["total"]["runs"], 4, "{}", report["costs"]);
}

/// The example's mailer makes a mail of the message: both parts arrive as they are.
fn assert_can_be_mailed(message: &Value) {
    let venv = std::env::var("PLIMSOLL_VENV").expect("PLIMSOLL_VENV is not set: run the tests with `make test`");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/terraform/examples/daily-report/mailer");
    let script = "import base64, email, email.policy, json, sys, mail\n\
                  text = sys.stdin.read()\n\
                  push = {'message': {'data': base64.b64encode(text.encode()).decode()}}\n\
                  report = mail.unwrap(push)\n\
                  sent = bytes(mail.compose(report, 'plimsoll@example.com', ['a@example.com', 'b@example.com']))\n\
                  assert max(map(len, sent.splitlines())) < 998, 'a mail server takes no longer lines'\n\
                  got = email.message_from_bytes(sent, policy=email.policy.default)\n\
                  part = lambda kind: got.get_body((kind,)).get_content().replace('\\r\\n', '\\n').strip()\n\
                  print(json.dumps([got['Subject'], got['To'], part('plain'), part('html')]))\n";
    let mut child = std::process::Command::new(format!("{venv}/bin/python"))
        .args(["-B", "-c", script])
        .env("PYTHONPATH", folder)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), message.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let got: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    let part = |name: &str| message[name].as_str().unwrap().trim().to_owned();
    assert_eq!(got, [part("subject"), "a@example.com, b@example.com".to_owned(), part("text"), part("html")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_message_arrives_and_can_be_sent_as_it_is() {
    let stack = crate::support::Stack::shared();
    let name = format!("daily{}", std::process::id());
    let Some(inbox) = Inbox::open(stack, &name).await else { return };
    let w = two_tables(&format!("[pubsub]\nreports = \"{}\"", inbox.topic)).await;
    let served = w.serve().await;
    let (status, answer) = w.post(&format!("{}/runs", served.url), r#"{"report":"24h"}"#).await;
    assert_eq!((status, &answer["published"], &answer["topic"]), (200, &json!(true), &json!(inbox.topic)), "{answer}");
    check(&answer);
    // Runs have left their own reports on the topic.
    let messages = inbox.take(5).await;
    let daily: Vec<&Received> = messages.iter().filter(is_daily).collect();
    assert_eq!(daily.len(), 1, "{messages:?}");
    assert_eq!((&daily[0].attributes["trouble"], &daily[0].attributes["span"]), (&json!("1"), &json!("1d")));
    check(&daily[0].data);
    assert_can_be_mailed(&daily[0].data);
    for part in ["subject", "text", "html", "report"] {
        assert_eq!(daily[0].data[part], answer[part], "{part}");
    }
    // So does one that a scheduler asks for by a message.
    let data = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, r#"{"report":"7d"}"#);
    let push = json!({ "message": { "data": data, "messageId": "1" }, "subscription": "s" });
    assert_eq!(w.post(&format!("{}/pubsub", served.url), &push.to_string()).await.0, 204);
    let messages = inbox.take(6).await;
    assert_eq!(messages.iter().filter(is_daily).filter(|m| m.attributes["span"] == "7d").count(), 1);
    // And the command's.
    let ran = w.run(&["report", "--publish", "--since", "48h"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(inbox.take(7).await.iter().filter(is_daily).count(), 3);
    // Where the topic is gone, whoever asked is told, and asks again.
    let config = std::fs::read_to_string(w.config_path()).unwrap();
    std::fs::write(w.config_path(), config.replace(&inbox.topic, "projects/demo/topics/no-such-topic")).unwrap();
    let served = w.serve().await;
    let (status, answer) = w.post(&format!("{}/runs", served.url), r#"{"report":"24h"}"#).await;
    assert!(status == 500 && answer["hint"].as_str().unwrap().contains("gcloud pubsub topics create"), "{answer}");
    assert_eq!(w.post(&format!("{}/pubsub", served.url), &push.to_string()).await.0, 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_topic_the_report_is_an_answer() {
    let w = two_tables("").await;
    let served = w.serve().await;
    let url = format!("{}/runs", served.url);
    let (status, answer) = w.post(&url, r#"{"report":"24h"}"#).await;
    assert_eq!((status, &answer["published"], &answer["topic"]), (200, &json!(false), &Value::Null));
    assert!(answer["note"].as_str().unwrap().contains("nothing was published"), "{answer}");
    check(&answer);
    for bad in [r#"{"report":"soon"}"#, r#"{"report":"24h","full":true}"#, r#"{"report":7}"#] {
        assert_eq!(w.post(&url, bad).await.0, 400, "{bad}");
    }
    check(&w.run(&["report", "--json"]).await.json());
    let text = w.run(&["report", "--since", "24h", "--text"]).await;
    assert!(text.code == 0 && text.stdout.starts_with("Plimsoll demo."), "{text:?}");
    assert!(w.run(&["report", "--html"]).await.stdout.contains("&lt;img"));
    let unpublished = w.run(&["report", "--publish"]).await;
    assert!(unpublished.code == 2 && unpublished.stderr.contains("[pubsub] reports"), "{unpublished:?}");
    // A time in which nothing happened: longer ago than that the last run has ended.
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    let quiet = w.run(&["report", "--since", "1s", "--json"]).await.json();
    assert_eq!(
        (&quiet["report"]["costs"]["total"]["runs"], quiet["report"]["tables"][1]["runs"].as_u64()),
        (&json!(0), Some(0))
    );
}

/// A run that found nothing to do leaves no report. All the same the table does well again.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_recovers_without_a_report() {
    let w = two_tables("").await;
    let recovered = async || {
        let report = w.run(&["report", "--json"]).await.json()["report"].clone();
        report["failures"][0]["has_recovered"].as_bool().unwrap()
    };
    assert!(!recovered().await);
    w.sql(&format!("ALTER TABLE \"gone {HTML}\" RENAME TO \"{HTML}\"")).await;
    assert_eq!(w.run(&["run"]).await.code, 0);
    assert!(recovered().await);
}

/// More tables than a message can hold: the worst are told of, all are counted.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_very_many_tables_can_still_be_sent() {
    let w = World::new().await;
    let config: String =
        (0..1200).map(|n| format!("[[table]]\nsource = \"public.some_long_name_of_a_table_{n}\"\n")).collect();
    w.config(&config);
    let message = w.run(&["report", "--json"]).await.json();
    assert!(
        message["subject"].as_str().unwrap().ends_with("1,200 of 1,200 tables in trouble"),
        "{}",
        message["subject"]
    );
    let (text, html) = (message["text"].as_str().unwrap(), message["html"].as_str().unwrap());
    assert!(text.contains("700 more") && html.contains("700 more"), "{text}");
    assert_eq!(message["report"]["tables"].as_array().unwrap().len(), 500);
    assert!(message.to_string().len() < 3_000_000, "{}", message.to_string().len());
}

/// The day that the bucket is down is the day that the mail is wanted.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_without_a_bucket_says_so() {
    let w = two_tables("").await;
    w.gcs.answer(1000, 503, "", |_| true);
    let served = w.serve().await;
    let (status, answer) = w.post(&format!("{}/runs", served.url), r#"{"report":"24h"}"#).await;
    assert_eq!(status, 200, "{answer}");
    let report = &answer["report"];
    assert!(report["unread"]["message"].as_str().unwrap().contains("Cloud Storage"), "{report}");
    assert_eq!(report["trouble"], 2);
    for form in ["text", "html"] {
        assert!(answer[form].as_str().unwrap().contains("What the runs did is not known"), "{answer}");
    }
}

/// Puts the report of a tick that began so long ago.
async fn put(w: &World, ago: Duration, run: Value) {
    put_after(w, ago, 1, run).await;
}

/// The same of one that took so many seconds.
async fn put_after(w: &World, ago: Duration, seconds: u64, run: Value) {
    let at = OffsetDateTime::now_utc() - ago;
    let tick = RunId::new(at, 7);
    let name = tick.as_str();
    let started = at.format(&Rfc3339).unwrap();
    let mut run = run;
    for (field, value) in [("run", json!(tick)), ("state", json!("done")), ("started", json!(started))] {
        run[field] = value;
    }
    let report = json!({ "ok": true, "kind": "tick", "started": started, "seconds": seconds, "runs": [run] });
    let name = format!("p/reports/{}/{}/{}/{name}.json", &name[..4], &name[4..6], &name[6..8]);
    w.replace_object(&name, report.to_string().as_bytes()).await;
}

/// Bytes, writes and dollars, by table and by day, and the dearest with what would help each.
#[tokio::test(flavor = "multi_thread")]
async fn costs_are_added_up_by_table_and_by_day() {
    const TIB: u64 = 1 << 40;
    let w = World::new().await;
    let config: String = (1..=7).map(|n| format!("[[table]]\nsource = \"public.t{n}\"\n")).collect();
    w.config(&config);
    for n in 1..=7_u64 {
        let table = json!({ "source": format!("public.t{n}"), "target": format!("demo.{}.t{n}", w.dataset), "bytes_billed": n * TIB / 100,
                            "staged_bytes": n * 1000, "upserts": n, "parts": 2 });
        let run = json!({ "feed": format!("t{n}"), "source": format!("public.t{n}"), "storage_writes": 5, "tables": [table] });
        put(&w, Duration::minutes(1 + n as i64), run.clone()).await;
        put(&w, Duration::hours(49) + Duration::minutes(n as i64), run).await;
    }
    // A run that has not come to its table is the table's all the same.
    put(&w, Duration::hours(49), json!({ "feed": "t7", "source": "public.t7", "storage_writes": 3 })).await;
    // Two tables of a feed share what is neither's, and a comparison is billed apart.
    let shared = json!({ "feed": "changelog", "source": "changelog", "storage_writes": 7, "tables": [
        { "source": "public.a", "target": "demo.d.a", "bytes_billed": 10, "parts": 1 },
        { "source": "public.b", "target": "demo.d.b", "bytes_billed": 20, "parts": 3,
          "append": { "requests": 1, "bytes": 1 << 20, "retries": 0 } }],
        "verified": [{ "source": "public.a", "target": "demo.d.a", "level": "values", "state": "equal", "bytes_billed": TIB }] });
    put(&w, Duration::hours(50), shared).await;
    let costs = w.run(&["report", "--since", "7d", "--json"]).await.json()["report"]["costs"].clone();
    let of = |source: &str| costs["tables"].as_array().unwrap().iter().find(|t| t["source"] == source).unwrap().clone();
    let t7 = of("public.t7");
    assert_eq!(
        (t7["merge_bytes_billed"].as_u64(), t7["storage_writes"].as_u64(), t7["runs"].as_u64()),
        (Some(2 * (7 * TIB / 100)), Some(13), Some(3))
    );
    // 6.25 dollars a TiB, 0.005 a thousand writes, 0.02 a GB and month.
    let expected = 0.14 * 6.25 + 13.0 * 0.000_005 + 14e-6 * 0.02;
    assert!((t7["dollars"].as_f64().unwrap() - expected).abs() < 1e-6, "{t7} {expected}");
    let (a, b) = (of("public.a"), of("public.b"));
    assert_eq!((a["storage_writes"].as_u64(), b["storage_writes"].as_u64()), (Some(3), Some(4)), "{a} {b}");
    assert_eq!((a["merge_bytes_billed"].as_u64(), a["verify_bytes_billed"].as_u64()), (Some(10), Some(TIB)));
    // 0.025 a GiB that is sent row by row.
    let expected = 0.025 / 1024.0 + 4.0 * 0.000_005;
    assert!((b["dollars"].as_f64().unwrap() - expected).abs() < 1e-8, "{b} {expected}");
    assert_eq!(costs["total"]["runs"], 16);
    let days = costs["days"].as_array().unwrap();
    assert!((2..=4).contains(&days.len()), "{days:?}");
    let sum = |field: &str, of: &str| -> u64 {
        costs[of].as_array().unwrap().iter().map(|d| d[field].as_u64().unwrap()).sum()
    };
    for field in ["merge_bytes_billed", "verify_bytes_billed", "sent_bytes", "staged_bytes", "storage_writes"] {
        assert_eq!(sum(field, "days"), sum(field, "tables"), "{field}");
        assert_eq!(Some(sum(field, "days")), costs["total"][field].as_u64(), "{field}");
    }
    let dearest = costs["dearest"].as_array().unwrap();
    let names: Vec<&str> = dearest.iter().map(|d| d["source"].as_str().unwrap()).collect();
    assert_eq!(names, ["public.a", "public.t7", "public.t6", "public.t5", "public.t4"]);
    assert_eq!(dearest[0]["knob"], Value::Null, "the config has it no more");
    assert!(dearest[1]["knob"]["advice"].as_str().unwrap().contains("immutable"), "{}", dearest[1]);
    // The first report ever is 50 hours old: a month is estimated by these, not by the seven days that were asked for.
    let month = |costs: &Value, at: usize| costs["dearest"][at]["dollars_a_month"].as_f64();
    let dollars = t7["dollars"].as_f64().unwrap();
    let hours = 30.0 * 24.0 / 50.0;
    assert!((month(&costs, 1).unwrap() / dollars / hours - 1.0).abs() < 0.01, "{costs}");
    let today = w.run(&["report", "--since", "24h", "--json"]).await.json();
    assert_eq!(today["report"]["costs"]["total"]["runs"], 7);
    // A tick that was at work when the last report was made is in none yet; one that had ended is in that one.
    let late = json!({ "feed": "t1", "source": "public.t1", "storage_writes": 1 });
    put_after(&w, Duration::hours(24) + Duration::minutes(5), 600, late.clone()).await;
    put_after(&w, Duration::hours(24) + Duration::minutes(6), 2, late).await;
    let with_late = w.run(&["report", "--since", "24h", "--json"]).await.json();
    assert_eq!(with_late["report"]["costs"]["total"]["runs"], 8);
    // There are older ones, so this day is a whole one. Of an hour nobody knows a month.
    assert!((month(&today["report"]["costs"], 0).unwrap() / (dollars / 2.0) / 30.0 - 1.0).abs() < 0.01, "{today}");
    let hour = w.run(&["report", "--since", "1h", "--json"]).await.json();
    assert_eq!((&hour["report"]["costs"]["total"]["runs"], month(&hour["report"]["costs"], 0)), (&json!(7), None));
    assert!(today["text"].as_str().unwrap().contains("list prices of 20"), "{today}");
}
