//! A change log says which rows, the row says what is true. The source is shaped like a Django application whose log is
//! written by django-models-logging and whose tables are published through views.

use serde_json::Value;

use crate::support::compare::compare;
use crate::support::{World, tells_of_a_failure};

const SOURCE: &str = "
CREATE TABLE django_content_type (id serial PRIMARY KEY, app_label varchar(100) NOT NULL, model varchar(100) NOT NULL);
INSERT INTO django_content_type (id, app_label, model) VALUES (7, 'app', 'project'), (36, 'app', 'plan'), (37, 'app', 'item'), (4, 'auth', 'user');
CREATE TABLE models_logging_change (
    id serial PRIMARY KEY, date_created timestamptz NOT NULL, object_id integer NOT NULL,
    db varchar(191) NOT NULL DEFAULT 'default', object_repr text NOT NULL DEFAULT '', action varchar(7) NOT NULL,
    changed_data jsonb, content_type_id integer NOT NULL REFERENCES django_content_type, revision_id integer, user_id integer);
CREATE TABLE app_company (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE app_project (id serial PRIMARY KEY, name text NOT NULL, company_id int NOT NULL REFERENCES app_company,
    is_dummy boolean NOT NULL DEFAULT false, notes text);
CREATE TABLE app_plan (id serial PRIMARY KEY, period text NOT NULL, active boolean NOT NULL DEFAULT true);
CREATE TABLE app_item (id serial PRIMARY KEY, plan_id int NOT NULL, label text);
CREATE VIEW project AS SELECT p.id AS project_id, p.name, c.name AS company FROM app_project p
    LEFT JOIN app_company c ON c.id = p.company_id WHERE NOT p.is_dummy;
CREATE VIEW item AS SELECT i.id AS item_id, i.label, i.plan_id, l.period FROM app_item i JOIN app_plan l ON l.id = i.plan_id
    WHERE l.active OR i.label = 'kept';
CREATE FUNCTION log(p_model text, p_id int, p_action text, p_data jsonb DEFAULT NULL, p_at timestamptz DEFAULT clock_timestamp())
RETURNS void LANGUAGE sql AS $$ INSERT INTO models_logging_change (date_created, object_id, action, changed_data, content_type_id)
    SELECT p_at, p_id, p_action, p_data, id FROM django_content_type WHERE model = p_model $$;
INSERT INTO app_company (name) VALUES ('North'), ('Delta');
INSERT INTO app_project (id, name, company_id, is_dummy) VALUES (1, 'one', 1, false), (2, 'two', 2, false), (3, 'hidden', 1, true);
SELECT setval('app_project_id_seq', 100);
";

const PROJECT: &str =
    "[[table]]\nsource = \"project\"\nkey = [\"project_id\"]\ncapture = \"changelog\"\nlog_types = [\"app.project\"]\n";
const LOG: &str = "[changelog]\npreset = \"django-models-logging\"\n";

/// The source, first loaded.
async fn world(extra: &str) -> World {
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.config(&format!("{LOG}{PROJECT}{extra}"));
    let first = w.tick().await;
    assert_eq!((first["feed"].as_str(), first["whole"].as_str()), (Some("changelog"), Some("project: first load")));
    projects_are_equal(&w).await;
    w
}

async fn are_equal(w: &World, view: &str, key: &str) {
    let found = compare(&w.pg, view, key, &[], &w.bigquery, &w.dataset, view).await;
    assert_eq!(found.count, 0, "{view}: {:#?}", found.differences);
    assert_eq!(found.source, found.target, "{view}: rows");
}

async fn projects_are_equal(w: &World) {
    are_equal(w, "project", "project_id").await;
}

/// One tick after which the target is right, and another that finds nothing.
async fn settles(w: &World) -> Value {
    let report = w.tick().await;
    assert_eq!(report["state"], "done", "{report}");
    projects_are_equal(w).await;
    assert_eq!(w.tick().await["state"], "empty");
    report["tables"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn added_changed_and_deleted_rows() {
    let w = world("").await;
    w.sql(
        "INSERT INTO app_project (id, name, company_id) VALUES (10, 'ten', 1); SELECT log('project', 10, 'added'); \
         UPDATE app_project SET name = 'one!' WHERE id = 1; SELECT log('project', 1, 'changed'); \
         DELETE FROM app_project WHERE id = 2; SELECT log('project', 2, 'deleted')",
    )
    .await;
    let report = settles(&w).await;
    assert_eq!((report["upserts"].as_u64(), report["deletes"].as_u64()), (Some(2), Some(1)), "{report}");
    assert_eq!(report["rows_inserted"], 1);
}

/// One line a key: the MERGE would refuse two.
#[tokio::test(flavor = "multi_thread")]
async fn an_add_and_changes_in_one_window_are_one_upsert() {
    let w = world("").await;
    w.sql(
        "INSERT INTO app_project (id, name, company_id) VALUES (10, 'v1', 1); SELECT log('project', 10, 'added'); \
         UPDATE app_project SET name = 'v2' WHERE id = 10; SELECT log('project', 10, 'changed'); \
         UPDATE app_project SET name = 'v3' WHERE id = 10; SELECT log('project', 10, 'changed')",
    )
    .await;
    assert_eq!(settles(&w).await["upserts"], 1);
}

/// The middleware of the library joins the changes of a request and keeps the first action.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_created_and_deleted_in_one_request_logged_as_added() {
    let w = world("").await;
    w.sql("SELECT log('project', 50, 'added', '{\"name\": {\"old\": \"x\"}}')").await;
    let report = w.tick().await;
    assert_eq!((report["tables"][0]["upserts"].as_u64(), report["tables"][0]["deletes"].as_u64()), (Some(0), Some(1)));
    projects_are_equal(&w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_changed_and_deleted_in_one_request_logged_as_changed() {
    let w = world("").await;
    w.sql(
        "DELETE FROM app_project WHERE id = 1; SELECT log('project', 1, 'changed', '{\"name\": {\"old\": \"one\"}}')",
    )
    .await;
    assert_eq!(settles(&w).await["rows_deleted"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_deleted_and_added_again_is_revived() {
    let w = world("delete = \"soft\"\n").await;
    let flags =
        "SELECT CAST(project_id AS STRING), name, CAST(is_deleted AS STRING) FROM `{d}.project` ORDER BY project_id";
    let row = |id: &str, name: &str, deleted: &str| [id, name, deleted].map(|f| Some(f.to_owned())).to_vec();
    w.sql("DELETE FROM app_project WHERE id = 1; SELECT log('project', 1, 'deleted')").await;
    w.tick().await;
    assert_eq!(w.target(flags).await, [row("1", "one", "true"), row("2", "two", "false")]);
    // In one window it was deleted twice and added last.
    w.sql(
        "INSERT INTO app_project (id, name, company_id) VALUES (1, 'back', 1); SELECT log('project', 1, 'added'); \
         DELETE FROM app_project WHERE id = 1; SELECT log('project', 1, 'deleted'); \
         INSERT INTO app_project (id, name, company_id) VALUES (1, 'again', 1); SELECT log('project', 1, 'added')",
    )
    .await;
    w.tick().await;
    assert_eq!(w.target(flags).await, [row("1", "again", "false"), row("2", "two", "false")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_key_the_target_never_had_leaves_no_ghost() {
    let w = world("delete = \"soft\"\n").await;
    w.sql("SELECT log('project', 77, 'deleted'); DELETE FROM app_project WHERE id = 3; SELECT log('project', 3, 'deleted')").await;
    w.tick().await;
    projects_are_equal(&w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_leaves_the_view_and_another_enters_it() {
    let w = world("").await;
    w.sql(
        "UPDATE app_project SET is_dummy = true WHERE id = 1; SELECT log('project', 1, 'changed'); \
         UPDATE app_project SET is_dummy = false WHERE id = 3; SELECT log('project', 3, 'changed')",
    )
    .await;
    let report = settles(&w).await;
    assert_eq!((report["rows_inserted"].as_u64(), report["rows_deleted"].as_u64()), (Some(1), Some(1)), "{report}");
}

/// The log went over another connection and stayed when the request was rolled back.
#[tokio::test(flavor = "multi_thread")]
async fn the_row_decides_over_the_log_of_a_request_that_was_rolled_back() {
    let w = world("").await;
    w.sql(
        "SELECT log('project', 1, 'deleted'); SELECT log('project', 60, 'added'); SELECT log('project', 2, 'changed')",
    )
    .await;
    w.tick().await;
    projects_are_equal(&w).await;
    assert_eq!(w.target("SELECT name FROM `{d}.project`").await.len(), 2);
}

/// The entry has a smaller id than others that were read while its transaction was open.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_committed_late_is_found() {
    let w = world("").await;
    let open = w.connect().await;
    open.batch_execute("BEGIN; SAVEPOINT s; UPDATE app_project SET name = 'late' WHERE id = 1; SELECT log('project', 1, 'changed'); RELEASE s")
        .await
        .unwrap();
    for n in 0..3 {
        w.sql(&format!(
            "INSERT INTO app_project (id, name, company_id) VALUES (2{n}, 'x', 1); SELECT log('project', 2{n}, 'added')"
        ))
        .await;
        assert_eq!(w.tick().await["state"], "done");
        projects_are_equal(&w).await;
    }
    open.batch_execute("COMMIT").await.unwrap();
    settles(&w).await;
}

/// The entry is committed and read while the change it tells of is not: it has to be looked at again.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_comes_before_its_change_is_read_again() {
    let w = world("").await;
    let open = w.connect().await;
    open.batch_execute("BEGIN; UPDATE app_project SET name = 'slow' WHERE id = 1").await.unwrap();
    w.sql("SELECT log('project', 1, 'changed')").await;
    w.tick().await;
    let again = w.tick().await;
    assert_eq!((again["state"].as_str(), again["tables"][0]["resent"].as_u64()), (Some("done"), Some(1)), "{again}");
    open.batch_execute("COMMIT").await.unwrap();
    settles(&w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_of_entries_decide_nothing() {
    let w = world("").await;
    for at in ["2001-01-01", "2999-01-01", "2024-01-01", "2024-01-01"] {
        w.sql(&format!(
            "UPDATE app_project SET name = name || '{at}' WHERE id = 1; SELECT log('project', 1, 'changed', NULL, '{at}'); \
             DELETE FROM app_project WHERE id = 2; SELECT log('project', 2, 'deleted', NULL, '{at}'); \
             INSERT INTO app_project (id, name, company_id) VALUES (2, '{at}', 1); SELECT log('project', 2, 'added', NULL, '{at}')"
        ))
        .await;
        settles(&w).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_of_deletes_alone_and_an_empty_view() {
    let w = world("").await;
    w.sql("SELECT log('project', id, 'deleted') FROM app_project; DELETE FROM app_project").await;
    let report = settles(&w).await;
    assert_eq!((report["upserts"].as_u64(), report["rows_deleted"].as_u64()), (Some(0), Some(2)), "{report}");
    // Loading an empty view is fine as well.
    assert_eq!(w.run(&["resync", "--table", "project"]).await.code, 0);
    w.sql("INSERT INTO app_project (id, name, company_id) VALUES (5, 'new', 1); SELECT log('project', 5, 'added')")
        .await;
    settles(&w).await;
}

/// What is committed after the snapshot of the first load is brought by the next run, though its entry is older.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_load_hands_over_to_the_log_in_one_snapshot() {
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.config(&format!("{LOG}{PROJECT}"));
    let open = w.connect().await;
    open.batch_execute("BEGIN; UPDATE app_project SET name = 'open' WHERE id = 1; SELECT log('project', 1, 'changed')")
        .await
        .unwrap();
    w.sql("UPDATE app_project SET name = 'before' WHERE id = 2; SELECT log('project', 2, 'changed')").await;
    w.tick().await;
    open.batch_execute("COMMIT").await.unwrap();
    settles(&w).await;
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.config(&format!("{LOG}{PROJECT}"));
    w.sql("SELECT log('project', 1, 'changed')").await;
    w.tick().await;
    assert_eq!(w.tick().await["state"], "empty", "what the copy holds is not sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_of_other_types_are_ignored_and_counted() {
    let w = world("").await;
    w.sql("SELECT log('user', 1, 'changed'); SELECT log('user', 2, 'changed')").await;
    let report = w.tick().await;
    assert_eq!(report["state"], "empty");
    assert_eq!(
        (report["log"]["entries"].as_u64(), report["log"]["unclaimed"].as_u64()),
        (Some(2), Some(2)),
        "{report}"
    );
    assert_eq!(w.bq.jobs().len(), 1, "the first load's");
}

/// A view of two tables: an entry of the plan is about all of its items.
#[tokio::test(flavor = "multi_thread")]
async fn a_view_fed_by_several_tables() {
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.sql(
        "INSERT INTO app_plan VALUES (1, '1/2'), (2, '2/2'), (3, '3/2'); \
         INSERT INTO app_item SELECT g, 1 + g % 3, 'i' || g FROM generate_series(1, 30) g; UPDATE app_item SET label = 'kept' WHERE id = 4",
    )
    .await;
    w.config(&format!(
        "{LOG}[[table]]\nsource = \"item\"\nkey = [\"item_id\"]\ncapture = \"changelog\"\n\
         log_types = [\"app.item\", {{ type = \"app.plan\", key = \"plan_id\" }}]\n"
    ));
    w.tick().await;
    are_equal(&w, "item", "item_id").await;
    // Both types lead to item 5; item 6 moves from one logged plan to another.
    w.sql(
        "UPDATE app_plan SET period = 'new' WHERE id = 3; SELECT log('plan', 3, 'changed'); \
         UPDATE app_item SET label = 'both' WHERE id = 5; SELECT log('item', 5, 'changed'); \
         UPDATE app_item SET plan_id = 3 WHERE id = 6; SELECT log('item', 6, 'changed'); \
         DELETE FROM app_item WHERE id = 8; SELECT log('item', 8, 'deleted')",
    )
    .await;
    w.tick().await;
    are_equal(&w, "item", "item_id").await;
    // All rows of a plan leave the view but one, and no entry names them.
    w.sql("UPDATE app_plan SET active = false WHERE id = 2; SELECT log('plan', 2, 'changed')").await;
    let report = w.tick().await;
    assert_eq!(report["tables"][0]["rows_deleted"], 9, "{report}");
    are_equal(&w, "item", "item_id").await;
    w.sql("UPDATE app_plan SET active = true WHERE id = 2; SELECT log('plan', 2, 'changed'); DELETE FROM app_plan WHERE id = 1; SELECT log('plan', 1, 'deleted')")
        .await;
    w.tick().await;
    are_equal(&w, "item", "item_id").await;
    assert_eq!(w.tick().await["state"], "empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_content_type_that_does_not_exist_is_named() {
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.config(&format!("{LOG}{}", PROJECT.replace("app.project", "app.projct")));
    let ran = w.run(&["run"]).await;
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stdout.contains("the type app.projct is not in public.django_content_type"), "{}", ran.stdout);
    assert!(ran.stdout.contains("did you mean \"app.project\"? Write it in log_types"), "{}", ran.stdout);
    // Nothing but what tells of the failure.
    assert!(w.objects().await.iter().all(|o| tells_of_a_failure(o)));
    // The class's name will do.
    w.config(&format!("{LOG}{}", PROJECT.replace("app.project", "app.Project")));
    w.tick().await;
    projects_are_equal(&w).await;
}

/// Pruning what was read is the owner's good right; pruning what was not is noticed and mended.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_pruned_beyond_what_was_read_is_noticed() {
    let w = world("").await;
    w.sql("UPDATE app_project SET name = 'a' WHERE id = 1; SELECT log('project', 1, 'changed')").await;
    settles(&w).await;
    w.sql("UPDATE app_project SET name = 'b' WHERE id = 1; SELECT log('project', 1, 'changed'); SELECT log('project', 2, 'changed')").await;
    settles(&w).await;
    // All of it was read: the numbers follow, or none was drawn.
    w.sql("DELETE FROM models_logging_change").await;
    assert_eq!(w.tick().await["state"], "empty");
    w.sql("UPDATE app_project SET name = 'c' WHERE id = 1; SELECT log('project', 1, 'changed')").await;
    let report = w.tick().await;
    assert!(report["whole"].is_null(), "{report}");
    projects_are_equal(&w).await;
    // Not read, and gone.
    w.sql(
        "UPDATE app_project SET name = 'd' WHERE id = 1; SELECT log('project', 1, 'changed'); DELETE FROM models_logging_change; \
         SELECT log('project', 2, 'changed')",
    )
    .await;
    let report = w.tick().await;
    assert_eq!(report["whole"], "project: the change log was pruned beyond what had been read of it", "{report}");
    projects_are_equal(&w).await;
    w.sql("UPDATE app_project SET name = 'e' WHERE id = 1; SELECT log('project', 1, 'changed'); TRUNCATE models_logging_change").await;
    assert!(w.tick().await["whole"].as_str().unwrap().contains("pruned"));
    projects_are_equal(&w).await;
    w.sql(
        "ALTER TABLE models_logging_change RENAME TO old; CREATE TABLE models_logging_change (LIKE old INCLUDING ALL)",
    )
    .await;
    assert_eq!(w.tick().await["whole"], "project: the change log was dropped and made again");
}

#[tokio::test(flavor = "multi_thread")]
async fn unicode_and_composite_keys() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE places (country text, code varchar(8), name text, PRIMARY KEY (country, code)); \
         CREATE TABLE log (n bigserial PRIMARY KEY, what text, key jsonb, packed text, at timestamptz DEFAULT now()); \
         INSERT INTO places VALUES ('ไทย', 'กท', 'a'), ('d''e', 'x\"{,}\\', 'b'), ('NULL', '', 'c'), ('é', 'é', 'd')",
    )
    .await;
    w.sql("CREATE VIEW place AS SELECT *, country || '/' || code AS id FROM places").await;
    let table = "[[table]]\nsource = \"places\"\ncapture = \"changelog\"\nlog_types = [\"place\"]\n";
    let array = "[changelog]\ntable = \"log\"\nid = \"n\"\ntype = \"what\"\nat = \"at\"\nkey_format = \"json-array\"\nkey = \"key\"\n";
    let cut = "[changelog]\ntable = \"log\"\nid = \"n\"\ntype = \"what\"\nkey_format = \"delimited\"\nkey_separator = \"/\"\nkey = \"packed\"\n";
    for (n, log) in [array, cut].into_iter().enumerate() {
        w.config(&format!("{log}{table}"));
        w.tick().await;
        w.sql(&format!(
            "UPDATE places SET name = name || '{n}'; DELETE FROM places WHERE country = 'NULL'; INSERT INTO places VALUES ('new{n}', '', 'n'); \
             INSERT INTO log (what, key, packed) SELECT 'place', jsonb_build_array(country, code), country || '/' || code FROM places; \
             INSERT INTO log (what, key, packed) VALUES ('place', '[\"NULL\", \"\"]', 'NULL/'), ('other', '[\"é\", \"é\"]', 'é/é')"
        ))
        .await;
        let report = w.tick().await;
        assert_eq!(report["log"]["unclaimed"], 1, "{report}");
        let sql = "SELECT CONCAT(country, '/', code, ':', name) FROM `{d}.places` ORDER BY 1";
        let found: Vec<String> = w.target(sql).await.into_iter().map(|mut r| r.remove(0).unwrap()).collect();
        let mut expected: Vec<String> =
            w.pg.query("SELECT country || '/' || code || ':' || name FROM places", &[])
                .await
                .unwrap()
                .iter()
                .map(|r| r.get(0))
                .collect();
        expected.sort();
        assert_eq!(found, expected);
    }
}

/// Keys that are text in the log and numbers in the table; what is no number can't be a row.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_no_key_of_the_table_is_counted() {
    let w = world("").await;
    w.sql("ALTER TABLE models_logging_change ALTER object_id TYPE text; ALTER TABLE models_logging_change DROP db, ADD extras jsonb DEFAULT '{}'").await;
    w.sql(
        "UPDATE app_project SET name = 'x' WHERE id = 1; \
         INSERT INTO models_logging_change (date_created, object_id, action, content_type_id) VALUES \
         (now(), '1', 'changed', 7), (now(), '01', 'changed', 7), (now(), 'None', 'changed', 7), (now(), '', 'added', 7), \
         (now(), '99999999999999999999999', 'deleted', 7), (now(), '9223372036854775807', 'deleted', 7)",
    )
    .await;
    let report = settles(&w).await;
    assert_eq!((report["unreadable"].as_u64(), report["upserts"].as_u64()), (Some(3), Some(1)), "{report}");
}

/// More keys than one chunk holds, one statement would take, or anyone would want in memory.
#[tokio::test(flavor = "multi_thread")]
async fn many_keys_are_read_in_chunks() {
    let w = world("").await;
    w.sql(
        "INSERT INTO app_project (id, name, company_id, is_dummy) SELECT g, 'p' || g, 1, g % 10 = 0 FROM generate_series(1000, 21000) g; \
         INSERT INTO models_logging_change (date_created, object_id, action, content_type_id) SELECT now(), g, 'added', 7 FROM generate_series(1000, 21000) g",
    )
    .await;
    let report = settles(&w).await;
    assert_eq!((report["upserts"].as_u64(), report["deletes"].as_u64()), (Some(18_000), Some(2001)), "{report}");
}

/// Behind a view, without a log position of its own, a changed definition is read whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_view_or_a_new_type_is_read_whole() {
    let w = world("").await;
    w.sql("CREATE OR REPLACE VIEW project AS SELECT p.id AS project_id, p.name, c.name AS company, p.notes FROM app_project p LEFT JOIN app_company c ON c.id = p.company_id").await;
    assert_eq!(w.tick().await["whole"], "project: the table's definition in config or source has changed");
    projects_are_equal(&w).await;
    w.config(&format!("{LOG}{}", PROJECT.replace("[\"app.project\"]", "[\"app.project\", \"app.plan\"]")));
    assert_eq!(w.tick().await["whole"], "project: the table's definition in config or source has changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_gone_is_filled_again() {
    let w = world("").await;
    w.target("DROP TABLE `{d}.project`").await;
    w.sql("UPDATE app_project SET name = 'x' WHERE id = 1; SELECT log('project', 1, 'changed')").await;
    let report = w.tick().await;
    assert_eq!(report["whole"], "project: the target table is gone", "{report}");
    projects_are_equal(&w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn check_and_plan_speak_of_the_log() {
    let w = world("").await;
    let check = w.run(&["check"]).await;
    assert_eq!(check.code, 0, "{}{}", check.stdout, check.stderr);
    assert!(check.stdout.contains("the change log does not see: bulk_create"), "{}", check.stdout);
    assert!(check.stdout.contains("never found without reconcile_every"), "{}", check.stdout);
    let plan = w.run(&["plan", "--json"]).await;
    assert_eq!(plan.code, 0, "{}{}", plan.stdout, plan.stderr);
    let sql = plan.json()[0]["source_sql"].to_string();
    assert!(sql.contains("models_logging_change") && sql.contains("FROM \\\"public\\\".\\\"project\\\" AS t"), "{sql}");
    assert!(plan.json()[0]["merge_sql"].as_str().unwrap().starts_with("MERGE"));
}

/// Numbers that start over lie below every floor.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_starts_over_is_read_from_its_start() {
    let w = world("").await;
    w.sql("SELECT setval('models_logging_change_id_seq', 50000); UPDATE app_project SET name = 'a' WHERE id = 1; SELECT log('project', 1, 'changed')").await;
    settles(&w).await;
    w.sql("TRUNCATE models_logging_change RESTART IDENTITY; UPDATE app_project SET name = 'b' WHERE id = 1; SELECT log('project', 1, 'changed')").await;
    assert!(w.tick().await["whole"].as_str().unwrap().contains("pruned"));
    projects_are_equal(&w).await;
    w.sql("UPDATE app_project SET name = 'c' WHERE id = 1; SELECT log('project', 1, 'changed')").await;
    assert!(settles(&w).await["upserts"].as_u64() == Some(1));
}

/// A row that was imported with a number far ahead.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_far_ahead_hides_nothing() {
    let w = world("").await;
    w.sql("INSERT INTO models_logging_change (id, date_created, object_id, action, content_type_id) VALUES (2000000000, now(), 1, 'changed', 7); \
           UPDATE app_project SET name = 'a' WHERE id = 1")
        .await;
    settles(&w).await;
    for name in ["b", "c"] {
        w.sql(&format!("UPDATE app_project SET name = '{name}' WHERE id = 2; SELECT log('project', 2, 'changed')"))
            .await;
        settles(&w).await;
    }
}

/// Another log, or another way to read it, is another source of truth about what has changed.
#[tokio::test(flavor = "multi_thread")]
async fn another_descriptor_is_read_whole() {
    let w = world("").await;
    w.sql("CREATE TABLE other (LIKE models_logging_change INCLUDING ALL); UPDATE app_project SET name = 'unread' WHERE id = 1; SELECT log('project', 1, 'changed')").await;
    w.config(&format!("{LOG}table = \"other\"\n{PROJECT}"));
    assert_eq!(w.tick().await["whole"], "project: the table's definition in config or source has changed");
    projects_are_equal(&w).await;
}

/// Keys that no row can have are told of, also when nothing else has happened.
#[tokio::test(flavor = "multi_thread")]
async fn unreadable_keys_are_told_of() {
    let w = world("").await;
    w.sql("ALTER TABLE models_logging_change ALTER object_id TYPE text; \
           INSERT INTO models_logging_change (date_created, object_id, action, content_type_id) VALUES (now(), 'x', 'changed', 7)")
        .await;
    let report = w.tick().await;
    assert_eq!((report["state"].as_str(), report["log"]["unreadable"].as_u64()), (Some("empty"), Some(1)), "{report}");
}

/// A key that the view has twice is a fault, also where a row may be staged twice for good reason.
#[tokio::test(flavor = "multi_thread")]
async fn two_rows_of_one_key_are_not_taken_for_one() {
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.sql("CREATE TABLE tag (item int, t text); INSERT INTO app_plan VALUES (1, 'p'); INSERT INTO app_item VALUES (1, 1, 'a'), (2, 1, 'b'); \
           CREATE VIEW tagged AS SELECT i.id AS item_id, i.plan_id, g.t, i.id / 2.5::float8 AS f, jsonb_build_object('l', i.label) AS j FROM app_item i LEFT JOIN tag g ON g.item = i.id")
        .await;
    w.config(&format!(
        "{LOG}[[table]]\nsource = \"tagged\"\nkey = [\"item_id\"]\ncapture = \"changelog\"\n\
         log_types = [\"app.item\", {{ type = \"app.plan\", key = \"plan_id\" }}]\n"
    ));
    w.tick().await;
    w.sql("SELECT log('item', 1, 'changed'); SELECT log('plan', 1, 'changed')").await;
    w.tick().await;
    are_equal(&w, "tagged", "item_id").await;
    w.sql("INSERT INTO tag VALUES (1, 'x'), (1, 'y'); DELETE FROM app_item WHERE id = 2; SELECT log('item', 1, 'changed'); SELECT log('item', 2, 'deleted')").await;
    let ran = w.run(&["run"]).await;
    assert!(ran.code == 1 && ran.stdout.contains("name columns as key that are unique"), "{}", ran.stdout);
}

#[test]
fn the_limits_of_every_log_are_documented() {
    let page = include_str!("../../docs/LIMITS.md");
    for (name, unseen) in plimsoll::capture::keyed::change_log::UNSEEN {
        assert!(page.contains(&format!("| `{name}` | {unseen} |")), "{name}: {unseen}");
    }
}
