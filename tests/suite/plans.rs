//! `plan` shows what the next run does: why it reads a table whole, which stretch, and every pass.

use plimsoll::failpoint::VARIABLE;
use serde_json::Value;

use crate::support::World;

const ITEM: &str =
    "CREATE TABLE item (id int PRIMARY KEY, v text, at timestamptz NOT NULL DEFAULT now()); CREATE INDEX ON item (at);
    INSERT INTO item (id, v) SELECT g, 'v' FROM generate_series(1, 90) g; ANALYZE item";

async fn plan(w: &World) -> Value {
    let planned = w.run(&["plan", "--json"]).await;
    assert_eq!(planned.code, 0, "{}{}", planned.stdout, planned.stderr);
    planned.json()[0].clone()
}

fn statements(plan: &Value) -> Vec<&str> {
    plan["source_sql"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect()
}

/// Why the next run reads the table whole, as planned and as done.
async fn planned_and_done(w: &World) -> [Option<String>; 2] {
    let planned = plan(w).await["whole"].as_str().map(str::to_owned);
    let done = w.tick().await["whole"].as_str().map(str::to_owned);
    [planned, done]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_stretch_of_a_load_in_chunks_is_shown() {
    let w = World::new().await;
    w.sql(ITEM).await;
    w.config_with("chunk_rows = 40", "[[table]]\nsource = \"item\"\ncursor = \"at\"\n");
    let bounds = [
        "(t.\"id\") <= ('40'::integer)",
        "(t.\"id\") > ('40'::integer) AND (t.\"id\") <= ('80'::integer)",
        "(t.\"id\") > ('80'::integer)",
    ];
    for bound in bounds {
        let planned = plan(&w).await;
        assert!(statements(&planned)[0].contains(bound), "{bound}: {planned:#}");
        let stretch = w.command(&["run", "--json"]).env(VARIABLE, "stretch:before=error*").spawn().unwrap();
        assert_eq!(w.finish(stretch).await.code, 0);
    }
    assert!(!statements(&plan(&w).await)[0].contains("'80'"), "the load is done");
    w.assert_equal("item").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_can_not_be_merged_into_is_told() {
    let w = World::new().await;
    w.sql(ITEM).await;
    w.config("[[table]]\nsource = \"item\"\ncursor = \"at\"\n");
    let is = |text: &str| [Some(text.to_owned()), Some(text.to_owned())];
    assert_eq!(planned_and_done(&w).await, is("first load"));
    for (spoil, why) in [
        ("ALTER TABLE `{d}.item` DROP COLUMN v", "a column of the target table was dropped there"),
        ("DROP TABLE `{d}.item`", "the target table is gone"),
    ] {
        w.target(spoil).await;
        w.sql("UPDATE item SET v = v || 'x', at = clock_timestamp() WHERE id = 7").await;
        assert_eq!(planned_and_done(&w).await, is(why));
        w.assert_equal("item").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_pass_over_changes_is_shown() {
    let w = World::new().await;
    w.sql(ITEM).await;
    w.config("[[table]]\nsource = \"item\"\ncursor = \"at\"\nwhere = \"v <> 'hidden'\"\ndeletes = \"keys\"\n");
    w.tick().await;
    w.sql("DELETE FROM item WHERE id = 3").await;
    let planned = plan(&w).await;
    let shown = statements(&planned);
    // All keys, rows, those that the filter lets through no more, the other keys.
    assert_eq!(shown.len(), 4, "{planned:#}");
    assert!(shown[1].contains("t.\"v\"") && shown[2].contains("NOT EXISTS"), "{planned:#}");
    assert!(shown[0].starts_with("COPY (SELECT t.\"id\" FROM") && shown[3].contains("IS NOT TRUE"), "{planned:#}");
    w.tick().await;
    assert_eq!(w.target("SELECT COUNT(*) FROM `{d}.item`").await[0][0].as_deref(), Some("89"));
}
