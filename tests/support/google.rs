//! Google's own engine, which evaluates queries as BigQuery does, over tables that are given with them.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// A table: its name, its columns with their types, and rows in the form that `evaluate.py` reads.
pub struct GivenTable {
    pub name: String,
    pub columns: Vec<(String, String)>,
    pub rows: Vec<Vec<Value>>,
}

/// What each query over the table selects. The engine takes a few seconds to start, so ask it all at once.
pub fn evaluate(table: &GivenTable, queries: &[String]) -> Vec<Vec<Vec<Option<String>>>> {
    let venv = std::env::var("PLIMSOLL_VENV").expect("PLIMSOLL_VENV is not set: run the tests with `make test`");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/evaluate.py");
    let mut child = Command::new(format!("{venv}/bin/python"))
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut tables = serde_json::Map::new();
    tables.insert(table.name.clone(), json!({ "columns": table.columns, "rows": table.rows }));
    let request = json!({ "tables": tables, "queries": queries });
    // It reads all of its input before it writes.
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the engine failed");
    serde_json::from_slice(&output.stdout).unwrap()
}
