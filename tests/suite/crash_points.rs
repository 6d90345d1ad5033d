//! Every point of a run × {crash, error before, answer lost} × {first load, upserts, deletes, empty}, each once: the next
//! tick ends right, with exactly the jobs it needs.
//!
//! Every case has a table of its own, so that all of a scenario can be prepared and recovered by one tick each.

use std::collections::BTreeSet;
use std::time::Duration;

use plimsoll::failpoint::{Effect, VARIABLE};
use serde_json::Value;

use crate::support::{World, named_lists};

/// A fault at a point.
#[derive(Clone, Debug)]
struct Case {
    table: String,
    effect: Effect,
    rule: String,
}

impl Case {
    fn crashes(&self) -> bool {
        self.rule.ends_with("crash")
    }
}

/// What a run that went through leaves behind.
#[derive(Clone, Copy)]
struct Jobs {
    loads: usize,
    merges: usize,
}

fn cases(effects: &[Effect]) -> Vec<Case> {
    let mut cases = Vec::new();
    for effect in effects {
        for fault in [":before=crash", ":after=crash", ":before=error", ":after=error"] {
            let (table, rule) = (format!("t{}", cases.len()), format!("{}{fault}", effect.name()));
            cases.push(Case { table, effect: *effect, rule });
        }
    }
    cases
}

/// Runs without a look at the statements: they are those of every other journey.
async fn run(w: &World, args: &[&str], rule: &str) -> (Option<i32>, String) {
    let child = w.command(args).env(VARIABLE, rule).spawn().unwrap();
    let output = tokio::time::timeout(Duration::from_secs(240), child.wait_with_output()).await.unwrap().unwrap();
    (
        output.status.code(),
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)),
    )
}

async fn clean_tick(w: &World) -> Vec<Value> {
    let child = w.command(&["run", "--json"]).spawn().unwrap();
    let output = tokio::time::timeout(Duration::from_secs(240), child.wait_with_output()).await.unwrap().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    report["runs"].as_array().unwrap().clone()
}

/// A world with a table for each case, loaded unless it is the load that is to be tried.
async fn world(cases: &[Case], loaded: bool) -> World {
    world_of(cases, loaded, "cursor = \"at\"\ndeletes = \"keys\"\n").await
}

/// The same, captured in another way.
async fn world_of(cases: &[Case], loaded: bool, capture: &str) -> World {
    let w = World::new().await;
    let mut config = format!("max_age = \"2s\"\n[defaults]\n{capture}");
    for Case { table, .. } in cases {
        w.sql(&format!(
            "CREATE TABLE {table} (id int PRIMARY KEY, v text, at timestamptz DEFAULT clock_timestamp()); \
             INSERT INTO {table} SELECT g, 'a' FROM generate_series(1, 5) g"
        ))
        .await;
        config.push_str(&format!("[[table]]\nsource = \"{table}\"\n"));
    }
    w.config_with("lease = \"1s\"", &config);
    if loaded {
        clean_tick(&w).await;
    }
    w.bq.clear();
    w
}

fn jobs_of(w: &World, table: &str, verb: &str) -> BTreeSet<String> {
    w.bq.jobs().into_iter().filter(|id| id.contains(&format!("_{table}_{verb}_"))).collect()
}

async fn try_all(w: &World, cases: &[Case], expected: Jobs) {
    let mut sealed = Vec::new();
    for case in cases {
        let (code, said) = run(w, &["run", "--table", &case.table, "--json"], &case.rule).await;
        let what = &case.rule;
        if case.crashes() {
            assert_eq!(code, None, "{what} was not reached: {said}");
        } else if matches!(case.effect, Effect::StagingDrop | Effect::ListRemove) {
            let name = case.effect.name();
            assert!(said.contains(&format!("failpoint {name}")), "{what} was not reached: {said}");
        } else {
            assert_eq!(code, Some(1), "{what} was not reached: {said}");
            assert!(said.contains(&format!("failpoint {}", case.effect.name())), "{what}: {said}");
        }
        let state = w.state(&case.table).await;
        sealed.push(state["pending"]["run"].as_str().map(str::to_owned));
    }
    // The leases of the crashed ones.
    tokio::time::sleep(Duration::from_millis(1300)).await;
    let runs = clean_tick(w).await;
    for (case, sealed) in cases.iter().zip(sealed) {
        let what = &case.rule;
        w.assert_equal(&case.table).await;
        let (loads, merges) = (jobs_of(w, &case.table, "load"), jobs_of(w, &case.table, "merge"));
        assert_eq!((loads.len(), merges.len()), (expected.loads, expected.merges), "{what}: {loads:?} {merges:?}");
        let state = w.state(&case.table).await;
        assert!(state["pending"].is_null() && state["lease"].is_null(), "{what}: {state:#}");
        // What was loaded is what was sealed and committed, and nothing else.
        let committed = state["last"]["run"].as_str().unwrap_or_default();
        assert!(
            loads.iter().chain(&merges).all(|id| id.contains(committed)),
            "{what}: {committed} {loads:?} {merges:?}"
        );
        if let Some(sealed) = sealed {
            let first = runs.iter().find(|r| r["feed"] == case.table.as_str()).unwrap();
            assert_eq!(
                (first["run"].as_str(), first["replayed"].as_bool()),
                (Some(sealed.as_str()), Some(true)),
                "{what}"
            );
        }
    }
    let runs = clean_tick(w).await;
    assert!(runs.iter().all(|r| r["state"] == "empty"), "{runs:#?}");
}

