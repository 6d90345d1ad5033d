//! Every table on one page.

use maud::{Markup, html};

use super::forms::Outcome;
use super::frame::frame;
use super::spark::sparkline;
use crate::config::Console;
use crate::model::figures::{age, bytes, count, counted, duration, moment};
use crate::run::{FeedStatus, Standing, VerifyingStatus};
use crate::state::Figures;

/// What a table's row begins with; one look has to be enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Well,
    Waiting,
    Wrong,
}

impl Sign {
    fn class(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Waiting => "waiting",
            Self::Wrong => "wrong",
        }
    }

    /// For those who do not see the colour.
    fn sign(self) -> &'static str {
        match self {
            Self::Well => "✓",
            Self::Waiting => "…",
            Self::Wrong => "✗",
        }
    }
}

/// A table's state in a word, and more of it where there is more to say.
fn state(table: &FeedStatus) -> (Sign, &'static str, Option<String>) {
    let standing = Standing::of(table);
    let health = match standing {
        _ if table.is_trouble() => Sign::Wrong,
        Standing::Pending | Standing::Loading | Standing::Paused => Sign::Waiting,
        _ => Sign::Well,
    };
    let said = || table.complaint().map(|c| format!("{}. {}", c.message, c.hint));
    let more = match standing {
        Standing::SetAside => table.error.clone(),
        Standing::Paused => table.paused_since.map(|since| format!("since {}", moment(since))),
        Standing::Loading => rows_so_far(table),
        Standing::Differs => None,
        _ => said(),
    };
    (health, standing.name(), more)
}

/// What comparisons with the source have found, whatever else there is to say of the table.
fn compared(table: &FeedStatus) -> Vec<String> {
    let going = table.verifying.as_ref().map(VerifyingStatus::text);
    let Some(verified) = &table.verified else { return going.into_iter().collect() };
    let compared = format!("compared ({}) {}", verified.level.name(), moment(verified.at));
    let found = match &verified.differs {
        Some(d) => format!("rows differ since {}: {}; {compared}", moment(d.since), d.text()),
        None => format!("equal: {}, {compared}", counted(verified.rows, "row", "rows")),
    };
    std::iter::once(found).chain(going).collect()
}

fn rows_so_far(table: &FeedStatus) -> Option<String> {
    table.loading.map(|rows| format!("{} so far", counted(rows, "row", "rows")))
}

pub(super) fn page(tables: &[FeedStatus], console: Console, notice: Option<Outcome>) -> Markup {
    let wrong = tables.iter().filter(|t| t.is_trouble()).count();
    let paused = tables.iter().filter(|t| t.paused_since.is_some()).count();
    let content = html! {
        header {
            h1 { "Plimsoll" }
            p.sum {
                (tables.len()) (if tables.len() == 1 { " table, " } else { " tables, " })
                @if wrong == 0 { strong.well { "none in trouble" } }
                @else { strong.wrong { (wrong) " in trouble" } }
                @if paused > 0 { ", " (paused) " paused" }
            }
            nav { a.button href="/" { "Refresh" } }
            @if console == Console::Operate {
                form method="post" action="/console/run" { button { "Run all now" } }
            }
        }
        @if let Some(notice) = notice {
            p.notice.wrong[notice == Outcome::Failed] role="status" { (notice.text()) }
        }
        table {
            caption { "Tables" }
            thead {
                tr {
                    @for head in ["Table", "State", "Age", "Last checked", "Last run", "Last runs", "Quarantined", "Feed"] {
                        th scope="col" { (head) }
                    }
                    @if console == Console::Operate { th scope="col" { "Actions" } }
                }
            }
            tbody { @for table in tables { (row(table, console)) } }
        }
        p.faint {
            "Age: how old what BigQuery has is. Last checked: when a run last ended that had looked for changes and left none behind. "
            "Quarantined: rows with values that BigQuery cannot hold. Upserts, deletes and the rest are the table's own."
        }
    };
    frame("Tables", &content)
}

fn row(table: &FeedStatus, console: Console) -> Markup {
    let (health, word, more) = state(table);
    html! {
        tr {
            th scope="row" { (table.source) small { "→ " (table.target) ", by " (table.capture) ": " (table.finds) } }
            td data-label="State" {
                span class={ "state " (health.class()) } { span aria-hidden="true" { (health.sign()) } " " (word) }
                @if let Some(more) = more { small { (more) } }
                @for line in compared(table) { small { (line) } }
            }
            td data-label="Age" {
                @match table.age_seconds {
                    Some(seconds) => { time { (age(seconds)) } }
                    None => { span.faint { @if table.set_aside_since.is_some() { "not known" } @else { "never" } } }
                }
                @if let Some(watermark) = &table.watermark { small { "snapshot " (watermark) } }
            }
            td data-label="Last checked" {
                @match table.checked_seconds {
                    Some(seconds) => { (age(seconds)) " ago" }
                    None => { span.faint { "never" } }
                }
            }
            td data-label="Last run" { (last_run(table)) }
            td data-label="Last runs" { (sparkline(&table.recent)) }
            td data-label="Quarantined" { (count(table.quarantined)) }
            td data-label="Feed" {
                (table.feed)
                @if let Some(run) = &table.held_by { small { "lease: " (run) } }
                @if let Some(run) = &table.pending { small { "pending: " (link(&table.feed, run, run)) } }
            }
            @if console == Console::Operate { td data-label="Actions" { (actions(table)) } }
        }
    }
}

fn link(feed: &str, run: &str, text: &str) -> Markup {
    html! { a href={ "/feeds/" (feed) "/runs/" (run) } { (text) } }
}

fn last_run(table: &FeedStatus) -> Markup {
    let Some(last) = table.recent.last().or(table.last_run.as_ref()) else {
        return html! { span.faint { "none yet" } };
    };
    html! {
        (link(&table.feed, last.run.as_str(), &moment(last.finished)))
        small {
            @if last.error.is_some() { "failed, " } @else {
                (changes(&last.figures)) ", " (bytes(last.figures.bytes_billed)) " billed, "
                @if last.figures.quarantined > 0 { (count(last.figures.quarantined)) " quarantined, " }
            }
            (duration(last.seconds))
        }
    }
}

/// What a run did to the table. Of a load that replaced it only the rows before and after are known.
fn changes(figures: &Figures) -> String {
    match figures.rows_before {
        Some(before) => format!("{} replaced by {}", counted(before, "row", "rows"), count(figures.upserts)),
        None => format!(
            "{}, {}",
            counted(figures.upserts, "upsert", "upserts"),
            counted(figures.deletes, "delete", "deletes")
        ),
    }
}

fn actions(table: &FeedStatus) -> Markup {
    let button = |action: &str, word: &str| {
        html! {
            form method="post" action={ "/console/" (action) } {
                input type="hidden" name="table" value=(table.source);
                button aria-label={ (word) " " (table.source) } { (word) }
            }
        }
    };
    html! {
        div.actions {
            @if table.paused_since.is_some() { (button("resume", "Resume")) }
            @else { (button("run", "Run now")) (button("pause", "Pause")) }
        }
    }
}
