//! What the wire or the server does in the middle of a run: the batch is sealed whole, or not at all.

use sqlserver_standin::{Action, Fault, Moment, Place, ServerError, Settings};

use super::sqlserver::{CURSOR, DIGEST, FULL, ITEM, TRACKED, items};
use super::sqlserver_commands::without_password;
use crate::support::World;
use crate::support::sqlserver_rows::Published;

/// A world whose server sends small packets, loaded.
async fn loaded(capture: &str) -> World {
    let w = World::on_sql_server_with(Settings { payload: 1200, ..Settings::default() }, items()).await;
    w.config(&format!("[[table]]\nsource = \"{ITEM}\"\n{capture}"));
    w.tick().await;
    w
}

async fn sealed(w: &World) -> usize {
    w.objects().await.iter().filter(|name| name.ends_with("manifest.json")).count()
}

fn change(w: &World, n: u64) {
    let mut writer = w.model().begin();
    // So many that the rows take several packets.
    for id in (1..=200).filter(|id| id % 6 == i32::try_from(n % 6).unwrap()) {
        writer.update(ITEM, &[id.into()], &[("name", format!("change {n:030}").into())]).unwrap();
    }
    writer.commit();
}

/// A run with this fault; fails where it has sealed what is not the whole. Says whether the fault struck.
async fn strikes(w: &World, n: u64, fault: Fault) -> bool {
    change(w, n);
    let before = sealed(w).await;
    w.standin().faults().add(fault.clone());
    let ran = without_password(w.run(&["run", "--json"]).await);
    let struck = w.standin().faults().armed() == 0;
    w.standin().faults().clear();
    if ran.code == 0 {
        Published::whole(ITEM).assert_equal(w).await;
    } else {
        // On a busy machine a statement may take longer than a short time by itself.
        assert!(struck || ran.stdout.contains("gave no answer for 1 s"), "{}\n{}", ran.stdout, ran.stderr);
        assert_eq!(sealed(w).await, before, "{fault:?}: {}", ran.stdout);
    }
    let state = w.state("item").await;
    assert!(state["pending"].is_null(), "{fault:?}: {state:#}");
    struck
}

