//! The stand-in for the Storage Write API and the emulator of BigQuery together: what is appended to the one is read from the other, as on the real
//! service. The stand-in's own tests are its crate's.

use std::time::Duration;

use gcp_bigquery_client::google::cloud::bigquery::storage::v1::append_rows_request::{ProtoData, Rows};
use gcp_bigquery_client::google::cloud::bigquery::storage::v1::append_rows_response::Response;
use gcp_bigquery_client::google::cloud::bigquery::storage::v1::big_query_write_client::BigQueryWriteClient;
use gcp_bigquery_client::google::cloud::bigquery::storage::v1::{
    AppendRowsRequest, AppendRowsResponse, ProtoRows, ProtoSchema,
};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto};
use serde_json::{Value, json};
use storage_write_standin::Settings;

use crate::support::World;

/// Words of a statement that changes a table's rows in another way than by the stream.
const REFUSED: &str = "DELETE/UPDATE/MERGE DMLs are currently not supported over tables that had UPSERT streams.";

/// A change: a note by its number, or nothing where the note goes.
struct Change(u8, Option<&'static str>, &'static str);

/// A field of bytes: its tag, its length, its content. All are short here.
fn bytes(number: u8, content: &str, row: &mut Vec<u8>) {
    row.extend([number << 3 | 2, u8::try_from(content.len()).unwrap()]);
    row.extend(content.as_bytes());
}

fn encode(Change(id, note, number): &Change) -> Vec<u8> {
    let mut row = vec![1 << 3, *id];
    if let Some(note) = note {
        bytes(2, note, &mut row);
    }
    bytes(3, if note.is_some() { "UPSERT" } else { "DELETE" }, &mut row);
    bytes(4, number, &mut row);
    row
}

fn descriptor() -> DescriptorProto {
    let fields = [
        ("id", Type::Int64),
        ("note", Type::String),
        ("_CHANGE_TYPE", Type::String),
        ("_CHANGE_SEQUENCE_NUMBER", Type::String),
    ];
    let field = fields.iter().zip(1..).map(|((name, kind), number)| FieldDescriptorProto {
        name: Some((*name).into()),
        number: Some(number),
        label: Some(Label::Optional as i32),
        r#type: Some(*kind as i32),
        ..FieldDescriptorProto::default()
    });
    DescriptorProto { name: Some("Row".into()), field: field.collect(), ..DescriptorProto::default() }
}

/// Appends changes in one request, which has to be stored.
async fn append(world: &World, changes: &[Change]) {
    assert!(matches!(
        try_append(world, changes).await.and_then(|answer| answer.response),
        Some(Response::AppendResult(_))
    ));
}

/// The answer to one request; `None` where the call ends without one.
async fn try_append(world: &World, changes: &[Change]) -> Option<AppendRowsResponse> {
    let request = AppendRowsRequest {
        write_stream: format!("projects/demo/datasets/{}/tables/notes/streams/_default", world.dataset),
        rows: Some(Rows::ProtoRows(ProtoData {
            writer_schema: Some(ProtoSchema { proto_descriptor: Some(descriptor()) }),
            rows: Some(ProtoRows { serialized_rows: changes.iter().map(encode).collect() }),
        })),
        ..AppendRowsRequest::default()
    };
    let mut client = BigQueryWriteClient::connect(world.storage_write().url()).await.unwrap();
    let mut answers = client.append_rows(futures_util::stream::iter([request])).await.unwrap().into_inner();
    answers.message().await.ok().flatten()
}

/// A world with a dataset, and the table `notes` made with these options.
async fn world_with(settings: Settings, options: &str) -> World {
    let mut world = World::new().await;
    world.start_storage_write(settings).await;
    let dataset = json!({"datasetReference": {"projectId": "demo", "datasetId": world.dataset}});
    world.bigquery.post("/datasets", &dataset).await;
    make(&world, "CREATE TABLE", options).await;
    world
}

async fn make(world: &World, create: &str, options: &str) {
    let columns = "(id INT64 NOT NULL, note STRING, PRIMARY KEY (id) NOT ENFORCED)";
    world.target(&format!("{create} `{{d}}.notes` {columns} {options}")).await;
}

async fn notes(world: &World) -> Vec<String> {
    let rows = world.target("SELECT CONCAT(CAST(id AS STRING), ' ', note) FROM `{d}.notes` ORDER BY id, note").await;
    rows.into_iter().map(|mut row| row.remove(0).unwrap_or_default()).collect()
}

async fn described(world: &World) -> Value {
    world.bigquery.get(&format!("/datasets/{}/tables/notes", world.dataset)).await
}

async fn watermark(world: &World) -> Option<String> {
    let columns = "upsert_stream_apply_watermark FROM `{d}.INFORMATION_SCHEMA.TABLES` WHERE table_name = 'notes'";
    world.target(&format!("SELECT {columns}")).await.remove(0).remove(0)
}

