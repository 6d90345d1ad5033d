//! Runs that are over, of all tables, the newest first.

use maud::{Markup, html};
use time::Duration;

use super::filter;
use super::frame::{Place, Refresh, frame, made};
use super::links;
use super::overview::choice;
use super::patience::Told;
use super::standing::first_sentence;
use crate::model::figures::{bytes, count, counted, duration, moment, total};
use crate::model::{RunId, TableSpec, sentence};
use crate::run::{
    HistoryCursor, HistoryFilter, HistoryLook, HistoryRequest, RunEntry, RunState, TableReport, TickKind,
};

/// What is asked of the history, as a form with `method="get"` sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    table: String,
    state: String,
    kind: String,
    text: String,
    before: String,
}

impl Asked {
    pub fn parse(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.trim().to_owned();
            match name.as_ref() {
                "table" => asked.table = value,
                "state" => asked.state = value,
                "kind" => asked.kind = value,
                "q" => asked.text = value,
                "before" => asked.before = value,
                _ => {}
            }
        }
        asked
    }

    /// A word that nobody knows filters nothing; a table that the config no longer has is looked for by its name.
    pub fn request(&self, tables: &[TableSpec]) -> HistoryRequest {
        let known: Vec<TableSpec> = tables.iter().filter(|t| t.target == self.table).cloned().collect();
        let text = if known.is_empty() && self.text.is_empty() { &self.table } else { &self.text };
        let filter = HistoryFilter {
            text: text.clone(),
            tables: known,
            state: RunState::parse(&self.state),
            kind: TickKind::parse(&self.kind),
            only_trouble: self.state == TROUBLE,
        };
        HistoryRequest { filter, before: self.before.parse().ok(), ..HistoryRequest::default() }
    }

    fn page(&self, before: Option<&HistoryCursor>) -> String {
        let before = before.map(HistoryCursor::as_str).unwrap_or_default();
        let pairs = [("table", &*self.table), ("state", &*self.state), ("kind", &*self.kind), ("q", &*self.text)];
        links::with_query("/runs", &[&pairs[..], &[("before", before)]].concat())
    }
}

/// The time that Cloud Run gives a request at most: so long before one of its runs a tick may have begun.
const LONGEST_TICK: Duration = Duration::minutes(60);

/// The reports in one of which a run is, if any has it: those of ticks that began no later, and not long before.
pub(super) fn around(run: &RunId) -> HistoryRequest {
    let filter = HistoryFilter { text: run.as_str().to_owned(), ..HistoryFilter::default() };
    let before = run.started().and_then(|at| Some(HistoryCursor::before_moment(at.checked_add(Duration::SECOND)?)));
    let since = run.started().and_then(|at| at.checked_sub(LONGEST_TICK));
    // With the state, the manifest and the report of the batch, ten in all.
    HistoryRequest { filter, before, since, runs: 1, reads: 6, lists: 2 }
}

/// The last runs of a table, for its page.
pub(super) fn of_table(spec: &TableSpec) -> HistoryRequest {
    let filter = HistoryFilter { tables: vec![spec.clone()], ..HistoryFilter::default() };
    // With the manifest of the last batch, ten in all.
    HistoryRequest { filter, runs: 30, reads: 8, lists: 2, ..HistoryRequest::default() }
}

/// Runs that failed, or left a table that waits for somebody.
const TROUBLE: &str = "in trouble";

pub(super) fn page(tables: &[TableSpec], asked: &Asked, look: &Told<HistoryLook>) -> Markup {
    let mut targets: Vec<&str> = tables.iter().map(|t| t.target.as_str()).collect();
    targets.sort_unstable();
    let states: Vec<&str> = std::iter::once(TROUBLE).chain(RunState::ALL.map(RunState::name)).collect();
    let kinds = TickKind::ALL.map(TickKind::name);
    let content = html! {
        header { h1 { "Runs" } (made(Refresh::Never, "")) }
        form.filter method="get" action="/runs" role="search" aria-label="Runs" {
            (choice("Table", "table", &targets, &asked.table))
            (choice("State", "state", &states, &asked.state))
            (choice("Asked for", "kind", &kinds, &asked.kind))
            label { "Error or name " input type="search" name="q" value=(asked.text) size="18"; }
            button { "Show" }
        }
        @match look {
            Ok(look) => { (found(asked, look)) }
            Err(complaint) => {
                div.notice.wrong role="alert" {
                    p { strong { "The history could not be read" } ": " (complaint.message) }
                    p { (sentence(&complaint.hint)) }
                }
            }
        }
        p.faint {
            "A tick is one look at all tables, as the schedule asks for it. These are from the reports of ticks that changed something or failed: one that "
            "found nothing to do leaves none, and a lifecycle rule may remove old ones."
        }
    };
    frame("Runs", Place::Runs, Refresh::Never, &content)
}

fn found(asked: &Asked, look: &HistoryLook) -> Markup {
    html! {
        @if look.runs.is_empty() { p { "No such run" @if look.next.is_some() { " so far" } "." } }
        @else {
            table {
                caption.vh { "Runs, the newest first" }
                thead { tr {
                    @for head in ["Began", "Tables", "State", "Asked for", "Rows", "Took", "Billed"] { th scope="col" { (head) } }
                } }
                tbody { @for entry in &look.runs { (row(entry)) } }
            }
        }
        @for report in &look.unreadable { p.waiting { "A report can't be read, or not in full: " code { (report.name) } } }
        p {
            @if let Some(back_to) = look.looked_back_to { "Looked back to " (moment(back_to)) ". " }
            @if let Some(next) = &look.next { a href=(asked.page(Some(next))) { "Older runs" } " " }
            @if !asked.before.is_empty() { a href=(asked.page(None)) { "The newest runs" } }
        }
    }
}

fn row(entry: &RunEntry) -> Markup {
    let run = &entry.report;
    let (upserts, deletes) =
        (total(run.tables.iter().map(|t| t.upserts)), total(run.tables.iter().map(TableReport::removed)));
    html! {
        tr {
            th.whole scope="row" { a href=(links::run_of_tick(entry)) { (moment(run.started)) } }
            td data-label="Tables" {
                @match run.tables.as_slice() {
                    [only] => { (only.source) }
                    [] => { (run.source) }
                    many => { (run.feed) ": " (counted(many.len() as u64, "table", "tables")) }
                }
            }
            td data-label="State" {
                @match (&run.error, run.is_well()) {
                    (Some(error), _) => { span.state.wrong { "✗ " (run.state.name()) } small { (first_sentence(&error.message)) } }
                    (None, false) => {
                        span.state.wrong { "✗ " (run.state.name()) }
                        @for aside in &run.aside { small { (aside.source) " is set aside: " (first_sentence(&aside.message)) } }
                        @for late in &run.postponed { small { (late.source) " has to wait: " (first_sentence(&late.message)) } }
                    }
                    (None, true) => { span.state.well[run.state == RunState::Done] { "✓ " (run.state.name()) } }
                }
            }
            td data-label="Asked for" { (entry.kind.map_or(filter::NOT_KNOWN, TickKind::name)) }
            td.whole data-label="Rows" { "+" (count(upserts)) @if deletes > 0 { " −" (count(deletes)) } }
            td.whole data-label="Took" { (duration(run.seconds)) }
            td.whole data-label="Billed" { (bytes(entry.bytes_billed())) }
        }
    }
}
