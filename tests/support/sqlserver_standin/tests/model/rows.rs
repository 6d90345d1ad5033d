//! Reads of rows in all their forms.

use std::sync::Arc;

use sqlserver_standin::model::{ColumnDef, TableDef};
use sqlserver_standin::typed::{Collation, ColumnType as T, Length, Value};

use crate::shop::{ITEMS, ask, first, item, model, serve};

#[tokio::test]
async fn each_form_gives_what_its_expression_would() {
    let model = model();
    let long = Length::Max;
    model.create_table(
        TableDef::new(
            "x",
            "forms",
            vec![
                ColumnDef::new("id", T::Int).not_null(),
                ColumnDef::new("page", T::Varchar(Length::Of(9))).collate(Collation::SQL_CP850_CI_AS),
                ColumnDef::new("small", T::SmallMoney),
                ColumnDef::new("variant", T::SqlVariant),
                ColumnDef::new("tree", T::Udt("hierarchyid")),
                ColumnDef::new("moment", T::DateTimeOffset { scale: 3 }),
                ColumnDef::new("blob", T::Varbinary(long)),
                ColumnDef::new("doc", T::Xml),
            ],
        )
        .primary_key(&["id"]),
    );
    let row = vec![
        1.into(),
        "Æß".into(),
        Value::Money(-5),
        Value::Variant(Arc::new((T::DateTime, Value::DateTime(0, 1)))),
        Value::Clr(Arc::new(([0x5b, 0x40].into(), "/1/".into()))),
        Value::DateTimeOffset(719_162, 0, 90),
        Value::bytes(&[65, 0, 66, 0]),
        "<a/>".into(),
    ];
    model.load("x.forms", [row, [vec![2.into()], vec![Value::Null; 7]].concat()]).unwrap();
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    let columns = "page:text,small:decimal,variant:variant,tree:spoken,moment:offset,blob:bytes,doc:text,:long";
    let rows = client.rows(&format!("rows table=x.forms key=id columns={columns} rows=all longest=6")).await;
    let expected =
        ["Æß", "-0.0005", "1900-01-01 00:00:00.003", "/1/", "1970-01-01 01:30:00.000 +01:30", "AB", "NULL", "6,"];
    assert_eq!(rows[0], expected);
    assert_eq!(rows[1], ["NULL"; 8]);
    let hashed =
        client.0.query("/* plimsoll:rows table=x.forms key=id columns=page:hash rows=some top=1 */", &[&"salt"]);
    let hashed = hashed.await.unwrap().into_first_result().await.unwrap();
    assert_eq!(hashed[0].get::<&[u8], _>(0).unwrap().len(), 128);
    // A form that its type does not have is an error, as the cast would be.
    assert_eq!(client.error("rows table=x.forms key=id columns=page:decimal rows=all").await, 529);
}

#[tokio::test]
async fn rows_are_chosen_by_cursors_and_conditions() {
    let model = model();
    model.create_table(
        TableDef::new(
            "dbo",
            "events",
            vec![
                ColumnDef::new("id", T::Int).not_null(),
                ColumnDef::new("at", T::DateTime),
                ColumnDef::new("open", T::Bit),
            ],
        )
        .primary_key(&["id"]),
    );
    let event = |id: i64, at: Value, open: bool| vec![id.into(), at, open.into()];
    let at = |ticks| Value::DateTime(43_000, ticks);
    model
        .load(
            "dbo.events",
            [event(1, at(99), true), event(2, at(100), true), event(3, Value::Null, true), event(4, at(101), false)],
        )
        .unwrap();
    model.on_where("open = 1", |row| *row.get("open") == Value::Bit(true));
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    // .333 is a hundred ticks.
    let since = "since=time%3Aat%3A2017-09-24%2000%3A00%3A00.333";
    let plan =
        |which: &str, more: &str| format!("rows table=dbo.events key=id columns=id:plain rows={which} {since}{more}");
    let open = " where=open%20%3D%201";
    assert_eq!(first(&client.rows(&plan("changed", "")).await), ["2", "3", "4"]);
    assert_eq!(first(&client.rows(&plan("changed", open)).await), ["2", "3"]);
    assert_eq!(first(&client.rows(&plan("unchanged", open)).await), ["1"]);
    assert_eq!(first(&client.rows(&plan("left", open)).await), ["4"]);
    assert_eq!(client.rows("rows table=dbo.events key=id columns=:count rows=all").await, [["4"]]);
    assert_eq!(client.rows("where.try table=dbo.events where=open%20%3D%201").await, [["NULL", "NULL"]]);
    model.refuse_where("opem = 1", sqlserver_standin::ServerError::new(207, "Invalid column name 'opem'."));
    let refused = client.rows("where.try table=dbo.events where=opem%20%3D%201").await;
    assert_eq!(refused, [["207", "Invalid column name 'opem'."]]);
    assert_eq!(client.error("where.try table=dbo.events where=unheard%20of").await, 40_513);
    assert_eq!(server.log().take_refused().len(), 1);
}

