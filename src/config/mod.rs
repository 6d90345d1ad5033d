//! `plimsoll.toml`: what to keep equal to what, and where.
//!
//! `load` finds the text, `read` walks it and collects every fault with its line, `tables` turns `[[table]]` into
//! [`TableSpec`]s. `${NAME}` is replaced inside every text after parsing, so a secret with a quote in it cannot
//! break the file, and the file's text, which is all that faults quote, never holds one.

mod changelog;
mod environment;
mod expand;
mod fault;
mod load;
mod password;
mod presets;
mod read;
mod server;
mod tables;

use std::time::Duration;

pub use environment::Environment;
pub use fault::{ConfigError, Fault};
pub use load::{ConfigSource, fetch, locate};
pub(crate) use presets::known_logs;
pub use server::{Auth, Console, ServerConfig};

use sha2::{Digest, Sha256};

use crate::batch::Compression;
use crate::model::{CaptureKind, FeedId, LogSpec, TableSpec};
use fault::Faults;
use read::{Located, Section};

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

/// The connection string; its `Debug` hides it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself; never put it into a log, an error or a report.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

#[derive(Clone, Debug)]
pub struct SourceConfig {
    pub url: Secret,
    /// Longest time one statement may take; the run's budget where not given.
    pub statement_timeout: Option<Duration>,
    /// What hashed values are salted with.
    pub hash_salt: Option<Secret>,
}

/// Longest time that Pub/Sub waits for a push to be answered:
/// <https://cloud.google.com/pubsub/docs/subscription-properties#ack_deadline>.
const LONGEST_ACK_DEADLINE: Duration = Duration::from_secs(600);

/// A shorter salt could be found by trying.
const SHORTEST_SALT: usize = 16;

#[derive(Clone, Debug)]
pub struct StorageConfig {
    pub bucket: String,
    /// Empty, or ends with a slash.
    pub prefix: String,
    /// Bytes of a part as stored.
    pub part_size: usize,
    pub compression: Compression,
}

#[derive(Clone, Debug)]
pub struct BigQueryConfig {
    pub project: String,
    pub dataset: String,
    pub staging_dataset: String,
    pub location: Option<String>,
    /// A job that takes longer is cancelled.
    pub job_timeout: Duration,
}

#[derive(Clone, Debug)]
pub struct RunConfig {
    pub budget: Duration,
    /// A holder that was silent for this long is taken over.
    pub lease: Duration,
    /// How often a run without changes notes in the state that it has looked. No write is made more often.
    pub heartbeat: Duration,
    /// How many feeds run at once, each with a connection to the source.
    pub parallelism: usize,
    /// A table with more rows is loaded a stretch of so many keys at a time.
    pub chunk_rows: u64,
    /// Whether a push for all tables becomes one message for each feed.
    pub fan_out: FanOut,
}

/// Where the feeds of a push run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FanOut {
    /// All in the process that got it.
    Off,
    /// Each in the process that gets its message.
    On,
}

/// How often a quiet feed's state is written, where the config does not say.
const HEARTBEAT: Duration = Duration::from_secs(300);

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
        let source = root.section("source").and_then(|s| read_source(&s));
        let storage = root.section("storage").and_then(|s| read_storage(&s));
        let bigquery = root.section("bigquery").and_then(|s| read_bigquery(&s));
        let server = server::read(&root.section_or_empty("server"));
        let run = read_run(&root.section_or_empty("run"), server.as_ref().map_or(server::MAX_AGE, |s| s.max_age));
        let pubsub = root.optional_section("pubsub");
        let (topic, reports) = pubsub.as_ref().map(read_pubsub).unwrap_or_default();
        if let (FanOut::On, None) = (run.fan_out, &topic) {
            let at = root.section_or_empty("run").at();
            root.fault(at, "fan_out needs a topic".to_owned(), "[pubsub] topic = \"plimsoll\"");
        }
        let log = root.optional_section("changelog");
        let changelog = log.as_ref().and_then(changelog::read);
        let has_salt = source.as_ref().is_none_or(|s| s.hash_salt.is_some());
        let mut tables = tables::read(root, log.is_some(), has_salt);
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
                table.salt = source.as_ref().and_then(|s| s.hash_salt.as_ref()).map(fingerprint).unwrap_or_default();
            }
        }
        let path = |t: String| if t.contains('/') { t } else { format!("projects/{}/topics/{t}", bigquery.project) };
        let (topic, reports) = (topic.map(path), reports.map(path));
        let (source, storage, server) = (source?, storage?, server?);
        let warnings = Vec::new();
        Some(Self { source, storage, bigquery, run, server, topic, reports, changelog, tables, warnings })
    }
}

