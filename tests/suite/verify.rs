//! `verify` finds what differs, tells nothing that does not, and repairs.

use plimsoll::failpoint::VARIABLE;
use serde_json::Value;

use crate::support::World;

const SOURCE: &str = "
CREATE TABLE item (id int PRIMARY KEY, note text, price numeric(12, 2), score double precision, at timestamptz, doc jsonb);
INSERT INTO item SELECT g, 'note ' || g, g / 4.0, g / 7.0, timestamptz '2026-01-01' + g * interval '1 second', jsonb_build_object('n', g)
  FROM generate_series(1, 500) g";

async fn world(config: &str) -> World {
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.config(&format!("[[table]]\nsource = \"item\"\n{config}"));
    w.tick().await;
    w
}

/// The report of the one table that was compared.
fn verified(stdout: &Value) -> Value {
    let runs = stdout["runs"].as_array().unwrap();
    let found: Vec<&Value> = runs.iter().filter_map(|r| r["verified"].as_array()).flatten().collect();
    assert_eq!(found.len(), 1, "{stdout}");
    found[0].clone()
}

pub async fn verify(w: &World, args: &[&str]) -> (i32, Value) {
    let mut all = vec!["verify", "--json"];
    all.extend(args);
    let ran = w.run(&all).await;
    assert!(ran.code == 0 || ran.code == 1, "{}\n{}", ran.stdout, ran.stderr);
    (ran.code, verified(&ran.json()))
}

