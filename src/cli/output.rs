//! Printing: text for people, JSON for programs.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use super::error::CliError;

use super::layout::{Layout, Lines};
use super::paint::Paint;
use crate::model::figures::counted;

/// Whether a person watches standard error, where bars and log lines go.
pub(super) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Prints an error and its remedy to standard error.
pub(super) fn error(message: &str, hint: &str) {
    let layout = Layout { paint: Paint::of_stderr(), lines: Lines::Whole };
    let _ = write!(std::io::stderr(), "{}", layout.error(0, message, hint));
}

/// Prints an object to standard output.
pub(super) fn json(value: &impl Serialize) -> Result<(), CliError> {
    written(serde_json::to_string_pretty(value).map_err(io::Error::from).and_then(|json| print(&json)))
}

/// Prints lines to standard output.
pub(super) fn text(lines: &str) -> Result<(), CliError> {
    written(print(lines.trim_end_matches('\n')))
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// What became of a write to standard output. A closed pipe is the reader's choice.
pub(super) fn written(result: io::Result<()>) -> Result<(), CliError> {
    match result {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(CliError::Output { reason: e.to_string() }),
        _ => Ok(()),
    }
}

/// `1 table`, `12 tables`.
pub(super) fn tables(n: usize) -> String {
    counted(n as u64, "table", "tables")
}
