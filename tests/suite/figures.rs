//! Figures that are true: each table's own, in every process, and what a run took away as well as what it brought.

use serde_json::Value;

use crate::support::World;

const LOGGED: &str = "
CREATE TABLE log (id bigserial PRIMARY KEY, what text NOT NULL, key text);
CREATE TABLE alpha (id int PRIMARY KEY, v numeric); CREATE TABLE beta (id int PRIMARY KEY, v numeric);
INSERT INTO alpha SELECT g, g FROM generate_series(1, 5) g; INSERT INTO beta SELECT * FROM alpha WHERE id < 4;";

fn logged(rest: &str) -> String {
    let table =
        |name: &str| format!("[[table]]\nsource = \"{name}\"\ncapture = \"changelog\"\nlog_types = [\"{name}\"]\n");
    format!(
        "[changelog]\ntable = \"log\"\nid = \"id\"\ntype = \"what\"\nkey = \"key\"\n{}{}{rest}",
        table("alpha"),
        table("beta")
    )
}

async fn status(w: &World) -> Vec<Value> {
    w.run(&["status", "--json"]).await.json()["feeds"].as_array().unwrap().clone()
}

/// Upserts, deletes and quarantined rows of the table's last run.
fn last(table: &Value) -> [u64; 3] {
    ["upserts", "deletes", "quarantined"].map(|figure| table["last_run"][figure].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_share_a_feed_have_each_their_own_figures() {
    let w = World::new().await;
    w.sql(LOGGED).await;
    w.config(&logged(""));
    w.tick().await;
    let tables = status(&w).await;
    assert_eq!([last(&tables[0]), last(&tables[1])], [[5, 0, 0], [3, 0, 0]], "{tables:#?}");
    w.sql(
        "UPDATE alpha SET v = 9 WHERE id IN (1, 2); UPDATE alpha SET v = 'NaN' WHERE id = 3; DELETE FROM alpha WHERE id = 4;
         INSERT INTO log (what, key) VALUES ('alpha', '1'), ('alpha', '2'), ('alpha', '3'), ('alpha', '4')",
    )
    .await;
    let report = w.tick().await;
    let tables = status(&w).await;
    assert_eq!([last(&tables[0]), last(&tables[1])], [[3, 1, 1], [3, 0, 0]], "{tables:#?}");
    assert_eq!(tables[0]["last_run"]["run"], report["run"]);
    assert_ne!(tables[1]["last_run"]["run"], report["run"]);
    // Both were looked at.
    assert_eq!(tables[0]["checked"], tables[1]["checked"]);
    assert_eq!(tables[0]["last_success"], tables[1]["last_success"]);
    w.gcs.clear();
    status(&w).await;
    assert_eq!(w.gcs.log().len(), 1, "one object for both: {:?}", w.gcs.log());
    // What another process has done is seen by a new one at once.
    let page = async |path: &str| {
        let served = w.serve().await;
        w.http.get(format!("{}{path}", served.url)).send().await.unwrap().text().await.unwrap()
    };
    let (all, alpha, beta) = (page("/").await, page("/tables/alpha").await, page("/tables/beta").await);
    for (page, shown) in [
        (&all, "Last 2 runs"),
        (&all, "Last run: 0 failed"),
        (&alpha, "3 upserts, 1 delete"),
        (&alpha, "data-label=\"Quarantined\">1<"),
        (&alpha, "changes that the log has"),
        (&beta, "3 upserts, 0 deletes"),
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    // The run's text counts a delete once, though it was staged and merged.
    w.sql("DELETE FROM alpha WHERE id = 5; INSERT INTO log (what, key) VALUES ('alpha', '5')").await;
    let text = w.run(&["run"]).await.stdout;
    let figures: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().take(5).collect();
    assert_eq!(figures, ["changelog", "done", "0", "1", "0"], "{text}");
    // A failure is that of the tables that the run was for, and is over once they were looked at.
    assert_eq!(w.run(&["pause", "--table", "beta"]).await.code, 0);
    w.sql("ALTER TABLE log RENAME TO gone").await;
    assert_ne!(w.run(&["run"]).await.code, 0);
    let failed = status(&w).await;
    assert!(failed[0]["failure"].is_object() && failed[1]["failure"].is_null(), "{failed:#?}");
    let failing = page("/?state=failing").await;
    assert!(failing.contains("/tables/alpha\"") && !failing.contains("/tables/beta\""), "{failing}");
    w.sql("ALTER TABLE gone RENAME TO log").await;
    assert_eq!(w.tick().await["state"], "empty");
    assert!(status(&w).await[0]["failure"].is_null());
    let failing = page("/?state=failing").await;
    assert!(!failing.contains("/tables/alpha\""), "{failing}");
}

/// A table that is paused, one that is set aside, and one whose time has not come are not looked at with the others.
#[tokio::test(flavor = "multi_thread")]
async fn only_what_a_run_has_looked_at_is_checked() {
    let w = World::new().await;
    w.sql(LOGGED).await;
    w.sql("CREATE TABLE gamma (id int PRIMARY KEY, v text); INSERT INTO gamma VALUES (1, 'x')").await;
    let gamma = "every = \"1h\"\n[[table]]\nsource = \"gamma\"\ncapture = \"changelog\"\nlog_types = [\"gamma\"]\n";
    w.config_with("heartbeat = \"1s\"", &logged(gamma));
    w.tick().await;
    let first = status(&w).await;
    assert_eq!(w.run(&["pause", "--table", "gamma"]).await.code, 0);
    w.sql("UPDATE alpha SET v = 9 WHERE id = 1; INSERT INTO log (what, key) VALUES ('alpha', '1')").await;
    w.tick().await;
    let second = status(&w).await;
    let moved: Vec<bool> = (0..3).map(|n| first[n]["checked"] != second[n]["checked"]).collect();
    assert_eq!(moved, [true, false, false], "beta has its own time, gamma rests: {second:#?}");
    assert!(second.iter().all(|t| t["checked"].is_string()));
    // Set aside: it was looked at, and not up to date.
    w.sql("ALTER TABLE alpha RENAME TO gone").await;
    assert_eq!(w.run(&["run"]).await.code, 1);
    let third = status(&w).await;
    assert_eq!(third[0]["checked"], second[0]["checked"], "{:#}", third[0]);
    assert!(third[0]["error"].as_str().unwrap().starts_with("set aside"), "{:#}", third[0]);
    // Where all of a log's tables are paused, they are named as `resume` takes them.
    let all = ["--table", "alpha", "--table", "beta", "--table", "gamma"];
    assert_eq!(w.run(&[&["pause"][..], &all].concat()).await.code, 0);
    let told = w.run(&["run"]).await.stdout;
    let typed = "resume --table public.alpha --table public.beta --table public.gamma";
    assert!(told.contains(&format!("`plimsoll {typed}`")), "{told}");
    assert_eq!(w.run(&typed.split(' ').collect::<Vec<_>>()).await.code, 0);
}

/// What a run takes away is counted, whichever way it goes.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_go_are_counted() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders SELECT g, 'n', g FROM generate_series(1, 50) g").await;
    let report = w.tick().await;
    assert!(report["tables"][0]["rows_before"].is_null(), "there was nothing to replace: {report}");
    // A replaced target: two went, one came; one fewer is all that can be known.
    w.sql("DELETE FROM orders WHERE id <= 2; INSERT INTO orders VALUES (51, 'n', 1)").await;
    let ran = w.run(&["run", "--full", "--json"]).await.run();
    let figures = ["rows_before", "rows_inserted", "rows_deleted"].map(|f| ran["tables"][0][f].as_u64());
    assert_eq!(figures, [Some(50), Some(49), Some(1)], "{ran}");
    let table = status(&w).await.remove(0);
    assert_eq!(last(&table), [49, 1, 0], "{table:#}");
    assert_eq!(table["last_run"]["rows_before"], 50);
    let served = w.serve().await;
    let page = w.http.get(format!("{}/tables/orders", served.url)).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("50 rows replaced by 49") && page.contains("inserts and updates only"), "{page}");
    w.sql("DELETE FROM orders WHERE id <= 9").await;
    let text = w.run(&["run", "--full"]).await.stdout;
    assert!(text.contains("public.orders: a load replaced the target: 49 rows before, 42 now"), "{text}");

    // By a list of keys, deleted and flagged: BigQuery counts them.
    for (name, delete, counted) in [("hard", "hard", "rows_deleted"), ("soft", "soft", "rows_flagged")] {
        w.sql(&format!("CREATE TABLE {name} (id int PRIMARY KEY, v int); INSERT INTO {name} SELECT g, g FROM generate_series(1, 50) g")).await;
        w.config(&format!("[[table]]\nsource = \"{name}\"\ndeletes = \"keys\"\ndelete = \"{delete}\"\n"));
        w.tick().await;
        w.sql(&format!(
            "DELETE FROM {name} WHERE id <= 3; UPDATE {name} SET v = 0 WHERE id > 45; INSERT INTO {name} VALUES (51, 1), (52, 1)"
        ))
        .await;
        let report = w.tick().await;
        assert_eq!(report["tables"][0][counted], 3, "{report}");
        let table = status(&w).await.remove(0);
        assert_eq!((last(&table), &table["finds"]), ([7, 3, 0], &"all changes".into()), "{table:#}");
    }
}

/// The words for what a capture can't see are the same everywhere.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_capture_finds_is_said_in_the_same_words() {
    let w = World::new().await;
    w.sql(crate::support::world::ORDERS).await;
    for (rest, words) in [
        ("", "inserts and updates only"),
        ("deletes = \"keys\"\ndeletes_every = \"6h\"\n", "deletes every 6h"),
        ("reconcile_every = \"7d\"\n", "deletes every 7d"),
        ("deletes = \"keys\"\n", "all changes"),
        ("cursor = \"updated_at\"\n", "inserts and updates only, where they set updated_at"),
        ("cursor = \"updated_at\"\ndeletes = \"keys\"\n", "changes that set updated_at, and deletes"),
        ("capture = \"full\"\n", "all changes"),
    ] {
        w.config(&format!("[[table]]\nsource = \"orders\"\n{rest}"));
        assert_eq!(status(&w).await[0]["finds"], words, "{rest}");
        let check = w.run(&["check", "--json"]).await;
        assert_eq!(check.json()["tables"][0]["finds"], words, "{rest}");
        assert_eq!(
            check.stdout.matches(words).count() > 1,
            words != "all changes" && (!rest.contains("deletes") || rest.contains("reconcile")),
            "{}",
            check.stdout
        );
    }
}