fn counts(report: &Value) -> (u64, u64, u64) {
    let of = |name: &str| report[name].as_u64().unwrap();
    (of("missing"), of("extra"), of("different"))
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_tables_are_equal() {
    let w = world("capture = \"xmin\"\ndeletes = \"keys\"\n").await;
    for level in ["counts", "keys", "values"] {
        let (code, report) = verify(&w, &["--level", level]).await;
        assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{report}");
        assert_eq!((report["source_rows"].as_u64(), report["target_rows"].as_u64()), (Some(500), Some(500)));
    }
    // A tick comes first: what has changed since is no difference.
    w.sql("UPDATE item SET note = 'changed' WHERE id <= 9; DELETE FROM item WHERE id = 10; INSERT INTO item (id) VALUES (501)").await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_planted_is_found_and_repaired() {
    let w = world("capture = \"xmin\"\ndeletes = \"keys\"\n").await;
    for sql in [
        "DELETE FROM `{d}.item` WHERE id = 7",
        "INSERT INTO `{d}.item` (id, note) VALUES (9000, 'nobody has it')",
        "UPDATE `{d}.item` SET note = '' WHERE id = 20",
        "UPDATE `{d}.item` SET price = price + CAST('0.01' AS NUMERIC) WHERE id = 21",
        "UPDATE `{d}.item` SET note = NULL WHERE id = 22",
    ] {
        w.target(sql).await;
    }
    let (code, report) = verify(&w, &["--level", "counts"]).await;
    assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "as many rows, but others: {report}");
    let (code, report) = verify(&w, &["--level", "keys"]).await;
    assert_eq!((code, counts(&report)), (1, (1, 1, 0)), "{report}");
    let csv = w.dir.path().join("keys.csv");
    let (code, report) = verify(&w, &["--csv", csv.to_str().unwrap()]).await;
    assert_eq!((code, counts(&report)), (1, (1, 1, 3)), "{report}");
    assert_eq!(report["columns"], serde_json::json!({ "note": 2, "price": 1 }), "{report}");
    let keys = std::fs::read_to_string(csv).unwrap();
    let mut lines: Vec<&str> = keys.lines().collect();
    lines.sort_unstable();
    let of = |kind: &str, id: u32| format!("public.item,{kind},\"{{\"\"id\"\":\"\"{id}\"\"}}\"");
    let expected = [of("different", 20), of("different", 21), of("different", 22), of("extra", 9000), of("missing", 7)];
    assert_eq!(lines[..5], expected, "{keys}");
    assert!(!report.to_string().contains("nobody has it"));
    // The state says so until a later comparison finds nothing.
    let status = w.run(&["status"]).await;
    assert!(status.code == 1 && status.stdout.contains("differs"), "{}", status.stdout);
    let told = "1 missing, 1 extra, 3 different; `plimsoll verify --table public.item --repair`";
    assert!(status.stdout.replace("\n  ", " ").contains(told), "{}", status.stdout);
    let (code, report) = verify(&w, &["--repair"]).await;
    assert_eq!((code, report["state"].as_str(), report["repaired"].as_u64()), (0, Some("equal"), Some(5)), "{report}");
    w.assert_equal("item").await;
    assert_eq!(w.run(&["status"]).await.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_only_the_target_has_are_counted_apart_where_deletes_are_ignored() {
    let w = world("capture = \"xmin\"\n").await;
    w.sql("DELETE FROM item WHERE id <= 3").await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!(
        (code, report["state"].as_str(), report["deletes_ignored"].as_u64()),
        (0, Some("equal"), Some(3)),
        "{report}"
    );
    let (code, report) = verify(&w, &["--strict"]).await;
    assert_eq!((code, counts(&report)), (1, (0, 3, 0)), "{report}");
    // Left where they are, unless somebody says that they are a difference.
    w.target("UPDATE `{d}.item` SET note = 'x' WHERE id = 50").await;
    let (code, report) = verify(&w, &["--repair"]).await;
    assert_eq!(
        (code, report["repaired"].as_u64(), report["deletes_ignored"].as_u64()),
        (0, Some(1), Some(3)),
        "{report}"
    );
    let (code, report) = verify(&w, &["--repair", "--strict"]).await;
    assert_eq!((code, report["repaired"].as_u64()), (0, Some(3)), "{report}");
    w.assert_equal("item").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn soft_deleted_rows_are_absent() {
    let w = world("capture = \"xmin\"\ndeletes = \"keys\"\ndelete = \"soft\"\n").await;
    w.sql("DELETE FROM item WHERE id <= 3").await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{report}");
    w.target("UPDATE `{d}.item` SET is_deleted = false WHERE id = 2").await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, counts(&report)), (1, (0, 1, 0)), "{report}");
    let (code, report) = verify(&w, &["--repair"]).await;
    assert_eq!((code, report["repaired"].as_u64()), (0, Some(1)), "{report}");
    assert_eq!(w.target("SELECT COUNT(*) FROM `{d}.item` WHERE is_deleted").await[0][0].as_deref(), Some("3"));
}

/// A value that the target can't hold is NULL there: no difference, and counted.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_policy_made_null_is_no_difference() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE odd (id int PRIMARY KEY, d date, n numeric(10, 2), doc jsonb);
         INSERT INTO odd VALUES (1, 'infinity', 1, '{}'), (2, '2026-01-01', 'NaN', '{}'), (3, NULL, NULL, '123456789012345678901234567890'),
                                (4, '2026-01-01', 4, 'null')",
    )
    .await;
    w.config("[[table]]\nsource = \"odd\"\ncapture = \"xmin\"\n");
    w.tick().await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, report["state"].as_str(), report["nulled"].as_u64()), (0, Some("equal"), Some(4)), "{report}");
    // A document that is NULL there for no reason is one.
    w.sql("INSERT INTO odd (id, doc) VALUES (5, '{\"a\": 1}')").await;
    w.tick().await;
    w.target("UPDATE `{d}.odd` SET doc = NULL WHERE id = 5").await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!(code, 1, "{report}");
}

/// Each NULL is judged by its own row: one that somebody has planted does not hide behind another row's document that can't be held.
#[tokio::test(flavor = "multi_thread")]
async fn a_null_document_does_not_hide_behind_another_rows() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE odd (k numeric(6, 2), part int, doc jsonb, PRIMARY KEY (k, part));
         INSERT INTO odd VALUES (1.50, 1, '123456789012345678901234567890'), (2.50, 2, '{\"a\": 1}'), (3.00, 3, '123456789012345678901234567890')",
    )
    .await;
    w.config("[[table]]\nsource = \"odd\"\ncapture = \"xmin\"\n");
    w.tick().await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, report["nulled"].as_u64()), (0, Some(2)), "{report}");
    // As many documents are refused as are NULL, but they are not the same.
    w.target("DELETE FROM `{d}.odd` WHERE part = 1").await;
    w.target("UPDATE `{d}.odd` SET doc = NULL WHERE part = 2").await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, counts(&report), report["nulled"].as_u64()), (1, (1, 0, 1), Some(1)), "{report}");
    assert_eq!(report["columns"], serde_json::json!({ "doc": 1 }), "{report}");
}

