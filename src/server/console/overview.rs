//! Every table on one page: what is wrong first, then what needs a look, then what waits, then the rest by name.

use maud::{Markup, html};

use super::actions::Action;
use super::buttons::{Back, button};
use super::filter::{COMPARED, Filter, NEVER, compared, state_of};
use super::forms::Outcome;
use super::frame::{Place, Refresh, buttons, clock, frame, made, may_operate, unread};
use super::hints;
use super::links;
use super::spark::{rows, sparkline};
use super::standing::{Sign, TableStanding, first_sentence};
use crate::model::figures::{age, count, moment};
use crate::model::sentence;
use crate::run::{FeedStatus, NextTick, Standing, TableLook};
use crate::server::app::App;

/// A table and what is said of it.
struct Line<'a> {
    look: &'a TableLook,
    standing: TableStanding,
}

/// What every part of the page needs to know.
struct Page<'a> {
    app: &'a App,
    /// The query of the list, for a form to lead back to.
    query: String,
    refresh: Refresh,
}

pub(super) fn page(
    app: &App,
    looks: &[TableLook],
    filter: &Filter,
    notice: Option<Outcome>,
    refresh: Refresh,
) -> Markup {
    let mut lines: Vec<Line<'_>> = looks.iter().map(|look| Line { look, standing: TableStanding::of(look) }).collect();
    lines.sort_by_cached_key(|l| (l.look.spec.source.to_string().to_lowercase(), l.look.spec.target.clone()));
    let paused = looks.iter().filter(|l| l.known.as_ref().is_some_and(|k| k.status.paused_since.is_some())).count();
    let number = |sign: Sign| lines.iter().filter(|l| l.standing.sign == sign).count();
    let (wrong, to_look_at) = (number(Sign::Wrong), number(Sign::Look));
    let is_paused = |l: &Line<'_>| l.look.known.as_ref().is_some_and(|k| k.status.paused_since.is_some());
    let unknown = looks.iter().filter(|l| l.known.is_none()).count();
    let at_work =
        lines.iter().filter(|l| l.standing.sign == Sign::Waiting && !is_paused(l)).count().saturating_sub(unknown);
    let shown: Vec<&Line<'_>> = lines.iter().filter(|l| filter.lets_through(l.look)).collect();
    let of = |sign: Sign| -> Vec<&Line<'_>> { shown.iter().copied().filter(|l| l.standing.sign == sign).collect() };
    let (mut troubled, looked_at) = (of(Sign::Wrong), of(Sign::Look));
    let (waiting, rest) = (of(Sign::Waiting), of(Sign::Well));
    // By how bad it is, then by name.
    troubled.sort_by_key(|l| l.look.known.as_ref().map(|k| Standing::of(&k.status)));
    let here = links::list(filter, &[]);
    let page = Page { app, query: here.trim_start_matches(['/', '?']).to_owned(), refresh };
    let content = html! {
        header {
            h1 { "Tables" }
            p.sum {
                (looks.len()) (if looks.len() == 1 { " table, " } else { " tables, " })
                @if wrong == 0 { strong.well { "none in trouble" } }
                @else { strong.wrong { (wrong) " in trouble" } }
                @if to_look_at > 0 { ", " (to_look_at) " to look at" }
                @if paused > 0 { ", " (paused) " paused" }
                @if at_work > 0 { ", " (at_work) " at work" }
                @if unknown > 0 { ", " (unknown) " not known" }
                ", " (number(Sign::Well)) " up to date"
                @if let Some(next) = next_tick(looks) { span.faint { ". Next run about " (clock(next.at)) ", an estimate" } }
            }
            (made(refresh, &here))
            @if may_operate(app) {
                form method="post" action="/console/run" {
                    (page.back().fields())
                    button { "Run all now" }
                }
            }
        }
        (unread(looks))
        @if let Some(notice) = notice { (notice.told()) }
        (filters(looks, filter, refresh))
        @if !filter.is_empty() {
            p { (shown.len()) " of " (looks.len()) " tables are shown. " a href=(links::with_query("/", &refresh.pairs())) { "Show all" } }
        }
        @if !troubled.is_empty() {
            section aria-labelledby="wrong" {
                h2 #wrong { "In trouble " span.faint { (troubled.len()) } }
                ol.lines { @for line in &troubled { (page.long(line)) } }
            }
        }
        @if !looked_at.is_empty() {
            section aria-labelledby="look" {
                h2 #look { "To look at " span.faint { (looked_at.len()) } }
                ol.lines { @for line in &looked_at { (page.long(line)) } }
            }
        }
        @if !waiting.is_empty() {
            section aria-labelledby="waiting" {
                h2 #waiting { "Paused, at work, or not known " span.faint { (waiting.len()) } }
                ol.lines { @for line in &waiting { (page.long(line)) } }
            }
        }
        @if !rest.is_empty() {
            section aria-labelledby="well" {
                h2 #well { "Up to date " span.faint { (rest.len()) (never_compared(&rest, filter, refresh)) } }
                ul.grid { @for line in &rest { (page.short(line)) } }
            }
        }
        p.faint {
            "✓: all changes of the source are in BigQuery that were committed before its age. Whether each row is equal, a comparison says (Verify, on "
            "the table's page). Age: how old what BigQuery has is. + and −: rows that the last run wrote and removed. Bars: rows of each of the last "
            "runs, the newest on the right, on a logarithmic scale; point at them for the largest. A cross is a failure."
        }
    };
    frame("Tables", Place::Tables, refresh, &content)
}