#[tokio::test]
async fn what_was_appended_is_read_from_the_emulator_over_what_was_loaded() {
    let world = world_with(Settings::default(), "").await;
    world.target("INSERT INTO `{d}.notes` (id, note) VALUES (1, 'loaded'), (2, 'loaded'), (3, 'loaded')").await;
    append(&world, &[Change(1, Some("changed"), "1/2"), Change(2, None, "1/2"), Change(4, Some("new"), "1/2")]).await;
    assert_eq!(notes(&world).await, ["1 changed", "3 loaded", "4 new"]);
    append(&world, &[Change(1, Some("older"), "1/1"), Change(2, Some("older"), "1/1"), Change(4, None, "1/3")]).await;
    assert_eq!(notes(&world).await, ["1 changed", "3 loaded"]);
    // And by the other way of reading.
    let page = world.bigquery.get(&format!("/datasets/{}/tables/notes/data", world.dataset)).await;
    assert_eq!(page["totalRows"], json!("2"));
    append(&world, &[Change(9, Some("last"), "1/4")]).await;
    let page = world.bigquery.get(&format!("/datasets/{}/tables/notes/data", world.dataset)).await;
    assert_eq!(page["totalRows"], json!("3"));
}

#[tokio::test]
async fn with_a_staleness_the_emulator_shows_what_was_applied() {
    let world = world_with(Settings::default(), "OPTIONS (max_staleness = INTERVAL 15 MINUTE)").await;
    assert_eq!(described(&world).await["maxStaleness"], json!("0-0 0 0:15:0"));
    append(&world, &[Change(1, Some("a"), "1")]).await;
    assert_eq!((notes(&world).await, watermark(&world).await), (vec![], None));
    world.storage_write().tables().apply_all().await.unwrap();
    assert_eq!(notes(&world).await, ["1 a"]);
    assert!(watermark(&world).await.is_some());
    append(&world, &[Change(1, None, "2")]).await;
    assert_eq!(notes(&world).await, ["1 a"]);
    // The staleness goes: with the next change all of them are read.
    world.target("ALTER TABLE `{d}.notes` SET OPTIONS (max_staleness = NULL)").await;
    append(&world, &[Change(2, Some("b"), "2")]).await;
    assert_eq!(notes(&world).await, ["2 b"]);
}

#[tokio::test]
async fn other_statements_are_refused_on_a_table_that_ever_had_a_change() {
    let world = world_with(Settings::default(), "OPTIONS (max_staleness = INTERVAL '0:30:0' HOUR TO SECOND)").await;
    world.target("INSERT INTO `{d}.notes` (id, note) VALUES (1, 'loaded')").await;
    world.target("UPDATE `{d}.notes` SET note = 'updated' WHERE TRUE").await;
    append(&world, &[Change(2, Some("a"), "1")]).await;
    for sql in [
        "MERGE `{t}` AS T USING (SELECT 1 AS id) AS S ON T.id = S.id WHEN MATCHED THEN DELETE",
        "UPDATE `{t}` SET note = 'x' WHERE TRUE",
        "DELETE FROM `{t}` WHERE TRUE",
    ] {
        let sql = sql.replace("{t}", &format!("demo.{}.notes", world.dataset));
        let answer = world.bigquery.post("/queries", &json!({"query": sql, "useLegacySql": false})).await;
        assert_eq!(answer["error"]["message"], json!(REFUSED), "{sql}");
        let query = json!({"query": sql, "useLegacySql": false});
        let job = world.bigquery.post("/jobs", &json!({"configuration": {"query": query}})).await;
        assert_eq!(job["status"]["errorResult"], json!({"reason": "invalid", "message": REFUSED}), "{sql}");
    }
    assert_eq!(notes(&world).await, ["1 updated"]);
    // Another table of the name has had none.
    make(&world, "CREATE OR REPLACE TABLE", "").await;
    world.target("INSERT INTO `{d}.notes` (id, note) VALUES (1, 'again')").await;
    world.target("UPDATE `{d}.notes` SET note = 'updated' WHERE TRUE").await;
    assert_eq!(notes(&world).await, ["1 updated"]);
}

#[tokio::test]
async fn a_table_that_is_recreated_begins_without_the_changes_of_the_old_one() {
    let routing_delay = Duration::from_mins(10);
    let world = world_with(Settings { routing_delay, ..Settings::default() }, "").await;
    append(&world, &[Change(1, Some("old"), "1/9")]).await;
    make(&world, "CREATE OR REPLACE TABLE", "").await;
    // The way still leads to the old one.
    assert_eq!(try_append(&world, &[Change(1, Some("lost"), "2/1")]).await, None);
    assert_eq!(notes(&world).await, Vec::<String>::new());
    world.storage_write().clock().advance(routing_delay);
    append(&world, &[Change(1, Some("new"), "1/1")]).await;
    assert_eq!(notes(&world).await, ["1 new"]);
}

#[tokio::test]
async fn a_column_that_the_table_lacks_is_refused_until_it_is_added() {
    let world = world_with(Settings::default(), "").await;
    world.target("ALTER TABLE `{d}.notes` DROP COLUMN note").await;
    let answer = try_append(&world, &[Change(1, Some("a"), "1")]).await.unwrap();
    let Some(Response::Error(status)) = answer.response else { panic!("{answer:?}") };
    assert!(status.message.contains("extra fields: 'note'"), "{}", status.message);
    world.target("ALTER TABLE `{d}.notes` ADD COLUMN note STRING").await;
    append(&world, &[Change(1, Some("a"), "1")]).await;
    assert_eq!(notes(&world).await, ["1 a"]);
}

