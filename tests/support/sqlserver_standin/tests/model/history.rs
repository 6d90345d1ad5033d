//! Identity, and another history.

use crate::shop::{ALL, ITEMS, ask, first, item, serve, tracked};

#[tokio::test]
async fn a_restore_is_another_history_with_the_same_numbers() {
    let model = tracked();
    let write = |id: i64| {
        let mut writer = model.begin();
        writer.insert(ITEMS, item(id, &id.to_string())).unwrap();
        writer.commit();
    };
    write(1);
    let backup = model.backup();
    write(2);
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    let before = client.rows("moment").await.remove(0);
    model.restore(&backup);
    // Connections of before are gone.
    assert!(client.try_rows("moment").await.is_err());
    let mut client = ask(&server).await;
    write(3);
    let after = client.rows("moment").await.remove(0);
    assert_eq!((&before[0], &before[4], &before[5]), (&after[0], &after[4], &after[5]));
    assert_ne!(before[6], after[6]);
    assert_eq!(first(&client.rows(ALL).await), ["1", "3"]);
}

#[tokio::test]
async fn facts_are_told() {
    let model = tracked();
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    client.rows("session.settings").await;
    let facts = client.rows("session.facts").await.remove(0);
    assert_eq!(
        facts[2..],
        ["3", "shop", "plimsoll", "160", "1", "false", "READ_WRITE", "true", "2880", "true", "true", "true"]
    );
    model.set_clock(638_000_000_000_000_001);
    let _open = model.begin();
    let moment = client.rows("moment transactions=1").await.remove(0);
    assert_eq!(
        (moment[2].as_str(), moment[3].as_str()),
        ("2022-09-28T22:13:20.0000001", "2022-09-28T22:13:20.0000001")
    );
    assert_eq!(client.rows("moment").await[0][3], "NULL");
}

#[tokio::test]
async fn a_transaction_of_before_is_not_taken_for_this_one() {
    let model = tracked();
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    client.begin("snapshot").await;
    let number = client.rows("snapshot.guard").await.remove(0);
    assert_eq!(client.rows("snapshot.guard").await[0], number);
    assert_eq!(client.error("rows table=dbo.nothing key= columns= rows=all").await, 208);
    let after = client.rows("snapshot.guard").await.remove(0);
    assert!(after[0] != number[0] && after[1] == "0");
}