/// A row of more than 100 MB of JSON does without its largest column: no difference either, also where the table has no documents.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_row_was_too_long_for_is_no_difference() {
    let w = World::new().await;
    w.sql("CREATE TABLE doc (id int PRIMARY KEY, note text, body text); INSERT INTO doc VALUES (1, 'old', 'short'), (2, 'other', 'x')").await;
    w.config("[[table]]\nsource = \"doc\"\n");
    w.tick().await;
    // A control character is six bytes in JSON.
    w.sql("UPDATE doc SET note = 'new', body = repeat(chr(1), 17500000) WHERE id = 1").await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, report["state"].as_str(), report["nulled"].as_u64()), (0, Some("equal"), Some(1)), "{report}");
    w.target("UPDATE `{d}.doc` SET note = NULL WHERE id = 1").await;
    w.target("UPDATE `{d}.doc` SET body = NULL WHERE id = 2").await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, counts(&report), report["nulled"].as_u64()), (1, (0, 0, 2), Some(1)), "{report}");
    assert_eq!(report["columns"], serde_json::json!({ "body": 1, "note": 1 }), "{report}");
}

/// A table that is set aside between the two looks is not compared: what its target has says nothing of what the source has.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_set_aside_between_two_looks_is_not_compared() {
    let w = World::new().await;
    w.sql("CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (id int PRIMARY KEY, v text); CREATE TABLE log (id bigserial PRIMARY KEY, what text NOT NULL, key text);
           INSERT INTO a SELECT g, 'v' FROM generate_series(1, 9) g; INSERT INTO b SELECT g, 'v' FROM generate_series(1, 9) g").await;
    let table =
        |name: &str| format!("[[table]]\nsource = \"{name}\"\ncapture = \"changelog\"\nlog_types = [\"{name}\"]\n");
    w.config(&format!(
        "[changelog]\ntable = \"log\"\nid = \"id\"\ntype = \"what\"\nkey = \"key\"\n{}{}",
        table("a"),
        table("b")
    ));
    w.tick().await;
    for name in ["a", "b"] {
        w.target(&format!("UPDATE `{{d}}.{name}` SET v = 'other' WHERE id = 3")).await;
    }
    // The first look has seen both; a change of each comes before the run between, and the target does not take the one of `b`.
    let looked = w.bq.hold_after(|r| String::from_utf8_lossy(&r.body).contains("IN (") && r.path.ends_with("/queries"));
    let child = w.command(&["verify", "--json"]).spawn().unwrap();
    looked.reached().await;
    w.sql("UPDATE a SET v = 'new' WHERE id = 5; UPDATE b SET v = 'new' WHERE id = 5; INSERT INTO log (what, key) VALUES ('a', '5'), ('b', '5')").await;
    let refused = r#"{"error": {"code": 400, "message": "Invalid schema", "errors": [{"reason": "invalid", "message": "Invalid schema"}]}}"#;
    w.bq.answer(1, 400, refused, |r| r.is_job("merge") && r.job_id().is_some_and(|id| id.contains("_b_")));
    looked.open();
    let ran = w.finish(child).await;
    let json = ran.json();
    let all: Vec<&Value> =
        json["runs"].as_array().unwrap().iter().filter_map(|r| r["verified"].as_array()).flatten().collect();
    let of = |name: &str| all.iter().find(|v| v["source"] == format!("public.{name}")).unwrap();
    assert!(w.state("changelog").await["aside"]["b"].is_object(), "{json:#}");
    assert_eq!((of("a")["state"].as_str(), of("a")["different"].as_u64()), (Some("differs"), Some(1)), "{json:#}");
    assert_eq!((of("b")["state"].as_str(), of("b")["different"].as_u64()), (Some("not_compared"), Some(0)), "{json:#}");
    assert_eq!(ran.code, 1);
}

