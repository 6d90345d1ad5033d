//! What docs/OPERATIONS.md says of restoring: the batches alone, run after run, make the table again.

use serde_json::{Value, json};

use crate::support::World;
use crate::support::compare::{Bq, compare};

fn unescape(html: &str) -> String {
    html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// Loads files of the bucket into a table, as `bq load` does.
async fn load(w: &World, files: &[String], fields: &[Value], table: &str) {
    let uris: Vec<String> = files.iter().map(|f| format!("gs://{}/{f}", w.bucket)).collect();
    let body = json!({ "configuration": { "load": {
        "sourceUris": uris,
        "sourceFormat": "NEWLINE_DELIMITED_JSON",
        "schema": { "fields": fields },
        "writeDisposition": "WRITE_TRUNCATE",
        "destinationTable": { "projectId": "demo", "datasetId": w.dataset, "tableId": table },
    } } });
    // By the proxy, which lets one write to the emulator's catalog through at a time.
    let job = Bq::new(&w.bq.url, "demo").post("/jobs", &body).await;
    assert!(job["status"]["errorResult"].is_null() && job["jobReference"].is_object(), "{job}");
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_alone_make_the_table_again() {
    let w = World::with_orders("deletes = \"keys\"").await;
    w.sql("INSERT INTO orders SELECT g, 'a', g FROM generate_series(1, 50) g").await;
    w.tick().await;
    w.sql("UPDATE orders SET note = 'b', updated_at = now() WHERE id % 3 = 0; DELETE FROM orders WHERE id > 45").await;
    w.tick().await;
    w.sql("INSERT INTO orders VALUES (46, 'back', 1); UPDATE orders SET amount = 7, updated_at = now() WHERE id = 1")
        .await;
    w.tick().await;
    w.assert_equal("orders").await;
    assert!(w.staged("", "deletes").await.len() + w.staged("", "keys").await.len() > 0, "more than one kind of file");

    let served = w.serve().await;
    let mut manifests = Vec::new();
    for name in w.objects().await.into_iter().filter(|o| o.ends_with("manifest.json")) {
        let manifest: Value = serde_json::from_slice(&w.object(&name).await).unwrap();
        let format = time::format_description::well_known::Rfc3339;
        let taken = time::OffsetDateTime::parse(manifest["next"]["taken_at"].as_str().unwrap(), &format).unwrap();
        manifests.push((taken, name, manifest));
    }
    manifests.sort_by_key(|(taken, ..)| *taken);
    assert_eq!(manifests.len(), 3);
    for (_, name, manifest) in manifests {
        let folder = name.trim_end_matches("manifest.json");
        let table = &manifest["tables"][0];
        if let Some(fields) = table["apply"]["fields"].as_array() {
            load(&w, &[format!("{folder}orders/upserts-*")], fields, "restored").await;
            continue;
        }
        let columns = table["columns"].as_array().unwrap().iter();
        let mut fields: Vec<Value> = columns.map(|c| json!({ "name": c["name"], "type": c["type"] })).collect();
        fields.push(json!({ "name": "_plimsoll_op", "type": "STRING" }));
        // Not the quarantine files, which lie there too.
        let kinds = table["parts"].as_object().unwrap().iter().filter(|(_, count)| count.as_u64() > Some(0));
        let files: Vec<String> = kinds.map(|(kind, _)| format!("{folder}orders/{kind}-*")).collect();
        load(&w, &files, &fields, "restored_staging").await;
        // The statement as the run's page shows it, with the names of the copies.
        let url = format!("{}/feeds/orders/runs/{}", served.url, manifest["run"].as_str().unwrap());
        let page = w.http.get(url).send().await.unwrap().text().await.unwrap();
        let mut codes = page.split("<code>").skip(1).map(|c| unescape(c.split("</code>").next().unwrap()));
        let sql = codes.find(|code| code.starts_with("MERGE")).expect("a statement");
        let target = format!("`demo.{}.orders`", w.dataset);
        let staging = sql.split('`').find(|p| p.contains("_staging.")).unwrap().to_owned();
        assert!(sql.contains(&target), "{sql}");
        let sql = sql.replace(&target, &format!("`demo.{}.restored`", w.dataset));
        Bq::new(&w.bq.url, "demo").query(&sql.replace(&staging, &format!("demo.{}.restored_staging", w.dataset))).await;
    }
    let found = compare(&w.pg, "orders", "id", &[], &w.bigquery, &w.dataset, "restored").await;
    assert_eq!((found.count, found.source), (0, found.target), "{:#?}", found.differences);
}