const MERGING: [Effect; 9] = [
    Effect::Upload,
    Effect::Manifest,
    Effect::Seal,
    Effect::LoadSubmit,
    Effect::LoadWait,
    Effect::MergeSubmit,
    Effect::MergeWait,
    Effect::Commit,
    Effect::StagingDrop,
];

#[tokio::test(flavor = "multi_thread")]
async fn first_load() {
    let cases = cases(&[
        Effect::TableCreate,
        Effect::Upload,
        Effect::Manifest,
        Effect::Seal,
        Effect::LoadSubmit,
        Effect::LoadWait,
        Effect::Commit,
    ]);
    let w = world(&cases, false).await;
    try_all(&w, &cases, Jobs { loads: 1, merges: 0 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn upserts() {
    let cases = cases(&MERGING);
    let w = world(&cases, true).await;
    for Case { table, .. } in &cases {
        w.sql(&format!("INSERT INTO {table} VALUES (6, 'new'); UPDATE {table} SET v = 'b', at = now() WHERE id < 3"))
            .await;
    }
    try_all(&w, &cases, Jobs { loads: 1, merges: 1 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deletes() {
    let cases = cases(&MERGING);
    let w = world(&cases, true).await;
    for Case { table, .. } in &cases {
        w.sql(&format!("DELETE FROM {table} WHERE id > 3")).await;
    }
    try_all(&w, &cases, Jobs { loads: 1, merges: 1 }).await;
}

/// Nothing has changed, but the state is due for a sign of life.
#[tokio::test(flavor = "multi_thread")]
async fn empty() {
    let cases = cases(&[Effect::Advance]);
    let w = world(&cases, true).await;
    tokio::time::sleep(Duration::from_millis(1200)).await;
    try_all(&w, &cases, Jobs { loads: 0, merges: 0 }).await;
}

/// Who finds a sealed run takes the lease first; there it may fail as well.
#[tokio::test(flavor = "multi_thread")]
async fn the_lease_of_a_replay() {
    let cases = cases(&[Effect::Lease]);
    let w = world(&cases, true).await;
    for Case { table, .. } in &cases {
        w.sql(&format!("INSERT INTO {table} VALUES (6, 'new')")).await;
        let (code, said) = run(&w, &["run", "--table", table], "seal:after=crash").await;
        assert_eq!(code, None, "{said}");
    }
    tokio::time::sleep(Duration::from_millis(1300)).await;
    try_all(&w, &cases, Jobs { loads: 1, merges: 1 }).await;
}

const DIGEST: &str = "capture = \"digest\"\n";

/// Whatever became of the lists of row hashes, they are in step with the target; and those that nothing names go.
async fn try_lists(w: &World, cases: &[Case], expected: Jobs) {
    try_all(w, cases, expected).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    for Case { table, .. } in cases {
        w.sql(&format!("UPDATE {table} SET v = v || '!' WHERE id = 1; DELETE FROM {table} WHERE id = 2")).await;
    }
    clean_tick(w).await;
    let objects = w.objects().await;
    for Case { table, rule, .. } in cases {
        w.assert_equal(table).await;
        let folder = format!("p/digests/{table}/");
        let mut left: Vec<&String> = objects.iter().filter(|n| n.starts_with(&folder)).collect();
        let named = named_lists(w, table).await;
        left.sort();
        assert_eq!(left, named.iter().collect::<Vec<_>>(), "{rule}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn first_lists() {
    let cases =
        cases(&[Effect::Upload, Effect::ListWrite, Effect::Manifest, Effect::Seal, Effect::LoadWait, Effect::Commit]);
    let w = world_of(&cases, false, DIGEST).await;
    try_lists(&w, &cases, Jobs { loads: 1, merges: 0 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_lists() {
    let cases = cases(&[&MERGING[..], &[Effect::ListWrite, Effect::ListRemove]].concat());
    let w = world_of(&cases, true, DIGEST).await;
    for Case { table, .. } in &cases {
        w.sql(&format!(
            "INSERT INTO {table} VALUES (6, 'new'); UPDATE {table} SET v = 'b' WHERE id < 3; DELETE FROM {table} WHERE id = 4"
        ))
        .await;
    }
    try_lists(&w, &cases, Jobs { loads: 1, merges: 1 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_stay() {
    let cases = cases(&[Effect::Advance]);
    let w = world_of(&cases, true, DIGEST).await;
    tokio::time::sleep(Duration::from_millis(1200)).await;
    try_lists(&w, &cases, Jobs { loads: 0, merges: 0 }).await;
}