/// How many tables nobody has compared with their source, which leads to them.
fn never_compared(lines: &[&Line<'_>], filter: &Filter, refresh: Refresh) -> Markup {
    let never = lines.iter().filter(|l| compared(l.look) == NEVER).count();
    let all = links::list(&Filter { compared: NEVER.to_owned(), ..filter.clone() }, &refresh.pairs());
    html! { @if never > 0 { ", " a href=(all) { (never) " of them never compared with the source" } } }
}

/// The next tick for any of the tables.
fn next_tick(looks: &[TableLook]) -> Option<NextTick> {
    looks.iter().filter_map(|l| l.known.as_ref()?.status.next_tick).min_by_key(|next| next.at)
}

fn filters(looks: &[TableLook], filter: &Filter, refresh: Refresh) -> Markup {
    let mut states: Vec<&str> = looks.iter().map(state_of).collect();
    let mut schemas: Vec<&str> = looks.iter().map(|l| l.spec.source.schema.as_str()).collect();
    let mut feeds: Vec<String> =
        looks.iter().map(|l| l.spec.feed()).filter(|f| f.is_shared()).map(|f| f.to_string()).collect();
    states.sort_unstable();
    states.dedup();
    schemas.sort_unstable();
    schemas.dedup();
    feeds.sort_unstable();
    feeds.dedup();
    let feeds: Vec<&str> = feeds.iter().map(String::as_str).collect();
    html! {
        form.filter method="get" action="/" role="search" aria-label="Tables" {
            label { "Name " input type="search" name="q" value=(filter.text) size="18"; }
            (choice("State", "state", &states, &filter.state))
            (choice("Schema", "schema", &schemas, &filter.schema))
            @if !feeds.is_empty() { (choice("Feed", "feed", &feeds, &filter.feed)) }
            (choice("Compared", "compared", &COMPARED, &filter.compared))
            @if refresh == Refresh::Off { input type="hidden" name="refresh" value="off"; }
            button { "Show" }
        }
    }
}

/// A list to choose one of, or none. What was chosen is among them, though nothing has it now.
pub(super) fn choice(label: &str, name: &str, all: &[&str], chosen: &str) -> Markup {
    html! {
        label {
            (label) " "
            select name=(name) {
                option value="" { "all" }
                @for one in all { option value=(one) selected[*one == chosen] { (one) } }
                @if !chosen.is_empty() && !all.contains(&chosen) { option value=(chosen) selected { (chosen) } }
            }
        }
    }
}

/// Where a line says why a table stands so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WhyStands {
    Beside,
    /// What is wrong is said whole, with what to do.
    Below,
}

