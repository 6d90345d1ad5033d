//! What runs cost: by table and by day, and what would make the dearest tables cheaper.

use maud::{Markup, html};

use super::charts::{Outcome, Point, chart};
use super::frame::{Place, Refresh, frame, made};
use super::links;
use super::patience::Told;
use crate::model::figures::{bytes, count, dollars, moment};
use crate::model::sentence;
use crate::run::{Costs, DayCosts, DearTable, TableCosts};

/// The spans that can be asked for: so many days before today.
pub(super) const DAYS: [i64; 3] = [1, 7, 30];

/// Reports that one look reads which this process has not read before. A day of a tick every five minutes has 288; the next look goes on.
pub(super) const READS: usize = 500;

pub(super) fn page(days: i64, costs: &Told<Costs>) -> Markup {
    let content = html! {
        header {
            h1 { "Cost" }
            p.sum {
                "Today and "
                @for (n, of) in DAYS.into_iter().enumerate() {
                    @if n > 0 { " · " }
                    a href={ "/cost?days=" (of) } aria-current=[(of == days).then_some("true")] {
                        @if of == 1 { "yesterday" } @else { "the " (of) " days before" }
                    }
                }
                ", in UTC"
            }
            (made(Refresh::Never, ""))
        }
        @match costs {
            Ok(costs) => { (told(costs)) }
            Err(complaint) => {
                div.notice.wrong role="alert" {
                    p { strong { "The reports could not be read" } ": " (complaint.message) }
                    p { (sentence(&complaint.hint)) }
                }
            }
        }
    };
    frame("Cost", Place::Cost, Refresh::Never, &content)
}

fn told(costs: &Costs) -> Markup {
    html! {
        p {
            strong { (dollars(costs.dollars)) } " by the list prices of " (costs.prices.date) ", since "
            (moment(costs.looked_back_to.unwrap_or(costs.since).max(costs.since))) ": "
            (bytes(costs.total.bytes_billed())) " billed by BigQuery, "
            @if costs.total.sent_bytes > 0 { (bytes(costs.total.sent_bytes)) " sent row by row, " } (bytes(costs.total.staged_bytes)) " staged, "
            (count(costs.total.storage_writes)) " writes to the bucket, in " (count(costs.total.runs)) " runs."
        }
        @if costs.looked_back_to.is_some() {
            p.waiting { "Older reports of this time were not read yet: there are many. Load the page again in a few seconds to look further back." }
        }
        @if costs.unreadable > 0 { p.waiting { (count(costs.unreadable)) " reports could not be read, or not in full." } }
        @if !costs.dearest.is_empty() {
            section aria-labelledby="dearest" { h2 #dearest { "The dearest tables, and what would help" } (dearest(&costs.dearest)) }
        }
        section aria-labelledby="days" { h2 #days { "By day" } (by_day(&costs.days)) }
        section aria-labelledby="tables" { h2 #tables { "By table" } (by_table(&costs.tables)) }
        p.faint {
            "Calculated, not billed: list prices, without what Google gives for free, and without ticks that found nothing to do. Prices: "
            @for source in costs.prices.sources { a href=(source) { (source) } " " }
        }
    }
}

fn dearest(tables: &[DearTable]) -> Markup {
    html! {
        ol.dearest {
            @for table in tables {
                li {
                    (link(&table.source, &table.target)) " " strong { (dollars(table.dollars)) } ", " (format!("{:.0} %", table.percent))
                    " of all"
                    @if let Some(month) = table.dollars_a_month { "; about " (dollars(month)) " in 30 days" }
                    @if let Some(knob) = &table.knob {
                        p { span.faint { (sentence(&knob.why)) ". " } strong { "What would help: " } (knob.advice) "." }
                    }
                }
            }
        }
    }
}

/// A table's page, where it is one table's.
fn link(source: &str, target: &str) -> Markup {
    html! {
        @if target.is_empty() { (source) }
        @else { a href=(links::table(target.rsplit('.').next().unwrap_or(target))) { (source) } }
    }
}

fn by_day(days: &[DayCosts]) -> Markup {
    let point = |day: &DayCosts| Point {
        at: day.day.clone(),
        value: Some(day.dollars),
        text: dollars(day.dollars),
        run: Outcome::Done,
    };
    let today = time::OffsetDateTime::now_utc().date().to_string();
    let points: Vec<Point> = days.iter().rev().map(point).collect();
    html! {
        (chart("Cost a day", &points))
        table {
            caption.vh { "Cost by day, the newest first" }
            thead { tr { @for head in ["Day", "Cost", "Billed", "Sent by row", "Staged", "Writes", "Runs"] { th scope="col" { (head) } } } }
            tbody {
                @for day in days {
                    tr {
                        th scope="row" { (day.day) @if day.day == today { " (today, until now)" } }
                        td data-label="Cost" { (dollars(day.dollars)) }
                        td data-label="Billed" { (bytes(day.spend.bytes_billed())) }
                        td data-label="Sent by row" { (bytes(day.spend.sent_bytes)) }
                        td data-label="Staged" { (bytes(day.spend.staged_bytes)) }
                        td data-label="Writes" { (count(day.spend.storage_writes)) }
                        td data-label="Runs" { (count(day.spend.runs)) }
                    }
                }
            }
        }
    }
}

fn by_table(tables: &[TableCosts]) -> Markup {
    html! {
        table {
            caption.vh { "Cost by table, the dearest first" }
            thead { tr {
                @for head in ["Table", "Cost", "Billed", "Of it for comparisons", "Sent by row", "Staged", "Writes", "Rows", "Runs"] { th scope="col" { (head) } }
            } }
            tbody {
                @for table in tables {
                    tr {
                        th scope="row" { (link(&table.source, &table.target)) }
                        td data-label="Cost" { (dollars(table.dollars)) }
                        td data-label="Billed" { (bytes(table.spend.bytes_billed())) }
                        td data-label="Of it for comparisons" { (bytes(table.spend.verify_bytes_billed)) }
                        td data-label="Sent by row" { (bytes(table.spend.sent_bytes)) }
                        td data-label="Staged" { (bytes(table.spend.staged_bytes)) }
                        td data-label="Writes" { (count(table.spend.storage_writes)) }
                        td data-label="Rows" { (count(table.spend.rows)) }
                        td data-label="Runs" { (count(table.spend.runs)) }
                    }
                }
            }
        }
    }
}
