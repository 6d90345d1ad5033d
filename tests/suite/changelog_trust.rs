//! What a change log must not be trusted with: numbers that came round again, changes it can't tell of, keys it spells
//! otherwise than the table.

use std::time::Duration;

use crate::support::World;

const LOG: &str = "
CREATE TABLE log (id bigserial PRIMARY KEY, what text NOT NULL DEFAULT 'item', key text, op text,
    at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP <> 'INSERT' THEN INSERT INTO log (key, op) VALUES (OLD.id, TG_OP); END IF;
  IF TG_OP <> 'DELETE' THEN INSERT INTO log (key, op) VALUES (NEW.id, TG_OP); END IF; RETURN NULL; END $$;";
const ITEMS: &str =
    "CREATE TABLE item (id int PRIMARY KEY, v text); INSERT INTO item SELECT g, 'a' FROM generate_series(1, 5) g;";
const TRIGGER: &str = "CREATE TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON item FOR EACH ROW EXECUTE FUNCTION note();";
const CONFIG: &str =
    "[changelog]\ntable = \"log\"\nid = \"id\"\ntype = \"what\"\nkey = \"key\"\naction = \"op\"\nadded = \"INSERT\"\n";

fn config(log: &str, rest: &str) -> String {
    format!("{CONFIG}{log}[[table]]\nsource = \"item\"\ncapture = \"changelog\"\nlog_types = [\"item\"]\n{rest}")
}

async fn world_of(item: &str, rest: &str) -> World {
    let w = World::new().await;
    w.sql(LOG).await;
    w.sql(item).await;
    w.sql(TRIGGER).await;
    w.config(&config("at = \"at\"\n", rest));
    w.tick().await;
    w.assert_equal("item").await;
    w
}

async fn world(rest: &str) -> World {
    world_of(ITEMS, rest).await
}

/// The next tick says this and makes the target equal; the one after it finds nothing.
async fn reads_whole(w: &World, why: &str) {
    let report = w.tick().await;
    assert!(report["whole"].as_str().is_some_and(|t| t.contains(why)), "{report}");
    w.assert_equal("item").await;
    assert_eq!(w.tick().await["state"], "empty");
}

/// The number that was read last is another entry's by now, or no entry's.
#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_came_round_again_are_noticed() {
    let w = world("").await;
    w.sql("UPDATE item SET v = 'b'").await;
    w.tick().await;
    let many = "INSERT INTO log (what, key) SELECT 'other', 0 FROM generate_series(1, 40)";
    w.sql(&format!("TRUNCATE log RESTART IDENTITY; UPDATE item SET v = 'c' WHERE id = 1; {many}")).await;
    reads_whole(&w, "pruned").await;
    // The last number is missing, and the one behind it is there.
    w.sql(&format!(
        "TRUNCATE log RESTART IDENTITY; UPDATE item SET v = 'd' WHERE id = 2; {many}; {many}; \
         DELETE FROM log WHERE id = (SELECT max(id) - 40 FROM log)"
    ))
    .await;
    reads_whole(&w, "pruned").await;
    // All that was read goes, and nothing was written: no reason for anything.
    w.sql("TRUNCATE log").await;
    assert_eq!(w.tick().await["state"], "empty");
    w.sql("UPDATE item SET v = 'e' WHERE id = 3").await;
    assert!(w.tick().await["whole"].is_null());
    w.assert_equal("item").await;
}

/// An entry with a number below the newest is written late, and all is pruned before anybody has read it.
#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_log_proves_nothing_where_a_transaction_was_open() {
    let w = world("").await;
    let late = w.connect().await;
    late.batch_execute("BEGIN; UPDATE item SET v = 'late' WHERE id = 1").await.unwrap();
    w.sql("UPDATE item SET v = 'b' WHERE id = 2").await;
    w.tick().await;
    late.batch_execute("COMMIT").await.unwrap();
    w.sql("DELETE FROM log").await;
    let report = w.tick().await;
    assert!(report["whole"].as_str().is_some_and(|t| t.contains("pruned")), "{report}");
    w.assert_equal("item").await;
}

