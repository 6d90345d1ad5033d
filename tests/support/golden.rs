//! Every statement that a test makes BigQuery run has to be one of the golden files, which Google's analyzer checks.
//!
//! What differs from run to run (run ids, names of a test's own datasets, bounds, dates) is made equal first.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use super::compare::Bq;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/bigquery"))
}

/// Makes a statement independent of the test that ran it.
fn normalize(sql: &str, dataset: &str) -> String {
    let mut text = sql.replace(&format!("{dataset}_staging"), "app_staging").replace(dataset, "app");
    // The run is named by the staging table, and by the metadata columns.
    let staging = sql.split('`').find(|name| name.contains(&format!("{dataset}_staging.")));
    if let Some((_, run)) = staging.and_then(|name| name.rsplit_once("__")) {
        text = text.replace(&format!("'{run}'"), "'RUN'");
    }
    for (start, end, put) in [(".app_staging.", "`", "RUN"), ("TIMESTAMP '", "'", "2026-01-01 00:00:00.000000+00")] {
        let mut from = 0;
        while let Some(at) = text[from..].find(start).map(|n| n + from + start.len()) {
            let Some(stop) = text[at..].find(end).map(|n| n + at) else { break };
            let replaced = match text[at..stop].rfind("__") {
                Some(cut) if put == "RUN" => format!("{}__RUN", &text[at..at + cut]),
                _ => put.to_owned(),
            };
            text.replace_range(at..stop, &replaced);
            from = at + replaced.len();
        }
    }
    let bounded: Vec<String> = text.lines().map(normalize_bounds).collect();
    bounded.join("\n")
}

/// Bounds are constants of any type: those of one type become the same.
fn normalize_bounds(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((head, bounds)) = rest.split_once(" BETWEEN ") {
        let first = literal(bounds);
        let last = bounds[first.len()..].strip_prefix(" AND ").map_or("", literal);
        let put = match first.split_once(" '").map(|(word, _)| word) {
            // Blanks may stand inside.
            _ if first.starts_with('\'') => "'a' AND 'z'".to_owned(),
            Some(word) => format!("{word} '2026-01-01' AND {word} '2026-01-09'"),
            None => "1 AND 9".to_owned(),
        };
        out.push_str(&format!("{head} BETWEEN {put}"));
        rest = bounds.get(first.len() + " AND ".len() + last.len()..).unwrap_or_default();
    }
    out + rest
}

/// The constant at the beginning of a text: a number, a string, or a word and a string.
fn literal(text: &str) -> &str {
    let word = text.find(|c: char| !c.is_ascii_uppercase()).unwrap_or(0);
    let start = if text[word..].starts_with(" '") { word + 1 } else { 0 };
    if !text[start..].starts_with('\'') {
        return &text[..text.find([' ', ')']).unwrap_or(text.len())];
    }
    let mut escaped = false;
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at <= start) {
        match c {
            '\'' if !escaped => return &text[..=at],
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text
}

/// `-- table …` lines for every table the statement names.
async fn describe(bq: &Bq, sql: &str, dataset: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for name in sql.split('`').filter(|p| p.matches('.').count() == 2 && !p.contains(char::is_whitespace)) {
        let parts: Vec<&str> = name.split('.').collect();
        let table = bq.get(&format!("/datasets/{}/tables/{}", parts[1], parts[2])).await;
        let fields = table["schema"]["fields"].as_array().cloned().unwrap_or_default();
        let columns: Vec<String> =
            fields.iter().map(|f| format!("{} {}", text(&f["name"]), sql_type(&text(&f["type"])))).collect();
        let name = normalize(&format!("`{name}`"), dataset).replace('`', "");
        let line = format!("-- table {name}: {}", columns.join(", "));
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

fn text(v: &Value) -> String {
    v.as_str().unwrap_or_default().to_owned()
}

fn sql_type(api: &str) -> &str {
    match api {
        "INTEGER" => "INT64",
        "FLOAT" => "FLOAT64",
        "BOOLEAN" => "BOOL",
        other => other,
    }
}

/// The golden text of a statement, while its tables are still there.
pub async fn render(bq: &Bq, sql: &str, dataset: &str) -> String {
    let mut lines = describe(bq, sql, dataset).await;
    lines.push(normalize(sql, dataset));
    lines.join("\n") + "\n"
}

/// Whether the text is one of the golden files; with `PLIMSOLL_ACCEPT=1` it becomes one.
pub fn is_golden(rendered: &str) -> bool {
    let known: BTreeSet<String> = std::fs::read_dir(folder())
        .into_iter()
        .flatten()
        .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path()).ok())
        .collect();
    if known.contains(rendered) {
        return true;
    }
    if std::env::var("PLIMSOLL_ACCEPT").is_ok_and(|v| v == "1") {
        let target = rendered
            .split_once("MERGE `demo.app.")
            .map_or("statement", |(_, rest)| rest.split('`').next().unwrap_or("x"));
        let hash =
            rendered.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        std::fs::create_dir_all(folder()).unwrap();
        std::fs::write(folder().join(format!("{target}_{:08x}.sql", hash as u32)), rendered).unwrap();
        return true;
    }
    false
}
