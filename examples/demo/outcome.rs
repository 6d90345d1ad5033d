//! What came of it: what the runs say that they did, and what `plimsoll verify` finds.

use std::process::Stdio;

use serde_json::Value;

use super::Failed;
use super::program::Plimsoll;
use super::stack::Stack;

/// Every report a run has left beside its batch.
pub async fn reports(stack: &Stack, http: &reqwest::Client) -> Result<Vec<Value>, Failed> {
    let bucket = format!("{}/storage/v1/b/demo-bucket/o", stack.gcs.url);
    let list: Value = http.get(format!("{bucket}?maxResults=5000")).send().await?.json().await?;
    let names = list["items"].as_array().into_iter().flatten().filter_map(|i| i["name"].as_str());
    let mut found = Vec::new();
    for name in names.filter(|n| n.ends_with("/report.json")) {
        let path = name.replace('/', "%2F");
        found.push(http.get(format!("{bucket}/{path}?alt=media")).send().await?.json().await?);
    }
    Ok(found)
}

/// What the reports in the bucket say of one target: upserts, rows deleted, runs that changed it.
fn from_reports(reports: &[Value], target: &str) -> (u64, u64, u64) {
    let own = |t: &&Value| t["target"].as_str() == Some(target);
    let of_table = reports.iter().flat_map(|r| r["tables"].as_array().into_iter().flatten()).filter(own);
    of_table.fold((0, 0, 0), |(upserts, deletes, runs), t| {
        let number = |key: &str| t[key].as_u64().unwrap_or(0);
        // Of rows that are sent one by one BigQuery counts none.
        let gone = t["rows_deleted"].as_u64().unwrap_or_else(|| number("deletes"));
        (upserts + number("upserts"), deletes + gone, runs + 1)
    })
}

/// Compares every table with its source, and prints what was found beside what the runs did; how many rows differ.
pub async fn print_table(plimsoll: &Plimsoll, reports: &[Value], seconds: f64) -> Result<u64, Failed> {
    let config = std::fs::read_to_string(plimsoll.dir().join("plimsoll.toml"))?;
    let tables = config.lines().filter(|line| line.trim() == "[[table]]").count();
    let answer = plimsoll
        .command(&["verify", "--json"])?
        .env("RUST_LOG", "plimsoll=warn")
        .stdout(Stdio::piped())
        .output()
        .await?;
    let report: Value = serde_json::from_slice(&answer.stdout)?;
    let verified: Vec<&Value> =
        report["runs"].as_array().into_iter().flatten().filter_map(|r| r["verified"].as_array()).flatten().collect();
    if verified.len() != tables || verified.iter().any(|v| v["state"] == "not_compared") {
        return Err(format!("not every table was compared: {report}").into());
    }
    println!(
        "\n{:<26}{:>12}{:>12}{:>13}{:>10}{:>9}{:>7}{:>9}",
        "table", "source rows", "target rows", "differences", "upserts", "deletes", "runs", "seconds"
    );
    let mut total = 0;
    for table in verified {
        let number = |key: &str| table[key].as_u64().unwrap_or(0);
        let target = table["target"].as_str().unwrap_or_default();
        let name = target.rsplit('.').next().unwrap_or_default();
        let (upserts, deletes, runs) = from_reports(reports, target);
        let differences = number("missing") + number("extra") + number("different");
        let (source, target) = (number("source_rows"), number("target_rows"));
        println!("{name:<26}{source:>12}{target:>12}{differences:>13}{upserts:>10}{deletes:>9}{runs:>7}{seconds:>9.1}");
        if differences > 0 {
            println!("    {table}");
        }
        total += differences;
    }
    println!();
    Ok(total)
}
