//! Every type, NULL of it, NOT NULL of it, in packets of every size.

use std::sync::Arc;

use sqlserver_standin::typed::{Collation, ColumnType as T, Guid, Length, Value};
use sqlserver_standin::{Generated, ResultColumn, ResultSet, RowForm, Settings, Standin};
use tiberius::{ColumnData, Row};

use crate::clients::{client, plain, server};

/// Each type with a value of it and what tiberius makes of that.
fn every_type() -> Vec<(T, Value, ColumnData<'static>)> {
    let text = |text: &'static str| ColumnData::String(Some(text.into()));
    let long: String = "Zoë 日本 ".repeat(4000);
    let bytes: Vec<u8> = (0..20_001_u32).map(|n| (n % 251) as u8).collect();
    let number =
        |digits: i128, scale| ColumnData::Numeric(Some(tiberius::numeric::Numeric::new_with_scale(digits, scale)));
    let date = |days| tiberius::time::Date::new(days);
    let time = |units, scale| tiberius::time::Time::new(units, scale);
    let most = 99_999_999_999_999_999_999_999_999_999_999_999_999_i128;
    vec![
        (T::Bit, true.into(), ColumnData::Bit(Some(true))),
        (T::TinyInt, 255.into(), ColumnData::U8(Some(255))),
        (T::SmallInt, (-32_768).into(), ColumnData::I16(Some(-32_768))),
        (T::Int, i32::MIN.into(), ColumnData::I32(Some(i32::MIN))),
        (T::BigInt, i64::MAX.into(), ColumnData::I64(Some(i64::MAX))),
        (T::Real, Value::Real(1.5e-38), ColumnData::F32(Some(1.5e-38))),
        (T::Float, Value::Float(-1.797e308), ColumnData::F64(Some(-1.797e308))),
        (T::Decimal { precision: 38, scale: 10 }, Value::Decimal(-most), number(-most, 10)),
        (T::Decimal { precision: 9, scale: 6 }, Value::Decimal(123_456_789), number(123_456_789, 6)),
        (T::Decimal { precision: 19, scale: 4 }, Value::Decimal(-1), number(-1, 4)),
        (T::Decimal { precision: 28, scale: 0 }, Value::Decimal(10_i128.pow(27)), number(10_i128.pow(27), 0)),
        // What the crate loses: the cents of great sums.
        (T::Money, Value::Money(i64::MAX), ColumnData::F64(Some(i64::MAX as f64 / 1e4))),
        (T::SmallMoney, Value::Money(-2_147_483_648), ColumnData::F64(Some(-214_748.364_8))),
        (T::Date, Value::Date(3_652_058), ColumnData::Date(Some(date(3_652_058)))),
        (T::Time { scale: 7 }, Value::Time(863_999_999_999), ColumnData::Time(Some(time(863_999_999_999, 7)))),
        (T::Time { scale: 0 }, Value::Time(10_000_000), ColumnData::Time(Some(time(1, 0)))),
        (
            T::SmallDateTime,
            Value::SmallDateTime(65_535, 1439),
            ColumnData::SmallDateTime(Some(tiberius::time::SmallDateTime::new(65_535, 1439))),
        ),
        (
            T::DateTime,
            Value::DateTime(-53_690, 25_919_999),
            ColumnData::DateTime(Some(tiberius::time::DateTime::new(-53_690, 25_919_999))),
        ),
        (
            T::DateTime2 { scale: 3 },
            Value::DateTime2(737_000, 12_340_000),
            ColumnData::DateTime2(Some(tiberius::time::DateTime2::new(date(737_000), time(1234, 3)))),
        ),
        (
            T::DateTime2 { scale: 7 },
            Value::DateTime2(0, 1),
            ColumnData::DateTime2(Some(tiberius::time::DateTime2::new(date(0), time(1, 7)))),
        ),
        (
            T::DateTimeOffset { scale: 7 },
            Value::DateTimeOffset(737_000, 36_000_000_001, -330),
            ColumnData::DateTimeOffset(Some(tiberius::time::DateTimeOffset::new(
                tiberius::time::DateTime2::new(date(737_000), time(36_000_000_001, 7)),
                -330,
            ))),
        ),
        (
            T::Guid,
            Value::Guid(Guid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff)),
            ColumnData::Guid(Some(tiberius::Uuid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff))),
        ),
        (T::Char(5), "ab   ".into(), text("ab   ")),
        (T::Varchar(Length::Of(20)), "Ærø €".into(), text("Ærø €")),
        (T::Varchar(Length::Max), "Ærø".into(), text("Ærø")),
        (T::NChar(3), "日本 ".into(), text("日本 ")),
        (T::NVarchar(Length::Of(4000)), "".into(), text("")),
        (T::NVarchar(Length::Max), long.clone().into(), ColumnData::String(Some(long.into()))),
        (T::NVarchar(Length::Max), "".into(), text("")),
        (T::Text, "Ærø".into(), text("Ærø")),
        (T::NText, "日本".into(), text("日本")),
        (T::Binary(2), Value::bytes(&[0, 255]), ColumnData::Binary(Some(vec![0, 255].into()))),
        (T::Varbinary(Length::Of(8000)), Value::bytes(&[]), ColumnData::Binary(Some(vec![].into()))),
        (T::Varbinary(Length::Max), Value::bytes(&bytes), ColumnData::Binary(Some(bytes.into()))),
        (T::Image, Value::bytes(&[7]), ColumnData::Binary(Some(vec![7].into()))),
        (T::RowVersion, Value::rowversion(2001), ColumnData::Binary(Some(2001_u64.to_be_bytes().to_vec().into()))),
        (T::Udt("hierarchyid"), Value::bytes(&[0x58]), ColumnData::Binary(Some(vec![0x58].into()))),
        (variant(), in_variant(T::Int, 7.into()), ColumnData::I32(Some(7))),
        (variant(), in_variant(T::NVarchar(Length::Of(9)), "日".into()), text("日")),
        (
            variant(),
            in_variant(T::DateTime, Value::DateTime(1, 2)),
            ColumnData::DateTime(Some(tiberius::time::DateTime::new(1, 2))),
        ),
        (variant(), in_variant(T::Decimal { precision: 9, scale: 2 }, Value::Decimal(-5)), number(-5, 2)),
    ]
}