/// A process that ends inside a comparison leaves nothing behind but a lease, which ends by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_inside_a_comparison_leaves_nothing_behind() {
    let w = World::new().await;
    w.sql("CREATE TABLE item (id int PRIMARY KEY, note text); INSERT INTO item SELECT g, 'note' FROM generate_series(1, 50) g").await;
    w.config_with("lease = \"1s\"", "[[table]]\nsource = \"item\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n");
    w.tick().await;
    w.target("UPDATE `{d}.item` SET note = 'x' WHERE id = 7").await;
    for rule in ["first-look:after", "second-look:before", "second-look:after"] {
        let before = w.state("item").await;
        let child = w.command(&["verify"]).env(VARIABLE, format!("{rule}=crash")).spawn().unwrap();
        let ran = w.finish(child).await;
        assert_eq!(ran.code, -1, "{rule}: {}\n{}", ran.stdout, ran.stderr);
        let after = w.state("item").await;
        assert!(after["lease"].is_object() && after["pending"].is_null(), "{rule}: {after}");
        assert_eq!(after["tables"], before["tables"], "{rule}: nothing is decided");
        tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
        w.sql("UPDATE item SET note = note || '.' WHERE id = 8").await;
        assert_eq!(w.tick().await["state"], "done", "{rule}");
        assert!(w.state("item").await["lease"].is_null());
    }
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, counts(&report)), (1, (0, 0, 1)), "{report}");
    let staging =
        w.bigquery.query(&format!("SELECT COUNT(*) FROM `demo.{}_staging.INFORMATION_SCHEMA.TABLES`", w.dataset)).await;
    assert_eq!(staging[0][0].as_deref(), Some("0"));
}

/// Nothing is compared of what is not there to compare, and it says why.
#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_compared_is_told() {
    let w = world("capture = \"xmin\"\n").await;
    w.run(&["pause", "--table", "item"]).await;
    let (code, report) = verify_paused(&w).await;
    assert_eq!(
        (code, report["state"].as_str(), report["reason"].as_str()),
        (1, Some("not_compared"), Some("it is paused"))
    );
}

async fn verify_paused(w: &World) -> (i32, Value) {
    let ran = w.run(&["verify", "--json"]).await;
    (ran.code, verified(&ran.json()))
}

/// Rows without a key, equal ones among them.
#[tokio::test(flavor = "multi_thread")]
async fn tables_without_a_key_are_compared_by_their_rows() {
    let w = World::new().await;
    w.sql("CREATE TABLE bare (a text, b int); INSERT INTO bare SELECT 'same', 1 FROM generate_series(1, 5); INSERT INTO bare VALUES ('x', 2), (NULL, NULL)")
        .await;
    w.config("[[table]]\nsource = \"bare\"\ncapture = \"full\"\n");
    w.tick().await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{report}");
}

/// `verify_every` compares by itself, and the state remembers.
#[tokio::test(flavor = "multi_thread")]
async fn a_tick_compares_when_it_is_time() {
    let w = world("capture = \"xmin\"\nverify_every = \"1s\"\n").await;
    let note = w.state("item").await["tables"]["item"]["verified"].clone();
    assert_eq!((note["level"].as_str(), note["rows"].as_u64()), (Some("values"), Some(500)), "{note}");
    w.target("UPDATE `{d}.item` SET note = 'x' WHERE id = 50").await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let report = w.tick().await;
    assert_eq!(report["verified"][0]["different"].as_u64(), Some(1), "{report}");
    let first = w.state("item").await["tables"]["item"]["verified"]["differs"].clone();
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    w.tick().await;
    let second = w.state("item").await["tables"]["item"]["verified"]["differs"].clone();
    assert_eq!((&first["since"], second["different"].as_u64()), (&second["since"], Some(1)), "since the first look");
}

