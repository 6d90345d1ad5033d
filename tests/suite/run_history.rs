//! The history of runs, from the reports that their ticks have left: paged, filtered, and by few requests.

use std::sync::Arc;

use plimsoll::bigquery::{BigQuery, Settings};
use plimsoll::config::Config;
use plimsoll::model::RunId;
use plimsoll::run::{Context, HistoryFilter, HistoryLook, HistoryRequest, RunState, TickKind};
use plimsoll::storage::Store;
use serde_json::{Value, json};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::support::{Recorded, World};

/// The world's tables in this process, as a server has them.
async fn context(w: &World) -> Arc<Context> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let text = std::fs::read_to_string(w.config_path()).unwrap();
    let url = w.source_url();
    let config = Config::parse("plimsoll.toml", &text, &[("DATABASE_URL", url.as_str())].into()).unwrap();
    let settings = Settings {
        project: config.bigquery.project.clone(),
        dataset: config.bigquery.dataset.clone(),
        staging_dataset: config.bigquery.staging_dataset.clone(),
        location: config.bigquery.location.clone(),
        job_timeout: config.bigquery.job_timeout,
        write_endpoint: None,
    };
    let bigquery = BigQuery::of_emulator(&w.bq.url, settings).await.unwrap();
    let store = Store::at(Some(w.gcs.url.clone()), &config.storage.bucket, &config.storage.prefix).await.unwrap();
    Arc::new(Context::of(config, store, bigquery).await.unwrap())
}

/// Reads of reports, and requests for names.
fn asked(w: &World) -> (usize, usize) {
    let log = w.gcs.log();
    let reads = |r: &&Recorded| r.method == "GET" && (r.query.contains("alt=media") || !r.path.ends_with("/o"));
    let lists = |r: &&Recorded| r.method == "GET" && r.path.ends_with("/o");
    (log.iter().filter(reads).count(), log.iter().filter(lists).count())
}

/// Puts a report in its place: a tick of one run.
async fn put(w: &World, at: OffsetDateTime, number: u64, change: impl FnOnce(&mut Value)) -> RunId {
    let tick = RunId::new(at, number);
    let at = at.format(&time::format_description::well_known::Rfc3339).unwrap();
    let mut report = json!({
        "ok": true, "kind": "tick", "started": at, "seconds": 1.0,
        "runs": [{ "run": tick, "feed": "orders", "source": "public.orders", "state": "done", "replayed": false, "started": at, "seconds": 1.0,
                   "tables": [{ "source": "public.orders", "target": "demo.d.orders", "upserts": number, "bytes_billed": 10 }] }]
    });
    change(&mut report);
    put_object(w, &tick, report.to_string().as_bytes()).await;
    tick
}

fn name(tick: &RunId) -> String {
    let t = tick.as_str();
    format!("p/reports/{}/{}/{}/{t}.json", &t[..4], &t[4..6], &t[6..8])
}

async fn put_object(w: &World, tick: &RunId, content: &[u8]) {
    w.replace_object(&name(tick), content).await;
}

fn numbers(look: &HistoryLook) -> Vec<u64> {
    look.runs.iter().map(|r| r.report.tables[0].upserts).collect()
}

fn page(runs: usize) -> HistoryRequest {
    HistoryRequest { runs, ..HistoryRequest::default() }
}

