//! Every column type: what is stored for which value on the wire, and what is refused (point 7; section "Supported protocol buffer data types" of
//! Google's page).

use prost_types::field_descriptor_proto::{Label, Type};
use serde_json::{Value, json};

use crate::client::{Answer, Schema, Wire, encode, text};
use crate::rows::{table_with, try_value};

/// What is stored for each value; `None` where it is a bad row.
async fn check(column: Value, kind: Type, cases: Vec<(Wire, Option<Value>)>) {
    for (value, expected) in cases {
        let client = table_with(column.clone()).await;
        let answer = try_value(&client, kind, value.clone()).await;
        match expected {
            Some(stored) => {
                assert_eq!(answer, Answer::Stored, "{column} {value:?}");
                let read = client.read("t").await[0].get("v").cloned().unwrap_or_default();
                assert_eq!(read, stored, "{column} {value:?}");
            }
            None => assert!(
                matches!(&answer, Answer::BadRows(_, rows) if rows.len() == 1),
                "{column} {value:?}: {answer:?}"
            ),
        }
    }
}

fn column(kind: &str) -> Value {
    json!({"name": "v", "type": kind})
}

fn packed(hour: i64, minute: i64, second: i64, micros: i64) -> i64 {
    (hour << 12 | minute << 6 | second) << 20 | micros
}

#[tokio::test]
async fn whole_numbers_and_booleans() {
    let least = i64::MIN;
    check(
        column("INTEGER"),
        Type::Int64,
        vec![(Wire::Int(least), Some(json!(least))), (Wire::Int(0), Some(json!(0))), (Wire::Null, Some(Value::Null))],
    )
    .await;
    check(column("INT64"), Type::Sint64, vec![(Wire::Zigzag(-5), Some(json!(-5)))]).await;
    check(column("INTEGER"), Type::Int32, vec![(Wire::Int(-7), Some(json!(-7)))]).await;
    check(column("BOOL"), Type::Bool, vec![(Wire::Int(1), Some(json!(true))), (Wire::Int(0), Some(json!(false)))])
        .await;
    check(column("BOOLEAN"), Type::Int64, vec![(Wire::Int(2), Some(json!(true)))]).await;
}

#[tokio::test]
async fn floats_keep_what_is_no_number() {
    check(
        column("FLOAT"),
        Type::Double,
        vec![
            (Wire::Double(0.1), Some(json!(0.1))),
            (Wire::Double(f64::NAN), Some(json!("NaN"))),
            (Wire::Double(f64::INFINITY), Some(json!("Infinity"))),
            (Wire::Double(f64::NEG_INFINITY), Some(json!("-Infinity"))),
            (Wire::Double(5e-324), Some(json!(5e-324))),
        ],
    )
    .await;
    check(column("FLOAT64"), Type::Float, vec![(Wire::Float(0.5), Some(json!(0.5)))]).await;
    let client = table_with(column("FLOAT")).await;
    assert_eq!(try_value(&client, Type::Double, Wire::Double(-0.0)).await, Answer::Stored);
    assert_eq!(client.read("t").await[0]["v"].to_string(), "-0.0");
}

#[tokio::test]
async fn decimals() {
    let nines = "99999999999999999999999999999.999999999";
    check(
        column("NUMERIC"),
        Type::String,
        vec![
            (text("1.50"), Some(json!("1.5"))),
            (text("-0"), Some(json!("0"))),
            (text(nines), Some(json!(nines))),
            (text("1e29"), None),
            (text("NaN"), None),
            (text("1,5"), None),
            (text(""), None),
            // Beyond the scale it is rounded, and nobody is told.
            (text("0.0000000015"), Some(json!("0.000000002"))),
        ],
    )
    .await;
    let money = json!({"name": "v", "type": "NUMERIC", "precision": "10", "scale": "2"});
    check(money, Type::String, vec![(text("1.245"), Some(json!("1.25"))), (text("123456789"), None)]).await;
    check(
        column("NUMERIC"),
        Type::Bytes,
        vec![
            (Wire::Raw((-1_500_000_000i64).to_le_bytes().to_vec()), Some(json!("-1.5"))),
            (Wire::Raw(vec![0; 17]), None),
        ],
    )
    .await;
    check(column("NUMERIC"), Type::Int64, vec![(Wire::Int(-3), Some(json!("-3")))]).await;
    check(
        column("NUMERIC"),
        Type::Double,
        vec![(Wire::Double(0.25), Some(json!("0.25"))), (Wire::Double(f64::NAN), None)],
    )
    .await;
    check(
        column("BIGNUMERIC"),
        Type::String,
        vec![
            (text("0.00000000000000000000000000000000000001"), Some(json!("0.00000000000000000000000000000000000001"))),
            (text("578960446186580977117854925043439539266.34992332820282019728792003956564819968"), None),
        ],
    )
    .await;
}

