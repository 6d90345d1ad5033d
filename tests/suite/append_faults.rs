//! What goes wrong while rows are sent one by one: the target ends as the source is, whatever is lost, doubled or late.

use std::time::Duration;

use plimsoll::failpoint::VARIABLE;
use storage_write_standin::answer::{BadRow, Refusal};
use storage_write_standin::faults::transient;
use storage_write_standin::{Action, Fault, Settings, When};
use tonic::Code;

use super::append::{APPEND, loaded, loaded_with, requests, table};
use crate::support::World;

async fn change(w: &World, n: usize) {
    let id = n % 40 + 1;
    w.sql(&format!(
        "UPDATE item SET a = 'change {n}' WHERE id = {id}; DELETE FROM item WHERE id = {}; INSERT INTO item (id, a) VALUES ({}, 'new')",
        id + 5,
        1000 + n
    ))
    .await;
}

/// What passes by itself is sent again within the run.
#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_sent_again() {
    let w = loaded().await;
    let ms = Duration::from_millis(50);
    let actions = [
        Action::Refuse(transient(Code::Internal)),
        Action::Refuse(transient(Code::Aborted)),
        Action::Refuse(transient(Code::ResourceExhausted)),
        Action::End(transient(Code::Unavailable)),
        Action::End(transient(Code::Cancelled)),
        Action::EndQuietly,
        Action::CloseBefore,
        Action::CloseAfter,
        Action::EndAfter(transient(Code::DeadlineExceeded)),
        Action::GoAway(ms),
        Action::Delay(ms),
        Action::ReadSlowly(ms),
    ];
    for (n, action) in actions.into_iter().enumerate() {
        change(&w, n).await;
        w.storage_write().faults().add(Fault::once(When::Request, action.clone()));
        let report = w.tick().await;
        assert_eq!(report["state"], "done", "{action:?}: {report:#}");
        w.assert_equal("item").await;
    }
    change(&w, 20).await;
    w.storage_write().faults().add(Fault::once(When::Connection, Action::Reset));
    w.tick().await;
    w.assert_equal("item").await;
}

/// What does not pass in time leaves the batch pending, and the next tick brings it in.
#[tokio::test(flavor = "multi_thread")]
async fn what_lasts_is_left_to_the_next_tick() {
    let w = loaded().await;
    for (n, refusal) in
        [transient(Code::Unavailable), Refusal::new(Code::PermissionDenied, "no right to the value 4012")]
            .into_iter()
            .enumerate()
    {
        change(&w, n).await;
        w.storage_write().faults().add(Fault::always(When::Request, Action::Refuse(refusal)));
        let ran = w.run(&["run", "--json"]).await;
        assert_eq!(ran.code, 1, "{}", ran.stdout);
        assert!(!ran.stdout.contains("4012") && !ran.stderr.contains("4012"), "{}", ran.stdout);
        assert!(!w.state("item").await["pending"].is_null());
        w.storage_write().faults().clear();
        w.tick().await;
        w.assert_equal("item").await;
    }
}

/// A row that the service does not take goes to the batch's folder, and the others arrive.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_the_service_refuses() {
    let w = loaded().await;
    w.sql("UPDATE item SET a = 'secret 4012' WHERE id = 3; UPDATE item SET a = 'fine' WHERE id IN (1, 2, 4)").await;
    w.storage_write().faults().add(Fault::once(
        When::Request,
        Action::BadRows(vec![BadRow { index: 2, message: "the value secret 4012".to_owned() }]),
    ));
    let report = w.tick().await;
    assert_eq!(table(&report)["quarantined"], 1, "{report:#}");
    assert_eq!(table(&report)["append"]["requests"], 2, "{report:#}");
    assert!(!report.to_string().contains("4012"), "{report:#}");
    let refused: Vec<String> = w.objects().await.into_iter().filter(|n| n.contains("/refused-")).collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    // Which of the four came third is nobody's business.
    let stored = w.target("SELECT COUNT(*) FROM `{d}.item` WHERE a IN ('fine', 'secret 4012')").await;
    assert_eq!(stored, [[Some("3".to_owned())]]);
}

