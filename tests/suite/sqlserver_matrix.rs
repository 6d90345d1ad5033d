//! The subscription system of `tests/support/sqlserver/matrix.sql` as one config: eleven tables that are replaced, ten that are compared by
//! row hashes, over thirty ticks in which rows change and things go wrong.

use std::time::Duration;

use plimsoll::failpoint::VARIABLE;
use sqlserver_standin::matrix::{self, COMPARED, LINKS, OPEN_LINKS, RECENT_SALES, REPLACED, SALES, Traffic};
use sqlserver_standin::{Action, Fault, Moment, Place, ServerError};

use crate::support::World;
use crate::support::sqlserver_rows::Published;

const TICKS: usize = 30;
const SEED: u64 = 17;

/// What is published, and under which name: the schema `dbo` is dropped, another one stands in front.
fn published<'a>() -> Vec<(Published<'a>, String)> {
    let tables = REPLACED.into_iter().chain(COMPARED).map(|source| {
        let target = match source.split_once('.').unwrap() {
            ("dbo", name) => name.to_owned(),
            (schema, name) => format!("{schema}_{name}"),
        };
        let filter = match source {
            LINKS => Some(OPEN_LINKS),
            SALES => Some(RECENT_SALES),
            _ => None,
        };
        let excluded: &[&str] = if source == LINKS { &["ToDate"] } else { &[] };
        (Published { source, target: "", filter, excluded }, target)
    });
    tables.collect()
}

/// Of the tables that are replaced one is due with each tick, in turn, and the others seldom: a replacement costs the emulator much.
fn config(w: &World, tick: usize) {
    let mut text = String::new();
    for (number, (table, target)) in published().into_iter().enumerate() {
        let capture = if REPLACED.contains(&table.source) { "full" } else { "digest" };
        text.push_str(&format!(
            "[[table]]\nsource = '{}'\ntarget = \"{target}\"\ncapture = \"{capture}\"\n",
            table.source
        ));
        let has_key = w.model().definition(table.source).is_some_and(|found| !found.key().is_empty());
        if capture == "digest" && !has_key {
            text.push_str("key = \"row\"\n");
        }
        if capture == "full" && number != tick % REPLACED.len() {
            text.push_str("every = \"12h\"\n");
        }
        if let Some(filter) = table.filter {
            text.push_str(&format!("where = \"{filter}\"\n"));
        }
        if !table.excluded.is_empty() {
            text.push_str(&format!("exclude = {:?}\n", table.excluded));
        }
    }
    w.config_with("lease = \"1s\"", &text);
}

fn with_statement_timeout(w: &World, timeout: &str) {
    let text = std::fs::read_to_string(w.config_path()).unwrap();
    let text = text.replace("[storage]", &format!("statement_timeout = \"{timeout}\"\n[storage]"));
    std::fs::write(w.config_path(), text).unwrap();
}

async fn assert_equal(w: &World) {
    for (table, target) in published() {
        Published { target: &target, ..table }.assert_equal(w).await;
    }
}

