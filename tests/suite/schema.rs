//! The source, the target or the server changes between two ticks.

use plimsoll::failpoint::VARIABLE;

use crate::support::{Recorded, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_column_is_added_and_an_old_one_stays() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    w.sql("ALTER TABLE orders ADD COLUMN colour text, DROP COLUMN note; INSERT INTO orders (id, colour) VALUES (2, 'red')").await;
    let report = w.tick().await;
    assert!(report["whole"].is_null(), "old rows have no value in it: {report}");
    w.assert_equal("orders").await;
    assert_eq!(w.target("SELECT note FROM `{d}.orders` WHERE id = 1").await[0][0].as_deref(), Some("x"));
}

/// A default that is added without rewriting the table changes rows that no transaction seems to have touched.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_column_with_a_default_brings_old_rows_along() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    w.sql("ALTER TABLE orders ADD COLUMN vip boolean NOT NULL DEFAULT true").await;
    w.sql("INSERT INTO orders (id) VALUES (2)").await;
    let report = w.tick().await;
    assert_eq!(report["whole"], "a new column has values in rows that did not change");
    w.assert_equal("orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_does_not_fit_stops_the_table_and_resync_is_the_way_out() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, '5', 1)").await;
    w.tick().await;
    let before = w.state("orders").await["watermark"].clone();
    w.sql("ALTER TABLE orders ALTER COLUMN note TYPE int USING note::int; UPDATE orders SET note = 6, updated_at = clock_timestamp()").await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 1);
    let message = ran.run()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("the column note as STRING, the source's is INT64"), "{message}");
    assert_eq!(w.state("orders").await["watermark"], before);
    assert_eq!(w.run(&["resync", "--table", "public.orders"]).await.code, 0);
    w.assert_equal("orders").await;
    let table = w.bigquery.get(&format!("/datasets/{}/tables/orders", w.dataset)).await;
    assert_eq!(table["tableConstraints"]["primaryKey"]["columns"][0], "id");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_target_is_loaded_whole() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders SELECT g, 'n', g FROM generate_series(1, 10) g").await;
    w.tick().await;
    w.target("DROP TABLE `{d}.orders`").await;
    w.sql("INSERT INTO orders VALUES (11, 'x', 1)").await;
    let report = w.tick().await;
    assert_eq!(report["whole"], "the target table is gone");
    w.assert_equal("orders").await;
}

/// Rows copied into a new table of the old name were written by transactions the watermark knows.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_swapped_by_name_is_loaded_whole() {
    let w = World::with_orders("").await;
    w.sql(
        "INSERT INTO orders VALUES (1, 'old', 1); CREATE TABLE fresh (LIKE orders INCLUDING ALL); \
           INSERT INTO fresh VALUES (1, 'new', 1), (2, 'new', 1)",
    )
    .await;
    w.tick().await;
    w.sql("ALTER TABLE orders RENAME TO gone; ALTER TABLE fresh RENAME TO orders").await;
    let report = w.tick().await;
    assert_eq!(report["whole"], "the source table was dropped and made again");
    w.assert_equal("orders").await;
}

/// A restored or other server: its transaction ids mean nothing to the watermark. The state is changed instead of the
/// server, which shows the same.
#[tokio::test(flavor = "multi_thread")]
async fn another_server_is_loaded_whole_and_loudly() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    let mut state = w.state("orders").await;
    for (path, value, why) in [
        ("system", serde_json::json!("1"), "another server"),
        ("timeline", serde_json::json!(77), "another server"),
        ("", serde_json::json!("999999999:999999999:"), "ahead of the source"),
    ] {
        if path.is_empty() {
            state["watermark"]["snapshot"] = value;
        } else {
            state["watermark"]["identity"][path] = value;
        }
        w.put_state("orders", &state).await;
        let ran = w.run(&["run", "--json", "--log-format", "json"]).await;
        assert!(ran.run()["whole"].as_str().unwrap_or_default().contains(why), "{}", ran.stdout);
        assert!(ran.stderr.contains("the whole table is read again"), "{}", ran.stderr);
        w.assert_equal("orders").await;
        state = w.state("orders").await;
    }
}

