//! One run: how it ended, what it did to each table, and by which statements.

use maud::{Markup, html};
use serde_json::Value;

use super::frame::frame;
use crate::model::figures::{bytes, count, duration, moment};
use crate::run::{PastRunDetail, TableSql};

/// The figures of a table's report, in the order of the report.
const FIGURES: [(&str, &str); 12] = [
    ("upserts", "Upserts"),
    ("deletes", "Deletes"),
    ("resent", "Sent again"),
    ("quarantined", "Quarantined"),
    ("left_out", "Left out"),
    ("rows_inserted", "Inserted"),
    ("rows_updated", "Updated"),
    ("rows_deleted", "Deleted"),
    ("rows_flagged", "Flagged"),
    ("rows_before", "Replaced"),
    ("staged_bytes", "Staged"),
    ("bytes_billed", "Billed"),
];

pub(super) fn page(detail: &PastRunDetail) -> Markup {
    let title = format!("Run {}", detail.run);
    let content = html! {
        header {
            h1 { (title) }
            nav { a.button href="/" { "All tables" } }
        }
        (ending(detail))
        @if let Some(tables) = detail.report.as_ref().and_then(|r| r["tables"].as_array()) {
            h2 { "Report" }
            table {
                caption { "What the run did, by table" }
                thead { tr {
                    th scope="col" { "Table" }
                    @for (_, head) in FIGURES { th scope="col" { (head) } }
                } }
                tbody { @for table in tables { (figures(table)) } }
            }
        }
        @if !detail.statements.is_empty() {
            h2 { "Statements" }
            p.faint { "Without the bounds of the keys, which make them read less: they are values of rows." }
            @for statement in &detail.statements { (sql(statement)) }
        }
        @if let Some(report) = &detail.report {
            h2 { "Report as it is stored" }
            pre tabindex="0" { (serde_json::to_string_pretty(report).unwrap_or_default()) }
        }
    };
    frame(&title, &content)
}

fn ending(detail: &PastRunDetail) -> Markup {
    let state = detail.report.as_ref().and_then(|r| r["state"].as_str());
    html! {
        p { "Feed " strong { (detail.feed) } }
        @match &detail.note {
            Some(note) => {
                p { "Ended " (moment(note.finished)) " after " (duration(note.seconds)) "." }
                @if let Some(error) = &note.error {
                    h2 { "Error" }
                    p.notice.wrong { (error.message) }
                    p { (error.hint) }
                } @else {
                    p.state.well { "✓ done" }
                }
            }
            None if state.is_some() => { p.state.well { "✓ " (state.unwrap_or_default()) } }
            None => { p.state.waiting { "… sealed, and not in BigQuery yet, or its end is no longer kept" } }
        }
    }
}

fn figures(table: &Value) -> Markup {
    html! {
        tr {
            th scope="row" { (table["source"].as_str().unwrap_or_default()) }
            @for (field, head) in FIGURES {
                @let n = table[field].as_u64().unwrap_or(0);
                td data-label=(head) { @if field.contains("bytes") { (bytes(n)) } @else { (count(n)) } }
            }
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
