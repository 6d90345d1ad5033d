//! A stand-in for the Storage Write API that runs by itself, for the demo and the benchmarks.
//!
//! ```text
//! storage-write-standin [--port N] [--bigquery URL] [--apply SECONDS] [--count]
//! ```
//!
//! `--bigquery` is the REST emulator that has the tables, as `stack.py` prints it. `--apply` applies changes at such intervals to tables that
//! have a `max_staleness`. `--count` keeps no row, for benchmarks of a client. It prints its address and runs until its standard input ends.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use storage_write_standin::{Applies, Catalog, Keeping, Settings, Standin};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = settings(std::env::args().skip(1))?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(settings))
}

fn settings(mut arguments: impl Iterator<Item = String>) -> Result<Settings, Box<dyn std::error::Error>> {
    let mut settings = Settings::default();
    while let Some(argument) = arguments.next() {
        if argument == "--count" {
            settings.keeping = Keeping::Counts;
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("{argument} without a value"))?;
        match argument.as_str() {
            "--port" => settings.port = value.parse()?,
            "--bigquery" => settings.catalog = Catalog::Emulator(value),
            "--apply" => settings.applies = Applies::Every(Duration::from_secs(value.parse()?)),
            _ => return Err(format!("unknown option {argument}").into()),
        }
    }
    Ok(settings)
}

async fn serve(settings: Settings) -> Result<(), Box<dyn std::error::Error>> {
    let server = Standin::start(settings).await?;
    println!("{}", server.url());
    std::io::stdout().flush()?;
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()).map(drop)).await??;
    Ok(())
}
