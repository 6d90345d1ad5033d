//! Which change of a key wins, and for how long deletes are remembered (points 8, 9, 10 and 17).

use std::time::Duration;

use serde_json::json;
use storage_write_standin::Settings;

use crate::client::{Answer, change, note, notes, notes_schema};

#[tokio::test]
async fn an_older_batch_that_is_sent_again_changes_nothing() {
    let client = notes(Settings::default()).await;
    change(&client, note(1, "run 7", "UPSERT", "1/7")).await;
    change(&client, note(1, "run 8", "UPSERT", "1/8")).await;
    change(&client, note(1, "run 7", "UPSERT", "1/7")).await;
    assert_eq!(client.read("notes").await, json!([{"id": 1, "note": "run 8"}]));
    // It is stored nevertheless.
    assert_eq!(client.server.tables().log("p.d.notes").await.unwrap().len(), 3);
}

#[tokio::test]
async fn without_numbers_an_older_batch_wins_when_it_is_sent_again() {
    let client = notes(Settings::default()).await;
    change(&client, note(1, "run 7", "UPSERT", "")).await;
    change(&client, note(1, "run 8", "UPSERT", "")).await;
    change(&client, note(1, "run 7", "UPSERT", "")).await;
    assert_eq!(client.read("notes").await, json!([{"id": 1, "note": "run 7"}]));
}

#[tokio::test]
async fn a_later_incarnation_wins_with_any_ordinal() {
    let client = notes(Settings::default()).await;
    change(&client, note(1, "before", "UPSERT", "1/FF")).await;
    change(&client, note(1, "after", "UPSERT", "2/1")).await;
    assert_eq!(client.read("notes").await, json!([{"id": 1, "note": "after"}]));
}

#[tokio::test]
async fn a_deleted_key_stays_dead_for_two_days_only() {
    for (hours, rows) in [(47, 0), (49, 1)] {
        let client = notes(Settings::default()).await;
        change(&client, note(1, "", "DELETE", "1/8")).await;
        client.server.clock().advance(Duration::from_hours(hours));
        change(&client, note(1, "late", "UPSERT", "1/7")).await;
        assert_eq!(client.read("notes").await.as_array().unwrap().len(), rows, "{hours} hours");
    }
}

#[tokio::test]
async fn an_upsert_replaces_the_whole_row() {
    let client = notes(Settings::default()).await;
    change(&client, note(1, "a", "UPSERT", "1")).await;
    change(&client, note(1, "", "UPSERT", "2")).await;
    assert_eq!(client.read("notes").await, json!([{"id": 1}]));
}

#[tokio::test]
async fn a_bad_number_is_an_error_of_its_row() {
    let client = notes(Settings::default()).await;
    for bad in ["x", "1/2/3/4/5", "00000000000000001", "1//2", "-1"] {
        let rows = [note(1, "a", "UPSERT", "1"), note(2, "b", "UPSERT", bad)];
        let answer = client.append("notes", &notes_schema(), &rows).await.unwrap();
        let Answer::BadRows(_, rows) = answer else { panic!("{bad}: {answer:?}") };
        assert_eq!(rows[0].0, 1, "{bad}");
    }
    assert_eq!(client.read("notes").await, json!([]));
}

#[tokio::test]
async fn numbers_for_some_changes_alone_are_a_lottery_of_the_seed() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..32 {
        let client = notes(Settings { seed, ..Settings::default() }).await;
        change(&client, note(1, "numbered", "UPSERT", "1")).await;
        change(&client, note(1, "bare", "UPSERT", "")).await;
        seen.insert(client.read("notes").await.to_string());
    }
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn a_key_may_have_several_columns() {
    let client = crate::client::Client::new().await;
    let mut table = crate::client::notes_table();
    table["schema"]["fields"][1]["mode"] = json!("REQUIRED");
    table["tableConstraints"]["primaryKey"]["columns"] = json!(["note", "id"]);
    client.declare("notes", table).await;
    change(&client, note(1, "a", "UPSERT", "1")).await;
    change(&client, note(1, "b", "UPSERT", "1")).await;
    change(&client, note(1, "a", "DELETE", "2")).await;
    assert_eq!(client.read("notes").await, json!([{"id": 1, "note": "b"}]));
}
