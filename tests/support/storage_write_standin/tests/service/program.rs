//! The program, and a stand-in whose emulator is not there.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use storage_write_standin::{Catalog, Settings};
use tonic::Code;
use tonic::transport::Channel;

use crate::client::{Answer, Client, call_on, note, notes_schema, request, stream_of};

#[tokio::test]
async fn it_prints_its_address_and_ends_with_its_standard_input() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_storage-write-standin"))
        .arg("--count")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut address = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
    let channel = Channel::from_shared(address.trim().to_owned()).unwrap().connect().await.unwrap();
    let mut call = call_on(channel).await.unwrap();
    let rows = [note(1, "a", "UPSERT", "1")];
    let answer = call.ask(request(&stream_of("notes"), Some(&notes_schema()), &rows)).await;
    assert_eq!(answer, Ok(Answer::Stored));
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn an_option_that_is_none_is_an_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_storage-write-standin"))
        .args(["--port", "many"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert!(!child.wait().unwrap().success());
}

#[tokio::test]
async fn an_emulator_that_is_not_there_ends_the_call_and_is_told() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let catalog = Catalog::Emulator(format!("http://127.0.0.1:{port}"));
    let client = Client::with(Settings { catalog, ..Settings::default() }).await;
    let answer = client.append("notes", &notes_schema(), &[note(1, "a", "UPSERT", "1")]).await;
    assert_eq!(answer, Err(Code::Internal));
    assert!(client.server.tables().declare("p.d.notes", serde_json::json!({})).await.is_err());
    assert!(client.server.ledger().take_notes()[0].contains("can't be reached"));
}
