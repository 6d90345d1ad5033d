//! What the catalog says.

use std::sync::Arc;

use sqlserver_standin::model::{ColumnDef, Switch, TableDef, ViewDef};
use sqlserver_standin::typed::{ColumnType as T, Length, Value};

use crate::shop::{ITEMS, ask, first, item, serve, tracked};

#[tokio::test]
async fn tables_columns_and_indexes_are_told() {
    let model = tracked();
    model.load(ITEMS, [item(1, "a")]).unwrap();
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    let relations = client.rows("catalog.relations tables=dbo.items,dbo.nothing,DBO.Heap").await;
    assert_eq!(first(&relations), ["dbo", "dbo"]);
    assert_eq!(relations[0][5..], ["1", "NULL", "NULL", "false", "false", "false", "0", "0", "false"]);
    assert_eq!(relations[1][11], "NULL");
    let columns = client.rows("catalog.columns tables=dbo.items").await;
    let said: Vec<String> = columns.iter().map(|row| [&row[1..4], &row[6..11]].concat().join(" ")).collect();
    assert_eq!(
        said,
        [
            "id 1 int 4 10 0 NULL false",
            "name 2 varchar 20 0 0 SQL_Latin1_General_CP1_CI_AS true",
            "price 3 money 8 19 4 NULL true",
            "version 4 timestamp 8 0 0 NULL false",
        ]
    );
    let indexes = client.rows("catalog.indexes tables=dbo.items").await;
    let said: Vec<String> = indexes.iter().map(|row| row[1..].join(" ")).collect();
    assert_eq!(said, ["1 true true true false false 1 id false", "2 false true false false false 1 name false"]);
    assert_eq!(client.rows("catalog.names").await.len(), 3);
    assert_eq!(client.rows("catalog.list").await[0], ["dbo", "items", "U ", "true"]);
}

#[tokio::test]
async fn a_view_is_what_it_makes_of_its_tables() {
    let model = tracked();
    model.load(ITEMS, [item(1, "a"), item(2, "b")]).unwrap();
    model.create_view(ViewDef {
        table: TableDef::new("v", "names", vec![ColumnDef::new("name", T::Varchar(Length::Of(20)))]),
        reads: vec![ITEMS.to_owned()],
        columns_read: vec![(ITEMS.to_owned(), "name".to_owned())],
        text_digest: "00".to_owned(),
        indexed: Switch::Off,
        rows: Arc::new(|reader| {
            let mut rows = Vec::new();
            reader.each(ITEMS, |row| rows.push(vec![row.get("name").clone()]))?;
            Ok(rows)
        }),
    });
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    client.begin("snapshot").await;
    let names = "rows table=v.names key= columns=name:text rows=all";
    assert_eq!(first(&client.rows(names).await), ["a", "b"]);
    let mut writer = model.begin();
    writer.update(ITEMS, &[1.into()], &[("name", Value::Null)]).unwrap();
    writer.commit();
    assert_eq!(first(&client.rows(names).await), ["a", "b"]);
    client.begin("snapshot").await;
    assert_eq!(first(&client.rows(names).await), ["NULL", "b"]);
    assert_eq!(client.rows("catalog.dependencies table=v.names").await, [["items", "name"]]);
    assert_eq!(client.rows("catalog.relations tables=v.names").await[0][3], "V ");
}