/// What goes wrong in a tick.
enum Trouble {
    Nothing,
    /// Something in one of its statements.
    Source(Fault),
    /// The server says nothing more, for longer than a statement may take.
    Stall(Fault),
    /// The program itself ends at this point.
    Crash(&'static str),
}

fn trouble(tick: usize, rng: &mut fastrand::Rng) -> Trouble {
    match tick {
        8 => return Trouble::Crash("seal:after=crash"),
        13 => return Trouble::Crash("merge-submit:after@2=crash"),
        19 => return Trouble::Crash("list-write:after@2=crash"),
        6 | 22 => {
            return Trouble::Stall(Fault::once(Moment::AnyPlan, Place::Start, Action::Stall).after(rng.u32(20..80)));
        }
        _ if tick % 5 == 4 => return Trouble::Nothing,
        _ => {}
    }
    let place = match rng.u8(..4) {
        0 => Place::Start,
        1 => Place::Byte(rng.u64(1..200)),
        2 => Place::Row(rng.u64(..30)),
        _ => Place::End,
    };
    let actions = [
        Action::Cut,
        Action::Reset,
        Action::Garbage,
        Action::Kill(ServerError::killed()),
        Action::Error(ServerError::deadlock()),
        Action::Error(ServerError::altered_since_snapshot("dbo.subscription")),
        Action::Error(ServerError::data_movement()),
        Action::WrongCount(-1),
    ];
    let then = actions[tick % actions.len()].clone();
    Trouble::Source(Fault::once(Moment::AnyPlan, place, then).after(rng.u32(..100)))
}

/// A command, without a look at the statements that BigQuery got: they are those of the first ticks. Its exit code, and what it said.
async fn run(w: &World, args: &[&str], rule: &str) -> (Option<i32>, String) {
    let child = w.command(args).env(VARIABLE, rule).spawn().unwrap();
    let output = tokio::time::timeout(Duration::from_secs(240), child.wait_with_output()).await.unwrap().unwrap();
    w.bq.clear();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains("p@ss") && !said.contains("p%40ss") && !said.contains("panicked"), "{said}");
    (output.status.code(), said)
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_ticks_of_changes_and_faults() {
    let mut rng = fastrand::Rng::with_seed(SEED);
    let model = matrix::model().unwrap();
    let mut traffic = Traffic::new(&model, SEED);
    traffic.fill(12, 40).unwrap();
    let w = World::on_standin(model).await;
    config(&w, 0);
    w.tick().await;
    assert_equal(&w).await;
    traffic.tick().unwrap();
    w.tick().await;
    let (mut failed, mut crashed, mut struck) = (0, 0, 0);
    for tick in 1..=TICKS {
        traffic.transactions(1..5).unwrap();
        config(&w, tick);
        let trouble = trouble(tick, &mut rng);
        let rule = match &trouble {
            Trouble::Crash(rule) => rule,
            Trouble::Nothing | Trouble::Source(_) | Trouble::Stall(_) => "",
        };
        if let Trouble::Stall(_) = trouble {
            with_statement_timeout(&w, "2s");
        }
        if let Trouble::Source(fault) | Trouble::Stall(fault) = &trouble {
            w.standin().faults().add(fault.clone());
        }
        let (code, said) = run(&w, &["run", "--json"], rule).await;
        match (code, rule) {
            (Some(0), "") => {}
            (Some(1), "") => failed += 1,
            (None, rule) if !rule.is_empty() => {
                crashed += 1;
                // The leases of what it was at.
                tokio::time::sleep(Duration::from_millis(1100)).await;
            }
            (code, rule) => panic!("tick {tick}: {code:?} {rule}\n{said}"),
        }
        struck += usize::from(matches!(trouble, Trouble::Source(_)) && w.standin().faults().armed() == 0);
        w.standin().faults().clear();
        w.standin().faults().release();
        w.model().forget_old_versions();
    }
    assert!(
        failed > TICKS / 3 && struck > TICKS / 3 && crashed == 3,
        "{failed} failed, {struck} struck, {crashed} crashed"
    );
    traffic.settle();
    // All of them are due.
    config(&w, TICKS + 1);
    let text = std::fs::read_to_string(w.config_path()).unwrap();
    std::fs::write(w.config_path(), text.replace("every = \"12h\"\n", "")).unwrap();
    let (code, said) = run(&w, &["run", "--json"], "").await;
    assert_eq!(code, Some(0), "{said}");
    assert_equal(&w).await;
    let (code, said) = run(&w, &["verify", "--json"], "").await;
    assert_eq!(code, Some(0), "{said}");
    let report = serde_json::Deserializer::from_str(&said).into_iter::<serde_json::Value>().next().unwrap().unwrap();
    let runs = report["runs"].as_array().unwrap();
    let verified: Vec<&serde_json::Value> =
        runs.iter().filter_map(|run| run["verified"].as_array()).flatten().collect();
    assert_eq!(verified.len(), REPLACED.len() + COMPARED.len(), "{report:#}");
    assert!(verified.iter().all(|table| table["state"] == "equal"), "{report:#}");
}
