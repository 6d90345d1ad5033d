//! `plimsoll sample`: what a run would stage of a table, from nothing but a database.
//!
//! Standard output gets the staged lines and nothing else, so that they can be piped. Standard error gets SQL: the target's
//! `CREATE TABLE`, and the rest as comments. No value of a row is on it.

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::config_file;
use super::database;
use super::error::CliError;
use super::exit::{Exit, Format};
use super::output;
use super::sample_error::SampleError;
use crate::capture::CaptureError;
use crate::config::{self, Config, ConfigSource, Environment, Secret};
use crate::model::figures::counted;
use crate::model::{OnUnrepresentable, RelationName, TableSpec, TargetRef};
use crate::propose::{Proposed, Verdict, Wish, comment, legal, near, propose_table, relation_name, settings, spec_of};
use crate::run::{RunError, Sample, Sampled};
use crate::source::{Candidate, Needs, Session, Source, Trigger, with_key_of};

/// Print what would be staged of a table, from nothing but a database: no bucket, no BigQuery, no config needed.
///
/// Standard output gets the staged lines (NDJSON). Standard error gets SQL: the target's CREATE TABLE, then comments that
/// say which settings count and what would be quarantined. The settings are the config's where there is one with this
/// table, else those that `plimsoll init` would choose for it alone. The first rows by key are read, in one read-only transaction.
#[derive(Debug, Args)]
pub(crate) struct SampleArgs {
    /// postgres://user:password@host/database; where not given that of the config, without a config DATABASE_URL.
    url: Option<String>,
    /// The table or view: schema.table, or the name of its target in the config.
    #[arg(long, value_name = "TABLE")]
    table: String,
    /// How many rows at most.
    #[arg(long, default_value_t = 100, value_name = "N", allow_negative_numbers = true, value_parser = row_count)]
    rows: u64,
}

fn row_count(typed: &str) -> Result<u64, String> {
    typed.parse().map_err(|_| "write a whole number that is not negative, such as 100".to_owned())
}

/// What the sample is made with.
struct Plan {
    spec: TableSpec,
    target: TargetRef,
    /// Where the settings come from, for people.
    settings: Vec<String>,
}

pub(super) async fn sample(args: &SampleArgs, config: Option<&str>, format: Format) -> Result<Exit, CliError> {
    database::warn_of_password(args.url.as_deref(), &format!("sample --table '{}'", args.table));
    let config = read_config(config, args.url.as_deref()).await?;
    let url = match (&args.url, &config) {
        (None, Some(config)) => config.source.url.expose().to_owned(),
        (url, _) => database::url(url.as_deref(), &format!("sample --table '{}'", args.table))?,
    };
    let timeout = config.as_ref().and_then(|c| c.source.statement_timeout).unwrap_or(Duration::from_secs(60));
    let salt = config.as_ref().and_then(|c| c.source.hash_salt.as_ref()).map(Secret::expose);
    let source = Source::new(&url, timeout)?.salted(salt);
    let session = source.open().await?;
    let moment = session.begin().await?;
    let plan = plan(&session, args, config.as_ref()).await?;
    let relation = session.read_relation(&plan.spec.source).await?;
    let relation = with_key_of(&relation, &plan.spec);
    let sample = Sample::open(&session, &plan.spec, &relation, &moment, plan.target.clone())?;
    let outcome = match format {
        Format::Text => print(&sample, args.rows, &plan).await,
        Format::Json => print_json(&sample, args.rows, &plan).await,
    };
    match outcome {
        Ok(done) => output::written(done).map(|()| Exit::Done),
        Err(e) => Err(explain(&session, &plan.spec.source, e).await),
    }
}

