//! Logs: text for people, or one JSON object a line as Cloud Logging reads it. [`LogFormat::choose`] says which.
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
mod text;
mod trace;

use indicatif::MultiProgress;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

pub use entry::name_project;
pub use trace::TraceContext;

/// How a log line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For Cloud Logging: <https://cloud.google.com/logging/docs/structured-logging>.
    Json,
}

/// Who reads the log, as far as the process can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Somebody at a terminal.
    Person,
    /// A file or a pipe.
    File,
    /// Cloud Run's collector.
    CloudRun,
}

/// What the process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// A command that prints an answer and ends.
    Command,
    /// `serve`.
    Service,
}

impl LogFormat {
    /// What was asked for; else JSON on Cloud Run, and where a service writes to a file.
    pub fn choose(asked: Option<Self>, job: Job, reader: Reader) -> Self {
        asked.unwrap_or(match (job, reader) {
            (_, Reader::CloudRun) | (Job::Service, Reader::File) => Self::Json,
            (Job::Service, Reader::Person) | (Job::Command, Reader::Person | Reader::File) => Self::Text,
        })
    }
}

/// The target of events that say what the command's own answer says: text for people leaves them out.
pub const ANSWERED: &str = "plimsoll::answered";

/// What other crates tell of their work is full of statements, and so of keys and of the salt: only their warnings pass, whatever
/// `RUST_LOG` says.
fn is_told(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    // The messages of a SQL Server may quote a row, at any level: what they say is in our own errors, as far as it may be.
    target.starts_with("plimsoll") || (*metadata.level() <= Level::WARN && !target.starts_with("tiberius"))
}

/// Starts logging for the process. `RUST_LOG` overrides the level. Lines of text are written above the bars.
pub fn init(format: LogFormat, job: Job, bars: MultiProgress) {
    let default = match (format, job) {
        (LogFormat::Text, Job::Command) => format!("off,plimsoll=warn,{ANSWERED}=off"),
        (LogFormat::Json, _) | (_, Job::Service) => "warn,plimsoll=info".to_owned(),
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let layer = match format {
        LogFormat::Text => {
            let clock = if job == Job::Service { text::WriteTime::Shown } else { text::WriteTime::Hidden };
            tracing_subscriber::fmt::layer()
                .event_format(text::TextLines(clock))
                .with_ansi(console::colors_enabled_stderr())
                .with_writer(text::AboveBars(bars))
                .boxed()
        }
        LogFormat::Json => tracing_stackdriver::layer().with_writer(entry::JsonEntries).boxed(),
    };
    // Only a second call could fail, and then logging is on.
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter.and(filter_fn(is_told)))).try_init();
    std::panic::set_hook(Box::new(|panic| {
        // Not what it says: that may hold a value.
        let at = panic.location().map(ToString::to_string);
        tracing::error!(at, "a panic: a bug in Plimsoll");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_for_cloud_run_and_for_a_service_without_a_terminal() {
        use {Job::*, LogFormat::*, Reader::*};
        for (job, reader, format) in [
            (Command, Person, Text),
            (Command, File, Text),
            (Command, CloudRun, Json),
            (Service, Person, Text),
            (Service, File, Json),
            (Service, CloudRun, Json),
        ] {
            assert_eq!(LogFormat::choose(None, job, reader), format, "{job:?} {reader:?}");
            for asked in [Text, Json] {
                assert_eq!(LogFormat::choose(Some(asked), job, reader), asked);
            }
        }
    }
}
