//! A log that an application keeps in SQL Server: what it names arrives, however late it commits.

use std::sync::Arc;

use sqlserver_standin::model::{ColumnDef, Model, Switch, TableDef, ViewDef, Writer};
use sqlserver_standin::typed::{ColumnType, Length, Value};

use super::sqlserver::{assert_quiet, model_of, staged};
use crate::support::World;
use crate::support::sqlserver_real::Ability;
use crate::support::sqlserver_rows::Published;

pub const ITEM: &str = "dbo.item";
pub const LOG: &str = "dbo.log";
pub const ITEMS: &str = "CREATE TABLE dbo.item (id int NOT NULL PRIMARY KEY, name nvarchar(40) NULL, owner int NULL);";
pub const ENTRIES: &str = "CREATE TABLE dbo.log (id bigint IDENTITY PRIMARY KEY, what char(10) NOT NULL, item nvarchar(255) NULL, op varchar(10) NOT NULL, at datetime2(7) NOT NULL);";
pub const VERSIONED: &str = "CREATE TABLE dbo.log (id bigint IDENTITY PRIMARY KEY, what char(10) NOT NULL, item nvarchar(255) NULL, op varchar(10) NOT NULL, at datetime2(7) NOT NULL, v rowversion);
CREATE INDEX by_v ON dbo.log (v);";
const SCANNED: &str = "CREATE TABLE dbo.log (id bigint IDENTITY PRIMARY KEY, what char(10) NOT NULL, item nvarchar(255) NULL, op varchar(10) NOT NULL, at datetime2(7) NOT NULL, v rowversion);";
pub const UNNUMBERED: &str = "CREATE TABLE dbo.log (id uniqueidentifier NOT NULL DEFAULT NEWID() PRIMARY KEY, what char(10) NOT NULL, item nvarchar(255) NULL, op varchar(10) NOT NULL, at datetime2(7) NOT NULL);";
const OF_LOG: &str = "[changelog]\ntable = \"log\"\nid = \"id\"\nat = \"at\"\ntype = \"what\"\nkey = \"item\"\naction = \"op\"\nadded = \"I\"\nignored = \"look\"\n";

pub fn config(log: &str, table: &str) -> String {
    format!("{OF_LOG}{log}[[table]]\nsource = \"item\"\ncapture = \"changelog\"\nlog_types = [\"item\"]\n{table}")
}

pub fn model(log: &str) -> Model {
    let model = model_of(&format!("{ITEMS}{log}"));
    model.load(ITEM, (1..=50).map(|id| vec![id.into(), "first".into(), (id % 5).into()])).unwrap();
    model
}

/// The server's clock, as a log has it.
pub fn now() -> Value {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    sqlserver_standin::model::datetime2(719_162 * 864_000_000_000 + u64::try_from(since.as_nanos() / 100).unwrap())
}

pub fn log(writer: &mut Writer, what: &str, item: &str, op: &str) {
    let entry = [("what", what.into()), ("item", item.into()), ("op", op.into()), ("at", now())];
    writer.insert_some(LOG, &entry).unwrap();
}

pub fn insert(writer: &mut Writer, id: i32, name: &str) {
    writer.insert(ITEM, vec![id.into(), name.into(), Value::Null]).unwrap();
    log(writer, "item", &id.to_string(), "I");
}

pub fn update(writer: &mut Writer, id: i32, name: &str) {
    assert_eq!(writer.update(ITEM, &[id.into()], &[("name", name.into())]).unwrap(), 1);
    log(writer, "item", &id.to_string(), "U");
}

pub fn delete(writer: &mut Writer, id: i32) {
    assert_eq!(writer.delete(ITEM, &[id.into()]).unwrap(), 1);
    log(writer, "item", &id.to_string(), "D");
}

/// A transaction that commits.
pub fn commit(w: &World, write: impl FnOnce(&mut Writer)) {
    let mut writer = w.model().begin();
    write(&mut writer);
    writer.commit();
}

pub async fn loaded(entries: &str, of_log: &str, table: &str) -> World {
    let needs: &[Ability] = if entries.contains("rowversion") { &[Ability::RowVersion] } else { &[] };
    loaded_in(World::on_sql_server_that_has(needs, model(entries)).await, of_log, table).await
}

/// The same for a journey that does what no client can do to a real server.
pub async fn loaded_on_standin(entries: &str, of_log: &str) -> World {
    loaded_in(World::on_standin(model(entries)).await, of_log, "").await
}

