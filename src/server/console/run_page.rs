//! One run: how it ended, how long each verb took, what it did to each table, and by which jobs and statements.

use maud::{Markup, html};

use super::frame::{Place, Refresh, frame};
use super::links;
use super::refused_values;
use super::run_detail::{RunDetail, Unread};
use super::run_steps::steps;
use crate::model::figures::{age, bytes, count, counted, duration, moment};
use crate::run::{AppendReport, GoogleConsole, RunReport, RunState, TableReport, TableSql, VerifyReport};
use crate::state::Complaint;

/// A figure of a table's report.
type Figure = fn(&TableReport) -> String;

/// The figures of a table's report.
const FIGURES: [(&str, Figure); 15] = [
    ("Upserts", |t| count(t.upserts)),
    ("Deletes", |t| count(t.deletes)),
    ("Sent again", |t| count(t.resent)),
    ("Quarantined", |t| count(t.quarantined)),
    ("Made NULL", |t| count(t.nulled)),
    ("Left out", |t| count(t.left_out)),
    ("Inserted", |t| known(t.rows_inserted)),
    ("Updated", |t| known(t.rows_updated)),
    ("Deleted", |t| known(t.rows_deleted)),
    ("Marked as deleted", |t| known(t.rows_flagged)),
    ("Replaced", |t| known(t.rows_before)),
    ("Staged", |t| format!("{} in {}", bytes(t.staged_bytes), counted(u64::from(t.parts), "file", "files"))),
    ("Billed", |t| t.bytes_billed.map_or("–".to_owned(), bytes)),
    ("Sent row by row", |t| t.append.map_or("–".to_owned(), sent)),
    ("Wait to be applied", |t| t.append.and_then(|a| a.apply_lag_seconds).map_or("–".to_owned(), waiting)),
];

fn sent(append: AppendReport) -> String {
    let AppendReport { requests, bytes: size, retries, .. } = append;
    let again = if retries > 0 { format!(", {} sent again", count(retries)) } else { String::new() };
    format!("{} in {}{again}", bytes(size), counted(requests, "request", "requests"))
}

/// How long rows that were sent have waited to be applied.
pub(super) fn waiting(seconds: u64) -> String {
    if seconds == 0 { "none".to_owned() } else { format!("for {}", age(i64::try_from(seconds).unwrap_or(i64::MAX))) }
}

fn known(n: Option<u64>) -> String {
    n.map_or("–".to_owned(), count)
}

pub(super) fn page(detail: &RunDetail, google: Option<&GoogleConsole>) -> Markup {
    let title = format!("Run {}", detail.run);
    let own = detail.tables();
    let statements = detail.batch.as_ref().map(|b| b.statements.as_slice()).unwrap_or_default();
    let content = html! {
        header {
            h1 { (title) }
            p.sum { "Feed " strong { (detail.feed) } }
            @if let Some(google) = google {
                a href=(links::run_log(&google.project, detail.run.as_str())) { "Its lines in Cloud Logging" }
            }
        }
        @if !detail.unread.is_empty() { (not_read(&detail.unread)) }
        (ending(detail))
        @if let Some(report) = &detail.report { (steps(&report.verb_seconds)) }
        @if !own.is_empty() { (tables(&own)) (refused_values::of_run(&own)) }
        @if let Some(report) = detail.report.as_ref().filter(|r| !r.verified.is_empty()) { (verified(&report.verified)) }
        @if statements.iter().any(|s| !s.jobs.is_empty()) { (jobs(statements, google)) }
        @if !statements.is_empty() {
            h2 { "Statements" }
            p.faint { "Without the bounds of the keys, which make them read less: they are values of rows." }
            @for statement in statements { (sql(statement)) }
        }
        @if let Some(report) = &detail.report {
            details {
                summary { "Report as it is stored" }
                pre tabindex="0" { (serde_json::to_string_pretty(report).unwrap_or_default()) }
            }
        }
    };
    frame(&title, Place::Runs, Refresh::Never, &content)
}

