//! The examples of Google's page "Stream table updates with change data capture".

use prost_types::field_descriptor_proto::Type;
use serde_json::json;
use storage_write_standin::Settings;

use crate::client::{Answer, Client, Schema, Wire, change, encode, note, notes, text};

fn salary_table() -> serde_json::Value {
    json!({
        "creationTime": "1",
        "schema": {"fields": [
            {"name": "ID", "type": "INTEGER", "mode": "REQUIRED"},
            {"name": "Name", "type": "STRING"},
            {"name": "Salary", "type": "INTEGER"},
        ]},
        "tableConstraints": {"primaryKey": {"columns": ["ID"]}},
    })
}

#[tokio::test]
async fn the_table_of_salaries() {
    let client = Client::new().await;
    client.declare("salaries", salary_table()).await;
    let before = json!([
        {"ID": 100, "Name": "Charlie", "Salary": 2000},
        {"ID": 101, "Name": "Tal", "Salary": 3000},
        {"ID": 102, "Name": "Lee", "Salary": 5000},
    ]);
    client.server.tables().load("p.d.salaries", serde_json::from_value(before).unwrap()).await.unwrap();
    let mut schema = Schema::new(&[("ID", Type::Int64), ("Name", Type::String), ("Salary", Type::Int64)]);
    schema.push("_CHANGE_TYPE", Type::String, prost_types::field_descriptor_proto::Label::Optional, None);
    let rows = [
        encode(&[Wire::Int(100), Wire::Null, Wire::Null, text("DELETE")]),
        encode(&[Wire::Int(101), text("Tal"), Wire::Int(8000), text("UPSERT")]),
        encode(&[Wire::Int(105), text("Izumi"), Wire::Int(6000), text("UPSERT")]),
    ];
    assert_eq!(client.append("salaries", &schema, &rows).await, Ok(Answer::Stored));
    let after = json!([
        {"ID": 101, "Name": "Tal", "Salary": 8000},
        {"ID": 102, "Name": "Lee", "Salary": 5000},
        {"ID": 105, "Name": "Izumi", "Salary": 6000},
    ]);
    assert_eq!(client.read("salaries").await, after);
}

#[tokio::test]
async fn the_four_examples_of_sequence_numbers() {
    // The record that wins, then the one that loses.
    for (winner, loser) in [("FFF/ABC", "ABC"), ("ABC", "BA/FFFFFFFF"), ("FFF/ABC", "FFF/B"), ("FFF/ABC", "FFF")] {
        for first in [winner, loser] {
            let client = notes(Settings::default()).await;
            let second = if first == winner { loser } else { winner };
            change(&client, note(1, first, "UPSERT", first)).await;
            change(&client, note(1, second, "UPSERT", second)).await;
            assert_eq!(client.read("notes").await, json!([{"id": 1, "note": winner}]), "{first} then {second}");
        }
    }
}
