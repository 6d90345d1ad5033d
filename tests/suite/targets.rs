//! Targets that can't be written as they are: told by `check` and `plan`, and by a run before it decides anything.

use serde_json::{Value, json};

use crate::support::{Recorded, World};

const EVENTS: &str = "CREATE TABLE events (
    id bigint, day date NOT NULL, note text, updated_at timestamptz NOT NULL DEFAULT clock_timestamp());
  CREATE INDEX ON events (updated_at); CREATE INDEX ON events (day);";

async fn events(key: &str, extra: &str) -> World {
    let w = World::new().await;
    w.sql(&format!("{EVENTS} ALTER TABLE events ADD PRIMARY KEY ({key})")).await;
    w.config(&format!("[[table]]\nsource = \"events\"\ncursor = \"updated_at\"\n{extra}"));
    w.sql("INSERT INTO events VALUES (1, '2024-01-31', 'a'), (2, '2024-02-01', 'b'), (3, '2020-05-05', 'c')").await;
    w.tick().await;
    w.bq.clear();
    w
}

fn table_path(w: &World, table: &str) -> String {
    format!("/datasets/{}/tables/{table}", w.dataset)
}

/// The emulator knows no such option: the stub describes the table as the service would, and refuses a MERGE without a filter in its words.
async fn demand_filter(w: &World, column: &str) {
    let path = table_path(w, "events");
    let mut table = w.bigquery.get(&path).await;
    table["requirePartitionFilter"] = true.into();
    w.bq.answer(1000, 200, &table.to_string(), move |r| r.method == "GET" && r.path.ends_with(&path));
    let column = column.to_owned();
    w.bq.answer(
        1000,
        200,
        &failed_job(
            "invalidQuery",
            "Cannot query over table 'demo.d.events' without a filter over column(s) 'day' that can be used for partition elimination",
        ),
        move |r| r.is_job("merge") && !query(r).contains(&format!("T.`{column}` BETWEEN DATE '")),
    );
}

fn query(r: &Recorded) -> String {
    r.json()["configuration"]["query"]["query"].as_str().unwrap_or_default().to_owned()
}

fn failed_job(reason: &str, message: &str) -> String {
    json!({ "jobReference": { "projectId": "demo", "jobId": "x" },
            "status": { "state": "DONE", "errorResult": { "reason": reason, "message": message } } })
    .to_string()
}

/// What a command says of the first table: error and hint.
async fn refusal(w: &World, args: &[&str]) -> String {
    let ran = w.run(args).await;
    assert_eq!(ran.code, 1, "{args:?}: {}\n{}", ran.stdout, ran.stderr);
    let json = ran.json();
    let tables = if json["tables"].is_array() { &json["tables"] } else { &json };
    let first = if json["runs"].is_array() { &json["runs"][0] } else { &tables[0] };
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    format!("{}; {}", text(&first["error"]["message"]), text(&first["error"]["hint"]))
}

fn nothing_was_changed(w: &World) {
    let log = w.bq.log();
    assert!(
        log.iter().all(|r| r.method == "GET"),
        "{:?}",
        log.iter().map(|r| (&r.method, &r.path)).collect::<Vec<_>>()
    );
    assert!(!w.gcs.written().iter().any(|o| o.ends_with("manifest.json")), "nothing is sealed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_no_target() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.config("[[table]]\nsource = \"orders\"\ntarget = \"base\"\n");
    w.tick().await;
    w.target("CREATE VIEW `{d}.orders` AS SELECT * FROM `{d}.base`").await;
    w.config("[[table]]\nsource = \"orders\"\ncursor = \"updated_at\"\n");
    w.bq.clear();
    w.gcs.clear();
    for args in [
        &["check", "--json"][..],
        &["plan", "--json"],
        &["run", "--json"],
        &["run", "--full", "--json"],
        &["resync", "--table", "orders", "--json"],
    ] {
        let told = refusal(&w, args).await;
        assert!(
            told.contains("orders is a view") && told.contains("write target = \"orders_table\""),
            "{args:?}: {told}"
        );
    }
    nothing_was_changed(&w);
}