#[tokio::test]
async fn texts_and_bytes() {
    check(column("STRING"), Type::String, vec![(text("é\u{0}"), Some(json!("é\u{0}"))), (text(""), Some(json!("")))])
        .await;
    let short = json!({"name": "v", "type": "STRING", "maxLength": "2"});
    check(short, Type::String, vec![(text("éé"), Some(json!("éé"))), (text("abc"), None)]).await;
    check(column("BYTES"), Type::Bytes, vec![(Wire::Raw(vec![0, 255]), Some(json!("AP8=")))]).await;
    // A string is not base64 here: "AP8=" is four bytes.
    check(column("BYTES"), Type::String, vec![(text("AP8="), Some(json!("QVA4PQ==")))]).await;
    let short = json!({"name": "v", "type": "BYTES", "maxLength": "1"});
    check(short, Type::Bytes, vec![(Wire::Raw(vec![0, 1]), None)]).await;
    check(column("GEOGRAPHY"), Type::String, vec![(text("POINT(1 2)"), Some(json!("POINT(1 2)"))), (text(""), None)])
        .await;
    check(
        column("INTERVAL"),
        Type::String,
        vec![(text("1-2 3 4:5:6"), Some(json!("1-2 3 4:5:6"))), (text("1 day"), None)],
    )
    .await;
}

#[tokio::test]
async fn documents() {
    check(
        column("JSON"),
        Type::String,
        vec![
            (text("{\"a\": [1, null]}"), Some(json!("{\"a\": [1, null]}"))),
            (text("null"), Some(json!("null"))),
            (text(""), None),
            (text("{\"a\":}"), None),
            (text("1 2"), None),
        ],
    )
    .await;
}

#[tokio::test]
async fn dates() {
    check(
        column("DATE"),
        Type::Int32,
        vec![
            (Wire::Int(0), Some(json!("1970-01-01"))),
            (Wire::Int(-719_162), Some(json!("0001-01-01"))),
            (Wire::Int(-719_163), None),
            (Wire::Int(2_932_896), Some(json!("9999-12-31"))),
            (Wire::Int(2_932_897), None),
        ],
    )
    .await;
    check(
        column("DATE"),
        Type::String,
        vec![(text("2024-02-29"), Some(json!("2024-02-29"))), (text("2023-02-29"), None)],
    )
    .await;
}

#[tokio::test]
async fn times_as_texts_and_packed_are_the_same() {
    let late = json!("23:59:59.999999");
    check(column("TIME"), Type::String, vec![(text("23:59:59.999999"), Some(late.clone())), (text("24:00:00"), None)])
        .await;
    check(
        column("TIME"),
        Type::Int64,
        vec![
            (Wire::Int(packed(23, 59, 59, 999_999)), Some(late)),
            (Wire::Int(packed(24, 0, 0, 0)), None),
            (Wire::Int(packed(0, 60, 0, 0)), None),
            (Wire::Int(packed(0, 0, 0, 1_000_000)), None),
            (Wire::Int(-1), None),
        ],
    )
    .await;
    let datetime = json!("2024-02-29 01:02:03.000004");
    let date = (2024 << 26 | 2 << 22 | 29 << 17) << 20;
    check(
        column("DATETIME"),
        Type::String,
        vec![
            (text("2024-02-29 01:02:03.000004"), Some(datetime.clone())),
            (text("2024-02-29T01:02:03.000004"), Some(datetime.clone())),
            (text("2024-02-30 00:00:00"), None),
            (text("2024-02-29 01:02:03Z"), None),
        ],
    )
    .await;
    check(
        column("DATETIME"),
        Type::Int64,
        vec![
            (Wire::Int(date | packed(1, 2, 3, 4)), Some(datetime)),
            (Wire::Int((2023 << 26 | 2 << 22 | 29 << 17) << 20), None),
            (Wire::Int(0), None),
        ],
    )
    .await;
    check(
        column("TIMESTAMP"),
        Type::Int64,
        vec![
            (Wire::Int(-1), Some(json!("1969-12-31 23:59:59.999999+00:00"))),
            (Wire::Int(253_402_300_800_000_000), None),
            (Wire::Int(-62_135_596_800_000_001), None),
        ],
    )
    .await;
}

