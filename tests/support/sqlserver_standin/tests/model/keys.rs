//! Keys that are equal there and not here.

use sqlserver_standin::typed::Value;

use crate::shop::{ask, serve, tracked};

const CODES: &str = "dbo.codes";

#[tokio::test]
async fn another_spelling_is_the_same_key() {
    let model = tracked();
    let mut writer = model.begin();
    writer.insert(CODES, vec!["Abc".into(), 1.into()]).unwrap();
    assert_eq!(writer.insert(CODES, vec!["ABC ".into(), 2.into()]).unwrap_err().number, 2627);
    writer.commit();
    let mut writer = model.begin();
    assert_eq!(writer.update(CODES, &["aBC".into()], &[("code", "ABC ".into())]).unwrap(), 1);
    writer.commit();
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    client.begin("snapshot").await;
    assert_eq!(client.rows("rows table=dbo.codes key=code columns=code:text rows=all").await, [["ABC "]]);
    // One change, in the new spelling.
    client.rows("ct.spool table=dbo.codes since=1 key=code number=4").await;
    assert_eq!(client.rows("ct.fetch number=4 columns=code:text after=0 top=9").await, [["ABC "]]);
}

#[tokio::test]
async fn keys_that_are_given_are_found_in_any_spelling() {
    let model = tracked();
    model.load(CODES, [vec!["Abc".into(), 1.into()], vec!["x".into(), Value::Null]]).unwrap();
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    client.begin("snapshot").await;
    let keys = r#"[["ABC",0,0],["abc ",1,1],["gone",1,2],["GONE",0,3],[null,0,4]]"#;
    let plan = |which| format!("rows table=dbo.codes key=code columns=:flag,code:text,n:plain rows={which}");
    assert_eq!(client.with_keys(&plan("among"), keys).await, [["true", "Abc", "1"]]);
    assert_eq!(
        client.with_keys(&plan("absent"), keys).await,
        // `ABC` and `abc ` are the row's key to the server, and others to who compares bytes.
        [
            ["false", "ABC", "NULL"],
            ["true", "abc ", "NULL"],
            ["true", "gone", "NULL"],
            ["false", "GONE", "NULL"],
            ["false", "NULL", "NULL"]
        ]
    );
    assert_eq!(client.with_keys(&plan("given"), keys).await.len(), 5);
}

#[tokio::test]
async fn stretches_of_keys_hold_every_row_once() {
    let model = tracked();
    let names = ["a-1", "A2", "b", "Ba", "b b", "_x", "9", "é", "E", "straße", "STRASSX"];
    model.load(CODES, names.map(|name| vec![name.into(), Value::Null])).unwrap();
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    client.begin("snapshot").await;
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let stretch = format!("key.stretch table=dbo.codes key=code columns=code%3Atext{after} rows=3");
        let until = client.rows(&stretch).await.first().map(|row| row[0].clone());
        let encoded = until.as_ref().map(|text| format!(" until={}", encode(text))).unwrap_or_default();
        let rows = format!("rows table=dbo.codes key=code columns=code:text rows=within{after}{encoded} order=key");
        seen.extend(client.rows(&rows).await.into_iter().map(|mut row| row.remove(0)));
        match until {
            Some(text) => after = format!(" after={}", encode(&text)),
            None => break,
        }
    }
    let mut sorted = seen.clone();
    sorted.sort();
    let mut expected = names.map(str::to_owned);
    expected.sort();
    assert_eq!(sorted, expected);
    assert_ne!(seen, sorted, "the server has an order of its own");
}

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
