//! What all pages have around them, and the page of a problem.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use crate::config::Console;
use crate::server::app::App;

/// Whether the page has buttons, and its forms do anything.
pub(super) fn may_operate(app: &App) -> bool {
    app.context.config.server.console == Console::Operate
}

/// A page that says what is wrong, and what to do.
pub(super) fn problem(status: StatusCode, what: &str, hint: &str) -> Response {
    let body = html! {
        h1 { (what) }
        p { (hint) }
        p { a href="/" { "All tables" } }
    };
    (status, frame(what, &body)).into_response()
}

/// What all pages have around them.
pub(super) fn frame(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Plimsoll" }
                link rel="stylesheet" href="/style.css";
            }
            body {
                a.skip href="#content" { "Skip to content" }
                main #content { (content) }
            }
        }
    }
}
