//! `plimsoll runs`: the runs that are over, the newest first.

use serde_json::json;
use time::OffsetDateTime;

use super::arguments::RunsArgs;
use super::error::CliError;
use super::exit::{Exit, Format};
use super::layout::{Cell, Layout};
use super::outage;
use super::output;
use super::paint::Tone;
use super::quoted_names::QuotedNames;
use crate::model::figures::{bytes, count, counted, duration, minute, period, total};
use crate::run::{
    Context, HistoryFilter, HistoryLook, HistoryRequest, ReportCount, Request, RunEntry, RunState, TableReport,
    TickKind,
};

/// Reports that one command reads. Each is a request, and a thousand of them cost 0.0004 dollars.
const MOST_READS: usize = 2000;
/// Requests for names.
const MOST_LISTS: usize = 50;

pub(super) async fn runs(context: &Context, args: &RunsArgs, format: Format) -> Result<Exit, CliError> {
    let named = Request { tables: args.tables.tables.clone(), ..Request::default() };
    let tables = if named.tables.is_empty() { Vec::new() } else { named.select(&context.config.tables)? };
    let since = args.since.map(|since| OffsetDateTime::now_utc() - since);
    let filter = HistoryFilter {
        tables: tables.into_iter().cloned().collect(),
        only_trouble: args.failed,
        ..HistoryFilter::default()
    };
    let (reads, lists) = (MOST_READS, MOST_LISTS);
    let request = HistoryRequest { filter, since, runs: args.limit, reads, lists, ..HistoryRequest::default() };
    let mut look = context.history(&request).await?;
    // A tick's runs come together.
    let of_last_tick = look.runs.len().saturating_sub(args.limit);
    look.runs.truncate(args.limit);
    let left_out = match &look.next {
        Some(next) => context.count_reports(next, since, MOST_LISTS).await?,
        None => ReportCount::default(),
    };
    match format {
        Format::Json => {
            let left_out = json!({ "runs": of_last_tick, "reports": left_out.reports, "at_least": left_out.at_least });
            output::json(&json!({
                "runs": look.runs, "unreadable": look.unreadable, "next": look.next, "left_out": left_out
            }))?;
        }
        Format::Text => {
            let names = QuotedNames::of(&context.config.tables);
            look.runs.iter_mut().for_each(|entry| names.quote_run(&mut entry.report));
            output::text(&describe(&look, args, (of_last_tick, left_out), Layout::of_stdout()))?;
        }
    }
    Ok(Exit::Done)
}

fn tone(entry: &RunEntry) -> Tone {
    match entry.report.state {
        RunState::Failed => Tone::Bad,
        _ if !entry.report.is_well() => Tone::Bad,
        RunState::Done => Tone::Good,
        RunState::Busy | RunState::Paused => Tone::Notable,
        RunState::Empty => Tone::Plain,
    }
}

fn describe(look: &HistoryLook, args: &RunsArgs, left_out: (usize, ReportCount), layout: Layout) -> String {
    let mut out = String::new();
    let mut say = |text: &str| out.push_str(&layout.paragraph(0, ("", Tone::Plain), text));
    if look.runs.is_empty() {
        let what = if args.failed { "no run failed" } else { "no run has left a report" };
        let of = if args.tables.tables.is_empty() {
            String::new()
        } else {
            format!(" of {}", args.tables.tables.join(", "))
        };
        let since = args.since.map_or(String::new(), |since| format!(" in the last {}", period(since)));
        say(&format!("{what}{of}{since}"));
    } else {
        out.push_str(&table(&look.runs, layout));
    }
    let remarks = remarks(look, left_out, layout);
    if !remarks.is_empty() {
        out.push('\n');
        out.push_str(&remarks);
    }
    out
}

