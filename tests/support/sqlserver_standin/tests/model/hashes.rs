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

/// Rows that nothing but their values tells apart.
#[tokio::test]
async fn equal_rows_are_copies_of_one() {
    let model = model();
    let row = |a: i64, b: &str| vec![a.into(), b.into()];
    model.load("dbo.heap", [row(1, "x"), row(1, "x"), row(1, "X"), row(2, "x")]).unwrap();
    model.on_where("a = 1", |row| row.get("a").as_int() == Some(1));
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    client.begin("snapshot").await;
    let key = "key=_plimsoll_row,_plimsoll_copy hashed=a,b where=a%20%3D%201";
    let columns = "columns=_plimsoll_row:text,_plimsoll_copy:plain,a:plain,b:text";
    let rows = client.rows(&format!("rows table=dbo.heap {key} {columns} rows=all")).await;
    let said: Vec<_> = rows.iter().map(|row| row[1..].join(" ")).collect();
    assert_eq!(said, ["1 1 x", "2 1 x", "1 1 X"]);
    assert!(rows[0][0] == rows[1][0] && rows[0][0] != rows[2][0] && rows[0][0].len() == 32);
    let keys = format!(r#"[["{}","2",0,0],["{}","3",0,1]]"#, rows[0][0], rows[0][0]);
    assert_eq!(
        client.with_keys(&format!("rows table=dbo.heap {key} {columns} rows=among"), &keys).await,
        [rows[1].clone()]
    );
    let absent = format!("rows table=dbo.heap {key} columns=:flag,_plimsoll_row:text,_plimsoll_copy:plain rows=absent");
    assert_eq!(client.with_keys(&absent, &keys).await[0][2], "3");
    assert_eq!(client.rows(&format!("hash.spool table=dbo.heap {key} bits=17 version=1")).await, [["3"]]);
    let fetched = client.rows("hash.fetch columns=_plimsoll_row:text,_plimsoll_copy:plain after=0 top=9").await;
    let mut listed: Vec<_> = fetched.iter().map(|row| row[1..3].to_vec()).collect();
    let mut read: Vec<_> = rows.iter().map(|row| row[..2].to_vec()).collect();
    listed.sort();
    read.sort();
    assert_eq!(listed, read);
}
