//! Digests.

use crate::shop::{ITEMS, ask, item, model, serve};

const SUMS: &str = "hash.sums table=dbo.items key=id hashed=id,name,price bits=4 version=1";

#[tokio::test]
async fn sums_change_with_a_value_and_come_back_with_it() {
    let model = model();
    model.load(ITEMS, (0..50).map(|id| item(id, &format!("n{id}")))).unwrap();
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    let before = client.rows(SUMS).await;
    let rows: i64 = before.iter().map(|row| row[1].parse::<i64>().unwrap()).sum();
    assert_eq!(rows, 50);
    let rename = |name: &str| {
        let mut writer = model.begin();
        writer.update(ITEMS, &[7.into()], &[("name", name.into())]).unwrap();
        writer.commit();
    };
    rename("N7");
    let changed = client.rows(SUMS).await;
    let differing = before.iter().zip(&changed).filter(|(a, b)| a != b).count();
    assert_eq!(differing, 1, "case counts, and one bucket has changed");
    rename("n7");
    assert_eq!(client.rows(SUMS).await, before);
}

#[tokio::test]
async fn rows_are_listed_by_bucket() {
    let model = model();
    model.load(ITEMS, (0..50).map(|id| item(id, &format!("n{id}")))).unwrap();
    model.on_where("id < 40", |row| row.get("id").as_int().is_some_and(|id| id < 40));
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    client.begin("snapshot").await;
    let spool = |more: &str| {
        format!("hash.spool table=dbo.items key=id hashed=id,name bits=1 version=1 where=id%20%3C%2040{more}")
    };
    let all = client.rows(&spool(" next=id,name,price new=price")).await;
    assert_eq!(all, [["40"]]);
    let fetch = |after: usize, top: usize| format!("hash.fetch columns=id:plain next=1 after={after} top={top}");
    let mut rows = client.rows(&fetch(0, 30)).await;
    rows.extend(client.rows(&fetch(30, 30)).await);
    assert_eq!(rows.len(), 40);
    assert!(rows.windows(2).all(|two| two[0][0].parse::<u32>().unwrap() <= two[1][0].parse::<u32>().unwrap()));
    assert!(rows.iter().all(|row| row.len() == 7 && row[6] == "true" && row[2] != row[4]));
    client.rows("hash.close").await;
    let half = |set: &str| spool(&format!(" buckets={set}"));
    let low: i64 = client.rows(&half("01")).await[0][0].parse().unwrap();
    client.rows("hash.close").await;
    let high: i64 = client.rows(&half("02")).await[0][0].parse().unwrap();
    assert!(low > 0 && high > 0 && low + high == 40, "{low} {high}");
}
