//! `plimsoll sample`: what would be staged, from nothing but a database.

use expect_test::expect;

use crate::support::Database;

const ORDERS: &str = "CREATE TABLE orders (id bigint PRIMARY KEY, note text, amount numeric, tags text[], at timestamptz, email text, password text);
    INSERT INTO orders SELECT g, E'n\\t\"' || g, g / 4.0, '{a,NULL}', CASE WHEN g % 2 = 0 THEN 'infinity' ELSE '2024-02-29 12:00+00'::timestamptz END,
        'e' || g || '@example.org', 'hunter2' FROM generate_series(5, 1, -1) g;
    UPDATE orders SET amount = 'NaN' WHERE id = 4";

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_the_target_and_what_it_can_not_hold() {
    let db = Database::new(ORDERS).await;
    let ran = db.run(&["sample", "--table", "orders", "--rows", "4"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    // Only what is staged, by key, so that it can be piped.
    expect![[r#"
        {"_plimsoll_op":"U","id":1,"note":"n\t\"1","amount":"0.25000000000000000000","tags":["a",null],"at":"2024-02-29 12:00:00+00","email":"e1@example.org"}
        {"_plimsoll_op":"U","id":2,"note":"n\t\"2","amount":"0.50000000000000000000","tags":["a",null],"email":"e2@example.org"}
        {"_plimsoll_op":"U","id":3,"note":"n\t\"3","amount":"0.75000000000000000000","tags":["a",null],"at":"2024-02-29 12:00:00+00","email":"e3@example.org"}
        {"_plimsoll_op":"U","id":4,"note":"n\t\"4","tags":["a",null],"email":"e4@example.org"}
    "#]].assert_eq(&ran.stdout);
    expect![[r#"
        CREATE TABLE `my-project.app.orders`
        (
          `id` INT64 NOT NULL,
          `note` STRING,
          `amount` BIGNUMERIC,
          `tags` JSON,
          `at` TIMESTAMP,
          `email` STRING,
          PRIMARY KEY (`id`) NOT ENFORCED
        )
        CLUSTER BY `id`
        OPTIONS (description = 'Kept equal to public.orders by Plimsoll', labels = [('managed-by', 'plimsoll')]);
        -- public.orders: the settings that `plimsoll init` would write
        --   capture = "xmin"
        --   deletes = "keys"
        --   exclude = ["password"]
        -- 4 rows, 2 quarantined
        --   amount: NaN (1 value; the first in row 4)
        --   at: infinity (2 values; the first in row 2)
        --   NULL is staged for 3 values that the target can't hold; the rows as they are go to the quarantine file
    "#]]
    .assert_eq(&ran.stderr);
    let json = db.run(&["sample", "--table", "public.orders", "--rows", "4", "--json"]).await;
    assert_eq!((json.code, json.stderr.as_str()), (0, ""));
    let json = json.json();
    let rows: Vec<String> = json["rows"].as_array().unwrap().iter().map(|r| r["id"].to_string()).collect();
    assert_eq!(rows, ["1", "2", "3", "4"]);
    assert!(json["ddl"].as_str().is_some_and(|ddl| ran.stderr.starts_with(ddl)), "{json}");
    assert_eq!(json["counts"]["quarantined"], 2);
    let quarantined = json["quarantined"].as_array().unwrap();
    let told: Vec<_> = quarantined
        .iter()
        .map(|q| (q["column"].as_str(), q["reason"].as_str(), q["values"].as_u64(), q["first_row"].as_u64()))
        .collect();
    assert_eq!(
        told,
        [(Some("amount"), Some("NaN"), Some(1), Some(4)), (Some("at"), Some("infinity"), Some(2), Some(2))]
    );
    assert_eq!(quarantined[1]["first"]["row"]["id"], "2");
    // A table without rows, and one more row than there are.
    db.pg.batch_execute("CREATE TABLE empty (id int PRIMARY KEY)").await.unwrap();
    let ran = db.run(&["sample", "--table", "empty"]).await;
    assert!(
        ran.code == 0 && ran.stdout.is_empty() && ran.stderr.contains("\n-- 0 rows, 0 quarantined\n"),
        "{}",
        ran.stderr
    );
    let json = db.run(&["sample", "--table", "empty", "--json"]).await.json();
    assert_eq!((json["rows"].as_array().map(Vec::len), json["counts"]["read"].as_u64()), (Some(0), Some(0)));
    let refused = db.run(&["sample", "--table", "emty", "--json"]).await;
    assert_eq!((refused.code, refused.json()["ok"].as_bool()), (2, Some(false)));
    assert_eq!(db.run(&["sample", "--table", "orders"]).await.stdout.lines().count(), 5);
    // A full disk is an error; a reader that has enough is none.
    for (command, into, code) in [
        ("sample --table orders", "> /dev/full", 1),
        ("sample --table orders --json", "> /dev/full", 1),
        ("init --output -", "> /dev/full", 1),
        ("sample --table orders", "| true", 0),
    ] {
        let line = format!("set -o pipefail; {} {command} {into}", env!("CARGO_BIN_EXE_plimsoll"));
        let mut bash = tokio::process::Command::new("bash");
        bash.args(["-c", &line]).env("DATABASE_URL", db.url()).env_remove("PLIMSOLL_CONFIG").current_dir(db.folder());
        let ran = bash.kill_on_drop(true).output().await.unwrap();
        let stderr = String::from_utf8_lossy(&ran.stderr);
        assert_eq!((ran.status.code(), stderr.contains("No space left")), (Some(code), code == 1), "{line}: {stderr}");
    }
    // What init makes of the tables together may be another thing.
    db.pg
        .batch_execute(
            "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
             CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON empty FOR EACH ROW EXECUTE FUNCTION note();
             CREATE VIEW few AS SELECT id FROM orders",
        )
        .await
        .unwrap();
    for (table, words) in [
        ("empty", "-- public.empty: settings for this table alone; it has triggers, and if they write a change log"),
        ("few", "-- public.few: settings for this table alone; `plimsoll init` writes it as a comment\n"),
    ] {
        let ran = db.run(&["sample", "--table", table]).await;
        assert!(ran.code == 0 && ran.stderr.contains(words), "{table}: {}", ran.stderr);
    }
}

/// Where there is a config, its settings count, and a secret of its own names is not read.
#[tokio::test(flavor = "multi_thread")]
async fn the_settings_of_the_config_count() {
    let db = Database::new(ORDERS).await;
    let config = |rest: &str| {
        db.write(
            "plimsoll.toml",
            &format!(
                "[source]\nurl = \"${{DATABASE_URL}}\"\nhash_salt = \"0123456789abcdef\"\n[storage]\nurl = \"gs://${{PLIMSOLL_BUCKET}}/p\"\n\
                 [bigquery]\nproject = \"p\"\ndataset = \"d\"\n[[table]]\nsource = \"public.orders\"\ntarget = \"sold\"\n{rest}"
            ),
        );
    };
    config(
        "cursor = \"at\"\nexclude = [\"at\", \"password\", \"tags\"]\nhash = [\"email\"]\nrename = { note = \"remark\" }\ncolumns.amount.type = \"STRING\"\nwhere = \"id > 2 -- not the first\"\n",
    );
    let ran = db.run(&["sample", "--table", "sold", "--rows", "2"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    expect![[r#"
        {"_plimsoll_op":"U","id":3,"remark":"n\t\"3","amount":"0.75000000000000000000","email":"cee0b496e0bda3a3c05d3f5552dcb8ddc4de8b45fd1d60ee90f128e787dd2b66"}
        {"_plimsoll_op":"U","id":4,"remark":"n\t\"4","amount":"NaN","email":"0e04d69141d84255ca0b573e45342d214de86c549e9619ee8086fef0518cb7cd"}
    "#]].assert_eq(&ran.stdout);
    assert!(
        ran.stderr.starts_with("CREATE TABLE `p.d.sold`\n") && ran.stderr.contains("the settings of the config"),
        "{}",
        ran.stderr
    );
    // The URL of the argument stands in for the variable.
    let ran = db.run_with(&["sample", &db.url(), "--table", "sold", "--rows", "1"], &[]).await;
    assert!(ran.code == 0 && ran.stdout.contains("\"remark\""), "{}", ran.stderr);
    // A value that would fail the run fails here, and is not quoted.
    config("on_unrepresentable = \"fail\"\n");
    let ran = db.run(&["sample", "--table", "sold"]).await;
    assert!(
        ran.code == 1
            && ran.stderr.contains("the column at holds a value that TIMESTAMP cannot")
            && !ran.stderr.contains("hunter2"),
        "{}",
        ran.stderr
    );
    config("where = \"id > 2 limit 1\"\n");
    let ran = db.run(&["sample", "--table", "sold"]).await;
    assert!(ran.code == 2 && ran.stderr.contains("is not a condition"), "{}", ran.stderr);
    // Another table of the same database: what init would choose.
    db.pg
        .batch_execute("CREATE TABLE people (id int PRIMARY KEY, api_key text); INSERT INTO people VALUES (1, 'k')")
        .await
        .unwrap();
    let ran = db.run(&["sample", "--table", "people"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "{\"_plimsoll_op\":\"U\",\"id\":1}\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--   exclude = [\"api_key\"]\n"), "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_read_is_said_with_what_to_type() {
    let db = Database::new(
        "CREATE SCHEMA app; CREATE TABLE app.\"Order Items\" (id int PRIMARY KEY); CREATE TABLE orders (id int PRIMARY KEY, a text, b text);
         CREATE VIEW shown AS SELECT id FROM orders; INSERT INTO orders VALUES (1, 'a', 'b');
         CREATE TABLE guarded (id int PRIMARY KEY); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
         CREATE TABLE parts_1 PARTITION OF parts DEFAULT; INSERT INTO parts VALUES (7);
         CREATE ROLE reader LOGIN PASSWORD 'x'; GRANT SELECT ON shown, guarded, parts, parts_1 TO reader",
    )
    .await;
    let reader = db.url_of("reader", "x");
    let sample = async |table: &str| db.run_with(&["sample", "--table", table], &[("DATABASE_URL", &reader)]).await;
    for (table, code, wanted) in [
        ("order", 2, "did you mean --table public.orders?"),
        ("public.ORDERS", 2, "did you mean --table public.orders?"),
        ("app.Order Items", 2, "did you mean --table 'app.\"Order Items\"'?"),
        ("invoices", 2, "has no table or view invoices"),
        ("orders", 1, "GRANT SELECT ON \"public\".\"orders\" TO \"reader\""),
        (
            "app.\"Order Items\"",
            1,
            "GRANT USAGE ON SCHEMA \"app\" TO \"reader\"; GRANT SELECT ON \"app\".\"Order Items\" TO \"reader\"",
        ),
        ("guarded", 1, "ALTER ROLE reader BYPASSRLS"),
    ] {
        let ran = sample(table).await;
        assert!(
            ran.code == code && ran.stderr.contains(wanted) && ran.stdout.is_empty(),
            "{table}: {} {}",
            ran.code,
            ran.stderr
        );
    }
    // Who is not let in is told so, or how many may be.
    db.pg.batch_execute("CREATE DATABASE \"Closed\"").await.unwrap();
    db.pg.batch_execute("REVOKE CONNECT ON DATABASE \"Closed\" FROM PUBLIC").await.unwrap();
    db.pg.batch_execute("CREATE ROLE crowd LOGIN PASSWORD 'x' CONNECTION LIMIT 0").await.unwrap();
    let closed = reader.replace("/postgres", "/Closed");
    for (url, hint) in [
        (closed, "\nhint: as the database's owner: GRANT CONNECT ON DATABASE \"Closed\" TO \"reader\"\n"),
        (db.url_of("crowd", "x"), "\nhint: lower [run] parallelism, or raise the connection limit of"),
    ] {
        let ran = db.run_with(&["sample", "--table", "shown"], &[("DATABASE_URL", &url)]).await;
        assert!(ran.code == 1 && ran.stderr.contains(hint), "{}", ran.stderr);
    }
    // A view works, and says what the config needs; so does a partition by itself.
    let ran = sample("shown").await;
    let line: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, &line["id"], &line["_plimsoll_copy"]), (0, &1.into(), &1.into()), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("--   capture = \"digest\"\n--   key = \"row\"\n-- A view: the catalog does not name its key"),
        "{}",
        ran.stderr
    );
    assert_eq!(sample("parts_1").await.stdout, "{\"_plimsoll_op\":\"U\",\"id\":7}\n");
    // What the role may read of a table is sampled without the rest.
    db.pg.batch_execute("GRANT SELECT (id, a) ON orders TO reader").await.unwrap();
    let ran = sample("orders").await;
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "{\"_plimsoll_op\":\"U\",\"id\":1,\"a\":\"a\"}\n"),
        "{}",
        ran.stderr
    );
}

/// A few rows of a large table come from its index.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_table_is_not_scanned() {
    let db = Database::new("CREATE TABLE large (id int PRIMARY KEY, v text); INSERT INTO large SELECT g, 'x' FROM generate_series(30000, 1, -1) g; ANALYZE large").await;
    let before = "SELECT pg_stat_reset()";
    db.pg.batch_execute(before).await.unwrap();
    let ran = db.run(&["sample", "--table", "large", "--rows", "3"]).await;
    assert!(
        ran.stdout.starts_with("{\"_plimsoll_op\":\"U\",\"id\":1,") && ran.stdout.lines().count() == 3,
        "{}",
        ran.stdout
    );
    // The server counts what a session did when it ends.
    let sql = "SELECT idx_tup_fetch, seq_tup_read FROM pg_stat_user_tables WHERE relname = 'large'";
    for _ in 0..200 {
        let row = db.pg.query_one(sql, &[]).await.unwrap();
        let (by_index, scanned): (Option<i64>, Option<i64>) = (row.get(0), row.get(1));
        assert_eq!(scanned.unwrap_or(0), 0);
        if by_index.is_some_and(|n| n >= 3) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the rows were not counted");
}
