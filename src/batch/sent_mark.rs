//! When changes were sent to a table row by row, and since when some wait to be applied.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// What is known of changes that BigQuery applies by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentMark {
    /// When changes were last sent.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Of all that may still wait, the oldest were sent then, or later.
    #[serde(with = "time::serde::rfc3339")]
    pub waiting_since: OffsetDateTime,
}

/// How far BigQuery has applied what it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppliedUpTo {
    Moment(OffsetDateTime),
    /// Nothing was applied ever.
    Nothing,
}

impl SentMark {
    /// Once more changes are sent: the next mark, and since when those before them wait; `None` where none does, or nobody knows.
    pub fn then(
        before: Option<Self>,
        at: OffsetDateTime,
        applied: Option<AppliedUpTo>,
    ) -> (Self, Option<OffsetDateTime>) {
        let waiting = before.and_then(|mark| match applied {
            Some(AppliedUpTo::Moment(applied)) if applied >= mark.at => None,
            Some(AppliedUpTo::Moment(applied)) => Some(mark.waiting_since.max(applied)),
            Some(AppliedUpTo::Nothing) | None => Some(mark.waiting_since),
        });
        let next = Self { at, waiting_since: waiting.unwrap_or(at) };
        (next, waiting.filter(|_| applied.is_some()))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const EIGHT: OffsetDateTime = datetime!(2026-11-27 08:00 UTC);

    fn at(minutes: i64) -> OffsetDateTime {
        EIGHT + time::Duration::minutes(minutes)
    }

    #[test]
    fn what_waits_is_as_old_as_the_oldest_that_is_not_applied() {
        let (first, waiting) = SentMark::then(None, at(0), Some(AppliedUpTo::Nothing));
        assert_eq!((first, waiting), (SentMark { at: at(0), waiting_since: at(0) }, None));
        // Nothing is applied for half an hour.
        let (second, waiting) = SentMark::then(Some(first), at(30), Some(AppliedUpTo::Nothing));
        assert_eq!((second.waiting_since, waiting), (at(0), Some(at(0))));
        // The first is, the second is not.
        let (third, waiting) = SentMark::then(Some(second), at(40), Some(AppliedUpTo::Moment(at(20))));
        assert_eq!((third.waiting_since, waiting), (at(20), Some(at(20))));
        // All of it is; a night without changes makes nobody wait.
        let (fourth, waiting) = SentMark::then(Some(third), at(600), Some(AppliedUpTo::Moment(at(41))));
        assert_eq!((fourth, waiting), (SentMark { at: at(600), waiting_since: at(600) }, None));
        // Who may not ask says nothing, and forgets nothing.
        let (fifth, waiting) = SentMark::then(Some(third), at(50), None);
        assert_eq!((fifth.waiting_since, waiting), (at(20), None));
    }
}
