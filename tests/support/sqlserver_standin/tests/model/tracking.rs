//! Change tracking and row versions.

use sqlserver_standin::typed::Value;

use crate::shop::{ALL, ITEMS, ask, item, model, serve, tracked};

const COUNTS: &str = "ct.spool table=dbo.items since=0 key=id number=9";

fn changes(since: i64) -> [String; 2] {
    [
        format!("ct.spool table=dbo.items since={since} key=id number=0"),
        "ct.fetch number=0 columns=id:plain after=0 top=100".to_owned(),
    ]
}

#[tokio::test]
async fn versions_are_given_at_commit() {
    let model = tracked();
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    let (mut early, mut late) = (model.begin(), model.begin());
    early.insert(ITEMS, item(1, "a")).unwrap();
    late.insert(ITEMS, item(2, "b")).unwrap();
    assert_eq!(model.current_version(), Some(0));
    late.commit();
    client.begin("snapshot").await;
    assert_eq!(client.rows(COUNTS).await[0][0], "1");
    client.rows("ct.close number=9").await;
    early.commit();
    // The version is not bound to the snapshot; the changes are.
    assert_eq!(model.current_version(), Some(2));
    assert_eq!(client.rows(COUNTS).await[0][0], "1");
    client.begin("snapshot").await;
    let [spool, fetch] = changes(1);
    assert_eq!(client.rows(&spool).await[0][0], "1");
    assert_eq!(client.rows(&fetch).await, [["1"]]);
    client.rows("ct.close number=0").await;
    // A batch would be bound to the table that is there.
    client.rows(&spool).await;
    assert_eq!(client.error(&spool).await, 207);
    let mut client = ask(&server).await;
    assert_eq!(client.error(&fetch).await, 208);
}

#[tokio::test]
async fn each_key_is_told_once() {
    let model = tracked();
    model.load(ITEMS, [item(1, "a")]).unwrap();
    let server = serve(&model).await;
    for write in 0..3 {
        let mut writer = model.begin();
        match write {
            0 => writer.delete(ITEMS, &[1.into()]).map(drop).unwrap(),
            1 => writer.insert(ITEMS, item(1, "x")).unwrap(),
            _ => {
                writer.insert(ITEMS, item(2, "y")).unwrap();
                writer.delete(ITEMS, &[2.into()]).unwrap();
                writer.insert(ITEMS, item(3, "z")).unwrap();
            }
        }
        writer.commit();
    }
    let mut client = ask(&server).await;
    client.begin("snapshot").await;
    let [spool, fetch] = changes(0);
    client.rows(&spool).await;
    assert_eq!(client.rows(&fetch).await, [["1"], ["3"]]);
}

#[tokio::test]
async fn what_change_tracking_does_not_tell() {
    let model = tracked();
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    let min_valid =
        async |client: &mut crate::shop::Asked| client.rows("ct.tables tables=dbo.items").await[0][3..5].to_vec();
    for id in 1..=3 {
        let mut writer = model.begin();
        writer.insert(ITEMS, item(id, &format!("{id}"))).unwrap();
        writer.commit();
    }
    assert_eq!(min_valid(&mut client).await, ["0", "0"]);
    model.sweep(2);
    assert_eq!(min_valid(&mut client).await, ["2", "0"]);
    assert_eq!(client.rows(COUNTS).await[0][0], "1");
    client.rows("ct.close number=9").await;
    model.truncate(ITEMS).unwrap();
    assert_eq!((min_valid(&mut client).await, model.current_version()), (vec!["4".into(), "4".into()], Some(4)));
    assert_eq!(client.rows(COUNTS).await[0][0], "0");
    model.rights(|rights| rights.hide_tracking(ITEMS));
    assert_eq!(min_valid(&mut client).await[0], "NULL");
    assert_eq!(client.error(COUNTS).await, 229);
    model.rights(|rights| rights.show_tracking(ITEMS));
    model.untrack(ITEMS).unwrap();
    assert_eq!(min_valid(&mut client).await, ["NULL", "NULL"]);
    assert_eq!(client.error(COUNTS).await, 22_105);
    assert_eq!(model.track("dbo.heap").unwrap_err().number, 4997);
}

#[tokio::test]
async fn a_snapshot_keeps_what_the_clean_up_takes() {
    let model = tracked();
    let server = serve(&model).await;
    let mut writer = model.begin();
    writer.insert(ITEMS, item(1, "a")).unwrap();
    writer.commit();
    let mut client = ask(&server).await;
    client.begin("snapshot").await;
    client.rows(ALL).await;
    model.sweep(1);
    assert_eq!(client.rows(COUNTS).await[0][0], "1");
    client.rows("ct.close number=9").await;
    client.begin("snapshot").await;
    assert_eq!(client.rows(COUNTS).await[0][0], "0");
}

#[tokio::test]
async fn row_versions_are_given_by_the_statement() {
    let model = model();
    model.load(ITEMS, [item(1, "a"), item(2, "b")]).unwrap();
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    let floor = model.min_active_rowversion();
    let mut slow = model.begin();
    slow.update(ITEMS, &[1.into()], &[]).unwrap();
    let mut quick = model.begin();
    quick.update(ITEMS, &[2.into()], &[("price", Value::Null)]).unwrap();
    quick.commit();
    // The slow one holds the floor back.
    assert_eq!(model.min_active_rowversion(), floor);
    assert_eq!(client.rows("moment").await[0][1], floor.to_string());
    let since = |from: u64| {
        format!("rows table=dbo.items key=id columns=id:plain rows=changed since=rowversion%3Aversion%3A{from:016X}")
    };
    client.begin("snapshot").await;
    assert_eq!(client.rows(&since(floor)).await, [["2"]]);
    slow.commit();
    assert_eq!(model.min_active_rowversion(), floor + 2);
    client.begin("snapshot").await;
    assert_eq!(client.rows(&since(floor)).await, [["1"], ["2"]]);
    assert_eq!(client.rows(&since(floor + 1)).await, [["2"]]);
}
