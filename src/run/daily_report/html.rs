//! The report as a page that a mail can hold: no script, no style of elsewhere, and every text escaped.

use maud::{DOCTYPE, Markup, html};

use super::summary::{DailyReport, TableDay};
use super::text::{dear, differs, how_old, paused, quarantined, standing};
use crate::model::figures::{bytes, count, counted, dollars, minute};
use crate::model::sentence;

// Mail programs leave out style sheets, so each element has its own.
const BODY: &str = "font:15px/1.5 system-ui,sans-serif;color:#1b1b1f;max-width:52rem;margin:1rem auto;padding:0 1rem";
const CELL: &str = "text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #d8d8de;vertical-align:top";
const FIGURE: &str = "text-align:right;padding:.3rem 0 .3rem .8rem;border-bottom:1px solid #d8d8de;vertical-align:top;white-space:nowrap";
const WRONG: &str = "color:#a3152b";
const FAINT: &str = "color:#55555e";

impl DailyReport {
    /// For the HTML part of a mail.
    pub fn html(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.subject()) }
                }
                body style=(BODY) {
                    h1 style="font-size:1.3rem" { (self.subject()) }
                    p style=(FAINT) { (minute(self.since)) " to " (minute(self.until)) }
                    @if let Some(partly) = self.partly() { p style=(WRONG) { (partly) "." } }
                    @if let Some(e) = &self.unread {
                        h2 { "What the runs did is not known" }
                        p style=(WRONG) { (e.message) }
                        p { (sentence(&e.hint)) }
                    }
                    (self.in_trouble())
                    (list("Differs from its source", self.tables.iter().filter_map(differs)))
                    (list("Paused", self.tables.iter().filter_map(paused)))
                    (list("Has rows in quarantine", self.tables.iter().filter_map(quarantined)))
                    (self.failed())
                    h2 { "Cost, by the list prices of " (self.costs.prices.date) }
                    @for line in self.cost() { p { (line) } }
                    (list("The dearest", self.costs.dearest.iter().map(dear)))
                    (self.all_tables())
                }
            }
        };
        page.into_string()
    }

    fn in_trouble(&self) -> Markup {
        let wrong: Vec<&TableDay> = self.tables.iter().filter(|t| t.is_trouble).collect();
        html! {
            @if !wrong.is_empty() {
                h2 style=(WRONG) { "In trouble" }
                ul {
                    @for table in wrong {
                        li {
                            strong { (table.source) } ": " (standing(table))
                            @if table.age_seconds.is_some() { "; its data is " (how_old(table)) " old" }
                            @if let Some(e) = &table.error { br; (e.message) br; em { (sentence(&e.hint)) } }
                        }
                    }
                }
            }
        }
    }

    fn failed(&self) -> Markup {
        html! {
            @if !self.failures.is_empty() {
                h2 { "Failed in this time" }
                ul {
                    @for f in &self.failures {
                        li {
                            strong { (f.source) } ": " (counted(f.runs, "run", "runs")) ", from " (minute(f.first)) " to " (minute(f.last))
                            @if f.has_recovered { ", and has recovered" } @else { ", and " strong style=(WRONG) { "has not recovered" } }
                            br; (f.error.message)
                            @if !f.has_recovered { br; em { (sentence(&f.error.hint)) } }
                        }
                    }
                }
            }
        }
    }

    fn all_tables(&self) -> Markup {
        html! {
            h2 { "All tables" }
            table style="border-collapse:collapse;width:100%" {
                thead { tr {
                    th scope="col" style=(CELL) { "Table" }
                    th scope="col" style=(CELL) { "State" }
                    @for head in ["Age", "Rows in", "Rows out", "Billed", "Runs"] { th scope="col" style=(FIGURE) { (head) } }
                } }
                tbody {
                    @for t in &self.tables {
                        tr {
                            th scope="row" style=(CELL) { (t.source) }
                            td style=(CELL) { @if t.is_trouble { span style=(WRONG) { "✗ " (t.standing) } } @else { (t.standing) } }
                            td style=(FIGURE) { (how_old(t)) }
                            td style=(FIGURE) { (count(t.upserts)) }
                            td style=(FIGURE) { (count(t.deletes)) }
                            td style=(FIGURE) { (bytes(t.bytes_billed)) }
                            td style=(FIGURE) { (count(t.runs)) }
                        }
                    }
                }
            }
            @if let Some(more) = self.not_listed() { p { (more) "." } }
            p style=(FAINT) {
                "All of it: " (dollars(self.costs.dollars)) ". Calculated from list prices, not billed; ticks that found nothing to do are not in it."
            }
        }
    }
}

/// Nothing where there is nothing to say.
fn list(head: &str, lines: impl Iterator<Item = String>) -> Markup {
    let lines: Vec<String> = lines.collect();
    html! {
        @if !lines.is_empty() {
            h2 { (head) }
            ul { @for line in &lines { li { @for (n, part) in line.lines().enumerate() { @if n > 0 { br; } (part.trim()) } } } }
        }
    }
}