/// The key does not hold the partition column, and nobody says that it never changes.
#[tokio::test(flavor = "multi_thread")]
async fn stub_a_filter_that_no_merge_can_carry_is_refused_before_the_seal() {
    let w = events("id", "partition = { column = \"day\" }\n").await;
    demand_filter(&w, "day").await;
    w.sql("INSERT INTO events VALUES (4, '2024-02-02', 'd')").await;
    w.gcs.clear();
    for args in [&["check", "--json"][..], &["plan", "--json"], &["run", "--json"]] {
        let told = refusal(&w, args).await;
        for part in
            ["requires a filter over its partitions (day)", "require_partition_filter = false", "immutable = true"]
        {
            assert!(told.contains(part), "{args:?}: {told}");
        }
    }
    nothing_was_changed(&w);
    // A load in place of all rows queries nothing.
    assert_eq!(w.run(&["run", "--full"]).await.code, 0);
    w.assert_equal("events").await;
}

/// Where the partition column is of the key no row can be elsewhere, nor a deleted one.
#[tokio::test(flavor = "multi_thread")]
async fn stub_a_merge_carries_the_filter_by_its_key() {
    let w = events("id, day", "partition = { column = \"day\" }\nwhere = \"note <> 'gone'\"\n").await;
    demand_filter(&w, "day").await;
    assert_eq!(w.run(&["check"]).await.code, 0);
    w.sql(
        "INSERT INTO events VALUES (4, '2024-02-02', 'd'); UPDATE events SET note = 'gone', updated_at = clock_timestamp() WHERE id = 3",
    )
    .await;
    let plan = w.run(&["plan", "--json"]).await.json();
    assert!(plan[0]["notes"].to_string().contains("partitions by day"), "{plan}");
    w.tick().await;
    let merge = w.bq.log().iter().filter(|r| r.is_job("merge")).map(query).next_back().unwrap();
    assert!(merge.contains("T.`day` BETWEEN DATE '2020-05-05' AND DATE '2024-02-02'"), "{merge}");
    let left = w.target("SELECT CAST(id AS STRING) FROM `{d}.events` ORDER BY id").await;
    assert_eq!(left.concat().into_iter().flatten().collect::<Vec<_>>(), ["1", "2", "4"]);
}

/// `immutable = true` is the config's word: upserts are bounded by it, a delete by its key alone can't be.
#[tokio::test(flavor = "multi_thread")]
async fn stub_a_merge_carries_the_filter_by_a_column_declared_immutable() {
    let w = events("id", "partition = { column = \"day\", immutable = true }\n").await;
    demand_filter(&w, "day").await;
    w.sql("INSERT INTO events VALUES (4, '2024-02-02', 'd'); UPDATE events SET note = 'x', updated_at = clock_timestamp() WHERE id = 2").await;
    w.tick().await;
    w.assert_equal("events").await;
    w.config("[[table]]\nsource = \"events\"\ncursor = \"updated_at\"\ndeletes = \"keys\"\npartition = { column = \"day\", immutable = true }\n");
    w.bq.clear();
    w.gcs.clear();
    let told = refusal(&w, &["check", "--json"]).await;
    assert!(told.contains("looks for rows that are gone in all of the target"), "{told}");
    w.sql("DELETE FROM events WHERE id = 1").await;
    let told = refusal(&w, &["run", "--json"]).await;
    assert!(told.contains("looks for rows that are gone"), "{told}");
    assert!(w.bq.jobs().is_empty() && !w.gcs.written().iter().any(|o| o.ends_with("manifest.json")));
}

