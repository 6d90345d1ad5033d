//! The change logs of known libraries and triggers, each with the columns its migrations make.

use serde_json::Value;

use crate::support::World;

const ORDERS: &str = "CREATE TABLE orders (id bigint PRIMARY KEY, name text, notes text, total numeric(10, 2));
    INSERT INTO orders SELECT g, 'o' || g, '', g FROM generate_series(1, 5) g;";

/// What an application does between two ticks; the test's log entries follow.
const CHANGES: &str = "UPDATE orders SET name = 'changed' WHERE id = 1; DELETE FROM orders WHERE id = 2;
    INSERT INTO orders VALUES (6, 'new', '', 6);";

async fn world(source: &str, config: &str) -> World {
    let w = World::new().await;
    w.sql(ORDERS).await;
    w.sql(source).await;
    w.config(config);
    w.tick().await;
    w.assert_equal("orders").await;
    w
}

/// Does something, and one tick makes the target equal; the table's report.
async fn follows(w: &World, sql: &str) -> Value {
    w.sql(sql).await;
    let report = w.tick().await;
    w.assert_equal("orders").await;
    assert_eq!(w.tick().await["state"], "empty", "{report}");
    report["tables"][0].clone()
}

fn counts(table: &Value) -> (u64, u64) {
    (table["upserts"].as_u64().unwrap(), table["deletes"].as_u64().unwrap())
}

fn table(rest: &str) -> String {
    format!("[[table]]\nsource = \"orders\"\ncapture = \"changelog\"\n{rest}")
}

const CONTENT_TYPES: &str =
    "CREATE TABLE django_content_type (id serial PRIMARY KEY, app_label varchar(100), model varchar(100));
    INSERT INTO django_content_type VALUES (3, 'shop', 'order'), (4, 'shop', 'customer');";

/// Every shape the library's table has had: numbers, short text and text; with and without `db`, `extras`, `revision_id`;
/// the diff as JSON and as text.
#[tokio::test(flavor = "multi_thread")]
async fn django_models_logging() {
    for (n, (key, diff, more)) in [
        ("integer", "jsonb", ", db varchar(191) NOT NULL DEFAULT 'default', revision_id integer"),
        ("varchar(255)", "text", ", db varchar(191) NOT NULL DEFAULT 'default'"),
        ("text", "jsonb", ", revision_id integer, extras jsonb DEFAULT '{}'"),
    ]
    .into_iter()
    .enumerate()
    {
        let log = format!(
            "{CONTENT_TYPES} CREATE TABLE models_logging_change (id serial PRIMARY KEY, date_created timestamptz NOT NULL DEFAULT now(), \
             object_id {key} NOT NULL, object_repr text NOT NULL DEFAULT '', action varchar(7) NOT NULL, changed_data {diff}, \
             content_type_id integer NOT NULL, user_id integer{more})"
        );
        let config =
            format!("[changelog]\npreset = \"django-models-logging\"\n{}", table("log_types = [\"shop.order\"]\n"));
        let w = world(&log, &config).await;
        let entries = "INSERT INTO models_logging_change (object_id, action, changed_data, content_type_id) VALUES \
             ('1', 'changed', '{\"name\": {\"old\": \"o1\", \"new\": \"changed\"}}', 3), ('2', 'deleted', NULL, 3), \
             ('6', 'added', '{}', 3), ('4', 'changed', NULL, 4)";
        let found = follows(&w, &format!("{CHANGES}{entries}")).await;
        assert_eq!(counts(&found), (2, 1), "shape {n}: {found}");
    }
}

