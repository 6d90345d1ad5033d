//! `make demo`: the main job on real parts, from `init` to `plimsoll verify`, which compares the targets with their sources.
//!
//! ```text
//!   traffic ──▶ PostgreSQL ──▶ plimsoll serve ──▶ fake-gcs-server ──▶ local-bigquery
//!                                  ▲                                       │
//!   ticks ──▶ Pub/Sub emulator ────┘                    plimsoll verify ◀┘
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the harness it shares with the tests panics"
)]

#[path = "../../tests/support/pubsub.rs"]
mod pubsub;
#[path = "../../tests/support/stack.rs"]
mod stack;
mod traffic;

use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::process::{Child, Command};
use tokio_postgres::NoTls;

use pubsub::Push;
use stack::{PubSub, Service, Stack};
use traffic::Traffic;

/// How many tables are configured.
const TABLES: usize = 6;
const TRAFFIC: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_secs(4);
const DATASET: &str = "smartapp";

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn say(text: &str) {
    use std::io::IsTerminal;
    let is_bold = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let (bold, plain) = if is_bold { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    println!("{bold}▸ {text}{plain}");
}

#[tokio::main]
async fn main() -> ExitCode {
    let keep = std::env::args().any(|a| a == "--keep");
    say("starting PostgreSQL, fake-gcs-server, local-bigquery and the Pub/Sub emulator");
    let owned = Stack::start("pg,gcs,bq,pubsub");
    let outcome = tokio::select! {
        outcome = demo(&owned.stack, keep) => Some(outcome),
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

/// The program and what it needs to know of the stack.
struct Plimsoll<'a> {
    stack: &'a Stack,
    bigquery: Service,
    pubsub: PubSub,
    dir: tempfile::TempDir,
    url: String,
}

impl Plimsoll<'_> {
    /// The folder of the program. It and the demo are built by one cargo call, side by side.
    fn folder() -> Result<PathBuf, Failed> {
        let own = std::env::current_exe()?;
        Ok(own.parent().and_then(|p| p.parent()).ok_or("no folder")?.to_owned())
    }

    fn command(&self, args: &[&str]) -> Result<Command, Failed> {
        let mut command = Command::new(Self::folder()?.join("plimsoll"));
        command
            .args(args)
            .current_dir(self.dir.path())
            .env_remove("PLIMSOLL_CONFIG")
            .env("DATABASE_URL", &self.url)
            .env("STORAGE_EMULATOR_HOST", &self.stack.gcs.url)
            .env("BIGQUERY_EMULATOR_HOST", &self.bigquery.url)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        Ok(command)
    }

    async fn run(&self, args: &[&str]) -> Result<(), Failed> {
        // Off a terminal every run would be logged as JSON, between the lines meant for people.
        let status = self.command(args)?.env("RUST_LOG", "plimsoll=warn").status().await?;
        if status.success() { Ok(()) } else { Err(format!("plimsoll {} ended with {status}", args.join(" ")).into()) }
    }

    fn serve(&self, port: u16) -> Result<Child, Failed> {
        let log = std::fs::File::create(self.dir.path().join("serve.log"))?;
        Ok(self.command(&["serve", "--port", &port.to_string()])?.stdout(Stdio::null()).stderr(log).spawn()?)
    }
}

async fn demo(stack: &Stack, keep: bool) -> Result<u64, Failed> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    say("a Django-shaped source of 120,000 rows, with its change log and the views it publishes");
    let pg = connect(stack).await?;
    pg.batch_execute(include_str!("source.sql")).await?;
    let bucket = serde_json::json!({ "name": "demo-bucket" });
    http.post(format!("{}/storage/v1/b?project=demo", stack.gcs.url)).json(&bucket).send().await?.error_for_status()?;
    let url = format!("postgres://postgres:{}@127.0.0.1:{}/postgres", stack.pg.password, stack.pg.port);
    let (bigquery, pubsub) = (stack.bigquery(), stack.pubsub());
    let plimsoll = Plimsoll { stack, bigquery, pubsub, dir: tempfile::tempdir()?, url };

    say("plimsoll init: a config from the catalog (the demo then uses examples/demo/plimsoll.toml)");
    plimsoll.run(&["init", "--output", "proposed.toml"]).await?;
    std::fs::write(plimsoll.dir.path().join("plimsoll.toml"), include_str!("plimsoll.toml"))?;
    say("plimsoll check --table pmr_project");
    plimsoll.run(&["check", "--table", "pmr_project"]).await?;
    say("plimsoll run: the first load");
    plimsoll.run(&["run"]).await?;

    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut served = plimsoll.serve(port)?;
    let endpoint = format!("http://127.0.0.1:{port}");
    wait_healthy(&http, &endpoint).await?;
    let push = Push::start(stack, "ticks", &[&format!("{endpoint}/pubsub")], 60).await;
    match &push {
        Some(_) => say("plimsoll serve, with ticks through a Pub/Sub push subscription, while the source lives"),
        None => say("plimsoll serve, with ticks by HTTP, because the Pub/Sub emulator is missing"),
    }

    let began = Instant::now();
    let traffic = Traffic::start(|| connect(stack), 4).await?;
    while began.elapsed() < TRAFFIC {
        tick(push.as_ref(), &http, &endpoint).await?;
        tokio::time::sleep(TICK).await;
        let done = traffic.done();
        println!("  {:>2} s: {done}", began.elapsed().as_secs());
    }
    let done = traffic.stop().await;
    say(&format!("the traffic has stopped: {done}; one more tick"));
    last_tick(push.as_ref(), &http, &endpoint).await?;
    let seconds = began.elapsed().as_secs_f64();

    say("comparing every table row by row");
    let differences = print_table(&plimsoll, &reports(stack, &http).await?, seconds).await?;
    if keep {
        look_around(&plimsoll, &endpoint)?;
        std::future::pending::<()>().await;
    }
    served.kill().await?;
    Ok(differences)
}

