//! What an older version has left: its states are read as they are, and what it has sealed is finished, without a reload and without a
//! second job.
//!
//! The states in tests/fixtures/state were written by the version that their names tell.

use std::path::Path;

use plimsoll::failpoint::VARIABLE;
use plimsoll::state::StateDocument;
use serde_json::{Value, json};

use crate::support::World;

/// What this version writes.
const VERSION: u64 = 2;

/// The document as this version writes it: version 1 called quarantined rows refused.
fn as_now(mut document: Value) -> Value {
    document["version"] = VERSION.into();
    for marks in [&["watermark", "tables"][..], &["pending", "next", "tables"]] {
        let mut tables = Some(&mut document);
        for key in marks {
            tables = tables.and_then(|t| t.get_mut(key));
        }
        for mark in tables.and_then(Value::as_object_mut).into_iter().flat_map(|t| t.values_mut()) {
            if let Some(refused) = mark.as_object_mut().and_then(|m| m.remove("refused")) {
                mark["quarantined"] = refused;
            }
        }
    }
    document
}

#[test]
fn states_of_older_versions_are_read_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/state");
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()) {
        let content = std::fs::read(&file).unwrap();
        let kept: Value = serde_json::from_slice(&content).unwrap();
        let feed = serde_json::from_value(kept["feed"].clone()).unwrap();
        let document = StateDocument::parse(&feed, &content).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let (written, kept) = (serde_json::to_value(&document).unwrap(), as_now(kept));
        for part in ["version", "watermark", "lease", "pending", "aside"] {
            assert_eq!(written[part], kept[part], "{}: {part}", file.display());
        }
        seen += 1;
    }
    assert_eq!(seen, 16);
}

const SOURCE: &str = "CREATE TABLE item (id int PRIMARY KEY, v text, at timestamptz NOT NULL DEFAULT now());
    CREATE INDEX ON item (at); INSERT INTO item (id, v) SELECT g, 'v' FROM generate_series(1, 90) g;
    CREATE TABLE log (id bigserial PRIMARY KEY, key int); ANALYZE item";

const CHANGES: &str = "UPDATE item SET v = 'w', at = now() WHERE id < 4; DELETE FROM item WHERE id = 9;
    INSERT INTO log (key) VALUES (1), (2), (3), (9)";

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_an_older_version_has_sealed_is_finished() {
    let logged = "[changelog]\ntable = \"log\"\nid = \"id\"\nkey = \"key\"\n[[table]]\nsource = \"item\"\ncapture = \"changelog\"\n";
    for (what, run, table, feed) in [
        ("a list of keys", "", "[[table]]\nsource = \"item\"\ncursor = \"at\"\ndeletes = \"keys\"\n", "item"),
        ("a change log", "", logged, "changelog"),
        ("a table read whole", "", "[[table]]\nsource = \"item\"\ncapture = \"full\"\n", "item"),
        ("a load in stretches", "chunk_rows = 40", "[[table]]\nsource = \"item\"\ndeletes = \"keys\"\n", "item"),
    ] {
        for version in 1..=VERSION {
            let w = World::new().await;
            w.sql(SOURCE).await;
            w.config_with(run, table);
            let first = w.command(&["run", "--json"]).env(VARIABLE, "stretch:before=error*").spawn().unwrap();
            assert_eq!(w.finish(first).await.code, 0, "{what}");
            w.sql(CHANGES).await;
            let crashed = w.command(&["run", "--json"]).env(VARIABLE, "seal:after=crash").spawn().unwrap();
            crashed.wait_with_output().await.unwrap();
            let mut state = w.state(feed).await;
            assert!(state["pending"].is_object(), "{what}: {state:#}");
            (state["version"], state["pending"]["version"]) = (json!(version), json!(version));
            // Nobody waits for the holder that is gone.
            state["lease"] = Value::Null;
            w.put_state(feed, &state).await;
            let sealed = state["pending"]["run"].as_str().unwrap().to_owned();
            w.bq.clear();
            let ran = w.run(&["run", "--json"]).await;
            assert_eq!(ran.code, 0, "{what}: {}\n{}", ran.stdout, ran.stderr);
            let finished = ran.run();
            assert_eq!(
                (finished["run"].as_str(), finished["replayed"].as_bool()),
                (Some(&*sealed), Some(true)),
                "{what}"
            );
            let jobs: Vec<String> = w.bq.jobs().into_iter().filter(|j| j.contains(&sealed)).collect();
            let steps = if table.contains("full") { 1 } else { 2 };
            assert_eq!(jobs.len(), steps, "{what}: {jobs:?}");
            // Only what is always read whole is read whole, and a load that was under way has gone on.
            let again: Vec<Value> = ran.json()["runs"].as_array().unwrap().iter().map(|r| r["whole"].clone()).collect();
            let is_full = table.contains("full");
            assert!(is_full || again.iter().all(Value::is_null), "{what}: {again:?}");
            w.assert_equal("item").await;
            assert_eq!(w.state(feed).await["version"], VERSION, "{what}");
        }
    }
}