/// Its action 3 says that somebody looked.
#[tokio::test(flavor = "multi_thread")]
async fn django_auditlog() {
    let log = format!(
        "{CONTENT_TYPES} CREATE TABLE auditlog_logentry (id serial PRIMARY KEY, object_pk varchar(255) NOT NULL, object_id bigint, \
         object_repr text NOT NULL DEFAULT '', serialized_data jsonb, action smallint NOT NULL CHECK (action >= 0), changes_text text NOT NULL DEFAULT '', \
         changes jsonb, content_type_id integer NOT NULL, actor_id integer, remote_addr inet, timestamp timestamptz NOT NULL DEFAULT now(), \
         additional_data jsonb, cid varchar(255))"
    );
    let config = format!("[changelog]\npreset = \"django-auditlog\"\n{}", table("log_types = [\"shop.order\"]\n"));
    let w = world(&log, &config).await;
    let entries = "INSERT INTO auditlog_logentry (object_pk, object_id, action, changes, content_type_id) VALUES \
        ('1', 1, 1, '{\"name\": [\"o1\", \"changed\"]}', 3), ('2', 2, 2, NULL, 3), ('6', 6, 0, NULL, 3), ('3', 3, 3, NULL, 3)";
    let found = follows(&w, &format!("{CHANGES}{entries}")).await;
    assert_eq!(counts(&found), (2, 1), "{found}");
    w.sql("INSERT INTO auditlog_logentry (object_pk, action, content_type_id) VALUES ('4', 3, 3)").await;
    let looked = w.tick().await;
    assert_eq!((looked["state"].as_str(), looked["log"]["ignored"].as_u64()), (Some("empty"), Some(1)), "{looked}");
}

/// One history table for each model, with the model's own columns; its ids may be UUIDs.
#[tokio::test(flavor = "multi_thread")]
async fn django_simple_history() {
    for id in ["serial", "uuid DEFAULT gen_random_uuid()"] {
        let log = format!(
            "CREATE TABLE shop_historicalorder (id bigint NOT NULL, name text, notes text, total numeric(10, 2), \
             history_id {id} PRIMARY KEY, history_date timestamptz NOT NULL DEFAULT clock_timestamp(), history_change_reason varchar(100), \
             history_type varchar(1) NOT NULL, history_user_id integer)"
        );
        let types = "log_types = [\"public.shop_historicalorder\"]\n";
        let config = format!("[changelog]\npreset = \"django-simple-history\"\n{}", table(types));
        let w = world(&log, &config).await;
        let entries = "INSERT INTO shop_historicalorder (id, name, history_type) VALUES (1, 'changed', '~'), (2, 'o2', '-'), (6, 'new', '+')";
        let found = follows(&w, &format!("{CHANGES}{entries}")).await;
        assert_eq!(counts(&found), (2, 1), "{found}");
        let check = w.run(&["check"]).await.stdout;
        assert_eq!(
            check.contains("entries that are pruned unread are not noticed") || check.contains("every tick scans it"),
            id != "serial",
            "{check}"
        );
    }
}

