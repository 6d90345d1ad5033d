//! What the pages' forms do.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use tracing::{info, warn};

use super::actions::{Action, Asks};
use super::filter::Filter;
use super::frame::{Place, Refresh, frame, may_operate, problem};
use super::links;
use super::patience::PATIENCE;
use crate::model::TableSpec;
use crate::run::{Pause, Request, Rest, RunState, TickReport};
use crate::server::app::{App, PATIENCE as LONGEST, guard, run as run_tick};
use crate::server::body::{self, Kind};
use crate::server::origin::is_our_page;
use crate::state::{PauseReason, PausedBy};

/// What became of a button, for the page that is shown then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Ran,
    Failed,
    Busy,
    Paused,
    Resumed,
    /// What was to be done is paused.
    Resting,
}

impl Outcome {
    const ALL: [Self; 6] = [Self::Ran, Self::Failed, Self::Busy, Self::Paused, Self::Resumed, Self::Resting];

    fn name(self) -> &'static str {
        match self {
            Self::Ran => "ran",
            Self::Failed => "failed",
            Self::Busy => "busy",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::Resting => "resting",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.name() == name)
    }

    fn text(self) -> &'static str {
        match self {
            Self::Ran => "The run is done.",
            Self::Failed => "The run failed: the table's state says why.",
            Self::Busy => "Another run is at work on it, or on one of them: nothing was done there. Try again.",
            Self::Paused => "Paused: no run reads it until it is resumed.",
            Self::Resumed => "Resumed: the next run goes on where it stopped.",
            Self::Resting => "It is paused: nothing was done. Resume it first.",
        }
    }

    /// On the page that is shown then. It has the focus: it is read out, which what stands on a page from the start is not.
    pub fn told(self) -> Markup {
        html! {
            p.notice.wrong[self == Self::Failed] #done role="status" tabindex="-1" autofocus { (self.text()) }
        }
    }

    fn of(report: &TickReport) -> Self {
        if !report.runs.is_empty() && report.runs.iter().all(|run| run.state == RunState::Paused) {
            return Self::Resting;
        }
        match (report.ok, report.has_met_a_busy_feed()) {
            (false, _) => Self::Failed,
            (true, true) => Self::Busy,
            (true, false) => Self::Ran,
        }
    }
}

/// What a form says.
#[derive(Debug, Default)]
struct Form {
    tables: Vec<String>,
    reason: String,
    /// The action that somebody has agreed to, on the page that asks.
    agreed: String,
    back: Back,
    /// Of the page to go back to.
    refresh: Refresh,
}

/// Where to go afterwards.
#[derive(Debug)]
enum Back {
    /// To the list, filtered as it was.
    List(Filter),
    /// To the table's own page.
    Table,
}

impl Default for Back {
    fn default() -> Self {
        Self::List(Filter::default())
    }
}

impl Form {
    fn parse(bytes: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(bytes) {
            match name.as_ref() {
                "table" if !value.is_empty() => form.tables.push(value.into_owned()),
                "reason" => form.reason = value.into_owned(),
                "agreed" => form.agreed = value.into_owned(),
                "refresh" => form.refresh = Refresh::asked(Some(&value)),
                "back" if value == "table" => form.back = Back::Table,
                "back" => form.back = Back::List(Filter::parse(&value)),
                _ => {}
            }
        }
        form
    }

    /// The page that it came from, with more in its query.
    fn back(&self, specs: &[&TableSpec], more: &[(&str, &str)]) -> String {
        let more = [more, &self.refresh.pairs()].concat();
        match (&self.back, specs) {
            (Back::Table, [spec, ..]) => links::with_query(&links::table(&spec.target), &more),
            (Back::Table, []) => links::list(&Filter::default(), &more),
            (Back::List(filter), _) => links::list(filter, &more),
        }
    }

    /// The page that shows what has become of it.
    fn then(&self, outcome: Outcome, specs: &[&TableSpec]) -> Response {
        Redirect::to(&self.back(specs, &[("done", outcome.name())])).into_response()
    }