/// The column has a sequence, but something else numbers the entries.
#[tokio::test(flavor = "multi_thread")]
async fn a_sequence_that_numbers_nothing_is_not_believed() {
    let w = world("").await;
    w.sql("CREATE SEQUENCE other START 100000; ALTER TABLE log ALTER id SET DEFAULT nextval('other'); \
           INSERT INTO log (what, key) SELECT 'x', 0 FROM generate_series(1, 2000); UPDATE item SET v = 'b' WHERE id = 1")
        .await;
    w.tick().await;
    w.assert_equal("item").await;
    assert_eq!(w.tick().await["log"]["entries"].as_u64().unwrap_or(0), 0);
    w.sql("UPDATE item SET v = 'c' WHERE id = 1; DELETE FROM log").await;
    reads_whole(&w, "pruned").await;
}

/// Every row has a value that no entry tells of.
#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_is_filled_without_an_entry() {
    let w = world("").await;
    for column in [
        "r float8 DEFAULT random()",
        "n int GENERATED ALWAYS AS IDENTITY",
        "g text GENERATED ALWAYS AS (upper(v)) STORED",
    ] {
        w.sql(&format!("ALTER TABLE item ADD COLUMN {column}")).await;
        reads_whole(&w, "a new column has values").await;
    }
    w.sql("ALTER TABLE item ADD COLUMN late text").await;
    assert_eq!(w.tick().await["state"], "empty");
    w.sql("ALTER TABLE item ALTER r TYPE numeric(6, 2) USING round(r::numeric, 2)").await;
    let ran = w.run(&["run"]).await;
    assert!(ran.stdout.contains("has the column r as FLOAT"), "{}", ran.stdout);
    assert_eq!(w.run(&["resync", "--table", "item"]).await.code, 0);
    w.sql("ALTER TABLE item ALTER r TYPE numeric(6, 1)").await;
    reads_whole(&w, "another type").await;
    // Widened: every value is what it was.
    w.sql("ALTER TABLE item ALTER n TYPE bigint").await;
    assert_eq!(w.tick().await["state"], "empty");
}

/// What a view reads is changed below it, two views down and in a function.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_below_a_view_is_noticed() {
    let w = World::new().await;
    w.sql(LOG).await;
    w.sql("CREATE TABLE base (id int, v text, PRIMARY KEY (id)) PARTITION BY RANGE (id); CREATE TABLE base_1 PARTITION OF base FOR VALUES FROM (0) TO (100); \
           INSERT INTO base VALUES (1, 'a'), (2, 'b'); CREATE FUNCTION f(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT $1 || '!' $$; \
           CREATE VIEW lower_view AS SELECT id, f(v) AS v FROM base WHERE id < 50; CREATE VIEW item AS SELECT id, v FROM lower_view")
        .await;
    w.config(&config("", "key = [\"id\"]\n"));
    w.tick().await;
    w.sql("CREATE OR REPLACE VIEW lower_view AS SELECT id, f(v) AS v FROM base WHERE id < 90").await;
    reads_whole(&w, "definition").await;
    w.sql("CREATE OR REPLACE FUNCTION f(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT $1 || '?' $$").await;
    reads_whole(&w, "definition").await;
    w.sql("CREATE FUNCTION joined(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT $1 || $2 $$; CREATE OPERATOR ## (FUNCTION = joined, LEFTARG = text, RIGHTARG = text); \
           CREATE OR REPLACE VIEW lower_view AS SELECT id, v ## 'x'::text AS v FROM base WHERE id < 90")
        .await;
    reads_whole(&w, "definition").await;
    w.sql("CREATE OR REPLACE FUNCTION joined(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT $2 || $1 $$")
        .await;
    reads_whole(&w, "definition").await;
    w.sql(
        "CREATE TABLE base_2 (LIKE base INCLUDING ALL); INSERT INTO base_2 VALUES (-1, 'z'); \
           ALTER TABLE base ATTACH PARTITION base_2 FOR VALUES FROM (-100) TO (0)",
    )
    .await;
    reads_whole(&w, "partition").await;
    // What a REFRESH changes has no entry.
    w.sql("DROP VIEW item; CREATE MATERIALIZED VIEW kept AS SELECT id, v FROM base; CREATE VIEW item AS SELECT id, v FROM kept").await;
    let ran = w.run(&["run"]).await;
    assert!(
        ran.code != 0 && ran.stdout.contains("materialized view") && ran.stdout.contains("reconcile_every"),
        "{}",
        ran.stdout
    );
    w.config(&config("", "key = [\"id\"]\nreconcile_every = \"1s\"\n"));
    w.tick().await;
    w.assert_equal("item").await;
}

