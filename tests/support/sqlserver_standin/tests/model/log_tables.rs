//! A log that the application keeps.

use sqlserver_standin::model::{ColumnDef, Given, TableDef};
use sqlserver_standin::typed::{ColumnType as T, Length, Value};

use crate::shop::{ask, model, serve};

const LOG: &str = "dbo.log";

#[tokio::test]
async fn entries_become_keys() {
    let model = model();
    model.create_table(
        TableDef::new(
            "dbo",
            "log",
            vec![
                ColumnDef::new("id", T::BigInt).not_null().given(Given::ByCounter),
                ColumnDef::new("what", T::Varchar(Length::Of(20))),
                ColumnDef::new("act", T::Char(1)),
                ColumnDef::new("item", T::Varchar(Length::Of(20))),
                ColumnDef::new("was", T::Varchar(Length::Of(20))),
            ],
        )
        .primary_key(&["id"]),
    );
    let entry = |what: &str, act: &str, item: Option<&str>, was: Option<&str>| {
        vec![Value::Null, what.into(), act.into(), item.into(), was.into()]
    };
    let rows = [
        entry("items", "I", Some("1"), None),
        entry("items", "U", Some("2"), Some("1")),
        entry("items", "L", Some("9"), None),
        entry("other", "U", Some("5"), None),
        entry("items", "D", None, None),
    ];
    model.load(LOG, rows).unwrap();
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    client.begin("snapshot").await;
    let ends = client.rows("log.ends table=dbo.log id=id seen=2").await.remove(0);
    assert_eq!((ends[0].as_str(), ends[1].as_str(), ends[4].as_str()), ("5", "1", "5"));
    assert!(ends[2] != ends[3] && ends[2].len() == 64);
    let since = "since=time%3Aid%3A1 key=item action=act ignored=L";
    assert_eq!(
        client.rows(&format!("log.counts table=dbo.log types=what {since}")).await,
        [["items", "4", "1", "1"], ["other", "1", "0", "0"]]
    );
    let spool = format!("log.spool table=dbo.log old=was types=what groups=items added=I number=0 {since}");
    assert_eq!(client.rows(&spool).await, [["3"]]);
    assert_eq!(
        client.rows("log.fetch number=0 width=1 after=0 top=9").await,
        [
            ["NULL", "false", "true", "false", "1"],
            ["1", "false", "false", "true", "2"],
            ["2", "false", "false", "false", "1"]
        ]
    );
    client.rows("log.close number=0").await;
}