/// The emulator's datasets are nowhere; the stub says where they are.
/// The stretches of a load in chunks are merged, all but the first: it must not take the old rows away before that is known to work.
#[tokio::test(flavor = "multi_thread")]
async fn stub_a_load_in_chunks_is_refused_before_its_first_stretch() {
    let w = events("id", "partition = { column = \"day\", by = \"day\" }\n").await;
    w.config_with(
        "chunk_rows = 2",
        "[[table]]\nsource = \"events\"\ncursor = \"updated_at\"\npartition = { column = \"day\", by = \"day\" }\n",
    );
    demand_filter(&w, "day").await;
    for args in [&["resync", "--table", "events", "--json"][..], &["run", "--full", "--json"]] {
        let told = refusal(&w, args).await;
        assert!(told.contains("partition") && told.contains("require_partition_filter = false"), "{args:?}: {told}");
    }
    assert!(w.bq.jobs().is_empty(), "{:?}", w.bq.jobs());
    assert_eq!(w.target("SELECT COUNT(*) FROM `{d}.events`").await[0][0].as_deref(), Some("3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn stub_datasets_in_different_places_are_named_before_anything_is_loaded() {
    let w = World::with_orders("deletes = \"keys\"\n").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    w.sql("INSERT INTO orders VALUES (2, 'y', 1)").await;
    let put = |name: String, location: &str| {
        let body = json!({ "datasetReference": { "projectId": "demo", "datasetId": name }, "location": location });
        let path = format!("/datasets/{}", name.replace('_', "%5F"));
        w.bq.answer(1000, 200, &body.to_string(), move |r| r.method == "GET" && r.path.ends_with(&path));
    };
    put(w.dataset.clone(), "EU");
    put(format!("{}_staging", w.dataset), "europe-west1");
    w.bq.clear();
    w.gcs.clear();
    let said =
        format!("demo.{}_staging is in europe-west1, but the targets' dataset demo.{} is in EU", w.dataset, w.dataset);
    for args in [&["plan", "--json"][..], &["run", "--json"]] {
        let told = refusal(&w, args).await;
        assert!(told.contains(&said) && told.contains("another staging_dataset"), "{args:?}: {told}");
    }
    let checked = w.run(&["check", "--json"]).await;
    assert!(checked.code == 1 && checked.stdout.contains(&said), "{}", checked.stdout);
    nothing_was_changed(&w);
    // What the config says counts for jobs, wherever the datasets are.
    let text = std::fs::read_to_string(w.config_path()).unwrap();
    std::fs::write(w.config_path(), text.replace("[bigquery]\n", "[bigquery]\nlocation = \"US\"\n")).unwrap();
    let told = refusal(&w, &["run", "--json"]).await;
    assert!(told.contains("is in EU, but [bigquery] location says US") && told.contains("location = \"EU\""), "{told}");
}

/// Eleven years by day, with an index on the column and without one.
#[tokio::test(flavor = "multi_thread")]
async fn more_partitions_than_a_job_may_write_are_refused_before_the_seal() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE long (id int PRIMARY KEY, day timestamptz, updated_at timestamptz NOT NULL DEFAULT clock_timestamp());
         INSERT INTO long SELECT g, timestamptz '2010-01-01 12:00+00' + g * interval '1 day' FROM generate_series(1, 4000) g;
         INSERT INTO long VALUES (5001, NULL), (5002, '1950-01-01'), (5003, 'infinity'), (5004, '2010-01-02 23:00+00'); ANALYZE long",
    )
    .await;
    let by = |by: &str| {
        let partition = format!("partition = {{ column = \"day\", by = \"{by}\" }}");
        w.config(&format!("[[table]]\nsource = \"long\"\ncursor = \"updated_at\"\n{partition}\n"));
    };
    by("day");
    for index in ["SELECT 1", "CREATE INDEX ON long (day)"] {
        w.sql(index).await;
        assert_eq!(w.run(&["check"]).await.code, 0, "4,000 are not too many");
    }
    w.sql("INSERT INTO long VALUES (6001, '2009-01-01')").await;
    let refused = async || {
        for args in [&["check", "--json"][..], &["plan", "--json"], &["run", "--json"]] {
            let told = refusal(&w, args).await;
            for part in ["of more than 4000 partitions by day of day", "by = \"month\""] {
                assert!(told.contains(part), "{args:?}: {told}");
            }
        }
        assert!(w.bq.jobs().is_empty() && !w.gcs.written().iter().any(|o| o.ends_with("manifest.json")));
    };
    refused().await;
    w.sql("DROP INDEX long_day_idx").await;
    refused().await;
    w.target("DROP TABLE `{d}.long`").await;
    by("month");
    w.tick().await;
    let rows = w.target("SELECT CAST(COUNT(*) AS STRING) FROM `{d}.long`").await;
    assert_eq!(rows[0][0].as_deref(), Some("4005"));
}

