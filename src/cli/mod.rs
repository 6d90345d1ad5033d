//! The command line: one file a command.
//!
//! Exit codes: 0 done, nothing to do or busy; 1 something failed; 2 bad usage or config.

mod bars;
mod check;
mod database;
mod init;
mod output;
mod pause;
mod plan;
mod run;
mod sample;
mod serve;
mod status;

use std::net::IpAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, Parser, Subcommand};

use crate::config::{self, Config, ConfigError, ConfigSource, Environment};
use crate::model::Blame;
use crate::propose::ProposeError;
use crate::run::{Context, Pause, Request, RunError, UnknownTable};
use crate::server::ServeError;
use crate::source::SourceError;
use crate::storage::{StorageError, Store};
use crate::telemetry::{self, Verbosity};
use database::NoDatabase;
use init::InitArgs;
use sample::{SampleArgs, SampleError};

/// Keeps BigQuery tables equal to PostgreSQL tables, with nothing running between two ticks.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version)]
pub struct Cli {
    /// The config: a path or a gs:// URL.
    #[arg(long, global = true, env = "PLIMSOLL_CONFIG", value_name = "PATH")]
    config: Option<String>,
    /// Print JSON for programs.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a commented config from the database's catalog.
    Init(InitArgs),
    Sample(SampleArgs),
    /// Look at connections, rights, keys, types and limits; nothing is written.
    Check(TableArgs),
    /// Show what the next tick would do, its SQL and an estimate of bytes.
    Plan(TableArgs),
    /// One tick.
    Run(RunArgs),
    /// Where every feed stands.
    Status,
    /// Load tables afresh; their targets may be made anew.
    Resync(NamedTables),
    /// Let tables rest: no run begins with them until they are resumed.
    Pause(NamedTables),
    /// Let paused tables go on where they stopped.
    Resume(NamedTables),
    /// Answer triggers over HTTP.
    Serve(ServeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct TableArgs {
    /// Only this table, by source or target name; may be given again.
    #[arg(long = "table", value_name = "TABLE")]
    tables: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    tables: TableArgs,
    /// Read whole tables instead of changes.
    #[arg(long)]
    full: bool,
    /// Let this run delete more than max_delete_fraction of a target.
    #[arg(long)]
    allow_deletes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct NamedTables {
    /// This table, by source or target name; may be given again.
    #[arg(long = "table", value_name = "TABLE", required = true)]
    tables: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[arg(long, env = "PORT", default_value_t = 8080)]
    port: u16,
    /// Every address where not given; loopback under auth = "none".
    #[arg(long)]
    host: Option<IpAddr>,
}

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    UnknownTable(#[from] UnknownTable),
    #[error(transparent)]
    NoDatabase(#[from] NoDatabase),
    #[error(transparent)]
    Propose(#[from] ProposeError),
    #[error(transparent)]
    Sample(#[from] SampleError),
    #[error("{path}: {reason}")]
    File { path: String, reason: String },
}

impl CliError {
    fn blame(&self) -> Blame {
        match self {
            Self::Config(e) => e.blame(),
            Self::Run(e) => e.blame(),
            Self::Source(e) => e.blame(),
            Self::Storage(e) => e.blame(),
            Self::Serve(e) => e.blame(),
            Self::Propose(e) => e.blame(),
            Self::Sample(e) => e.blame(),
            Self::UnknownTable(_) | Self::NoDatabase(_) | Self::File { .. } => Blame::Config,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Config(e) => e.hint(),
            Self::Run(e) => e.hint(),
            Self::Source(e) => e.hint(),
            Self::Storage(e) => e.hint(),
            Self::Serve(e) => e.hint(),
            Self::UnknownTable(e) => e.hint(),
            Self::NoDatabase(e) => e.hint(),
            Self::Propose(e) => e.hint(),
            Self::Sample(e) => e.hint(),
            Self::File { .. } => "choose another file with --output, or overwrite it with --force".to_owned(),
        }
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Failed,
    Misconfigured,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Failed => Self::from(1),
            Exit::Misconfigured => Self::from(2),
        }
    }
}

impl From<Blame> for Exit {
    fn from(blame: Blame) -> Self {
        match blame {
            Blame::Config => Self::Misconfigured,
            Blame::World => Self::Failed,
        }
    }
}

/// How a command prints its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Json,
}

/// Runs the command; everything it has to say is said.
pub async fn main(cli: Cli) -> ExitCode {
    let format = if cli.json { Format::Json } else { Format::Text };
    let verbosity = match cli.command {
        Command::Serve(_) => Verbosity::Normal,
        Command::Run(_) | Command::Resync(_) if !output::is_terminal() => Verbosity::Normal,
        _ => Verbosity::Quiet,
    };
    telemetry::init(verbosity);
    match dispatch(cli.command, cli.config.as_deref(), format).await {
        Ok(exit) => exit.into(),
        Err(e) => {
            output::error(format, &e.to_string(), &e.hint());
            Exit::from(e.blame()).into()
        }
    }
}

async fn dispatch(command: Command, config: Option<&str>, format: Format) -> Result<Exit, CliError> {
    let command = match command {
        Command::Init(args) => return init::init(&args, format).await,
        Command::Sample(args) => return sample::sample(&args, config, format).await,
        other => other,
    };
    let config = read_config(config).await?;
    telemetry::name_project(&config.bigquery.project);
    let context = Context::open(config).await?;
    match command {
        Command::Init(_) | Command::Sample(_) => Ok(Exit::Done),
        Command::Check(args) => check::check(&context, &args, format).await,
        Command::Plan(args) => plan::plan(&context, &args, format).await,
        Command::Run(args) => {
            let request = Request {
                tables: args.tables.tables,
                full: args.full,
                due: false,
                allow_deletes: args.allow_deletes,
                resync: false,
            };
            run::run(context, request, format).await
        }
        Command::Status => status::status(&context, format).await,
        Command::Resync(args) => {
            let request = Request { tables: args.tables, full: true, due: false, allow_deletes: false, resync: true };
            run::run(context, request, format).await
        }
        Command::Pause(args) => pause::set(&context, args.tables, Pause::Rest, format).await,
        Command::Resume(args) => pause::set(&context, args.tables, Pause::GoOn, format).await,
        Command::Serve(args) => serve::serve(context, &args).await,
    }
}

async fn read_config(named: Option<&str>) -> Result<Config, CliError> {
    let env = Environment::of_process();
    let source = config::locate(named);
    let began = Instant::now();
    // Cloud Run sets this name. A service that is made together with its rights may start before those are known everywhere.
    let patience = env.get("K_SERVICE").map_or(Duration::ZERO, |_| Duration::from_secs(120));
    match &source {
        ConfigSource::File(path) => Ok(config::fetch(path, &env).await?),
        ConfigSource::Object { bucket, name } => {
            let store = Store::open(bucket, "").await?;
            let content = loop {
                let refused = match store.get(name).await {
                    Ok(Some((content, _))) => break content,
                    Ok(None) => match store.probe().await {
                        Ok(()) => CliError::from(ConfigError::Missing { name: source.name() }),
                        Err(e) => e.into(),
                    },
                    Err(e) => e.into(),
                };
                if began.elapsed() > patience {
                    return Err(refused);
                }
                tokio::time::sleep(Duration::from_secs(3)).await;
            };
            let unreadable = |_| ConfigError::Unreadable { name: source.name(), reason: "not UTF-8".to_owned() };
            let text = std::str::from_utf8(&content).map_err(unreadable)?;
            Ok(Config::parse(&source.name(), text, &env)?)
        }
    }
}
