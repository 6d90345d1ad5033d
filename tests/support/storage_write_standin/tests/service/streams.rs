//! Which streams, schemas and tables are taken (points 1, 2, 5 and 6).

use gcp_bigquery_client::google::cloud::bigquery::storage::v1::append_rows_request::MissingValueInterpretation;
use prost_types::field_descriptor_proto::{Label, Type};
use serde_json::json;
use storage_write_standin::{LaterSchema, Settings};
use tonic::Code;

use crate::client::{
    Answer, Client, Schema, Wire, encode, note, notes, notes_schema, notes_table, request, stream_of, text,
};

const STREAM_NOT_FOUND: &str = "projects/p/datasets/d/tables/notes/streams/made";

#[tokio::test]
async fn a_stream_that_was_made_takes_no_changes() {
    let client = notes(Settings::default()).await;
    let row = note(1, "a", "UPSERT", "1");
    let answer = client.call().await.ask(request(STREAM_NOT_FOUND, Some(&notes_schema()), &[row])).await.unwrap();
    let Answer::Refused(Code::InvalidArgument, words, None) = answer else { panic!("{answer:?}") };
    assert!(words.contains("The given value is not a valid CHANGE_TYPE in insert mode: UPSERT"), "{words}");
    let plain = Schema::new(&[("id", Type::Int64), ("note", Type::String)]);
    let row = encode(&[Wire::Int(1)]);
    let answer = client.call().await.ask(request(STREAM_NOT_FOUND, Some(&plain), &[row])).await;
    assert_eq!(answer, Err(Code::NotFound));
}

#[tokio::test]
async fn names_that_are_none_end_the_call() {
    let client = notes(Settings::default()).await;
    for name in ["", "notes", "projects/p/datasets/d/tables/notes"] {
        let answer = client.call().await.ask(request(name, Some(&notes_schema()), &[])).await;
        assert_eq!(answer, Err(Code::InvalidArgument), "{name}");
    }
    let answer = client.append("nothing", &notes_schema(), &[note(1, "a", "UPSERT", "1")]).await;
    assert_eq!(answer, Err(Code::NotFound));
}

#[tokio::test]
async fn the_schema_comes_with_the_first_request_and_with_each_new_table() {
    let client = notes(Settings::default()).await;
    client.declare("others", notes_table()).await;
    let (one, other, schema) = (stream_of("notes"), stream_of("others"), notes_schema());
    let row = |id| [note(id, "a", "UPSERT", "1")];
    let mut call = client.call().await;
    let refused = call.ask(request(&one, None, &row(1))).await.unwrap();
    assert!(refused.words().contains("writer schema is missing"), "{refused:?}");
    assert_eq!(call.ask(request(&one, Some(&schema), &row(1))).await, Ok(Answer::Stored));
    assert_eq!(call.ask(request("", None, &row(2))).await, Ok(Answer::Stored));
    assert_eq!(call.ask(request(&one, None, &row(3))).await, Ok(Answer::Stored));
    let refused = call.ask(request(&other, None, &row(1))).await.unwrap();
    assert!(refused.words().contains("writer schema is missing"), "{refused:?}");
    assert_eq!(call.ask(request(&other, Some(&schema), &row(1))).await, Ok(Answer::Stored));
    assert_eq!(client.read("notes").await.as_array().unwrap().len(), 3);
    assert_eq!(client.read("others").await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_later_schema_is_ignored_unless_the_server_is_told_to_take_it() {
    for (later, seen) in [(LaterSchema::Ignored, "a"), (LaterSchema::Taken, "b")] {
        let client = notes(Settings { later_schema: later, ..Settings::default() }).await;
        let mut call = client.call().await;
        let first = notes_schema();
        assert_eq!(call.ask(request(&stream_of("notes"), Some(&first), &[])).await, Ok(Answer::Stored));
        // The same fields in another order: field 5 is the note.
        let mut second = Schema::new(&[("id", Type::Int64), ("gone", Type::String), ("_CHANGE_TYPE", Type::String)]);
        second.push("_CHANGE_SEQUENCE_NUMBER", Type::String, Label::Optional, None);
        second.push("note", Type::String, Label::Optional, None);
        second.0.field.remove(1);
        let row = encode(&[Wire::Int(1), text("a"), text("UPSERT"), text("1"), text("b")]);
        assert_eq!(call.ask(request("", Some(&second), &[row])).await, Ok(Answer::Stored));
        assert_eq!(client.read("notes").await, json!([{"id": 1, "note": seen}]));
    }
}

#[tokio::test]
async fn without_a_change_type_in_the_schema_rows_are_appended() {
    let client = notes(Settings::default()).await;
    let plain = Schema::new(&[("id", Type::Int64), ("note", Type::String)]);
    // The type is in the row alone: it is dropped without a word.
    let row = note(1, "a", "UPSERT", "1");
    for _ in 0..2 {
        assert_eq!(client.append("notes", &plain, std::slice::from_ref(&row)).await, Ok(Answer::Stored));
    }
    assert_eq!(client.read("notes").await, json!([{"id": 1, "note": "a"}, {"id": 1, "note": "a"}]));
    assert!(!client.server.tables().has_changes("p.d.notes").await.unwrap());
}

#[tokio::test]
async fn change_types_are_the_two_words_and_every_row_has_one() {
    let client = notes(Settings::default()).await;
    for bad in ["upsert", "INSERT", "Upsert", " UPSERT", ""] {
        let rows = [note(1, "a", "UPSERT", "1"), note(2, "b", bad, "1")];
        let answer = client.append("notes", &notes_schema(), &rows).await.unwrap();
        let Answer::BadRows(words, rows) = answer else { panic!("{bad}: {answer:?}") };
        assert!(words.contains("The given value is not a valid CHANGE_TYPE"), "{words}");
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].0, 1);
    }
    assert_eq!(client.read("notes").await, json!([]));
}