/// A load job can't partition a table that is there: on the real service a resync would fail after the seal.
#[tokio::test(flavor = "multi_thread")]
async fn a_resync_into_other_partitions_is_refused_before_the_seal() {
    let w = events("id", "").await;
    w.config("[[table]]\nsource = \"events\"\ncursor = \"updated_at\"\npartition = { column = \"day\" }\n");
    let told = refusal(&w, &["resync", "--table", "events", "--json"]).await;
    assert!(told.contains("is not partitioned by day by DAY") && told.contains("drop the table"), "{told}");
    assert!(w.bq.jobs().is_empty() && w.state("events").await["pending"].is_null());
}

/// A batch of changes may be too wide as well.
#[tokio::test(flavor = "multi_thread")]
async fn changes_of_too_many_partitions_are_refused_before_the_seal() {
    let w = events("id", "partition = { column = \"day\" }\n").await;
    w.sql("INSERT INTO events SELECT g, date '2005-01-01' + g, 'x' FROM generate_series(10, 4010) g").await;
    let told = refusal(&w, &["run", "--json"]).await;
    assert!(told.contains("more than 4000 partitions by day of day"), "{told}");
    assert!(w.bq.jobs().is_empty() && w.state("events").await["pending"].is_null());
}

/// A staging dataset that somebody else has made keeps its tables for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_staging_table_expires_also_where_its_dataset_keeps_it() {
    let w = World::with_orders("").await;
    let body = json!({ "datasetReference": { "projectId": "demo", "datasetId": format!("{}_staging", w.dataset) } });
    let url = format!("{}/datasets", w.bigquery.base);
    w.http.post(url).json(&body).send().await.unwrap().error_for_status().unwrap();
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    w.sql("INSERT INTO orders VALUES (2, 'y', 1)").await;
    let gate = w.bq.hold_before(|r| r.is_job("merge"));
    let mut run = w.command(&["run"]).spawn().unwrap();
    gate.reached().await;
    run.kill().await.unwrap();
    let load = w.bq.log().into_iter().rfind(|r| r.is_job("load")).unwrap();
    let staging = load.json()["configuration"]["load"]["destinationTable"]["tableId"].as_str().unwrap().to_owned();
    let table = w.bigquery.get(&format!("/datasets/{}_staging/tables/{staging}", w.dataset)).await;
    let expires: i64 = table["expirationTime"].as_str().unwrap_or_default().parse().unwrap_or(0);
    let hours = (expires / 1000 - time::OffsetDateTime::now_utc().unix_timestamp()) / 3600;
    assert!((22..=24).contains(&hours), "{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_cluster_is_applied_to_a_table_of_ours() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    let clustering = async || w.bigquery.get(&table_path(&w, "orders")).await["clustering"]["fields"].clone();
    assert_eq!(clustering().await, json!(["id"]));
    w.config("[[table]]\nsource = \"orders\"\ncursor = \"updated_at\"\ncluster = [\"note\", \"id\"]\n");
    let patches = || {
        let log = w.bq.log();
        log.iter().filter(|r| r.method == "PATCH" && !r.json()["clustering"].is_null()).count()
    };
    for n in 2..=3 {
        w.sql(&format!("INSERT INTO orders VALUES ({n}, 'y', 1)")).await;
        w.tick().await;
        assert_eq!(patches(), 1, "asked for once");
    }
    assert_eq!(clustering().await, json!(["note", "id"]));
    w.assert_equal("orders").await;
}

