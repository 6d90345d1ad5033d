//! The pages for people: where every table stands, what the last runs did, and, under `console = "operate"`, buttons.
//!
//! ```text
//!   GET  /                          every table, what is wrong first    (overview.rs)
//!   GET  /tables/<target>           one table                           (table_page.rs)
//!   GET  /tables/<target>/<action>  asks before an action that deletes  (ask_page.rs)
//!   GET  /runs                      runs that are over                  (runs_page.rs)
//!   GET  /cost                      what runs cost                      (cost_page.rs)
//!   GET  /feeds/<feed>/runs/<run>   one run: report, SQL, error         (run_page.rs)
//!   POST /console/<action>          a form's button ──▶ 303 back to a page
//! ```
//!
//! Plain pages from the server: nothing from elsewhere, and a policy that lets the browser hold us to it. Nothing needs a script; one of
//! our own refreshes a page without moving what somebody reads. A form can be posted to us by any page that the operator's browser has
//! open, so a post counts only if the browser says that it comes from our own page.

mod actions;
mod ask_page;
mod buttons;
mod charts;
mod configuration;
mod cost_page;
mod effects;
mod filter;
mod forms;
mod frame;
mod hints;
mod links;
mod looks;
mod overview;
mod patience;
mod refused_values;
mod run_detail;
mod run_page;
mod run_steps;
mod runs_page;
mod spark;
mod standing;
mod table_actions;
mod table_columns;
mod table_page;
mod table_runs;

use std::sync::Arc;

use axum::extract::{Path, Query, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde::Deserialize;

use self::actions::{Action, Asks};
use self::filter::Filter;
use self::frame::{Refresh, may_operate, problem};
use self::looks::{Asker, Looks};
use self::patience::PATIENCE;
use self::run_detail::{NotKnown, RunDetail};
use self::runs_page::Asked;
use self::table_page::FromBucket;
use super::app::{App, guard};
use crate::model::{RunId, TableSpec};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("refresh.js");
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(overview))
        .route("/tables/{target}", get(one_table))
        .route("/tables/{target}/{action}", get(ask))
        .route("/runs", get(all_runs))
        .route("/cost", get(cost))
        .route("/feeds/{feed}/runs/{run}", get(one_run))
        .route("/console/{action}", post(forms::act))
        .layer(Extension(Arc::new(Looks::default())))
        .layer(map_response(async |mut page: Response| {
            let headers = page.headers_mut();
            for (name, value) in [
                (header::CONTENT_SECURITY_POLICY, POLICY),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                // With none a browser would call the origin of our own forms "null".
                (header::REFERRER_POLICY, "same-origin"),
                (header::CACHE_CONTROL, "no-store"),
            ] {
                headers.insert(name, HeaderValue::from_static(value));
            }
            page
        }))
        .route("/style.css", get(async || ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)))
        .route("/refresh.js", get(async || ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT)))
}

/// What a form's answer has to say; in the address, for the page after it is fetched again.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    done: Option<String>,
    refresh: Option<String>,
}

impl Said {
    fn notice(&self) -> Option<forms::Outcome> {
        self.done.as_deref().and_then(forms::Outcome::parse)
    }

    fn refresh(&self) -> Refresh {
        Refresh::asked(self.refresh.as_deref())
    }
}

async fn overview(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    Query(said): Query<Said>,
) -> Response {
    if let Err(refused) = guard(&app, &headers).await {
        return refused;
    }
    let looks = app.context.look(PATIENCE).await;
    let filter = Filter::parse(query.as_deref().unwrap_or_default());
    overview::page(&app, &looks, &filter, said.notice(), said.refresh()).into_response()
}

/// The table of this name, by target.
fn find<'a>(app: &'a App, target: &str) -> Option<&'a TableSpec> {
    app.context.config.tables.iter().find(|t| t.target == target)
}

fn no_such_table() -> Response {
    problem(StatusCode::NOT_FOUND, "No such table is configured", "choose one of the list")
}

