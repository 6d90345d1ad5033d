//! What readers see and when (point 11).

use std::time::Duration;

use serde_json::json;
use storage_write_standin::{Applies, Settings};

use crate::client::{Client, change, note, notes, notes_table};

async fn stale(settings: Settings) -> Client {
    let client = Client::with(settings).await;
    let mut table = notes_table();
    table["maxStaleness"] = json!("0-0 0 0:15:0");
    client.declare("notes", table).await;
    client
}

#[tokio::test]
async fn without_a_staleness_readers_see_a_change_with_its_answer() {
    let client = notes(Settings::default()).await;
    change(&client, note(1, "a", "UPSERT", "1")).await;
    assert_eq!(client.read("notes").await, json!([{"id": 1, "note": "a"}]));
    assert_eq!(client.server.tables().watermark("p.d.notes").await.unwrap(), None);
}

#[tokio::test]
async fn with_one_they_see_what_was_applied() {
    let client = stale(Settings::default()).await;
    change(&client, note(1, "a", "UPSERT", "1")).await;
    assert_eq!(client.read("notes").await, json!([]));
    let sent = client.server.clock().now();
    client.server.tables().apply("p.d.notes").await.unwrap();
    assert_eq!(client.read("notes").await, json!([{"id": 1, "note": "a"}]));
    assert!(client.server.tables().watermark("p.d.notes").await.unwrap().unwrap() >= sent);
    change(&client, note(1, "", "DELETE", "2")).await;
    assert_eq!(client.read("notes").await, json!([{"id": 1, "note": "a"}]));
    client.server.tables().apply_all().await.unwrap();
    assert_eq!(client.read("notes").await, json!([]));
}

#[tokio::test]
async fn rows_without_a_change_type_are_seen_at_once() {
    let client = stale(Settings::default()).await;
    let plain = crate::client::Schema::new(&[("id", prost_types::field_descriptor_proto::Type::Int64)]);
    let row = crate::client::encode(&[crate::client::Wire::Int(7)]);
    client.append("notes", &plain, &[row]).await.unwrap();
    assert_eq!(client.read("notes").await, json!([{"id": 7}]));
}

#[tokio::test]
async fn the_server_applies_by_itself_where_it_is_told_to() {
    let applies = Applies::Every(Duration::from_millis(5));
    let client = stale(Settings { applies, ..Settings::default() }).await;
    change(&client, note(1, "a", "UPSERT", "1")).await;
    while client.read("notes").await != json!([{"id": 1, "note": "a"}]) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_staleness_that_is_taken_away_shows_all_with_the_next_change() {
    let client = stale(Settings::default()).await;
    change(&client, note(1, "a", "UPSERT", "1")).await;
    client.declare("notes", notes_table()).await;
    change(&client, note(2, "b", "UPSERT", "1")).await;
    assert_eq!(client.read("notes").await, json!([{"id": 1, "note": "a"}, {"id": 2, "note": "b"}]));
}
