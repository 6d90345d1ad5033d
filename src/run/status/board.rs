//! What this process knows of every feed's state, for pages: however many people look, each state is read at most once in [`FRESH`].
//!
//! ```text
//!   look ─┬─ read less than five seconds ago, and nothing was done since ──▶ what is known
//!         ├─ a reading is under way ──▶ wait for it, as long as there is patience ──▶ what is known by then
//!         └─ else ──▶ begin a reading, and wait in the same way
//! ```
//!
//! A reading goes on when nobody waits for it any more: the next look has what it brings. What could not be read again stays as it was
//! last known, with the time of that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tokio::sync::watch;

use super::read_state::{ReadState, Unread};
use crate::model::FeedId;
use crate::state::StateDocument;

/// How old what is known may be before it is read again.
pub(super) const FRESH: Duration = Duration::from_secs(5);

/// What is known of every feed.
#[derive(Default)]
pub(in crate::run) struct Board {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    feeds: HashMap<FeedId, FeedKnown>,
    last: Option<Reading>,
    readings: u64,
}

/// A reading of all states that has begun.
struct Reading {
    began: Instant,
    /// Holds true once it is over; closed if its task is gone.
    ended: watch::Receiver<bool>,
    currency: Currency,
}

/// Whether anything was done in this process since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Currency {
    Current,
    Outdated,
}

/// What is known of a feed.
#[derive(Clone, Default)]
pub(super) struct FeedKnown {
    /// The number of the reading that this is of.
    reading: u64,
    /// The state, and when it was read.
    pub state: Option<(Arc<StateDocument>, OffsetDateTime)>,
    /// Why it could not be read the last time.
    pub unread: Option<Unread>,
}

/// The reading that somebody who looks waits for.
pub(super) enum ToWaitFor {
    UnderWay(watch::Receiver<bool>),
    /// There is none: this one is to be begun, and `tell` told when it is over.
    ToBegin {
        number: u64,
        tell: watch::Sender<bool>,
        ended: watch::Receiver<bool>,
    },
}

impl Reading {
    fn counts(&self) -> bool {
        let is_under_way = !*self.ended.borrow() && self.ended.has_changed().is_ok();
        self.currency == Currency::Current && (is_under_way || self.began.elapsed() < FRESH)
    }
}

impl Board {
    /// Something was done in this process: the next look reads again.
    pub fn outdate(&self) {
        if let Some(last) = &mut self.lock().last {
            last.currency = Currency::Outdated;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of every feed.
    pub(super) fn known(&self) -> HashMap<FeedId, FeedKnown> {
        self.lock().feeds.clone()
    }

    /// The reading that counts: one that is under way or is not old, or a new one.
    pub(super) fn reading(&self) -> ToWaitFor {
        let mut inner = self.lock();
        if let Some(last) = inner.last.as_ref().filter(|last| last.counts()) {
            return ToWaitFor::UnderWay(last.ended.clone());
        }
        inner.readings += 1;
        let (number, (tell, ended)) = (inner.readings, watch::channel(false));
        inner.last = Some(Reading { began: Instant::now(), ended: ended.clone(), currency: Currency::Current });
        ToWaitFor::ToBegin { number, tell, ended }
    }

    /// Notes what a reading has brought of a feed.
    pub(super) fn note(&self, reading: u64, read: ReadState) {
        let mut inner = self.lock();
        let known = inner.feeds.entry(read.document.feed.clone()).or_default();
        // One that began later was quicker.
        if known.reading > reading {
            return;
        }
        known.reading = reading;
        if read.unread.is_none() {
            known.state = Some((Arc::new(read.document), OffsetDateTime::now_utc()));
        }
        known.unread = read.unread;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(stamp: &str, unread: Option<Unread>) -> ReadState {
        let document = StateDocument::new(FeedId::of_target("t"));
        ReadState { document: StateDocument { stamp: stamp.to_owned(), ..document }, unread }
    }

    fn stamp(board: &Board) -> String {
        board.known().values().find_map(|k| Some(k.state.as_ref()?.0.stamp.clone())).unwrap_or_default()
    }

    fn number(reading: ToWaitFor) -> Option<(u64, watch::Sender<bool>)> {
        match reading {
            ToWaitFor::ToBegin { number, tell, .. } => Some((number, tell)),
            ToWaitFor::UnderWay(_) => None,
        }
    }

    #[test]
    fn everybody_waits_for_one_reading_until_something_is_done() {
        let board = Board::default();
        let (first, tell) = number(board.reading()).unwrap();
        assert!(number(board.reading()).is_none(), "it is under way");
        board.outdate();
        let (second, later) = number(board.reading()).unwrap();
        assert!(second > first);
        board.note(second, state("new", None));
        later.send_replace(true);
        // The one before is slower, and says what was.
        board.note(first, state("old", None));
        tell.send_replace(true);
        assert_eq!(stamp(&board), "new");
        assert!(number(board.reading()).is_none(), "it is fresh");
        // What can't be read stays as it was known.
        board.outdate();
        let (third, _) = number(board.reading()).unwrap();
        let (message, hint) = (String::new(), String::new());
        let complaint = crate::state::Complaint { message, hint };
        let unread = Unread { complaint, whose: crate::run::status::read_state::UnreadFor::TheBucket };
        board.note(third, state("", Some(unread)));
        assert!(stamp(&board) == "new" && board.known().values().all(|k| k.unread.is_some()));
    }
}
