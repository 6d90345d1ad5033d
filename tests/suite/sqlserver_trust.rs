//! What SQL Server's numbers can't speak for is read whole, and the report says why.

use sqlserver_standin::model::Kept;
use sqlserver_standin::{Action, Fault, Moment, Place, ddl};

use super::sqlserver::{CURSOR, DIGEST, FULL, ITEM, TRACKED, assert_quiet, items, loaded, loaded_on_standin, row};
use crate::support::World;
use crate::support::sqlserver_rows::Published;

/// The tick reads the table whole, for this reason.
async fn assert_whole(w: &World, why: &str) {
    let ran = w.run(&["run", "--json", "--allow-deletes"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let report = ran.run();
    assert!(report["whole"].as_str().is_some_and(|text| text.contains(why)), "{report:#}");
    Published::whole(ITEM).assert_equal(w).await;
    assert_quiet(w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clean_up_has_passed_the_watermark() {
    let w = loaded_on_standin(TRACKED).await;
    let mut writer = w.model().begin();
    writer.delete(ITEM, &[1.into()]).unwrap();
    writer.update(ITEM, &[2.into()], &[("name", "told by nothing".into())]).unwrap();
    writer.commit();
    let mut writer = w.model().begin();
    writer.update(ITEM, &[3.into()], &[("name", "told".into())]).unwrap();
    writer.commit();
    w.model().sweep(w.model().current_version().unwrap() - 1);
    assert_whole(&w, "change tracking").await;
}

/// The run has asked how far back changes are kept, and lists them only then.
#[tokio::test(flavor = "multi_thread")]
async fn the_clean_up_comes_in_mid_run() {
    let w = loaded_on_standin(TRACKED).await;
    for name in ["swept", "told"] {
        let mut writer = w.model().begin();
        let id = if name == "swept" { 2 } else { 3 };
        writer.update(ITEM, &[id.into()], &[("name", name.into())]).unwrap();
        writer.commit();
    }
    let faults = w.standin().faults();
    faults.add(Fault::once(Moment::Plan("ct.tables".into()), Place::Start, Action::Busy));
    let run = w.run(&["run", "--json"]);
    tokio::pin!(run);
    tokio::select! {
        () = faults.stalled(1) => {}
        ran = &mut run => panic!("{}\n{}", ran.stdout, ran.stderr),
    }
    w.model().sweep(w.model().current_version().unwrap() - 1);
    faults.release();
    let ran = run.await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.run()["whole"].as_str().is_some_and(|why| why.contains("change tracking")), "{}", ran.stdout);
    Published::whole(ITEM).assert_equal(&w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tracking_was_off_for_a_while() {
    let w = loaded(TRACKED).await;
    let mut writer = w.model().begin();
    writer.update(ITEM, &[3.into()], &[("name", "told".into())]).unwrap();
    writer.commit();
    w.tick().await;
    w.model().untrack(ITEM).unwrap();
    let mut writer = w.model().begin();
    writer.delete(ITEM, &[1.into()]).unwrap();
    writer.commit();
    w.model().track(ITEM).unwrap();
    assert_whole(&w, "change tracking").await;
}

/// A TRUNCATE leaves no trace of the rows, in any of the captures.
async fn truncated(capture: &str) {
    let w = loaded(capture).await;
    w.model().truncate(ITEM).unwrap();
    let mut writer = w.model().begin();
    writer.insert(ITEM, row(7, "the only one")).unwrap();
    writer.commit();
    let ran = w.run(&["run", "--json", "--allow-deletes"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 1);
    if capture == TRACKED {
        assert!(ran.run()["whole"].is_string(), "{}", ran.stdout);
    }
    if capture != FULL {
        assert_quiet(&w).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncate_under_each_capture() {
    for capture in [FULL, DIGEST, TRACKED, CURSOR] {
        truncated(capture).await;
    }
}

/// After a restore the numbers go on from those of the backup, so that they are soon where they were: with other rows.
async fn restored(capture: &str) {
    let w = loaded_on_standin(capture).await;
    let backup = w.model().backup();
    let write = |name: &str, first: i32| {
        let mut writer = w.model().begin();
        (first..first + 3).for_each(|id| {
            writer.update(ITEM, &[id.into()], &[("name", name.into())]).unwrap();
        });
        writer.commit();
    };
    write("of the lost history", 1);
    w.tick().await;
    Published::whole(ITEM).assert_equal(&w).await;
    w.model().restore(&backup);
    write("of the new history", 10);
    assert_whole(&w, "restored").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_with_the_same_numbers_under_change_tracking() {
    restored(TRACKED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_with_the_same_numbers_under_rowversion() {
    restored(CURSOR).await;
}

/// A digest leans on no number: what is not as it was is found, whatever history it has.
#[tokio::test(flavor = "multi_thread")]
async fn a_restore_under_digest() {
    let w = loaded_on_standin(DIGEST).await;
    let backup = w.model().backup();
    let mut writer = w.model().begin();
    writer.update(ITEM, &[1.into()], &[("name", "of the lost history".into())]).unwrap();
    writer.commit();
    w.tick().await;
    w.model().restore(&backup);
    let mut writer = w.model().begin();
    writer.update(ITEM, &[10.into()], &[("name", "of the new history".into())]).unwrap();
    writer.commit();
    w.tick().await;
    Published::whole(ITEM).assert_equal(&w).await;
    assert_quiet(&w).await;
}

/// Another server of the same tables under the same address.
#[tokio::test(flavor = "multi_thread")]
async fn another_database_with_the_same_numbers() {
    let w = loaded_on_standin(TRACKED).await;
    let other = items().identity(|identity| identity.clone());
    w.model().identity(|identity| {
        *identity = sqlserver_standin::model::Identity {
            created: other.created,
            ..sqlserver_standin::model::Identity::of("shop", 6)
        }
    });
    assert_whole(&w, "another server").await;
}

/// SQL Server reads no such table in a snapshot: it is refused by name, and no other table waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_memory_optimized_table_is_refused_by_name() {
    let w = World::on_standin(items()).await;
    w.model().create_table(ddl::tables("CREATE TABLE dbo.hot (id int NOT NULL PRIMARY KEY);").unwrap().remove(0));
    w.model().alter("dbo.hot", |table| table.kept = Kept::InMemory).unwrap();
    w.config(&format!("[[table]]\nsource = \"{ITEM}\"\n{DIGEST}\n[[table]]\nsource = \"dbo.hot\"\n{DIGEST}"));
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 1, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("dbo.hot is a memory-optimized table"), "{}", ran.stdout);
    Published::whole(ITEM).assert_equal(&w).await;
    let check = w.run(&["check"]).await;
    assert!(check.code == 2 && check.stdout.contains("memory-optimized table"), "{}", check.stdout);
    let proposed = w.run(&["init", "--output", "proposed.toml"]).await;
    assert_eq!(proposed.code, 0, "{}\n{}", proposed.stdout, proposed.stderr);
    let text = std::fs::read_to_string(w.dir.path().join("proposed.toml")).unwrap();
    assert!(text.contains("# source = \"dbo.hot\"") && text.contains("memory-optimized"), "{text}");
}
