//! Requests of each kind.

use futures_util::TryStreamExt as _;
use sqlserver_standin::typed::{ColumnType, Length, Value};
use sqlserver_standin::{Generated, ResultColumn, ResultSet};
use tiberius::{AuthMethod, Query, ToSql};

use crate::clients::{client, code, config, connect, plain};

#[tokio::test]
async fn what_is_no_plan_is_an_error_and_is_remembered() {
    let server = plain().await;
    let mut client = client(&server).await;
    for text in ["SELECT 1", "/* plimsoll:nothing */ SELECT 1"] {
        // An error before any row comes with the query itself.
        assert_eq!(code(&client.simple_query(text).await.map(drop).unwrap_err()), 208);
    }
    assert_eq!(code(&client.query("SELECT @P1", &[&1]).await.map(drop).unwrap_err()), 208);
    assert_eq!(server.log().take_refused().len(), 3);
}

#[tokio::test]
#[should_panic(expected = "was asked what it does not know")]
async fn a_test_that_leaves_an_unknown_plan_behind_fails() {
    let server = plain().await;
    assert!(client(&server).await.simple_query("SELECT 1").await.is_err());
}

#[tokio::test]
async fn parameters_of_each_type_arrive() {
    let server = plain().await;
    server.scripts().on("echo", |_, parameters| {
        let seen: Vec<Vec<Value>> = parameters.iter().map(|value| vec![format!("{value:?}").into()]).collect();
        Ok(Some(ResultSet::of(vec![ResultColumn::new("v", ColumnType::NVarchar(Length::Max))], seen)))
    });
    let mut client = client(&server).await;
    let long = "日".repeat(5000);
    let guid = tiberius::Uuid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);
    let number = tiberius::numeric::Numeric::new_with_scale(-12_345, 2);
    let none: Option<i64> = None;
    let no_text: Option<&str> = None;
    let parameters: Vec<&dyn ToSql> = vec![
        &7_u8,
        &-7_i16,
        &7_i32,
        &i64::MIN,
        &1.5_f32,
        &2.5_f64,
        &true,
        &"é",
        &long,
        &guid,
        &number,
        &none,
        &no_text,
    ];
    let rows = client.query("/* plimsoll:echo */", &parameters).await.unwrap().into_first_result().await.unwrap();
    let seen: Vec<&str> = rows.iter().map(|row| row.get(0).unwrap()).collect();
    let expected = [
        "Int(7)".to_owned(),
        "Int(-7)".to_owned(),
        "Int(7)".to_owned(),
        format!("Int({})", i64::MIN),
        "Real(1.5)".to_owned(),
        "Float(2.5)".to_owned(),
        "Bit(true)".to_owned(),
        "Text(\"é\")".to_owned(),
        format!("Text({long:?})"),
        "Guid(Guid([51, 34, 17, 0, 85, 68, 119, 102, 136, 153, 170, 187, 204, 221, 238, 255]))".to_owned(),
        "Decimal(-12345)".to_owned(),
        "Null".to_owned(),
        "Null".to_owned(),
    ];
    assert_eq!(seen, expected);
    let mut query = Query::new("/* plimsoll:echo */");
    query.bind(vec![1_u8, 2]);
    let rows = query.query(&mut client).await.unwrap().into_first_result().await.unwrap();
    assert_eq!(rows[0].get::<&str, _>(0), Some("Bytes([1, 2])"));
}

#[tokio::test]
async fn rows_are_made_while_they_are_read() {
    let server = plain().await;
    server.scripts().on("many", |_, _| {
        Ok(Some(ResultSet::stream(
            vec![ResultColumn::new("n", ColumnType::BigInt).not_null()],
            Generated::new(|number, row| {
                row.push(Value::Int(number as i64));
                number < 300_000
            }),
        )))
    });
    let mut client = client(&server).await;
    let mut rows = client.simple_query("/* plimsoll:many */").await.unwrap().into_row_stream();
    let mut expected = 0;
    while let Some(row) = rows.try_next().await.unwrap() {
        assert_eq!(row.get::<i64, _>(0), Some(expected));
        expected += 1;
    }
    assert_eq!(expected, 300_000);
    drop(rows);
    let seen = server.log().of_plan("many");
    assert!(seen[0].whole && seen[0].rows == 300_000, "{seen:?}");
}

#[tokio::test]
async fn an_endless_answer_is_cancelled() {
    let server = plain().await;
    server.scripts().on("endless", |_, _| {
        let endless = Generated::new(|number, row: &mut Vec<Value>| {
            row.push(Value::Int(number as i64));
            true
        });
        Ok(Some(ResultSet::stream(vec![ResultColumn::new("n", ColumnType::BigInt)], endless)))
    });
    server
        .scripts()
        .on("one", |_, _| Ok(Some(ResultSet::of(vec![ResultColumn::new("n", ColumnType::Int)], vec![vec![1.into()]]))));
    let mut client = client(&server).await;
    let mut rows = client.simple_query("/* plimsoll:endless */").await.unwrap().into_row_stream();
    assert!(rows.try_next().await.unwrap().is_some());
    drop(rows);
    client.cancel_query().await.unwrap();
    let rows = client.simple_query("/* plimsoll:one */").await.unwrap().into_first_result().await.unwrap();
    assert_eq!(rows.len(), 1);
    assert!(!server.log().of_plan("endless")[0].whole);
}

#[tokio::test]
async fn logins_are_checked() {
    let server = plain().await;
    let mut wrong = config(&server);
    wrong.authentication(AuthMethod::sql_server("plimsoll", "guess"));
    assert_eq!(code(&connect(wrong).await.unwrap_err()), 18_456);
    let mut wrong = config(&server);
    wrong.database("elsewhere");
    assert_eq!(code(&connect(wrong).await.unwrap_err()), 4060);
    let mut right = config(&server);
    right.application_name("plimsoll/1");
    right.packet_size(8000);
    right.readonly(true);
    drop(connect(right).await.unwrap());
    let entry = server.log().entries().pop().unwrap();
    assert_eq!((entry.application.as_str(), entry.packet_size, entry.read_only), ("plimsoll/1", 8000, true));
}

#[tokio::test]
async fn a_token_is_a_login() {
    let settings = sqlserver_standin::Settings { token: Some("t0ken".to_owned()), ..Default::default() };
    let server = crate::clients::server(settings).await;
    for (token, enters) in [("t0ken", true), ("other", false)] {
        let mut config = config(&server);
        config.authentication(AuthMethod::aad_token(token));
        let entered = connect(config).await;
        assert_eq!(entered.is_ok(), enters);
        assert!(enters || code(&entered.unwrap_err()) == 18_456);
    }
}