/// A table that is not there has no entries; nobody would ever notice.
#[tokio::test(flavor = "multi_thread")]
async fn a_logged_relation_that_is_not_there_is_named() {
    let w = World::new().await;
    w.sql("CREATE TABLE log (id bigserial PRIMARY KEY, s text, t text, record jsonb); CREATE TABLE item (id int PRIMARY KEY); CREATE VIEW shown AS SELECT id FROM item").await;
    w.config(
        "[changelog]\ntable = \"log\"\nid = \"id\"\ntype = [\"s\", \"t\"]\nkey = \"record\"\nkey_format = \"json\"\n\
              [[table]]\nsource = \"shown\"\nkey = [\"id\"]\ncapture = \"changelog\"\nlog_types = [\"public.item\"]\n",
    );
    w.tick().await;
    w.sql("ALTER TABLE item RENAME TO things").await;
    let ran = w.run(&["run"]).await;
    assert!(
        ran.code == 2 && ran.stdout.contains("public.item, which log_types names, does not exist"),
        "{}",
        ran.stdout
    );
    w.sql("ALTER TABLE things RENAME TO item; ALTER TABLE log ALTER record TYPE int USING NULL").await;
    let ran = w.run(&["check"]).await;
    assert!(ran.stdout.contains("no key can be packed in the column record"), "{}", ran.stdout);
}

/// The separator stands inside a value: which row is meant nobody can tell.
#[tokio::test(flavor = "multi_thread")]
async fn a_packed_key_that_can_be_cut_in_two_ways() {
    let w = World::new().await;
    w.sql(LOG).await;
    w.sql("CREATE TABLE item (id text, b text, v text, PRIMARY KEY (id, b)); INSERT INTO item VALUES ('x', 'y', ''), ('p,q', 'r', '')").await;
    w.config(&config("key_format = \"delimited\"\n", ""));
    w.tick().await;
    w.sql("UPDATE item SET v = 'n' WHERE id = 'x'; INSERT INTO log (key) VALUES ('x,y')").await;
    assert!(w.tick().await["whole"].is_null());
    w.sql("UPDATE item SET v = 'n'; INSERT INTO log (key) VALUES ('p,q,r')").await;
    reads_whole(&w, "lack the field of the key").await;
}

/// Values that the source takes for equal are two keys in BigQuery.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_changes_its_spelling_leaves_no_ghost() {
    let w = world_of("CREATE EXTENSION citext; CREATE TABLE item (id citext PRIMARY KEY, v text); INSERT INTO item VALUES ('A', ''), ('b', '')", "").await;
    w.sql("UPDATE item SET id = 'a' WHERE id = 'A'").await;
    let report = w.tick().await;
    assert_eq!(
        (report["tables"][0]["upserts"].as_u64(), report["tables"][0]["deletes"].as_u64()),
        (Some(1), Some(1)),
        "{report}"
    );
    w.assert_equal("item").await;
    let w = world_of(
        "CREATE TABLE item (id numeric(8, 2) PRIMARY KEY, v text); INSERT INTO item VALUES (1.50, ''), (2, '')",
        "columns.id.type = \"STRING\"\n",
    )
    .await;
    // As an application would log it.
    w.sql("ALTER TABLE item DISABLE TRIGGER t; DELETE FROM item WHERE id = 1.5; UPDATE item SET v = 'x'; INSERT INTO log (key) VALUES ('1.5'), ('2')").await;
    w.tick().await;
    w.assert_equal("item").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_content_type_that_is_recreated() {
    let w = World::new().await;
    w.sql(LOG).await;
    w.sql("CREATE TABLE django_content_type (id int PRIMARY KEY, app_label text, model text); INSERT INTO django_content_type VALUES (3, 'shop', 'item'); \
           ALTER TABLE log ADD COLUMN type int").await;
    w.sql(ITEMS).await;
    w.config(
        "[changelog]\ntable = \"log\"\nid = \"id\"\ntype = \"type\"\ncontent_types = \"django_content_type\"\nkey = \"key\"\n\
         [[table]]\nsource = \"item\"\ncapture = \"changelog\"\nlog_types = [\"shop.Item\"]\n",
    );
    w.tick().await;
    w.sql("UPDATE item SET v = 'b' WHERE id = 1; INSERT INTO log (key, type) VALUES (1, 3); UPDATE django_content_type SET id = 8").await;
    reads_whole(&w, "another number").await;
}

