//! `plimsoll run` and `plimsoll resync`: one tick, here and now.

use std::sync::Arc;

use super::bars::Bars;
use super::error::CliError;
use super::exit::{Exit, Format};
use super::layout::{Cell, Layout};
use super::outage;
use super::output;
use super::paint::Tone;
use super::pause;
use super::quoted_names::QuotedNames;
use crate::model::figures::{age, bytes, count, counted, duration, minute, total};
use crate::model::in_shell;
use crate::run::{
    Context, Failure, LoadingReport, PausedReport, Request, RunReport, RunState, TableReport, TickReport, tick,
};
use crate::server::stop_signal;

pub(super) async fn run(context: Context, request: Request, format: Format, bars: Bars) -> Result<Exit, CliError> {
    let context = if output::is_watched() { context.watched_by(Arc::new(bars.clone())) } else { context };
    let context = Arc::new(context);
    end_with_signal(&context);
    let mut report = tick(&context, &request).await?;
    bars.clear();
    match format {
        Format::Json => output::json(&report)?,
        Format::Text => {
            QuotedNames::of(&context.config.tables).quote_report(&mut report);
            output::text(&describe(&report, Layout::of_stdout()))?;
        }
    }
    Ok(if report.ok {
        Exit::Done
    } else if report.is_config_fault() {
        Exit::Misconfigured
    } else {
        Exit::Failed
    })
}

/// Ends the runs of this process where somebody asks it to go.
pub(super) fn end_with_signal(context: &Arc<Context>) {
    let stop = context.stop.clone();
    tokio::spawn(async move {
        stop_signal().await;
        stop.cancel();
    });
}

fn describe(report: &TickReport, layout: Layout) -> String {
    if report.runs.is_empty() {
        return "nothing is due".to_owned();
    }
    let mut runs: Vec<&RunReport> = report.runs.iter().collect();
    runs.sort_by_key(|r| (r.state != RunState::Failed, r.is_well()));
    let sum = |run: &RunReport, f: fn(&TableReport) -> u64| total(run.tables.iter().map(f));
    let has_quarantined = runs.iter().any(|r| sum(r, |t| t.quarantined) > 0);
    // Tables that share a feed run together, under its name.
    let is_shared = runs.iter().any(|r| r.feed.is_shared());
    let mut heads = vec![if is_shared { "feed" } else { "table" }, "state", "upserts", "deletes"];
    heads.extend(has_quarantined.then_some("quarantined"));
    heads.extend(["billed", "took"]);
    let rows: Vec<Vec<Cell>> = runs
        .iter()
        .map(|run| {
            let tone = match run.state {
                RunState::Failed => Tone::Bad,
                _ if !run.is_well() => Tone::Bad,
                RunState::Done => Tone::Good,
                RunState::Busy | RunState::Paused => Tone::Notable,
                RunState::Empty => Tone::Plain,
            };
            let mut row = vec![
                Cell::plain(&run.source),
                Cell::new(run.state.name(), tone),
                Cell::plain(count(sum(run, |t| t.upserts))),
                Cell::plain(count(sum(run, TableReport::removed))),
            ];
            row.extend(has_quarantined.then(|| Cell::plain(count(sum(run, |t| t.quarantined)))));
            row.extend([bytes(sum(run, |t| t.bytes_billed.unwrap_or(0))), duration(run.seconds)].map(Cell::plain));
            row
        })
        .collect();
    let mut out = layout.table(&heads, &rows);
    let remarks = remarks_on_runs(report, layout);
    if !remarks.is_empty() {
        out.push('\n');
        out.push_str(&remarks);
    }
    if report.runs.len() > 1 {
        out.push('\n');
        out.push_str(&summary(report));
        out.push('\n');
    }
    out
}

/// What there is to say beside a table of runs, failures that several share first.
pub(super) fn remarks_on_runs(report: &TickReport, layout: Layout) -> String {
    let mut runs: Vec<&RunReport> = report.runs.iter().collect();
    runs.sort_by_key(|r| (r.state != RunState::Failed, r.is_well()));
    let each = runs.iter().map(|run| remarks(run, shared(run, &runs), loading(run, report), layout));
    shared_failures(&runs, layout) + &each.collect::<String>()
}

/// The loads that a run has left to the next tick: a later run of the same tick knows better.
fn loading<'a>(run: &'a RunReport, report: &TickReport) -> &'a [LoadingReport] {
    let last = report.runs.iter().rfind(|r| r.feed == run.feed);
    if last.is_some_and(|last| last.run == run.run) { &run.loading } else { &[] }
}

/// Whether a failure is one run's, or that of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shared {
    No,
    Yes,
}

fn shared(run: &RunReport, all: &[&RunReport]) -> Shared {
    let is_same = |r: &&&RunReport| matches!((&r.error, &run.error), (Some(a), Some(b)) if is_same_outage(a, b));
    let same = all.iter().filter(is_same).count();
    if same > 1 { Shared::Yes } else { Shared::No }
}

fn is_same_outage(a: &Failure, b: &Failure) -> bool {
    outage::is_same((&a.message, &a.hint), (&b.message, &b.hint))
}