/// A refusal to cluster otherwise stops nothing.
#[tokio::test(flavor = "multi_thread")]
async fn stub_a_table_that_stays_clustered_as_it_was_is_written_all_the_same() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    w.config("[[table]]\nsource = \"orders\"\ncursor = \"updated_at\"\ncluster = [\"note\"]\n");
    let refused = r#"{"error":{"code":400,"message":"Cannot change clustering","errors":[{"reason":"invalid"}]}}"#;
    w.bq.answer(9, 400, refused, |r| r.method == "PATCH" && !r.json()["clustering"].is_null());
    w.sql("INSERT INTO orders VALUES (2, 'y', 1)").await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.stderr.contains("keeps its clustering"), "{}", ran.stderr);
    w.assert_equal("orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_says_that_a_table_is_paused() {
    let w = World::with_orders("").await;
    let told = w.run(&["plan"]).await.stdout;
    assert!(!told.contains("paused"), "{told}");
    w.run(&["pause", "--table", "orders"]).await;
    let told = w.run(&["plan"]).await.stdout;
    assert!(told.contains("paused since 2") && told.contains("`plimsoll resume --table public.orders`"), "{told}");
    assert!(w.run(&["plan", "--json"]).await.json()[0]["paused_since"].is_string());
}

/// Somebody keeps a column of their own in the target: a merge leaves it alone, a full load empties it, and both are said.
#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_is_not_from_the_source_is_named() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    w.target("ALTER TABLE `{d}.orders` ADD COLUMN mine STRING").await;
    w.target("UPDATE `{d}.orders` SET mine = 'kept' WHERE TRUE").await;
    for command in ["check", "plan"] {
        let told = w.run(&[command]).await.stdout;
        assert!(told.contains("not from the source: mine") && told.contains("empties"), "{command}: {told}");
    }
    let mine = async || w.target("SELECT mine FROM `{d}.orders` WHERE id = 1").await[0][0].clone();
    w.sql("UPDATE orders SET note = 'z', updated_at = clock_timestamp()").await;
    w.tick().await;
    assert_eq!(mine().await.as_deref(), Some("kept"));
    assert_eq!(w.run(&["run", "--full"]).await.code, 0);
    assert_eq!(mine().await, None);
    w.assert_equal("orders").await;
}

/// What the service says reaches the operator whole where it names no value, with a hint that is about it.
#[tokio::test(flavor = "multi_thread")]
async fn stub_a_failed_merge_is_told_with_a_hint_about_its_reason() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    w.sql("INSERT INTO orders VALUES (2, 'y', 1)").await;
    for (reason, message, wanted) in [
        (
            "invalidQuery",
            "UPDATE or DELETE statement over table demo.d.orders would affect rows in the streaming buffer, which is not supported",
            "90 minutes",
        ),
        ("invalidQuery", "Name 'note' not found inside T at [3:5]", "plimsoll resync --table public.orders"),
    ] {
        w.bq.answer(1, 200, &failed_job(reason, message), |r| r.is_job("merge"));
        let told = refusal(&w, &["run", "--json"]).await;
        assert!(told.contains(message) && told.contains(wanted), "{told}");
    }
    // Another statement was at work on the table: that passes.
    let busy = failed_job("invalidQuery", "Could not serialize access to table demo.d.orders due to concurrent update");
    w.bq.answer(1, 200, &busy, |r| r.is_job("merge"));
    w.tick().await;
    w.assert_equal("orders").await;
}
