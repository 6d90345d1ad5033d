//! The emulator of BigQuery remembers what it found out of its tables (tests/support/remembered_tables.py). What it says of a table, a view or a
//! dataset is what it is now, whatever was said of it before.

use serde_json::{Value, json};

use crate::support::World;

async fn world() -> World {
    let world = World::new().await;
    make_dataset(&world).await;
    world
}

async fn make_dataset(world: &World) {
    let dataset = json!({"datasetReference": {"projectId": "demo", "datasetId": world.dataset}});
    world.bigquery.post("/datasets", &dataset).await;
}

/// The columns of a table, or why it cannot be described.
async fn columns(world: &World, table: &str) -> String {
    let answer = described(world, table).await;
    match answer["schema"]["fields"].as_array() {
        Some(fields) => fields.iter().map(column).collect::<Vec<_>>().join(", "),
        None => text(&answer["error"]["errors"][0]["reason"]),
    }
}

fn column(field: &Value) -> String {
    let mode = if field["mode"] == json!("REQUIRED") { " REQUIRED" } else { "" };
    format!("{} {}{mode}", text(&field["name"]), text(&field["type"]))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().into()
}

async fn rows(world: &World, table: &str) -> String {
    text(&described(world, table).await["numRows"])
}

async fn described(world: &World, table: &str) -> Value {
    world.bigquery.get(&format!("/datasets/{}/tables/{table}", world.dataset)).await
}

#[tokio::test]
async fn a_table_is_described_as_it_is_after_each_statement() {
    let world = world().await;
    assert_eq!(columns(&world, "notes").await, "notFound");
    for (sql, expected_columns, expected_rows) in [
        ("CREATE TABLE `{d}.notes` (id INT64 NOT NULL, note STRING)", "id INTEGER REQUIRED, note STRING", "0"),
        ("INSERT INTO `{d}.notes` (id) VALUES (1), (2)", "id INTEGER REQUIRED, note STRING", "2"),
        ("ALTER TABLE `{d}.notes` ADD COLUMN size INT64", "id INTEGER REQUIRED, note STRING, size INTEGER", "2"),
        ("ALTER TABLE `{d}.notes` DROP COLUMN note", "id INTEGER REQUIRED, size INTEGER", "2"),
        ("ALTER TABLE `{d}.notes` ALTER COLUMN id DROP NOT NULL", "id INTEGER, size INTEGER", "2"),
        ("CREATE OR REPLACE TABLE `{d}.notes` (day DATE)", "day DATE", "0"),
        ("INSERT INTO `{d}.notes` (day) VALUES (DATE '2026-01-02')", "day DATE", "1"),
        ("DROP TABLE `{d}.notes`", "notFound", ""),
        ("CREATE TABLE `{d}.notes` (again BOOL)", "again BOOLEAN", "0"),
        ("CREATE OR REPLACE TABLE `{d}.notes` AS SELECT 1 AS one", "one INTEGER", "1"),
        ("ALTER TABLE `{d}.notes` RENAME TO renamed", "notFound", ""),
    ] {
        world.target(sql).await;
        assert_eq!(columns(&world, "notes").await, expected_columns, "{sql}");
        assert_eq!(rows(&world, "notes").await, expected_rows, "{sql}");
    }
    assert_eq!(columns(&world, "renamed").await, "one INTEGER");
}

#[tokio::test]
async fn a_view_has_the_columns_that_its_table_has_by_now() {
    let world = world().await;
    world.target("CREATE TABLE `{d}.notes` (id INT64)").await;
    assert_eq!(columns(&world, "seen").await, "notFound");
    world.target("CREATE VIEW `{d}.seen` AS SELECT id FROM `{d}.notes`").await;
    assert_eq!(columns(&world, "seen").await, "id INTEGER");
    world.target("CREATE OR REPLACE TABLE `{d}.notes` (id STRING)").await;
    assert_eq!(columns(&world, "seen").await, "id STRING");
    world.target("DROP VIEW `{d}.seen`").await;
    assert_eq!(columns(&world, "seen").await, "notFound");
}

#[tokio::test]
async fn what_was_rolled_back_was_never_there() {
    let world = world().await;
    world.target("CREATE TABLE `{d}.notes` (id INT64)").await;
    assert_eq!(rows(&world, "notes").await, "0");
    world.target("BEGIN TRANSACTION; INSERT INTO `{d}.notes` (id) VALUES (1); ROLLBACK TRANSACTION").await;
    assert_eq!(rows(&world, "notes").await, "0");
    world.target("BEGIN TRANSACTION; INSERT INTO `{d}.notes` (id) VALUES (1); COMMIT TRANSACTION").await;
    assert_eq!(rows(&world, "notes").await, "1");
}

#[tokio::test]
async fn a_dataset_that_is_made_again_is_empty() {
    let world = world().await;
    let dataset = format!("/datasets/{}", world.dataset);
    world.target("CREATE TABLE `{d}.notes` (id INT64)").await;
    assert_eq!(columns(&world, "notes").await, "id INTEGER");
    assert_eq!(columns(&world, "other").await, "notFound");
    world.target("DROP SCHEMA `{d}` CASCADE").await;
    assert_eq!(columns(&world, "notes").await, "notFound");
    assert_eq!(text(&world.bigquery.get(&dataset).await["error"]["errors"][0]["reason"]), "notFound");
    make_dataset(&world).await;
    assert_eq!(text(&world.bigquery.get(&dataset).await["datasetReference"]["datasetId"]), world.dataset);
    assert_eq!(columns(&world, "notes").await, "notFound");
    world.target("CREATE TABLE `{d}.other` (note STRING)").await;
    assert_eq!(columns(&world, "other").await, "note STRING");
}
