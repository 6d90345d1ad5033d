//! When the next tick may come. Plimsoll does not know its scheduler: this is an estimate, from the spacing of the last runs.

use std::time::Duration;

use serde::Serialize;
use time::OffsetDateTime;

use crate::run::when_due::rest;
use crate::state::StateDocument;

/// Fewer runs of a feed tell nothing of its spacing.
const FEWEST: usize = 4;
/// A scheduler that has missed so many ticks may have been switched off.
const MISSED: i32 = 10;

/// When the next tick is likely to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct NextTick {
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Seconds between two ticks, as they were.
    pub spacing_seconds: u64,
    /// Always: so that nobody takes it for a promise.
    pub is_estimate: bool,
}

/// How ticks have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rhythm {
    last: OffsetDateTime,
    spacing: time::Duration,
}

impl Rhythm {
    /// Of the feeds' last runs. A feed that has little to do leaves few notes, so the busiest one tells most.
    pub fn of<'a>(documents: impl Iterator<Item = &'a StateDocument> + Clone) -> Option<Self> {
        let spacing = documents.clone().filter_map(spacing).min().filter(|s| s.is_positive())?;
        Some(Self { last: documents.filter_map(last_seen).max()?, spacing })
    }

    /// The first tick that finds a table due, which rests so long between two runs and was last looked at then.
    pub fn next(
        self,
        every: Option<Duration>,
        checked: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) -> Option<NextTick> {
        if now - self.last > self.spacing * MISSED {
            return None;
        }
        let due = every.zip(checked).and_then(|(every, at)| at.checked_add(rest(every).try_into().ok()?));
        let not_before = due.map_or(now, |due| due.max(now));
        let steps = ((not_before - self.last).as_seconds_f64() / self.spacing.as_seconds_f64()).ceil().max(1.0);
        let at = self.last.checked_add(time::Duration::seconds_f64(steps * self.spacing.as_seconds_f64()))?;
        Some(NextTick { at, spacing_seconds: self.spacing.whole_seconds().unsigned_abs(), is_estimate: true })
    }
}

/// The median of the time between two runs of a feed that follow each other.
fn spacing(document: &StateDocument) -> Option<time::Duration> {
    let mut starts: Vec<OffsetDateTime> = document.notes.recent.iter().filter_map(|r| r.run.started()).collect();
    starts.sort_unstable();
    // A run of several steps has an id for each, one right after the other.
    starts.dedup_by_key(|at| at.unix_timestamp() / 5);
    if starts.len() < FEWEST {
        return None;
    }
    let mut each: Vec<time::Duration> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    each.sort_unstable();
    each.get(each.len() / 2).copied()
}

/// When a run of the feed is last known to have begun, or to have ended.
fn last_seen(document: &StateDocument) -> Option<OffsetDateTime> {
    let began = document.notes.recent.iter().filter_map(|r| r.run.started()).max();
    began.max(document.notes.tables.values().filter_map(|n| n.checked).max())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::model::{FeedId, RunId};
    use crate::state::PastRun;

    fn feed(every: i64, runs: i64) -> StateDocument {
        let mut document = StateDocument::new(FeedId::of_target("t"));
        for n in (0..runs).rev() {
            let at = datetime!(2026-11-27 12:00 UTC) - time::Duration::minutes(n * every);
            document.notes.add(PastRun::of(&RunId::new(at, 1), 0.1, None));
        }
        document
    }

    #[test]
    fn the_next_tick_is_an_estimate_from_the_spacing_of_the_last_ones() {
        let (busy, quiet) = (feed(5, 10), feed(60, 5));
        let rhythm = Rhythm::of([&quiet, &busy].into_iter()).unwrap();
        let now = datetime!(2026-11-27 12:01 UTC);
        let next = |every, checked, now| rhythm.next(every, checked, now).map(|n| (n.at, n.spacing_seconds));
        assert_eq!(next(None, None, now), Some((datetime!(2026-11-27 12:05 UTC), 300)));
        // One that is missed is no reason to expect the next one in the past.
        let later = datetime!(2026-11-27 12:06 UTC);
        assert_eq!(next(None, None, later), Some((datetime!(2026-11-27 12:10 UTC), 300)));
        // A table rests: the tick before it is due is none of its own.
        let hour = Some(Duration::from_secs(3600));
        let checked = Some(datetime!(2026-11-27 11:52 UTC));
        assert_eq!(next(hour, checked, now), Some((datetime!(2026-11-27 12:55 UTC), 300)));
        assert_eq!(next(None, None, datetime!(2026-11-27 13:00 UTC)), None, "no tick for an hour: who knows");
        assert_eq!(Rhythm::of([&feed(5, 3)].into_iter()), None, "too few");
        assert_eq!(Rhythm::of(std::iter::empty()), None);
    }
}
