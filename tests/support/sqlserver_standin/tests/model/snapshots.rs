//! Which rows a statement sees.

use sqlserver_standin::model::{SnapshotState, Switch, Updateability};
use sqlserver_standin::typed::Value;

use crate::shop::{ALL, ITEMS, ask, first, item, model, serve};

#[tokio::test]
async fn a_snapshot_is_taken_by_the_first_look_at_rows() {
    let model = model();
    model.load(ITEMS, [item(1, "a")]).unwrap();
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    client.begin("snapshot").await;
    // Neither the guard nor the catalog is a look at rows.
    client.rows("snapshot.guard").await;
    client.rows("catalog.relations tables=dbo.items").await;
    let mut writer = model.begin();
    writer.insert(ITEMS, item(2, "b")).unwrap();
    writer.commit();
    assert_eq!(first(&client.rows(ALL).await), ["1", "2"]);
    let mut writer = model.begin();
    writer.delete(ITEMS, &[1.into()]).unwrap();
    writer.update(ITEMS, &[2.into()], &[("id", 3.into()), ("name", "c".into())]).unwrap();
    writer.insert(ITEMS, item(4, "d")).unwrap();
    assert_eq!(first(&client.rows(ALL).await), ["1", "2"]);
    writer.commit();
    assert_eq!(client.rows(ALL).await, [["1", "a"], ["2", "b"]]);
    client.rows("snapshot.end").await;
    client.begin("snapshot").await;
    assert_eq!(client.rows(ALL).await, [["3", "c"], ["4", "d"]]);
}

#[tokio::test]
async fn what_is_rolled_back_never_was() {
    let model = model();
    model.load(ITEMS, [item(1, "a"), item(2, "b")]).unwrap();
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    let mut writer = model.begin();
    writer.delete(ITEMS, &[1.into()]).unwrap();
    writer.update(ITEMS, &[2.into()], &[("name", "z".into())]).unwrap();
    // The name of the deleted row is free again, and taken again.
    writer.insert(ITEMS, item(3, "A")).unwrap();
    assert_eq!(writer.insert(ITEMS, item(4, "a ")).unwrap_err().number, 2627);
    writer.roll_back();
    client.begin("snapshot").await;
    assert_eq!(client.rows(ALL).await, [["1", "a"], ["2", "b"]]);
    let mut writer = model.begin();
    assert_eq!(writer.insert(ITEMS, item(3, "B")).unwrap_err().number, 2627);
    writer.insert(ITEMS, item(3, "z")).unwrap();
}

#[tokio::test]
async fn two_writers_do_not_write_one_row() {
    let model = model();
    model.load(ITEMS, [item(1, "a")]).unwrap();
    let (mut one, mut other) = (model.begin(), model.begin());
    one.update(ITEMS, &[1.into()], &[("name", "b".into())]).unwrap();
    assert_eq!(other.delete(ITEMS, &[1.into()]).unwrap_err().number, 1222);
    one.commit();
    assert_eq!(other.delete(ITEMS, &[1.into()]).unwrap(), 1);
}

#[tokio::test]
async fn without_snapshots_each_statement_sees_for_itself() {
    let model = model();
    model.load(ITEMS, [item(1, "a")]).unwrap();
    model.set_snapshot_isolation(SnapshotState::Off);
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    client.begin("snapshot").await;
    assert_eq!(client.error(ALL).await, 3952);
    // The error has taken the transaction with it.
    assert_eq!(client.rows("snapshot.guard").await[0][1], "0");

    client.begin("committed").await;
    let mut writer = model.begin();
    writer.insert(ITEMS, item(2, "b")).unwrap();
    assert_eq!(client.error(ALL).await, 1222, "READ COMMITTED waits for the writer");
    model.set_read_committed_snapshot(Switch::On);
    client.begin("committed").await;
    assert_eq!(first(&client.rows(ALL).await), ["1"]);
    writer.commit();
    assert_eq!(first(&client.rows(ALL).await), ["1", "2"]);
    client.rows("snapshot.end").await;

    model.set_read_committed_snapshot(Switch::Off);
    model.set_updateability(Updateability::ReadOnly);
    client.begin("committed").await;
    assert_eq!(first(&client.rows(ALL).await), ["1", "2"]);
    model.load(ITEMS, [item(3, "c")]).unwrap();
    assert_eq!(first(&client.rows(ALL).await), ["1", "2"]);
    client.rows("snapshot.end").await;
}

#[tokio::test]
async fn ddl_ends_the_snapshots_of_its_table() {
    let model = model();
    model.load(ITEMS, [item(1, "a")]).unwrap();
    let server = serve(&model).await;
    let codes = "rows table=dbo.codes key=code columns=code:text rows=all";
    for change in [0, 1, 2] {
        let mut client = ask(&server).await;
        client.begin("snapshot").await;
        assert!(client.rows(codes).await.is_empty());
        match change {
            0 => model.rebuild_index(ITEMS).unwrap(),
            1 => model.truncate(ITEMS).unwrap(),
            _ => model.alter(ITEMS, |table| table.comment = Some("x".to_owned())).unwrap(),
        }
        client.rows(codes).await;
        assert_eq!(client.error(ALL).await, 3961);
        client.begin("snapshot").await;
        client.rows(ALL).await;
    }
}

#[tokio::test]
async fn memory_optimized_tables_have_no_snapshots() {
    let model = model();
    model.alter(ITEMS, |table| table.kept = sqlserver_standin::model::Kept::InMemory).unwrap();
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    client.begin("snapshot").await;
    assert_eq!(client.error(ALL).await, 41_332);
    client.begin("committed").await;
    client.rows(ALL).await;
}

#[tokio::test]
async fn a_read_goes_on_while_rows_are_written() {
    let model = model();
    model.load("dbo.heap", (0..2000).map(|n| vec![Value::Int(n), Value::Null])).unwrap();
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    client.begin("snapshot").await;
    let heap = "rows table=dbo.heap key= columns=a:plain rows=all";
    assert_eq!(client.rows(heap).await.len(), 2000);
    let mut writer = model.begin();
    writer.delete_where("dbo.heap", |row| row.get("a").as_int().is_some_and(|n| n % 2 == 0)).unwrap();
    writer.commit();
    assert_eq!(client.rows(heap).await.len(), 2000);
    model.forget_old_versions();
    client.begin("snapshot").await;
    assert_eq!(client.rows(heap).await.len(), 1000);
}
