//! `make demo` and `make demo-sqlserver`: the main job on real parts, from `init` to `plimsoll verify`, which compares the targets with their
//! sources.
//!
//! ```text
//!   traffic ──▶ the source ──▶ plimsoll serve ──▶ fake-gcs-server ──▶ local-bigquery
//!                                  ▲                                       │
//!   ticks ──▶ Pub/Sub emulator ────┘                    plimsoll verify ◀┘
//! ```
//!
//! [`postgres`] and [`sqlserver`] have what differs from one source to the other.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the harness it shares with the tests panics"
)]

mod look_around;
mod outcome;
mod postgres;
mod program;
#[path = "../../tests/support/pubsub.rs"]
mod pubsub;
mod source;
mod sqlserver;
#[path = "../../tests/support/stack.rs"]
mod stack;
mod ticks;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use postgres::Postgres;
use program::Plimsoll;
use source::{Source, Traffic as _};
use sqlserver::SqlServer;
use stack::Stack;
use ticks::Ticks;

const TRAFFIC: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_secs(4);

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn say(text: &str) {
    use std::io::IsTerminal;
    let is_bold = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let (bold, plain) = if is_bold { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    println!("{bold}▸ {text}{plain}");
}

/// What becomes of it all after the comparison.
#[derive(Clone, Copy)]
enum Afterwards {
    End,
    /// Everything stays up until somebody ends it.
    Keep,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let is_given = |name: &str| arguments.iter().any(|a| a == name);
    let afterwards = if is_given("--keep") { Afterwards::Keep } else { Afterwards::End };
    if is_given("--sqlserver") {
        say("starting fake-gcs-server, local-bigquery and the Pub/Sub emulator");
        return shown::<SqlServer>("gcs,bq,pubsub", afterwards).await;
    }
    say("starting PostgreSQL, fake-gcs-server, local-bigquery and the Pub/Sub emulator");
    shown::<Postgres>("pg,gcs,bq,pubsub", afterwards).await
}

/// The demo on these parts, all of which end with it.
async fn shown<S: Source>(parts: &str, afterwards: Afterwards) -> ExitCode {
    let owned = Stack::start(parts);
    let outcome = tokio::select! {
        outcome = demo::<S>(&owned.stack, afterwards) => Some(outcome),
        () = asked_to_end() => None,
    };
    say("ending every process");
    owned.stop();
    match outcome {
        // Whoever asked for an end got it.
        None => ExitCode::SUCCESS,
        Some(Ok(0)) => ExitCode::SUCCESS,
        Some(Ok(differences)) => {
            println!("{differences} differences");
            ExitCode::FAILURE
        }
        Some(Err(e)) => {
            println!("{e:?}");
            ExitCode::FAILURE
        }
    }
}

/// Ctrl-C, or SIGTERM. The demo is given up then, and with it every process that it has started.
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate()).unwrap();
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}

/// Returns how many rows differ at the end.
async fn demo<S: Source>(stack: &Stack, afterwards: Afterwards) -> Result<u64, Failed> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut source = S::start(stack).await?;
    let bucket = serde_json::json!({ "name": "demo-bucket" });
    http.post(format!("{}/storage/v1/b?project=demo", stack.gcs.url)).json(&bucket).send().await?.error_for_status()?;
    // No emulator has the Storage Write API: the tests' stand-in keeps its rules, and writes what it applies into the emulator.
    let catalog = storage_write_standin::Catalog::Emulator(stack.bigquery().url);
    let settings = storage_write_standin::Settings { catalog, ..storage_write_standin::Settings::default() };
    let write_api = storage_write_standin::Standin::start(settings).await?;
    let plimsoll = Plimsoll::new(stack, source.url(), write_api.url())?;

    let example = S::EXAMPLE;
    say(&format!("plimsoll init: a config from the catalog (the demo then uses {})", example.config_path));
    plimsoll.run(&["init", "--output", "proposed.toml"]).await?;
    plimsoll.write_config(&source.config())?;
    say(&format!("plimsoll check --table {}", example.checked));
    plimsoll.run(&["check", "--table", example.checked]).await?;
    say("plimsoll run: the first load");
    plimsoll.run(&["run"]).await?;

    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut served = plimsoll.serve(port)?;
    let endpoint = format!("http://127.0.0.1:{port}");
    let ticks = Ticks::start(stack, http.clone(), &endpoint).await?;

    let began = Instant::now();
    let traffic = source.traffic().await?;
    while began.elapsed() < TRAFFIC {
        ticks.tick().await?;
        tokio::time::sleep(TICK).await;
        println!("  {:>2} s: {}", began.elapsed().as_secs(), traffic.done());
    }
    let done = traffic.stop().await?;
    say(&format!("the traffic has stopped: {done}; one more tick"));
    ticks.last().await?;
    let seconds = began.elapsed().as_secs_f64();

    say("comparing every table row by row");
    let differences = outcome::print_table(&plimsoll, &outcome::reports(stack, &http).await?, seconds).await?;
    if let Afterwards::Keep = afterwards {
        look_around::print(&plimsoll, &source, &endpoint)?;
        std::future::pending::<()>().await;
    }
    served.kill().await?;
    Ok(differences)
}
