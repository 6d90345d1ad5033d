//! `apply = "append"`: changes go row by row through the Storage Write API.

use serde_json::Value;
use storage_write_standin::Settings;

use super::verify::verify;
use crate::support::World;
use crate::support::compare::compare;
use crate::support::sizes::{many_rows, peak_mib};

pub const ITEMS: &str =
    "CREATE TABLE item (id int PRIMARY KEY, a text, n numeric(12, 2), at timestamptz DEFAULT '2020-01-01', doc jsonb);
    INSERT INTO item (id, a, n, doc) SELECT g, 'a' || g, g + 0.25, '{\"k\": 1}' FROM generate_series(1, 50) g; ANALYZE item;";
pub const APPEND: &str = "[[table]]\nsource = \"item\"\ncapture = \"digest\"\napply = \"append\"\n";

/// A world with a table of 50 rows and this config, loaded.
pub async fn loaded_with(settings: Settings, config: &str) -> World {
    let mut w = World::new().await;
    w.start_storage_write(settings).await;
    w.sql(ITEMS).await;
    w.config(config);
    w.tick().await;
    w.assert_equal("item").await;
    w.bq.clear();
    w
}

pub async fn loaded() -> World {
    loaded_with(Settings::default(), APPEND).await
}

pub fn table(report: &Value) -> &Value {
    &report["tables"][0]
}

/// Numbers of the requests that the service was sent.
pub fn requests(w: &World) -> usize {
    w.storage_write().ledger().requests().len()
}

