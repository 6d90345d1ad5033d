//! Tables that share a change log are one feed: one lease, one snapshot, one seal, and each its own place in the log.

use serde_json::Value;

use crate::support::{Gate, World};

const SOURCE: &str = "
CREATE TABLE log (id bigserial PRIMARY KEY, what text NOT NULL, key text, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE alpha (id int PRIMARY KEY, v text); CREATE TABLE beta (id int PRIMARY KEY, v text); CREATE TABLE gamma (id int PRIMARY KEY, v text);
INSERT INTO alpha SELECT g, 'a' FROM generate_series(1, 5) g; INSERT INTO beta SELECT * FROM alpha; INSERT INTO gamma SELECT * FROM alpha;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO log (what, key) VALUES (TG_TABLE_NAME, COALESCE(NEW.id, OLD.id)); RETURN NULL; END $$;
CREATE TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON alpha FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON beta FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON gamma FOR EACH ROW EXECUTE FUNCTION note();";

const LOG: &str =
    "[changelog]\ntable = \"log\"\nid = \"id\"\ntype = \"what\"\nkey = \"key\"\n[defaults]\ncapture = \"changelog\"\n";

fn table(name: &str, rest: &str) -> String {
    format!("[[table]]\nsource = \"{name}\"\nlog_types = [\"{name}\"]\n{rest}")
}

fn all() -> String {
    format!("{LOG}{}{}{}", table("alpha", ""), table("beta", ""), table("gamma", ""))
}

async fn world(config: &str) -> World {
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.config(config);
    w.tick().await;
    all_equal(&w).await;
    w
}

async fn all_equal(w: &World) {
    for table in ["alpha", "beta", "gamma"] {
        w.assert_equal(table).await;
    }
}

fn targets(report: &Value) -> Vec<&str> {
    let tables = report["tables"].as_array().unwrap();
    tables.iter().map(|t| t["target"].as_str().unwrap().rsplit('.').next().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_run_brings_all_tables_and_touches_only_those_that_changed() {
    let w = world(&all()).await;
    assert_eq!(w.tick().await["state"], "empty");
    w.bq.clear();
    w.sql("UPDATE alpha SET v = 'x' WHERE id = 1; DELETE FROM gamma WHERE id = 5").await;
    let ran = w.run(&["run", "--json"]).await;
    let report = ran.json();
    assert_eq!(report["runs"].as_array().unwrap().len(), 1);
    assert_eq!(targets(&ran.run()), ["alpha", "gamma"]);
    assert!(w.bq.jobs().iter().all(|j| !j.contains("_beta_")), "{:?}", w.bq.jobs());
    all_equal(&w).await;
    let status = w.run(&["status", "--json"]).await.json();
    let feeds: Vec<&str> = status["feeds"].as_array().unwrap().iter().map(|f| f["feed"].as_str().unwrap()).collect();
    assert_eq!(feeds, ["changelog"; 3]);
}

/// A table that is not due, or not asked for, stays where it is; nothing of it is lost when its turn comes.
#[tokio::test(flavor = "multi_thread")]
async fn each_table_has_its_own_place_in_the_log() {
    let w =
        world(&format!("{LOG}{}{}{}", table("alpha", ""), table("beta", "every = \"1h\"\n"), table("gamma", ""))).await;
    w.sql("UPDATE alpha SET v = 'x'; UPDATE beta SET v = 'x'; DELETE FROM gamma WHERE id = 1").await;
    assert_eq!(targets(&w.tick().await), ["alpha", "gamma"]);
    w.sql("UPDATE alpha SET v = 'y'; DELETE FROM beta WHERE id = 2").await;
    assert_eq!(targets(&w.tick().await), ["alpha"]);
    assert_eq!(w.tick().await["state"], "empty");
    let ran = w.run(&["run", "--table", "beta", "--json"]).await;
    assert_eq!(targets(&ran.run()), ["beta"]);
    all_equal(&w).await;
    // A resync of one is no business of the others.
    w.sql("UPDATE alpha SET v = 'z'; UPDATE gamma SET v = 'z'").await;
    let ran = w.run(&["resync", "--table", "gamma", "--json"]).await;
    assert_eq!((ran.run()["whole"].as_str(), targets(&ran.run())), (Some("gamma: requested"), vec!["gamma"]));
    assert_eq!(targets(&w.tick().await), ["alpha"]);
    all_equal(&w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_joins_later_is_loaded_alone() {
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.config(&format!("{LOG}{}", table("alpha", "")));
    w.tick().await;
    w.sql("UPDATE alpha SET v = 'x' WHERE id = 1").await;
    w.config(&all());
    let report = w.tick().await;
    assert_eq!(report["whole"], "beta: first load; gamma: first load");
    assert_eq!(report["tables"][0]["upserts"], 1, "alpha goes on: {report}");
    all_equal(&w).await;
}

/// The schema of one target is spoilt: it is set aside with its reason, the others go on, and once it is mended it comes
/// back by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_fails_for_good_is_set_aside_and_comes_back() {
    let w = world(&all()).await;
    w.target("ALTER TABLE `{d}.beta` DROP COLUMN v").await;
    w.target("ALTER TABLE `{d}.beta` ADD COLUMN v INT64").await;
    w.sql("UPDATE alpha SET v = 'x'; UPDATE beta SET v = 'x'; UPDATE gamma SET v = 'x'").await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    let run = ran.run();
    assert_eq!((run["state"].as_str(), targets(&run)), (Some("done"), vec!["alpha", "gamma"]));
    assert_eq!(run["aside"][0]["target"], "beta", "{run}");
    assert!(run["aside"][0]["message"].as_str().unwrap().contains("has the column v as INT"), "{run}");
    assert!(run["aside"][0]["hint"].as_str().is_some_and(|h| !h.is_empty()));
    w.assert_equal("alpha").await;
    // Every later report names it, also one of a quiet tick; readiness fails by it alone.
    let quiet = w.run(&["run", "--json"]).await;
    assert_eq!((quiet.code, quiet.run()["state"].as_str()), (1, Some("empty")));
    assert_eq!(quiet.run()["aside"][0]["target"], "beta");
    // It is said once: in the answer, not in the log as well.
    let told = w.run(&["run"]).await;
    assert!(told.stderr.is_empty() && told.stdout.matches("has the column v as INT").count() == 1, "{told:?}");
    let status = w.run(&["status"]).await.stdout;
    assert!(status.contains("set aside since"), "{status}");
    // How old its rows are is known, and grows.
    let beta = w.run(&["status", "--json"]).await.json()["feeds"][1].clone();
    assert!(
        beta["set_aside_since"].is_string() && beta["age_seconds"].is_u64() && beta["watermark"].is_null(),
        "{beta:#}"
    );
    let beta_recovered = async || {
        let report = w.run(&["report", "--json"]).await.json()["report"].clone();
        let failures = report["failures"].as_array().unwrap().clone();
        failures.iter().find(|f| f["source"] == "public.beta").unwrap()["has_recovered"].as_bool().unwrap()
    };
    assert!(!beta_recovered().await);
    let served = w.serve().await;
    let (code, ready) = w.get(&format!("{}/readyz", served.url)).await;
    assert_eq!((code, ready["reasons"].as_array().unwrap().len()), (503, 1), "{ready}");
    // Pub/Sub is not asked to repeat what only a person can mend.
    let (code, _) =
        w.post(&format!("{}/pubsub", served.url), "{\"message\": {\"data\": \"\", \"messageId\": \"1\"}}").await;
    assert_eq!(code, 204);
    drop(served);
    w.target("ALTER TABLE `{d}.beta` DROP COLUMN v").await;
    w.target("ALTER TABLE `{d}.beta` ADD COLUMN v STRING").await;
    w.sql("UPDATE alpha SET v = 'y' WHERE id = 2").await;
    let back = w.tick().await;
    assert_eq!(back["whole"], "beta: the table had been set aside and can be read again", "{back}");
    assert!(back["aside"].is_null());
    assert!(beta_recovered().await, "its feed's run names it no more");
    all_equal(&w).await;
}

/// The fault shows only when the batch is merged.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_whose_merge_fails_does_not_hold_up_the_others() {
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.sql("CREATE TABLE twice (n int); CREATE VIEW doubled AS SELECT b.id, b.v FROM beta b LEFT JOIN twice ON TRUE")
        .await;
    let doubled = "[[table]]\nsource = \"doubled\"\nkey = [\"id\"]\nlog_types = [\"beta\"]\n";
    w.config(&format!("{LOG}{}{doubled}{}", table("alpha", ""), table("gamma", "")));
    w.tick().await;
    w.sql("INSERT INTO twice VALUES (1), (2); UPDATE alpha SET v = 'x'; UPDATE beta SET v = 'x' WHERE id = 1; UPDATE gamma SET v = 'x'").await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!((ran.code, targets(&ran.run())), (1, vec!["alpha", "gamma"]), "{}", ran.stdout);
    assert_eq!(ran.run()["aside"][0]["target"], "doubled");
    w.assert_equal("alpha").await;
    w.assert_equal("gamma").await;
    let state = w.state("changelog").await;
    assert!(state["pending"].is_null() && state["watermark"]["tables"]["doubled"].is_null(), "{state}");
    assert!(state["aside"]["doubled"]["not_before"].is_string());
    // It costs a read of the whole table, so it is not tried at every tick, but at once when asked for.
    w.bq.clear();
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!((ran.code, w.bq.jobs().len()), (1, 0));
    w.sql("DELETE FROM twice").await;
    let ran = w.run(&["run", "--table", "doubled", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    w.assert_equal("doubled").await;
}

/// Where nothing is left that could go on, the run has failed.
#[tokio::test(flavor = "multi_thread")]
async fn when_every_table_fails_the_run_fails() {
    let w = world(&format!("{LOG}{}{}{}", table("alpha", ""), table("beta", ""), table("gamma", ""))).await;
    w.sql("DROP TABLE log").await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!((ran.code, ran.run()["state"].as_str()), (2, Some("failed")), "{}", ran.stdout);
    assert!(ran.run()["error"]["message"].as_str().unwrap().contains("the change log public.log does not exist"));
}

/// Killed between the merges of two tables: the next tick finishes the rest, and no merge runs twice.
#[tokio::test(flavor = "multi_thread")]
async fn killed_between_two_merges() {
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.config_with("lease = \"1s\"", &all());
    w.tick().await;
    w.sql("UPDATE alpha SET v = 'x'; DELETE FROM beta WHERE id = 3; UPDATE gamma SET v = 'x'").await;
    w.bq.clear();
    let gate: Gate = w.bq.hold_before(|r| r.job_id().is_some_and(|id| id.contains("_beta_merge_")));
    let mut run = w.command(&["run"]).spawn().unwrap();
    gate.reached().await;
    run.kill().await.unwrap();
    gate.open();
    w.sql("UPDATE beta SET v = 'after' WHERE id = 1").await;
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert_eq!(ran.json()["runs"][0]["replayed"], true);
    all_equal(&w).await;
    let started: std::collections::BTreeSet<String> = w.bq.jobs().into_iter().collect();
    assert_eq!(started.iter().filter(|id| id.contains("_alpha_merge_")).count(), 1, "{started:?}");
    assert_eq!(w.tick().await["state"], "empty");
}

/// Reading of one table is given up half-way; the next one is none the worse for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_target_is_no_trouble_for_the_next_table() {
    let w = world(&all()).await;
    w.target("DROP TABLE `{d}.alpha`").await;
    w.sql("UPDATE alpha SET v = 'x'; UPDATE beta SET v = 'x'; UPDATE gamma SET v = 'x'").await;
    let report = w.tick().await;
    assert_eq!(
        (report["whole"].as_str(), targets(&report)),
        (Some("alpha: the target table is gone"), vec!["alpha", "beta", "gamma"])
    );
    all_equal(&w).await;
}

/// What hinders every table is no table's fault: nothing loses its place.
#[tokio::test(flavor = "multi_thread")]
async fn rights_that_all_tables_lack_fail_the_run() {
    let w = world(&all()).await;
    w.sql("UPDATE alpha SET v = 'x'; UPDATE beta SET v = 'x'").await;
    let denied =
        "{\"error\": {\"code\": 403, \"message\": \"no rights\", \"errors\": [{\"reason\": \"accessDenied\"}]}}";
    w.bq.answer(1000, 403, denied, |r| r.path.contains("/jobs"));
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!((ran.code, ran.run()["state"].as_str()), (1, Some("failed")), "{}", ran.stdout);
    let state = w.state("changelog").await;
    assert!(state["pending"].is_object() && state["aside"].is_null(), "{state}");
}

/// A lock, or a statement that takes too long, is in one table's way; it stands where it stood, and the others go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_locked_table_is_left_for_the_next_tick() {
    let w = world(&all()).await;
    w.sql("UPDATE alpha SET v = 'x'; UPDATE beta SET v = 'x'; UPDATE gamma SET v = 'x'").await;
    let text =
        std::fs::read_to_string(w.config_path()).unwrap().replace("[storage]", "statement_timeout = \"2s\"\n[storage]");
    std::fs::write(w.config_path(), text).unwrap();
    let open = w.connect().await;
    open.batch_execute("BEGIN; LOCK TABLE beta IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!((ran.code, targets(&ran.run())), (1, vec!["alpha", "gamma"]), "{}", ran.stdout);
    assert_eq!(ran.run()["postponed"][0]["target"], "beta");
    open.batch_execute("ROLLBACK").await.unwrap();
    let report = w.tick().await;
    assert_eq!(
        (report["whole"].as_str(), targets(&report)),
        (None, vec!["beta"]),
        "it did not lose its place: {report}"
    );
    all_equal(&w).await;
}

/// The snapshot is taken before the table is emptied or rewritten, and the rows are read after it: the snapshot then sees
/// an empty table, and would have every row deleted.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_rewritten_under_the_snapshot_is_not_taken_for_empty() {
    let w = world(&all()).await;
    w.sql("UPDATE alpha SET v = 'x'; UPDATE beta SET v = 'x'").await;
    // Alpha's target is asked for between the snapshot and the reading of beta.
    let gate = w.bq.hold_before(|r| r.path.ends_with("/tables/alpha"));
    let run = w.command(&["run", "--json"]).spawn().unwrap();
    gate.reached().await;
    w.sql("ALTER TABLE beta ALTER v TYPE varchar(99) USING v || ''").await;
    gate.open();
    let ran = w.finish(run).await;
    assert_eq!((ran.code, targets(&ran.run())), (1, vec!["alpha"]), "{}", ran.stdout);
    assert!(ran.run()["postponed"][0]["message"].as_str().unwrap().contains("rewritten after the snapshot"));
    w.tick().await;
    all_equal(&w).await;
}

/// A table that leaves the log while a batch with it is pending: its new feed's rows are newer.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_left_is_not_touched_by_an_old_batch() {
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.config_with("lease = \"1s\"", &all());
    w.tick().await;
    w.sql("UPDATE alpha SET v = 'old'; UPDATE beta SET v = 'x'").await;
    let gate = w.bq.hold_before(|r| r.job_id().is_some());
    let mut run = w.command(&["run"]).spawn().unwrap();
    gate.reached().await;
    run.kill().await.unwrap();
    gate.open();
    w.sql("UPDATE alpha SET v = 'new'; DELETE FROM alpha WHERE id = 1").await;
    let own = table("alpha", "").replace("log_types = [\"alpha\"]", "capture = \"xmin\"\ndeletes = \"keys\"");
    w.config_with("lease = \"1s\"", &format!("{LOG}{own}{}{}", table("beta", ""), table("gamma", "")));
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    all_equal(&w).await;
    assert!(w.state("changelog").await["watermark"]["tables"]["alpha"].is_null());
}

/// A request that was on its way when its process died arrives after the table's new feed has loaded it: it finds its job
/// taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_arrives_late_is_not_done() {
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.config_with("lease = \"1s\"", &all());
    w.tick().await;
    for (capture, into) in [("xmin", false), ("changelog", true)] {
        w.sql("UPDATE alpha SET v = 'old'").await;
        w.bq.clear();
        let gate = w.bq.hold_before(|r| r.is_job("merge"));
        let mut run = w.command(&["run"]).spawn().unwrap();
        gate.reached().await;
        run.kill().await.unwrap();
        drop(gate);
        let late = w.bq.log().into_iter().find(|r| r.is_job("merge")).unwrap();
        w.sql("UPDATE alpha SET v = 'new'").await;
        let own = table("alpha", "").replace("log_types = [\"alpha\"]", "capture = \"xmin\"\ndeletes = \"keys\"");
        let others = format!("{}{}", table("beta", ""), table("gamma", ""));
        let config = if into { all() } else { format!("{LOG}{own}{others}") };
        w.config_with("lease = \"1s\"", &config);
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
        let ran = w.run(&["run", "--json"]).await;
        assert_eq!(ran.code, 0, "{}", ran.stdout);
        all_equal(&w).await;
        assert_eq!(w.bq.deliver(&late).await, 409, "to {capture}");
        all_equal(&w).await;
    }
}

/// What the guard has stopped is not let through by the back door: waiting, a whole load, soft deletes.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_stopped_by_the_guard_stays_stopped() {
    for delete in ["", "delete = \"soft\"\n"] {
        let w = World::new().await;
        w.sql(SOURCE).await;
        w.sql("INSERT INTO alpha SELECT g, 'a' FROM generate_series(10, 3009) g").await;
        w.config(&format!("{LOG}{}{}", table("alpha", delete), table("beta", "")));
        w.tick().await;
        w.sql("DELETE FROM alpha WHERE id > 100; UPDATE beta SET v = 'x'").await;
        let ran = w.run(&["run", "--json"]).await;
        assert_eq!((ran.code, targets(&ran.run())), (1, vec!["beta"]), "{}", ran.stdout);
        assert!(ran.run()["aside"][0]["message"].as_str().unwrap().contains("would delete"));
        // As if the pause were over, again and again.
        for _ in 0..2 {
            let ran = w.run(&["run", "--table", "alpha", "--json"]).await;
            assert_eq!((ran.code, targets(&ran.run()).len()), (1, 0), "{}", ran.stdout);
        }
        let ran = w.run(&["run", "--allow-deletes", "--json"]).await;
        assert_eq!((ran.code, targets(&ran.run())), (0, vec!["alpha"]), "{}", ran.stdout);
        let gone = if delete.is_empty() { "" } else { " WHERE NOT is_deleted" };
        assert_eq!(w.target(&format!("SELECT id FROM `{{d}}.alpha`{gone}")).await.len(), 96);
    }
}

/// A large first load waits until what has changed is in BigQuery; a crash between the two runs loses neither.
#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_changes_and_a_large_first_load() {
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.config_with("lease = \"1s\"", &format!("{LOG}{}{}", table("alpha", ""), table("beta", "")));
    w.tick().await;
    // As the planner sees it: large.
    w.sql("UPDATE alpha SET v = 'x'; UPDATE pg_class SET reltuples = 1000000 WHERE relname = 'gamma'").await;
    w.config_with("lease = \"1s\"", &all());
    let gate = w.bq.hold_before(|r| r.job_id().is_some_and(|id| id.contains("_gamma_load_")));
    let mut run = w.command(&["run"]).spawn().unwrap();
    gate.reached().await;
    run.kill().await.unwrap();
    gate.open();
    w.assert_equal("alpha").await;
    let state = w.state("changelog").await;
    assert!(state["watermark"]["tables"]["gamma"].is_null() && state["pending"].is_object(), "{state}");
    w.sql("UPDATE beta SET v = 'after'; DELETE FROM gamma WHERE id = 1").await;
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    all_equal(&w).await;
    assert_eq!(w.tick().await["state"], "empty");
}
