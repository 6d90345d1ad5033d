//! What Pub/Sub pushes: a message in an envelope, or, where the subscription unwraps it, the message's data alone.
//!
//! Source: <https://cloud.google.com/pubsub/docs/push> and <https://cloud.google.com/pubsub/docs/payload-unwrapping>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::run::{Asked, Request};

/// Why a body is no envelope; names no content of it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EnvelopeError {
    #[error("the body is not JSON")]
    NotJson,
    #[error("the envelope's message is not an object with base64 data")]
    BadMessage,
    #[error("the message's data is not a request such as {{\"tables\": [\"public.orders\"], \"full\": false}}")]
    BadRequest,
}

#[derive(Deserialize)]
struct Envelope {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    data: Option<String>,
    // Sent under both names, and not always under both.
    #[serde(default, rename = "messageId")]
    camel_id: Option<String>,
    #[serde(default, rename = "message_id")]
    snake_id: Option<String>,
}

/// A request, and the id of the message that brought it.
#[derive(Debug, PartialEq, Eq)]
pub struct Push {
    pub asked: Asked,
    pub message_id: Option<String>,
}

/// Reads the body of a push.
pub fn parse(body: &[u8]) -> Result<Push, EnvelopeError> {
    if body.trim_ascii().is_empty() {
        return Ok(Push { asked: Asked::Tick(Request::default()), message_id: None });
    }
    let json: serde_json::Value = serde_json::from_slice(body).map_err(|_| EnvelopeError::NotJson)?;
    if json.get("message").is_none() {
        let asked = Asked::from_json(body).map_err(|_| EnvelopeError::BadRequest)?;
        return Ok(Push { asked, message_id: None });
    }
    let Envelope { message } = serde_json::from_value(json).map_err(|_| EnvelopeError::BadMessage)?;
    let data = STANDARD.decode(message.data.as_deref().unwrap_or_default()).map_err(|_| EnvelopeError::BadMessage)?;
    let asked = Asked::from_json(&data).map_err(|_| EnvelopeError::BadRequest)?;
    Ok(Push { asked, message_id: message.camel_id.or(message.snake_id) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(body: &str) -> Result<Vec<String>, EnvelopeError> {
        parse(body.as_bytes()).map(|p| match p.asked {
            Asked::Tick(request) => request.tables,
            Asked::Report(span) => vec![format!("report of {} s", span.as_secs())],
        })
    }

    #[test]
    fn wrapped_unwrapped_and_empty() {
        assert_eq!(tables(""), Ok(vec![]));
        assert_eq!(tables("{}"), Ok(vec![]));
        assert_eq!(tables(r#"{"tables":["a"]}"#), Ok(vec!["a".to_owned()]));
        assert_eq!(tables(r#"{"report":"24h"}"#), Ok(vec!["report of 86400 s".to_owned()]));
        let wrapped = r#"{"message":{"data":"eyJyZXBvcnQiOiIyNGgifQ==","messageId":"1"}}"#;
        assert_eq!(tables(wrapped), Ok(vec!["report of 86400 s".to_owned()]));
        let both_ids =
            r#"{"message":{"data":"eyJ0YWJsZXMiOlsiYSJdfQ==","messageId":"1","attributes":{}},"subscription":"s"}"#;
        assert_eq!(tables(both_ids), Ok(vec!["a".to_owned()]));
        assert_eq!(tables(r#"{"message":{"attributes":{"k":"v"},"messageId":"1"}}"#), Ok(vec![]));
        assert_eq!(tables(r#"{"message":{"data":"","messageId":"1"}}"#), Ok(vec![]));
    }

    /// Pub/Sub sends the id under both names.
    #[test]
    fn the_emulators_doubled_id_is_read() {
        let body = r#"{"message":{"data":"","messageId":"7","message_id":"7"}}"#;
        assert_eq!(parse(body.as_bytes()).unwrap().message_id.as_deref(), Some("7"));
    }

    #[test]
    fn what_is_no_envelope_is_refused_without_quoting_it() {
        assert_eq!(tables("hunter2"), Err(EnvelopeError::NotJson));
        assert_eq!(tables(r#"{"message":5}"#), Err(EnvelopeError::BadMessage));
        assert_eq!(tables(r#"{"message":{"data":"%%%"}}"#), Err(EnvelopeError::BadMessage));
        assert_eq!(tables(r#"{"message":{"data":"dGljaw=="}}"#), Err(EnvelopeError::BadRequest));
        assert_eq!(tables(r#"{"full":"yes"}"#), Err(EnvelopeError::BadRequest));
        assert_eq!(tables("[]"), Err(EnvelopeError::BadRequest));
        assert_eq!(tables("null"), Err(EnvelopeError::BadRequest));
    }
}
