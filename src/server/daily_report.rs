//! The report of a time, asked for by a scheduler or a person.

use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::app::{App, refusal};
use crate::run::{DailyMessage, DailyReport, Published, RunError};

/// Makes the report and puts it on the topic for reports.
pub(super) async fn publish(app: &App, span: Duration) -> Result<(DailyMessage, Published), RunError> {
    let message = DailyMessage::of(app.context.daily_report(DailyReport::begin(span)).await);
    let published = app.context.publish_daily(&message, span).await?;
    Ok((message, published))
}

/// The report itself, and what became of its message.
pub(super) async fn answer(app: &App, span: Duration) -> Response {
    let (message, published) = match publish(app, span).await {
        Ok(done) => done,
        Err(e) => return refusal(StatusCode::INTERNAL_SERVER_ERROR, e.to_string(), e.hint()),
    };
    let (topic, note) = match published {
        Published::On(topic) => (Some(topic), None),
        Published::NoTopic => (None, Some("nothing was published: the config names no topic, [pubsub] reports")),
    };
    let DailyMessage { subject, text, html, report } = message;
    let answer = json!({
        "report": report, "subject": subject, "text": text, "html": html,
        "published": topic.is_some(), "topic": topic, "note": note
    });
    Json(answer).into_response()
}
