//! `plimsoll verify`: whether targets are what their sources are.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::arguments::VerifyArgs;
use super::bars::Bars;
use super::error::CliError;
use super::exit::{Exit, Format};
use super::layout::{Cell, Layout};
use super::output;
use super::paint::Tone;
use super::quoted_names::QuotedNames;
use super::run::{end_with_signal, remarks_on_runs};
use crate::model::VerifyLevel;
use crate::model::figures::{bytes, count, counted, duration};
use crate::run::{Context, Request, TickReport, VerifyReport, VerifyState, tick};

/// How often a busy feed is asked again.
const PAUSE: Duration = Duration::from_secs(2);

pub(super) async fn verify(context: Context, args: &VerifyArgs, format: Format, bars: Bars) -> Result<Exit, CliError> {
    let context = if output::is_watched() { context.watched_by(Arc::new(bars.clone())) } else { context };
    let context = Arc::new(context);
    end_with_signal(&context);
    let mut request = Request {
        tables: args.tables.tables.clone(),
        verify: true,
        repair: args.repair,
        level: Some(args.level.into()),
        strict: args.strict,
        documents: args.documents,
        allow_deletes: args.allow_deletes,
        ..Request::default()
    };
    let (began, patience) = (Instant::now(), args.wait.unwrap_or(Duration::ZERO).min(context.config.run.budget));
    let mut report = tick(&context, &request).await?;
    // What another run was at work on; the others are compared already.
    while report.has_met_a_busy_feed() && began.elapsed() < patience && !context.stop.is_cancelled() {
        tokio::time::sleep(PAUSE).await;
        request.tables.clone_from(&report.unserved);
        let later = tick(&context, &request).await?;
        report = report.followed_by(later);
    }
    bars.clear();
    if let Some(path) = &args.csv {
        write_keys(path, &report).map_err(|reason| CliError::File { path: path.display().to_string(), reason })?;
    }
    match format {
        Format::Json => output::json(&report)?,
        Format::Text => {
            QuotedNames::of(&context.config.tables).quote_report(&mut report);
            output::text(&describe(&report, args, Layout::of_stdout()))?;
        }
    }
    let is_equal = report.runs.iter().flat_map(|r| &r.verified).all(|v| v.state == VerifyState::Equal);
    Ok(match report.ok && is_equal && !report.has_met_a_busy_feed() {
        true => Exit::Done,
        false if report.is_config_fault() => Exit::Misconfigured,
        false => Exit::Failed,
    })
}

fn tone(state: VerifyState) -> Tone {
    match state {
        VerifyState::Equal => Tone::Good,
        VerifyState::Differs => Tone::Bad,
        VerifyState::GoesOn | VerifyState::NotCompared => Tone::Notable,
    }
}

fn describe(report: &TickReport, args: &VerifyArgs, layout: Layout) -> String {
    let mut verified: Vec<&VerifyReport> = report.runs.iter().flat_map(|r| &r.verified).collect();
    verified.sort_by_key(|v| v.state == VerifyState::Equal);
    let has_repaired = verified.iter().any(|v| v.repaired > 0);
    let mut heads = vec!["table", "state", "rows", "missing", "extra", "different"];
    heads.extend(has_repaired.then_some("repaired"));
    heads.extend(["billed", "took"]);
    let rows: Vec<Vec<Cell>> = verified
        .iter()
        .map(|v| {
            let mut row = vec![Cell::plain(&v.source), Cell::new(v.state.name(), tone(v.state))];
            row.extend([v.source_rows, v.missing, v.extra, v.different].map(|n| Cell::plain(count(n))));
            row.extend(has_repaired.then(|| Cell::plain(count(v.repaired))));
            row.push(Cell::plain(v.bytes_billed_in_all.or(v.bytes_billed).map_or("-".to_owned(), bytes)));
            row.push(Cell::plain(duration(v.seconds)));
            row
        })
        .collect();
    let mut out = if rows.is_empty() { String::new() } else { layout.table(&heads, &rows) };
    let told: String = verified.iter().map(|v| remarks(v, args, layout)).collect();
    let runs = remarks_on_runs(report, layout);
    if !told.is_empty() || !runs.is_empty() {
        out.push('\n');
        out.push_str(&told);
        out.push_str(&runs);
    }
    out
}

/// What there is to say of a table beside its row.
fn remarks(v: &VerifyReport, args: &VerifyArgs, layout: Layout) -> String {
    let mut out = String::new();
    let mut remark = |text: String| out.push_str(&layout.paragraph(0, ("", Tone::Plain), &text));
    let name = &v.source;
    let argument = crate::model::in_shell(name);
    if let Some(reason) = &v.reason {
        remark(format!("{name}: not compared: {reason}"));
    }
    if let Some(so_far) = v.goes_on {
        let (rows, about) = (count(v.source_rows), count(so_far.about));
        remark(format!("{name}: {rows} of about {about} rows are compared so far; the next tick goes on"));
    }
    if !v.columns.is_empty() {
        let each: Vec<String> =
            v.columns.iter().map(|(c, n)| format!("{c} ({})", counted(*n, "row", "rows"))).collect();
        remark(format!("{name}: columns that differ: {}", each.join(", ")));
    }
    if v.at_least {
        remark(format!("{name}: more rows differ than were looked at"));
    }
    if args.csv.is_some() && (v.keys.len() as u64) < v.missing + v.extra + v.different {
        remark(format!("{name}: the file has the first {}", counted(v.keys.len() as u64, "key", "keys")));
    }
    if v.state == VerifyState::Differs && !args.repair {
        remark(format!("{name}: `plimsoll verify --table {argument} --repair` reads again what differs"));
    }
    if v.deletes_ignored > 0 {
        let rows = counted(v.deletes_ignored, "row is", "rows are");
        remark(format!(
            "{name}: {rows} in the target alone, where deletes are ignored; --strict counts them as a difference"
        ));
    }
    if v.nulled > 0 {
        let values = counted(v.nulled, "value is", "values are");
        remark(format!("{name}: {values} NULL in the target, which can't hold them; that is no difference"));
    }
    if v.level == VerifyLevel::Values && !v.structure_only.is_empty() && v.state != VerifyState::NotCompared {
        let columns = v.structure_only.join(", ");
        let compared = match v.documents {
            Some(rows) => format!(", but for {}, compared by what they mean", counted(rows, "row", "rows")),
            None => "; --documents all compares them by what they mean".to_owned(),
        };
        remark(format!(
            "{name}: of documents the structure alone was compared (kind, keys, lengths): {columns}{compared}"
        ));
    }
    out
}

/// Writes the keys that differ: the table, how, and the key as a JSON object.
fn write_keys(path: &Path, report: &TickReport) -> Result<(), String> {
    let mut file = csv::Writer::from_path(path).map_err(|e| e.to_string())?;
    file.write_record(["table", "kind", "key"]).map_err(|e| e.to_string())?;
    for v in report.runs.iter().flat_map(|r| &r.verified) {
        for found in &v.keys {
            let key: serde_json::Map<String, serde_json::Value> =
                v.key.iter().cloned().zip(found.key.iter().map(|k| k.clone().into())).collect();
            let key = serde_json::Value::from(key).to_string();
            file.write_record([v.source.as_str(), found.kind, &key]).map_err(|e| e.to_string())?;
        }
    }
    file.flush().map_err(|e| e.to_string())
}
