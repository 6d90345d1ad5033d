//! What could make a table that is sent row by row differ from its source without a word.

use std::time::Duration;

use plimsoll::failpoint::VARIABLE;

use storage_write_standin::Settings;

use super::append::{APPEND, loaded, requests, table};

use crate::support::World;

/// A command that fails and says so.
async fn fails(w: &World, args: &[&str], said: &str) {
    let ran = w.run(args).await;
    assert!(ran.code != 0 && ran.stdout.contains(said), "{args:?}: {}", ran.stdout);
}

async fn succeeds(w: &World, args: &[&str]) {
    let ran = w.run(args).await;
    assert_eq!(ran.code, 0, "{args:?}: {}", ran.stdout);
}

const RESYNC: [&str; 4] = ["resync", "--table", "item", "--json"];
const LOG: &str = "[changelog]\ntable = \"log\"\nid = \"id\"\ntype = \"what\"\nkey = \"key\"\n[defaults]\ncapture = \"changelog\"\napply = \"append\"\n";

/// An entry about an owner says that all of its rows were read: which of them are gone only a MERGE finds.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_about_many_rows_is_refused() {
    let mut w = World::new().await;
    w.start_storage_write(Settings::default()).await;
    w.sql(
        "CREATE TABLE log (id bigserial PRIMARY KEY, what text NOT NULL, key text, at timestamptz NOT NULL DEFAULT clock_timestamp());
         CREATE TABLE piece (id int PRIMARY KEY, plan_id int, a text)",
    )
    .await;
    w.config(&format!(
        "{LOG}[[table]]\nsource = \"piece\"\nlog_types = [\"piece\", {{ type = \"plan\", key = \"plan_id\" }}]\n"
    ));
    for args in [&["check", "--json"][..], &["plan", "--json"], &["run", "--json"]] {
        fails(&w, args, "names plan_id, which is not its key").await;
    }
}

async fn signal(child: &tokio::process::Child, signal: &str) {
    let id = child.id().unwrap().to_string();
    assert!(tokio::process::Command::new("kill").args([signal, &id]).status().await.unwrap().success());
}

/// A holder of an old batch goes on once the table was created again: each of its rows would win over one that was loaded.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_holder_after_a_resync() {
    let w = loaded().await;
    w.config_with("lease = \"1s\"", APPEND);
    w.sql("UPDATE item SET a = 'old' WHERE id < 10; DELETE FROM item WHERE id = 20").await;
    let first = w.command(&["run", "--json"]).env(VARIABLE, "append-send:before=pause:1500").spawn().unwrap();
    while w.state("item").await["pending"].is_null() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    signal(&first, "-STOP").await;
    assert_eq!(requests(&w), 0, "it has sent its rows already");
    tokio::time::sleep(Duration::from_millis(1300)).await;
    assert_eq!(w.tick().await["replayed"], true);
    w.sql("UPDATE item SET a = 'new' WHERE id < 10; INSERT INTO item (id, a) VALUES (20, 'back')").await;
    succeeds(&w, &RESYNC).await;
    w.assert_equal("item").await;
    let before = requests(&w);
    signal(&first, "-CONT").await;
    let ran = w.finish(first).await;
    assert_eq!(ran.run()["state"], "busy", "{}", ran.stdout);
    assert_eq!(requests(&w), before);
    w.assert_equal("item").await;
}