/// Tells one salt from another, and nothing else of it.
fn fingerprint(salt: &Secret) -> String {
    let digest = Sha256::digest(format!("fingerprint of {}", salt.expose()));
    digest[..4].iter().map(|b| format!("{b:02x}")).collect()
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

fn read_source(s: &Section<'_>) -> Option<SourceConfig> {
    let url = s.required_string("url", "url = \"${DATABASE_URL}\"");
    let statement_timeout = s.duration("statement_timeout");
    let hash_salt = s.string("hash_salt");
    s.refuse_unknown(&["url", "statement_timeout", "hash_salt"]);
    if let Some(salt) = hash_salt.as_ref().filter(|s| s.value.len() < SHORTEST_SALT) {
        let problem = format!("hash_salt is shorter than {SHORTEST_SALT} characters");
        s.fault(salt.at, problem, "make one with `openssl rand -hex 32`, and keep it: another salt is another digest");
    }
    if let Some(url) = url.as_ref().filter(|url| password::is_written(&s.shown(url))) {
        let remedy = "write url = \"${DATABASE_URL}\", and export DATABASE_URL";
        s.warn(url.at, "url: a password stands in the file".to_owned(), remedy);
    }
    Some(SourceConfig {
        url: Secret::new(url?.value),
        statement_timeout: statement_timeout.map(|d| d.value),
        hash_salt: hash_salt.map(|s| Secret::new(s.value)),
    })
}

fn read_storage(s: &Section<'_>) -> Option<StorageConfig> {
    const EXAMPLE: &str = "url = \"gs://my-bucket/plimsoll\"";
    let url = s.required_string("url", EXAMPLE);
    let part_size = s.size("part_size");
    let compression = s.choice("compression", &[("gzip", Compression::Gzip), ("none", Compression::None)]);
    s.refuse_unknown(&["url", "part_size", "compression"]);
    let part_size = match part_size {
        Some(size) if !(64 * 1024..=256 * 1024 * 1024).contains(&size.value) => {
            s.fault(size.at, "part_size: out of range".to_owned(), "between 64KiB and 256MiB; 16MiB is the default");
            return None;
        }
        Some(size) => size.value,
        None => 16 * 1024 * 1024,
    };
    let url = url?;
    let Some((bucket, prefix)) = split_bucket_url(&url.value) else {
        s.fault(url.at, format!("url: `{}` is not a Cloud Storage URL", s.shown(&url)), EXAMPLE);
        return None;
    };
    Some(StorageConfig { bucket, prefix, part_size, compression: compression.unwrap_or(Compression::Gzip) })
}

/// `gs://bucket/a/b` to (`bucket`, `a/b/`).
pub(crate) fn split_bucket_url(url: &str) -> Option<(String, String)> {
    let rest = url.strip_prefix("gs://")?;
    let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return None;
    }
    let path = path.trim_matches('/');
    let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
    Some((bucket.to_owned(), prefix))
}

fn read_bigquery(s: &Section<'_>) -> Option<BigQueryConfig> {
    let project = s.required_string("project", "project = \"my-project\"");
    let dataset = s.required_string("dataset", "dataset = \"app\"");
    let staging = s.string("staging_dataset");
    let location = s.string("location");
    let job_timeout = s.duration("job_timeout").map_or(Duration::from_secs(3600), |d| d.value);
    s.refuse_unknown(&["project", "dataset", "staging_dataset", "location", "job_timeout"]);
    for name in [&dataset, &staging].into_iter().flatten() {
        if name.value.is_empty() || !name.value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            let problem = format!("`{}` is not a dataset name", s.shown(name));
            s.fault(name.at, problem, "letters, digits and underscores only");
        }
    }
    let dataset = dataset?.value;
    let staging = staging.map_or_else(|| format!("{dataset}_staging"), |d| d.value);
    Some(BigQueryConfig {
        project: project?.value,
        dataset,
        staging_dataset: staging,
        location: location.map(|l| l.value),
        job_timeout,
    })
}

