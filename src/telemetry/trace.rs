//! Which trace a request belongs to: Cloud Run and Pub/Sub say so in a header.

use axum::http::HeaderMap;

/// A trace, and the caller's place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// 32 hexadecimal digits.
    pub trace: String,
    /// 16 hexadecimal digits.
    pub span: Option<String>,
}

impl TraceContext {
    /// From W3C's `traceparent` (<https://www.w3.org/TR/trace-context/#traceparent-header>), else from Google's older
    /// `X-Cloud-Trace-Context` (<https://cloud.google.com/trace/docs/trace-context>). What is neither counts as nothing.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim);
        let standard = text("traceparent").and_then(Self::from_traceparent);
        standard.or_else(|| text("x-cloud-trace-context").and_then(Self::from_google))
    }

    fn from_traceparent(value: &str) -> Option<Self> {
        let parts: Vec<&str> = value.split('-').collect();
        let [version, trace, span, _flags, ..] = parts.as_slice() else { return None };
        let is_known = *version == "00" && parts.len() == 4 || is_hex(version, 2) && !matches!(*version, "00" | "ff");
        let is_right = is_known && is_id(trace, 32) && is_id(span, 16);
        is_right.then(|| Self { trace: (*trace).to_owned(), span: Some((*span).to_owned()) })
    }

    /// `TRACE/SPAN;o=1`, the span in decimal.
    fn from_google(value: &str) -> Option<Self> {
        let ids = value.split(';').next()?;
        let (trace, span) = ids.split_once('/').map_or((ids, None), |(t, s)| (t, Some(s)));
        let span = span.and_then(|s| s.parse::<u64>().ok()).filter(|s| *s != 0).map(|s| format!("{s:016x}"));
        let trace = trace.to_ascii_lowercase();
        is_id(&trace, 32).then_some(Self { trace, span })
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// All zeros is no id.
fn is_id(text: &str, digits: usize) -> bool {
    is_hex(text, digits) && text.bytes().any(|b| b != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn of(pairs: &[(&'static str, &str)]) -> Option<(String, Option<String>)> {
        let headers = pairs.iter().map(|(k, v)| (axum::http::HeaderName::from_static(k), v.parse().unwrap()));
        TraceContext::of(&headers.collect()).map(|t| (t.trace, t.span))
    }

    #[test]
    fn both_headers_are_read_and_the_standard_one_wins() {
        let known = Some((TRACE.to_owned(), Some("00f067aa0ba902b7".to_owned())));
        let standard = format!("00-{TRACE}-00f067aa0ba902b7-01");
        assert_eq!(of(&[("traceparent", &standard)]), known);
        assert_eq!(
            of(&[("traceparent", &standard), ("x-cloud-trace-context", "105445aa7843bc8bf206b12000100000/1")]),
            known
        );
        assert_eq!(of(&[("x-cloud-trace-context", &format!("{TRACE}/67667974448284343;o=1"))]), known);
        assert_eq!(of(&[("x-cloud-trace-context", TRACE)]), Some((TRACE.to_owned(), None)));
        assert_eq!(of(&[("traceparent", &format!("01-{TRACE}-00f067aa0ba902b7-01-more"))]), known);
    }

    #[test]
    fn what_is_no_trace_is_nothing() {
        let zeros = "0".repeat(32);
        for bad in [
            "",
            "00",
            "00--01-",
            "x",
            &format!("00-{zeros}-00f067aa0ba902b7-01"),
            &format!("00-{TRACE}-{}-01", "0".repeat(16)),
            &format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            &format!("00-{TRACE}-00f067aa0ba902b7-01-x"),
            &format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
        ] {
            assert_eq!(of(&[("traceparent", bad)]), None, "{bad}");
        }
        for bad in ["", "/", "abc/1", &format!("{zeros}/1"), "\"}{"] {
            assert_eq!(of(&[("x-cloud-trace-context", bad)]), None, "{bad}");
        }
    }
}