async fn loaded_in(w: World, of_log: &str, table: &str) -> World {
    w.config(&config(of_log, table));
    w.tick().await;
    assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 50);
    w
}

pub async fn plain() -> World {
    loaded(ENTRIES, "", "").await
}

/// The first load speaks of all entries that were there: the next run begins at the newest of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_without_numbers_is_not_read_as_a_whole_by_the_second_run() {
    let model = model(UNNUMBERED);
    let mut writer = model.begin();
    for n in 0..100 {
        let long_ago = Value::DateTime2(738_000, n * 10_000_000);
        writer
            .insert_some(LOG, &[("what", "item".into()), ("item", "3".into()), ("op", "U".into()), ("at", long_ago)])
            .unwrap();
    }
    log(&mut writer, "item", "4", "U");
    writer.commit();
    let w = loaded_in(World::on_sql_server(model).await, "lag = \"10m\"\n", "").await;
    commit(&w, |t| update(t, 7, "second"));
    let report = w.tick().await;
    assert_eq!(report["log"]["entries"], 2, "{report:#}");
    Published::whole(ITEM).assert_equal(&w).await;
}

/// Whether the next tick after a change is quiet.
#[derive(Clone, Copy, PartialEq)]
enum After {
    Quiet,
    /// Entries near the newest come again.
    Again,
}

async fn quiet(w: &World, after: After) {
    if after == After::Quiet {
        assert_quiet(w).await;
    }
}