/// Where messages go, both optional: ticks, and run reports.
fn read_pubsub(s: &Section<'_>) -> (Option<String>, Option<String>) {
    s.refuse_unknown(&["topic", "reports"]);
    let (topic, reports) = (read_topic(s, "topic"), read_topic(s, "reports"));
    if !s.is_given("topic") && !s.is_given("reports") {
        s.fault(s.at(), "names no topic".to_owned(), "topic = \"plimsoll\"");
    }
    if let (Some(_), true) = (&topic, topic == reports) {
        // Each report would be taken for the request of a tick.
        s.fault(s.at(), "`reports` is the topic that ticks come from".to_owned(), "reports = \"plimsoll-reports\"");
    }
    (topic, reports)
}

/// A topic's name, or its whole path.
fn read_topic(s: &Section<'_>, key: &str) -> Option<String> {
    let topic = s.string(key)?;
    let is_path = matches!(topic.value.split('/').collect::<Vec<_>>().as_slice(),
        ["projects", p, "topics", t] if !p.is_empty() && !t.is_empty());
    let problem = || format!("`{key}`: `{}` is not a topic's name", s.shown(&topic));
    if topic.value.contains('/') && !is_path {
        let remedy = format!("{key} = \"plimsoll\", or \"projects/my-project/topics/plimsoll\"");
        s.fault(topic.at, problem(), &remedy);
        return None;
    }
    if !topic.value.rsplit('/').next().is_some_and(is_topic_name) {
        let remedy = format!(
            "3 to 255 letters, digits and - . _ ~ + %, a letter first, and not `goog`; such as {key} = \"plimsoll\""
        );
        s.fault(topic.at, problem(), &remedy);
        return None;
    }
    Some(topic.value)
}

/// Source: <https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names>.
fn is_topic_name(name: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-._~+%".contains(c);
    (3..=255).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(is_allowed)
        && !name.starts_with("goog")
}

fn read_run(s: &Section<'_>, max_age: Duration) -> RunConfig {
    let at_least_a_second = |key: &str| {
        let given = s.duration(key)?;
        if given.value < Duration::from_secs(1) {
            s.fault(given.at, format!("`{key}` is shorter than a second"), "leave it out for the default");
        }
        Some(given)
    };
    let or = |given: Option<Located<Duration>>, default: u64| given.map_or(Duration::from_secs(default), |d| d.value);
    let budget = at_least_a_second("budget");
    if let Some(written) = budget.as_ref().filter(|d| d.value >= LONGEST_ACK_DEADLINE) {
        let problem = format!(
            "budget: {} is too long: Pub/Sub waits 10 min for an answer at most, then delivers the message again",
            humantime::format_duration(written.value)
        );
        s.fault(written.at, problem, "budget = \"8m\"; what is not done in that time goes on with the next tick");
    }
    let budget = or(budget, 480);
    let lease = or(at_least_a_second("lease"), 600);
    let heartbeat = read_heartbeat(s, at_least_a_second("heartbeat"), max_age);
    let parallelism = s.integer("parallelism", 1..=64).unwrap_or(4);
    let chunk_rows = s.integer("chunk_rows", 1..=i64::MAX).and_then(|n| u64::try_from(n).ok()).unwrap_or(5_000_000);
    let fan_out = match s.boolean("fan_out") {
        Some(true) => FanOut::On,
        _ => FanOut::Off,
    };
    s.refuse_unknown(&["budget", "lease", "heartbeat", "parallelism", "chunk_rows", "fan_out"]);
    let parallelism = usize::try_from(parallelism).unwrap_or(4);
    RunConfig { budget, lease, heartbeat, parallelism, chunk_rows, fan_out }
}

/// By the state alone a quiet table looks as old as the last heartbeat. Beyond half of `max_age` it would be called late, in every
/// process but the one that runs it.
fn read_heartbeat(s: &Section<'_>, given: Option<Located<Duration>>, max_age: Duration) -> Duration {
    let longest = max_age / 2;
    match given {
        Some(d) if d.value > longest => {
            let longest = humantime::format_duration(longest);
            let problem =
                "`heartbeat` is longer than half of [server] max_age: quiet tables would look late".to_owned();
            s.fault(d.at, problem, &format!("heartbeat = \"{longest}\" at most, or a longer max_age"));
            d.value
        }
        Some(d) => d.value,
        None => HEARTBEAT.min(longest),
    }
}

#[cfg(test)]
mod tests;
