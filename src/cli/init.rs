//! `plimsoll init`: a commented config from the database's catalog.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::Duration;

use super::arguments::InitArgs;
use super::{CliError, Exit, Format, output};
use crate::config::known_logs;
use crate::model::{LogTable, RelationName};
use crate::source::{Candidate, RelationKind, Source, candidates};

/// Names that applications give to the column every write sets, best first.
const CURSORS: [&str; 8] =
    ["updated_at", "modified_at", "updated", "modified", "last_modified", "updated_on", "modified_on", "write_date"];
const TIMESTAMPS: [u32; 2] = [1114, 1184];

pub(super) async fn init(args: &InitArgs, format: Format) -> Result<Exit, CliError> {
    let source = Source::new(&args.url, Duration::from_secs(60))?;
    let to_stdout = args.output.as_os_str() == "-";
    let path = args.output.display().to_string();
    if !to_stdout && !args.force && args.output.exists() {
        return Err(CliError::File { path, reason: "the file exists".to_owned() });
    }
    let session = source.open().await?;
    let tables = candidates(&session).await?;
    let text = compose(&source.label(), &tables);
    if to_stdout {
        output::text(&text);
        return Ok(Exit::Done);
    }
    let written = tokio::fs::write(&args.output, text).await;
    written.map_err(|e| CliError::File { path: path.clone(), reason: e.to_string() })?;
    match format {
        Format::Json => output::json(&serde_json::json!({ "ok": true, "config": path, "tables": tables.len() })),
        Format::Text => output::text(&format!(
            "wrote {path} with {} tables\nnext: fill in [storage] and [bigquery], export DATABASE_URL, run `plimsoll check`",
            tables.len()
        )),
    }
    Ok(Exit::Done)
}

fn compose(label: &str, tables: &[Candidate]) -> String {
    let mut out = format!(
        "# Plimsoll: what to keep equal to what. Written from {label}; every key is described in docs/CONFIG.md.\n\n\
         [source]\n\
         # The connection string, from the environment: a secret never stands in this file.\n\
         url = \"${{DATABASE_URL}}\"\n\n\
         [storage]\n\
         # Staged files and the watermarks. Files under batches/ may be removed by a lifecycle rule after some days.\n\
         url = \"gs://my-bucket/plimsoll\"\n\n\
         [bigquery]\n\
         project = \"my-project\"\n\
         dataset = \"app\"\n\
         # Staging tables live here for the length of a run.\n\
         # staging_dataset = \"app_staging\"\n\
         # location = \"EU\"\n"
    );
    if let Some(log) = known_log(tables) {
        let _ = write!(
            out,
            "\n# {} looks like the log of {}: which rows have changed can be read from it, deletes included.\n\
             # Then write capture = \"changelog\" and log_types in a [[table]], which may be a view; see docs/CONFIG.md.\n\
             # [changelog]\n# preset = \"{}\"\n",
            log.0, log.1, log.1
        );
    }
    let mut targets = HashSet::new();
    for table in tables {
        out.push('\n');
        let target = legal_target(table, &mut targets);
        describe(table, &target, &mut out);
    }
    out
}

/// A change log among the tables, and its preset: one that has the name and the columns.
fn known_log(tables: &[Candidate]) -> Option<(RelationName, &'static str)> {
    known_logs().find_map(|spec| {
        let LogTable::One(name) = &spec.table else { return None };
        let found = tables.iter().find(|t| t.name.name == name.name)?;
        let needed = std::iter::once(&spec.id).chain(&spec.action).chain(&spec.key.columns);
        needed.into_iter().all(|c| found.relation.column(c).is_some()).then(|| (found.name.clone(), spec.name))
    })
}

/// A name for the target that BigQuery takes and no other table has.
fn legal_target(table: &Candidate, taken: &mut HashSet<String>) -> String {
    let legal = |name: &str| -> String {
        name.chars().map(|c| if c.is_alphanumeric() || c == '_' || c == '-' { c } else { '_' }).collect()
    };
    let (schema, name) = (legal(&table.name.schema), legal(&table.name.name));
    let numbered = (2..).map(|n| format!("{schema}_{name}_{n}"));
    let mut names = [name.clone(), format!("{schema}_{name}")].into_iter().chain(numbered);
    names.find(|n| taken.insert(n.to_lowercase())).unwrap_or(name)
}

/// One `[[table]]`, with the reason for what it proposes.
fn describe(candidate: &Candidate, target: &str, out: &mut String) {
    let relation = &candidate.relation;
    let cursor = CURSORS
        .iter()
        .find(|name| relation.column(name).is_some_and(|c| c.not_null && TIMESTAMPS.contains(&c.base_oid)));
    let rows = relation.rows.map_or(String::new(), |n| format!(", about {n} rows"));
    let kind = if relation.kind == RelationKind::Partitioned { ", partitioned" } else { "" };
    let mut lines: Vec<String> = Vec::new();
    let name = &candidate.name;
    let source = toml::Value::String(quoted_relation(&name.schema, &name.name));
    lines.push("[[table]]".to_owned());
    lines.push(format!("source = {source}"));
    if target != name.name {
        lines.push(format!("target = \"{target}\""));
    }
    let unkeyed = relation.primary_key.is_empty();
    let unique =
        relation.unique.iter().find(|columns| columns.iter().all(|c| relation.column(c).is_some_and(|c| c.not_null)));
    match (unkeyed, unique) {
        (true, Some(columns)) => {
            let list: Vec<String> = columns.iter().map(|c| toml::Value::String(c.clone()).to_string()).collect();
            lines.push(format!("key = [{}]                # no primary key; this is unique", list.join(", ")));
        }
        (true, None) => {
            lines.push(
                "capture = \"full\"            # no key: the whole table replaces the target every run".to_owned(),
            );
        }
        (false, _) => {}
    }
    match cursor {
        Some(cursor) if !unkeyed || unique.is_some() => {
            let remark = if relation.leading.iter().any(|l| l == cursor) {
                "has an index; every write has to set it"
            } else {
                "every write has to set it; an index on it would spare a scan each tick"
            };
            lines.push(format!("cursor = \"{cursor}\"     # {remark}"));
        }
        None if !unkeyed || unique.is_some() => {
            lines.push(
                "capture = \"xmin\"            # finds every change by its transaction; scans the table each tick"
                    .to_owned(),
            );
        }
        _ => {}
    }
    if !unkeyed || unique.is_some() {
        lines.push(
            "# deletes = \"keys\"          # compare keys to find deleted rows; the default leaves them in the target"
                .to_owned(),
        );
    }
    let _ = write!(out, "# {name}{kind}{rows}\n{}\n", lines.join("\n"));
}

/// `schema.table`, quoted where the config's reader needs it.
fn quoted_relation(schema: &str, name: &str) -> String {
    let part = |text: &str| {
        let plain = text.chars().all(|c| c.is_alphanumeric() || c == '_');
        if plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
    };
    format!("{}.{}", part(schema), part(name))
}
