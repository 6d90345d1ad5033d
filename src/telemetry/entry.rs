//! A line of `tracing-stackdriver` on its way out: what its spans say becomes the entry's trace and labels, for which that crate has
//! no place of its own but by way of OpenTelemetry.

use std::io::{self, Write};
use std::sync::OnceLock;

use serde_json::{Map, Value};
use tracing_subscriber::fmt::MakeWriter;

/// The project that traces belong to; Terraform's module sets it.
const PROJECT: &str = "GOOGLE_CLOUD_PROJECT";
/// The fields of spans that become labels.
const LABELS: [&str; 3] = ["feed", "table", "run"];

/// The fields of events that are numbers with a fraction.
const FRACTIONS: [&str; 1] = ["seconds"];

static NAMED_PROJECT: OnceLock<String> = OnceLock::new();

/// The project of traces, where the environment does not name one.
pub fn name_project(project: &str) {
    // The first name stays: a process has one config.
    let _ = NAMED_PROJECT.set(project.to_owned());
}

fn project() -> Option<String> {
    let named = std::env::var(PROJECT).ok().filter(|v| !v.is_empty());
    named.or_else(|| NAMED_PROJECT.get().cloned())
}

/// Writes entries to standard error.
pub(super) struct JsonEntries;

pub(super) struct JsonEntry(io::Stderr);

impl<'a> MakeWriter<'a> for JsonEntries {
    type Writer = JsonEntry;

    fn make_writer(&'a self) -> JsonEntry {
        JsonEntry(io::stderr())
    }
}

impl Write for JsonEntry {
    /// The formatter hands over one whole line at a time.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let annotated = annotate(line, project().as_deref());
        self.0.write_all(annotated.as_deref().unwrap_or(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The line with its trace and labels; `None` for what is not an entry.
fn annotate(line: &[u8], project: Option<&str>) -> Option<Vec<u8>> {
    let mut entry: Map<String, Value> = serde_json::from_slice(line).ok()?;
    entry.remove("span");
    // Told as a text: the formatter has no place for a number with a fraction.
    for name in FRACTIONS {
        let number = entry.get(name).and_then(Value::as_str).and_then(|text| text.parse::<f64>().ok());
        if let Some(number) = number {
            entry.insert(name.to_owned(), number.into());
        }
    }
    let spans = entry.remove("spans");
    let spans = spans.as_ref().and_then(Value::as_array).into_iter().flatten();
    let mut labels = Map::new();
    for (name, value) in spans.filter_map(Value::as_object).flatten() {
        let Some(text) = value.as_str() else { continue };
        match name.as_str() {
            "trace" => {
                let full = project.map_or_else(|| text.to_owned(), |p| format!("projects/{p}/traces/{text}"));
                entry.insert("logging.googleapis.com/trace".to_owned(), full.into());
            }
            "span_id" => {
                entry.insert("logging.googleapis.com/spanId".to_owned(), text.into());
            }
            name if LABELS.contains(&name) => {
                labels.insert(name.to_owned(), text.into());
            }
            _ => {}
        }
    }
    if !labels.is_empty() {
        entry.insert("logging.googleapis.com/labels".to_owned(), labels.into());
    }
    let mut out = serde_json::to_vec(&entry).ok()?;
    out.push(b'\n');
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_become_the_trace_and_the_labels() {
        let line = br#"{"severity":"INFO","message":"m","seconds":"0.25","span":{"name":"run"},"spans":[
            {"name":"request","trace":"4bf9","span_id":"00f0"},{"name":"run","feed":"orders","run":"r","table":"t","n":1}]}"#;
        let told = |project| -> Value { serde_json::from_slice(&annotate(line, project).unwrap()).unwrap() };
        assert_eq!(
            told(Some("p")),
            serde_json::json!({
                "severity": "INFO", "message": "m", "seconds": 0.25,
                "logging.googleapis.com/trace": "projects/p/traces/4bf9", "logging.googleapis.com/spanId": "00f0",
                "logging.googleapis.com/labels": { "feed": "orders", "run": "r", "table": "t" },
            })
        );
        assert_eq!(told(None)["logging.googleapis.com/trace"], "4bf9");
        assert_eq!(annotate(b"no entry", None), None);
    }
}