/// What a changed config publishes differently is loaded afresh.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_filter_or_renamed_column_is_loaded_whole() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1), (2, 'y', 100)").await;
    w.tick().await;
    let table = "[[table]]\nsource = \"public.orders\"\ncursor = \"updated_at\"\n";
    w.config(&format!("{table}where = \"amount > 10\"\n"));
    assert_eq!(w.tick().await["whole"], "the table's definition in config or source has changed");
    assert_eq!(w.target("SELECT CAST(id AS STRING) FROM `{d}.orders`").await.len(), 1);
    w.config(&format!("{table}where = \"amount > 10\"\nrename = {{ note = \"remark\" }}\n"));
    assert_eq!(w.tick().await["whole"], "a new column has values in rows that did not change");
    assert_eq!(w.target("SELECT remark FROM `{d}.orders`").await[0][0].as_deref(), Some("y"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_unique_stops_the_merge_and_resync_gets_out() {
    let w = World::new().await;
    w.sql("CREATE TABLE t (id int, v text, PRIMARY KEY (id, v)); INSERT INTO t VALUES (1, 'a')").await;
    w.config("[[table]]\nsource = \"t\"\nkey = [\"id\"]\n");
    w.tick().await;
    w.sql("INSERT INTO t VALUES (1, 'b'); UPDATE t SET v = 'c' WHERE v = 'a'").await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 1);
    assert!(ran.run()["error"]["hint"].as_str().unwrap().contains("the key is not unique"), "{}", ran.stdout);
    assert!(w.state("t").await["pending"].is_object());
    w.config("[[table]]\nsource = \"t\"\n");
    assert_eq!(w.run(&["resync", "--table", "t"]).await.code, 0);
    assert!(w.state("t").await["pending"].is_null());
    assert_eq!(w.target("SELECT v FROM `{d}.t`").await.len(), 2);
}

/// The target has values under these names that came from other columns, and no row version says so.
#[tokio::test(flavor = "multi_thread")]
async fn columns_that_change_places_or_come_back_are_loaded_whole() {
    let w = World::with_orders("").await;
    w.sql(
        "ALTER TABLE orders ADD COLUMN a text, ADD COLUMN b text; INSERT INTO orders (id, a, b) VALUES (1, 'a', 'b')",
    )
    .await;
    w.tick().await;
    w.sql("ALTER TABLE orders RENAME a TO c; ALTER TABLE orders RENAME b TO a; ALTER TABLE orders RENAME c TO b").await;
    assert!(w.tick().await["whole"].is_string());
    w.assert_equal("orders").await;
    w.sql("ALTER TABLE orders DROP COLUMN a; ALTER TABLE orders ADD COLUMN a text").await;
    assert!(w.tick().await["whole"].is_string());
    w.assert_equal("orders").await;
    w.sql("ALTER TABLE orders DROP COLUMN b; INSERT INTO orders (id) VALUES (2)").await;
    assert!(w.tick().await["whole"].is_null());
    w.sql("ALTER TABLE orders ADD COLUMN b text").await;
    assert!(w.tick().await["whole"].is_string());
    w.assert_equal("orders").await;
}

/// A renamed label changes the key of rows that nobody wrote.
#[tokio::test(flavor = "multi_thread")]
async fn keys_that_come_back_without_a_change_are_loaded_whole() {
    let w = World::new().await;
    w.sql("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE moods (id mood PRIMARY KEY, v text); INSERT INTO moods VALUES ('ok', 'O'), ('sad', 'S')").await;
    w.config("[[table]]\nsource = \"moods\"\ndeletes = \"keys\"\n");
    w.tick().await;
    w.sql("ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'").await;
    w.tick().await;
    w.tick().await;
    w.assert_equal("moods").await;
    assert_eq!(w.tick().await["state"], "empty");
}

/// The included columns of a covering key are no part of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_covering_primary_key_is_its_key_columns() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE inc (id int, v text, PRIMARY KEY (id) INCLUDE (v)); INSERT INTO inc VALUES (1, 'a'), (2, NULL)",
    )
    .await;
    w.config("[[table]]\nsource = \"inc\"\n");
    w.tick().await;
    w.sql("UPDATE inc SET v = 'b' WHERE id = 1").await;
    w.tick().await;
    w.assert_equal("inc").await;
}

