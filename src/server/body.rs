//! Reading a request's body, from a caller who may mean harm or merely be slow.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};

/// Requests are a few table names.
const LARGEST: usize = 256 * 1024;
/// Nobody needs longer to send that much.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a body is not read: a status, what is wrong, and what to send instead.
pub(super) type Refused = (StatusCode, &'static str, &'static str);

/// The whole body, or why not.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Refused> {
    if !is_json(headers) {
        let hint = "send application/json";
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body's content type is none we read", hint));
    }
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    let too_large =
        (StatusCode::PAYLOAD_TOO_LARGE, "the body is longer than 256 KiB", "name fewer tables, or none for all");
    if announced.is_some_and(|length: usize| length > LARGEST) {
        return Err(too_large);
    }
    match tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, LARGEST)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(too_large),
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "the body did not arrive within 10 seconds", "send it at once")),
    }
}

/// Nothing said is taken for JSON, and so are bytes: unwrapped messages come like that. What a form on a foreign page can
/// send is not: a browser would ask first for anything else.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return true };
    let text = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    text == "application/json" || text == "application/octet-stream" || text.ends_with("+json")
}