/// The config, where there is one. What it says of bucket and dataset does not matter here.
async fn read_config(named: Option<&str>, url: Option<&str>) -> Result<Option<Config>, CliError> {
    if named.is_none() && !Path::new("plimsoll.toml").exists() {
        return Ok(None);
    }
    let mut env = Environment::of_process();
    if let Some(url) = url {
        env = env.or("DATABASE_URL", url);
    }
    for name in [
        "GOOGLE_CLOUD_PROJECT",
        "PLIMSOLL_BUCKET",
        "PLIMSOLL_PREFIX",
        "PLIMSOLL_DATASET",
        "PLIMSOLL_STAGING_DATASET",
        "PLIMSOLL_LOCATION",
        "PLIMSOLL_TOPIC",
    ] {
        env = env.or(name, &name.to_lowercase());
    }
    match config::locate(named) {
        ConfigSource::File(path) => Ok(Some(config::fetch(&path, &env).await?)),
        ConfigSource::Object { .. } => config_file::read_config(named).await.map(Some),
    }
}

/// The table's settings: those of the config, else what `init` would propose.
async fn plan(session: &Session, args: &SampleArgs, config: Option<&Config>) -> Result<Plan, CliError> {
    let typed = RelationName::parse_in(session.dialect(), &args.table);
    let is_it = |spec: &&TableSpec| {
        spec.target == args.table || spec.source.to_string() == args.table || typed.as_ref() == Some(&spec.source)
    };
    let place = |table: &str| TargetRef {
        project: config.map_or("my-project", |c| &c.bigquery.project).to_owned(),
        dataset: config.map_or("app", |c| &c.bigquery.dataset).to_owned(),
        table: table.to_owned(),
    };
    if let Some(spec) = config.and_then(|c| c.tables.iter().find(is_it)) {
        let settings = vec![format!("{}: the settings of the config", relation_name(&spec.source))];
        return Ok(Plan { spec: spec.clone(), target: place(&spec.target), settings });
    }
    let listing = match &typed {
        Some(name) => session.candidate(name).await?,
        None => None,
    };
    let Some(listing) = listing else {
        let names = session.relation_names().await?;
        let near = near(&args.table, names.iter());
        return Err(SampleError::NoSuchTable { dialect: session.dialect(), typed: args.table.clone(), near }.into());
    };
    let Some(found) = listing.candidates.first() else {
        let name = typed.unwrap_or_else(|| RelationName { schema: String::new(), name: args.table.clone() });
        let statements = session.grants(&name, &Needs::Whole).await?.statements;
        return Err(SampleError::Denied { dialect: session.dialect(), table: relation_name(&name), statements }.into());
    };
    let proposed = propose_table(&listing, found, Wish::Named, None, legal(&found.name.name));
    let spec = spec_of(&proposed)
        .map_err(|reason| SampleError::NoSettings { table: relation_name(&proposed.name), reason })?;
    // Among the other tables it may be one that nobody wants unless it is named.
    let listed = propose_table(&listing, found, Wish::Listed, None, legal(&found.name.name));
    Ok(Plan { target: place(&spec.target), spec, settings: describe(&proposed, &listed.verdict, found) })
}

/// The settings, and how far they are those of a file by `init`, which looks at the other tables as well.
fn describe(proposed: &Proposed, listed: &Verdict, found: &Candidate) -> Vec<String> {
    let is_logged = found.triggers.iter().any(Trigger::is_of_every_write);
    let what = match listed {
        Verdict::Commented(_) => "settings for this table alone; `plimsoll init` writes it as a comment",
        Verdict::Active if is_logged => {
            "settings for this table alone; it has triggers, and if they write a change log `plimsoll init` chooses that"
        }
        Verdict::Active => "the settings that `plimsoll init` would write",
    };
    let mut lines = vec![format!("{}: {what}", relation_name(&proposed.name))];
    lines.extend(settings(proposed).into_iter().map(|line| format!("  {line}")));
    lines.extend(proposed.remarks.iter().cloned());
    if let Verdict::Commented(reasons) = listed {
        let is_new = |reason: &&String| !proposed.remarks.contains(reason);
        lines.extend(reasons.iter().filter(is_new).cloned());
    }
    lines
}

