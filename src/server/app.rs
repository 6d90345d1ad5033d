//! What every route works with: the context, the check of a caller, a tick that goes on when the caller has gone.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tracing::{Instrument, warn};

use super::auth::Gate;
use crate::run::{Context, Request, TickReport, UnknownTable, tick};

/// Nobody who asks how things stand waits longer.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// What all routes work with.
pub(super) struct App {
    pub context: Arc<Context>,
    pub gate: Gate,
}

/// An answer to a request that is not served.
pub(super) fn refusal(status: StatusCode, message: impl Into<String>, hint: impl Into<String>) -> Response {
    (status, Json(json!({ "error": message.into(), "hint": hint.into() }))).into_response()
}

/// Whether the caller may in; the answer if not.
pub(super) async fn guard(app: &App, headers: &HeaderMap) -> Result<(), Response> {
    app.gate.check(headers).await.map_err(|(status, why)| {
        warn!(status = status.as_u16(), reason = why, "request refused");
        let refused = refusal(status, why, app.gate.hint());
        match status {
            StatusCode::UNAUTHORIZED => ([(header::WWW_AUTHENTICATE, "Bearer")], refused).into_response(),
            _ => refused,
        }
    })
}

/// Runs a tick to its end even if the caller goes away: Pub/Sub gives up waiting before a long run is done.
pub(super) async fn run(app: &App, request: Request) -> Result<TickReport, UnknownTable> {
    request.select(&app.context.config.tables)?;
    let context = app.context.clone();
    let started = time::OffsetDateTime::now_utc();
    let task = tokio::spawn(async move { tick(&context, &request).await }.in_current_span());
    match task.await {
        Ok(report) => report,
        Err(_) => Ok(TickReport::crashed(started)),
    }
}
