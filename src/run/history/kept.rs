//! Reports that this process has read already. They never change, so none is read twice while it is kept.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::stored::{StoredReport, Unreadable};
use crate::model::RunId;

/// Bytes of stored reports that are kept; in memory they take two or three times that.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

pub(super) type Parsed = Result<StoredReport, Unreadable>;

/// Reports that were read, the least used of which go first.
#[derive(Default)]
pub(in crate::run) struct KeptReports {
    reports: Mutex<Reports>,
    /// Seconds of the stretch of time that was last listed by one request: those nearby are as dense.
    stretch: AtomicU64,
}

#[derive(Default)]
struct Reports {
    by_tick: HashMap<RunId, Kept>,
    bytes: u64,
    uses: u64,
}

struct Kept {
    report: Arc<Parsed>,
    bytes: u64,
    used: u64,
}

impl KeptReports {
    pub(super) fn get(&self, tick: &RunId) -> Option<Arc<Parsed>> {
        let mut reports = self.lock();
        reports.uses += 1;
        let now = reports.uses;
        let kept = reports.by_tick.get_mut(tick)?;
        kept.used = now;
        Some(kept.report.clone())
    }

    pub(super) fn has(&self, tick: &RunId) -> bool {
        self.lock().by_tick.contains_key(tick)
    }

    /// Keeps a report that has so many bytes where it is stored.
    pub(super) fn keep(&self, tick: &RunId, report: Arc<Parsed>, bytes: u64) {
        let mut reports = self.lock();
        reports.uses += 1;
        let kept = Kept { report, bytes, used: reports.uses };
        let before = reports.by_tick.insert(tick.clone(), kept).map_or(0, |k| k.bytes);
        reports.bytes = reports.bytes + bytes - before;
        while reports.bytes > MOST_BYTES {
            let oldest = reports.by_tick.iter().min_by_key(|(_, k)| k.used).map(|(tick, _)| tick.clone());
            let Some(gone) = oldest.and_then(|tick| reports.by_tick.remove(&tick)) else { break };
            reports.bytes -= gone.bytes;
        }
    }

    pub(super) fn stretch(&self) -> Option<u64> {
        Some(self.stretch.load(Ordering::Relaxed)).filter(|s| *s > 0)
    }

    pub(super) fn note_stretch(&self, seconds: u64) {
        self.stretch.store(seconds, Ordering::Relaxed);
    }

    /// The sets are whole after any single step.
    fn lock(&self) -> std::sync::MutexGuard<'_, Reports> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_the_least_used_goes_first() {
        let kept = KeptReports::default();
        let tick = |n| RunId::new(time::OffsetDateTime::UNIX_EPOCH, n);
        let report = || Arc::new(Err(Unreadable));
        for n in 1..=4 {
            kept.keep(&tick(n), report(), MOST_BYTES / 4);
        }
        // Kept once more it counts once.
        kept.keep(&tick(2), report(), MOST_BYTES / 4);
        assert!((1..=4).all(|n| kept.get(&tick(n)).is_some()));
        assert!(kept.get(&tick(1)).is_some());
        kept.keep(&tick(5), report(), MOST_BYTES / 4);
        let left: Vec<u64> = (1..=5).filter(|n| kept.get(&tick(*n)).is_some()).collect();
        assert_eq!(left, [1, 3, 4, 5]);
        // What is too large for the place is not kept, and the place is no smaller for it.
        kept.keep(&tick(6), report(), MOST_BYTES + 1);
        assert!(kept.get(&tick(6)).is_none());
        kept.keep(&tick(7), report(), MOST_BYTES);
        assert!(kept.get(&tick(7)).is_some());
    }
}