/// What ticks have left is found again, with what they were asked for.
#[tokio::test(flavor = "multi_thread")]
async fn every_tick_that_did_something_is_in_the_history() {
    let w = World::with_orders("deletes = \"keys\"").await;
    w.sql("INSERT INTO orders SELECT g, 'x', g FROM generate_series(1, 50) g").await;
    let first = w.tick().await;
    w.tick().await;
    for args in [&["run", "--full"][..], &["resync", "--table", "orders"], &["verify", "--repair"]] {
        w.sql("INSERT INTO orders SELECT max(id) + 1, 'x', 1 FROM orders").await;
        assert_eq!(w.run(args).await.code, 0, "{args:?}");
    }
    w.sql("ALTER TABLE orders RENAME updated_at TO changed").await;
    assert_ne!(w.run(&["run"]).await.code, 0);
    let context = context(&w).await;
    let look = context.history(&HistoryRequest::default()).await.unwrap();
    // Ticks of one second may be in any order.
    let mut kinds: Vec<&str> = look.runs.iter().map(|r| r.kind.unwrap().name()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["full", "repair", "resync", "tick", "tick"]);
    assert_eq!((look.next, look.unreadable.len()), (None, 0));
    let oldest = look.runs.iter().find(|r| r.report.run.as_str() == first["run"]).unwrap();
    let kept = serde_json::to_value(&oldest.report).unwrap();
    assert_eq!(kept, first, "as it was answered");
    let failed = look.runs.iter().find(|r| r.report.state == RunState::Failed).unwrap();
    assert!(failed.report.error.as_ref().unwrap().hint.contains("public.orders"), "{failed:?}");
    // A run that has read a report before asks for nothing but names.
    w.gcs.clear();
    let again = context.history(&HistoryRequest::default()).await.unwrap();
    assert_eq!(again.runs.len(), 5);
    assert_eq!(asked(&w).0, 0);
    assert_eq!(context.tick_runs(&failed.tick).await.unwrap().unwrap()[0].report.run, failed.report.run);
    // A run that only the state remembers, or only a report, is known.
    w.remove_object(&name(&oldest.tick)).await;
    let run = oldest.report.run.clone();
    let feed = context.feed_called("orders").unwrap();
    assert!(context.run_note(&feed, &run).await.unwrap().is_some());
    let fresh = crate::run_history::context(&w).await;
    assert!(fresh.tick_runs(&oldest.tick).await.unwrap().is_none());
    assert_eq!(fresh.history(&HistoryRequest::default()).await.unwrap().runs.len(), 4);
}

/// However many there are, a look reads ten at most, and lists a few times; no page repeats or leaves out a run.
#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_reports_cost_no_more_a_look() {
    let w = World::with_orders("").await;
    // Every minute for a day and a half, then nothing for years but one a month.
    let newest = datetime!(2026-11-27 10:00 UTC);
    let minutes = (0..2200_u64).map(|n| (newest - Duration::minutes(n as i64), n));
    let months = (1..=24_u64).map(|n| (newest - Duration::days(40 * n as i64), 2199 + n));
    let all: Vec<(OffsetDateTime, u64)> = minutes.chain(months).collect();
    // The newest are so long that not all of them are kept.
    let long = |n: u64, r: &mut Value| {
        if n < 60 {
            r["padding"] = "x".repeat(150_000).into();
        }
    };
    let puts = all.iter().map(|(at, n)| put(&w, *at, *n, move |r| long(*n, r)));
    futures_util::StreamExt::collect::<Vec<_>>(futures_util::StreamExt::buffer_unordered(
        futures_util::stream::iter(puts),
        16,
    ))
    .await;
    let context = context(&w).await;
    w.gcs.clear();
    // Whatever the clock shows: from the newest on, not from now on.
    let newest_first = HistoryRequest { before: Some("20261127t100100".parse().unwrap()), ..page(10) };
    let first = context.history(&newest_first).await.unwrap();
    assert_eq!(numbers(&first), (0..10).collect::<Vec<_>>());
    let (reads, lists) = asked(&w);
    assert!(reads == 10 && lists <= 8, "{reads} reads, {lists} lists");
    w.gcs.clear();
    let same = context.history(&newest_first).await.unwrap();
    assert_eq!((numbers(&same), same.next.clone()), (numbers(&first), first.next.clone()));
    assert_eq!(asked(&w).0, 0, "what was read is not read again");
    assert!(asked(&w).1 <= 3, "the density is known by now: {} lists", asked(&w).1);
    // On through the lonely ones to the end, from a place that only the cursor tells.
    let mut seen = Vec::new();
    let mut request = HistoryRequest { before: Some("20261126t000000".parse().unwrap()), ..page(1000) };
    let mut looks = 0;
    loop {
        w.gcs.clear();
        let look = context.history(&request).await.unwrap();
        let (reads, lists) = asked(&w);
        assert!(reads <= 10 && lists <= 8, "{reads} reads, {lists} lists");
        seen.extend(numbers(&look));
        looks += 1;
        match look.next {
            Some(next) => request.before = Some(next.as_str().parse().unwrap()),
            None => break,
        }
        assert!(looks < 300, "it comes to an end: {seen:?}");
    }
    assert_eq!(seen, (34 * 60 + 1..2224).collect::<Vec<_>>(), "each once, and in order");
    // What is added up reads no more than it may, and says since when it knows; all of it comes to the end.
    let fresh = crate::run_history::context(&w).await;
    w.gcs.clear();
    let since = datetime!(2026-11-20 00:00 UTC);
    // A later look goes on where the last one has stopped, however long the reports are.
    for look in 1..=3 {
        w.gcs.clear();
        let some = fresh.costs(since, 30).await.unwrap();
        assert_eq!((some.total.runs, asked(&w).0), (30 * look, 30));
        assert_eq!(some.looked_back_to, Some(newest - Duration::minutes(30 * look as i64 - 1)));
    }
    let all = fresh.costs(since, 5000).await.unwrap();
    assert_eq!((all.total.runs, all.total.merge_bytes_billed, all.looked_back_to), (2200, 22_000, None));
    w.gcs.clear();
    let again = fresh.costs(since + Duration::hours(30), 5000).await.unwrap();
    assert_eq!(asked(&w).0, 0, "what was added up is not read again");
    // From the day's begin on.
    let first_day = again.days.last().unwrap();
    assert!(first_day.day == "2026-11-21" || first_day.day > again.since.date().to_string(), "{first_day:?}");
    // A look that can't close the gap to what an earlier one has added up says that it has not read all, and estimates nothing.
    let gap = crate::run_history::context(&w).await;
    gap.costs(since, 30).await.unwrap();
    for n in 0..60_u64 {
        put(&w, newest + Duration::minutes(1 + n as i64), 5000 + n, |_| {}).await;
    }
    let some = gap.costs(since, 30).await.unwrap();
    assert_eq!((some.total.runs, some.looked_back_to), (60, Some(since)));
    assert!(
        some.dearest.iter().all(|dear| dear.dollars_a_month.is_none() && dear.knob.is_none()),
        "{:?}",
        some.dearest
    );
    let all = gap.costs(since, 5000).await.unwrap();
    assert_eq!((all.total.runs, all.looked_back_to), (2260, None));
    // A filter that nothing passes costs no more, and says from where to go on.
    w.gcs.clear();
    let filter = HistoryFilter { state: Some(RunState::Failed), ..HistoryFilter::default() };
    let none = context.history(&HistoryRequest { filter, ..page(10) }).await.unwrap();
    assert!(none.runs.is_empty() && none.next.is_some() && none.looked_back_to.is_some());
    assert!(asked(&w).0 <= 10);
}