fn table(runs: &[RunEntry], layout: Layout) -> String {
    let has_kinds = runs.iter().any(|r| !matches!(r.kind, None | Some(TickKind::Tick)));
    let is_shared = runs.iter().any(|r| r.report.feed.is_shared());
    let mut heads = vec![if is_shared { "feed" } else { "table" }, "began", "state"];
    heads.extend(has_kinds.then_some("kind"));
    heads.extend(["upserts", "deletes", "billed", "took"]);
    let rows: Vec<Vec<Cell>> = runs
        .iter()
        .map(|entry| {
            let run = &entry.report;
            let sum = |f: fn(&TableReport) -> u64| count(total(run.tables.iter().map(f)));
            let began = minute(run.started);
            let mut row = vec![
                Cell::plain(&run.source),
                Cell::plain(began.strip_suffix(" UTC").unwrap_or(&began)),
                Cell::new(run.state.name(), tone(entry)),
            ];
            row.extend(has_kinds.then(|| Cell::plain(entry.kind.map_or("", TickKind::name))));
            row.extend([sum(|t| t.upserts), sum(TableReport::removed)].map(Cell::plain));
            row.extend([bytes(entry.bytes_billed()), duration(run.seconds)].map(Cell::plain));
            row
        })
        .collect();
    layout.table(&heads, &rows)
}

/// Failures, each once, and what is not in the table.
fn remarks(look: &HistoryLook, left_out: (usize, ReportCount), layout: Layout) -> String {
    let mut out = String::new();
    for complaint in complaints(&look.runs) {
        out.push_str(&layout.paragraph(0, ("", Tone::Plain), &complaint.head()));
        out.push_str(&layout.error(2, complaint.message, complaint.hint));
    }
    let mut say = |text: &str| out.push_str(&layout.paragraph(0, ("", Tone::Plain), text));
    if !look.unreadable.is_empty() {
        let names: Vec<&str> = look.unreadable.iter().map(|u| u.name.as_str()).collect();
        say(&format!("not a report that this version can read in full: {}", names.join(", ")));
    }
    let (runs, older) = left_out;
    if runs > 0 {
        say(&format!("{} of the oldest tick left out", counted(runs as u64, "run", "runs")));
    }
    if older.reports > 0 {
        let least = if older.at_least { "at least " } else { "" };
        let reports = counted(older.reports, "report of an older tick", "reports of older ticks");
        say(&format!("left out: {least}{reports}; `--limit` shows more"));
    }
    out
}

/// What some runs have complained of.
struct Complained<'a> {
    message: &'a str,
    hint: &'a str,
    sources: Vec<&'a str>,
    runs: u64,
    first: OffsetDateTime,
    last: OffsetDateTime,
}

impl Complained<'_> {
    fn head(&self) -> String {
        let sources = self.sources.join(", ");
        match self.runs {
            1 => format!("{sources}, {}:", minute(self.last)),
            n => format!(
                "{sources}, {}, from {} to {}:",
                counted(n, "run", "runs"),
                minute(self.first),
                minute(self.last)
            ),
        }
    }
}

fn complaints(runs: &[RunEntry]) -> Vec<Complained<'_>> {
    let mut all: Vec<Complained<'_>> = Vec::new();
    for run in runs.iter().map(|entry| &entry.report) {
        let own = run.error.iter().map(|e| (run.source.as_str(), e.message.as_str(), e.hint.as_str()));
        let aside = run.aside.iter().map(|a| (a.source.as_str(), a.message.as_str(), a.hint.as_str()));
        let postponed = run.postponed.iter().map(|p| (p.source.as_str(), p.message.as_str(), p.hint.as_str()));
        for (source, message, hint) in own.chain(aside).chain(postponed) {
            let same = all.iter_mut().find(|c| outage::is_same((c.message, c.hint), (message, hint)));
            let Some(known) = same else {
                let (first, last) = (run.started, run.started);
                all.push(Complained { message, hint, sources: vec![source], runs: 1, first, last });
                continue;
            };
            known.runs += 1;
            known.first = known.first.min(run.started);
            known.last = known.last.max(run.started);
            if !known.sources.contains(&source) {
                known.sources.push(source);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests;