/// The role sees only some of the rows; the log is bounded by a clock whose transactions the role can't see.
#[tokio::test(flavor = "multi_thread")]
async fn check_says_what_the_role_cannot_see() {
    let w = world("").await;
    w.sql("ALTER TABLE item ENABLE ROW LEVEL SECURITY; CREATE ROLE reader LOGIN PASSWORD 'reader'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader; \
           ALTER TABLE log ALTER id DROP DEFAULT, ALTER id TYPE uuid USING gen_random_uuid()")
        .await;
    w.config(&config("at = \"at\"\nlag = \"10m\"\n", ""));
    let place = w.source_url().split_once('@').unwrap().1.to_owned();
    let url = format!("postgres://reader:reader@{place}");
    let ran = w.finish(w.command(&["check"]).env("DATABASE_URL", url).spawn().unwrap()).await;
    assert_eq!(ran.code, 1, "{} {}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("row-level security of the table item would hide rows"), "{}", ran.stdout);
    assert!(ran.stdout.contains("hint: ALTER ROLE reader BYPASSRLS"), "{}", ran.stdout);
    assert!(ran.stdout.contains("GRANT pg_read_all_stats"), "{}", ran.stdout);
}

/// Ids of ones own may come far out of order.
#[tokio::test(flavor = "multi_thread")]
async fn ids_out_of_order_are_found_within_lag() {
    let w = World::new().await;
    w.sql(ITEMS).await;
    w.sql("CREATE TABLE log (id bigint PRIMARY KEY, what text, key text, op text)").await;
    w.config(&config("lag = 5000000\n", ""));
    w.tick().await;
    w.sql("UPDATE item SET v = 'b' WHERE id = 1; INSERT INTO log VALUES (9000000, 'item', 1)").await;
    w.tick().await;
    w.sql("UPDATE item SET v = 'b' WHERE id = 2; INSERT INTO log VALUES (5000000, 'item', 2)").await;
    assert_eq!(w.tick().await["state"], "done");
    w.assert_equal("item").await;
}

/// As many rows come as go: the count stays, and yet all that was there is gone.
#[tokio::test(flavor = "multi_thread")]
async fn the_guard_is_not_appeased_by_inserts() {
    let w = world("").await;
    w.sql("INSERT INTO item SELECT g, 'a' FROM generate_series(10, 3009) g").await;
    w.tick().await;
    // Rows that come and go within a window were never in the target.
    w.sql("INSERT INTO item SELECT g, 'a' FROM generate_series(10000, 13000) g; DELETE FROM item WHERE id >= 10000")
        .await;
    assert_eq!(w.tick().await["state"], "done");
    w.sql("DELETE FROM item; INSERT INTO item SELECT g, 'b' FROM generate_series(20000, 23009) g").await;
    let ran = w.run(&["run"]).await;
    assert!(ran.code == 1 && ran.stdout.contains("would delete 3,005 of the 3,005 rows"), "{}", ran.stdout);
    assert_eq!(w.run(&["run", "--allow-deletes"]).await.code, 0);
    w.assert_equal("item").await;
}

/// Another capture takes over: the target has rows, and the new feed knows nothing of them.
#[tokio::test(flavor = "multi_thread")]
async fn the_guard_asks_the_target_where_nobody_has_counted() {
    let w = World::new().await;
    w.sql(LOG).await;
    w.sql("CREATE TABLE item (id int PRIMARY KEY, v text); INSERT INTO item SELECT g FROM generate_series(1, 4000) g")
        .await;
    w.sql(TRIGGER).await;
    w.config("[[table]]\nsource = \"item\"\ndelete = \"soft\"\ndeletes = \"keys\"\n");
    w.tick().await;
    w.sql("DELETE FROM item WHERE id <= 1000").await;
    w.run(&["run", "--allow-deletes"]).await;
    w.sql("DELETE FROM item WHERE id <= 2500").await;
    w.config(&config("", "delete = \"soft\"\n"));
    let ran = w.run(&["run"]).await;
    assert!(ran.code == 1 && ran.stdout.contains("would delete 1,500 of the 3,000 rows"), "{}", ran.stdout);
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(w.run(&["run", "--allow-deletes"]).await.code, 0);
}

/// An application logs what it holds; the column rounds it, or could never have stored it.
#[tokio::test(flavor = "multi_thread")]
async fn a_logged_key_that_the_column_would_store_otherwise() {
    for (key, rows, logged, change) in [
        ("varchar(3)", "('abc', 'a'), ('d', 'a')", "abcd", "abc"),
        ("numeric(8, 2)", "(1.51, 'a'), (2, 'a')", "1.505", "1.51"),
        ("timestamp(0)", "('2024-02-03 03:04:06', 'a')", "2024-02-03 03:04:05.6", "2024-02-03 03:04:06"),
    ] {
        let source = format!("CREATE TABLE item (id {key} PRIMARY KEY, v text); INSERT INTO item VALUES {rows}");
        let w = world_of(&source, if key.starts_with("numeric") { "columns.id.type = \"STRING\"\n" } else { "" }).await;
        w.sql(&format!("ALTER TABLE item DISABLE TRIGGER t; UPDATE item SET v = 'b' WHERE id = '{change}'; INSERT INTO log (key) VALUES ('{logged}')")).await;
        let report = w.tick().await;
        if key == "varchar(3)" {
            assert_eq!(report["log"]["unreadable"], 1, "{report}");
            w.sql("INSERT INTO log (key) VALUES ('abc')").await;
            w.tick().await;
        }
        w.assert_equal("item").await;
    }
    let w = World::new().await;
    w.sql(LOG).await;
    w.sql("CREATE TABLE item (id int PRIMARY KEY, plan varchar(3)); INSERT INTO item VALUES (1, 'abc'), (2, 'abc')")
        .await;
    w.config(&config("", "").replace("[\"item\"]", "[{ type = \"plan\", key = \"plan\" }]"));
    w.tick().await;
    w.sql("INSERT INTO log (what, key, op) VALUES ('plan', 'abcd', 'INSERT')").await;
    w.tick().await;
    w.assert_equal("item").await;
}

/// A field's column may be called otherwise, and another table of the view have a column of the field's name.
#[tokio::test(flavor = "multi_thread")]
async fn a_field_is_a_column_of_its_own_table_only() {
    let w = World::new().await;
    w.sql("CREATE TABLE django_content_type (id int PRIMARY KEY, app_label text, model text); INSERT INTO django_content_type VALUES (3, 'shop', 'item'); \
           CREATE TABLE models_logging_change (id serial PRIMARY KEY, date_created timestamptz NOT NULL DEFAULT now(), object_id int, action text, changed_data jsonb, \
             content_type_id int, extras jsonb); \
           CREATE TABLE shop_plan (id int PRIMARY KEY, status text, period text); CREATE TABLE shop_item (id int PRIMARY KEY, plan_id int, state text, note text); \
           INSERT INTO shop_plan VALUES (1, 'x', 'y'); INSERT INTO shop_item VALUES (1, 1, 'new', ''); \
           CREATE VIEW item AS SELECT i.id, i.state, p.period FROM shop_item i JOIN shop_plan p ON p.id = i.plan_id")
        .await;
    w.config(
        "[changelog]\npreset = \"django-models-logging\"\n[[table]]\nsource = \"item\"\nkey = [\"id\"]\ncapture = \"changelog\"\n\
         log_types = [\"shop.item\"]\nchanged_columns = \"skip-unpublished\"\n",
    );
    w.tick().await;
    let log = |field: &str| {
        format!(
            "INSERT INTO models_logging_change (object_id, action, content_type_id, changed_data) \
                                     VALUES (1, 'changed', 3, '{{\"{field}\": {{\"old\": 1, \"new\": 2}}}}')"
        )
    };
    w.sql(&format!("UPDATE shop_item SET state = 'done'; {}", log("status"))).await;
    w.tick().await;
    w.assert_equal("item").await;
    w.sql(&format!("UPDATE shop_item SET note = 'n'; {}", log("note"))).await;
    assert_eq!(w.tick().await["log"]["skipped"], 1);
}

/// While another capture had the table it wrote other rows and columns; what was known before is no longer true.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_comes_back_to_its_feed_is_loaded_afresh() {
    let w = world("").await;
    let own = "[[table]]\nsource = \"item\"\n";
    w.config(&format!("{own}where = \"id <> 2\"\n"));
    w.tick().await;
    w.config(&config("at = \"at\"\n", ""));
    assert_eq!(w.tick().await["whole"], "item: first load");
    w.assert_equal("item").await;
    w.config(own);
    assert_eq!(w.tick().await["whole"], "first load");
    w.config(&config("at = \"at\"\n", "exclude = [\"v\"]\n"));
    w.tick().await;
    w.config(own);
    assert_eq!(w.tick().await["whole"], "first load");
    w.assert_equal("item").await;
}

