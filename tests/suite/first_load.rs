//! A first load, and the changes after it.

use crate::support::{World, tells_of_a_failure};

#[tokio::test(flavor = "multi_thread")]
async fn a_first_load_then_inserts_and_updates() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders SELECT g, 'note ' || g, g * 1.25 FROM generate_series(1, 5000) g").await;
    let report = w.tick().await;
    assert_eq!(report["state"], "done");
    assert_eq!(report["whole"], "first load");
    assert_eq!(report["tables"][0]["upserts"], 5000);
    assert_eq!(report["tables"][0]["rows_inserted"], 5000);
    w.assert_equal("orders").await;
    assert_eq!(w.bq.jobs().len(), 1, "a first load is one load job: {:?}", w.bq.jobs());

    w.sql("UPDATE orders SET note = 'changed', updated_at = clock_timestamp() WHERE id % 1000 = 0").await;
    w.sql("INSERT INTO orders VALUES (6000, 'it''s \"new\" \\ \n\t🦀', NULL)").await;
    let report = w.tick().await;
    let table = &report["tables"][0];
    assert_eq!((table["upserts"].as_u64(), table["rows_updated"].as_u64()), (Some(6), Some(5)));
    assert_eq!(table["rows_inserted"], 1);
    w.assert_equal("orders").await;
    let run = report["run"].as_str().unwrap();
    let objects = w.objects().await;
    for file in ["manifest.json", "report.json", "orders/upserts-00000.ndjson.gz"] {
        assert!(objects.iter().any(|o| o.contains(run) && o.ends_with(file)), "{file} is not in {objects:?}");
    }
    let staging = w.bigquery.get(&format!("/datasets/{}_staging/tables", w.dataset)).await;
    assert!(staging["tables"].as_array().is_none_or(Vec::is_empty), "staging tables were left: {staging}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_table_gets_an_empty_target_and_then_its_rows() {
    let w = World::with_orders("").await;
    let report = w.tick().await;
    assert_eq!((report["state"].as_str(), report["tables"][0]["upserts"].as_u64()), (Some("done"), Some(0)));
    w.assert_equal("orders").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    w.assert_equal("orders").await;
}

/// Parts are rotated and uploaded while the next is written; all of them are loaded by one job.
#[tokio::test(flavor = "multi_thread")]
async fn a_load_of_many_parts_is_one_job() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders SELECT g, md5(g::text) || md5((g + 1)::text), g FROM generate_series(1, 40000) g").await;
    let report = w.tick().await;
    assert!(report["tables"][0]["parts"].as_u64().unwrap() > 3, "{report}");
    assert_eq!(w.bq.jobs().len(), 1);
    w.assert_equal("orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_target_is_made_with_key_clustering_partition_and_label() {
    let w = World::with_orders("partition = { column = \"updated_at\", by = \"month\" }").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    let table = w.bigquery.get(&format!("/datasets/{}/tables/orders", w.dataset)).await;
    assert_eq!(table["tableConstraints"]["primaryKey"]["columns"][0], "id");
    assert_eq!(table["clustering"]["fields"][0], "id");
    assert_eq!(table["timePartitioning"]["type"], "MONTH");
    assert_eq!(table["labels"]["managed-by"], "plimsoll");
    let staging = w.bq.log().into_iter().map(|r| r.json()).find(|j| !j["defaultTableExpirationMs"].is_null());
    assert!(staging.is_none(), "a first load needs no staging dataset");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_somebody_else_made_is_not_replaced_unasked() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'ours', 1)").await;
    let dataset = serde_json::json!({ "datasetReference": { "projectId": "demo", "datasetId": w.dataset } });
    w.bigquery.post("/datasets", &dataset).await;
    w.target("CREATE TABLE `{d}.orders` AS SELECT 7 AS id, 'theirs' AS note").await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 1);
    let message = ran.run()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("was not made by Plimsoll"), "{message}");
    assert_eq!(w.target("SELECT note FROM `{d}.orders`").await[0][0].as_deref(), Some("theirs"));
    let written = w.gcs.written();
    assert!(written.iter().all(|name| tells_of_a_failure(name)), "{written:?}");

    assert_eq!(w.run(&["resync", "--table", "public.orders"]).await.code, 0);
    w.assert_equal("orders").await;
}
