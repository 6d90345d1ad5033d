//! The server's clock: the real one, and what a test has put it forward by.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment on the server's clock, in microseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

impl Moment {
    /// How long ago `earlier` was; nothing if it is still to come.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// The server's clock. Clones are the same clock.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    ahead: Arc<AtomicI64>,
}

impl Clock {
    /// The moment that is now.
    pub fn now(&self) -> Moment {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment(micros(real).saturating_add(self.ahead.load(Ordering::Relaxed)))
    }

    /// Puts the clock forward. Nobody who sleeps wakes by it.
    pub fn advance(&self, by: Duration) {
        self.ahead.fetch_add(micros(by), Ordering::Relaxed);
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_put_forward_is_so_far_ahead() {
        let clock = Clock::default();
        let before = clock.now();
        clock.clone().advance(Duration::from_hours(48));
        assert!(clock.now().since(before) >= Duration::from_hours(48));
        assert_eq!(before.since(clock.now()), Duration::ZERO);
    }
}