#[tokio::test]
async fn made_rows_are_cut_by_their_key() {
    let model = model();
    let table = TableDef::new("dbo", "made", vec![ColumnDef::new("id", T::BigInt).not_null()]).primary_key(&["id"]);
    model.create_made_table(table, 1_000_000, |number, row| row.push(Value::Int(number as i64 * 2)));
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    let rows = client.rows("rows table=dbo.made key=id columns=id:plain rows=within after=999990 until=1000001").await;
    assert_eq!(first(&rows), ["999992", "999994", "999996", "999998", "1000000"]);
    assert!(model.begin().insert("dbo.made", vec![1.into()]).is_err());
}

#[tokio::test]
async fn rights_hide_rows_and_values() {
    let model = model();
    model.load(ITEMS, [item(1, "a"), item(2, "b")]).unwrap();
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    let names = "rows table=dbo.items key=id columns=name:text rows=all";
    model.rights(|rights| rights.deny_column(ITEMS, "name"));
    assert_eq!(client.error(names).await, 230);
    assert_eq!(client.rows("catalog.rights table=dbo.items columns=id,name").await, [["false", "NULL", "name"]]);
    model.rights(|rights| *rights = Default::default());
    model.rights(|rights| rights.deny(ITEMS));
    assert_eq!(client.error(names).await, 229);
    model.rights(|rights| rights.hide(ITEMS));
    assert_eq!(client.error(names).await, 208);
    assert!(client.rows("catalog.relations tables=dbo.items").await.is_empty());
    model.rights(|rights| *rights = Default::default());
    model.policies(|policies| {
        policies.push(sqlserver_standin::model::Policy {
            name: "sec.own rows".to_owned(),
            table: ITEMS.to_owned(),
            state: sqlserver_standin::model::Switch::On,
            lets_through: Arc::new(|row| *row.get("id") == Value::Int(1)),
        });
    });
    assert_eq!(client.rows(names).await, [["a"]]);
    assert_eq!(client.rows("catalog.policies table=dbo.items").await, [["[sec].[own rows]"]]);
    assert_eq!(model.rows(ITEMS).unwrap().len(), 2, "the test itself sees all");
}

#[tokio::test]
async fn text_is_stored_in_its_code_page() {
    let model = model();
    model.create_table(TableDef::new(
        "dbo",
        "pages",
        vec![
            ColumnDef::new("c", T::Char(4)),
            ColumnDef::new("v", T::Varchar(Length::Of(4))),
            ColumnDef::new("t", T::Text),
            ColumnDef::new("u", T::Varchar(Length::Of(4))).collate(Collation::LATIN1_UTF8),
            ColumnDef::new("n", T::NChar(3)),
        ],
    ));
    model.load("dbo.pages", [["😀é", "日é", "日é", "é日", "日"].map(Value::from).to_vec()]).unwrap_err();
    model.load("dbo.pages", [["😀é", "日é", "日é", "é", "日"].map(Value::from).to_vec()]).unwrap();
    let server = serve(&model).await;
    let mut client = ask(&server).await;
    let rows = client.rows("rows table=dbo.pages key= columns=c:text,v:text,t:text,u:text,n:text rows=all").await;
    assert_eq!(rows[0], ["?é  ", "?é", "?é", "é", "日  "]);
}