/// A fault of the encoder, in one type: what is staged is not what the source has. `verify` shares no code with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_the_encoder_is_found() {
    let w = World::new().await;
    w.sql("CREATE TABLE t (id int PRIMARY KEY, price numeric(10, 2), d date); INSERT INTO t SELECT g, g + 0.25, '2026-01-02' FROM generate_series(1, 20) g").await;
    w.config("[[table]]\nsource = \"t\"\ncapture = \"xmin\"\n");
    let config = std::fs::read_to_string(w.config_path()).unwrap();
    std::fs::write(w.config_path(), config.replace("part_size", "compression = \"none\"\npart_size")).unwrap();
    w.gcs.alter("2026-01-02", "2026-02-01", |r| r.is_upload() && r.object().is_some_and(|o| o.contains("upserts")));
    w.tick().await;
    assert_eq!(w.target("SELECT CAST(MIN(d) AS STRING) FROM `{d}.t`").await[0][0].as_deref(), Some("2026-02-01"));
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, counts(&report)), (1, (0, 0, 20)), "{report}");
    assert_eq!(report["columns"], serde_json::json!({ "d": 20 }), "{report}");
}

/// The service does the same for a caller.
#[tokio::test(flavor = "multi_thread")]
async fn the_service_compares_and_repairs() {
    let w = world("capture = \"xmin\"\ndeletes = \"keys\"\n").await;
    let served = w.serve().await;
    w.target("DELETE FROM `{d}.item` WHERE id = 7").await;
    let (status, report) = w.post(&format!("{}/runs", served.url), "{\"verify\": true}").await;
    assert_eq!((status, verified(&report)["missing"].as_u64()), (200, Some(1)), "{report}");
    let (_, status) = w.get(&format!("{}/status", served.url)).await;
    assert_eq!(status["feeds"][0]["verified"]["differs"]["missing"].as_u64(), Some(1), "{status}");
    // What another process has done is seen by a new one at once.
    let page = async || {
        let served = w.serve().await;
        w.http.get(format!("{}/tables/item", served.url)).send().await.unwrap().text().await.unwrap()
    };
    let shown = page().await;
    for text in ["✗ rows differ</span> since ", "1 missing", "compared (values) 20"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    // Whatever else there is to say of the table.
    w.run(&["pause", "--table", "item"]).await;
    let shown = page().await;
    assert!(shown.contains("paused") && shown.contains("rows differ") && shown.contains("1 missing"), "{shown}");
    w.run(&["resume", "--table", "item"]).await;
    let (status, report) = w.post(&format!("{}/runs", served.url), "{\"repair\": true, \"level\": \"keys\"}").await;
    assert_eq!((status, verified(&report)["repaired"].as_u64()), (200, Some(1)), "{report}");
    w.assert_equal("item").await;
    let log = w.serve_log();
    assert!(log.contains("table compared"), "{log}");
}

/// A repair deletes nothing that the config lets be, whatever was compared.
#[tokio::test(flavor = "multi_thread")]
async fn a_repair_by_counts_keeps_what_deletes_left() {
    let w = world("capture = \"xmin\"\n").await;
    w.sql("DELETE FROM item WHERE id <= 3").await;
    w.tick().await;
    w.target("DELETE FROM `{d}.item` WHERE id BETWEEN 10 AND 19").await;
    let (code, report) = verify(&w, &["--level", "counts", "--repair"]).await;
    assert_eq!(
        (code, report["repaired"].as_u64(), report["deletes_ignored"].as_u64()),
        (0, Some(10), Some(3)),
        "{report}"
    );
    assert_eq!(w.target("SELECT COUNT(*) FROM `{d}.item` WHERE id <= 3").await[0][0].as_deref(), Some("3"));
}

/// A row that is there twice is a difference, also where rows that only the target has are none.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_there_twice_differs() {
    let w = world("capture = \"xmin\"\n").await;
    w.target("INSERT INTO `{d}.item` (id, note, price, score, at, doc) SELECT id, note, price, score, at, doc FROM `{d}.item` WHERE id = 6").await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, counts(&report)), (1, (0, 0, 1)), "{report}");
}

