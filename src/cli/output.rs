//! Printing: text for people, JSON for programs.

use std::io::{IsTerminal, Write};

use serde::Serialize;

use super::layout::{Layout, Lines};
use super::paint::Paint;

/// Whether a person watches standard error, where bars and log lines go.
pub(super) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Prints an error and its remedy to standard error.
pub(super) fn error(message: &str, hint: &str) {
    let layout = Layout { paint: Paint::of_stderr(), lines: Lines::Whole };
    let _ = write!(std::io::stderr(), "{}", layout.error(0, message, hint));
}

/// Prints an object. A closed pipe is the reader's choice.
pub(super) fn json(value: &impl Serialize) {
    if let Ok(text) = serde_json::to_string_pretty(value) {
        let _ = writeln!(std::io::stdout(), "{text}");
    }
}

/// Prints lines to standard output.
pub(super) fn text(lines: &str) {
    let _ = writeln!(std::io::stdout(), "{}", lines.trim_end_matches('\n'));
}

/// `1 table`, `12 tables`.
pub(super) fn tables(n: usize) -> String {
    if n == 1 { "1 table".to_owned() } else { format!("{n} tables") }
}
