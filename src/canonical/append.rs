//! Appending to a text.

use std::fmt::{Arguments, Write};

/// Appends what is formatted: `push(out, format_args!("{n}"))`.
pub(super) fn push(out: &mut String, what: Arguments<'_>) {
    // A String takes all that is written to it.
    let _ = out.write_fmt(what);
}
