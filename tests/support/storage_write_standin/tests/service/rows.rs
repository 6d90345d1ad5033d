//! Bad rows: each is named, and nothing of their request is stored (point 7).

use prost_types::field_descriptor_proto::{Label, Type};
use serde_json::{Value, json};
use storage_write_standin::Settings;

use crate::client::{Answer, Client, Schema, Wire, encode, note, notes, notes_schema, text};

/// A table with the key `id` and one column more.
pub async fn table_with(column: Value) -> Client {
    let client = Client::new().await;
    let table = json!({
        "creationTime": "1",
        "schema": {"fields": [{"name": "id", "type": "INTEGER", "mode": "REQUIRED"}, column]},
        "tableConstraints": {"primaryKey": {"columns": ["id"]}},
    });
    client.declare("t", table).await;
    client
}

/// The answer to one row with this value in the column `v`.
pub async fn try_value(client: &Client, kind: Type, value: Wire) -> Answer {
    let schema = Schema::with_changes(&[("id", Type::Int64), ("v", kind)]);
    let row = encode(&[Wire::Int(1), value, text("UPSERT"), text("1")]);
    client.append("t", &schema, &[row]).await.unwrap()
}

fn index_of(answer: Answer) -> Vec<i64> {
    match answer {
        Answer::BadRows(_, rows) => rows.into_iter().map(|(index, _)| index).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_bad_row_of_many_keeps_all_from_being_stored() {
    let client = table_with(json!({"name": "v", "type": "JSON"})).await;
    let schema = Schema::with_changes(&[("id", Type::Int64), ("v", Type::String)]);
    let row = |id: i64, document: &str| encode(&[Wire::Int(id), text(document), text("UPSERT"), text("1")]);
    let rows: Vec<_> = (0..5_000).map(|id| row(id, if id == 4_999 { "{bad" } else { "{}" })).collect();
    let answer = client.append("t", &schema, &rows).await.unwrap();
    let Answer::BadRows(words, bad) = answer else { panic!("{answer:?}") };
    assert!(words.contains("row_errors"), "{words}");
    assert_eq!(bad.len(), 1);
    // The message holds the value, as the service's does: nobody may log it.
    assert_eq!((bad[0].0, bad[0].1.contains("{bad")), (4_999, true));
    assert_eq!(client.read("t").await, json!([]));
    assert_eq!(client.append("t", &schema, &rows[..4_999]).await, Ok(Answer::Stored));
    assert_eq!(client.read("t").await.as_array().unwrap().len(), 4_999);
}

#[tokio::test]
async fn all_bad_rows_are_named() {
    let client = notes(Settings::default()).await;
    let keyless = encode(&[Wire::Null, text("a"), text("UPSERT"), text("1")]);
    let rows = [keyless.clone(), note(1, "a", "UPSERT", "1"), keyless];
    assert_eq!(index_of(client.append("notes", &notes_schema(), &rows).await.unwrap()), [0, 2]);
}

#[tokio::test]
async fn a_required_column_must_be_in_the_schema_and_in_each_row() {
    let client = table_with(json!({"name": "v", "type": "STRING", "mode": "REQUIRED"})).await;
    let answer = try_value(&client, Type::String, Wire::Null).await;
    assert_eq!(index_of(answer), [0]);
    let schema = Schema::with_changes(&[("id", Type::Int64)]);
    let rows = [encode(&[Wire::Int(1), text("UPSERT")]), encode(&[Wire::Int(2), text("UPSERT")])];
    let answer = client.append("t", &schema, &rows).await.unwrap();
    assert!(answer.words().contains("The required field v is missing in the proto message"), "{answer:?}");
    assert_eq!(index_of(answer), [0, 1]);
    // A delete of the key alone has nothing for it either.
    let row = encode(&[Wire::Int(1), Wire::Null, text("DELETE"), text("1")]);
    let schema = Schema::with_changes(&[("id", Type::Int64), ("v", Type::String)]);
    assert_eq!(index_of(client.append("t", &schema, &[row]).await.unwrap()), [0]);
}

#[tokio::test]
async fn a_key_that_is_null_is_refused_even_where_the_column_allows_it() {
    let client = Client::new().await;
    let mut table = crate::client::notes_table();
    table["schema"]["fields"][0]["mode"] = json!("NULLABLE");
    client.declare("notes", table).await;
    for kind in ["UPSERT", "DELETE"] {
        let row = encode(&[Wire::Null, text("a"), text(kind), text("1")]);
        assert_eq!(index_of(client.append("notes", &notes_schema(), &[row]).await.unwrap()), [0]);
    }
}

#[tokio::test]
async fn a_field_of_a_type_that_the_column_does_not_take_is_refused_with_each_row() {
    let client = table_with(json!({"name": "v", "type": "INTEGER"})).await;
    let answer = try_value(&client, Type::String, text("1")).await;
    assert!(
        answer.words().contains(
            "The proto field mismatched with BigQuery field at v, the proto field type string, BigQuery field type INTEGER"
        ),
        "{answer:?}"
    );
    assert_eq!(index_of(answer), [0]);
    let mut schema = Schema::new(&[("id", Type::Int64), ("v", Type::Int64)]);
    schema.push("_CHANGE_TYPE", Type::Int64, Label::Optional, None);
    let row = encode(&[Wire::Int(1), Wire::Int(1), Wire::Int(1)]);
    assert_eq!(index_of(client.append("t", &schema, &[row]).await.unwrap()), [0]);
}

#[tokio::test]
async fn bytes_that_are_no_message_of_the_schema_are_a_bad_row() {
    let client = notes(Settings::default()).await;
    // A text where the descriptor says a number; a length beyond the end; a text that is not UTF-8.
    let rows = [
        encode(&[text("one"), text("a"), text("UPSERT")]),
        vec![0x12, 0x7f, 0x00],
        encode(&[Wire::Int(1), Wire::Raw(vec![0xff]), text("UPSERT")]),
        note(1, "a", "UPSERT", "1"),
    ];
    assert_eq!(index_of(client.append("notes", &notes_schema(), &rows).await.unwrap()), [0, 1, 2]);
}

#[tokio::test]
async fn a_value_that_is_none_of_its_enum_is_refused() {
    let client = table_with(json!({"name": "v", "type": "STRING"})).await;
    let mut schema = Schema::with_changes(&[("id", Type::Int64)]);
    schema.push("v", Type::Enum, Label::Optional, Some("Colour"));
    schema.0.enum_type.push(prost_types::EnumDescriptorProto {
        name: Some("Colour".into()),
        value: ["RED", "GREEN"]
            .iter()
            .zip(0..)
            .map(|(name, number)| prost_types::EnumValueDescriptorProto {
                name: Some((*name).into()),
                number: Some(number),
                options: None,
            })
            .collect(),
        ..Default::default()
    });
    let row = |value: i64| encode(&[Wire::Int(1), text("UPSERT"), text("1"), Wire::Int(value)]);
    assert_eq!(client.append("t", &schema, &[row(1)]).await, Ok(Answer::Stored));
    assert_eq!(client.read("t").await, json!([{"id": 1, "v": "GREEN"}]));
    assert_eq!(index_of(client.append("t", &schema, &[row(2)]).await.unwrap()), [0]);
}

#[tokio::test]
async fn names_are_compared_without_case() {
    let client = table_with(json!({"name": "Größe", "type": "INTEGER"})).await;
    let schema = Schema::with_changes(&[("ID", Type::Int64)]);
    let row = encode(&[Wire::Int(1), text("UPSERT"), text("1")]);
    assert_eq!(client.append("t", &schema, &[row]).await, Ok(Answer::Stored));
    assert_eq!(client.read("t").await, json!([{"id": 1}]));
}