/// What of the run could not be read, so that nobody takes the rest for all of it.
fn not_read(unread: &[Unread]) -> Markup {
    html! {
        div.notice.wrong role="alert" {
            p { strong { "Not all that is kept of this run could be read" } ": what stands below may lack something." }
            @for Unread { place, complaint } in unread { p { (place) ": " (complaint.message) "; " (complaint.hint) } }
        }
    }
}

fn ending(detail: &RunDetail) -> Markup {
    let note = detail.note.as_ref();
    let report = detail.report.as_ref();
    let told = report.and_then(|r| r.error.as_ref());
    let told = told.map(|e| Complaint { message: e.message.clone(), hint: e.hint.clone() });
    let error = note.and_then(|n| n.error.clone()).or(told);
    let state = detail.state();
    html! {
        @match (note, report) {
            (Some(note), _) => { p { "Ended " (moment(note.finished)) " after " (duration(note.seconds)) "." } }
            (None, Some(report)) => { p { "Began " (moment(report.started)) ", took " (duration(report.seconds)) "." } }
            (None, None) => {}
        }
        @match (&error, state) {
            (Some(error), _) => {
                h2 { "Error" }
                p.notice.wrong { (error.message) }
                p.long { strong { "What to do: " } (error.hint) }
            }
            (None, Some(state)) if report.is_none_or(RunReport::is_well) => {
                p.state.well[state == RunState::Done] { "✓ " (state.name()) }
            }
            (None, Some(state)) => { p.state.wrong { "✗ " (state.name()) ", but not for all of its tables" } }
            (None, None) if note.is_some() => { p.state.well { "✓ done" } }
            (None, None) if !detail.unread.is_empty() => { p.state.waiting { "… how it ended is not known" } }
            (None, None) => { p.state.waiting { "… its rows are read, and not in BigQuery yet, or its end is no longer kept" } }
        }
        @if let Some(whole) = report.and_then(|r| r.whole.as_ref()) { p { "All rows were read: " (whole) "." } }
        @for a in report.iter().flat_map(|r| &r.aside) { (left_behind(&a.source, "is set aside", &a.message, &a.hint)) }
        @for p in report.iter().flat_map(|r| &r.postponed) { (left_behind(&p.source, "has to wait", &p.message, &p.hint)) }
        @for caveat in report.iter().flat_map(|r| &r.caveats) { p.waiting { (caveat) } }
    }
}

/// A table that the run has not brought to its end.
fn left_behind(source: &str, how: &str, message: &str, hint: &str) -> Markup {
    html! {
        p.notice.wrong { (source) " " (how) ": " (message) }
        p.long { strong { "What to do: " } (hint) }
    }
}

fn tables(tables: &[TableReport]) -> Markup {
    html! {
        h2 { "Tables" }
        table {
            caption.vh { "What the run did, by table" }
            thead { tr {
                th scope="col" { "Table" }
                @for (head, _) in FIGURES { th scope="col" { (head) } }
            } }
            tbody {
                @for table in tables {
                    tr {
                        th scope="row" { (link(&table.source, &table.target)) }
                        @for (head, figure) in FIGURES { td data-label=(head) { (figure(table)) } }
                    }
                }
            }
        }
    }
}

/// A table's page, by what a report calls its target.
fn link(source: &str, target: &str) -> Markup {
    html! { a href=(links::table(target.rsplit('.').next().unwrap_or(target))) { (source) } }
}