/// Rows that the target never had are changed or deleted in numbers.
#[tokio::test(flavor = "multi_thread")]
async fn the_guard_lets_hidden_rows_come_and_go() {
    let w = World::new().await;
    w.sql(LOG).await;
    w.sql("CREATE TABLE base (id int PRIMARY KEY, active boolean); INSERT INTO base SELECT g, g <= 3000 FROM generate_series(1, 8000) g; \
           CREATE VIEW item AS SELECT id FROM base WHERE active")
        .await;
    w.config(&config("", "key = [\"id\"]\n"));
    w.tick().await;
    w.sql("DELETE FROM base WHERE id > 5000; INSERT INTO log (key, op) SELECT g, 'DELETE' FROM generate_series(5001, 8000) g").await;
    assert_eq!(w.tick().await["state"], "done");
    w.assert_equal("item").await;
}

/// A migration adds a column, and the application fills it before the next tick; a partition is made for tomorrow's rows.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_log_names_is_no_reason_to_read_everything() {
    let w = World::new().await;
    w.sql(LOG).await;
    w.sql("CREATE TABLE item (id int PRIMARY KEY, v text) PARTITION BY RANGE (id); CREATE TABLE item_1 PARTITION OF item FOR VALUES FROM (0) TO (100); \
           INSERT INTO item SELECT g, 'a' FROM generate_series(1, 5) g")
        .await;
    w.sql(TRIGGER).await;
    w.config(&config("at = \"at\"\n", ""));
    w.tick().await;
    w.sql("ALTER TABLE item ADD COLUMN c text; UPDATE item SET c = 'c' WHERE id = 1").await;
    let report = w.tick().await;
    assert!(report["whole"].is_null(), "{report}");
    w.sql("ALTER TABLE item ADD COLUMN d text").await;
    assert_eq!(w.tick().await["state"], "empty");
    w.sql("CREATE TABLE item_2 PARTITION OF item FOR VALUES FROM (100) TO (200); INSERT INTO item VALUES (150, 'new')")
        .await;
    let report = w.tick().await;
    assert!(report["whole"].is_null(), "{report}");
    w.assert_equal("item").await;
    // A trigger's rows say so, an application's bulk update does not.
    w.sql("ALTER TABLE item ADD COLUMN e text; UPDATE item SET e = 'e' WHERE id = 1; ALTER TABLE item DISABLE TRIGGER t; UPDATE item SET e = 'f' WHERE id = 2").await;
    reads_whole(&w, "a new column has values").await;
}