async fn one_table(
    State(app): State<Arc<App>>,
    Extension(shared): Extension<Arc<Looks>>,
    headers: HeaderMap,
    Path(target): Path<String>,
    Query(said): Query<Said>,
) -> Response {
    if let Err(refused) = guard(&app, &headers).await {
        return refused;
    }
    let Some(spec) = find(&app, &target) else { return no_such_table() };
    let asker = Asker::now(&app.context);
    let looks = app.context.look(PATIENCE).await;
    let Some(look) = looks.iter().find(|l| l.spec.target == spec.target) else {
        return no_such_table();
    };
    let bucket = match &look.known {
        Some(known) => {
            let (sealed, runs) = tokio::join!(shared.sealed(&asker, spec, &known.state), shared.runs_of(&asker, spec));
            FromBucket { sealed, runs: Some(runs) }
        }
        None => FromBucket::default(),
    };
    table_page::page(&app, look, &bucket, said.notice(), said.refresh()).into_response()
}

/// Asks before an action.
async fn ask(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path((target, action)): Path<(String, String)>,
    Query(said): Query<Said>,
) -> Response {
    if let Err(refused) = guard(&app, &headers).await {
        return refused;
    }
    let Some(spec) = find(&app, &target) else { return no_such_table() };
    let Some(action) = Action::parse(&action).filter(|a| a.asks() == Asks::First) else {
        return problem(StatusCode::NOT_FOUND, "There is no such page", "use the buttons of the table's page");
    };
    if !may_operate(&app) {
        let hint = format!("set [server] console = \"operate\" to have buttons, or type `{}`", action.command(spec));
        return problem(StatusCode::FORBIDDEN, "This page is read-only", &hint);
    }
    let looks = app.context.look(PATIENCE).await;
    let known = looks.into_iter().find(|l| l.spec.target == spec.target).and_then(|l| l.known);
    ask_page::page(spec, known.as_ref(), action, said.refresh()).into_response()
}

/// Runs that are over.
async fn all_runs(
    State(app): State<Arc<App>>,
    Extension(shared): Extension<Arc<Looks>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    if let Err(refused) = guard(&app, &headers).await {
        return refused;
    }
    let (asked, tables) = (Asked::parse(query.as_deref().unwrap_or_default()), &app.context.config.tables);
    let look = shared.runs(&Asker::now(&app.context), &asked).await;
    runs_page::page(tables, &asked, &look).into_response()
}

/// How many days of costs are asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Span {
    days: Option<String>,
}

/// What runs have cost.
async fn cost(
    State(app): State<Arc<App>>,
    Extension(shared): Extension<Arc<Looks>>,
    headers: HeaderMap,
    Query(span): Query<Span>,
) -> Response {
    if let Err(refused) = guard(&app, &headers).await {
        return refused;
    }
    let asked = span.days.as_deref().and_then(|days| days.parse().ok());
    let days = cost_page::DAYS.into_iter().find(|days| Some(*days) == asked).unwrap_or(7);
    cost_page::page(days, &shared.costs(&Asker::now(&app.context), days).await).into_response()
}

/// The tick whose report has the run.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OfTick {
    tick: Option<String>,
}

async fn one_run(
    State(app): State<Arc<App>>,
    Extension(shared): Extension<Arc<Looks>>,
    headers: HeaderMap,
    Path((feed, run)): Path<(String, String)>,
    Query(of): Query<OfTick>,
) -> Response {
    if let Err(refused) = guard(&app, &headers).await {
        return refused;
    }
    let unknown =
        || problem(StatusCode::NOT_FOUND, "Nothing is kept of this run", "batches go by the bucket's lifecycle rule");
    let Some(run) = RunId::parse(&run) else { return unknown() };
    let tick = of.tick.as_deref().and_then(RunId::parse);
    let asker = Asker::now(&app.context);
    match RunDetail::read(&app.context, (&shared, &asker), (feed, run), tick).await {
        Ok(detail) => run_page::page(&detail, app.context.google_console().as_ref()).into_response(),
        Err(NotKnown::NothingIsKept) => unknown(),
        Err(NotKnown::Unread(c)) => problem(StatusCode::SERVICE_UNAVAILABLE, &c.message, &c.hint),
    }
}
