//! Reading a request's body, from a caller who may mean harm or merely be slow.

use std::time::Duration;

use axum::body::{BodyDataStream, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use tokio::sync::Semaphore;

/// Requests are a few table names.
const LARGEST: usize = 256 * 1024;
/// Nobody needs longer to send that much.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a body is not read: a status, what is wrong, and what to send instead.
pub(super) type Refused = (StatusCode, &'static str, &'static str);

/// Bytes of a refused body that are read past.
const MOST_WASTED: usize = 1024 * 1024;
/// How long they may take.
const WASTED_TIME: Duration = Duration::from_secs(2);

/// What a body has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Json,
    /// What a page's form sends.
    Form,
}

/// Whether a connection can take another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Afterwards {
    KeepOpen,
    Close,
}

/// Reads past what is left of a refused body. A connection closed over unread bytes is reset, and the answer may be lost with
/// it; one that is not closed would take the rest of the body for the next request.
async fn discard(mut body: BodyDataStream) -> Afterwards {
    let past = async {
        let mut wasted = 0;
        while let Some(piece) = body.next().await {
            wasted += piece.map_err(|_| ())?.len();
            if wasted > MOST_WASTED {
                return Err(());
            }
        }
        Ok(())
    };
    match tokio::time::timeout(WASTED_TIME, past).await {
        Ok(Ok(())) => Afterwards::KeepOpen,
        Ok(Err(())) | Err(_) => Afterwards::Close,
    }
}

/// A refusal, given when the body it is about is out of the way.
pub(super) async fn refuse(body: BodyDataStream, refusal: Response) -> Response {
    match discard(body).await {
        Afterwards::KeepOpen => refusal,
        Afterwards::Close => ([(header::CONNECTION, "close")], refusal).into_response(),
    }
}

/// The whole body, or why not.
pub(super) async fn read(headers: &HeaderMap, body: &mut BodyDataStream, kind: Kind) -> Result<Bytes, Refused> {
    let (is_right, hint) = match kind {
        Kind::Json => (is_json(headers), "send application/json"),
        Kind::Form => (is_form(headers), "send application/x-www-form-urlencoded"),
    };
    if !is_right {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body's content type is none we read", hint));
    }
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    let too_large =
        (StatusCode::PAYLOAD_TOO_LARGE, "the body is longer than 256 KiB", "name fewer tables, or none for all");
    if announced.is_some_and(|length: usize| length > LARGEST) {
        return Err(too_large);
    }
    match tokio::time::timeout(PATIENCE, collect(body)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(Broken::TooLarge)) => Err(too_large),
        Ok(Err(Broken::Cut)) => {
            Err((StatusCode::BAD_REQUEST, "the body ended before its end", "send as many bytes as announced"))
        }
        Ok(Err(Broken::Crowded)) => {
            Err((StatusCode::SERVICE_UNAVAILABLE, "too many requests are being read", "send it again in a moment"))
        }
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "the body did not arrive within 10 seconds", "send it at once")),
    }
}

/// Bytes of bodies that may be in memory at once, in KiB.
const ALL_BODIES_KIB: usize = 16 * 1024;

static ROOM: Semaphore = Semaphore::const_new(ALL_BODIES_KIB);

enum Broken {
    TooLarge,
    Cut,
    Crowded,
}

/// Reads a body piece by piece, each of which takes its share of the room that all of them have.
async fn collect(pieces: &mut BodyDataStream) -> Result<Bytes, Broken> {
    let mut content = Vec::new();
    let mut taken = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Broken::Cut)?;
        if content.len() + piece.len() > LARGEST {
            return Err(Broken::TooLarge);
        }
        let needed = (content.len() + piece.len()).div_ceil(1024);
        let missing = u32::try_from(needed.saturating_sub(taken.len())).map_err(|_| Broken::TooLarge)?;
        for _ in 0..missing {
            taken.push(ROOM.try_acquire().map_err(|_| Broken::Crowded)?);
        }
        content.extend_from_slice(&piece);
    }
    Ok(content.into())
}

/// Nothing said is taken for JSON, and so are bytes: unwrapped messages come like that. What a form on a foreign page can
/// send is not: a browser would ask first for anything else.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(text) = content_type(headers) else { return true };
    text == "application/json" || text == "application/octet-stream" || text.ends_with("+json")
}

fn is_form(headers: &HeaderMap) -> bool {
    content_type(headers).is_some_and(|text| text == "application/x-www-form-urlencoded")
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().unwrap_or_default();
    Some(text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}
