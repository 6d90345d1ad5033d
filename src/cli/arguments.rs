//! What can be typed: commands, options, and what they mean.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::init::InitArgs;
use super::sample::SampleArgs;
use crate::model::{CompareDocuments, VerifyLevel};
use crate::state::PauseReason;
use crate::telemetry::LogFormat;

/// Keeps BigQuery tables equal to tables of PostgreSQL or SQL Server, with nothing running between two ticks.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version)]
pub struct Cli {
    /// The config: a path or a gs:// URL.
    #[arg(long, global = true, env = "PLIMSOLL_CONFIG", value_name = "PATH")]
    pub(super) config: Option<String>,
    /// Print JSON for programs.
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// How log lines are written; text where not given, JSON on Cloud Run and where serve has no terminal.
    #[arg(long, global = true, env = "PLIMSOLL_LOG_FORMAT", value_name = "FORMAT")]
    pub(super) log_format: Option<LogFormat>,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write a commented config from the database's catalog.
    Init(InitArgs),
    Sample(SampleArgs),
    /// Look at connections, rights, keys, types and limits; nothing is written.
    Check(CheckArgs),
    /// Show what the next tick would do, its SQL and an estimate of bytes.
    Plan(TableArgs),
    /// One tick.
    Run(RunArgs),
    /// Compare targets with their sources; exit code 1 where they differ.
    Verify(VerifyArgs),
    /// Where every feed stands.
    Status,
    /// Runs that are over, the newest first.
    Runs(RunsArgs),
    /// What happened in the last time, where the tables stand and what it cost.
    Report(ReportArgs),
    /// Load tables again from the start; their targets may be replaced.
    Resync(NamedTables),
    /// Pause tables: no run reads them until they are resumed.
    Pause(PauseArgs),
    /// Let paused tables go on where they stopped.
    Resume(NamedTables),
    /// Answer triggers over HTTP.
    Serve(ServeArgs),
    /// Print what a shell needs to complete commands and options.
    Completions(CompletionsArgs),
}

#[derive(Debug, Default, Args)]
pub(super) struct TableArgs {
    /// Only this table, by source or target name; may be given again.
    #[arg(long = "table", value_name = "TABLE")]
    pub tables: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub tables: TableArgs,
    /// Also every column's type, and every note.
    #[arg(long, short)]
    pub verbose: bool,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell to complete for.
    pub shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub tables: TableArgs,
    /// Read whole tables instead of changes.
    #[arg(long)]
    pub full: bool,
    /// Let this run delete more than max_delete_fraction of a target.
    #[arg(long)]
    pub allow_deletes: bool,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    pub tables: TableArgs,
    /// How much is compared: how many rows there are, which, or what they hold.
    #[arg(long, value_name = "LEVEL", default_value_t = LevelArgument::Values, value_enum)]
    pub level: LevelArgument,
    /// Read again what differs, and compare it once more.
    #[arg(long)]
    pub repair: bool,
    /// Let the repair delete more than max_delete_fraction of a target.
    #[arg(long, requires = "repair")]
    pub allow_deletes: bool,
    /// Rows that only the target has differ, even where deletes are ignored.
    #[arg(long)]
    pub strict: bool,
    /// Compare documents by what they mean, not their structure alone: all, or of about so many rows of each table.
    #[arg(long, value_name = "ROWS")]
    pub documents: Option<CompareDocuments>,
    /// Write the keys that differ to this file.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// How long to wait for a table that another run is at work on, such as 2m; at most the budget.
    #[arg(long, value_name = "TIME", value_parser = waiting_time)]
    pub wait: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LevelArgument {
    Counts,
    Keys,
    Values,
}

impl From<LevelArgument> for VerifyLevel {
    fn from(level: LevelArgument) -> Self {
        match level {
            LevelArgument::Counts => Self::Counts,
            LevelArgument::Keys => Self::Keys,
            LevelArgument::Values => Self::Values,
        }
    }
}

/// Which runs are shown.
#[derive(Debug, Args)]
pub(super) struct RunsArgs {
    #[command(flatten)]
    pub tables: TableArgs,
    /// Only runs that failed, or left a table that waits for something.
    #[arg(long)]
    pub failed: bool,
    /// Only runs of this time until now, such as 24h or 7d.
    #[arg(long, value_name = "TIME", value_parser = time_span)]
    pub since: Option<Duration>,
    /// At most so many.
    #[arg(long, value_name = "RUNS", default_value_t = 20)]
    pub limit: usize,
}

/// Of which time a report is, and in which form.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Of this time until now, such as 24h or 7d.
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = time_span)]
    pub since: Duration,
    /// Print it as text; so it is printed anyway.
    #[arg(long, conflicts_with = "html")]
    pub text: bool,
    /// Print it as a page, for a mail.
    #[arg(long)]
    pub html: bool,
    /// Publish it on the topic for reports as well.
    #[arg(long)]
    pub publish: bool,
}

/// A time that lies behind us.
pub(super) fn time_span(typed: &str) -> Result<Duration, String> {
    let longest = Duration::from_secs(10 * 366 * 86_400);
    let span = humantime::parse_duration(typed).ok().filter(|span| *span <= longest && !span.is_zero());
    span.ok_or_else(|| "write a time of at most ten years, such as 24h or 7d".to_owned())
}

fn waiting_time(typed: &str) -> Result<Duration, String> {
    humantime::parse_duration(typed).map_err(|_| "write a time, such as 30s or 2m".to_owned())
}

#[derive(Debug, Args)]
pub(super) struct NamedTables {
    /// This table, by source or target name; may be given again.
    #[arg(long = "table", value_name = "TABLE", required = true)]
    pub tables: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct PauseArgs {
    #[command(flatten)]
    pub tables: NamedTables,
    /// Why, for those who see the pause: one line, at most 200 characters.
    #[arg(long, value_name = "TEXT", value_parser = pause_reason)]
    pub reason: Option<PauseReason>,
}

fn pause_reason(typed: &str) -> Result<PauseReason, String> {
    let reason = PauseReason::parse(typed).map_err(|e| e.to_string())?;
    reason.ok_or_else(|| "write why, or leave --reason away".to_owned())
}

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    #[arg(long, env = "PORT", default_value_t = 8080)]
    pub port: u16,
    /// The address to listen on; every one where somebody checks callers, else 127.0.0.1.
    #[arg(long, value_parser = listening_address)]
    pub host: Option<IpAddr>,
}

/// `localhost` is a name, and what listens is an address.
fn listening_address(typed: &str) -> Result<IpAddr, String> {
    match typed {
        "localhost" => Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        _ => typed.parse().map_err(|_| "write an address, such as 127.0.0.1 or 0.0.0.0".to_owned()),
    }
}
