//! How requests to Google's services are repeated: with back-off and jitter, and no sooner than the service asks for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::HeaderMap;

/// No service is waited for longer between two attempts, whatever it asks for: the run has a budget.
const LONGEST: Duration = Duration::from_secs(60);

/// What the last answer asked for in `Retry-After`.
#[derive(Debug, Default)]
pub struct RetryAfter(AtomicU64);

impl RetryAfter {
    /// Notes the header of an answer; a date in it is not understood, and left to the back-off.
    pub fn note(&self, headers: &HeaderMap) {
        let asked = headers.get(http::header::RETRY_AFTER).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
        self.0.store(asked.unwrap_or(0), Ordering::Relaxed);
    }

    /// The pause before the next attempt, for `backon`'s `adjust`; `None` stays the end of all attempts.
    pub fn adjust(&self, pause: Option<Duration>) -> Option<Duration> {
        let asked = Duration::from_secs(self.0.swap(0, Ordering::Relaxed)).min(LONGEST);
        pause.map(|pause| pause.max(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_not_asked_sooner_than_it_wants() {
        let after = RetryAfter::default();
        let short = Some(Duration::from_millis(300));
        let mut headers = HeaderMap::new();
        headers.insert(http::header::RETRY_AFTER, "7".parse().unwrap());
        after.note(&headers);
        assert_eq!(after.adjust(short), Some(Duration::from_secs(7)));
        assert_eq!(after.adjust(short), short, "once");
        headers.insert(http::header::RETRY_AFTER, "86400".parse().unwrap());
        after.note(&headers);
        assert_eq!(after.adjust(short), Some(LONGEST));
        headers.insert(http::header::RETRY_AFTER, "Wed, 21 Oct 2026 07:28:00 GMT".parse().unwrap());
        after.note(&headers);
        assert_eq!(after.adjust(short), short);
        after.note(&headers);
        assert_eq!(after.adjust(None), None);
    }
}