/// The inner result is that of writing to standard output.
async fn print(sample: &Sample<'_>, rows: u64, plan: &Plan) -> Result<io::Result<()>, RunError> {
    remark(&sample.ddl);
    plan.settings.iter().for_each(|line| remark(&format!("-- {}", comment(line))));
    let mut out = BufWriter::new(io::stdout());
    let mut written = Ok(());
    let read = sample.read(rows, |line| or_stop(&mut written, out.write_all(line))).await;
    let written = written.and_then(|()| out.flush());
    summary(&read?, &plan.spec).iter().for_each(|line| remark(&format!("-- {}", comment(line))));
    Ok(written)
}

/// Prints a line to standard error. The rows count, whatever becomes of it.
fn remark(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// As [`print()`].
async fn print_json(sample: &Sample<'_>, rows: u64, plan: &Plan) -> Result<io::Result<()>, RunError> {
    let mut out = BufWriter::new(io::stdout());
    let (source, target) = (json!(relation_name(&plan.spec.source)), json!(plan.target.to_string()));
    // Nothing is written before the first row is there: an error is a JSON object of its own.
    let mut before = format!("{{\"source\":{source},\"target\":{target},\"ddl\":{},\"rows\":[\n", json!(sample.ddl));
    let mut written = Ok(());
    let print = |line: &[u8]| {
        let before = std::mem::replace(&mut before, ",\n".to_owned());
        let each = out.write_all(before.as_bytes());
        or_stop(&mut written, each.and_then(|()| out.write_all(line.strip_suffix(b"\n").unwrap_or(line))))
    };
    let read = sample.read(rows, print).await?;
    let head = if before == ",\n" { "\n" } else { &before };
    let end = format!("{head}],\"counts\":{},\"quarantined\":{}}}\n", json!(read), json!(read.refusals));
    Ok(written.and_then(|()| out.write_all(end.as_bytes())).and_then(|()| out.flush()))
}

/// Stops at the first write that fails, and keeps why.
fn or_stop(written: &mut io::Result<()>, now: io::Result<()>) -> ControlFlow<()> {
    *written = now;
    if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

fn summary(read: &Sampled, spec: &TableSpec) -> Vec<String> {
    let mut lines = vec![format!("{}, {} quarantined", counted(read.read, "row", "rows"), read.quarantined)];
    for refusal in &read.refusals {
        lines.push(format!(
            "  {}: {} ({}; the first in row {})",
            refusal.column,
            refusal.reason,
            counted(refusal.values, "value", "values"),
            refusal.first_row
        ));
    }
    if read.nulled > 0 {
        let kept = match spec.on_unrepresentable {
            OnUnrepresentable::Quarantine => "; the rows as they are go to the quarantine file",
            OnUnrepresentable::Null | OnUnrepresentable::Fail => "",
        };
        lines.push(format!(
            "  NULL is staged for {} that the target can't hold{kept}",
            counted(read.nulled, "value", "values")
        ));
    }
    if read.truncated > 0 {
        lines.push(format!(
            "  {} without the seventh digit of a second: BigQuery keeps six",
            counted(read.truncated, "value is staged", "values are staged")
        ));
    }
    if read.left_out > 0 {
        lines.push(format!(
            "  {} not staged: the target can't hold the key",
            counted(read.left_out, "row is", "rows are")
        ));
    }
    lines
}

/// What to type where the source does not let the table be read, with its own names.
async fn explain(session: &Session, name: &RelationName, e: RunError) -> CliError {
    let (RunError::Source(of_source) | RunError::Capture(CaptureError::Source(of_source))) = &e else {
        return e.into();
    };
    // The failed statement has spoilt its transaction.
    let _ = session.end().await;
    let (dialect, table) = (session.dialect(), relation_name(name));
    let told = match of_source {
        hidden if hidden.hides_rows() => {
            session.hidden_from(name).await.map(|statements| SampleError::Hidden { dialect, table, statements })
        }
        denied if denied.is_denied() => {
            let found = session.grants(name, &Needs::Whole).await;
            found.map(|grants| SampleError::Denied { dialect, table, statements: grants.statements })
        }
        _ => return e.into(),
    };
    match told {
        Ok(SampleError::Hidden { statements, .. } | SampleError::Denied { statements, .. })
            if statements.is_empty() =>
        {
            e.into()
        }
        Ok(told) => told.into(),
        Err(_) => e.into(),
    }
}