/// Tells the emulator what the readers of `notes`, or of another table, are to see, as the stand-in does it.
async fn show(world: &World, table: &str, created: &str, upserts: Value) {
    let change = json!({
        "project": "demo", "dataset": world.dataset, "table": table, "created": created, "key": ["id"],
        "has_changes": true, "applied": null, "upserts": upserts, "deletes": [], "appends": [],
    });
    let url = format!("{}/standin/changes", world.emulator.url);
    world.http.post(url).json(&change).send().await.unwrap().error_for_status().unwrap();
}

#[tokio::test]
async fn what_comes_too_late_for_a_table_is_not_shown_by_another_of_its_name() {
    let world = world_with(Settings::default(), "").await;
    let created = described(&world).await["creationTime"].as_str().unwrap().to_owned();
    make(&world, "CREATE OR REPLACE TABLE", "").await;
    show(&world, "notes", &created, json!([{"id": 1, "note": "late"}])).await;
    assert_eq!(notes(&world).await, Vec::<String>::new());
    show(&world, "gone", &created, json!([{"id": 1, "note": "late"}])).await;
    assert_eq!(notes(&world).await, Vec::<String>::new());
}

#[tokio::test]
async fn values_of_every_type_come_through_unchanged() {
    let world = world_with(Settings::default(), "").await;
    let types = "id INT64, f FLOAT64, g FLOAT64, n NUMERIC, b BIGNUMERIC, s STRING, y BYTES, d DATE, t TIME, c DATETIME, m TIMESTAMP, j JSON, \
                 a ARRAY<BYTES>, r STRUCT<x INT64, y JSON>, p RANGE<DATE>";
    world.target(&format!("CREATE TABLE `{{d}}.every` ({types}, PRIMARY KEY (id) NOT ENFORCED)")).await;
    let table = world.bigquery.get(&format!("/datasets/{}/tables/every", world.dataset)).await;
    let nines = "99999999999999999999999999999.999999999";
    let row = json!({
        "id": i64::MIN, "f": "NaN", "g": -0.0, "n": nines, "b": "-0.000000000000000001", "s": "é\u{0} {", "y": "AP8=", "d": "0001-01-01",
        "t": "23:59:59.999999", "c": "9999-12-31 23:59:59.999999", "m": "0001-01-01 00:00:00.000001+00:00", "j": "\"bare\"",
        "a": ["AP8=", ""], "r": {"x": 5, "y": "[null]"}, "p": {"start": "2024-01-01"},
    });
    show(&world, "every", table["creationTime"].as_str().unwrap(), json!([row])).await;
    let read = "SELECT CAST(id AS STRING), CAST(IS_NAN(f) AS STRING), CAST(g AS STRING), CAST(n AS STRING), CAST(b AS STRING), s, TO_HEX(y), \
                CAST(d AS STRING), FORMAT_TIME('%H:%M:%E6S', t), FORMAT_DATETIME('%E4Y-%m-%d %H:%M:%E6S', c), CAST(UNIX_MICROS(m) AS STRING), \
                TO_JSON_STRING(j), TO_HEX(a[OFFSET(0)]), CAST(ARRAY_LENGTH(a) AS STRING), CAST(r.x AS STRING), TO_JSON_STRING(r.y), \
                CAST(RANGE_START(p) AS STRING), CAST(RANGE_END(p) IS NULL AS STRING) FROM `{d}.every`";
    let read: Vec<String> = world.target(read).await.remove(0).into_iter().map(Option::unwrap_or_default).collect();
    let least = i64::MIN.to_string();
    assert_eq!(
        read,
        [
            least.as_str(),
            "true",
            "-0",
            nines,
            "-0.000000000000000001",
            "é\u{0} {",
            "00ff",
            "0001-01-01",
            "23:59:59.999999",
            "9999-12-31 23:59:59.999999",
            "-62135596799999999",
            "\"bare\"",
            "00ff",
            "2",
            "5",
            "[null]",
            "2024-01-01",
            "true",
        ]
    );
}

#[tokio::test]
async fn a_stream_that_is_opened_after_a_column_was_added_knows_it_at_once() {
    let schema_delay = Duration::from_mins(10);
    let world = world_with(Settings { schema_delay, ..Settings::default() }, "").await;
    world.target("ALTER TABLE `{d}.notes` DROP COLUMN note").await;
    assert!(matches!(
        try_append(&world, &[Change(1, Some("a"), "1")]).await.and_then(|answer| answer.response),
        Some(Response::Error(_))
    ));
    world.target("ALTER TABLE `{d}.notes` ADD COLUMN note STRING").await;
    append(&world, &[Change(1, Some("a"), "1")]).await;
    assert_eq!(notes(&world).await, ["1 a"]);
}
