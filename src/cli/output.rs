//! Printing: tables for people, JSON for programs.

use std::io::IsTerminal;

use serde::Serialize;

use super::Format;

/// Whether a person watches.
pub(super) fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Prints an error and its remedy to standard error; with `--json` also to standard output.
pub(super) fn error(format: Format, message: &str, hint: &str) {
    eprintln!("error: {message}");
    eprintln!("hint: {hint}");
    if format == Format::Json {
        json(&serde_json::json!({ "ok": false, "error": message, "hint": hint }));
    }
}

/// Prints an object. A closed pipe is the reader's choice.
pub(super) fn json(value: &impl Serialize) {
    use std::io::Write;
    if let Ok(text) = serde_json::to_string_pretty(value) {
        let _ = writeln!(std::io::stdout(), "{text}");
    }
}

/// Prints lines to standard output.
pub(super) fn text(lines: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{}", lines.trim_end_matches('\n'));
}

const WIDEST: usize = 200;

/// Rows in columns, the first row being the head. Numbers to the right.
pub(super) fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |n: usize| rows.iter().filter_map(|r| r.get(n)).map(|c| c.chars().count()).max().unwrap_or(0);
    // Padding has its limits, and so has a terminal.
    let widths: Vec<usize> = (0..count).map(|n| width(n).min(WIDEST)).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let is_number = !cell.is_empty() && cell.chars().all(|c| c.is_ascii_digit() || ".,".contains(c));
            let padded = if is_number { format!("{cell:>width$}") } else { format!("{cell:<width$}") };
            line.push_str(&padded);
            line.push_str("  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Bytes as people write them.
pub(super) fn bytes(n: u64) -> String {
    bytesize::ByteSize(n).to_string()
}