/// So many ticks that a stretch has to become shorter and shorter before one request can list it.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_ticks_is_listed_by_few_requests() {
    let w = World::with_orders("").await;
    let newest = datetime!(2026-11-27 10:00 UTC);
    // A hundred each second, and one two days before.
    let crowd = (0..2500_u64).map(|n| (newest - Duration::seconds(n as i64 / 100), n));
    let all = crowd.chain([(newest - Duration::days(2), 2500)]);
    let puts = all.map(|(at, n)| {
        let w = &w;
        async move { put(w, at, 2500 - n, |_| {}).await }
    });
    futures_util::StreamExt::collect::<Vec<_>>(futures_util::StreamExt::buffer_unordered(
        futures_util::stream::iter(puts),
        16,
    ))
    .await;
    let context = context(&w).await;
    let (mut seen, mut looks) = (Vec::new(), 0);
    let mut request = HistoryRequest { before: Some("20261127t100100".parse().unwrap()), reads: 1000, ..page(700) };
    loop {
        w.gcs.clear();
        let look = context.history(&request).await.unwrap();
        assert!(asked(&w).1 <= 8, "{} lists", asked(&w).1);
        seen.extend(numbers(&look));
        looks += 1;
        assert!(looks < 30, "it comes to an end: {} so far", seen.len());
        match look.next {
            Some(next) => request.before = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, (0..=2500).rev().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_is_searched() {
    let w = World::new().await;
    w.config("[[table]]\nsource = \"public.orders\"\n[[table]]\nsource = \"public.items\"\ntarget = \"item\"\n");
    let at = |n: i64| datetime!(2026-11-27 10:00 UTC) + Duration::minutes(n);
    put(&w, at(1), 1, |_| {}).await;
    put(&w, at(2), 2, |r| {
        r["kind"] = json!("verify");
        r["runs"][0]["feed"] = json!("item");
        r["runs"][0]["source"] = json!("public.items");
        r["runs"][0]["tables"] = json!([{ "source": "public.items", "target": "demo.d.item", "upserts": 2 }]);
    })
    .await;
    put(&w, at(3), 3, |r| {
        r["runs"][0]["state"] = json!("failed");
        r["runs"][0]["error"] = json!({ "message": "The bucket <b>burns</b>", "hint": "put it out" });
    })
    .await;
    put(&w, at(4), 4, |r| {
        r["kind"] = json!("resync");
        r["runs"][0]["aside"] = json!([{ "source": "public.late", "target": "late", "since": "2026-11-27T10:00:00Z", "message": "m", "hint": "h" }]);
    })
    .await;
    // What an old version wrote, what a later one will, and what is nobody's.
    put(&w, at(5), 5, |r| {
        for field in ["kind", "ok", "seconds"] {
            r.as_object_mut().unwrap().remove(field);
        }
        r["runs"][0].as_object_mut().unwrap().remove("replayed");
    })
    .await;
    let later = put(&w, at(6), 6, |r| r["runs"][0]["state"] = json!("dreaming")).await;
    put_object(&w, &RunId::new(at(7), 7), b"{\"not\": \"a report\"}").await;
    w.replace_object("p/reports/notes.txt", b"hello").await;
    let context = context(&w).await;
    let tables = &context.config.tables;
    let look = async |filter: HistoryFilter| {
        let look = context.history(&HistoryRequest { filter, ..HistoryRequest::default() }).await.unwrap();
        let mut unreadable: Vec<String> = look.unreadable.iter().map(|u| u.name.clone()).collect();
        unreadable.sort();
        let foreign = [&name(&later)["p/".len()..], &name(&RunId::new(at(7), 7))["p/".len()..], "reports/notes.txt"];
        assert_eq!(unreadable, foreign, "shown as such");
        numbers(&look)
    };
    let text = |text: &str| HistoryFilter { text: text.to_owned(), ..HistoryFilter::default() };
    assert_eq!(look(HistoryFilter::default()).await, [5, 4, 3, 2, 1]);
    assert_eq!(look(HistoryFilter { tables: vec![tables[1].clone()], ..HistoryFilter::default() }).await, [2]);
    assert_eq!(look(HistoryFilter { tables: vec![tables[0].clone()], ..HistoryFilter::default() }).await, [5, 4, 3, 1]);
    assert_eq!(look(HistoryFilter { state: Some(RunState::Failed), ..HistoryFilter::default() }).await, [3]);
    assert_eq!(look(HistoryFilter { only_trouble: true, ..HistoryFilter::default() }).await, [4, 3]);
    assert_eq!(look(HistoryFilter { kind: Some(TickKind::Tick), ..HistoryFilter::default() }).await, [3, 1]);
    assert_eq!(look(HistoryFilter { kind: Some(TickKind::Verify), ..HistoryFilter::default() }).await, [2]);
    assert_eq!(look(text("BURNS")).await, [3]);
    assert_eq!(look(text("put it out")).await, [3]);
    assert_eq!(look(text("public.late")).await, [4]);
    assert_eq!(look(text("items")).await, [2]);
    assert!(look(text("nobody wrote this")).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_down_is_an_error_with_a_hint_and_nothing_is_lost() {
    let w = World::with_orders("").await;
    for n in 0..5 {
        put(&w, datetime!(2026-11-27 10:00 UTC) + Duration::minutes(n), n.unsigned_abs(), |_| {}).await;
    }
    let context = context(&w).await;
    for matches in [|r: &Recorded| r.path.ends_with("/o"), |r: &Recorded| r.path.contains("reports")] {
        w.gcs.answer(100, 503, "", matches);
        let e = context.history(&HistoryRequest::default()).await.unwrap_err();
        assert!(e.to_string().contains("Cloud Storage") && !e.hint().is_empty(), "{e}");
        w.gcs.calm();
    }
    assert_eq!(numbers(&context.history(&HistoryRequest::default()).await.unwrap()), [4, 3, 2, 1, 0]);
}

/// The history in a terminal: it reads on until it has what it was asked for, and says what it leaves out.
#[tokio::test(flavor = "multi_thread")]
async fn runs_shows_the_history_and_says_what_it_leaves_out() {
    let w = World::with_orders("").await;
    assert_eq!(w.run(&["runs"]).await.stdout.trim(), "no run has left a report");
    let newest = OffsetDateTime::now_utc() - Duration::minutes(1);
    for n in 0..45_u64 {
        let at = newest - Duration::minutes(n as i64);
        put(&w, at, n, |r| {
            if n == 30 {
                r["runs"][0]["state"] = json!("failed");
                r["runs"][0]["error"] = json!({ "message": "the <b>server</b> \u{1b}[31mburns", "hint": "put it out" });
            }
        })
        .await;
    }
    let json = w.run(&["runs", "--json"]).await.json();
    let upserts = |json: &Value| -> Vec<u64> {
        let runs = json["runs"].as_array().unwrap();
        runs.iter().map(|r| r["tables"][0]["upserts"].as_u64().unwrap()).collect()
    };
    assert_eq!(upserts(&json), (0..20).collect::<Vec<_>>());
    assert_eq!(json["left_out"], json!({ "runs": 0, "reports": 25, "at_least": false }));
    let all = w.run(&["runs", "--limit", "100"]).await;
    assert_eq!(all.stdout.matches("public.orders  ").count(), 45, "{}", all.stdout);
    assert!(!all.stdout.contains("left out") && !all.stdout.contains('\u{1b}'), "{}", all.stdout);
    let failed = w.run(&["runs", "--failed"]).await;
    assert_eq!(failed.code, 0);
    for part in ["failed", "the <b>server</b>", "hint: put it out"] {
        assert!(failed.stdout.contains(part), "{part}: {}", failed.stdout);
    }
    let recent = w.run(&["runs", "--since", "10m30s", "--table", "orders", "--json"]).await.json();
    assert_eq!(upserts(&recent).len(), 10, "{recent}");
    assert_eq!((&recent["left_out"]["reports"], &recent["next"]), (&json!(0), &Value::Null), "all of that time");
    let none = w.run(&["runs", "--failed", "--since", "10m"]).await;
    assert_eq!(none.stdout.trim(), "no run failed in the last 10m");
    let unknown = w.run(&["runs", "--table", "order"]).await;
    assert!(unknown.code == 2 && unknown.stderr.contains("orders"), "{unknown:?}");
    for bad in [["--since", "yesterday"], ["--since", "100y"]] {
        assert_eq!(w.run(&[&["runs"][..], &bad].concat()).await.code, 2, "{bad:?}");
    }
    w.gcs.answer(100, 503, "", |r| r.path.ends_with("/o"));
    let down = w.run(&["runs"]).await;
    assert!(down.code == 1 && down.stderr.contains("Cloud Storage"), "{down:?}");
}

/// Since when a table fails is known also where more runs have failed than the state keeps.
#[tokio::test(flavor = "multi_thread")]
async fn status_says_since_when_and_what_comes_next() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    let status = async || w.run(&["status", "--json"]).await.json()["feeds"][0].clone();
    let fine = status().await;
    assert_eq!(fine["age_limit_seconds"], 3600);
    assert_eq!(
        (&fine["failing_since"], fine.get("next_tick")),
        (&Value::Null, None),
        "one run tells no spacing: {fine}"
    );
    let recent = w.state("orders").await["recent"].as_array().unwrap().clone();
    assert_eq!(fine["recent_runs"].as_u64(), Some(recent.len() as u64));
    let billed: u64 = recent.iter().map(|r| r["bytes_billed"].as_u64().unwrap()).sum();
    assert_eq!(fine["recent_bytes_billed"].as_u64(), Some(billed));
    w.sql("ALTER TABLE orders RENAME updated_at TO changed").await;
    assert_ne!(w.run(&["run"]).await.code, 0);
    let first = status().await["failing_since"].as_str().unwrap().to_owned();
    // As if it had gone on for hours: only the last 30 are kept, and each says when it began.
    let mut state = w.state("orders").await;
    let one = state["recent"].as_array().unwrap().last().unwrap().clone();
    let began = OffsetDateTime::now_utc() - Duration::hours(9);
    let many = (0..29).map(|n| {
        let at = OffsetDateTime::now_utc() - Duration::minutes(5 * (29 - n));
        let mut run = one.clone();
        run["run"] = json!(RunId::new(at, 3));
        run["finished"] = json!(at.format(&time::format_description::well_known::Rfc3339).unwrap());
        run["failing_since"] = json!(began.format(&time::format_description::well_known::Rfc3339).unwrap());
        run
    });
    state["recent"] = many.collect();
    state["tables"]["orders"]["checked"] =
        json!((began - Duration::hours(1)).format(&time::format_description::well_known::Rfc3339).unwrap());
    w.put_state("orders", &state).await;
    assert_ne!(w.run(&["run"]).await.code, 0);
    let now = status().await;
    let since = now["failing_since"].as_str().unwrap();
    assert!(
        since < first.as_str()
            && since[..16] == began.format(&time::format_description::well_known::Rfc3339).unwrap()[..16],
        "{since} {first}"
    );
    let next = &now["next_tick"];
    assert_eq!(
        (&next["is_estimate"], next["spacing_seconds"].as_u64().map(|s| (290..=301).contains(&s))),
        (&json!(true), Some(true)),
        "{next}"
    );
    // Mended, nothing fails any more; and paused, nothing comes.
    w.sql("ALTER TABLE orders RENAME changed TO updated_at").await;
    w.tick().await;
    assert_eq!(status().await["failing_since"], Value::Null);
    w.run(&["pause", "--table", "orders"]).await;
    assert_eq!(status().await.get("next_tick"), None);
}
