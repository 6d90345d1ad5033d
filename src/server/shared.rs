//! One answer for everybody who asks the same of a slow place: while it is read nobody else reads it, and for a few seconds it is kept.
//!
//! ```text
//!   ask ─┬─ answered less than five seconds ago, and nothing was done since ──▶ that answer
//!        ├─ it is being read ──▶ wait for it, as long as there is patience
//!        └─ else ──▶ begin to read it, and wait in the same way
//! ```
//!
//! The board does the same for states (`run/status/board.rs`). A reading goes on when nobody waits for it any more: whoever asks next has
//! what it brings.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::run::{Doings, FRESH};

/// How long a reading may take.
const LONGEST: Duration = Duration::from_secs(10);
/// Questions that are kept with their answers. One more, and the oldest goes.
const MOST: usize = 32;

/// Answers by question.
pub(super) struct Shared<Q, A> {
    asked: Arc<Mutex<HashMap<Q, Asked<A>>>>,
    times: Times,
}

#[derive(Clone, Copy, Debug)]
struct Times {
    /// How long an answer is kept.
    fresh: Duration,
    /// How long a reading may take.
    longest: Duration,
}

/// A question that was asked.
struct Asked<A> {
    at: Instant,
    /// What was done in this process by then.
    after: Doings,
    /// Holds the answer once there is one; closed if there will be none.
    answer: watch::Receiver<Option<A>>,
}

impl<A> Asked<A> {
    fn counts(&self, done: Doings) -> bool {
        // What is answered is forgotten when it is old.
        self.after == done && (self.answer.borrow().is_some() || self.answer.has_changed().is_ok())
    }
}

impl<Q, A> Default for Shared<Q, A> {
    fn default() -> Self {
        Self { asked: Arc::default(), times: Times { fresh: FRESH, longest: LONGEST } }
    }
}

impl<Q: Clone + Eq + Hash + Send + 'static, A: Clone + Send + Sync + 'static> Shared<Q, A> {
    /// The answer to a question, or nothing if there is none by the deadline.
    pub async fn ask<F>(&self, question: Q, done: Doings, deadline: Instant, read: impl FnOnce() -> F) -> Option<A>
    where
        F: Future<Output = A> + Send + 'static,
    {
        let mut answer = self.answer(question, done, read);
        let answered = tokio::time::timeout_at(deadline, answer.wait_for(Option::is_some)).await.ok()?.ok()?;
        answered.clone()
    }

    fn answer<F>(&self, question: Q, done: Doings, read: impl FnOnce() -> F) -> watch::Receiver<Option<A>>
    where
        F: Future<Output = A> + Send + 'static,
    {
        let mut asked = lock(&self.asked);
        if let Some(known) = asked.get(&question).filter(|known| known.counts(done)) {
            return known.answer.clone();
        }
        let (tell, answer) = watch::channel(None);
        asked.insert(question.clone(), Asked { at: Instant::now(), after: done, answer: answer.clone() });
        let oldest = asked.iter().min_by_key(|(_, known)| known.at).map(|(question, _)| question.clone());
        if let Some(oldest) = oldest.filter(|_| asked.len() > MOST) {
            asked.remove(&oldest);
        }
        let (all, own, reading, times) = (self.asked.clone(), answer.clone(), read(), self.times);
        tokio::spawn(async move {
            if let Ok(answered) = tokio::time::timeout(times.longest, reading).await {
                tell.send_replace(Some(answered));
                tokio::time::sleep(times.fresh).await;
            }
            let mut asked = lock(&all);
            if asked.get(&question).is_some_and(|known| known.answer.same_channel(&own)) {
                asked.remove(&question);
            }
        });
        answer
    }
}

/// The set is whole after any single step.
fn lock<T>(one: &Mutex<T>) -> MutexGuard<'_, T> {
    one.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn shared(fresh: Duration, longest: Duration) -> Shared<usize, u64> {
        Shared { asked: Arc::default(), times: Times { fresh, longest } }
    }

    fn later() -> Instant {
        Instant::now() + LONG
    }

    /// Reads how often it was read, each time when it may.
    struct Source {
        reads: AtomicU64,
        may: Semaphore,
    }

    impl Source {
        fn new(may: usize) -> Arc<Self> {
            Arc::new(Self { reads: AtomicU64::new(0), may: Semaphore::new(may) })
        }

        async fn read(self: Arc<Self>) -> u64 {
            let number = self.reads.fetch_add(1, Ordering::Relaxed) + 1;
            self.may.acquire().await.unwrap().forget();
            number
        }
    }

    #[tokio::test]
    async fn everybody_has_one_answer_until_something_is_done() {
        let (shared, source, done) = (shared(LONG, LONG), Source::new(0), Doings::default());
        let ask = |question, done| shared.ask(question, done, later(), || source.clone().read());
        let ten = futures_util::future::join_all((0..10).map(|_| ask(7, done)));
        let ((), ten) = tokio::join!(async { source.may.add_permits(9) }, ten);
        assert!(ten.iter().all(|answer| *answer == Some(1)), "{ten:?}");
        assert_eq!(ask(7, done).await, Some(1), "it is kept");
        assert_eq!(ask(7, done.next()).await, Some(2), "something was done");
        assert_eq!(ask(8, done.next()).await, Some(3), "another question");
    }

    #[tokio::test]
    async fn a_reading_goes_on_for_whoever_asks_next() {
        let (shared, source, done) = (shared(LONG, LONG), Source::new(0), Doings::default());
        assert_eq!(shared.ask(7, done, Instant::now(), || source.clone().read()).await, None);
        source.may.add_permits(9);
        assert_eq!(shared.ask(7, done, later(), || source.clone().read()).await, Some(1));
        // Somebody does something while it is read: what comes of it is from before.
        assert_eq!(shared.ask(8, done, Instant::now(), std::future::pending::<u64>).await, None);
        assert_eq!(shared.ask(8, done.next(), later(), || source.clone().read()).await, Some(2));
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded() {
        let (short, source, done) = (shared(Duration::ZERO, Duration::ZERO), Source::new(99), Doings::default());
        assert_eq!(short.ask(1, done, later(), std::future::pending::<u64>).await, None, "it is given up");
        while !lock(&short.asked).is_empty() {
            tokio::task::yield_now().await;
        }
        let short = shared(Duration::ZERO, LONG);
        assert_eq!(short.ask(1, done, later(), || source.clone().read()).await, Some(1));
        while !lock(&short.asked).is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(short.ask(1, done, later(), || source.clone().read()).await, Some(2), "an old answer is read again");
        let (many, source) = (shared(LONG, LONG), Source::new(MOST * 3));
        let ask = |question| many.ask(question, done, later(), || source.clone().read());
        let all = futures_util::future::join_all((0..MOST * 3).map(ask)).await;
        assert!(all.iter().all(Option::is_some), "who waits has an answer");
        assert_eq!(lock(&many.asked).len(), MOST);
    }
}
