//! `plimsoll completions`: the script that lets a shell complete commands and options.

use clap::CommandFactory;

use super::arguments::{Cli, CompletionsArgs};
use super::error::CliError;
use super::exit::Exit;
use super::output;

pub(super) fn print(args: &CompletionsArgs) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "plimsoll", &mut script);
    output::text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
