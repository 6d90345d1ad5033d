//! Logs: human text on a terminal, elsewhere one JSON object a line as Cloud Logging reads it.
//!
//! ```text
//!   span request { trace, span_id }      of the push or the call
//!     └─ span run { feed, table, run }
//!          └─ event ──▶ tracing-stackdriver ──▶ entry.rs ──▶ {"severity", "message", figures …,
//!                                                             "logging.googleapis.com/trace", "…/spanId",
//!                                                             "…/labels": {"feed", "table", "run"}}
//! ```
//!
//! Always on standard error: standard output belongs to what a command was asked for. No row value and no secret is ever
//! logged; errors are made without them.

mod entry;
mod trace;

use std::io::IsTerminal;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

pub use entry::name_project;
pub use trace::TraceContext;

/// How much a command tells beside its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbosity {
    /// Warnings and errors; the command prints its own answer.
    Quiet,
    /// Every run.
    Normal,
}

/// What other crates tell of their work is full of statements, and so of keys and of the salt: only their warnings pass, whatever
/// `RUST_LOG` says.
fn is_told(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("plimsoll") || *metadata.level() <= Level::WARN
}

/// Starts logging for the process. `RUST_LOG` overrides the level.
pub fn init(verbosity: Verbosity) {
    let default = match verbosity {
        Verbosity::Quiet => "off,plimsoll=warn",
        Verbosity::Normal => "warn,plimsoll=info",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let layer = if std::io::stderr().is_terminal() {
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).compact().boxed()
    } else {
        tracing_stackdriver::layer().with_writer(entry::Entries).boxed()
    };
    // Only a second call could fail, and then logging is on.
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter.and(filter_fn(is_told)))).try_init();
    std::panic::set_hook(Box::new(|panic| {
        // Not what it says: that may hold a value.
        let at = panic.location().map(ToString::to_string);
        tracing::error!(at, "a panic: a bug in Plimsoll");
    }));
}