const FAULTS: [&str; 4] = [":before=crash", ":after=crash", ":before=error", ":after=error"];

/// A command that meets a fault: it ends at once, or goes on by itself. What is left then is brought in by the next tick, at once: as if the lease had
/// ended.
async fn meets(w: &World, args: &[&str], rule: &str) {
    let child = w.command(args).env(VARIABLE, rule).spawn().unwrap();
    let ran = w.finish(child).await;
    assert_eq!(ran.code == -1, rule.ends_with("crash"), "{rule}: {}", ran.stdout);
    if ran.code == 0 {
        return w.assert_equal("item").await;
    }
    let mut state = w.state("item").await;
    assert!(!state["pending"].is_null(), "{rule}");
    state["lease"].take();
    w.put_state("item", &state).await;
    assert_eq!(w.tick().await["replayed"], true, "{rule}");
    w.assert_equal("item").await;
}

/// At each point: the process ends at once, the effect fails, its answer is lost.
#[tokio::test(flavor = "multi_thread")]
async fn every_point_of_the_sink() {
    let w = loaded().await;
    let points =
        ["append-send", "append-answer"].iter().flat_map(|point| FAULTS.map(|fault| format!("{point}{fault}")));
    for (n, rule) in points.enumerate() {
        change(&w, n).await;
        meets(&w, &["run", "--json"], &rule).await;
    }
}

/// As above, of a reload.
#[tokio::test(flavor = "multi_thread")]
async fn every_point_of_a_reload() {
    let w = loaded().await;
    let points = ["recreate-submit", "recreate-wait", "load-submit", "load-wait"];
    let points = points.iter().flat_map(|point| FAULTS.map(|fault| format!("{point}{fault}")));
    for (n, rule) in points.enumerate() {
        change(&w, n).await;
        meets(&w, &["resync", "--table", "item", "--json"], &rule).await;
    }
    change(&w, 20).await;
    w.tick().await;
    w.assert_equal("item").await;
}

/// A holder of a sealed batch that was held up sends it once more, after a newer one is in: nothing of it wins. The holder is one that finds the
/// state as it was then.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_batch_that_comes_late_changes_nothing() {
    let w = loaded().await;
    w.config_with("lease = \"1s\"", APPEND);
    w.sql("UPDATE item SET a = 'old' WHERE id < 10 OR id = 30; DELETE FROM item WHERE id = 20").await;
    let child = w.command(&["run", "--json"]).env(VARIABLE, "append-send:before=crash").spawn().unwrap();
    assert_eq!(w.finish(child).await.code, -1);
    let sealed = w.state("item").await;
    assert!(!sealed["pending"].is_null());
    tokio::time::sleep(Duration::from_millis(1300)).await;
    assert_eq!(w.tick().await["replayed"], true);
    w.sql("UPDATE item SET a = 'new' WHERE id < 10; INSERT INTO item (id, a) VALUES (20, 'back'); DELETE FROM item WHERE id = 30").await;
    assert_eq!(w.tick().await["state"], "done");
    w.assert_equal("item").await;
    let before = requests(&w);
    w.put_state("item", &sealed).await;
    // Only what was sealed then.
    let child = w.command(&["run", "--json"]).env(VARIABLE, "commit:after=crash").spawn().unwrap();
    assert_eq!(w.finish(child).await.code, -1);
    assert!(requests(&w) > before, "it did not come late");
    w.assert_equal("item").await;
    w.tick().await;
    w.assert_equal("item").await;
}

async fn signal(child: &tokio::process::Child, signal: &str) {
    let id = child.id().unwrap().to_string();
    assert!(tokio::process::Command::new("kill").args([signal, &id]).status().await.unwrap().success());
}

