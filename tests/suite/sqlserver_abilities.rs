//! What a database or a login can't: told by `check`, not proposed by `init`, refused where it would be wrong.

use std::sync::Arc;

use sqlserver_standin::model::{Policy, Rights, SnapshotState, Switch, Updateability};

use super::sqlserver::{CURSOR, DIGEST, FULL, ITEM, TRACKED, assert_quiet, items, row};
use crate::support::World;
use crate::support::sqlserver_rows::Published;

async fn world(capture: &str) -> World {
    let w = World::on_standin(items()).await;
    w.config(&format!("[[table]]\nsource = \"{ITEM}\"\n{capture}"));
    w
}

/// What `check` says of the source.
async fn notes(w: &World) -> String {
    let ran = w.run(&["check", "--json"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    ran.json()["source"]["notes"].to_string()
}

/// The file that `init` writes, in one line.
async fn proposed(w: &World) -> String {
    let ran = w.run(&["init", "--output", "-"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let words: Vec<&str> = ran.stdout.split_whitespace().filter(|word| *word != "#").collect();
    words.join(" ")
}

/// The capture of its one table.
fn capture(text: &str) -> &str {
    let table = &text[text.rfind("[[table]]").unwrap()..];
    table.split("capture = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap()
}

/// The tables of that file are the config.
async fn init(w: &World) {
    let ran = w.run(&["init", "--output", "-"]).await;
    w.config(&ran.stdout[ran.stdout.find("[[table]]").unwrap()..]);
}

/// What `init` writes, `check` takes.
#[tokio::test(flavor = "multi_thread")]
async fn init_proposes_full_where_there_are_no_snapshots() {
    let model = items();
    model.load(ITEM, (1000..2200).map(|id| row(id, "more"))).unwrap();
    model.set_snapshot_isolation(SnapshotState::Off);
    model.set_read_committed_snapshot(Switch::On);
    let w = World::on_standin(model).await;
    let text = proposed(&w).await;
    assert_eq!(capture(&text), "full", "{text}");
    assert!(text.contains("ALTER DATABASE [shop] SET ALLOW_SNAPSHOT_ISOLATION ON"), "{text}");
    init(&w).await;
    assert!(notes(&w).await.contains("ALTER DATABASE [shop]"));
    w.model().set_snapshot_isolation(SnapshotState::On);
    let text = proposed(&w).await;
    assert!(capture(&text) == "ct" && !text.contains("ALTER DATABASE [shop]"), "{text}");
}

/// A database that came from an older server keeps its level, and with it no way to hand keys over.
#[tokio::test(flavor = "multi_thread")]
async fn init_proposes_full_below_the_level_that_takes_keys() {
    let model = items();
    model.load(ITEM, (1000..2200).map(|id| row(id, "more"))).unwrap();
    model.identity(|identity| identity.compatibility = 120);
    let w = World::on_standin(model).await;
    let text = proposed(&w).await;
    let level = "ALTER DATABASE [shop] SET COMPATIBILITY_LEVEL = 130";
    assert!(capture(&text) == "full" && text.contains(level), "{text}");
    init(&w).await;
    assert!(notes(&w).await.contains(level));
    for capture in [DIGEST, TRACKED] {
        w.config(&format!("[[table]]\nsource = \"{ITEM}\"\n{capture}"));
        for command in ["run", "check"] {
            let ran = w.run(&[command, "--json"]).await;
            assert!(ran.code == 1 && ran.stdout.contains(level), "{capture} {command}: {}", ran.stdout);
        }
    }
    w.config(&format!("[[table]]\nsource = \"{ITEM}\"\n{CURSOR}"));
    w.tick().await;
    Published::whole(ITEM).assert_equal(&w).await;
}

/// Small databases of Azure show others' transactions to no login that has only the right of the database.
#[tokio::test(flavor = "multi_thread")]
async fn a_look_at_transactions_that_the_server_refuses() {
    for capture in [TRACKED, CURSOR, DIGEST, FULL] {
        let w = world(capture).await;
        assert!(!notes(&w).await.contains("leans on lag"));
        w.model().rights(Rights::refuse_transactions);
        let said = notes(&w).await;
        assert!(said.contains("leans on lag") && said.contains("##MS_ServerStateReader##"), "{said}");
        w.tick().await;
        assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 200);
        if capture != FULL {
            assert_quiet(&w).await;
        }
    }
}

/// Its change tracking is the primary's: the server raises an error where it is asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_readable_secondary_has_no_change_tracking() {
    let w = world(TRACKED).await;
    w.model().set_updateability(Updateability::ReadOnly);
    for command in ["run", "check", "plan"] {
        let ran = w.run(&[command, "--json"]).await;
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(ran.code != 0 && said.contains("change tracking on a readable secondary"), "{command}: {said}");
        assert!(
            said.contains("read from the primary") && !said.contains("ENABLE CHANGE_TRACKING"),
            "{command}: {said}"
        );
    }
    w.config(&format!("[[table]]\nsource = \"{ITEM}\"\n{DIGEST}"));
    assert!(notes(&w).await.contains("readable secondary"));
    w.tick().await;
    assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 200);
    w.model().set_updateability(Updateability::ReadWrite);
    w.model().load(ITEM, (1000..2200).map(|id| row(id, "more"))).unwrap();
    assert_eq!(capture(&proposed(&w).await), "ct");
    w.model().set_updateability(Updateability::ReadOnly);
    assert_eq!(capture(&proposed(&w).await), "digest");
}

/// Who has any right on a table is shown that its changes are tracked; reading them takes another one.
#[tokio::test(flavor = "multi_thread")]
async fn init_proposes_no_change_tracking_that_the_login_may_not_read() {
    let model = items();
    model.load(ITEM, (1000..2200).map(|id| row(id, "more"))).unwrap();
    model.rights(|rights| rights.hide_tracking(ITEM));
    let w = World::on_standin(model).await;
    let text = proposed(&w).await;
    assert_eq!(capture(&text), "digest", "{text}");
    assert!(text.contains("GRANT VIEW CHANGE TRACKING ON [dbo].[item] TO"), "{text}");
    init(&w).await;
    assert_eq!(w.run(&["check"]).await.code, 0);
}

/// A login that may not see policies would take the rows that one hides for deleted.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_sees_no_policies_is_told() {
    let w = world(DIGEST).await;
    assert!(!notes(&w).await.contains("VIEW DEFINITION"));
    w.model().rights(Rights::hide_policies);
    let said = notes(&w).await;
    assert!(said.contains("GRANT VIEW DEFINITION TO ["), "{said}");
    let text = proposed(&w).await;
    assert!(text.contains("GRANT VIEW DEFINITION TO ["), "{text}");
    // What the note says: the rows that a policy hides are not missed.
    w.model().policies(|all| {
        all.push(Policy {
            name: "dbo.own_rows".to_owned(),
            table: ITEM.to_owned(),
            state: Switch::On,
            lets_through: Arc::new(|row| *row.get("id") != 7.into()),
        });
    });
    w.tick().await;
    assert_eq!(
        w.target("SELECT COUNT(*), COUNTIF(id = 7) FROM `{d}.item`").await[0],
        [Some("199".to_owned()), Some("0".to_owned())]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks_too_far_apart_for_what_is_kept() {
    let ran = async |every: &str| {
        let w = world(&format!("{TRACKED}every = \"{every}\"\n")).await;
        w.run(&["check", "--json"]).await.json()["tables"][0]["notes"].to_string()
    };
    let said = ran("1d").await;
    assert!(said.contains("CHANGE_RETENTION): a few ticks") && said.contains("2880 minutes"), "{said}");
    assert!(!ran("1h").await.contains("a few ticks"));
}