/// Who looks at less does not say that all is well again.
#[tokio::test(flavor = "multi_thread")]
async fn a_lesser_comparison_leaves_the_difference_standing() {
    let w = world("capture = \"xmin\"\ndeletes = \"keys\"\n").await;
    w.target("UPDATE `{d}.item` SET note = 'x' WHERE id = 6").await;
    assert_eq!(verify(&w, &[]).await.0, 1);
    assert_eq!(verify(&w, &["--level", "counts"]).await.0, 0);
    assert_eq!(w.run(&["status"]).await.code, 1);
    assert_eq!(verify(&w, &["--repair"]).await.0, 0);
    assert_eq!(w.run(&["status"]).await.code, 0);
}

/// Deleted rows that are looked for now and then are looked for when somebody compares.
#[tokio::test(flavor = "multi_thread")]
async fn deletes_that_are_not_due_are_no_difference() {
    let w = world("capture = \"xmin\"\ndeletes = \"keys\"\ndeletes_every = \"6h\"\n").await;
    w.tick().await;
    w.sql("DELETE FROM item WHERE id <= 3").await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{report}");
    assert_eq!(w.target("SELECT COUNT(*) FROM `{d}.item` WHERE id <= 3").await[0][0].as_deref(), Some("0"));
}

/// What can't be compared of one table is told, and ends nothing else: a key that the source's type has no value for, a column that the
/// target lacks.
#[tokio::test(flavor = "multi_thread")]
async fn one_tables_trouble_is_told() {
    let w = World::new().await;
    w.sql("CREATE TABLE u (id uuid PRIMARY KEY, v text); INSERT INTO u SELECT gen_random_uuid(), 'v' FROM generate_series(1, 5)").await;
    w.config("[[table]]\nsource = \"u\"\ncapture = \"xmin\"\n");
    w.tick().await;
    w.target("INSERT INTO `{d}.u` (id, v) VALUES ('customer-secret', 'x')").await;
    let ran = w.run(&["verify", "--json", "--strict"]).await;
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    let report = verified(&ran.json());
    assert_eq!(report["state"], "not_compared", "{report}");
    assert!(
        !ran.stdout.contains("customer-secret") && !ran.stderr.contains("customer-secret"),
        "{}\n{}",
        ran.stdout,
        ran.stderr
    );
    w.target("DELETE FROM `{d}.u` WHERE id = 'customer-secret'").await;
    w.sql("ALTER TABLE u ADD COLUMN late text").await;
    let ran = w.run(&["verify", "--json"]).await;
    let report = verified(&ran.json());
    assert!(report["state"] == "equal" || report["reason"].is_string(), "{report}");
    w.sql("UPDATE u SET late = 'x'").await;
    assert_eq!(w.run(&["verify"]).await.code, 0);
}

/// More rows that only the target has than a second look takes, all of which the config lets be.
#[tokio::test(flavor = "multi_thread")]
async fn very_many_ignored_deletes_hide_no_difference() {
    let w = World::new().await;
    w.sql("CREATE TABLE many (id int PRIMARY KEY, v int); INSERT INTO many SELECT g, g FROM generate_series(1, 20600) g; ANALYZE many").await;
    w.config("[[table]]\nsource = \"many\"\ncapture = \"xmin\"\n");
    w.tick().await;
    w.sql("DELETE FROM many WHERE id <= 20400").await;
    let (code, report) = verify(&w, &[]).await;
    assert_eq!(
        (code, report["state"].as_str(), report["deletes_ignored"].as_u64().unwrap()),
        (0, Some("equal"), 20400),
        "{report:#}"
    );
}