    /// The page of a bucket that has not answered yet.
    fn not_known_yet(&self, action: Action, specs: &[&TableSpec]) -> Response {
        let names: Vec<String> = specs.iter().map(|t| t.source.to_string()).collect();
        let (are, paused) =
            (if names.len() == 1 { "is" } else { "are" }, if action == Action::Resume { "resumed" } else { "paused" });
        let what = format!("It is not known yet whether {} {are} {paused}", names.join(", "));
        let body = html! {
            h1.long { (what) }
            p { "Cloud Storage has not answered yet. The change may take hold, now or in a moment, or not at all." }
            p { a href=(self.back(specs, &[])) { "Look again" } ", and press the button again if it has not taken hold. Twice does no harm." }
        };
        (StatusCode::SERVICE_UNAVAILABLE, frame(&what, Place::Elsewhere, Refresh::Never, &body)).into_response()
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

/// What the form of somebody says who may send one.
async fn receive(app: &App, headers: &HeaderMap, content: Body) -> Result<Form, Response> {
    let mut content = content.into_data_stream();
    let refused = match admit(app, headers).await {
        Err(refused) => refused,
        Ok(()) => match body::read(headers, &mut content, Kind::Form).await {
            Ok(bytes) => return Ok(Form::parse(&bytes)),
            Err((status, why, hint)) => problem(status, why, hint),
        },
    };
    Err(body::refuse(content, refused).await)
}

/// Does what a form asks for, and shows a page with what has become of it.
pub(super) async fn act(
    State(app): State<Arc<App>>,
    Path(action): Path<String>,
    headers: HeaderMap,
    content: Body,
) -> Response {
    let form = match receive(&app, &headers, content).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let Some(action) = Action::parse(&action) else {
        return problem(StatusCode::NOT_FOUND, "There is no such button", "use the buttons of the pages");
    };
    // All of them at once is what one button asks for, and no other.
    if form.tables.is_empty() && action != Action::Run {
        return problem(StatusCode::BAD_REQUEST, "The form names no table", "use the buttons of the status page");
    }
    let tables = &app.context.config.tables;
    let named = Request { tables: form.tables.clone(), ..Request::default() };
    let specs = match named.select(tables) {
        Ok(specs) => specs,
        Err(e) => return problem(StatusCode::UNPROCESSABLE_ENTITY, &e.to_string(), &e.hint()),
    };
    if let (Asks::First, Some(spec)) = (action.asks(), specs.first())
        && form.agreed != action.name()
    {
        return Redirect::to(&links::with_query(&links::asks(&spec.target, action), &form.refresh.pairs()))
            .into_response();
    }
    let names: Vec<String> = specs.iter().map(|t| t.target.clone()).collect();
    info!(tables = names.join(", "), action = action.name(), "by the status page");
    match action.request(names) {
        Some(request) => match run_tick(&app, request).await {
            Ok(report) => form.then(Outcome::of(&report), &specs),
            Err(e) => problem(StatusCode::UNPROCESSABLE_ENTITY, &e.to_string(), &e.hint()),
        },
        None => pause(&app, action, &form, &specs).await,
    }
}

/// Lets tables rest, or go on.
async fn pause(app: &App, action: Action, form: &Form, specs: &[&TableSpec]) -> Response {
    let (pause, outcome) = match action {
        Action::Resume => (Pause::GoOn, Outcome::Resumed),
        _ => match PauseReason::parse(&form.reason) {
            Ok(reason) => (Pause::Rest(Rest { reason, by: Some(PausedBy::console()) }), Outcome::Paused),
            Err(e) => return problem(StatusCode::UNPROCESSABLE_ENTITY, &e.to_string(), "write a shorter one"),
        },
    };
    let (context, own): (_, Vec<TableSpec>) = (app.context.clone(), specs.iter().map(|spec| (*spec).clone()).collect());
    // It goes on when its page is there: what is begun is not left half done for an answer that is late.
    let task = tokio::spawn(async move {
        let specs: Vec<&TableSpec> = own.iter().collect();
        tokio::time::timeout(LONGEST, context.set_pause(&specs, &pause)).await
    });
    match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(Ok(Ok(_)))) => form.then(outcome, specs),
        Ok(Ok(Ok(Err(e)))) => problem(StatusCode::SERVICE_UNAVAILABLE, &e.to_string(), &e.hint()),
        Err(_) | Ok(Err(_) | Ok(Err(_))) => form.not_known_yet(action, specs),
    }
}
