//! What an older version has left: its states are read as they are, and what it has sealed is finished, without a reload and without a
//! second job.
//!
//! The states in tests/fixtures/state were written by the version that their names tell.

use std::path::Path;

use plimsoll::failpoint::VARIABLE;
use plimsoll::state::StateDocument;
use plimsoll::storage::{Expect, Store};
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
            if version < VERSION {
                // What that version does not write.
                state.as_object_mut().unwrap().remove("sealed");
                state["pending"].as_object_mut().unwrap().remove("ordinal");
            }
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

/// The lines of a kind: so many ids from one on, each with the text that tells them.
fn lines(op: &str, ids: std::ops::Range<u64>, number: Option<&str>, text: Option<&str>) -> String {
    let line = |id: u64| {
        let mut line = serde_json::Map::new();
        if !op.is_empty() {
            line.insert("_plimsoll_op".to_owned(), op.into());
        }
        if let Some(column) = number {
            line.insert(column.to_owned(), id.into());
        }
        if let Some(column) = text {
            line.insert(column.to_owned(), "sealed".into());
        }
        format!("{}\n", Value::from(line))
    };
    ids.map(line).collect()
}

/// The very documents that older versions have written, with files where they say and rows in their targets.
#[tokio::test(flavor = "multi_thread")]
async fn the_batches_that_older_versions_have_kept_are_finished() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/state");
    let files = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path());
    let pending: Vec<_> = files.filter(|f| f.to_string_lossy().contains("-pending-")).collect();
    assert_eq!(pending.len(), 8);
    for file in pending {
        let what = file.file_name().unwrap().to_string_lossy().into_owned();
        let w = World::new().await;
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.replace("\"fx\"", &format!("\"{}\"", w.dataset));
        let mut kept: Value =
            serde_json::from_str(&text.replace("\"fx_staging\"", &format!("\"{}_staging\"", w.dataset))).unwrap();
        // Two of them are of one run, and the emulator knows its jobs.
        let run = kept["pending"]["run"].as_str().unwrap().to_owned();
        let another = format!("{}_{:012x}", &run[..15], fastrand::u64(..1 << 48));
        kept = serde_json::from_str(&kept.to_string().replace(&run, &another)).unwrap();
        kept["lease"] = Value::Null;
        let feed = kept["feed"].as_str().unwrap().to_owned();
        let batch = kept["pending"].clone();
        let tables = batch["tables"].as_array().unwrap();
        for dataset in [w.dataset.clone(), format!("{}_staging", w.dataset)] {
            let reference = json!({ "datasetReference": { "projectId": "demo", "datasetId": dataset } });
            w.bigquery.post("/datasets", &reference).await;
        }
        let store = Store::at(Some(w.stack.gcs.url.clone()), &w.bucket, "p/").await.unwrap();
        let mut config = String::new();
        if feed == "changelog" {
            config.push_str("[changelog]\ntable = \"log\"\nid = \"id\"\nkey = \"key\"\ntype = \"t\"\n");
        }
        let (mut steps, mut staged) = (0, Vec::new());
        for table in tables {
            let name = table["target"]["table"].as_str().unwrap();
            let capture = match feed.as_str() {
                "changelog" => format!("capture = \"changelog\"\nlog_types = [\"{name}\"]"),
                _ => "capture = \"xmin\"".to_owned(),
            };
            config.push_str(&format!("[[table]]\nsource = \"{name}\"\nkey = [\"id\"]\n{capture}\n"));
            let columns = table["columns"].as_array().unwrap();
            let is_merge = table["apply"]["how"] == "merge";
            steps += if is_merge { 2 } else { 1 };
            let list =
                columns.iter().map(|c| format!("{} {}", c["name"].as_str().unwrap(), c["type"].as_str().unwrap()));
            let mut list = list.collect::<Vec<_>>().join(", ");
            if table["metadata"] == "columns" {
                list.push_str(", `_plimsoll_synced_at` TIMESTAMP, `_plimsoll_run` STRING");
            }
            w.target(&format!("CREATE TABLE `{{d}}.{name}` ({list})")).await;
            // What is there is what the watermark says: ids from 1 on.
            let rows = kept["watermark"]["tables"][name]["rows"].as_u64().unwrap_or(0);
            if is_merge && rows > 0 {
                let fill =
                    format!("INSERT INTO `{{d}}.{name}` (id) SELECT id FROM UNNEST(GENERATE_ARRAY(1, {rows})) AS id");
                w.target(&fill).await;
            }
            let count = |kind: &str| table["counts"][kind].as_u64().unwrap();
            let (min, max) =
                (table["bounds"]["min"].as_u64().unwrap_or(1), table["bounds"]["max"].as_u64().unwrap_or(0));
            let named = |kind: &str| columns.iter().find(|c| c["type"] == kind).map(|c| c["name"].as_str().unwrap());
            let (number, text) = (named("INT64"), named("STRING"));
            let op = |op: &'static str| if is_merge { op } else { "" };
            let (upserts, keys) = (min..min + count("upserts"), min + count("upserts")..max + 1);
            for (kind, lines) in [
                ("upserts", lines(op("U"), upserts.clone(), number, text)),
                ("deletes", lines("D", max + 1 - count("deletes")..max + 1, number, None)),
                ("keys", lines("K", keys, number, None)),
            ] {
                if table["parts"][kind] == 1 {
                    use std::io::Write;
                    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                    gzip.write_all(lines.as_bytes()).unwrap();
                    let object = format!("{}{name}/{kind}-00000.ndjson.gz", batch["folder"].as_str().unwrap());
                    let content = gzip.finish().unwrap().into();
                    store.put(&object, content, "application/gzip", Expect::Absent).await.unwrap();
                }
            }
            let sum = (min..min + count("upserts")).sum::<u64>();
            let tell = number.map_or_else(|| "COUNT(*)".to_owned(), |column| format!("SUM({column})"));
            let told = if number.is_some() { sum } else { count("upserts") };
            staged.push((name.to_owned(), text.unwrap().to_owned(), tell, [count("upserts"), told]));
        }
        w.config(&config);
        w.put_state(&feed, &kept).await;
        w.bq.clear();
        // What the tick would go on with is not there any more.
        let stopped = w.command(&["run", "--json"]).env(VARIABLE, "commit:after=crash").output().await.unwrap();
        assert!(!stopped.status.success(), "{what}: {stopped:?}");
        let state = w.state(&feed).await;
        assert!(state["pending"].is_null(), "{what}: {state:#}\n{stopped:?}");
        assert_eq!(state["version"], VERSION, "{what}");
        assert_eq!(state["watermark"]["snapshot"], batch["next"]["snapshot"], "{what}");
        let names = |v: &Value| v.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&state["watermark"]["tables"]), names(&batch["next"]["tables"]), "{what}");
        let (sealed, jobs) = (batch["run"].as_str().unwrap(), w.bq.jobs());
        assert!(jobs.len() == steps && jobs.iter().all(|j| j.contains(sealed)), "{what}: {jobs:?}");
        for (name, column, tell, wanted) in staged {
            let found =
                w.target(&format!("SELECT COUNT(*), {tell} FROM `{{d}}.{name}` WHERE {column} = 'sealed'")).await;
            assert_eq!(found[0], wanted.map(|n| Some(n.to_string())), "{what}: {name}");
        }
    }
}
