//! What can go wrong, the ledger, and the order of answers (points 15, 16 and 18).

use std::time::{Duration, Instant};

use serde_json::json;
use storage_write_standin::answer::{BadRow, Refusal, StorageCode};
use storage_write_standin::faults::{Action, Fault, When, transient};
use storage_write_standin::ledger::Outcome;
use storage_write_standin::{Keeping, Settings};
use tokio::io::AsyncReadExt as _;
use tonic::Code;

use crate::client::{Answer, Call, call_on, connect, note, notes, notes_schema, request, stream_of};

fn row(id: i64) -> [Vec<u8>; 1] {
    [note(id, "a", "UPSERT", "1")]
}

/// Sends rows 0 to `rows`, one a request.
fn send_rows(call: &Call, rows: i64) {
    for id in 0..rows {
        let schema = (id == 0).then(notes_schema);
        call.send(request(
            if id == 0 { stream_of("notes") } else { String::new() }.as_str(),
            schema.as_ref(),
            &row(id),
        ));
    }
}

async fn ids(client: &crate::client::Client) -> Vec<i64> {
    client.read("notes").await.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn an_error_in_an_answer_hits_one_request() {
    for code in [Code::Internal, Code::Unavailable, Code::Aborted, Code::ResourceExhausted, Code::PermissionDenied] {
        let client = notes(Settings::default()).await;
        client.server.faults().add(Fault::once(When::Index(1), Action::Refuse(transient(code))));
        let mut call = client.call().await;
        send_rows(&call, 3);
        assert_eq!(call.answer().await, Ok(Answer::Stored));
        assert!(matches!(call.answer().await, Ok(Answer::Refused(found, _, None)) if found == code));
        assert_eq!(call.answer().await, Ok(Answer::Stored));
        assert_eq!(ids(&client).await, [0, 2]);
    }
}

#[tokio::test]
async fn a_structured_code_and_rows_can_be_asked_for() {
    let client = notes(Settings::default()).await;
    let finalized = Refusal::invalid("finalized").with(StorageCode::StreamFinalized);
    client.server.faults().add(Fault::once(When::Index(0), Action::Refuse(finalized)));
    let bad = BadRow { index: 0, message: "secret".into() };
    client.server.faults().add(Fault::once(When::Index(1), Action::BadRows(vec![bad])));
    let mut call = client.call().await;
    send_rows(&call, 2);
    assert!(matches!(call.answer().await, Ok(Answer::Refused(Code::InvalidArgument, _, Some(6)))));
    assert!(matches!(call.answer().await, Ok(Answer::BadRows(_, rows)) if rows == [(0, "secret".to_owned())]));
    assert_eq!(ids(&client).await, [0i64; 0]);
}

#[tokio::test]
async fn a_status_ends_the_call_before_or_after_the_rows_are_stored() {
    let cases = [
        (Action::End(transient(Code::Unavailable)), Err(Code::Unavailable), vec![0]),
        (Action::EndAfter(transient(Code::DeadlineExceeded)), Err(Code::DeadlineExceeded), vec![0, 1]),
        (Action::EndQuietly, Err(Code::Ok), vec![0]),
    ];
    for (action, answer, stored) in cases {
        let client = notes(Settings::default()).await;
        client.server.faults().add(Fault::once(When::Index(1), action));
        let mut call = client.call().await;
        send_rows(&call, 2);
        assert_eq!(call.answer().await, Ok(Answer::Stored));
        assert_eq!(call.answer().await, answer);
        assert_eq!(ids(&client).await, stored);
    }
}

#[tokio::test]
async fn a_connection_is_closed_before_or_after_the_rows_are_stored() {
    for (action, stored) in [(Action::CloseBefore, vec![]), (Action::CloseAfter, vec![0])] {
        let client = notes(Settings::default()).await;
        client.server.faults().add(Fault::once(When::Table("p.d.notes".into()), action));
        let mut call = client.call().await;
        let mut other = client.call().await;
        send_rows(&call, 1);
        assert!(call.answer().await.is_err());
        assert!(other.answer().await.is_err(), "the whole connection is closed");
        assert_eq!(ids(&client).await, stored);
        // The next one is served.
        let mut call = client.fresh_call().await;
        send_rows(&call, 1);
        assert_eq!(call.answer().await, Ok(Answer::Stored));
        assert_eq!(client.server.ledger().connections(), 2);
    }
}

#[tokio::test]
async fn a_lost_answer_and_a_newer_run_between() {
    let client = notes(Settings::default()).await;
    let (stream, schema) = (stream_of("notes"), notes_schema());
    client.server.faults().add(Fault::once(When::Request, Action::CloseAfter));
    let old = [note(1, "run 7", "UPSERT", "1/7")];
    assert!(client.fresh_call().await.ask(request(&stream, Some(&schema), &old)).await.is_err());
    let new = [note(1, "run 8", "UPSERT", "1/8")];
    assert_eq!(client.fresh_call().await.ask(request(&stream, Some(&schema), &new)).await, Ok(Answer::Stored));
    assert_eq!(client.fresh_call().await.ask(request(&stream, Some(&schema), &old)).await, Ok(Answer::Stored));
    assert_eq!(client.read("notes").await, json!([{"id": 1, "note": "run 8"}]));
}

#[tokio::test]
async fn answers_come_in_the_order_of_the_requests() {
    let client = notes(Settings::default()).await;
    client.server.faults().add(Fault::once(When::Index(1), Action::Delay(Duration::from_millis(50))));
    let refusal = Action::Refuse(transient(Code::Internal));
    client.server.faults().add(Fault::once(When::Index(2), refusal));
    let mut call = client.call().await;
    let began = Instant::now();
    send_rows(&call, 4);
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(call.answer().await.unwrap() == Answer::Stored);
    }
    assert_eq!(answers, [true, true, false, true]);
    assert!(began.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn answers_are_withheld_while_requests_are_taken() {
    let client = notes(Settings::default()).await;
    client.server.faults().add(Fault::once(When::Index(0), Action::Withhold));
    let mut call = client.call().await;
    send_rows(&call, 5);
    client.server.faults().withheld(1).await;
    while client.server.ledger().count() < 5 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(client.server.ledger().window(), 5);
    assert!(client.server.ledger().requests().iter().all(|request| !request.answered));
    client.server.faults().release();
    for _ in 0..5 {
        assert_eq!(call.answer().await, Ok(Answer::Stored));
    }
}

#[tokio::test]
async fn a_slow_reader_lets_requests_wait() {
    let client = notes(Settings::default()).await;
    client.server.faults().add(Fault::always(When::Request, Action::ReadSlowly(Duration::from_millis(30))));
    let began = Instant::now();
    let mut call = client.call().await;
    send_rows(&call, 3);
    for _ in 0..3 {
        assert_eq!(call.answer().await, Ok(Answer::Stored));
    }
    assert!(began.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn goaway_lets_a_call_go_on_and_then_closes_the_connection() {
    let client = notes(Settings::default()).await;
    client.server.faults().add(Fault::once(When::Index(0), Action::GoAway(Duration::from_millis(200))));
    let channel = connect(&client.server).await;
    let mut call = call_on(channel.clone()).await.unwrap();
    send_rows(&call, 1);
    assert_eq!(call.answer().await, Ok(Answer::Stored));
    // As soon as the client has heard of it, a call on the same channel gets a connection of its own.
    while client.server.ledger().connections() < 3 {
        // A call that meets the news on its way is cancelled.
        if let Ok(mut other) = call_on(channel.clone()).await {
            send_rows(&other, 1);
            let _ = other.answer().await;
        }
    }
    assert!(call.answer().await.is_err());
}

#[tokio::test]
async fn a_connection_can_be_reset_as_it_is_opened() {
    let client = notes(Settings::default()).await;
    let mut call = client.call().await;
    send_rows(&call, 1);
    assert_eq!(call.answer().await, Ok(Answer::Stored));
    client.server.faults().add(Fault::once(When::Connection, Action::Reset));
    let mut socket = tokio::net::TcpStream::connect(client.server.address()).await.unwrap();
    let ended = socket.read(&mut [0]).await.unwrap_err();
    assert_eq!(ended.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(client.server.faults().armed(), 0);
    let mut call = client.fresh_call().await;
    send_rows(&call, 1);
    assert_eq!(call.answer().await, Ok(Answer::Stored));
}

#[tokio::test]
async fn connections_can_be_refused_while_those_that_are_there_go_on() {
    let client = notes(Settings::default()).await;
    let mut call = client.call().await;
    client.server.faults().refuse_connections().await;
    let refused = tokio::net::TcpStream::connect(client.server.address()).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    send_rows(&call, 1);
    assert_eq!(call.answer().await, Ok(Answer::Stored));
    client.server.faults().take_connections().await;
    let mut call = client.fresh_call().await;
    send_rows(&call, 1);
    assert_eq!(call.answer().await, Ok(Answer::Stored));
}

#[tokio::test]
async fn the_ledger_has_every_request() {
    use prost::Message as _;
    let client = notes(Settings::default()).await;
    let mut call = client.call().await;
    let good = request(&stream_of("notes"), Some(&notes_schema()), &[row(1), row(2)].concat());
    let bad = request("", None, &[note(1, "a", "upsert", "1")]);
    let sizes = [good.encoded_len(), bad.encoded_len()];
    call.ask(good).await.unwrap();
    call.ask(bad).await.unwrap();
    let ledger = client.server.ledger();
    let requests = ledger.requests_for("p.d.notes");
    assert_eq!(requests.iter().map(|request| request.bytes).collect::<Vec<_>>(), sizes);
    assert_eq!(requests.iter().map(|request| request.rows).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(requests.iter().map(|request| request.with_schema).collect::<Vec<_>>(), [true, false]);
    assert_eq!(
        requests.into_iter().map(|request| request.outcome).collect::<Vec<_>>(),
        [Outcome::Stored, Outcome::BadRows(1)]
    );
    assert_eq!((ledger.count(), ledger.rows(), ledger.bytes()), (2, 3, sizes.iter().sum()));
    assert!(ledger.requests().iter().all(|request| request.trace_id == "tests:1"));
    let calls = ledger.calls();
    assert_eq!((calls.len(), calls[0].request_params.clone(), calls[0].authorized), (1, None, false));
    ledger.clear();
    assert_eq!(ledger.count(), 0);
}

#[tokio::test]
async fn the_headers_of_a_call_are_in_the_ledger() {
    use gcp_bigquery_client::google::cloud::bigquery::storage::v1::big_query_write_client::BigQueryWriteClient;
    let client = notes(Settings::default()).await;
    let mut asked = tonic::Request::new(tokio_stream::empty());
    let params = format!("write_stream={}", stream_of("notes"));
    asked.metadata_mut().insert("x-goog-request-params", params.parse().unwrap());
    asked.metadata_mut().insert("authorization", "Bearer x".parse().unwrap());
    BigQueryWriteClient::new(connect(&client.server).await).append_rows(asked).await.unwrap();
    let call = client.server.ledger().calls().remove(0);
    assert_eq!((call.request_params, call.authorized), (Some(params), true));
}

#[tokio::test]
async fn other_methods_are_not_served() {
    use gcp_bigquery_client::google::cloud::bigquery::storage::v1::big_query_write_client::BigQueryWriteClient;
    let client = notes(Settings::default()).await;
    let mut stub = BigQueryWriteClient::new(connect(&client.server).await);
    let status = stub.get_write_stream(tonic::Request::new(Default::default())).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}

#[tokio::test]
async fn for_benchmarks_rows_are_counted_and_not_kept() {
    let client = notes(Settings { keeping: Keeping::Counts, ..Settings::default() }).await;
    let mut call = client.call().await;
    send_rows(&call, 3);
    for _ in 0..3 {
        assert_eq!(call.answer().await, Ok(Answer::Stored));
    }
    assert_eq!(client.server.ledger().rows(), 3);
    assert_eq!(ids(&client).await, [0i64; 0]);
}

#[tokio::test]
async fn a_server_that_is_dropped_closes_its_connections() {
    let client = notes(Settings::default()).await;
    let mut call = client.call().await;
    send_rows(&call, 1);
    assert_eq!(call.answer().await, Ok(Answer::Stored));
    let (address, ledger) = (client.server.address(), client.server.ledger().clone());
    drop(client);
    assert!(call.answer().await.is_err());
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(ledger);
}
