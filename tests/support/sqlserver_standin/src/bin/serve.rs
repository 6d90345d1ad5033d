//! A stand-in for a SQL Server that runs by itself, for the demo and the benchmarks.
//!
//! ```text
//! sqlserver-standin [--port N] [--matrix ROWS] [--bench ROWS] [--track] [--seed N] [--every SECONDS]
//! ```
//!
//! `--matrix` puts the subscription system's tables in, with about so many rows in each; `--every` has an application write to them.
//! `--bench` puts the benchmarks' table in. `--track` switches change tracking on. It prints its connection string and runs until its
//! standard input ends.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use sqlserver_standin::matrix::{self, Traffic};
use sqlserver_standin::model::{DatabaseTracking, Switch};
use sqlserver_standin::{RowForm, Settings, Standin, bench};

struct Options {
    port: u16,
    matrix: usize,
    bench: u64,
    track: Switch,
    seed: u64,
    every: Option<Duration>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = options(std::env::args().skip(1))?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(options))
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, Box<dyn std::error::Error>> {
    let mut options = Options { port: 0, matrix: 0, bench: 0, track: Switch::Off, seed: 1, every: None };
    while let Some(argument) = arguments.next() {
        if argument == "--track" {
            options.track = Switch::On;
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("{argument} without a value"))?;
        match argument.as_str() {
            "--port" => options.port = value.parse()?,
            "--matrix" => options.matrix = value.parse()?,
            "--bench" => options.bench = value.parse()?,
            "--seed" => options.seed = value.parse()?,
            "--every" => options.every = Some(Duration::from_secs(value.parse()?)),
            _ => return Err(format!("unknown option {argument}").into()),
        }
    }
    Ok(options)
}

async fn serve(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let model = matrix::model()?;
    let mut traffic = Traffic::new(&model, options.seed);
    if options.matrix > 0 {
        traffic.fill((options.matrix / 10).clamp(1, 200), options.matrix)?;
    }
    if options.bench > 0 {
        bench::create(&model, options.bench);
    }
    if options.track.is_on() {
        model.set_tracking(Some(DatabaseTracking { retention_minutes: 2880, auto_cleanup: Switch::On }));
        for name in model.names() {
            // Tables without a key, and views, have none.
            let _ = model.track(&name);
        }
    }
    // As a server sends rows: the other form is for tests.
    let settings = Settings { port: options.port, rows: RowForm::NullBits, ..Settings::default() };
    let server = Standin::start(settings, model).await?;
    println!("{}", server.url());
    std::io::stdout().flush()?;
    let mut until_told = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()).map(drop));
    loop {
        let Some(every) = options.every.filter(|_| options.matrix > 0) else {
            until_told.await??;
            break;
        };
        tokio::select! {
            ended = &mut until_told => {
                ended??;
                break;
            }
            () = tokio::time::sleep(every) => traffic.tick()?,
        }
    }
    // What it did not know is printed, and is a failure.
    for refused in server.log().take_refused() {
        eprintln!("not known here: {refused}");
    }
    Ok(())
}