/// The state speaks of one dataset; another one starts from nothing.
#[tokio::test(flavor = "multi_thread")]
async fn another_dataset_is_loaded_whole() {
    let mut w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    w.dataset = format!("{}b", w.dataset);
    w.config("[[table]]\nsource = \"public.orders\"\ncursor = \"updated_at\"\n");
    assert!(w.tick().await["whole"].is_string());
    w.assert_equal("orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_the_target_does_not_have_is_refused() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    w.config(
        "[[table]]\nsource = \"public.orders\"\ncursor = \"updated_at\"\npartition = { column = \"updated_at\" }\n",
    );
    let ran = w.run(&["check"]).await;
    assert!(ran.code == 1 && ran.stdout.contains("is not partitioned by updated_at by DAY"), "{}", ran.stdout);
}

/// Types that hold more than before: the target's columns grow along. The emulator has no `ALTER COLUMN … SET DATA TYPE`, so the
/// statement is answered for, and the test makes the table what the statement would have made it.
#[tokio::test(flavor = "multi_thread")]
async fn stub_a_type_that_widens_is_widened() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE wid (id int PRIMARY KEY, i int, v varchar(3), n numeric(10,2), m int, k int NULL); \
         INSERT INTO wid VALUES (1, 1, 'abc', 1.5, 7, 1), (2, 2, 'b', 2.5, 8, 2)",
    )
    .await;
    w.config("[[table]]\nsource = \"wid\"\ndeletes = \"keys\"\n");
    w.tick().await;
    w.sql(
        "ALTER TABLE wid ALTER i TYPE bigint, ALTER v TYPE text, ALTER n TYPE numeric(40,12), ALTER m TYPE numeric(12,3), ALTER k SET NOT NULL; \
         INSERT INTO wid VALUES (3, 9223372036854775807, 'longer', 1234567890.123456789012, 1.125, 3)",
    )
    .await;
    let is_widening = |r: &Recorded| r.json()["query"].as_str().is_some_and(|q| q.starts_with("ALTER TABLE"));
    w.bq.answer(1, 200, r#"{"jobComplete":true}"#, is_widening);
    let child = w.command(&["run", "--json"]).env(VARIABLE, "seal:before=pause:2000").spawn().unwrap();
    while !w.bq.log().iter().any(is_widening) {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let name = format!("`demo.{}.wid`", w.dataset);
    let statement = w.bq.log().into_iter().find(is_widening).unwrap().json()["query"].as_str().unwrap().to_owned();
    assert_eq!(
        statement,
        format!("ALTER TABLE {name} ALTER COLUMN `n` SET DATA TYPE BIGNUMERIC, ALTER COLUMN `m` SET DATA TYPE NUMERIC")
    );
    w.target("CREATE OR REPLACE TABLE `{d}.wid` AS SELECT id, i, v, CAST(n AS BIGNUMERIC) AS n, CAST(m AS NUMERIC) AS m, k FROM `{d}.wid`").await;
    let ran = w.finish(child).await;
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    w.assert_equal("wid").await;
    assert_eq!(w.tick().await["state"], "empty");
}

/// A column that got narrower stops the table, and says what to do.
#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_narrows_stops() {
    let w = World::new().await;
    w.sql("CREATE TABLE nar (id int PRIMARY KEY, n numeric(40,12)); INSERT INTO nar VALUES (1, 1.5)").await;
    w.config("[[table]]\nsource = \"nar\"\n");
    w.tick().await;
    w.sql("ALTER TABLE nar ALTER n TYPE numeric(10,2)").await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    let error = ran.run()["error"].clone();
    assert!(
        error["message"].as_str().unwrap().contains("the column n as BIGNUMERIC, the source's is NUMERIC"),
        "{error}"
    );
    assert!(error["hint"].as_str().unwrap().contains("resync"), "{error}");
    assert_eq!(w.run(&["resync", "--table", "nar"]).await.code, 0);
    w.assert_equal("nar").await;
}

