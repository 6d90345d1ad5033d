//! The names of reports, newest first, by few requests.
//!
//! Cloud Storage lists in the order of names, oldest first, at most 1,000 a request; so what is asked for is a stretch of time that ends
//! where the last one began. A tick a day and sixty ticks a minute have to work, and days without reports must cost nothing: a stretch
//! with too many names is asked for again eight times shorter, and after one with few the next is eight times longer. From six hours it is five
//! steps to more time than there is, and as many to a second. A list by day or month would be cheap for one density alone. A process
//! remembers the length that was right, so its later looks take a request or two.

use time::{Duration, OffsetDateTime};

use super::cursor::{HistoryCursor, REPORTS, place_of};
use super::kept::KeptReports;
use crate::storage::{Found, Listed, StorageError, Store};

/// What is behind this is asked for in one stretch.
const ALL: Duration = Duration::days(400);
const FIRST: Duration = Duration::hours(6);
const STEP: i32 = 8;
/// After a stretch with fewer names a longer one is likely to be short enough.
const FEW: usize = 1000 / STEP as usize;
/// And after one with fewer than this, one that is twice as long.
const SOME: usize = 400;

/// Goes back through the names.
pub(super) struct Names<'a> {
    store: &'a Store,
    kept: &'a KeptReports,
    /// Names at or behind this one are done with; none are at first.
    until: Option<String>,
    /// The moment of it.
    moment: OffsetDateTime,
    /// The same, for a later look.
    here: HistoryCursor,
    /// Nothing older is wanted.
    since: Option<OffsetDateTime>,
    stretch: Duration,
    requests: usize,
}

/// A step back.
pub(super) enum Back {
    /// The names of a stretch, newest first; there may be none.
    Some(Vec<Found>),
    /// Nothing is older.
    Beginning,
    /// So many requests are enough: it goes on from here.
    Enough(HistoryCursor),
}

impl<'a> Names<'a> {
    pub fn new(
        store: &'a Store,
        kept: &'a KeptReports,
        before: Option<&HistoryCursor>,
        since: Option<OffsetDateTime>,
        requests: usize,
    ) -> Self {
        let now = OffsetDateTime::now_utc();
        let seconds = kept.stretch().and_then(|s| i64::try_from(s).ok());
        Self {
            store,
            kept,
            until: before.map(HistoryCursor::place),
            moment: before.and_then(HistoryCursor::moment).unwrap_or(now),
            here: before.cloned().unwrap_or_else(|| HistoryCursor::before_moment(now + Duration::SECOND)),
            since,
            stretch: seconds.map_or(FIRST, Duration::seconds),
            requests,
        }
    }

    /// The names of the stretch before.
    pub async fn back(&mut self) -> Result<Back, StorageError> {
        loop {
            let end = self.since.map_or(REPORTS.to_owned(), place_of);
            if self.until.as_ref().is_some_and(|until| *until <= end) {
                return Ok(Back::Beginning);
            }
            if self.requests == 0 {
                return Ok(Back::Enough(self.here.clone()));
            }
            self.requests -= 1;
            let begin = (self.stretch < ALL).then(|| self.moment.checked_sub(self.stretch)).flatten();
            let begin = begin.max(self.since);
            let from = begin.map_or(REPORTS.to_owned(), place_of);
            match self.store.list_between(REPORTS, &from, self.until.as_deref()).await? {
                Listed::All(mut found) => {
                    self.kept.note_stretch(self.stretch.whole_seconds().unsigned_abs());
                    let longer = match found.len() {
                        few if few < FEW => STEP,
                        some if some < SOME => 2,
                        _ => 1,
                    };
                    self.stretch = (self.stretch * longer).min(ALL);
                    self.until = Some(from);
                    self.moment = begin.unwrap_or(self.moment);
                    self.here = HistoryCursor::before_moment(self.moment);
                    found.reverse();
                    return Ok(Back::Some(found));
                }
                Listed::First(_) if self.stretch > Duration::SECOND => {
                    // Not longer than what is wanted of it, so that each step is one.
                    let wanted = begin.map_or(self.stretch, |b| self.moment - b);
                    self.stretch = (self.stretch.min(wanted) / STEP).max(Duration::SECOND);
                    self.kept.note_stretch(self.stretch.whole_seconds().unsigned_abs());
                }
                // A second of its own: nobody has so many ticks.
                Listed::First(mut found) => {
                    self.until = Some(from);
                    self.moment = begin.unwrap_or(self.moment);
                    self.here = HistoryCursor::before_moment(self.moment);
                    found.reverse();
                    return Ok(Back::Some(found));
                }
            }
        }
    }
}
