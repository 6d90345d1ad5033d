//! SQL Server as a source: a first load and what follows it, under each capture.

use serde_json::Value as Json;
use sqlserver_standin::ddl;
use sqlserver_standin::model::{DatabaseTracking, Identity, Model, Switch};
use sqlserver_standin::typed::Value;

use crate::support::World;
use crate::support::sqlserver_real::Ability;
use crate::support::sqlserver_rows::Published;

pub const ITEM: &str = "dbo.item";
const DDL: &str = "CREATE TABLE dbo.item (id int NOT NULL PRIMARY KEY, name nvarchar(40) NULL, price money NULL, at datetime2(7) NULL, version rowversion);";

pub const FULL: &str = "capture = \"full\"\n";
pub const DIGEST: &str = "capture = \"digest\"\n";
pub const TRACKED: &str = "capture = \"ct\"\n";
pub const CURSOR: &str = "cursor = \"version\"\ndeletes = \"keys\"\n";

pub fn row(id: i32, name: &str) -> Vec<Value> {
    let at = Value::DateTime2(738_000 + id.unsigned_abs() % 300, 1_234_567);
    vec![id.into(), name.into(), Value::Money(i64::from(id) * 1234), at, Value::Null]
}

/// A database with these tables.
pub fn model_of(ddl: &str) -> Model {
    let model = Model::new(Identity::of("shop", 5));
    ddl::tables(ddl).unwrap().into_iter().for_each(|table| model.create_table(table));
    model
}

/// Change tracking is on for the database and this table.
pub fn track(model: &Model, table: &str) {
    model.set_tracking(Some(DatabaseTracking { retention_minutes: 2880, auto_cleanup: Switch::On }));
    model.track(table).unwrap();
}

/// The table `item` without rows, changes of which are tracked.
pub fn no_items() -> Model {
    let model = model_of(DDL);
    track(&model, ITEM);
    model
}

/// The same with 200 rows.
pub fn items() -> Model {
    let model = model_of(DDL);
    model.load(ITEM, (1..=200).map(|id| row(id, "first"))).unwrap();
    track(&model, ITEM);
    model
}

/// What a capture needs of a server.
pub fn needs(capture: &str) -> &'static [Ability] {
    match capture {
        TRACKED => &[Ability::ChangeTracking],
        CURSOR => &[Ability::RowVersion],
        _ => &[],
    }
}

/// A world whose one table has this capture, loaded.
pub async fn loaded(capture: &str) -> World {
    let w = World::on_sql_server_that_has(needs(capture), items()).await;
    w.config(&format!("[[table]]\nsource = \"{ITEM}\"\n{capture}"));
    w.tick().await;
    assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 200);
    w
}

/// The same for a journey that does what no client can do to a real server.
pub async fn loaded_on_standin(capture: &str) -> World {
    let w = World::on_standin(items()).await;
    w.config(&format!("[[table]]\nsource = \"{ITEM}\"\n{capture}"));
    // BigQuery has no room for the seventh digit of a second: that is told.
    assert_eq!(w.tick().await["tables"][0]["truncated"], 200);
    assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 200);
    w
}

/// What was staged: lines of rows and of deleted keys.
pub fn staged(report: &Json) -> (u64, u64) {
    let table = &report["tables"][0];
    (table["upserts"].as_u64().unwrap_or(0), table["deletes"].as_u64().unwrap_or(0))
}

/// A tick that finds nothing sends nothing.
pub async fn assert_quiet(w: &World) {
    w.bq.clear();
    w.gcs.clear();
    let report = w.tick().await;
    assert_eq!(report["state"], "empty", "{report:#}");
    // A run that a slow server keeps waiting says so in its state.
    let is_slow = w.real_server().is_some();
    let written: Vec<_> =
        w.gcs.written().into_iter().filter(|name| !(is_slow && name.starts_with("p/state/"))).collect();
    assert!(w.bq.log().is_empty() && written.is_empty(), "{written:?}");
}

