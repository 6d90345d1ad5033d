//! The command line: one file a command.
//!
//! Exit codes: 0 done, nothing to do or busy; 1 something failed; 2 bad usage or config.

mod arguments;
mod bars;
mod check;
mod completions;
mod config_file;
mod database;
mod error;
mod exit;
mod init;
mod layout;
mod outage;
mod output;
mod paint;
mod pause;
mod plan;
mod quoted_names;
mod report;
mod run;
mod runs;
mod sample;
mod sample_error;
mod serve;
mod status;
mod verify;

use std::process::ExitCode;

use crate::run::{Context, Pause, Request, Rest};
use crate::telemetry::{self, Job, LogFormat, Reader};
use arguments::Command;
use bars::Bars;
use error::CliError;
use exit::{Exit, Format};

pub use arguments::Cli;

/// Runs the command, and prints its answer or what went wrong.
pub async fn main(cli: Cli) -> ExitCode {
    let format = if cli.json { Format::Json } else { Format::Text };
    let job = if matches!(cli.command, Command::Serve(_)) { Job::Service } else { Job::Command };
    let log_format = LogFormat::choose(cli.log_format, job, reader());
    let bars = match log_format {
        LogFormat::Text => Bars::default(),
        // Entries are lines of their own.
        LogFormat::Json => Bars::hidden(),
    };
    telemetry::init(log_format, job, bars.all());
    match dispatch(cli.command, cli.config.as_deref(), format, bars).await {
        Ok(exit) => exit.into(),
        Err(e) => {
            match log_format {
                LogFormat::Text => output::error(&e.to_string(), &e.hint()),
                // Who collects the log makes an entry of it, with its severity.
                LogFormat::Json => tracing::error!(hint = e.hint(), "{e}"),
            }
            if format == Format::Json {
                // The exit code says already that something failed.
                let _ = output::json(&serde_json::json!({ "ok": false, "error": e.to_string(), "hint": e.hint() }));
            }
            Exit::from(e.blame()).into()
        }
    }
}

fn reader() -> Reader {
    if std::env::var_os("K_SERVICE").is_some() {
        Reader::CloudRun
    } else if output::is_watched() {
        Reader::Person
    } else {
        Reader::File
    }
}

async fn dispatch(command: Command, config: Option<&str>, format: Format, bars: Bars) -> Result<Exit, CliError> {
    let command = match command {
        Command::Init(args) => return init::init(&args, format).await,
        Command::Sample(args) => return sample::sample(&args, config, format).await,
        Command::Completions(args) => return completions::print(&args),
        other => other,
    };
    let config = config_file::read_config(config).await?;
    telemetry::name_project(&config.bigquery.project);
    let context = Context::open(config).await?;
    match command {
        Command::Init(_) | Command::Sample(_) | Command::Completions(_) => Ok(Exit::Done),
        Command::Check(args) => check::check(&context, &args, format).await,
        Command::Plan(args) => plan::plan(&context, &args, format).await,
        Command::Run(args) => {
            let request = Request {
                tables: args.tables.tables,
                full: args.full,
                allow_deletes: args.allow_deletes,
                ..Request::default()
            };
            run::run(context, request, format, bars).await
        }
        Command::Verify(args) => verify::verify(context, &args, format, bars).await,
        Command::Report(args) => report::report(&context, &args, format).await,
        Command::Runs(args) => runs::runs(&context, &args, format).await,
        Command::Status => status::status(&context, format).await,
        Command::Resync(args) => {
            let request = Request { tables: args.tables, full: true, resync: true, ..Request::default() };
            run::run(context, request, format, bars).await
        }
        Command::Pause(args) => {
            let rest = Rest { reason: args.reason, by: pause::user() };
            pause::set(&context, args.tables.tables, Pause::Rest(rest), format).await
        }
        Command::Resume(args) => pause::set(&context, args.tables, Pause::GoOn, format).await,
        Command::Serve(args) => serve::serve(context, &args).await,
    }
}
