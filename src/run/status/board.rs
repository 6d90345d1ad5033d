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
pub const FRESH: Duration = Duration::from_secs(5);

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
    done: Doings,
}

/// How many things this process has done that pages show. What was begun to be read before the last of them may be from before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Doings(u64);

impl Doings {
    /// With one more.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A reading of all states that has begun.
struct Reading {
    began: Instant,
    /// What was done by then.
    after: Doings,
    /// Holds true once it is over; closed if its task is gone.
    ended: watch::Receiver<bool>,
}

/// Whether what is known was begun to be read after all that was done in this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Currency {
    Current,
    #[default]
    FromBefore,
}

/// What is known of a feed.
#[derive(Clone, Default)]
pub(super) struct FeedKnown {
    /// The reading that this is of.
    reading: Begun,
    pub currency: Currency,
    /// The state, and when it was read.
    pub state: Option<(Arc<StateDocument>, OffsetDateTime)>,
    /// Why it could not be read the last time.
    pub unread: Option<Unread>,
}

/// A reading, by its number, and what was done before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Begun {
    number: u64,
    after: Doings,
}

/// Something is being done in this process, until this is dropped.
pub(in crate::run) struct Doing<'a>(&'a Board);

impl Drop for Doing<'_> {
    fn drop(&mut self) {
        self.0.outdate();
    }
}

/// The reading that somebody who looks waits for.
pub(super) enum ToWaitFor {
    UnderWay(watch::Receiver<bool>),
    /// There is none: this one is to be begun, and `tell` told when it is over.
    ToBegin {
        begun: Begun,
        tell: watch::Sender<bool>,
        ended: watch::Receiver<bool>,
    },
}

impl Reading {
    fn counts(&self, done: Doings) -> bool {
        let is_under_way = !*self.ended.borrow() && self.ended.has_changed().is_ok();
        self.after == done && (is_under_way || self.began.elapsed() < FRESH)
    }
}

impl Board {
    /// Something was done in this process: the next look reads again.
    pub fn outdate(&self) {
        let done = &mut self.lock().done;
        *done = done.next();
    }

    /// Something begins to be done: the next look reads again, and so does the first one after its end. A write may take hold at any moment
    /// between, and its answer may be lost.
    pub fn doing(&self) -> Doing<'_> {
        self.outdate();
        Doing(self)
    }

    /// What was done so far.
    pub fn done(&self) -> Doings {
        self.lock().done
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of every feed.
    pub(super) fn known(&self) -> HashMap<FeedId, FeedKnown> {
        let inner = self.lock();
        let now = |known: &FeedKnown| match known.reading.after == inner.done {
            true => FeedKnown { currency: Currency::Current, ..known.clone() },
            false => FeedKnown { currency: Currency::FromBefore, ..known.clone() },
        };
        inner.feeds.iter().map(|(feed, known)| (feed.clone(), now(known))).collect()
    }

    /// The reading that counts: one that is under way or is not old, or a new one.
    pub(super) fn reading(&self) -> ToWaitFor {
        let mut inner = self.lock();
        if let Some(last) = inner.last.as_ref().filter(|last| last.counts(inner.done)) {
            return ToWaitFor::UnderWay(last.ended.clone());
        }
        inner.readings += 1;
        let (begun, (tell, ended)) = (Begun { number: inner.readings, after: inner.done }, watch::channel(false));
        inner.last = Some(Reading { began: Instant::now(), after: inner.done, ended: ended.clone() });
        ToWaitFor::ToBegin { begun, tell, ended }
    }

    /// Notes what a reading has brought of a feed.
    pub(super) fn note(&self, reading: Begun, read: ReadState) {
        let mut inner = self.lock();
        let known = inner.feeds.entry(read.document.feed.clone()).or_default();
        // One that began later was quicker.
        if known.reading.number > reading.number {
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

    fn begun(reading: ToWaitFor) -> Option<(Begun, watch::Sender<bool>)> {
        match reading {
            ToWaitFor::ToBegin { begun, tell, .. } => Some((begun, tell)),
            ToWaitFor::UnderWay(_) => None,
        }
    }

    #[test]
    fn everybody_waits_for_one_reading_until_something_is_done() {
        let board = Board::default();
        let (first, tell) = begun(board.reading()).unwrap();
        assert!(begun(board.reading()).is_none(), "it is under way");
        board.outdate();
        let (second, later) = begun(board.reading()).unwrap();
        assert!(second.number > first.number);
        board.note(second, state("new", None));
        later.send_replace(true);
        // The one before is slower, and says what was.
        board.note(first, state("old", None));
        tell.send_replace(true);
        assert_eq!(stamp(&board), "new");
        assert!(begun(board.reading()).is_none(), "it is fresh");
        // What can't be read stays as it was known.
        board.outdate();
        let (third, _) = begun(board.reading()).unwrap();
        let (message, hint) = (String::new(), String::new());
        let complaint = crate::state::Complaint { message, hint };
        let unread = Unread { complaint, whose: crate::run::status::read_state::UnreadFor::TheBucket };
        board.note(third, state("", Some(unread)));
        assert!(stamp(&board) == "new" && board.known().values().all(|k| k.unread.is_some()));
    }

    #[test]
    fn what_was_begun_to_be_read_before_something_was_done_is_from_before() {
        let board = Board::default();
        let currency = || board.known().values().map(|k| k.currency).collect::<Vec<_>>();
        let (first, _tell) = begun(board.reading()).unwrap();
        board.note(first, state("first", None));
        assert_eq!(currency(), [Currency::Current]);
        let doing = board.doing();
        assert_eq!(currency(), [Currency::FromBefore]);
        let (second, _tell) = begun(board.reading()).unwrap();
        board.note(second, state("second", None));
        assert_eq!(currency(), [Currency::Current]);
        // It may have been written since.
        drop(doing);
        assert_eq!(currency(), [Currency::FromBefore]);
        assert!(begun(board.reading()).is_some());
    }
}