/// What several runs have failed with, as where a service is down: each failure once.
fn shared_failures(runs: &[&RunReport], layout: Layout) -> String {
    let mut failures: Vec<(&Failure, Vec<&str>)> = Vec::new();
    for run in runs.iter().filter(|r| shared(r, runs) == Shared::Yes) {
        let Some(error) = &run.error else { continue };
        match failures.iter_mut().find(|(known, _)| is_same_outage(known, error)) {
            Some((_, sources)) => sources.push(&run.source),
            None => failures.push((error, vec![&run.source])),
        }
    }
    let tell = |(e, sources): &(&Failure, Vec<&str>)| {
        let head = layout.paragraph(0, ("", Tone::Plain), &format!("{}:", sources.join(", ")));
        head + &layout.error(2, &e.message, &e.hint)
    };
    failures.iter().map(tell).collect()
}

/// What there is to say of a run beside its row, errors first.
fn remarks(run: &RunReport, shared: Shared, loading: &[LoadingReport], layout: Layout) -> String {
    let mut out = String::new();
    let mut trouble = |head: String, message: &str, hint: &str| {
        out.push_str(&layout.paragraph(0, ("", Tone::Plain), &format!("{head}:")));
        out.push_str(&layout.error(2, message, hint));
    };
    if let Some(e) = run.error.as_ref().filter(|_| shared == Shared::No) {
        trouble(run.source.clone(), &e.message, &e.hint);
    }
    for a in &run.aside {
        trouble(format!("{}, set aside since {}", a.source, minute(a.since)), &a.message, &a.hint);
    }
    for p in &run.postponed {
        trouble(format!("{}, left for the next tick", p.source), &p.message, &p.hint);
    }
    let mut remark = |text: String| out.push_str(&layout.paragraph(0, ("", Tone::Plain), &text));
    if run.state == RunState::Busy {
        let since = run.lease_seconds.map_or(String::new(), |s| format!(" for {}", age(s)));
        let free = run.free_at.map_or(String::new(), |at| {
            format!(". If the process of that run is gone, it is free again at {}", minute(at))
        });
        remark(format!(
            "{}: nothing was done: another run has been at work on it{since}; try again later{free}",
            run.source
        ));
    }
    if run.state == RunState::Paused {
        let argument = |p: &PausedReport| format!(" --table {}", in_shell(&p.source));
        let resume: String = run.paused.iter().map(argument).collect();
        let since = |p: &PausedReport| pause::told(p.since, p.by.as_ref(), p.reason.as_ref());
        let why = match run.paused.as_slice() {
            [only] => format!("it is {}", since(only)),
            all => {
                let each: Vec<String> = all.iter().map(|p| format!("{} is {}", p.source, since(p))).collect();
                format!("all its tables are paused: {}", each.join(", "))
            }
        };
        remark(format!("{}: nothing was read, for {why}; `plimsoll resume{resume}`", run.source));
    }
    if let Some(why) = &run.whole {
        remark(format!("{}: the whole table was read: {why}", run.source));
    }
    for (t, before) in run.tables.iter().filter_map(|t| Some((t, t.rows_before?))) {
        let (before, now) = (counted(before, "row", "rows"), count(t.rows_inserted.unwrap_or(0)));
        remark(format!("{}: a load replaced the target: {before} before, {now} now", t.source));
    }
    for (t, refusal) in run.tables.iter().flat_map(|t| t.refusals.iter().map(move |r| (t, r))) {
        remark(format!("{}: {}", t.source, refusal.text()));
    }
    for t in run.tables.iter().filter(|t| t.truncated > 0) {
        let values = counted(t.truncated, "value lost", "values lost");
        remark(format!("{}: {values} the seventh digit of a second, for BigQuery keeps six", t.source));
    }
    if run.replayed {
        let how = if run.state == RunState::Failed { "did not finish" } else { "finished" };
        remark(format!("{}: {how} the sealed run {}", run.source, run.run));
    }
    for l in loading {
        remark(format!("{}: the load goes on with the next tick, {} so far", l.source, counted(l.rows, "row", "rows")));
    }
    if let Some(log) = run.log.filter(|l| l.unreadable > 0) {
        let entries = counted(log.unreadable, "log entry has a key", "log entries have keys");
        remark(format!("{}: {entries} that no row can have", run.source));
    }
    if let Some(log) = run.log.filter(|l| l.unclaimed > 0) {
        let entries = counted(log.unclaimed, "log entry is of a type", "log entries are of types");
        remark(format!("{}: {entries} that no table claims", run.source));
    }
    for caveat in &run.caveats {
        out.push_str(&layout.paragraph(0, ("note: ", Tone::Notable), caveat));
    }
    out
}

/// `3 feeds: 2 done, 1 failed`.
fn summary(report: &TickReport) -> String {
    let states = [RunState::Done, RunState::Empty, RunState::Busy, RunState::Paused, RunState::Failed];
    let number = |state| report.runs.iter().filter(|r| r.state == state).count();
    let parts: Vec<String> =
        states.into_iter().filter(|s| number(*s) > 0).map(|s| format!("{} {}", number(s), s.name())).collect();
    format!("{} runs in {}: {}", report.runs.len(), duration(report.seconds), parts.join(", "))
}

#[cfg(test)]
mod tests;