/// One history table that may not be read holds up its own table alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_history_table_out_of_reach_is_one_tables_trouble() {
    let w = World::new().await;
    for t in ["a", "b"] {
        w.sql(&format!("CREATE TABLE {t} (id int PRIMARY KEY, v text); INSERT INTO {t} VALUES (1, 'x'); \
                        CREATE TABLE historical{t} (history_id serial PRIMARY KEY, history_date timestamptz DEFAULT now(), history_type text, id int, v text)"))
            .await;
    }
    w.sql("CREATE ROLE reader LOGIN PASSWORD 'reader'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader; GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO reader").await;
    let table = |t: &str| {
        format!("[[table]]\nsource = \"{t}\"\ncapture = \"changelog\"\nlog_types = [\"public.historical{t}\"]\n")
    };
    w.config(&format!("[changelog]\npreset = \"django-simple-history\"\n{}{}", table("a"), table("b")));
    let url = format!("postgres://reader:reader@{}", w.source_url().split_once('@').unwrap().1);
    let run = || async { w.finish(w.command(&["run", "--json"]).env("DATABASE_URL", &url).spawn().unwrap()).await };
    assert_eq!(run().await.code, 0);
    w.sql("REVOKE SELECT ON historicalb FROM reader; UPDATE a SET v = 'y'; INSERT INTO historicala (history_type, id, v) VALUES ('~', 1, 'y')").await;
    let ran = run().await;
    assert_eq!((ran.code, ran.run()["aside"][0]["target"].as_str()), (1, Some("b")), "{}", ran.stdout);
    w.assert_equal("a").await;
}

