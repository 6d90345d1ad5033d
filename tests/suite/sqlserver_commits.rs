//! What commits while a run is under way: between any two of its statements, it is found by this run or by the next one.

use sqlserver_standin::{Action, Fault, Moment, Place};

use super::sqlserver::{
    CURSOR, DIGEST, FULL, ITEM, TRACKED, assert_quiet, items, loaded_on_standin, no_items, row, staged,
};
use crate::support::World;
use crate::support::sqlserver_rows::Published;

/// In the middle of the `n`-th statement of a run, a transaction commits that has written before the run began, and another that writes only
/// then. Says whether the run had so many statements.
async fn commits_in_mid_run(w: &World, n: u32, stalls_before: u32) -> bool {
    let id = i32::try_from(n).unwrap() * 3 + 1;
    let mut before = w.model().begin();
    before.update(ITEM, &[id.into()], &[("name", format!("open before run {n}").into())]).unwrap();
    before.insert(ITEM, row(10_000 + id, "open before")).unwrap();
    let mut other = w.model().begin();
    other.update(ITEM, &[(id + 1).into()], &[("name", format!("before run {n}").into())]).unwrap();
    other.commit();
    let faults = w.standin().faults();
    faults.add(Fault::once(Moment::AnyPlan, Place::Start, Action::Busy).after(n));
    let run = w.run(&["run", "--json"]);
    tokio::pin!(run);
    let ended = tokio::select! {
        () = faults.stalled(u64::from(stalls_before) + 1) => None,
        ran = &mut run => Some(ran),
    };
    before.commit();
    let mut within = w.model().begin();
    within.delete(ITEM, &[(id + 2).into()]).unwrap();
    within.commit();
    faults.release();
    let is_struck = ended.is_none();
    let ran = match ended {
        Some(ran) => ran,
        None => run.await,
    };
    assert_eq!(ran.code, 0, "statement {n}: {}\n{}", ran.stdout, ran.stderr);
    faults.clear();
    is_struck
}

async fn at_each_statement(capture: &str) {
    let w = loaded_on_standin(capture).await;
    w.standin().log().clear();
    assert_quiet(&w).await;
    // What comes before it tells nothing of the rows.
    let plans = w.standin().log().statements();
    let first = plans.iter().position(|asked| asked.plan == "moment").unwrap() as u32;
    let mut n = first;
    while commits_in_mid_run(&w, n, n - first).await {
        n += 1;
    }
    assert!(n - first > 4, "{} statements are too few", n - first);
    w.tick().await;
    Published::whole(ITEM).assert_equal(&w).await;
    assert_quiet(&w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_at_each_statement_of_a_digest() {
    at_each_statement(DIGEST).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_at_each_statement_of_change_tracking() {
    at_each_statement(TRACKED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_at_each_statement_of_a_rowversion_cursor() {
    at_each_statement(CURSOR).await;
}

/// The same while the first load reads: what it does not see, the next run finds.
#[tokio::test(flavor = "multi_thread")]
async fn commits_in_mid_load() {
    let load = async |capture: &str| {
        let w = World::on_standin(items()).await;
        w.config(&format!("[[table]]\nsource = \"{ITEM}\"\n{capture}"));
        let faults = w.standin().faults();
        let mut before = w.model().begin();
        before.update(ITEM, &[3.into()], &[("name", "open before".into())]).unwrap();
        faults.add(Fault::once(Moment::Plan("rows".into()), Place::Row(10), Action::Busy));
        let run = w.run(&["run", "--json"]);
        tokio::pin!(run);
        tokio::select! {
            () = faults.stalled(1) => {}
            ran = &mut run => panic!("{}\n{}", ran.stdout, ran.stderr),
        }
        before.commit();
        let mut within = w.model().begin();
        within.delete(ITEM, &[100.into()]).unwrap();
        within.update(ITEM, &[150.into()], &[("name", "within".into())]).unwrap();
        within.insert(ITEM, row(-1, "within")).unwrap();
        within.commit();
        faults.release();
        let ran = run.await;
        assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
        w.tick().await;
        assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 200, "{capture}");
    };
    tokio::join!(load(FULL), load(DIGEST), load(TRACKED), load(CURSOR));
}

/// A table that is empty at first, then has rows, then as many with other keys, then none.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_empty_and_then_is_not() {
    let empty = async |capture: &str| {
        let w = World::on_sql_server(no_items()).await;
        w.config(&format!("[[table]]\nsource = \"{ITEM}\"\n{capture}"));
        w.tick().await;
        let published = Published::whole(ITEM);
        assert_eq!(published.assert_equal(&w).await, 0);
        if capture != FULL {
            assert_quiet(&w).await;
        }
        for (first, wanted) in [(1, (50, 0)), (1001, (50, 50))] {
            let mut writer = w.model().begin();
            writer.delete_where(ITEM, |_| true).unwrap();
            (first..first + 50).for_each(|id| writer.insert(ITEM, row(id, "new")).unwrap());
            writer.commit();
            let report = w.tick().await;
            assert_eq!(published.assert_equal(&w).await, 50, "{capture}");
            if capture == DIGEST || capture == TRACKED {
                assert_eq!(staged(&report), wanted, "{capture}: {report:#}");
            }
        }
        w.model().truncate(ITEM).unwrap();
        w.tick().await;
        assert_eq!(published.assert_equal(&w).await, 0, "{capture}");
    };
    tokio::join!(empty(FULL), empty(DIGEST), empty(TRACKED), empty(CURSOR));
}
