//! One table: how it does, where it stands, what its runs did, how it is configured.

use std::sync::Arc;
use std::time::Duration;

use maud::{Markup, html};
use time::OffsetDateTime;

use super::actions::Action;
use super::buttons::{Back, button};
use super::configuration::{blind_spot, resolved};
use super::forms::Outcome;
use super::frame::{Place, Refresh, buttons, clock, frame, made, may_operate, unread};
use super::hints;
use super::links;
use super::patience::Told;
use super::refused_values;
use super::run_page::waiting;
use super::standing::TableStanding;
use super::table_actions::{actions, here};
use super::table_columns::columns;
use super::table_runs::runs;
use crate::model::figures::{age, count, counted, moment};
use crate::run::{
    FeedStatus, HistoryLook, Known, RunEntry, SealedTable, Standing, TableLook, VerifyReport, VerifyState,
    VerifyingStatus,
};
use crate::server::app::App;

/// What the bucket has of the table beside its state; nothing where it was too slow.
#[derive(Default)]
pub(super) struct FromBucket {
    pub sealed: Option<Arc<SealedTable>>,
    /// Its last runs, from the reports of their ticks.
    pub runs: Option<Told<HistoryLook>>,
}

impl FromBucket {
    /// The newest first.
    fn runs(&self) -> &[RunEntry] {
        self.runs.as_ref().and_then(|told| told.as_ref().ok()).map(|look| look.runs.as_slice()).unwrap_or_default()
    }
}