/// What waits for its next try is named, also when there is nothing else to do.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_set_aside_is_named_by_every_tick() {
    let w = World::new().await;
    w.sql(LOG).await;
    w.sql("CREATE TABLE base (id int, v text); INSERT INTO base VALUES (1, 'a'); CREATE TABLE other (id int PRIMARY KEY); CREATE VIEW item AS SELECT id, v FROM base").await;
    let second = "[[table]]\nsource = \"other\"\ncapture = \"changelog\"\nlog_types = [\"other\"]\nevery = \"1h\"\n";
    w.config(&format!("{}{second}", config("", "key = [\"id\"]\n")));
    w.tick().await;
    w.sql("INSERT INTO base VALUES (1, 'b'); INSERT INTO log (key) VALUES (1)").await;
    for _ in 0..2 {
        let ran = w.run(&["run", "--json"]).await;
        assert_eq!((ran.code, ran.run()["aside"][0]["target"].as_str()), (1, Some("item")), "{}", ran.stdout);
    }
}

/// A table that cannot be loaded where it was moved to has written nothing there: back in its old feed it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_fails_costs_nothing() {
    let w = World::new().await;
    w.sql(LOG).await;
    w.sql(ITEMS).await;
    w.sql("CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1)").await;
    w.config("[[table]]\nsource = \"item\"\n");
    w.tick().await;
    let other = "[[table]]\nsource = \"other\"\ncapture = \"changelog\"\nlog_types = [\"other\"]\n";
    w.config(&format!("{}{other}", config("", "").replace("[\"item\"]", "[{ type = \"item\", key = \"nope\" }]")));
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!((ran.code, ran.run()["aside"][0]["target"].as_str()), (1, Some("item")), "{}", ran.stdout);
    w.sql("UPDATE item SET v = 'b' WHERE id = 1").await;
    w.config("[[table]]\nsource = \"item\"\n");
    let report = w.tick().await;
    assert_eq!((report["whole"].is_null(), report["tables"][0]["upserts"].as_u64()), (true, Some(1)), "{report}");
    w.assert_equal("item").await;
}

/// A process that saw a table up to date a moment ago must not call it ready once it is set aside.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_set_aside_is_not_ready_in_the_process_that_did_it() {
    let w = World::new().await;
    w.sql(LOG).await;
    w.sql(ITEMS).await;
    w.sql("CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1)").await;
    let other = "[[table]]\nsource = \"other\"\ncapture = \"changelog\"\nlog_types = [\"other\"]\n";
    w.config(&format!("{}{other}", config("", "")));
    let served = w.serve().await;
    assert_eq!(w.post(&format!("{}/runs", served.url), "").await.0, 200);
    assert_eq!(w.get(&format!("{}/readyz", served.url)).await.0, 200);
    w.sql("ALTER TABLE item ALTER v TYPE bytea USING 'x'").await;
    assert_eq!(w.post(&format!("{}/runs", served.url), "").await.0, 500);
    let (status, reasons) = w.get(&format!("{}/readyz", served.url)).await;
    assert!(status == 503 && reasons.to_string().contains("set aside"), "{reasons}");
}

/// What another process has set aside, or has begun to load, is not ready here either, however lately this one has seen it.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_has_met_is_seen_here() {
    let w = World::new().await;
    w.sql(LOG).await;
    w.sql(ITEMS).await;
    w.config_with("heartbeat = \"1s\"", &config("", ""));
    let served = w.serve().await;
    assert_eq!(w.post(&format!("{}/runs", served.url), "").await.0, 200);
    assert_eq!(w.get(&format!("{}/readyz", served.url)).await.0, 200);
    let good = w.state("changelog").await;
    let mut loading = good.clone();
    let before = serde_json::json!({ "after": ["1"], "rows": 1, "before": "some" });
    loading["watermark"]["tables"]["item"]["loading"] = before;
    let mut aside = good.clone();
    aside["watermark"]["tables"].as_object_mut().unwrap().remove("item");
    aside["aside"] = serde_json::json!({ "item": { "source": "public.item", "since": "2026-11-26T10:00:00Z", "reason": "r", "hint": "h" } });
    for (state, word) in [(loading, "goes on"), (aside, "set aside")] {
        w.put_state("changelog", &state).await;
        let mut answer = w.get(&format!("{}/readyz", served.url)).await;
        while answer.0 == 200 {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            answer = w.get(&format!("{}/readyz", served.url)).await;
        }
        assert!(answer.1.to_string().contains(word), "{}", answer.1);
        let table = w.get(&format!("{}/status", served.url)).await.1["feeds"][0].clone();
        assert!(table["last_success"].is_null() && table["late"] == true, "{table:#}");
    }
}