async fn connect(stack: &Stack) -> Result<tokio_postgres::Client, Failed> {
    let config = format!("host={} port={} user=postgres dbname=postgres", stack.pg.socket_dir, stack.pg.port);
    let (client, connection) = tokio_postgres::connect(&config, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn wait_healthy(http: &reqwest::Client, endpoint: &str) -> Result<(), Failed> {
    for _ in 0..200 {
        if http.get(format!("{endpoint}/healthz")).send().await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    Err("plimsoll serve did not come up".into())
}

async fn tick(push: Option<&Push>, http: &reqwest::Client, endpoint: &str) -> Result<(), Failed> {
    match push {
        Some(push) => push.publish("{}").await,
        None => drop(http.post(format!("{endpoint}/runs")).send().await?),
    }
    Ok(())
}

/// Ticks until every feed has begun and ended a run after now: an earlier one may still be under way.
async fn last_tick(push: Option<&Push>, http: &reqwest::Client, endpoint: &str) -> Result<(), Failed> {
    // Whatever is under way may have taken its snapshot before the last write.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let idle = async || -> Result<bool, Failed> {
            let status: Value = http.get(format!("{endpoint}/status")).send().await?.json().await?;
            let feeds = status["feeds"].as_array().cloned().unwrap_or_default();
            Ok(feeds.iter().all(|f| f["held_by"].is_null() && f["pending"].is_null()))
        };
        while !idle().await? && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        if idle().await? || Instant::now() >= deadline {
            break;
        }
    }
    let asked = time::OffsetDateTime::now_utc();
    tick(push, http, endpoint).await?;
    while Instant::now() < deadline {
        let status: Value = http.get(format!("{endpoint}/status")).send().await?.json().await?;
        let feeds = status["feeds"].as_array().cloned().unwrap_or_default();
        let is_after = |f: &Value| {
            let text = f["last_success"].as_str().unwrap_or_default();
            let format = &time::format_description::well_known::Rfc3339;
            time::OffsetDateTime::parse(text, format).is_ok_and(|t| t > asked)
        };
        if feeds.iter().all(is_after) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Err("the last tick did not end within a minute".into())
}

/// What the reports in the bucket say of one table: upserts, rows deleted, runs that changed it.
fn from_reports(reports: &[Value], table: &str) -> (u64, u64, u64) {
    let own = |t: &&Value| t["target"].as_str().is_some_and(|name| name.ends_with(&format!(".{table}")));
    let of_table = reports.iter().flat_map(|r| r["tables"].as_array().into_iter().flatten()).filter(own);
    of_table.fold((0, 0, 0), |(upserts, deletes, runs), t| {
        let number = |key: &str| t[key].as_u64().unwrap_or(0);
        (upserts + number("upserts"), deletes + number("rows_deleted"), runs + 1)
    })
}

/// Every report a run has left beside its batch.
async fn reports(stack: &Stack, http: &reqwest::Client) -> Result<Vec<Value>, Failed> {
    let bucket = format!("{}/storage/v1/b/demo-bucket/o", stack.gcs.url);
    let list: Value = http.get(format!("{bucket}?maxResults=5000")).send().await?.json().await?;
    let names = list["items"].as_array().into_iter().flatten().filter_map(|i| i["name"].as_str());
    let mut found = Vec::new();
    for name in names.filter(|n| n.ends_with("/report.json")) {
        let path = name.replace('/', "%2F");
        found.push(http.get(format!("{bucket}/{path}?alt=media")).send().await?.json().await?);
    }
    Ok(found)
}

/// Compares every table with its source, and prints what was found beside what the runs did; how many rows differ.
async fn print_table(plimsoll: &Plimsoll<'_>, reports: &[Value], seconds: f64) -> Result<u64, Failed> {
    let answer = plimsoll
        .command(&["verify", "--json"])?
        .env("RUST_LOG", "plimsoll=warn")
        .stdout(Stdio::piped())
        .output()
        .await?;
    let report: Value = serde_json::from_slice(&answer.stdout)?;
    let verified: Vec<&Value> =
        report["runs"].as_array().into_iter().flatten().filter_map(|r| r["verified"].as_array()).flatten().collect();
    if verified.len() != TABLES || verified.iter().any(|v| v["state"] == "not_compared") {
        return Err(format!("not every table was compared: {report}").into());
    }
    println!(
        "\n{:<18}{:>12}{:>12}{:>13}{:>10}{:>9}{:>7}{:>9}",
        "table", "source rows", "target rows", "differences", "upserts", "deletes", "runs", "seconds"
    );
    let mut total = 0;
    for table in verified {
        let number = |key: &str| table[key].as_u64().unwrap_or(0);
        let name = table["source"].as_str().unwrap_or_default().trim_start_matches("public.");
        let (upserts, deletes, runs) = from_reports(reports, name);
        let differences = number("missing") + number("extra") + number("different");
        let (source, target) = (number("source_rows"), number("target_rows"));
        println!("{name:<18}{source:>12}{target:>12}{differences:>13}{upserts:>10}{deletes:>9}{runs:>7}{seconds:>9.1}");
        if differences > 0 {
            println!("    {table}");
        }
        total += differences;
    }
    println!();
    Ok(total)
}

/// What a person can paste while everything stays up.
fn look_around(plimsoll: &Plimsoll<'_>, endpoint: &str) -> Result<(), Failed> {
    let (dir, folder) = (plimsoll.dir.path().display(), Plimsoll::folder()?);
    let (storage, bigquery) = (&plimsoll.stack.gcs.url, &plimsoll.bigquery.url);
    println!("Everything stays up until Ctrl-C. Paste what you like to see:\n");
    println!("# The status page\n{endpoint}/\n");
    println!("# plimsoll, with the demo's config and services");
    println!(
        "export PATH={}:$PATH PLIMSOLL_CONFIG={dir}/plimsoll.toml DATABASE_URL='{}' \\",
        folder.display(),
        plimsoll.url
    );
    println!("  STORAGE_EMULATOR_HOST={storage} BIGQUERY_EMULATOR_HOST={bigquery}");
    println!("plimsoll status\n");
    println!("# The source, the targets, and the log of plimsoll serve");
    println!("psql '{}'", plimsoll.url);
    println!(
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS=true bq --api={bigquery} --oauth_access_token=fake --project_id=demo query \
         --use_legacy_sql=false 'SELECT COUNT(*) FROM {DATASET}.xyz_incident'"
    );
    println!("tail -f {dir}/serve.log\n");
    println!("# One tick");
    match &plimsoll.pubsub.pubsub {
        Some(pubsub) => println!(
            "curl -X POST {}/v1/projects/demo/topics/ticks:publish -H 'Content-Type: application/json' \
             -d '{{\"messages\":[{{\"data\":\"e30=\"}}]}}'",
            pubsub.url
        ),
        None => println!("curl -X POST {endpoint}/runs"),
    }
    Ok(())
}