/// One holder stands still once it has sent rows; another brings the same batch in, and a newer one after it. The first then goes on.
#[tokio::test(flavor = "multi_thread")]
async fn two_holders_of_one_batch() {
    let w = loaded().await;
    w.config_with("lease = \"1s\"", APPEND);
    change(&w, 1).await;
    let before = requests(&w);
    let first = w.command(&["run", "--json"]).env(VARIABLE, "append-answer:before=pause:3000").spawn().unwrap();
    while requests(&w) == before {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    signal(&first, "-STOP").await;
    tokio::time::sleep(Duration::from_millis(1300)).await;
    let report = w.tick().await;
    assert_eq!(report["replayed"], true, "{report:#}");
    w.sql("UPDATE item SET a = 'newer' WHERE id < 30").await;
    let report = w.tick().await;
    assert_eq!(report["state"], "done", "{report:#}");
    w.assert_equal("item").await;
    signal(&first, "-CONT").await;
    w.finish(first).await;
    w.assert_equal("item").await;
    assert!(w.state("item").await["pending"].is_null());
    change(&w, 2).await;
    w.tick().await;
    w.assert_equal("item").await;
}

/// A row larger than a request may be, and a text that fills one nearly.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_fits_in_no_request() {
    let w = loaded_with(Settings::default(), APPEND).await;
    w.sql(
        "UPDATE item SET a = repeat('x', 9000000) WHERE id = 1; UPDATE item SET a = repeat('y', 8000000) WHERE id = 2;
         UPDATE item SET a = repeat('z', 3000000) WHERE id BETWEEN 3 AND 8",
    )
    .await;
    let report = w.tick().await;
    assert_eq!(table(&report)["quarantined"], 1, "{report:#}");
    let rows = w.target("SELECT id, LENGTH(a) FROM `{d}.item` WHERE id < 9 ORDER BY id").await;
    let lengths: Vec<&str> = rows.iter().map(|r| r[1].as_deref().unwrap()).collect();
    assert_eq!(lengths[1..], ["8000000", "3000000", "3000000", "3000000", "3000000", "3000000", "3000000"]);
    let largest = w.storage_write().ledger().requests().iter().map(|r| r.bytes).max().unwrap();
    assert!(largest <= 8 << 20, "{largest}");
}

/// The run's time ends while answers are waited for: the batch stays sealed, and the next tick brings it in.
#[tokio::test(flavor = "multi_thread")]
async fn the_budget_ends_in_mid_append() {
    let w = loaded().await;
    w.config_with("budget = \"4s\"\nlease = \"1s\"", APPEND);
    change(&w, 1).await;
    w.storage_write().faults().add(Fault::always(When::Request, Action::Withhold));
    let began = std::time::Instant::now();
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    assert!(!w.state("item").await["pending"].is_null());
    w.storage_write().faults().clear();
    w.storage_write().faults().release();
    w.config_with("lease = \"1s\"", APPEND);
    tokio::time::sleep(Duration::from_millis(1300)).await;
    w.tick().await;
    w.assert_equal("item").await;
}

/// The source is another server from now on, whose positions are lower: the target is created again, and what follows wins.
#[tokio::test(flavor = "multi_thread")]
async fn a_restored_source() {
    let w = loaded().await;
    change(&w, 1).await;
    w.tick().await;
    // As if what the watermark speaks of had been another server, far ahead.
    let mut state = w.state("item").await;
    assert!(state["watermark"]["identity"]["system"].is_string(), "{state:#}");
    state["watermark"]["identity"]["system"] = "1".into();
    w.put_state("item", &state).await;
    change(&w, 2).await;
    let report = w.tick().await;
    assert!(report["whole"].is_string(), "{report:#}");
    w.assert_equal("item").await;
    change(&w, 3).await;
    w.tick().await;
    w.assert_equal("item").await;
}
