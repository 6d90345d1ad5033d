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
    let since = "since=time%3Aid%3A1 key=item old=was action=act ignored=L";
    assert_eq!(
        client.rows(&format!("log.counts table=dbo.log types=what {since}")).await,
        [["items", "4", "1", "1"], ["other", "1", "0", "0"]]
    );
    let of = "of=dbo.items columns=id";
    let spool =
        format!("log.spool table=dbo.log types=what groups=items added=I number=0 {of} known=id%3A0..2 {since}");
    assert_eq!(client.rows(&spool).await, [["3"]]);
    assert_eq!(
        client.rows("log.fetch number=0 columns=id:plain after=0 top=9").await,
        [
            ["NULL", "false", "true", "false", "1"],
            ["1", "true", "false", "true", "2"],
            ["2", "true", "false", "false", "1"]
        ]
    );
    client.rows("log.close number=0").await;
    client.rows("log.try table=dbo.log columns=id,item").await;
}

/// Numbers that were drawn and never seen, or not yet.
#[tokio::test]
async fn numbers_without_an_entry() {
    let model = model();
    model.create_table(
        TableDef::new("dbo", "log", vec![ColumnDef::new("id", T::BigInt).not_null(), ColumnDef::new("item", T::Int)])
            .primary_key(&["id"]),
    );
    model.load(LOG, [1_i64, 2, 5, 6, 10].map(|id| vec![Value::Int(id), Value::Int(1)])).unwrap();
    let mut open = model.begin();
    open.insert(LOG, vec![Value::Int(3), Value::Int(1)]).unwrap();
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    client.begin("snapshot").await;
    let gaps = "log.gaps table=dbo.log id=id top=5";
    assert_eq!(client.rows(&format!("{gaps} newest=9")).await, [["6", "10"], ["2", "5"]]);
    assert_eq!(client.rows(&format!("{gaps} newest=2")).await, [["6", "10"]]);
    assert_eq!(client.rows(&format!("{gaps} above=-1")).await, [["6", "10"], ["2", "5"], ["-1", "1"]]);
    let counted = "log.counts table=dbo.log types= key=item since=";
    assert_eq!(client.rows(&format!("{counted}unread%3Aid%3A6%202..4")).await, [["2", "0", "0"]]);
    assert_eq!(client.rows(&format!("{counted}above%3Aid%3A1,unread%3Aid%3A5")).await, [["2", "0", "0"]]);
    assert_eq!(client.rows(&format!("{counted}above%3Aid%3A10")).await, [["0", "0", "0"]]);
}