fn variant() -> T {
    T::SqlVariant
}

fn in_variant(base: T, value: Value) -> Value {
    Value::Variant(Arc::new((base, value)))
}

fn cells(row: Row) -> Vec<ColumnData<'static>> {
    row.into_iter().collect()
}

/// Three rows: of values, of NULLs, of values.
async fn read(server: &Standin) -> Vec<Vec<ColumnData<'static>>> {
    server.scripts().on("types", |_, _| {
        let types = every_type();
        let columns = types.iter().enumerate().map(|(n, (kind, ..))| ResultColumn::new(format!("c{n}"), kind.clone()));
        let values: Vec<Value> = types.iter().map(|(_, value, _)| value.clone()).collect();
        let nulls = vec![Value::Null; values.len()];
        Ok(Some(ResultSet::of(columns.collect(), vec![values.clone(), nulls, values])))
    });
    let mut client = client(server).await;
    let rows = client.simple_query("/* plimsoll:types */ SELECT").await.unwrap().into_first_result().await.unwrap();
    rows.into_iter().map(cells).collect()
}

fn check(rows: &[Vec<ColumnData<'static>>]) {
    let types = every_type();
    assert_eq!(rows.len(), 3);
    for (at, (kind, _, expected)) in types.iter().enumerate() {
        assert_eq!(&rows[0][at], expected, "{kind:?}");
        assert_eq!(&rows[2][at], expected, "{kind:?}");
        assert!(is_null(&rows[1][at]), "{kind:?}: {:?}", rows[1][at]);
    }
}

fn is_null(data: &ColumnData<'_>) -> bool {
    format!("{data:?}").ends_with("(None)")
}

#[tokio::test]
async fn every_type_comes_through_in_both_forms_of_rows() {
    for rows in [RowForm::Plain, RowForm::NullBits, RowForm::Alternating] {
        let server = server(Settings { rows, ..Settings::default() }).await;
        check(&read(&server).await);
    }
}

#[tokio::test]
async fn packets_of_any_size_say_the_same() {
    for payload in [1, 2, 3, 7, 64, 4000] {
        let server = server(Settings { payload, ..Settings::default() }).await;
        check(&read(&server).await);
    }
}

#[tokio::test]
async fn xml_comes_through() {
    let server = plain().await;
    server.scripts().on("xml", |_, _| {
        Ok(Some(ResultSet::of(vec![ResultColumn::new("x", T::Xml)], vec![vec!["<a/>".into()], vec![Value::Null]])))
    });
    let mut client = client(&server).await;
    let rows = client.simple_query("/* plimsoll:xml */").await.unwrap().into_first_result().await.unwrap();
    assert_eq!(rows[0].get::<&tiberius::xml::XmlData, _>(0).unwrap().as_ref(), "<a/>");
    assert!(rows[1].get::<&tiberius::xml::XmlData, _>(0).is_none());
}

#[tokio::test]
async fn columns_that_are_never_null_have_no_length() {
    let server = plain().await;
    server.scripts().on("fixed", |_, _| {
        let types = every_type();
        let columns =
            types.iter().enumerate().map(|(n, (kind, ..))| ResultColumn::new(format!("c{n}"), kind.clone()).not_null());
        Ok(Some(ResultSet::of(columns.collect(), vec![types.iter().map(|(_, value, _)| value.clone()).collect()])))
    });
    let mut client = client(&server).await;
    let mut rows = client.simple_query("/* plimsoll:fixed */").await.unwrap().into_first_result().await.unwrap();
    for (cell, (kind, _, expected)) in cells(rows.remove(0)).iter().zip(every_type()) {
        assert_eq!(*cell, expected, "{kind:?}");
    }
}

/// What must never be read bare: the client gets it wrong, or fails.
#[tokio::test]
async fn code_pages_that_the_client_does_not_know() {
    let server = plain().await;
    server.scripts().on("page", |comment, _| {
        let collation = Collation::named(&comment.value("collation").unwrap()).unwrap();
        let column = ResultColumn::new("t", T::Varchar(Length::Of(20))).collated(collation);
        let stored = comment.value("bytes").map(|_| Value::CodePage([0x81, b'x'].as_slice().into()));
        Ok(Some(ResultSet::of(vec![column], vec![vec![stored.unwrap_or("Æß ł".into())]])))
    });
    let mut read = Vec::new();
    for collation in [
        "SQL_Latin1_General_CP1_CI_AS",
        "SQL_Latin1_General_CP1250_CI_AS",
        "Latin1_General_100_CI_AS_SC_UTF8",
        "SQL_Latin1_General_CP850_CI_AS",
    ] {
        let mut client = client(&server).await;
        let text = format!("/* plimsoll:page collation={collation} */");
        read.push(match client.simple_query(text).await.unwrap().into_first_result().await {
            Ok(rows) => rows[0].get::<&str, _>(0).unwrap().to_owned(),
            Err(error) => format!("{error}").chars().take(8).collect(),
        });
    }
    assert_eq!(read, ["Æß ?", "?ß ł", "Ã†ÃŸ Å‚", "Encoding"]);
}

#[tokio::test]
async fn unpaired_surrogates_are_sent_as_they_are() {
    let server = plain().await;
    server.scripts().on("surrogate", |_, _| {
        let units = Value::Units([0x41, 0xd800].as_slice().into());
        Ok(Some(ResultSet::of(vec![ResultColumn::new("t", T::NVarchar(Length::Of(9)))], vec![vec![units]])))
    });
    let mut config = crate::clients::config(&server);
    config.lossy_utf16_decoding(true);
    let mut client = crate::clients::connect(config).await.unwrap();
    let rows = client.simple_query("/* plimsoll:surrogate */").await.unwrap().into_first_result().await.unwrap();
    assert_eq!(rows[0].get::<&str, _>(0), Some("A\u{fffd}"));
}

#[tokio::test]
async fn a_row_of_another_type_than_its_column_is_an_error() {
    let server = plain().await;
    server.scripts().on("wrong", |_, _| {
        Ok(Some(ResultSet::stream(
            vec![ResultColumn::new("n", T::Int)],
            Generated::new(|number, row| {
                row.push(if number < 3 { 5.into() } else { "five".into() });
                true
            }),
        )))
    });
    let mut client = client(&server).await;
    let error = client.simple_query("/* plimsoll:wrong */").await.unwrap().into_first_result().await.unwrap_err();
    assert_eq!((crate::clients::code(&error), server.log().take_refused().len()), (50_000, 1));
}