/// The columns change between the two looks, in no transaction of ours.
async fn columns_change_between_looks(alter: &str) {
    let w = World::new().await;
    w.sql("CREATE TABLE a (id int PRIMARY KEY, u text, v text); INSERT INTO a SELECT g, 'u', 'v' FROM generate_series(1, 9) g").await;
    w.config("[[table]]\nsource = \"a\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n");
    w.tick().await;
    w.target("UPDATE `{d}.a` SET v = 'other' WHERE id = 3").await;
    let looked = w.bq.hold_after(|r| String::from_utf8_lossy(&r.body).contains("IN (") && r.path.ends_with("/queries"));
    let child = w.command(&["verify", "--json"]).spawn().unwrap();
    looked.reached().await;
    // The lease is given back, and no snapshot is open.
    let released = w.gcs.hold_after(|r| r.writes_state());
    looked.open();
    released.reached().await;
    w.sql(alter).await;
    w.sql("UPDATE a SET v = 'new' WHERE id = 3").await;
    released.open();
    let ran = w.finish(child).await;
    let json = ran.json();
    let all: Vec<&Value> =
        json["runs"].as_array().unwrap().iter().filter_map(|r| r["verified"].as_array()).flatten().collect();
    assert_eq!(all.len(), 1, "{json:#}");
    // The run between has brought the row.
    assert_ne!(all[0]["state"], "differs", "{:#}", all[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_comes_between_two_looks_is_no_difference() {
    columns_change_between_looks("ALTER TABLE a ADD COLUMN w int").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_goes_between_two_looks_is_no_difference() {
    columns_change_between_looks("ALTER TABLE a DROP COLUMN u").await;
}

/// The target was made by somebody else, who lets a key be NULL, and somebody has left one so.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_null_in_the_target_is_told() {
    let w = World::new().await;
    w.sql("CREATE TABLE first (id int PRIMARY KEY); CREATE TABLE item (id int PRIMARY KEY, note text); INSERT INTO item SELECT g, 'v' FROM generate_series(1, 9) g").await;
    // Makes the dataset.
    w.config("[[table]]\nsource = \"first\"\ncapture = \"xmin\"\n");
    w.tick().await;
    w.target("CREATE TABLE `{d}.item` (id INT64, note STRING)").await;
    w.config("[[table]]\nsource = \"item\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n");
    w.tick().await;
    w.target("INSERT INTO `{d}.item` (id, note) VALUES (NULL, 'x')").await;
    let (code, report) = verify(&w, &["--strict"]).await;
    assert_eq!((code, report["state"].as_str()), (1, Some("not_compared")), "{report:#}");
    assert!(report["reason"].as_str().unwrap().contains("NULL in its key"), "{report:#}");
}

/// More rows than a second look takes are read again as a whole, and then it is said what is so.
#[tokio::test(flavor = "multi_thread")]
async fn a_repair_of_very_many_rows_ends() {
    let w = World::new().await;
    w.sql("CREATE TABLE many (id int PRIMARY KEY, v int); INSERT INTO many SELECT g, g FROM generate_series(1, 20600) g; ANALYZE many").await;
    w.config("[[table]]\nsource = \"many\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n");
    w.tick().await;
    w.target("DELETE FROM `{d}.many` WHERE id > 100").await;
    let (code, report) = verify(&w, &["--repair"]).await;
    let rows = w.target("SELECT CAST(COUNT(*) AS STRING) FROM `{d}.many`").await;
    assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{rows:?} {report:#}");
}

/// A difference that only a stricter comparison sees stands, and does not make the next one due at each tick.
#[tokio::test(flavor = "multi_thread")]
async fn verify_every_is_kept_behind_a_stricter_comparison() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE item (id int PRIMARY KEY, v text); INSERT INTO item SELECT g, 'v' FROM generate_series(1, 9) g",
    )
    .await;
    w.config("[[table]]\nsource = \"item\"\ncapture = \"xmin\"\nverify_every = \"1d\"\n");
    w.tick().await;
    w.sql("DELETE FROM item WHERE id <= 3").await;
    assert_eq!(verify(&w, &["--strict"]).await.0, 1);
    let mut state = w.state("item").await;
    let at = time::OffsetDateTime::now_utc() - time::Duration::days(2);
    let text = at.format(&time::format_description::well_known::Rfc3339).unwrap();
    state["tables"]["item"]["verified"]["at"] = text.into();
    w.put_state("item", &state).await;
    assert_eq!(w.run(&["run"]).await.code, 0);
    w.bq.clear();
    let ran = w.run(&["run", "--json"]).await;
    assert!(w.bq.log().is_empty(), "compared again: {}", ran.stdout);
}

/// A table that is paused between the two looks is left alone from then on.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_paused_between_two_looks_is_let_be() {
    let w = World::new().await;
    w.sql("CREATE TABLE a (id int PRIMARY KEY, v text); INSERT INTO a SELECT g, 'v' FROM generate_series(1, 9) g")
        .await;
    w.config("[[table]]\nsource = \"a\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n");
    w.tick().await;
    w.target("UPDATE `{d}.a` SET v = 'other' WHERE id = 3").await;
    let looked = w.bq.hold_after(|r| String::from_utf8_lossy(&r.body).contains("IN (") && r.path.ends_with("/queries"));
    let child = w.command(&["verify", "--json", "--repair"]).spawn().unwrap();
    looked.reached().await;
    let paused = w.run(&["pause", "--table", "a"]).await;
    assert_eq!(paused.code, 0, "{}{}", paused.stdout, paused.stderr);
    w.sql("UPDATE a SET v = 'new' WHERE id = 5").await;
    looked.open();
    let ran = w.finish(child).await;
    let row = w.target("SELECT v FROM `{d}.a` WHERE id IN (3, 5) ORDER BY id").await;
    let kept = [[Some("other".to_owned())], [Some("v".to_owned())]];
    assert_eq!(row, kept, "{}", ran.stdout);
}

/// One table whose target can't be read as it is does not end the comparison of the others of its log.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_null_is_one_tables_trouble() {
    let w = World::new().await;
    w.sql("CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (id int PRIMARY KEY, v text); CREATE TABLE log (id bigserial PRIMARY KEY, what text NOT NULL, key text);
           INSERT INTO a SELECT g, 'v' FROM generate_series(1, 9) g; INSERT INTO b SELECT g, 'v' FROM generate_series(1, 9) g").await;
    let table =
        |name: &str| format!("[[table]]\nsource = \"{name}\"\ncapture = \"changelog\"\nlog_types = [\"{name}\"]\n");
    let log = "[changelog]\ntable = \"log\"\nid = \"id\"\ntype = \"what\"\nkey = \"key\"\n";
    w.config(&format!("{log}{}", table("a")));
    w.tick().await;
    w.target("CREATE TABLE `{d}.b` (id INT64, v STRING)").await;
    w.config(&format!("{log}{}{}", table("a"), table("b")));
    w.tick().await;
    w.target("INSERT INTO `{d}.b` (id, v) VALUES (NULL, 'x')").await;
    w.target("UPDATE `{d}.a` SET v = 'other' WHERE id = 3").await;
    let ran = w.run(&["verify", "--json"]).await;
    assert!(ran.stdout.contains("\"differs\""), "nothing is told of the other table: {}", ran.stdout);
}

/// A table in partitions, a stretch at a time.
#[tokio::test(flavor = "multi_thread")]
async fn a_partitioned_table_in_stretches() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE part (id int, day date, v text, PRIMARY KEY (day, id)) PARTITION BY RANGE (day);
           CREATE TABLE part_a PARTITION OF part FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
           CREATE TABLE part_b PARTITION OF part FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
           INSERT INTO part SELECT g, date '2026-01-01' + g % 50, 'v' FROM generate_series(1, 300) g; ANALYZE part",
    )
    .await;
    w.config("[[table]]\nsource = \"part\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n");
    w.tick().await;
    w.config_with("chunk_rows = 70", "[[table]]\nsource = \"part\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n");
    w.target("UPDATE `{d}.part` SET v = 'x' WHERE id IN (1, 99, 149)").await;
    w.target("DELETE FROM `{d}.part` WHERE id = 200").await;
    w.target("INSERT INTO `{d}.part` (id, day, v) VALUES (7, DATE '2030-01-01', 'x'), (7, DATE '1990-01-01', 'x')")
        .await;
    let (code, report) = verify(&w, &[]).await;
    let counts = ["missing", "extra", "different"].map(|n| report[n].as_u64().unwrap());
    assert_eq!((code, counts), (1, [1, 2, 3]), "{report:#}");
}