/// At each packet boundary of all rows of the table.
async fn at_each_packet_of_the_rows(action: Action) {
    let w = loaded(FULL).await;
    let packets = w.standin().log().of_plan("rows").pop().unwrap().sent.packets;
    assert!(packets > 5, "{packets} packets are too few to cut between");
    for n in 0..packets {
        assert!(strikes(&w, n, Fault::once(Moment::Plan("rows".into()), Place::Packet(n), action.clone())).await);
    }
    w.tick().await;
    Published::whole(ITEM).assert_equal(&w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_at_each_packet_of_the_rows() {
    at_each_packet_of_the_rows(Action::Cut).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_at_each_packet_of_the_rows() {
    at_each_packet_of_the_rows(Action::Reset).await;
}

/// After each packet that a whole run gets, whatever it answers, until a run needs no more of them.
async fn at_each_packet_of_a_run(capture: &str, action: Action) {
    let w = loaded(capture).await;
    let mut n = 0;
    // A fault of a connection is armed no more as soon as that begins; that it has struck shows in how the connection ends.
    let struck = || w.standin().faults().ended();
    loop {
        let before = struck();
        strikes(&w, n, Fault::once(Moment::Connection, Place::Packet(n), action.clone())).await;
        if struck() == before {
            break;
        }
        n += 1;
        assert!(n < 200, "the run does not end");
    }
    assert!(n > 10, "{n} packets are too few");
    w.tick().await;
    Published::whole(ITEM).assert_equal(&w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_at_each_packet_of_a_run_under_digest() {
    at_each_packet_of_a_run(DIGEST, Action::Cut).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_at_each_packet_of_a_run_under_change_tracking() {
    at_each_packet_of_a_run(TRACKED, Action::Cut).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_at_each_packet_of_a_run_under_rowversion() {
    at_each_packet_of_a_run(CURSOR, Action::Cut).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_at_each_packet_of_a_run_under_change_tracking() {
    at_each_packet_of_a_run(TRACKED, Action::Reset).await;
}

/// Gives up a statement after a second.
fn set_statement_timeout(w: &World) {
    let text = std::fs::read_to_string(w.config_path()).unwrap();
    let text = text.replace("[storage]", "statement_timeout = \"1s\"\n[storage]");
    std::fs::write(w.config_path(), text).unwrap();
}

/// A run in which the server falls silent.
async fn stalls(w: &World, n: u64, fault: Fault) {
    let mut tries = 0;
    while !strikes(w, n, fault.clone()).await {
        tries += 1;
        assert!(tries < 20, "{fault:?} does not strike");
    }
    w.standin().faults().release();
}

/// The server falls silent in the answer to one of the statements by which each of these captures finds changes and reads rows.
#[tokio::test(flavor = "multi_thread")]
async fn a_stall_in_each_kind_of_statement() {
    let stall = async |capture: &str, plans: &[&str]| {
        let w = loaded(capture).await;
        let text = std::fs::read_to_string(w.config_path()).unwrap();
        set_statement_timeout(&w);
        for (n, plan) in (0..).zip(plans) {
            let fault = Fault::once(Moment::Plan((*plan).to_owned()), Place::Packet(0), Action::Stall);
            stalls(&w, n, fault).await;
        }
        std::fs::write(w.config_path(), text).unwrap();
        w.tick().await;
        Published::whole(ITEM).assert_equal(&w).await;
    };
    tokio::join!(
        stall(DIGEST, &["moment", "hash.sums", "hash.spool", "hash.fetch", "rows", "snapshot.end"]),
        stall(TRACKED, &["snapshot.begin", "ct.tables", "ct.spool", "ct.fetch", "snapshot.end"]),
    );
}

/// The run gives up after the time that the config names, and the next one reads again.
#[tokio::test(flavor = "multi_thread")]
async fn a_stall_at_each_packet_of_the_rows() {
    let w = loaded(FULL).await;
    let text = std::fs::read_to_string(w.config_path()).unwrap();
    set_statement_timeout(&w);
    let packets = w.standin().log().of_plan("rows").pop().unwrap().sent.packets;
    for n in 0..packets {
        stalls(&w, n, Fault::once(Moment::Plan("rows".into()), Place::Packet(n), Action::Stall)).await;
    }
    std::fs::write(w.config_path(), text).unwrap();
    w.tick().await;
    Published::whole(ITEM).assert_equal(&w).await;
}

/// What the server itself says, at the beginning of the rows, among them and behind them.
#[tokio::test(flavor = "multi_thread")]
async fn the_servers_own_errors_among_the_rows() {
    let w = loaded(FULL).await;
    let actions = [
        Action::Kill(ServerError::killed()),
        Action::Error(ServerError::deadlock()),
        Action::Error(ServerError::altered_since_snapshot(ITEM)),
        Action::Error(ServerError::lock_timeout()),
        Action::Garbage,
        Action::WrongCount(-1),
        Action::WrongCount(3),
    ];
    let mut n = 0;
    for action in actions {
        for place in [Place::Start, Place::Row(1), Place::Row(100), Place::End] {
            n += 1;
            assert!(strikes(&w, n, Fault::once(Moment::Plan("rows".into()), place, action.clone())).await);
        }
    }
    w.tick().await;
    Published::whole(ITEM).assert_equal(&w).await;
}

/// What the server has ended for others' sake is tried once more at once, from another snapshot. If it ends again, the next tick tries.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_has_ended_is_taken_once_more() {
    let moved = || ServerError::new(601, "Could not continue scan with NOLOCK due to data movement.");
    for (capture, plan) in [(FULL, "rows"), (DIGEST, "hash.sums"), (TRACKED, "ct.spool")] {
        let w = loaded(capture).await;
        for (n, error) in (0..).zip([ServerError::altered_since_snapshot(ITEM), ServerError::deadlock(), moved()]) {
            change(&w, n);
            let fault = Fault::once(Moment::Plan(plan.into()), Place::Start, Action::Error(error.clone()));
            w.standin().faults().add(fault);
            let ran = w.run(&["run", "--json"]).await;
            assert_eq!((ran.code, w.standin().faults().armed()), (0, 0), "{capture}: {error:?}: {}", ran.stdout);
            Published::whole(ITEM).assert_equal(&w).await;
        }
        change(&w, 7);
        let before = sealed(&w).await;
        let error = ServerError::altered_since_snapshot(ITEM);
        w.standin().faults().add(Fault::always(Moment::Plan(plan.into()), Place::Start, Action::Error(error)));
        let ran = w.run(&["run", "--json"]).await;
        assert_eq!((ran.code, sealed(&w).await), (1, before), "{capture}: {}", ran.stdout);
        assert!(ran.stdout.contains("nightly maintenance"), "{}", ran.stdout);
        w.standin().faults().clear();
        w.tick().await;
        Published::whole(ITEM).assert_equal(&w).await;
    }
}

/// Somebody ends our session (error 596), and an error of a severity that ends the connection: neither is a table's fault, so none is set aside.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_killed_sets_no_table_aside() {
    let w = loaded(TRACKED).await;
    let broken = ServerError::new(21_000, "The server can't go on.").of_class(21);
    for (n, error) in (0..).zip([ServerError::killed(), broken]) {
        change(&w, n);
        let fault = Fault::once(Moment::Plan("ct.spool".into()), Place::Start, Action::Error(error.clone()));
        w.standin().faults().add(fault);
        let ran = w.run(&["run", "--json"]).await;
        let none = ran.run()["aside"].as_array().is_none_or(Vec::is_empty);
        assert!(ran.code == 1 && none, "{error:?}: {}", ran.stdout);
        let report = w.tick().await;
        assert!(report["whole"].is_null(), "{report:#}");
        Published::whole(ITEM).assert_equal(&w).await;
    }
}
