//! How large a request may be (point 13).

use prost::Message as _;
use serde_json::json;
use storage_write_standin::Settings;
use tonic::Code;

use crate::client::{Answer, note, notes, notes_schema, request, stream_of};

/// A request whose encoded length is exactly so many bytes.
fn sized(bytes: usize) -> gcp_bigquery_client::google::cloud::bigquery::storage::v1::AppendRowsRequest {
    let stream = stream_of("notes");
    let of = |length: usize| request(&stream, Some(&notes_schema()), &[note(1, &"x".repeat(length), "UPSERT", "1")]);
    let mut length = bytes - of(bytes).encoded_len().saturating_sub(bytes);
    while of(length).encoded_len() < bytes {
        length += 1;
    }
    of(length)
}

#[tokio::test]
async fn a_request_of_ten_megabytes_is_taken_and_one_byte_more_is_refused() {
    let client = notes(Settings::default()).await;
    let mut call = client.call().await;
    let fits = sized(10_000_000);
    assert_eq!(fits.encoded_len(), 10_000_000);
    assert_eq!(call.ask(fits).await, Ok(Answer::Stored));
    let answer = call.ask(sized(10_000_001)).await.unwrap();
    let Answer::Refused(Code::InvalidArgument, words, None) = answer else { panic!("{answer:?}") };
    assert!(words.contains("10000001 bytes"), "{words}");
    // The call goes on.
    assert_eq!(call.ask(sized(1_000)).await, Ok(Answer::Stored));
    let sizes: Vec<usize> = client.server.ledger().requests().iter().map(|request| request.bytes).collect();
    assert_eq!(sizes, [10_000_000, 10_000_001, 1_000]);
}

#[tokio::test]
async fn twenty_mebibytes_and_one_byte_end_the_connection() {
    let client = notes(Settings::default()).await;
    let limit = 20 << 20;
    let mut call = client.call().await;
    assert!(matches!(call.ask(sized(limit)).await, Ok(Answer::Refused(Code::InvalidArgument, _, _))));
    let mut other = client.call().await;
    assert_eq!(other.ask(sized(1_000)).await, Ok(Answer::Stored));
    call.send(sized(limit + 1));
    assert!(call.answer().await.is_err());
    // Everything on that connection is over, not the one call alone.
    assert!(other.answer().await.is_err());
    assert_eq!(client.server.ledger().oversize(), 1);
    assert_eq!(client.server.ledger().count(), 2);
}

#[tokio::test]
async fn a_refused_request_stores_nothing() {
    let client = notes(Settings { request_limit: 500, ..Settings::default() }).await;
    let answer = client.call().await.ask(sized(501)).await.unwrap();
    assert!(matches!(answer, Answer::Refused(Code::InvalidArgument, _, _)));
    assert_eq!(client.read("notes").await, json!([]));
}