#[tokio::test]
async fn a_table_without_a_key_takes_no_changes() {
    let client = Client::new().await;
    let mut table = notes_table();
    table["tableConstraints"] = json!(null);
    client.declare("notes", table).await;
    let answer = client.append("notes", &notes_schema(), &[note(1, "a", "UPSERT", "1")]).await.unwrap();
    let Answer::Refused(Code::InvalidArgument, words, None) = answer else { panic!("{answer:?}") };
    assert!(words.contains("primary key"), "{words}");
}

#[tokio::test]
async fn a_number_without_a_change_type_is_a_column_that_the_table_has_not() {
    let client = notes(Settings::default()).await;
    let schema = Schema::new(&[("id", Type::Int64), ("_CHANGE_SEQUENCE_NUMBER", Type::String)]);
    let answer = client.append("notes", &schema, &[encode(&[Wire::Int(1)])]).await.unwrap();
    assert!(answer.words().contains("extra fields: '_CHANGE_SEQUENCE_NUMBER'"), "{answer:?}");
}

#[tokio::test]
async fn an_offset_and_the_defaults_of_columns_are_refused() {
    let client = notes(Settings::default()).await;
    let asked = || request(&stream_of("notes"), Some(&notes_schema()), &[note(1, "a", "UPSERT", "1")]);
    let mut with_offset = asked();
    with_offset.offset = Some(0);
    assert!(client.call().await.ask(with_offset).await.unwrap().words().contains("offset"));
    let mut with_defaults = asked();
    with_defaults.set_default_missing_value_interpretation(MissingValueInterpretation::DefaultValue);
    assert!(client.call().await.ask(with_defaults).await.unwrap().words().contains("defaults"));
    let mut without_rows = asked();
    without_rows.rows = None;
    assert!(client.call().await.ask(without_rows).await.unwrap().words().contains("no rows"));
    assert_eq!(client.read("notes").await, json!([]));
}

#[tokio::test]
async fn more_than_2000_columns_take_no_changes() {
    let client = Client::new().await;
    for (columns, fits) in [(2_000, true), (2_001, false)] {
        let mut table = notes_table();
        table["creationTime"] = json!(columns.to_string());
        let fields = (0..columns - 1).map(|at| json!({"name": format!("c{at}"), "type": "INTEGER"}));
        let key = json!({"name": "id", "type": "INTEGER", "mode": "REQUIRED"});
        table["schema"]["fields"] = fields.chain([key]).collect();
        client.declare("wide", table).await;
        let schema = Schema::with_changes(&[("id", Type::Int64)]);
        let row = encode(&[Wire::Int(1), text("UPSERT")]);
        let answer = client.append("wide", &schema, &[row]).await.unwrap();
        assert_eq!(answer == Answer::Stored, fits, "{answer:?}");
    }
}
