//! The status page: where every table stands, what the last runs did, and, under `console = "operate"`, buttons.
//!
//! ```text
//!   GET  /                          every table                      (page.rs)
//!   GET  /feeds/<feed>/runs/<run>   one run: report, SQL, error      (run_page.rs)
//!   POST /console/run|pause|resume  a form's button ──▶ 303 back to /
//! ```
//!
//! Plain pages from the server: no script, nothing from elsewhere, and a policy that lets the browser hold us to it. A form can
//! be posted to us by any page that the operator's browser has open, so a post counts only if the browser says that it comes from
//! our own page.

mod forms;
mod frame;
mod page;
mod run_page;
mod spark;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use self::frame::problem;
use super::app::{App, PATIENCE, guard};
use crate::model::RunId;
use crate::run::{Pause, UnknownRun};

const STYLE: &str = include_str!("style.css");
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(overview))
        .route("/feeds/{feed}/runs/{run}", get(one_run))
        .route("/console/run", post(forms::run))
        .route("/console/pause", post(async |s, h, b| forms::pause(s, h, b, Pause::Rest).await))
        .route("/console/resume", post(async |s, h, b| forms::pause(s, h, b, Pause::GoOn).await))
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
}

/// What a form's answer has to say; in the address, for the page after it is fetched again.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    done: Option<String>,
}

async fn overview(State(app): State<Arc<App>>, headers: HeaderMap, Query(said): Query<Said>) -> Response {
    if let Err(refused) = guard(&app, &headers).await {
        return refused;
    }
    match tokio::time::timeout(PATIENCE, app.context.status()).await {
        Ok(tables) => {
            let notice = said.done.as_deref().and_then(forms::Outcome::parse);
            page::page(&tables, app.context.config.server.console, notice).into_response()
        }
        Err(_) => problem(StatusCode::SERVICE_UNAVAILABLE, "Cloud Storage does not answer", "look at the bucket"),
    }
}

async fn one_run(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path((feed, run)): Path<(String, String)>,
) -> Response {
    if let Err(refused) = guard(&app, &headers).await {
        return refused;
    }
    let unknown =
        || problem(StatusCode::NOT_FOUND, "Nothing is kept of this run", "batches go by the bucket's lifecycle rule");
    let Some(run) = RunId::parse(&run) else { return unknown() };
    match tokio::time::timeout(PATIENCE, app.context.past_run(&feed, &run)).await {
        Ok(Ok(Ok(detail))) => run_page::page(&detail).into_response(),
        Ok(Ok(Err(UnknownRun))) => unknown(),
        Ok(Err(e)) => problem(StatusCode::SERVICE_UNAVAILABLE, &e.to_string(), &e.hint()),
        Err(_) => problem(StatusCode::SERVICE_UNAVAILABLE, "Cloud Storage does not answer", "look at the bucket"),
    }
}
