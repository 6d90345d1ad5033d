//! The routes themselves.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;
use tracing::{Instrument, info, info_span, warn};

use super::app::{App, PATIENCE, guard, refusal, run};
use super::body::{self, Kind};
use super::console;
use super::daily_report;
use super::envelope;
use super::origin::is_another_site;
use crate::config::FanOut;
use crate::run::{Asked, Request, TickReport, fan_out, pass_on_rest};
use crate::telemetry::TraceContext;

const SILENT: &str = "Cloud Storage does not answer";

pub(super) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/pubsub", post(pubsub))
        .route("/runs", post(runs))
        .route("/status", get(status))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        // Google's front end keeps some paths that end in z for itself: from outside only these names get through.
        .route("/health", get(healthz))
        .route("/ready", get(readyz))
        .merge(console::router())
        .layer(middleware::from_fn(traced))
        .with_state(app)
}

/// The body of a caller who may send one.
async fn receive(app: &App, headers: &HeaderMap, content: Body) -> Result<Bytes, Response> {
    let mut content = content.into_data_stream();
    let refused = match guard(app, headers).await {
        Err(refused) => refused,
        Ok(()) if is_another_site(headers) => {
            warn!("a request from another site's page is refused");
            refusal(StatusCode::FORBIDDEN, "the request comes from another site's page", "call it from no browser")
        }
        Ok(()) => match body::read(headers, &mut content, Kind::Json).await {
            Ok(bytes) => return Ok(bytes),
            Err((status, why, hint)) => {
                warn!(status = status.as_u16(), reason = why, "request refused");
                refusal(status, why, hint)
            }
        },
    };
    Err(body::refuse(content, refused).await)
}

/// What is logged on a request's behalf belongs to its caller's trace.
async fn traced(request: axum::extract::Request, next: Next) -> Response {
    let context = TraceContext::of(request.headers());
    let span = match &context {
        Some(c) => info_span!("request", trace = c.trace, span_id = c.span),
        None => info_span!("request"),
    };
    next.run(request).instrument(span).await
}

async fn pubsub(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Response {
    let body = match receive(&app, &headers, body).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let push = match envelope::parse(&body) {
        Ok(push) => push,
        Err(e) => {
            warn!(reason = %e, "bad envelope");
            return refusal(
                StatusCode::BAD_REQUEST,
                e.to_string(),
                "publish an empty message, or the JSON body of /runs",
            );
        }
    };
    info!(message_id = push.message_id.as_deref(), "tick by push");
    let request = match push.asked {
        Asked::Tick(request) => request,
        Asked::Report(span) => {
            return match daily_report::publish(&app, span).await {
                Ok(_) => StatusCode::NO_CONTENT.into_response(),
                Err(e) => refusal(StatusCode::INTERNAL_SERVER_ERROR, e.to_string(), e.hint()),
            };
        }
    };
    if let (FanOut::On, Some(topic), []) =
        (app.context.config.run.fan_out, &app.context.topic, request.tables.as_slice())
    {
        return match fan_out(&app.context, topic, &request).await {
            Ok(_) => StatusCode::NO_CONTENT.into_response(),
            Err(e) => refusal(StatusCode::INTERNAL_SERVER_ERROR, e.to_string(), e.hint()),
        };
    }
    match run(&app, request.clone()).await {
        Ok(report) if request.is_asked_for() => match report.unserved.is_empty() {
            // A load in chunks goes on with the next tick; what waits for a person is no failure here.
            true => StatusCode::NO_CONTENT.into_response(),
            false if pass_on_rest(&app.context, &request, &report).await => StatusCode::NO_CONTENT.into_response(),
            false => (again(&report), Json(report)).into_response(),
        },
        Ok(report) if report.is_worth_repeating() => (again(&report), Json(report)).into_response(),
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(e) => refusal(StatusCode::BAD_REQUEST, e.to_string(), e.hint()),
    }
}

/// What has Pub/Sub deliver a message again.
fn again(report: &TickReport) -> StatusCode {
    if report.is_worth_repeating() { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::SERVICE_UNAVAILABLE }
}

async fn runs(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Response {
    let body = match receive(&app, &headers, body).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let request = match Asked::from_json(&body) {
        Ok(Asked::Tick(request)) => request,
        Ok(Asked::Report(span)) => return daily_report::answer(&app, span).await,
        Err(e) => {
            let hint = "send {\"tables\": [\"public.orders\"], \"full\": false}, or {\"report\": \"24h\"}, or nothing";
            return refusal(StatusCode::BAD_REQUEST, format!("the body is {e}"), hint);
        }
    };
    match run(&app, request.clone()).await {
        Ok(report) => (status_of(&request, &report), Json(report)).into_response(),
        Err(e) => refusal(StatusCode::UNPROCESSABLE_ENTITY, e.to_string(), e.hint()),
    }
}

fn status_of(request: &Request, report: &TickReport) -> StatusCode {
    if report.is_config_fault() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else if !report.ok {
        StatusCode::INTERNAL_SERVER_ERROR
    } else if report.is_busy() || (request.is_asked_for() && report.has_met_a_busy_feed()) {
        StatusCode::CONFLICT
    } else {
        StatusCode::OK
    }
}

async fn status(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Err(refused) = guard(&app, &headers).await {
        return refused;
    }
    match tokio::time::timeout(PATIENCE, app.context.shared_status()).await {
        Ok(feeds) => Json(json!({ "feeds": feeds })).into_response(),
        Err(_) => {
            refusal(StatusCode::SERVICE_UNAVAILABLE, SILENT, "look at the bucket, and at Cloud Storage's status page")
        }
    }
}

async fn healthz() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

/// The status is anybody's: a probe has no token. The reasons are not.
async fn readyz(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let reasons = tokio::time::timeout(PATIENCE, app.context.not_ready()).await;
    let reasons = reasons.unwrap_or_else(|_| vec![SILENT.to_owned()]);
    if reasons.is_empty() {
        Json(json!({ "status": "ready" })).into_response()
    } else if app.gate.check(&headers).await.is_ok() {
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "not ready", "reasons": reasons }))).into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "not ready" }))).into_response()
    }
}
