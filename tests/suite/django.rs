//! A real Django application, its changes made through the ORM and written down by the real library.

use std::process::Stdio;

use tokio::process::Command;

use crate::support::World;
use crate::support::compare::compare;

const CONFIG: &str = "
[changelog]
preset = \"django-models-logging\"
[defaults]
capture = \"changelog\"
[[table]]
source = \"project\"
key = [\"id\"]
log_types = [\"shop.project\"]
RECONCILE
[[table]]
source = \"shop_item\"
log_types = [\"shop.item\"]
RECONCILE
";

/// The Python of an environment with this version of the library; `None`, with the reason told, where there can't be one.
async fn python(version: &str) -> Option<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/django.sh");
    let output = Command::new(script).arg(version).stderr(Stdio::inherit()).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match output.status.code() {
        Some(0) => Some(said),
        Some(3) => {
            println!("LEFT OUT, because of: {said}");
            None
        }
        _ => panic!("{said}"),
    }
}

async fn step(w: &World, python: &str, step: &str) {
    let app = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/django/app.py");
    let pg = &w.own.pg;
    let output = Command::new(python)
        .args(["-W", "ignore", "-B", app, step])
        .env("PGHOST", &pg.socket_dir)
        .env("PGPORT", pg.port.to_string())
        .env("PGUSER", "postgres")
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{step}: {}", String::from_utf8_lossy(&output.stderr));
}

async fn differences(w: &World) -> Vec<String> {
    let mut all = Vec::new();
    for table in ["project", "shop_item"] {
        all.extend(compare(&w.pg, table, "id", &[], &w.bigquery, &w.dataset, table).await.differences);
    }
    all
}

async fn follows_the_orm(version: &str) {
    let Some(python) = python(version).await else { return };
    let w = World::new().await;
    step(&w, &python, "setup").await;
    w.config(&CONFIG.replace("RECONCILE", ""));
    assert_eq!(w.tick().await["whole"], "project: first load; shop_item: first load");
    assert_eq!(differences(&w).await, [""; 0]);
    for what in ["changes", "requests"] {
        step(&w, &python, what).await;
        let report = w.tick().await;
        assert_eq!((report["state"].as_str(), report["whole"].as_str()), (Some("done"), None), "{report}");
        assert_eq!(differences(&w).await, [""; 0], "{what}");
        assert_eq!(w.tick().await["state"], "empty");
    }
    // No signal, no entry: only the reconcile pass can find it.
    step(&w, &python, "bulk").await;
    assert_eq!(w.tick().await["state"], "empty");
    assert!(differences(&w).await.len() >= 6);
    w.config(&CONFIG.replace("RECONCILE", "reconcile_every = \"1s\""));
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    w.tick().await;
    assert_eq!(differences(&w).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_current_library() {
    follows_the_orm("current").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_as_many_still_run_it() {
    follows_the_orm("1.0.6").await;
}
