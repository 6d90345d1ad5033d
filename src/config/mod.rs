//! `plimsoll.toml`: what to keep equal to what, and where.
//!
//! `load` finds the text, `read` walks it and collects every fault with its line, `tables` turns `[[table]]` into
//! [`TableSpec`]s. `${NAME}` is replaced inside every text after parsing, so a secret with a quote in it cannot
//! break the file, and the file's text, which is all that faults quote, never holds one.

mod bigquery;
mod changelog;
mod environment;
mod expand;
mod fault;
mod load;
mod log_types;
mod password;
mod presets;
mod pubsub;
mod read;
mod run;
mod secret;
mod server;
mod source;
mod storage;
mod table;
mod tables;
mod target_columns;
mod target_name;
mod values;

pub use bigquery::BigQueryConfig;
pub use environment::Environment;
pub use fault::{ConfigError, Fault};
pub use load::{ConfigSource, fetch, locate};
pub(crate) use presets::known_logs;
pub use run::{FanOut, RunConfig};
pub use secret::Secret;
pub use server::{Auth, Console, ServerConfig};
pub use source::SourceConfig;
pub use storage::StorageConfig;

use crate::model::{CaptureKind, FeedId, LogSpec, TableSpec};
use fault::Faults;
use read::Section;

/// A checked config.
#[derive(Clone, Debug)]
pub struct Config {
    pub source: SourceConfig,
    pub storage: StorageConfig,
    pub bigquery: BigQueryConfig,
    pub run: RunConfig,
    pub server: ServerConfig,
    /// Where messages for other processes go, as `projects/…/topics/…`.
    pub topic: Option<String>,
    /// Where each run's report goes.
    pub reports: Option<String>,
    /// The change log, for the tables captured by it.
    pub changelog: Option<LogSpec>,
    pub tables: Vec<TableSpec>,
    /// What is right and unwise.
    pub warnings: Vec<Fault>,
}

const SECTIONS: &[&str] =
    &["source", "storage", "bigquery", "changelog", "run", "server", "pubsub", "defaults", "table"];

impl Config {
    /// Reads the text of a config. Every fault is reported, not only the first.
    pub fn parse(name: &str, text: &str, env: &Environment) -> Result<Self, ConfigError> {
        let faults = Faults::new(name, text);
        let (document, errors) = toml::de::DeTable::parse_recoverable(text);
        // What comes after the first place that can't be read means nothing: no fault of it is one that somebody made.
        if let Some(e) = errors.iter().min_by_key(|e| e.span().map_or(0, |s| s.start)) {
            let problem = format!("this is not TOML: {}", e.message());
            faults.add(e.span().map_or(0, |s| s.start), problem, "https://toml.io shows how it is written");
            return faults.into_result(None);
        }
        let root = Section::root(document.get_ref(), &faults, env);
        let config = Self::read(&root);
        root.refuse_unknown(SECTIONS);
        let warnings = faults.take_warnings();
        faults.into_result(config.map(|c| Self { warnings, ..c }))
    }

    /// `None` only where a fault was noted.
    fn read(root: &Section<'_>) -> Option<Self> {
        let source = root.section("source").and_then(|s| source::read(&s));
        let storage = root.section("storage").and_then(|s| storage::read(&s));
        let bigquery = root.section("bigquery").and_then(|s| bigquery::read(&s));
        let server = server::read(&root.section_or_empty("server"));
        let run = run::read(&root.section_or_empty("run"), server.as_ref().map_or(server::MAX_AGE, |s| s.max_age));
        let pubsub = root.optional_section("pubsub");
        let (topic, reports) = pubsub.as_ref().map(pubsub::read).unwrap_or_default();
        if let (FanOut::On, None) = (run.fan_out, &topic) {
            let at = root.section_or_empty("run").at();
            root.fault(at, "fan_out needs a topic".to_owned(), "[pubsub] topic = \"plimsoll\"");
        }
        let log = root.optional_section("changelog");
        let dialect = source.as_ref().map(|s| s.dialect).unwrap_or_default();
        let changelog = log.as_ref().and_then(|s| changelog::read(s, dialect));
        let has_salt = source.as_ref().is_none_or(|s| s.hash_salt.is_some());
        let mut tables = tables::read(root, dialect, log.is_some(), has_salt);
        if let Some(log) = &log {
            refuse_unused(log, &tables);
        }
        let bigquery = bigquery?;
        for table in &mut tables {
            table.home = format!("{}.{}", bigquery.project, bigquery.dataset);
            if table.capture == CaptureKind::Changelog {
                table.log = changelog.as_ref().map(LogSpec::fingerprint).unwrap_or_default();
            }
            if !table.hash.is_empty() {
                table.salt =
                    source.as_ref().and_then(|s| s.hash_salt.as_ref()).map(Secret::fingerprint).unwrap_or_default();
            }
        }
        let path = |t: String| if t.contains('/') { t } else { format!("projects/{}/topics/{t}", bigquery.project) };
        let (topic, reports) = (topic.map(path), reports.map(path));
        let (source, storage, server) = (source?, storage?, server?);
        let warnings = Vec::new();
        Some(Self { source, storage, bigquery, run, server, topic, reports, changelog, tables, warnings })
    }
}

/// A log that no table reads is a forgotten `capture`; a feed of the log's name would share its state.
fn refuse_unused(log: &Section<'_>, tables: &[TableSpec]) {
    let (logged, others): (Vec<_>, Vec<_>) = tables.iter().partition(|t| t.capture == CaptureKind::Changelog);
    if logged.is_empty() && !tables.is_empty() {
        log.fault(
            log.at(),
            "is read by no table".to_owned(),
            "write capture = \"changelog\" in a [[table]], or remove it",
        );
    }
    if let Some(table) = others.iter().find(|t| t.target == FeedId::CHANGELOG) {
        let problem = format!("the state of {} would have the change log's name", table.source);
        log.fault(log.at(), problem, &format!("give it another name: target = \"{}_table\"", table.target));
    }
}

#[cfg(test)]
mod tests;