fn verified(all: &[VerifyReport]) -> Markup {
    html! {
        h2 { "Compared with the source" }
        table {
            caption.vh { "What comparisons have found, by table" }
            thead { tr {
                @for head in ["Table", "Found", "Missing", "Extra", "Different", "Columns that differ", "Repaired", "Billed"] {
                    th scope="col" { (head) }
                }
            } }
            tbody {
                @for one in all {
                    tr {
                        th scope="row" { (link(&one.source, &one.target)) }
                        td data-label="Found" { (one.state.name()) @if let Some(reason) = &one.reason { small { (reason) } } }
                        td data-label="Missing" { (count(one.missing)) }
                        td data-label="Extra" { (count(one.extra)) }
                        td data-label="Different" { (count(one.different)) }
                        td data-label="Columns that differ" {
                            @for (column, rows) in &one.columns { (column) " in " (counted(*rows, "row", "rows")) " " }
                        }
                        td data-label="Repaired" { (count(one.repaired)) }
                        td data-label="Billed" {
                            (one.bytes_billed.map_or("–".to_owned(), bytes))
                            @if let Some(all) = one.bytes_billed_in_all { small { (bytes(all)) " with the runs before" } }
                        }
                    }
                }
            }
        }
    }
}

fn jobs(statements: &[TableSql], google: Option<&GoogleConsole>) -> Markup {
    html! {
        h2 { "Files and jobs" }
        table {
            caption.vh { "Files and jobs, by table" }
            thead { tr { @for head in ["Table", "Files", "Jobs"] { th scope="col" { (head) } } } }
            tbody {
                @for s in statements {
                    tr {
                        th scope="row" { (link(&s.source, &s.target)) }
                        td data-label="Files" { (counted(u64::from(s.files), "file", "files")) ", " (bytes(s.bytes)) }
                        td data-label="Jobs" {
                            @for (verb, id) in &s.jobs { div { (verb) ": " (job(id, google)) } }
                        }
                    }
                }
            }
        }
        p.faint { "These are the first attempts. A job that was tried again has the next number at the end of its id." }
    }
}

/// A job's id, with its page where there is one.
fn job(id: &str, google: Option<&GoogleConsole>) -> Markup {
    let place = google.and_then(|g| Some((g, g.location.as_ref()?)));
    html! {
        @match place {
            Some((google, location)) => { a href=(links::bigquery_job(&google.project, location, id)) { (id) } }
            None => { code { (id) } }
        }
    }
}

fn sql(statement: &TableSql) -> Markup {
    html! {
        h3 { (statement.source) " → " (statement.target) }
        @match &statement.merge {
            Some(merge) => { pre tabindex="0" { code { (merge) } } }
            None => { p { "A load job replaced the target as a whole." } }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::model::RunId;
    use crate::run::PastBatch;

    #[test]
    fn a_run_leads_to_its_jobs_and_its_log_of_a_real_project() {
        let run = RunId::new(datetime!(2026-11-27 10:38:50 UTC), 7);
        let statement = TableSql {
            source: "public.<b>".to_owned(),
            target: "p.d.orders".to_owned(),
            files: 3,
            bytes: 2048,
            jobs: vec![("load", "plimsoll_orders_load_1".to_owned())],
            merge: None,
        };
        let batch = PastBatch { statements: vec![statement], report: None };
        let (feed, batch, unread) = ("orders".to_owned(), Some(batch), Vec::new());
        let detail = RunDetail { feed, run: run.clone(), note: None, batch, report: None, unread };
        let google = GoogleConsole { project: "my-project".to_owned(), location: Some("EU".to_owned()) };
        let shown = page(&detail, Some(&google)).into_string();
        let job = "https://console.cloud.google.com/bigquery?project=my-project&amp;j=bq:EU:plimsoll_orders_load_1&amp;page=queryresults";
        assert!(shown.contains(job) && shown.contains("3 files, 2.0 KiB"), "{shown}");
        assert!(shown.contains(&format!("labels.run%3D%22{run}%22?project=my-project")), "{shown}");
        assert!(!shown.contains("<b>"), "{shown}");
        let elsewhere = page(&detail, None).into_string();
        assert!(
            !elsewhere.contains("console.cloud.google.com") && elsewhere.contains("plimsoll_orders_load_1"),
            "{elsewhere}"
        );
    }
}