impl WhyStands {
    fn of(standing: &TableStanding) -> Self {
        // What a comparison has found is told by its figures and its button; its page has the rest.
        let is_told = standing.fix == Some(Action::Repair);
        if standing.sign == Sign::Wrong && standing.hint.is_some() && !is_told { Self::Below } else { Self::Beside }
    }
}

impl Page<'_> {
    /// The page's buttons lead back to it.
    fn back(&self) -> Back<'_> {
        Back { to: &self.query, refresh: self.refresh }
    }

    /// A table that somebody should look at.
    fn long(&self, line: &Line<'_>) -> Markup {
        let Line { look, standing } = line;
        let (spec, table) = (&look.spec, look.known.as_ref().map(|k| &k.status));
        let place = WhyStands::of(standing);
        html! {
            li {
                div.head {
                    span class={ "state " (standing.sign.class()) } {
                        span aria-hidden="true" { (standing.sign.sign()) } " " (standing.word)
                    }
                    (name(look))
                    @if let Some(since) = standing.since_text() { span.faint { (since) } }
                    @if let (Some(known), Some(_)) = (&look.known, &look.unread) {
                        span.waiting { "as of " (clock(known.at)) }
                    }
                    @if let (Sign::Look, Some(table)) = (standing.sign, table) { (last_run(table)) }
                    (sparkline(table.map(|t| t.recent.as_slice()).unwrap_or_default()))
                    @if let Some(why) = standing.why.as_ref().filter(|_| place == WhyStands::Beside) {
                        span.why title=(why) { (first_sentence(why)) }
                    }
                    @if standing.sign == Sign::Look {
                        a.button href={ (links::table(&spec.target)) "#refused" } aria-label={ "See why " (spec.source) } { "See why" }
                    }
                    @if let Some(fix) = standing.fix {
                        @if may_operate(self.app) { (button(spec, fix, self.back())) }
                        @else { code.command { (fix.command(spec)) } }
                    }
                }
                @if let Some(why) = standing.why.as_ref().filter(|_| place == WhyStands::Below) {
                    p.why title=(why) {
                        (first_sentence(why))
                        @if let Some(hint) = &standing.hint { ". " span.hint { (hints::told(&sentence(&first_sentence(hint)), spec, buttons(self.app))) } }
                    }
                }
            }
        }
    }

    /// A table that is well.
    fn short(&self, line: &Line<'_>) -> Markup {
        let Some(known) = &line.look.known else { return html! {} };
        let table = &known.status;
        html! {
            li {
                span.state.well { span aria-hidden="true" { (line.standing.sign.sign()) } span.vh { (line.standing.word) } }
                (name(line.look))
                span.age title="age of what BigQuery has" {
                    span.vh { "age " }
                    @match table.age_seconds { Some(seconds) => { (age(seconds)) } None => { "–" } }
                }
                (last_run(table))
                (sparkline(&table.recent))
            }
        }
    }
}

/// What the last run wrote and removed, which leads to it.
fn last_run(table: &FeedStatus) -> Markup {
    html! {
        @match table.recent.last().or(table.last_run.as_ref()) {
            Some(last) => {
                @let told = format!("last run {}", moment(last.finished));
                a.rows href=(links::run(&table.feed, last.run.as_str())) title=(told) {
                    span.vh { (told) ": " }
                    @if last.error.is_some() { "failed" }
                    @else if rows(last) == 0 { "0" }
                    @else {
                        @if last.figures.upserts > 0 { "+" (count(last.figures.upserts)) }
                        @if last.figures.deletes > 0 { " −" (count(last.figures.deletes)) }
                    }
                }
            }
            None => { span.rows.faint { "–" } }
        }
    }
}

/// The link to a table's page. A name that is too long for its place is cut by the browser, and there in full when pointed at.
fn name(look: &TableLook) -> Markup {
    let full = format!("{} → {}.{}", look.spec.source, look.spec.home, look.spec.target);
    html! { a.table href=(links::table(&look.spec.target)) title=(full) { (look.spec.source) } }
}
