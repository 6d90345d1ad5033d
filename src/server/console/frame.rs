//! What all pages have around them, and the page of a problem.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use time::OffsetDateTime;
use time::macros::format_description;

use super::hints::Buttons;
use super::links;
use crate::config::Console;
use crate::model::figures::{in_utc, moment};
use crate::model::sentence;
use crate::run::TableLook;
use crate::server::app::App;

/// Seconds after which a page that refreshes itself does so.
const REFRESH_SECONDS: u32 = 30;

/// The pages that every page leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Tables,
    Runs,
    Cost,
    /// None of these.
    Elsewhere,
}

const PLACES: [(Place, &str, &str); 3] =
    [(Place::Tables, "/", "Tables"), (Place::Runs, "/runs", "Runs"), (Place::Cost, "/cost", "Cost")];

/// Whether a page refreshes itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Refresh {
    /// It would not change.
    Never,
    #[default]
    On,
    /// Somebody has stopped it.
    Off,
}

impl Refresh {
    /// As the address says.
    pub fn asked(value: Option<&str>) -> Self {
        if value == Some("off") { Self::Off } else { Self::On }
    }

    /// In an address.
    pub fn pairs(self) -> [(&'static str, &'static str); 1] {
        [("refresh", if self == Self::Off { "off" } else { "" })]
    }
}

/// Whether the page has buttons, and its forms do anything.
pub(super) fn may_operate(app: &App) -> bool {
    app.context.config.server.console == Console::Operate
}

/// The same, for what is told in other words where there are buttons.
pub(super) fn buttons(app: &App) -> Buttons {
    if may_operate(app) { Buttons::Some } else { Buttons::None }
}

/// A page that says what is wrong, and what to do.
pub(super) fn problem(status: StatusCode, what: &str, hint: &str) -> Response {
    let body = html! {
        h1 { (what) }
        p { (sentence(hint)) }
        p { a href="/" { "All tables" } }
    };
    (status, frame(what, Place::Elsewhere, Refresh::Never, &body)).into_response()
}

/// What all pages have around them. Nothing needs the script: it fetches a page again more gently than the browser would.
pub(super) fn frame(title: &str, place: Place, refresh: Refresh, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Plimsoll" }
                link rel="stylesheet" href="/style.css";
                @if refresh == Refresh::On {
                    noscript { meta http-equiv="refresh" content=(REFRESH_SECONDS); }
                    script src="/refresh.js" defer {}
                }
            }
            body data-refresh=[(refresh == Refresh::On).then_some(REFRESH_SECONDS)] {
                a.skip href="#content" { "Skip to content" }
                nav.places aria-label="Pages" {
                    span.name { "Plimsoll" }
                    @for (of, href, word) in PLACES {
                        a href=(href) aria-current=[(of == place).then_some("page")] { (word) }
                    }
                }
                // What is said here later is read out, because the place was there before.
                @if refresh == Refresh::On { div #not-refreshed role="alert" {} }
                main #content tabindex="-1" { (content) }
            }
        }
    }
}

/// When the page was made, and the link that stops or starts its refreshing. `here` is its own address with a query that may be added to.
pub(super) fn made(refresh: Refresh, here: &str) -> Markup {
    html! {
        p.made {
            "as of " time datetime=(iso(OffsetDateTime::now_utc())) { (clock(OffsetDateTime::now_utc())) }
            @match refresh {
                Refresh::On => {
                    ", again every " (REFRESH_SECONDS) " s. "
                    a href=(links::more(here, &Refresh::Off.pairs())) { "Stop refreshing" }
                }
                Refresh::Off => { ". " a href=(here) { "Refresh every " (REFRESH_SECONDS) " s" } }
                Refresh::Never => {}
            }
        }
    }
}

/// `12:05:39 UTC`; of another day than today with its date.
pub(super) fn clock(at: OffsetDateTime) -> String {
    if in_utc(at).date() != OffsetDateTime::now_utc().date() {
        return moment(at);
    }
    let format = format_description!("[hour]:[minute]:[second] UTC");
    in_utc(at).format(format).unwrap_or_default()
}

fn iso(at: OffsetDateTime) -> String {
    at.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}

/// What a page says on top where states could not be read: how many, why, and what is shown instead.
pub(super) fn unread(looks: &[TableLook]) -> Markup {
    let unread: Vec<&TableLook> = looks.iter().filter(|l| l.unread.is_some()).collect();
    let first = unread.iter().find_map(|l| l.unread.as_ref());
    let oldest = unread.iter().filter_map(|l| l.known.as_ref()).map(|k| k.at).min();
    let never = unread.iter().filter(|l| l.known.is_none()).count();
    html! {
        @if let Some(complaint) = first {
            div.notice.wrong role="alert" {
                p {
                    strong {
                        @if unread.len() == looks.len() { "The state of the tables could not be read" }
                        @else { "The state of " (unread.len()) " of " (looks.len()) " tables could not be read" }
                    }
                    ": " (complaint.message)
                }
                p {
                    @if let Some(oldest) = oldest { "What stands below of them is as of " (clock(oldest)) " or later. " }
                    @if never > 0 { "Of " (never) " of them this process knows nothing yet. " }
                    (sentence(&complaint.hint))
                }
            }
        }
    }
}