async fn changes_arrive(capture: &str, wanted: Option<(u64, u64)>) {
    let w = loaded(capture).await;
    if wanted.is_some() {
        assert_quiet(&w).await;
    }
    let mut writer = w.model().begin();
    for id in [7, 8, 9] {
        writer.update(ITEM, &[id.into()], &[("name", "second".into())]).unwrap();
    }
    for id in [20, 200] {
        writer.delete(ITEM, &[id.into()]).unwrap();
    }
    writer.insert(ITEM, row(1000, "new")).unwrap();
    writer.insert(ITEM, row(-5, "new, and the smallest")).unwrap();
    // A row that is gone and comes back as another, and a key that moves.
    writer.delete(ITEM, &[30.into()]).unwrap();
    writer.insert(ITEM, row(30, "another")).unwrap();
    writer.update(ITEM, &[40.into()], &[("id", 4000.into())]).unwrap();
    writer.commit();
    // What never was.
    let mut writer = w.model().begin();
    writer.update(ITEM, &[50.into()], &[("name", "rolled back".into())]).unwrap();
    writer.roll_back();
    let report = w.tick().await;
    if let Some(wanted) = wanted {
        assert!(report["whole"].is_null(), "{report:#}");
        assert_eq!(staged(&report), wanted, "{report:#}");
    }
    assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 200);
    if wanted.is_some() {
        assert_quiet(&w).await;
    }
    // All goes, and some comes back.
    let mut writer = w.model().begin();
    writer.delete_where(ITEM, |_| true).unwrap();
    writer.commit();
    let ran = w.run(&["run", "--json", "--allow-deletes"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 0);
    let mut writer = w.model().begin();
    (1..=3).for_each(|id| writer.insert(ITEM, row(id, "again")).unwrap());
    writer.commit();
    w.tick().await;
    assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_arrive_by_full_reads() {
    changes_arrive(FULL, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_arrive_by_digests() {
    changes_arrive(DIGEST, Some((7, 3))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_arrive_by_change_tracking() {
    changes_arrive(TRACKED, Some((7, 3))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_arrive_by_rowversion() {
    // Keys that are gone are found by the list of those that are there.
    changes_arrive(CURSOR, Some((7, 0))).await;
}

/// A transaction that is open over two ticks, older than others that commit meanwhile.
async fn a_late_commit_arrives(capture: &str) {
    let w = loaded(capture).await;
    let mut late = w.model().begin();
    late.insert(ITEM, row(500, "late")).unwrap();
    late.update(ITEM, &[5.into()], &[("name", "late".into())]).unwrap();
    late.delete(ITEM, &[6.into()]).unwrap();
    for id in [600, 601] {
        let mut writer = w.model().begin();
        writer.insert(ITEM, row(id, "before it")).unwrap();
        writer.update(ITEM, &[(id - 500).into()], &[("name", "before it".into())]).unwrap();
        writer.commit();
        w.tick().await;
        Published::whole(ITEM).assert_equal(&w).await;
    }
    late.commit();
    w.tick().await;
    assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 202);
    if capture != FULL {
        assert_quiet(&w).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_commit_arrives_by_full_reads() {
    a_late_commit_arrives(FULL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_commit_arrives_by_digests() {
    a_late_commit_arrives(DIGEST).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_commit_arrives_by_change_tracking() {
    a_late_commit_arrives(TRACKED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_commit_arrives_by_rowversion() {
    a_late_commit_arrives(CURSOR).await;
}

/// The run behind a load by time goes on from the newest rows, and does not send every row again.
#[tokio::test(flavor = "multi_thread")]
async fn a_load_by_time_leaves_a_floor() {
    // The newest row is the only one of its day.
    let w = loaded("cursor = \"at\"\n").await;
    assert_eq!(staged(&w.tick().await), (1, 0));
    assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 200);
}

/// The run behind a load in chunks goes on from the newest rows of all, not from those of the first chunk, which are the oldest ones here.
#[tokio::test(flavor = "multi_thread")]
async fn a_load_in_chunks_by_time_leaves_a_floor_above_its_first_chunk() {
    const EVENT: &str = "CREATE TABLE dbo.event (id int NOT NULL PRIMARY KEY, at datetime2(7) NOT NULL);\nCREATE INDEX event_at ON dbo.event (at);";
    let model = model_of(EVENT);
    let a_row_a_day = |id: i32| vec![id.into(), Value::DateTime2(700_000 + id.unsigned_abs(), 0)];
    model.load("dbo.event", (1..=2900).map(a_row_a_day)).unwrap();
    let w = World::on_sql_server(model).await;
    w.config_with("chunk_rows = 1000", "[[table]]\nsource = \"dbo.event\"\ncursor = \"at\"\n");
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let report: Json = serde_json::from_str(&ran.stdout).unwrap();
    let upserts: Vec<u64> = report["runs"].as_array().unwrap().iter().map(|run| staged(run).0).collect();
    // Three chunks, and then what may have changed since the first: the thousand newest rows.
    assert_eq!(upserts, [1000, 1000, 900, 1000], "{report:#}");
    assert_eq!(Published::whole("dbo.event").assert_equal(&w).await, 2900);
}
