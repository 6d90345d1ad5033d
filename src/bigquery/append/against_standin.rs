//! Rows through the window to the stand-in for the Storage Write API: what arrives, and how many are on their way.

use std::time::Duration;

use serde_json::json;
use storage_write_standin::{Action, Fault, Settings, Standin, When};

use super::call::WriteApi;
use super::number::sequence_number;
use super::request::{Envelope, Origin, Packer};
use super::row::RowWriter;
use super::window::{Appending, Window};
use crate::bigquery::auth::AccessToken;
use crate::bigquery::client::{self, BigQuery};
use crate::model::{Column, ColumnMode, Op, TargetRef, TargetType};

const MIB: usize = 1 << 20;

struct Wire {
    server: Standin,
    bigquery: BigQuery,
    target: TargetRef,
    columns: Vec<Column>,
}

impl Wire {
    async fn new(settings: Settings) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let server = Standin::start(settings).await.unwrap();
        let resource = json!({
            "creationTime": "1",
            "schema": { "fields": [
                { "name": "id", "type": "INTEGER", "mode": "REQUIRED" },
                { "name": "text", "type": "STRING" },
                { "name": "doc", "type": "JSON" },
            ] },
            "tableConstraints": { "primaryKey": { "columns": ["id"] } },
        });
        server.tables().declare("p.d.t", resource).await.unwrap();
        let settings = client::Settings {
            project: "p".into(),
            dataset: "d".into(),
            staging_dataset: "s".into(),
            location: None,
            job_timeout: Duration::from_secs(120),
            write_endpoint: None,
        };
        let bigquery = BigQuery::of_emulator("http://127.0.0.1:1", settings).await.unwrap();
        let bigquery = bigquery.writing_to(WriteApi::at(server.url(), AccessToken::Emulator).unwrap());
        let column = |name: &str, target_type, mode| Column { name: name.into(), target_type, mode };
        let columns = vec![
            column("id", TargetType::Int64, ColumnMode::Required),
            column("text", TargetType::String, ColumnMode::Nullable),
            // As a text, so that what is no document gets as far as the service.
            column("doc", TargetType::String, ColumnMode::Nullable),
        ];
        let target = TargetRef { project: "p".into(), dataset: "d".into(), table: "t".into() };
        Self { server, bigquery, target, columns }
    }

    /// Sends these lines, in requests of about so many bytes; the lines that were refused, by their numbers.
    async fn send(&self, ordinal: u64, lines: impl Iterator<Item = String>, worth: usize, window: Window) -> Vec<u32> {
        let envelope = Envelope::new(&self.target, &self.columns, "test");
        let mut packer = Packer::with(envelope.room(), worth);
        let mut writer = RowWriter::new(&self.columns, &[], &sequence_number(1, ordinal), &[]);
        let mut appending = Appending::new(&self.bigquery, &self.target, &envelope).within(window);
        for (line, number) in lines.zip(0u32..) {
            let row = writer.row(line.as_bytes(), Op::Upsert).unwrap();
            if let Some(rows) = packer.add(row, Origin { part: 0, line: number }).unwrap() {
                appending.send(rows).await.unwrap();
            }
        }
        if let Some(rows) = packer.take() {
            appending.send(rows).await.unwrap();
        }
        while appending.take_answer().await.unwrap() {}
        let mut refused: Vec<u32> = appending.refused.iter().map(|o| o.line).collect();
        refused.sort_unstable();
        refused
    }

    async fn rows(&self) -> Vec<String> {
        let rows = self.server.tables().read("p.d.t").await.unwrap();
        let mut rows: Vec<String> = rows.iter().map(|row| serde_json::to_string(row).unwrap()).collect();
        rows.sort_unstable();
        rows
    }
}

fn lines(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!(r#"{{"_plimsoll_op":"U","id":{n},"text":"row {n}","doc":"{{\"n\": {n}}}"}}"#))
}

/// With answers that are late, connections that end and rows that are stored twice, both end in the same table.
#[tokio::test(flavor = "multi_thread")]
async fn many_rows_through_a_window_of_one_and_of_eight() {
    const ROWS: usize = 200_000;
    let mut tables = Vec::new();
    for requests in [1, 8] {
        let wire = Wire::new(Settings::default()).await;
        let faults = wire.server.faults();
        for (after, action) in [
            (3, Action::Delay(Duration::from_millis(200))),
            (20, Action::CloseAfter),
            (40, Action::CloseBefore),
            (60, Action::EndQuietly),
        ] {
            faults.add(Fault::once(When::Request, action).after(after));
        }
        let refused = wire.send(1, lines(ROWS), MIB / 8, Window { requests, bytes: 16 * MIB }).await;
        assert!(refused.is_empty(), "{refused:?}");
        assert_eq!(faults.armed(), 0, "a fault did not come up");
        let sent = wire.server.ledger().requests();
        let most = sent.iter().map(|r| r.in_flight).max().unwrap();
        assert!(most <= requests && (requests == 1 || most > 1), "{most} of {requests}");
        tables.push(wire.rows().await);
    }
    assert_eq!(tables[0].len(), ROWS);
    assert!(tables[0] == tables[1], "the windows differ");
}

/// One document of five thousand is none: it alone is left out.
#[tokio::test(flavor = "multi_thread")]
async fn one_bad_document_of_many() {
    let wire = Wire::new(Settings::default()).await;
    let bad = |(n, line): (usize, String)| if n == 4_999 { line.replace("{\\\"n\\\": ", "{no: ") } else { line };
    let refused = wire.send(1, lines(5_000).enumerate().map(bad), MIB, Window::default()).await;
    assert_eq!(refused, [4_999]);
    assert_eq!(wire.rows().await.len(), 4_999);
    let sent = wire.server.ledger().requests();
    assert_eq!(sent.iter().filter(|r| r.outcome == storage_write_standin::ledger::Outcome::BadRows(1)).count(), 1);
}

/// Bytes on their way are bounded as well as requests.
#[tokio::test(flavor = "multi_thread")]
async fn a_window_holds_so_many_bytes() {
    let wire = Wire::new(Settings::default()).await;
    wire.server.faults().add(Fault::once(When::Request, Action::Delay(Duration::from_millis(500))));
    wire.send(1, lines(20_000), MIB / 8, Window { requests: 8, bytes: MIB / 2 }).await;
    let most = wire.server.ledger().requests().iter().map(|r| r.in_flight).max().unwrap();
    assert!((2..=4).contains(&most), "{most}");
}
