//! What a caller asks for: a tick, or the report of a time.

use std::time::Duration;

use serde_json::{Map, Value};

use super::request::{NotARequest, Request};

/// The longest time of a report.
const LONGEST: Duration = Duration::from_secs(400 * 86_400);

/// What the body of `POST /runs` asks for, or a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Tick(Request),
    /// What happened in so long a time until now: `{"report": "24h"}`.
    Report(Duration),
}

impl Asked {
    /// Reads a JSON object; nothing at all asks for a tick.
    pub fn from_json(text: &[u8]) -> Result<Self, NotARequest> {
        let object = serde_json::from_slice::<Map<String, Value>>(text).ok();
        let Some(span) = object.as_ref().and_then(|o| o.get("report")) else {
            return Request::from_json(text).map(Self::Tick);
        };
        // A report is no tick: what else is asked for would be dropped.
        let is_alone = object.as_ref().is_some_and(|o| o.len() == 1);
        let span = span.as_str().filter(|_| is_alone).and_then(|s| humantime::parse_duration(s).ok());
        span.filter(|s| !s.is_zero() && *s <= LONGEST).map(Self::Report).ok_or(NotARequest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_asks_for_a_tick_or_for_a_report() {
        assert_eq!(Asked::from_json(b""), Ok(Asked::Tick(Request::default())));
        let full = Request { full: true, ..Request::default() };
        assert_eq!(Asked::from_json(br#"{"full":true}"#), Ok(Asked::Tick(full)));
        assert_eq!(Asked::from_json(br#"{"report":"24h"}"#), Ok(Asked::Report(Duration::from_secs(86_400))));
        let bad = [
            r#"{"report":"24h","full":true}"#,
            r#"{"report":true}"#,
            r#"{"report":"soon"}"#,
            r#"{"report":"0s"}"#,
            r#"{"report":"9000y"}"#,
            r#"["report"]"#,
        ];
        for bad in bad {
            assert_eq!(Asked::from_json(bad.as_bytes()), Err(NotARequest), "{bad}");
        }
    }
}