#[tokio::test]
async fn arrays_structs_and_ranges() {
    let client = table_with(json!({"name": "v", "type": "INTEGER", "mode": "REPEATED"})).await;
    let mut schema = Schema::with_changes(&[("id", Type::Int64)]);
    schema.push("v", Type::Int64, Label::Repeated, None);
    let row = |values: Vec<Wire>| encode(&[Wire::Int(1), text("UPSERT"), text("1"), Wire::Many(values)]);
    assert_eq!(client.append("t", &schema, &[row(vec![Wire::Int(1), Wire::Int(2)])]).await, Ok(Answer::Stored));
    assert_eq!(client.read("t").await[0]["v"], json!([1, 2]));
    assert_eq!(client.append("t", &schema, &[row(Vec::new())]).await, Ok(Answer::Stored));
    assert_eq!(client.read("t").await[0]["v"], json!([]));
    // Neither an array for a value, nor a value for an array.
    assert!(matches!(try_value(&client, Type::Int64, Wire::Int(1)).await, Answer::BadRows(..)));

    let within = json!([{"name": "a", "type": "DATE"}, {"name": "b", "type": "STRING", "mode": "REQUIRED"}]);
    let client = table_with(json!({"name": "v", "type": "RECORD", "fields": within})).await;
    let mut schema = Schema::with_changes(&[("id", Type::Int64)]);
    schema.push("v", Type::Message, Label::Optional, Some("Inner"));
    let mut inner = Schema::new(&[("a", Type::Int32), ("b", Type::String)]).0;
    inner.name = Some("Inner".into());
    schema.0.nested_type.push(inner);
    let row = |values: Vec<Wire>| encode(&[Wire::Int(1), text("UPSERT"), text("1"), Wire::Message(values)]);
    assert_eq!(client.append("t", &schema, &[row(vec![Wire::Int(0), text("x")])]).await, Ok(Answer::Stored));
    assert_eq!(client.read("t").await[0]["v"], json!({"a": "1970-01-01", "b": "x"}));
    for bad in [vec![Wire::Int(99_999_999), text("x")], vec![Wire::Int(0)]] {
        assert!(matches!(client.append("t", &schema, &[row(bad)]).await, Ok(Answer::BadRows(..))));
    }

    let client = table_with(json!({"name": "v", "type": "RANGE", "rangeElementType": {"type": "DATE"}})).await;
    let mut schema = Schema::with_changes(&[("id", Type::Int64)]);
    schema.push("v", Type::Message, Label::Optional, Some("Range"));
    let mut range = Schema::new(&[("start", Type::Int32), ("end", Type::Int32)]).0;
    range.name = Some("Range".into());
    schema.0.nested_type.push(range);
    let row = |values: Vec<Wire>| encode(&[Wire::Int(1), text("UPSERT"), text("1"), Wire::Message(values)]);
    assert_eq!(client.append("t", &schema, &[row(vec![Wire::Int(1)])]).await, Ok(Answer::Stored));
    assert_eq!(client.read("t").await[0]["v"], json!({"start": "1970-01-02"}));
    assert!(matches!(
        client.append("t", &schema, &[row(vec![Wire::Int(2), Wire::Int(1)])]).await,
        Ok(Answer::BadRows(..))
    ));
}