/// `object` is the state before the change; nothing may be taken from it.
#[tokio::test(flavor = "multi_thread")]
async fn paper_trail() {
    for key in ["bigint", "varchar"] {
        let log = format!(
            "CREATE TABLE versions (id bigserial PRIMARY KEY, whodunnit varchar, created_at timestamp(6), item_id {key} NOT NULL, \
             item_type varchar NOT NULL, event varchar NOT NULL, object text, object_changes text)"
        );
        let w = world(&log, &format!("[changelog]\npreset = \"paper_trail\"\n{}", table("log_types = [\"Order\"]\n")))
            .await;
        let entries = "INSERT INTO versions (item_id, item_type, event, object, created_at) VALUES \
            ('1', 'Order', 'update', E'---\\nid: 1\\nname: o1\\n', now()), ('2', 'Order', 'destroy', E'---\\nid: 2\\n', now()), \
            ('6', 'Order', 'create', NULL, now()), ('5', 'Customer', 'destroy', NULL, now())";
        let found = follows(&w, &format!("{CHANGES}{entries}")).await;
        assert_eq!(counts(&found), (2, 1), "{found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn audited() {
    let log = "CREATE TABLE audits (id bigserial PRIMARY KEY, auditable_id integer, auditable_type varchar, associated_id integer, \
        associated_type varchar, user_id integer, user_type varchar, username varchar, action varchar, audited_changes jsonb, \
        version integer DEFAULT 0, comment varchar, remote_address varchar, request_uuid varchar, created_at timestamp(6))";
    let w = world(log, &format!("[changelog]\npreset = \"audited\"\n{}", table("log_types = [\"Order\"]\n"))).await;
    let entries = "INSERT INTO audits (auditable_id, auditable_type, action, audited_changes, created_at) VALUES \
        (1, 'Order', 'update', '{\"name\": [\"o1\", \"changed\"]}', now()), (2, 'Order', 'destroy', '{}', now()), (6, 'Order', 'create', '{}', now())";
    let found = follows(&w, &format!("{CHANGES}{entries}")).await;
    assert_eq!(counts(&found), (2, 1), "{found}");
}

/// Its types are classes of PHP; `retrieved` is a look.
#[tokio::test(flavor = "multi_thread")]
async fn laravel_auditing() {
    let log = "CREATE TABLE audits (id bigserial PRIMARY KEY, user_type varchar(255), user_id bigint, event varchar(255) NOT NULL, \
        auditable_type varchar(255) NOT NULL, auditable_id bigint NOT NULL, old_values text, new_values text, url text, ip_address inet, \
        user_agent varchar(1023), tags varchar(255), created_at timestamp(0), updated_at timestamp(0))";
    let types = "log_types = ['App\\Models\\Order']\n";
    let w = world(log, &format!("[changelog]\npreset = \"laravel-auditing\"\n{}", table(types))).await;
    let entries = "INSERT INTO audits (event, auditable_type, auditable_id, old_values, new_values) VALUES \
        ('updated', 'App\\Models\\Order', 1, '{\"name\":\"o1\"}', '{\"name\":\"changed\"}'), ('deleted', 'App\\Models\\Order', 2, '{}', '[]'), \
        ('created', 'App\\Models\\Order', 6, '[]', '{\"id\":6}'), ('retrieved', 'App\\Models\\Order', 3, '[]', '[]')";
    let found = follows(&w, &format!("{CHANGES}{entries}")).await;
    assert_eq!(counts(&found), (2, 1), "{found}");
}

/// A table of records before and after, written by triggers of ours in the extension's shape.
const SUPA_AUDIT: &str = "
CREATE SCHEMA audit; CREATE TYPE audit.operation AS ENUM ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE');
CREATE TABLE audit.record_version (id bigserial PRIMARY KEY, record_id uuid, old_record_id uuid, op audit.operation NOT NULL,
    ts timestamptz NOT NULL DEFAULT now(), table_oid oid NOT NULL, table_schema name NOT NULL, table_name name NOT NULL,
    record jsonb, old_record jsonb);
CREATE FUNCTION audit.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO audit.record_version (op, table_oid, table_schema, table_name, record, old_record)
    VALUES (TG_OP::audit.operation, TG_RELID, TG_TABLE_SCHEMA, TG_TABLE_NAME,
            CASE WHEN TG_OP IN ('INSERT', 'UPDATE') THEN to_jsonb(NEW) END, CASE WHEN TG_OP IN ('UPDATE', 'DELETE') THEN to_jsonb(OLD) END);
    RETURN NULL; END $$;
CREATE TRIGGER audit_i_u_d AFTER INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION audit.note();
CREATE TRIGGER audit_t AFTER TRUNCATE ON orders FOR EACH STATEMENT EXECUTE FUNCTION audit.note();";

#[tokio::test(flavor = "multi_thread")]
async fn supa_audit() {
    // The log names relations: a table needs no log_types.
    let w = world(SUPA_AUDIT, &format!("[changelog]\npreset = \"supa_audit\"\n{}", table(""))).await;
    assert_eq!(counts(&follows(&w, CHANGES).await), (2, 1));
    // A changed key is two keys.
    assert_eq!(counts(&follows(&w, "UPDATE orders SET id = 30 WHERE id = 3").await), (1, 1));
    let all =
        follows(&w, "TRUNCATE orders; INSERT INTO orders VALUES (1, 'fresh', '', 1), (50, 'fresh', '', 50)").await;
    assert_eq!((all["rows_inserted"].as_u64(), all["rows_updated"].as_u64()), (Some(1), Some(1)), "{all}");
    follows(&w, "TRUNCATE orders").await;
}

/// The row before an update, what it changed, and statements that say nothing of rows.
const AUDIT_TRIGGER: &str = "
CREATE EXTENSION hstore; CREATE SCHEMA audit;
CREATE TABLE audit.logged_actions (event_id bigserial PRIMARY KEY, schema_name text NOT NULL, table_name text NOT NULL, relid oid NOT NULL,
    session_user_name text, action_tstamp_tx timestamptz NOT NULL DEFAULT now(), action_tstamp_stm timestamptz NOT NULL DEFAULT now(),
    action_tstamp_clk timestamptz NOT NULL DEFAULT clock_timestamp(), transaction_id bigint, application_name text, client_addr inet,
    client_port integer, client_query text, action text NOT NULL CHECK (action IN ('I', 'D', 'U', 'T')), row_data hstore,
    changed_fields hstore, statement_only boolean NOT NULL);
CREATE FUNCTION audit.note() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE was hstore; fields hstore; BEGIN
    IF TG_LEVEL = 'ROW' THEN
        IF TG_OP = 'INSERT' THEN was := hstore(NEW.*); ELSE was := hstore(OLD.*); END IF;
        IF TG_OP = 'UPDATE' THEN fields := hstore(NEW.*) - was; END IF;
    END IF;
    INSERT INTO audit.logged_actions (schema_name, table_name, relid, action, row_data, changed_fields, statement_only)
    VALUES (TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_RELID, substring(TG_OP, 1, 1), was, fields, TG_LEVEL = 'STATEMENT');
    RETURN NULL; END $$;
CREATE TRIGGER audit_trigger_row AFTER INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION audit.note();
CREATE TRIGGER audit_trigger_stm AFTER TRUNCATE ON orders FOR EACH STATEMENT EXECUTE FUNCTION audit.note();";

#[tokio::test(flavor = "multi_thread")]
async fn audit_trigger() {
    let w = world(AUDIT_TRIGGER, &format!("[changelog]\npreset = \"audit-trigger\"\n{}", table(""))).await;
    assert_eq!(counts(&follows(&w, CHANGES).await), (2, 1));
    assert_eq!(counts(&follows(&w, "UPDATE orders SET id = 30 WHERE id = 3").await), (1, 1));
    follows(&w, "TRUNCATE orders; INSERT INTO orders VALUES (4, 'fresh', '', 1)").await;
    // Audited by statement only: what changed is anybody's guess.
    w.sql("DROP TRIGGER audit_trigger_row ON orders; DROP TRIGGER audit_trigger_stm ON orders; CREATE TRIGGER audit_trigger_stm \
           AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON orders FOR EACH STATEMENT EXECUTE FUNCTION audit.note()")
        .await;
    follows(&w, "UPDATE orders SET name = 'by statement'; INSERT INTO orders VALUES (70, 'x', '', 1)").await;
}

/// A log of one's own, described column by column.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_ones_own() {
    let log = "CREATE SCHEMA ops; CREATE TABLE ops.log (seq bigserial PRIMARY KEY, rel text, row_id text, old_id text, what char(1), at timestamptz DEFAULT now())";
    let config = format!(
        "[changelog]\ntable = \"ops.log\"\nid = \"seq\"\nat = \"at\"\ntype = \"rel\"\nkey = \"row_id\"\nold_key = \"old_id\"\naction = \"what\"\n\
         truncated = [\"T\"]\nignored = [\"r\"]\n{}",
        table("log_types = [\"orders\"]\n")
    );
    let w = world(log, &config).await;
    let entries = "INSERT INTO ops.log (rel, row_id, old_id, what) VALUES ('orders', '1', '1', 'u'), ('orders', NULL, '2', 'd'), ('orders', '6', NULL, 'i'), ('orders', '3', NULL, 'r')";
    assert_eq!(counts(&follows(&w, &format!("{CHANGES}{entries}")).await), (2, 1));
    follows(&w, "UPDATE orders SET id = 40 WHERE id = 4; INSERT INTO ops.log (rel, row_id, old_id, what) VALUES ('orders', '40', '4', 'u')").await;
    follows(&w, "TRUNCATE orders; INSERT INTO ops.log (rel, what) VALUES ('orders', 'T')").await;
}

/// A log's diff may prove that nothing published has changed; where there is any doubt the row is read.
#[tokio::test(flavor = "multi_thread")]
async fn updates_of_unpublished_columns_are_skipped_only_with_proof() {
    let log = format!(
        "{CONTENT_TYPES} CREATE TABLE models_logging_change (id serial PRIMARY KEY, date_created timestamptz NOT NULL DEFAULT now(), \
         object_id text NOT NULL, object_repr text NOT NULL DEFAULT '', action varchar(7) NOT NULL, changed_data jsonb, \
         content_type_id integer NOT NULL, revision_id integer, user_id integer); \
         CREATE VIEW published AS SELECT o.id, upper(o.name) AS name FROM orders o"
    );
    let w = World::new().await;
    w.sql(ORDERS).await;
    w.sql(&log).await;
    w.config(
        "[changelog]\npreset = \"django-models-logging\"\n[[table]]\nsource = \"published\"\nkey = [\"id\"]\ncapture = \"changelog\"\n\
         log_types = [\"shop.order\"]\nchanged_columns = \"skip-unpublished\"\n",
    );
    w.tick().await;
    let entry = |id: u32, action: &str, diff: &str, revision: &str| {
        format!(
            "INSERT INTO models_logging_change (object_id, action, changed_data, content_type_id, revision_id) VALUES ({id}, '{action}', {diff}, 3, {revision});"
        )
    };
    let notes = "'{\"notes\": {\"old\": \"\", \"new\": \"x\"}}'";
    // Hidden columns alone: nothing to do, not even a job.
    w.sql(&format!(
        "UPDATE orders SET notes = 'x'; {}{}",
        entry(1, "changed", notes, "NULL"),
        entry(2, "changed", notes, "NULL")
    ))
    .await;
    w.bq.clear();
    let report = w.tick().await;
    assert_eq!(report["state"], "empty", "{report}");
    assert!(w.bq.jobs().is_empty());
    // Each of these is read again: a delete and an add, no diff, half a diff, an empty one, another column, a second entry of
    // the same key, and one that an old version of the library may have cut.
    let sql = [
        "DELETE FROM orders WHERE id = 1; UPDATE orders SET name = 'n' || id WHERE id > 1; INSERT INTO orders VALUES (6, 'six', '', 6), (7, 'seven', '', 7);".to_owned(),
        entry(1, "deleted", notes, "NULL"),
        entry(2, "changed", "NULL", "NULL"),
        entry(3, "changed", "'{\"notes\": {\"old\": \"x\"}}'", "NULL"),
        entry(4, "changed", "'{\"name\": {\"old\": \"o4\", \"new\": \"n4\"}, \"notes\": {\"old\": \"\", \"new\": \"x\"}}'", "NULL"),
        entry(5, "changed", notes, "NULL"),
        entry(5, "changed", "'{}'", "NULL"),
        entry(6, "added", notes, "NULL"),
        entry(7, "changed", notes, "9"),
    ];
    w.sql(&sql.concat()).await;
    let report = w.tick().await;
    let found =
        crate::support::compare::compare(&w.pg, "published", "id", &[], &w.bigquery, &w.dataset, "published").await;
    assert_eq!(found.count, 0, "{:#?}", found.differences);
    // The empty tick wrote nothing, so its two are seen again.
    assert_eq!(report["tables"][0]["skipped"], 2 + 1, "and one of the two entries of 5: {report}");
    // A function of one's own in the view could read anything: nothing is skipped any more.
    w.sql(
        "CREATE FUNCTION f(int8) RETURNS text LANGUAGE sql AS 'SELECT notes FROM orders WHERE id = $1'; \
           CREATE OR REPLACE VIEW published AS SELECT o.id, f(o.id) AS name FROM orders o",
    )
    .await;
    w.tick().await;
    w.sql(&format!("UPDATE orders SET notes = 'seen' WHERE id = 2; {}", entry(2, "changed", notes, "NULL"))).await;
    w.tick().await;
    assert_eq!(w.target("SELECT name FROM `{d}.published` WHERE id = 2").await, [vec![Some("seen".to_owned())]]);
    let check = w.run(&["check"]).await.stdout;
    assert!(check.contains("changed_columns: the catalog cannot tell which columns"), "{check}");
}

/// The trigger of a partitioned table fires for its partitions, and names those.
#[tokio::test(flavor = "multi_thread")]
async fn entries_of_partitions_are_their_parents() {
    let w = World::new().await;
    w.sql(&SUPA_AUDIT.replace("ON orders", "ON events").replace(
        "CREATE SCHEMA",
        "
        CREATE TABLE events (id int, at date, v text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        INSERT INTO events VALUES (1, '2024-05-05', 'a'), (2, '2024-05-05', 'b'); CREATE SCHEMA",
    ))
    .await;
    w.config("[changelog]\npreset = \"supa_audit\"\n[[table]]\nsource = \"events\"\ncapture = \"changelog\"\n");
    w.tick().await;
    w.sql("UPDATE events SET v = 'x' WHERE id = 1; DELETE FROM events WHERE id = 2; INSERT INTO events VALUES (3, '2024-06-06', 'c')").await;
    let report = w.tick().await;
    assert_eq!((report["state"].as_str(), report["log"]["unclaimed"].as_u64()), (Some("done"), Some(0)), "{report}");
    w.assert_equal("events").await;
    // One that is attached brings rows that no entry tells of.
    w.sql(
        "CREATE TABLE events_2 (LIKE events INCLUDING ALL); INSERT INTO events_2 VALUES (9, '2025-02-02', 'z'); \
           ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
    )
    .await;
    assert_eq!(w.tick().await["whole"], "events: a partition was attached or detached, which no log tells");
    w.assert_equal("events").await;
}

/// A view calls the key otherwise than the table that the log speaks of.
#[tokio::test(flavor = "multi_thread")]
async fn a_views_key_is_found_in_the_records_of_its_table() {
    let w = World::new().await;
    w.sql(ORDERS).await;
    w.sql(SUPA_AUDIT).await;
    w.sql("CREATE VIEW shown AS SELECT id AS order_id, upper(name) AS name FROM orders").await;
    let config = |types: &str| {
        format!(
            "[changelog]\npreset = \"supa_audit\"\n[[table]]\nsource = \"shown\"\nkey = [\"order_id\"]\ncapture = \"changelog\"\nlog_types = {types}\n"
        )
    };
    w.config(&config("[\"public.orders\"]"));
    w.tick().await;
    w.sql(CHANGES).await;
    let report = w.tick().await;
    assert!(report["whole"].is_null(), "by key, not as a whole: {report}");
    let found =
        crate::support::compare::compare(&w.pg, "shown", "order_id", &[], &w.bigquery, &w.dataset, "shown").await;
    assert_eq!(found.count, 0, "{:#?}", found.differences);
    w.config(&config("[{ type = \"public.orders\", field = \"nr\" }]"));
    let ran = w.run(&["run"]).await;
    assert!(
        ran.code == 2 && ran.stdout.contains("what the change log keeps of public.orders has no field nr"),
        "{}",
        ran.stdout
    );
}

/// An application's clock bounds the search only if the config says how far it may be off.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_dated_back_is_found() {
    for (id, lag) in [
        ("uuid DEFAULT gen_random_uuid()", ""),
        ("uuid DEFAULT gen_random_uuid()", "lag = \"2d\"\n"),
        ("bigserial", ""),
    ] {
        let log =
            format!("CREATE TABLE log (id {id} PRIMARY KEY, key bigint, at timestamptz DEFAULT clock_timestamp())");
        let config =
            format!("[changelog]\ntable = \"log\"\nid = \"id\"\nkey = \"key\"\nat = \"at\"\n{lag}{}", table(""));
        let w = world(&log, &config).await;
        follows(&w, "UPDATE orders SET name = 'now' WHERE id = 1; INSERT INTO log (key) VALUES (1)").await;
        follows(&w, "UPDATE orders SET name = 'dated back' WHERE id = 2; INSERT INTO log (key, at) VALUES (2, now() - interval '1 day')").await;
    }
}

/// Text of a fixed length is padded where it is published, and not where it is logged.
#[tokio::test(flavor = "multi_thread")]
async fn padded_keys_are_deleted_too() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE codes (id char(4) PRIMARY KEY, v text); INSERT INTO codes VALUES ('ab', 'x'), ('abcd', 'y'); \
           CREATE TABLE log (id bigserial PRIMARY KEY, key text)",
    )
    .await;
    w.config("[changelog]\ntable = \"log\"\nid = \"id\"\nkey = \"key\"\n[[table]]\nsource = \"codes\"\ncapture = \"changelog\"\n");
    w.tick().await;
    w.sql("DELETE FROM codes WHERE id = 'ab'; INSERT INTO codes VALUES ('c', 'z'); INSERT INTO log (key) VALUES ('ab'), ('c')").await;
    w.tick().await;
    let rows = w.target("SELECT CONCAT('<', id, '>') FROM `{d}.codes` ORDER BY 1").await;
    assert_eq!(rows, [vec![Some("<abcd>".to_owned())], vec![Some("<c   >".to_owned())]]);
}
