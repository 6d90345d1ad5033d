//! Columns that come and go, and tables that are made anew (points 3, 4 and 14).

use std::time::Duration;

use prost_types::field_descriptor_proto::Type;
use serde_json::{Value, json};
use storage_write_standin::Settings;
use tonic::Code;

use crate::client::{Answer, Client, Schema, Wire, encode, notes, notes_table, request, stream_of, text};

const EXTRA_FIELDS: Option<i32> = Some(7);
const DELAY: Duration = Duration::from_mins(5);

fn wider() -> Value {
    let mut table = notes_table();
    table["schema"]["fields"].as_array_mut().unwrap().push(json!({"name": "more", "type": "STRING"}));
    table
}

/// Rows with the column `more`.
fn wide_schema() -> Schema {
    Schema::with_changes(&[("id", Type::Int64), ("note", Type::String), ("more", Type::String)])
}

fn wide_row(id: i64) -> Vec<u8> {
    encode(&[Wire::Int(id), text("a"), text("m"), text("UPSERT"), text("1")])
}

fn narrow_schema() -> Schema {
    Schema::with_changes(&[("id", Type::Int64)])
}

fn narrow_row(id: i64) -> Vec<u8> {
    encode(&[Wire::Int(id), text("UPSERT"), text("1")])
}

fn is_extra(answer: Result<Answer, Code>) -> bool {
    matches!(answer, Ok(Answer::Refused(Code::InvalidArgument, words, EXTRA_FIELDS)) if words.contains("extra fields: 'more'"))
}

#[tokio::test]
async fn a_field_that_the_table_has_not_is_refused_with_its_code() {
    let client = notes(Settings::default()).await;
    assert!(is_extra(client.append("notes", &wide_schema(), &[wide_row(1)]).await));
    assert_eq!(client.read("notes").await, json!([]));
}

#[tokio::test]
async fn an_open_stream_learns_of_a_column_later_and_says_so() {
    let client = notes(Settings { schema_delay: DELAY, ..Settings::default() }).await;
    let stream = stream_of("notes");
    let mut open = client.call().await;
    assert_eq!(open.ask(request(&stream, Some(&narrow_schema()), &[narrow_row(1)])).await, Ok(Answer::Stored));
    let mut wide = client.call().await;
    assert!(is_extra(wide.ask(request(&stream, Some(&wide_schema()), &[wide_row(2)])).await));
    client.declare("notes", wider()).await;
    assert!(is_extra(wide.ask(request("", None, &[wide_row(2)])).await));
    // A new stream knows it at once.
    assert_eq!(client.append("notes", &wide_schema(), &[wide_row(3)]).await, Ok(Answer::Stored));
    open.send(request("", None, &[narrow_row(4)]));
    assert_eq!(open.response().await.unwrap().updated_schema, None);
    client.server.clock().advance(DELAY);
    assert_eq!(wide.ask(request("", None, &[wide_row(2)])).await, Ok(Answer::Stored));
    open.send(request("", None, &[narrow_row(5)]));
    let told = open.response().await.unwrap().updated_schema.expect("the new columns");
    let names: Vec<&str> = told.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["id", "note", "more"]);
    assert_eq!((told.fields[0].r#type, told.fields[0].mode), (2, 2), "INT64, REQUIRED");
    open.send(request("", None, &[narrow_row(6)]));
    assert_eq!(open.response().await.unwrap().updated_schema, None, "it is told once");
}

#[tokio::test]
async fn new_streams_may_be_late_as_well() {
    let client = notes(Settings { new_stream_delay: DELAY, ..Settings::default() }).await;
    client.declare("notes", wider()).await;
    assert!(is_extra(client.append("notes", &wide_schema(), &[wide_row(1)]).await));
    client.server.clock().advance(DELAY);
    assert_eq!(client.append("notes", &wide_schema(), &[wide_row(1)]).await, Ok(Answer::Stored));
}

#[tokio::test]
async fn a_dropped_column_is_taken_and_lost_for_a_while() {
    let client = Client::with(Settings { drop_delay: Duration::from_secs(9), ..Settings::default() }).await;
    client.declare("notes", wider()).await;
    assert_eq!(client.append("notes", &wide_schema(), &[wide_row(1)]).await, Ok(Answer::Stored));
    client.declare("notes", notes_table()).await;
    assert_eq!(client.append("notes", &wide_schema(), &[wide_row(2)]).await, Ok(Answer::Stored));
    assert_eq!(client.read("notes").await[1], json!({"id": 2, "note": "a"}));
    client.server.clock().advance(Duration::from_secs(9));
    assert!(is_extra(client.append("notes", &wide_schema(), &[wide_row(3)]).await));
}

#[tokio::test]
async fn a_table_that_is_made_anew_is_not_found_for_a_while_and_begins_empty() {
    let client = notes(Settings { routing_delay: DELAY, ..Settings::default() }).await;
    assert_eq!(client.append("notes", &narrow_schema(), &[narrow_row(1)]).await, Ok(Answer::Stored));
    let mut anew = notes_table();
    anew["creationTime"] = json!("2");
    client.declare("notes", anew).await;
    let mut call = client.call().await;
    assert_eq!(
        call.ask(request(&stream_of("notes"), Some(&narrow_schema()), &[narrow_row(2)])).await,
        Err(Code::NotFound)
    );
    client.server.clock().advance(DELAY);
    assert_eq!(client.append("notes", &narrow_schema(), &[narrow_row(2)]).await, Ok(Answer::Stored));
    assert_eq!(client.read("notes").await, json!([{"id": 2}]));
    assert_eq!(client.server.tables().log("p.d.notes").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_table_that_is_gone_is_not_found() {
    let client = notes(Settings::default()).await;
    assert_eq!(client.append("notes", &narrow_schema(), &[narrow_row(1)]).await, Ok(Answer::Stored));
    client.server.tables().remove("p.d.notes").unwrap();
    assert_eq!(client.append("notes", &narrow_schema(), &[narrow_row(2)]).await, Err(Code::NotFound));
    assert_eq!(client.read("notes").await, json!([]));
}