/// Changes of a type that rewrite no row: values read otherwise, a composite has other attributes, a text is cut to its length.
#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_changes_without_a_word() {
    for (columns, rows, change) in [
        ("ip cidr, n int", "'10.1.2.3/32', -1", "ALTER TABLE ty ALTER ip TYPE inet, ALTER n TYPE oid"),
        ("c pr", "'(1,x)'", "ALTER TYPE pr RENAME ATTRIBUTE b TO bb"),
        ("c pr[]", "ARRAY[(1,'x')::pr]", "ALTER TYPE pr ADD ATTRIBUTE z int"),
        ("v varchar(10)", "'ab    '", "ALTER TABLE ty ALTER v TYPE varchar(3)"),
    ] {
        for capture in ["", "cursor = \"at\"\n"] {
            let w = World::new().await;
            w.sql(&format!(
                "CREATE TYPE pr AS (a int, b text); CREATE TABLE ty (id int PRIMARY KEY, at timestamptz DEFAULT '2020-01-01', {columns}); \
                 INSERT INTO ty VALUES (1, '2020-01-01', {rows}), (2, '2026-01-01', {rows})"
            ))
            .await;
            w.config(&format!("[[table]]\nsource = \"ty\"\n{capture}"));
            w.tick().await;
            w.sql(change).await;
            let report = w.tick().await;
            assert_eq!(report["whole"], "a column has another type", "{change}: {report}");
            w.assert_equal("ty").await;
        }
    }
    // A longer text is no reason.
    let w = World::new().await;
    w.sql("CREATE TABLE ty (id int PRIMARY KEY, v varchar(3), i int); INSERT INTO ty VALUES (1, 'abc', 1)").await;
    w.config("[[table]]\nsource = \"ty\"\n");
    w.tick().await;
    for change in ["v TYPE varchar(5)", "v TYPE text", "i TYPE bigint"] {
        w.sql(&format!("ALTER TABLE ty ALTER {change}")).await;
        let report = w.tick().await;
        assert!(report["whole"].is_null(), "{change}: {report}");
    }
}

/// Between the seal and the merge the source's table becomes another; what was sealed is brought to its end all the same.
#[tokio::test(flavor = "multi_thread")]
async fn ddl_between_seal_and_merge() {
    let w = World::new().await;
    for (n, ddl) in [
        "ALTER TABLE ddl ADD COLUMN extra int DEFAULT 5",
        "ALTER TABLE ddl DROP COLUMN v",
        "ALTER TABLE ddl RENAME COLUMN v TO renamed",
        "ALTER TABLE ddl ALTER n TYPE numeric(12,4), ALTER v TYPE varchar(10)",
        "ALTER TABLE ddl RENAME TO gone",
        "DROP TABLE ddl",
    ]
    .into_iter()
    .enumerate()
    {
        w.sql("DROP TABLE IF EXISTS ddl, gone; CREATE TABLE ddl (id int PRIMARY KEY, v text, n numeric(10,2)); INSERT INTO ddl VALUES (1, 'a', 1)").await;
        w.config_with(
            "lease = \"1s\"",
            &format!("[[table]]\nsource = \"ddl\"\ntarget = \"ddl_{n}\"\ndeletes = \"keys\"\n"),
        );
        w.tick().await;
        w.sql("UPDATE ddl SET v = 'b'; INSERT INTO ddl VALUES (2, 'c', 2)").await;
        let child = w.command(&["run"]).env(VARIABLE, "seal:after=crash").spawn().unwrap();
        w.finish(child).await;
        w.sql(ddl).await;
        tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
        let ran = w.run(&["run", "--json"]).await;
        let first = ran.run();
        assert_eq!(
            (first["state"].as_str(), first["replayed"].as_bool()),
            (Some("done"), Some(true)),
            "{ddl}: {}",
            ran.stdout
        );
        let rows = w.target(&format!("SELECT COUNT(*) FROM `{{d}}.ddl_{n}` WHERE id IN (1, 2)")).await;
        assert_eq!(rows[0][0].as_deref(), Some("2"), "{ddl}");
        let is_gone = ddl.contains("gone") || ddl.starts_with("DROP");
        assert_eq!(ran.code, i32::from(is_gone), "{ddl}: {}", ran.stdout);
    }
}