pub(super) fn page(
    app: &App,
    look: &TableLook,
    bucket: &FromBucket,
    notice: Option<Outcome>,
    refresh: Refresh,
) -> Markup {
    let spec = &look.spec;
    let title = spec.source.to_string();
    let standing = TableStanding::of(look);
    let sealed = bucket.sealed.as_deref();
    let back = here(refresh);
    let content = html! {
        header {
            h1.long { (title) }
            (made(refresh, &links::table(&spec.target)))
        }
        p.faint.long { "→ " code { (spec.home) "." (spec.target) } ", by " (spec.capture.name()) ": " (spec.finds().to_string()) }
        (unread(std::slice::from_ref(look)))
        @if let Some(notice) = notice { (notice.told()) }
        (state(app, look, &standing))
        (actions(app, look, &standing, back))
        @if let Some(known) = &look.known {
            div.columns {
                section aria-labelledby="stands" { h2 #stands { "Where it stands" } (stands(known, bucket.runs())) }
                section aria-labelledby="compared" { h2 #compared { "Compared with the source" } (compared(app, look, bucket.runs(), back)) }
                section aria-labelledby="refused" { h2 #refused { "Values that BigQuery can't hold" } (refused_values::of_table(known, sealed)) }
            }
            section aria-labelledby="runs" {
                h2 #runs { "Runs" }
                p { a href=(links::with_query("/runs", &[("table", &spec.target)])) { "All its runs, also those that failed early" } }
                @if let Some(Err(complaint)) = &bucket.runs {
                    p.waiting { "The reports of its runs could not be read, so its ages are not known here: " (complaint.message) "; " (complaint.hint) }
                }
                (runs(&known.status, bucket.runs()))
            }
        }
        div.columns {
            section aria-labelledby="config" {
                h2 #config { "Configuration" }
                @if let Some(blind) = blind_spot(spec) { p { strong { "What the capture can't see: " } (blind) } }
                @else { p { "The capture sees every change." } }
                dl { @for (key, said) in resolved(spec) { dt { (key) } dd { (said) } } }
            }
            section aria-labelledby="schema" { h2 #schema { "Columns" } (columns(look.known.as_ref(), sealed)) }
        }
    };
    frame(&title, Place::Tables, refresh, &content)
}

/// How the table does, since when, why, and what to do.
fn state(app: &App, look: &TableLook, standing: &TableStanding) -> Markup {
    let table = look.known.as_ref().map(|k| &k.status);
    let told = |hint: &str| hints::told(hint, &look.spec, buttons(app));
    html! {
        div.standing {
            p {
                span class={ "state " (standing.sign.class()) } {
                    span aria-hidden="true" { (standing.sign.sign()) } " " (standing.word)
                }
                @if let Some(since) = standing.since_text() { " " (since) }
                @if let Some(until) = table.filter(|t| Standing::of(t) == Standing::UpToDate).and_then(|t| t.last_success) {
                    ": all changes that were committed before " (moment(until)) " are in BigQuery"
                }
            }
            @if let Some(why) = &standing.why { p.long { (why) } }
            @if let Some(hint) = &standing.hint { p.long { strong { "What to do: " } (told(hint)) } }
            // What is paused may have failed before.
            @if let (true, Some(complaint)) = (standing.hint.is_none(), table.and_then(FeedStatus::complaint)) {
                p.long { strong { "Its last run failed: " } (complaint.message) }
                p.long { strong { "What to do: " } (told(&complaint.hint)) }
            }
        }
    }
}

/// Up to when its changes are in BigQuery, and the rest of where the table stands.
fn stands(known: &Known, runs: &[RunEntry]) -> Markup {
    let table = &known.status;
    html! {
        dl {
            dt { "In BigQuery" }
            dd {
                @match (table.last_success, &table.load) {
                    (Some(at), _) => { "everything committed before " (moment(at)) (open(table.open_transactions)) }
                    (None, Some(_)) => { "a part of its rows: it is being loaded" }
                    (None, None) => { "nothing of it for certain" }
                }
                @if let Some(watermark) = &table.watermark {
                    details { summary { "as the database numbers it" } code { "snapshot " (watermark) } }
                }
            }
            dt { "Age" }
            dd {
                @match (table.age_seconds, &table.load) {
                    (Some(seconds), _) => { (age(seconds)) }
                    (None, Some(_)) => { "none before all of it is loaded" }
                    (None, None) => { "never loaded" }
                }
            }
            @if let Some((seconds, at)) = apply_lag(table, runs) {
                dt { "Rows sent that wait to be applied" }
                dd { (waiting(seconds)) small { "as the run saw it that ended at " (moment(at)) } }
            }
            dt { "Last checked" }
            dd { @match table.checked_seconds { Some(seconds) => { (age(seconds)) " ago" } None => { "never" } } }
            @if let Some(next) = table.next_tick {
                dt { "Next run" }
                dd { "about " (clock(next.at)) ", an estimate from the spacing of the last ones" }
            }
            @if let Some(rows) = known.target_rows() { dt { "Rows in BigQuery" } dd { (count(rows)) } }
            @if let Some(rows) = known.source_rows() { dt { "Rows of the source, when all were read" } dd { (count(rows)) } }
            @if let Some(at) = known.whole_at() { dt { "All rows read" } dd { (moment(at)) } }
            @if let Some(at) = known.keys_at() { dt { "All keys compared" } dd { (moment(at)) } }
            @if let Some(load) = &table.load { dt { "Loading" } dd { (load.text()) } }
            dt { "Feed" }
            dd {
                (table.feed)
                @if let Some(run) = &table.held_by { small { "a run is at work: " (run) } }
                @if let Some(run) = &table.pending {
                    small { "read, and not in BigQuery yet: " a href=(links::run(&table.feed, run)) { (run) } }
                }
            }
            dt { "State read" }
            dd { (clock(known.at)) }
        }
    }
}

/// Of a table that changes are sent to row by row: for how long the oldest of those before the last run had waited when it looked, and when.
fn apply_lag(table: &FeedStatus, runs: &[RunEntry]) -> Option<(u64, OffsetDateTime)> {
    let of_run = |entry: &RunEntry| {
        let report = entry.report.tables.iter().find(|t| t.target == table.target)?;
        let took = time::Duration::try_from(Duration::try_from_secs_f64(entry.report.seconds).ok()?).ok()?;
        let ended = entry.report.started.checked_add(took)?;
        Some((report.append?.apply_lag_seconds?, ended))
    };
    runs.iter().find_map(of_run)
}

fn open(transactions: Option<u64>) -> String {
    match transactions {
        None | Some(0) => String::new(),
        Some(n) => format!("; open: {}", counted(n, "transaction", "transactions")),
    }
}

/// What comparisons with the source have found.
fn compared(app: &App, look: &TableLook, runs: &[RunEntry], back: Back<'_>) -> Markup {
    let Some(table) = look.known.as_ref().map(|k| &k.status) else { return html! {} };
    html! {
        @match &table.verified {
            None => {
                p { "Never compared: whether each row is equal is not known." }
                // No run compares what is paused.
                @if table.paused_since.is_none() {
                    @if may_operate(app) { (button(&look.spec, Action::Verify, back)) }
                    @else { p { "To type: " code.command { (Action::Verify.command(&look.spec)) } } }
                }
            }
            Some(verified) => {
                p {
                    @match &verified.differs {
                        Some(d) => { span.state.wrong { "✗ rows differ" } " since " (moment(d.since)) ": " (d.text()) }
                        None => { span.state.well { "✓ equal" } ": " (counted(verified.rows, "row", "rows")) }
                    }
                }
                p.faint { "compared (" (verified.level.name()) ") " (moment(verified.at)) }
                @if verified.differs.is_some() {
                    (columns_that_differ(table, runs))
                    p { "Repair reads these rows again." }
                }
            }
        }
        @if let Some(going) = &table.verifying { p { (VerifyingStatus::text(going)) } }
    }
}

/// In how many rows each column differs, as the report of the last comparison says that found a difference; never the values. A
/// comparison of counts has no columns. Then none are shown: what an older comparison found may have been repaired since.
fn columns_that_differ(table: &FeedStatus, runs: &[RunEntry]) -> Markup {
    let all = runs.iter().flat_map(|entry| entry.report.verified.iter().rev().map(move |v| (entry, v)));
    let mut of_table = all.filter(|(_, v)| v.target == table.target && v.state == VerifyState::Differs);
    let Some((entry, VerifyReport { columns, .. })) = of_table.next() else { return html! {} };
    html! {
        @if !columns.is_empty() {
            dl { @for (column, rows) in columns { dt { (column) } dd { "differs in " (counted(*rows, "row", "rows")) } } }
        }
        p.faint { a href=(links::run_of_tick(entry)) { "The run that found it" } }
    }
}