async fn changes_arrive(entries: &str, of_log: &str, after: After) {
    let w = loaded(entries, of_log, "").await;
    assert_quiet(&w).await;
    commit(&w, |t| {
        update(t, 7, "second");
        update(t, 7, "third");
        update(t, 8, "second");
        delete(t, 20);
        insert(t, 100, "new");
        // It comes back as another; and one comes and goes.
        delete(t, 30);
        insert(t, 30, "another");
        insert(t, 101, "for a moment");
        delete(t, 101);
        // Somebody looked; another table; a key that is none.
        log(t, "item", "9", "look");
        log(t, "owner", "1", "U");
        log(t, "item", "no number", "U");
    });
    // What was logged over another connection, of a change that never was.
    let mut writer = w.model().begin();
    writer.update(ITEM, &[40.into()], &[("name", "rolled back".into())]).unwrap();
    commit(&w, |t| log(t, "item", "40", "U"));
    writer.roll_back();
    let report = w.tick().await;
    assert!(report["whole"].is_null(), "{report:#}");
    assert_eq!(staged(&report), (5, 2), "{report:#}");
    let counted = ["entries", "unclaimed", "ignored", "unreadable"].map(|name| report["log"][name].as_u64());
    if after == After::Quiet {
        assert_eq!(counted, [Some(13), Some(1), Some(1), Some(1)], "{report:#}");
    }
    assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 50);
    quiet(&w, after).await;
    commit(&w, |t| update(t, 1, "later"));
    w.tick().await;
    Published::whole(ITEM).assert_equal(&w).await;
    quiet(&w, after).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_arrive_by_numbers() {
    changes_arrive(ENTRIES, "", After::Quiet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_arrive_by_a_rowversion() {
    changes_arrive(VERSIONED, "", After::Quiet).await;
    changes_arrive(SCANNED, "", After::Quiet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_arrive_by_time() {
    changes_arrive(UNNUMBERED, "lag = \"10m\"\n", After::Again).await;
}

/// What the login may know of others' transactions.
#[derive(Clone, Copy, PartialEq)]
enum Sees {
    All,
    Nothing,
}

/// A transaction that has written first, and is open over two ticks in which others commit with higher numbers.
async fn a_late_commit_arrives(entries: &str, of_log: &str, sees: Sees, after: After) {
    let w = match sees {
        Sees::All => loaded(entries, of_log, "").await,
        Sees::Nothing => loaded_on_standin(entries, of_log).await,
    };
    if sees == Sees::Nothing {
        w.model().rights(|rights| rights.hide_transactions());
    }
    let mut late = w.model().begin();
    update(&mut late, 5, "late");
    delete(&mut late, 6);
    insert(&mut late, 200, "late");
    for n in 0..2 {
        commit(&w, |t| {
            update(t, 10 + n, "before it");
            insert(t, 300 + n, "before it");
        });
        w.tick().await;
        Published::whole(ITEM).assert_equal(&w).await;
    }
    late.commit();
    let report = w.tick().await;
    assert!(report["whole"].is_null(), "{report:#}");
    assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 52);
    if after == After::Quiet {
        w.tick().await;
        assert_quiet(&w).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_commit_arrives_by_numbers() {
    a_late_commit_arrives(ENTRIES, "", Sees::All, After::Quiet).await;
    // Not even with a lag of nothing, and without the right to see others.
    a_late_commit_arrives(ENTRIES, "lag = 0\n", Sees::All, After::Quiet).await;
    a_late_commit_arrives(ENTRIES, "lag = 0\n", Sees::Nothing, After::Quiet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_commit_arrives_by_a_rowversion() {
    a_late_commit_arrives(VERSIONED, "", Sees::Nothing, After::Quiet).await;
    a_late_commit_arrives(SCANNED, "", Sees::All, After::Quiet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_commit_arrives_by_time() {
    a_late_commit_arrives(UNNUMBERED, "lag = \"10m\"\n", Sees::All, After::Again).await;
}

/// The log is written over a connection of its own, and committed before the change.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_committed_before_its_change() {
    let w = plain().await;
    let mut slow = w.model().begin();
    slow.update(ITEM, &[3.into()], &[("name", "slow".into())]).unwrap();
    commit(&w, |t| log(t, "item", "3", "U"));
    w.tick().await;
    commit(&w, |t| update(t, 4, "meanwhile"));
    w.tick().await;
    slow.commit();
    w.tick().await;
    assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 50);
    assert_quiet(&w).await;
}

/// Where there is no snapshot, each statement sees its own moment: a row that is deleted between two of them would be staged twice, as it was and as
/// gone, and BigQuery refuses such a MERGE for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_not_read_without_snapshots() {
    let model = model(ENTRIES);
    model.set_snapshot_isolation(sqlserver_standin::model::SnapshotState::Off);
    model.set_read_committed_snapshot(Switch::On);
    let w = World::on_standin(model).await;
    w.config(&config("", ""));
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 1, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("ALTER DATABASE [shop] SET ALLOW_SNAPSHOT_ISOLATION ON"), "{}", ran.stdout);
    w.model().set_snapshot_isolation(sqlserver_standin::model::SnapshotState::On);
    w.tick().await;
    commit(&w, |t| {
        update(t, 1, "second");
        delete(t, 2);
    });
    w.tick().await;
    assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 49);
    assert_quiet(&w).await;
}

const VIEW: &str = "dbo.item_view";

/// Items with the name of their owner.
fn view() -> ViewDef {
    let text = || ColumnType::NVarchar(Length::Of(40));
    let columns = vec![
        ColumnDef::new("item_id", ColumnType::Int).not_null(),
        ColumnDef::new("name", text()),
        ColumnDef::new("owner_id", ColumnType::Int),
        ColumnDef::new("owner", text()),
    ];
    ViewDef {
        table: TableDef::new("dbo", "item_view", columns),
        reads: vec![ITEM.to_owned(), "dbo.owner".to_owned()],
        columns_read: Vec::new(),
        text_digest: "01".to_owned(),
        indexed: Switch::Off,
        rows: Arc::new(|reader| {
            let mut owners = std::collections::HashMap::new();
            reader.each("dbo.owner", |row| drop(owners.insert(row.get("id").as_int(), row.get("name").clone())))?;
            let mut rows = Vec::new();
            reader.each(ITEM, |row| {
                let owner = row.get("owner");
                let name = owners.get(&owner.as_int()).cloned().unwrap_or(Value::Null);
                rows.push(vec![row.get("id").clone(), row.get("name").clone(), owner.clone(), name]);
            })?;
            Ok(rows)
        }),
    }
}

/// django-models-logging, with content types, of a view that two types of entries concern: one by its key, one by another column.
#[tokio::test(flavor = "multi_thread")]
async fn a_view_by_content_types() {
    let model = model_of(&format!(
        "{ITEMS}CREATE TABLE dbo.owner (id int NOT NULL PRIMARY KEY, name nvarchar(40) NULL);
         CREATE TABLE dbo.django_content_type (id int NOT NULL PRIMARY KEY, app_label nvarchar(100) NOT NULL, model nvarchar(100) NOT NULL);
         CREATE TABLE dbo.models_logging_change (id bigint IDENTITY PRIMARY KEY, date_created datetimeoffset(7) NOT NULL, object_id nvarchar(255) NULL, action nvarchar(10) NOT NULL, changed_data nvarchar(max) NULL, content_type_id int NOT NULL);"
    ));
    model.load(ITEM, (1..=20).map(|id| vec![id.into(), "first".into(), (id % 5).into()])).unwrap();
    model.load("dbo.owner", (0..5).map(|id| vec![id.into(), "owner".into()])).unwrap();
    let types = [(3, "shop", "item"), (8, "shop", "owner"), (9, "auth", "user")];
    model
        .load("dbo.django_content_type", types.map(|(id, app, name)| vec![id.into(), app.into(), name.into()]))
        .unwrap();
    model.create_view(view());
    let w = World::on_sql_server(model).await;
    w.config(
        "[changelog]\npreset = \"django-models-logging\"\n[[table]]\nsource = \"dbo.item_view\"\nkey = [\"item_id\"]\ncapture = \"changelog\"\n\
         log_types = [\"shop.Item\", { type = \"shop.owner\", key = \"owner_id\" }]\n",
    );
    let published = Published::whole(VIEW);
    w.tick().await;
    assert_eq!(published.assert_equal(&w).await, 20);
    let entry = |t: &mut Writer, of: i32, object: i32, action: &str| {
        let at = Value::DateTimeOffset(738_000, 1, 0);
        let object = object.to_string();
        let entry = [
            ("date_created", at),
            ("object_id", object.into()),
            ("action", action.into()),
            ("content_type_id", of.into()),
        ];
        t.insert_some("dbo.models_logging_change", &entry).unwrap();
    };
    commit(&w, |t| {
        t.update("dbo.owner", &[2.into()], &[("name", "another".into())]).unwrap();
        entry(t, 8, 2, "changed");
        t.delete(ITEM, &[4.into()]).unwrap();
        entry(t, 3, 4, "deleted");
        t.update(ITEM, &[6.into()], &[("name", "second".into())]).unwrap();
        entry(t, 3, 6, "changed");
        entry(t, 9, 6, "changed");
    });
    let report = w.tick().await;
    assert!(report["whole"].is_null(), "{report:#}");
    assert_eq!(published.assert_equal(&w).await, 19);
    assert_quiet(&w).await;
    // The types are numbered anew: what came under the old numbers has gone by.
    commit(&w, |t| {
        t.update("dbo.django_content_type", &[3.into()], &[("id", 30.into())]).unwrap();
        t.update(ITEM, &[7.into()], &[("name", "second".into())]).unwrap();
        entry(t, 30, 7, "changed");
    });
    let report = w.tick().await;
    assert!(report["whole"].as_str().is_some_and(|why| why.contains("another number")), "{report:#}");
    published.assert_equal(&w).await;
    assert_quiet(&w).await;
}

/// To the server `a`, `A` and `a ` are one key, and the log has what the application wrote.
#[tokio::test(flavor = "multi_thread")]
async fn keys_of_other_spellings() {
    const CODE: &str = "dbo.code";
    let model =
        model_of(&format!("CREATE TABLE dbo.code (code varchar(4) NOT NULL PRIMARY KEY, what int NULL);{ENTRIES}"));
    model.load(CODE, ["a", "b", "c", "d"].map(|c| vec![c.into(), 1.into()])).unwrap();
    let w = World::on_sql_server(model).await;
    w.config(&format!("{OF_LOG}[[table]]\nsource = \"code\"\ncapture = \"changelog\"\nlog_types = [\"code\"]\n"));
    let published = Published::whole(CODE);
    w.tick().await;
    commit(&w, |t| {
        // The row keeps its own spelling, however often and in whatever way it is named.
        t.update(CODE, &["a".into()], &[("what", 2.into())]).unwrap();
        ["A", "a", "A ", "é"].iter().for_each(|key| log(t, "code", key, "U"));
        // Both spellings are named: the old one goes.
        t.update(CODE, &["b".into()], &[("code", "B".into())]).unwrap();
        ["b", "B"].iter().for_each(|key| log(t, "code", key, "U"));
        t.delete(CODE, &["c".into()]).unwrap();
        ["C", "c"].iter().for_each(|key| log(t, "code", key, "D"));
        // No key of the table is as long.
        log(t, "code", "dddddd", "D");
    });
    let report = w.tick().await;
    assert_eq!(report["log"]["unreadable"], 1, "{report:#}");
    assert_eq!(published.assert_equal(&w).await, 3);
    assert_quiet(&w).await;
    let ran = w.run(&["verify", "--json"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
}
