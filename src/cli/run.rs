//! `plimsoll run` and `plimsoll resync`: one tick, here and now.

use std::sync::Arc;

use super::bars::Bars;
use super::{CliError, Exit, Format, output};
use crate::run::{Context, Request, RunState, TickReport, tick};
use crate::server::stop_signal;

pub(super) async fn run(context: Context, request: Request, format: Format) -> Result<Exit, CliError> {
    let context = if output::is_terminal() { context.watched_by(Arc::new(Bars::default())) } else { context };
    let context = Arc::new(context);
    let stop = context.stop.clone();
    tokio::spawn(async move {
        stop_signal().await;
        stop.cancel();
    });
    let report = tick(&context, &request).await?;
    match format {
        Format::Json => output::json(&report),
        Format::Text => output::text(&describe(&report)),
    }
    Ok(if report.ok {
        Exit::Done
    } else if report.is_config_fault() {
        Exit::Misconfigured
    } else {
        Exit::Failed
    })
}

fn describe(report: &TickReport) -> String {
    if report.runs.is_empty() {
        return "nothing is due".to_owned();
    }
    let head = ["table", "state", "upserts", "deletes", "quarantined", "staged", "billed", "seconds"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let mut notes = String::new();
    for run in &report.runs {
        let sum = |f: fn(&crate::run::TableReport) -> u64| run.tables.iter().map(f).sum::<u64>();
        rows.push(vec![
            run.source.clone(),
            run.state.name().to_owned(),
            sum(|t| t.upserts).to_string(),
            sum(crate::run::TableReport::removed).to_string(),
            sum(|t| t.quarantined).to_string(),
            output::bytes(sum(|t| t.staged_bytes)),
            output::bytes(sum(|t| t.bytes_billed)),
            format!("{:.1}", run.seconds),
        ]);
        if run.state == RunState::Busy {
            notes.push_str(&format!("{}: nothing was done, for another run is at work on it: try again\n", run.source));
        }
        if run.state == RunState::Paused {
            let resume = format!("`plimsoll resume --table {}`", run.source);
            notes.push_str(&format!("{}: nothing was read, for it is paused: {resume}\n", run.source));
        }
        if let Some(why) = &run.whole {
            notes.push_str(&format!("{}: the whole table was read: {why}\n", run.source));
        }
        for (t, before) in run.tables.iter().filter_map(|t| Some((t, t.rows_before?))) {
            let (source, now) = (&t.source, t.rows_inserted);
            notes.push_str(&format!("{source}: a load replaced the target: {before} rows before, {now} now\n"));
        }
        if run.replayed {
            notes.push_str(&format!("{}: finished the sealed run {}\n", run.source, run.run));
        }
        for caveat in &run.caveats {
            notes.push_str(&format!("note: {caveat}\n"));
        }
        for a in &run.aside {
            notes.push_str(&format!("{}: set aside since {}: {}\n  hint: {}\n", a.source, a.since, a.message, a.hint));
        }
        for l in &run.loading {
            notes.push_str(&format!("{}: the load goes on with the next tick, {} rows so far\n", l.target, l.rows));
        }
        for p in &run.postponed {
            notes.push_str(&format!("{}: left for the next tick: {}\n  hint: {}\n", p.source, p.message, p.hint));
        }
        if let Some(log) = run.log.filter(|l| l.unreadable > 0) {
            notes.push_str(&format!("{}: {} log entries have keys that no row can have\n", run.source, log.unreadable));
        }
        if let Some(log) = run.log.filter(|l| l.unclaimed > 0) {
            notes.push_str(&format!(
                "{}: {} log entries are of types that no table claims\n",
                run.source, log.unclaimed
            ));
        }
        if let Some(e) = &run.error {
            notes.push_str(&format!("{}: error: {}\n  hint: {}\n", run.source, e.message, e.hint));
        }
    }
    format!("{}{notes}", output::columns(&rows))
}
