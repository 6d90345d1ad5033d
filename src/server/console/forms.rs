//! The buttons of the status page.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use tracing::{info, warn};

use super::frame::{may_operate, problem};
use crate::run::{Pause, Request, TickReport};
use crate::server::app::{App, PATIENCE, guard, run as run_tick};
use crate::server::body::{self, Kind};
use crate::server::origin::is_our_page;

/// What became of a button, for the page that is shown then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Ran,
    Failed,
    Busy,
    Paused,
    Resumed,
}

impl Outcome {
    const ALL: [Self; 5] = [Self::Ran, Self::Failed, Self::Busy, Self::Paused, Self::Resumed];

    fn name(self) -> &'static str {
        match self {
            Self::Ran => "ran",
            Self::Failed => "failed",
            Self::Busy => "busy",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.name() == name)
    }

    pub fn text(self) -> &'static str {
        match self {
            Self::Ran => "The run is done.",
            Self::Failed => "The run failed: the table's state says why.",
            Self::Busy => "Another run is at work on it, or on one of them: nothing was done there. Try again.",
            Self::Paused => "Paused: no run reads it until it is resumed.",
            Self::Resumed => "Resumed: the next tick goes on where it stopped.",
        }
    }

    fn of(report: &TickReport) -> Self {
        match (report.ok, report.has_met_a_busy_feed()) {
            (false, _) => Self::Failed,
            (true, true) => Self::Busy,
            (true, false) => Self::Ran,
        }
    }
}

/// Whether a form's post may count.
async fn admit(app: &App, headers: &HeaderMap) -> Result<(), Response> {
    guard(app, headers).await?;
    if !may_operate(app) {
        let hint = "set [server] console = \"operate\" to have buttons";
        return Err(problem(StatusCode::FORBIDDEN, "This page is read-only", hint));
    }
    if !is_our_page(headers) {
        warn!("a form from another site is refused");
        let hint = "open the status page itself, and use its buttons";
        return Err(problem(StatusCode::FORBIDDEN, "This form comes from another site", hint));
    }
    Ok(())
}

/// The tables that a form names.
async fn receive(app: &App, headers: &HeaderMap, content: Body) -> Result<Vec<String>, Response> {
    let mut content = content.into_data_stream();
    let refused = match admit(app, headers).await {
        Err(refused) => refused,
        Ok(()) => match body::read(headers, &mut content, Kind::Form).await {
            Ok(bytes) => {
                let named = form_urlencoded::parse(&bytes).filter(|(name, value)| name == "table" && !value.is_empty());
                return Ok(named.map(|(_, value)| value.into_owned()).collect());
            }
            Err((status, why, hint)) => problem(status, why, hint),
        },
    };
    Err(body::refuse(content, refused).await)
}

fn back(outcome: Outcome) -> Response {
    Redirect::to(&format!("/?done={}", outcome.name())).into_response()
}

/// Runs the named tables, or all, and comes back when that is done.
pub(super) async fn run(State(app): State<Arc<App>>, headers: HeaderMap, content: Body) -> Response {
    let tables = match receive(&app, &headers, content).await {
        Ok(tables) => tables,
        Err(refused) => return refused,
    };
    // Named, so that those run too whose time has not come.
    let all = || app.context.config.tables.iter().map(|t| t.target.clone()).collect();
    let tables = if tables.is_empty() { all() } else { tables };
    info!(tables = tables.join(", "), "run by the status page");
    match run_tick(&app, Request { tables, ..Request::default() }).await {
        Ok(report) => back(Outcome::of(&report)),
        Err(e) => problem(StatusCode::UNPROCESSABLE_ENTITY, &e.to_string(), &e.hint()),
    }
}

/// Lets the named tables rest, or go on.
pub(super) async fn pause(app: State<Arc<App>>, headers: HeaderMap, content: Body, pause: Pause) -> Response {
    let tables = match receive(&app, &headers, content).await {
        Ok(tables) => tables,
        Err(refused) => return refused,
    };
    // All of them at once is nothing that a button asks for.
    if tables.is_empty() {
        return problem(StatusCode::BAD_REQUEST, "The form names no table", "use the buttons of the status page");
    }
    let request = Request { tables, ..Request::default() };
    let specs = match request.select(&app.context.config.tables) {
        Ok(specs) => specs,
        Err(e) => return problem(StatusCode::UNPROCESSABLE_ENTITY, &e.to_string(), &e.hint()),
    };
    info!(tables = request.tables.join(", "), ?pause, "by the status page");
    match tokio::time::timeout(PATIENCE, app.context.set_pause(&specs, pause)).await {
        Ok(Ok(_)) => back(if pause == Pause::Rest { Outcome::Paused } else { Outcome::Resumed }),
        Err(_) => problem(StatusCode::SERVICE_UNAVAILABLE, "Cloud Storage does not answer", "look at the bucket"),
        Ok(Err(e)) => problem(StatusCode::SERVICE_UNAVAILABLE, &e.to_string(), &e.hint()),
    }
}