/// No MERGE was sent, and none of the other statements that such a table does not take.
fn assert_no_dml(w: &World) {
    for request in w.bq.log() {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        assert!(!["MERGE ", "DELETE FROM", "UPDATE `"].iter().any(|word| body.contains(word)), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_arrive_row_by_row() {
    let w = loaded().await;
    assert_eq!(requests(&w), 0, "the first load is a job");
    w.sql(
        "UPDATE item SET a = 'b\"ä\n', doc = '{\"x\": [1, {\"y\": null}]}' WHERE id = 7; DELETE FROM item WHERE id IN (9, 10);
         INSERT INTO item VALUES (1000, NULL, -99.5, '9999-12-31 23:59:59.999999+00', NULL)",
    )
    .await;
    let report = w.tick().await;
    assert_eq!((table(&report)["upserts"].as_u64(), table(&report)["deletes"].as_u64()), (Some(2), Some(2)));
    assert_eq!(table(&report)["append"]["requests"], 1, "{report:#}");
    assert_eq!(table(&report)["append"]["retries"], 0, "{report:#}");
    w.assert_equal("item").await;
    assert_no_dml(&w);
    assert!(w.bq.jobs().is_empty(), "{:?}", w.bq.jobs());
    assert_eq!(w.tick().await["state"], "empty");
    // What went comes again, and goes again.
    w.sql("INSERT INTO item (id, a) VALUES (9, 'again'); DELETE FROM item WHERE id = 1000").await;
    w.tick().await;
    w.assert_equal("item").await;
    w.sql("DELETE FROM item WHERE id = 9").await;
    w.tick().await;
    w.assert_equal("item").await;
    assert_eq!(requests(&w), 3);
    let call = w.storage_write().ledger().calls().remove(0);
    assert!(call.authorized && call.request_params.is_some_and(|p| p.starts_with("write_stream=")));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_capture_that_finds_changes() {
    for capture in ["capture = \"xmin\"", "cursor = \"at\""] {
        let config = format!("[[table]]\nsource = \"item\"\n{capture}\napply = \"append\"\n");
        let w = loaded_with(Settings::default(), &config).await;
        w.sql("UPDATE item SET a = 'c', at = now() WHERE id < 4; INSERT INTO item VALUES (99, 'n', 1, now())").await;
        w.tick().await;
        w.assert_equal("item").await;
        assert_eq!(requests(&w), 1, "{capture}");
    }
}

/// A new column is added to the target before a row has it, and the service is waited for until it knows it.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_column() {
    let second = std::time::Duration::from_secs(1);
    let settings = Settings { schema_delay: second, new_stream_delay: 2 * second, ..Settings::default() };
    let w = loaded_with(settings, APPEND).await;
    // The service knows the table as it is.
    w.sql("UPDATE item SET a = 'before' WHERE id = 2").await;
    w.tick().await;
    w.sql("ALTER TABLE item ADD COLUMN extra int DEFAULT 5; UPDATE item SET extra = 6 WHERE id = 3").await;
    let report = w.tick().await;
    assert!(table(&report)["append"]["retries"].as_u64().unwrap() > 0, "{report:#}");
    w.assert_equal("item").await;
    // A column that goes stays in the target, NULL from then on.
    w.sql("ALTER TABLE item DROP COLUMN a; UPDATE item SET n = 1 WHERE id = 4").await;
    w.tick().await;
    let kept = w.target("SELECT a FROM `{d}.item` WHERE id = 4").await;
    assert_eq!(kept, [[None]]);
}

async fn incarnation(w: &World) -> u64 {
    w.state("item").await["watermark"]["tables"]["item"]["incarnation"].as_u64().unwrap()
}

/// What was sent to the old table stays behind: the new one is created again, whatever is in it then.
#[tokio::test(flavor = "multi_thread")]
async fn a_resync_makes_the_target_anew() {
    let routing_delay = std::time::Duration::from_secs(2);
    let w = loaded_with(Settings { routing_delay, ..Settings::default() }, APPEND).await;
    w.sql("UPDATE item SET a = 'sent' WHERE id < 10; DELETE FROM item WHERE id = 20").await;
    w.tick().await;
    w.sql("INSERT INTO item (id, a) VALUES (20, 'back')").await;
    let before = incarnation(&w).await;
    let ran = w.run(&["resync", "--table", "item"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    w.assert_equal("item").await;
    assert_no_dml(&w);
    // The service finds the new table only after a while.
    w.sql("UPDATE item SET a = 'after' WHERE id = 20; DELETE FROM item WHERE id = 21").await;
    w.tick().await;
    w.assert_equal("item").await;
    assert!(incarnation(&w).await > before);
}

/// Nobody merges into a table that rows were sent to, nor the other way round.
#[tokio::test(flavor = "multi_thread")]
async fn another_sink_asks_for_a_resync() {
    let w = loaded().await;
    w.sql("UPDATE item SET a = 'sent' WHERE id < 10").await;
    w.tick().await;
    for (now, before) in [("merge", "append"), ("append", "merge")] {
        w.config(&APPEND.replace("\"append\"", &format!("\"{now}\"")));
        w.sql("UPDATE item SET n = n + 1 WHERE id < 5").await;
        let ran = w.run(&["run", "--json"]).await;
        assert_eq!(ran.code, 1, "{}\n{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains(&format!("filled with apply = \\\"{before}\\\"")), "{}", ran.stdout);
        assert!(ran.stdout.contains("plimsoll resync --table"), "{}", ran.stdout);
        let check = w.run(&["check"]).await;
        assert!(check.code == 1 && check.stdout.contains("was filled with apply"), "{}", check.stdout);
        let ran = w.run(&["resync", "--table", "item"]).await;
        assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
        w.sql("UPDATE item SET a = 'then' WHERE id = 30; DELETE FROM item WHERE id = 31").await;
        w.tick().await;
        w.assert_equal("item").await;
        w.sql("INSERT INTO item (id) VALUES (31)").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_waits_until_what_was_sent_is_applied() {
    let every = std::time::Duration::from_secs(2);
    let settings = Settings { applies: storage_write_standin::Applies::Every(every), ..Settings::default() };
    let config = format!("{APPEND}max_staleness = \"15m\"\n");
    let w = loaded_with(settings, &config).await;
    w.sql("UPDATE item SET a = 'sent' WHERE id < 10; DELETE FROM item WHERE id = 20").await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{report:#}");
    w.assert_equal("item").await;
    let plan = w.bigquery.get(&format!("/datasets/{}/tables/item", w.dataset)).await;
    assert_eq!(plan["maxStaleness"], "0-0 0 0:15:0", "{plan:#}");
}

/// Rows that BigQuery has not applied are told of by the run that sends more.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_says_how_long_rows_wait_to_be_applied() {
    let w = loaded_with(Settings::default(), &format!("{APPEND}max_staleness = \"15m\"\n")).await;
    let lag = async |a: &str| {
        w.sql(&format!("UPDATE item SET a = '{a}' WHERE id = 1")).await;
        table(&w.tick().await)["append"]["apply_lag_seconds"].clone()
    };
    assert_eq!(lag("first").await, 0);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let waited = lag("second").await.as_u64().unwrap();
    assert!((1..60).contains(&waited), "{waited}");
    w.storage_write().tables().apply(&format!("demo.{}.item", w.dataset)).await.unwrap();
    assert_eq!(lag("third").await, 0);
    let state = w.state("item").await;
    let sent = &state["watermark"]["tables"]["item"]["sent"];
    assert_eq!(sent["at"], sent["waiting_since"], "{sent}");
    let run = w.state("item").await["last"]["run"].as_str().unwrap().to_owned();
    let served = w.serve().await;
    w.sql("UPDATE item SET a = 'fourth' WHERE id = 1").await;
    assert_eq!(w.post(&format!("{}/runs", served.url), "").await.0, 200);
    assert!(w.serve_log().contains("\"applyLagSeconds\":"), "{}", w.serve_log());
    let page = w.http.get(format!("{}/feeds/item/runs/{run}", served.url)).send().await.unwrap().text().await.unwrap();
    for shown in ["Sent row by row", "in 1 request<", "Wait to be applied", "none"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    // The table's page says the same of the last run, and when that was.
    let page = w.http.get(format!("{}/tables/item", served.url)).send().await.unwrap().text().await.unwrap();
    for shown in ["Rows sent that wait to be applied", "as the run saw it that ended at "] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let costs = w.http.get(format!("{}/cost", served.url)).send().await.unwrap().text().await.unwrap();
    assert!(costs.contains("sent row by row") && costs.contains("Sent by row"), "{costs}");
    let report = w.run(&["report", "--json"]).await.json();
    let total = &report["report"]["costs"]["total"];
    assert!(total["sent_bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{total}");
}

/// What differs is read again and sent: no MERGE, not even for that.
#[tokio::test(flavor = "multi_thread")]
async fn a_repair_is_sent_row_by_row_too() {
    let mut w = World::new().await;
    w.start_storage_write(Settings::default()).await;
    w.sql(ITEMS).await;
    w.config(APPEND);
    w.tick().await;
    // The service takes no such statement once it has applied changes.
    for sql in [
        "UPDATE `{d}.item` SET a = 'wrong' WHERE id = 3",
        "DELETE FROM `{d}.item` WHERE id = 4",
        "INSERT INTO `{d}.item` (id, a) VALUES (7000, 'extra')",
    ] {
        w.target(sql).await;
    }
    w.bq.clear();
    let (code, report) = verify(&w, &["--repair"]).await;
    assert_eq!((code, report["repaired"].as_u64()), (0, Some(3)), "{report:#}");
    assert_no_dml(&w);
    w.assert_equal("item").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_by_name() {
    let mut w = World::new().await;
    w.start_storage_write(Settings::default()).await;
    for (ddl, said) in [
        ("(k bytea PRIMARY KEY, v int)", "k BYTES is in the key"),
        ("(k time PRIMARY KEY, v int)", "k TIME is in the key"),
        ("(k int PRIMARY KEY, \"_change_type\" int)", "a column has the name _change_type"),
    ] {
        w.sql(&format!("DROP TABLE IF EXISTS item; CREATE TABLE item {ddl}")).await;
        w.config(APPEND);
        for args in [&["check"][..], &["run"]] {
            let ran = w.run(args).await;
            let text = format!("{}{}", ran.stdout, ran.stderr).replace("\n  ", " ");
            assert!(ran.code != 0 && text.contains(said), "{args:?}: {text}");
        }
    }
    for (line, said) in [
        ("delete = \"soft\"", "can't keep its columns"),
        ("deletes = \"keys\"\ndeletes_every = \"1h\"\ncapture = \"xmin\"", "look for deleted rows in each run"),
        ("reconcile_every = \"1d\"\ncapture = \"xmin\"", "`reconcile_every` needs"),
        ("capture = \"full\"", "has no use for capture"),
    ] {
        let own = if line.contains("capture") { "" } else { "capture = \"digest\"\n" };
        w.config(&format!("[[table]]\nsource = \"item\"\napply = \"append\"\n{own}{line}\n"));
        let ran = w.run(&["check"]).await;
        let text = format!("{}{}", ran.stdout, ran.stderr);
        assert!(ran.code == 2 && text.contains(said), "{line}: {text}");
    }
}

/// The target has the rows that the filter lets through.
async fn assert_live_equal(w: &World) {
    let found = compare(&w.pg, "live", "id", &[], &w.bigquery, &w.dataset, "item").await;
    assert_eq!(found.count, 0, "{:#?}", found.differences);
}

/// The deletes of a capture that finds none by itself, in each way that it names changes.
#[tokio::test(flavor = "multi_thread")]
async fn deletes_are_found_by_kept_keys() {
    for capture in ["capture = \"xmin\"", "cursor = \"at\""] {
        let config = format!(
            "[[table]]\nsource = \"item\"\n{capture}\ndeletes = \"keys\"\napply = \"append\"\nwhere = \"n IS DISTINCT FROM 0\"\n"
        );
        let w = loaded_with(Settings::default(), &config).await;
        w.sql("CREATE VIEW live AS SELECT * FROM item WHERE n IS DISTINCT FROM 0").await;
        assert_eq!(w.tick().await["state"], "empty");
        let lists = |objects: Vec<String>| objects.into_iter().filter(|n| n.contains("digests/")).collect::<Vec<_>>();
        let kept = lists(w.objects().await);
        assert!(!kept.is_empty(), "{capture}");
        w.sql("INSERT INTO item VALUES (100, 'new', 1, now()); UPDATE item SET a = 'u', at = now() WHERE id = 1; DELETE FROM item WHERE id IN (2, 3)").await;
        let report = w.tick().await;
        assert_eq!(
            (table(&report)["upserts"].as_u64(), table(&report)["deletes"].as_u64()),
            (Some(2), Some(2)),
            "{report:#}"
        );
        assert_live_equal(&w).await;
        // What came with one tick goes with the next, and what goes comes back; the filter lets one through no more.
        w.sql("DELETE FROM item WHERE id = 100; INSERT INTO item VALUES (2, 'back', 1, now()); UPDATE item SET n = 0, at = now() WHERE id = 4").await;
        w.tick().await;
        assert_live_equal(&w).await;
        assert!(lists(w.objects().await).iter().all(|n| !kept.contains(n)), "old lists are left");
        assert_eq!(w.tick().await["state"], "empty");
        // A run that dies after its lists were written, and before they count.
        w.config_with("lease = \"1s\"", &config);
        w.sql("DELETE FROM item WHERE id = 5").await;
        let child = w.command(&["run"]).env(plimsoll::failpoint::VARIABLE, "seal:before=crash").spawn().unwrap();
        assert_eq!(w.finish(child).await.code, -1);
        tokio::time::sleep(std::time::Duration::from_millis(1300)).await;
        assert_eq!(table(&w.tick().await)["deletes"], 1, "{capture}");
        assert_live_equal(&w).await;
        assert_no_dml(&w);
        // Without its lists nobody knows what is gone: the target is created again.
        for name in lists(w.objects().await) {
            w.remove_object(&name).await;
        }
        w.sql("DELETE FROM item WHERE id = 6").await;
        assert!(w.tick().await["whole"].is_string());
        assert_live_equal(&w).await;
        let (code, report) = verify(&w, &[]).await;
        assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{report:#}");
    }
}

/// Somebody takes a column out of the target. For some seconds the service takes its values and throws them away.
#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_somebody_drops() {
    let settings = Settings { drop_delay: std::time::Duration::from_secs(9), ..Settings::default() };
    let w = loaded_with(settings, APPEND).await;
    w.sql("UPDATE item SET a = 'sent' WHERE id = 1").await;
    w.tick().await;
    w.target("ALTER TABLE `{d}.item` DROP COLUMN a").await;
    w.sql("UPDATE item SET a = 'kept' WHERE id = 2").await;
    w.tick().await;
    w.assert_equal("item").await;
}

/// A number that a column of the target would round goes to the batch's folder.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_would_be_rounded() {
    let mut w = World::new().await;
    w.start_storage_write(Settings::default()).await;
    w.sql(
        "CREATE TABLE item (id int PRIMARY KEY, n numeric); INSERT INTO item SELECT g, g FROM generate_series(1, 5) g",
    )
    .await;
    w.config(APPEND);
    w.tick().await;
    w.target("CREATE OR REPLACE TABLE `{d}.item` (id INT64 NOT NULL, n NUMERIC(10, 2), PRIMARY KEY (id) NOT ENFORCED)")
        .await;
    w.target("INSERT INTO `{d}.item` (id, n) SELECT x, x FROM UNNEST([1, 2, 3, 4, 5]) AS x").await;
    // As an older version has left it: which table it was is not known.
    let mut state = w.state("item").await;
    state["watermark"]["tables"]["item"].as_object_mut().unwrap().remove("created");
    w.put_state("item", &state).await;
    w.sql("UPDATE item SET n = 1.245 WHERE id = 1; UPDATE item SET n = 1.25 WHERE id = 2").await;
    let report = w.tick().await;
    assert_eq!(table(&report)["quarantined"], 1, "{report:#}");
    let found = w.target("SELECT COUNT(*) FROM `{d}.item` WHERE (id = 1 AND n = 1) OR (id = 2 AND n = 1.25)").await;
    assert_eq!(found, [[Some("2".to_owned())]]);
    let refused = w.objects().await.into_iter().find(|n| n.contains("/refused-")).unwrap();
    assert!(refused.contains("/item/"), "{refused}");
}

/// The memory of a batch does not grow with its rows.
#[tokio::test(flavor = "multi_thread")]
async fn memory_is_flat() {
    // By transaction ids: what a digest keeps in memory is not the sink's.
    let w = loaded_with(Settings::default(), &APPEND.replace("digest", "xmin")).await;
    let served = w.serve().await;
    let id = served.child.id().unwrap();
    let change = async |rows: u64| {
        w.sql(&format!(
            "INSERT INTO item (id, a) SELECT g, repeat(md5(g::text || now()::text), 64) FROM generate_series(1, {rows}) g
             ON CONFLICT (id) DO UPDATE SET a = excluded.a; ANALYZE item"
        ))
        .await;
        let (code, report) = w.post(&format!("{}/runs", served.url), "{\"allow_deletes\":true}").await;
        assert_eq!((code, report["ok"].as_bool()), (200, Some(true)), "{report}");
        peak_mib(id)
    };
    // 40 MiB of rows: the window and its buffers are full with the first of them.
    let few = change(many_rows() / 5).await;
    let many = change(many_rows() * 3 / 5).await;
    assert!(many <= few + 8, "{few} MiB, then {many} MiB");
    let count = w.target("SELECT COUNT(*) FROM `{d}.item`").await;
    assert_eq!(count, [[Some((many_rows() * 3 / 5).to_string())]]);
}
