//! Reports that this process has read already. They never change, so none is read twice while it is kept.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::stored::{StoredReport, Unreadable};
use crate::model::RunId;

/// Bytes of stored reports that are kept; in memory they take two or three times that.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

pub(in crate::run) type Parsed = Result<StoredReport, Unreadable>;

/// Reports that were read.
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

    #[cfg(test)]
    pub(super) fn has(&self, tick: &RunId) -> bool {
        self.lock().by_tick.contains_key(tick)
    }

    /// Keeps a report that has so many bytes where it is stored. Where there is no room, the least used go.
    pub(super) fn keep(&self, tick: &RunId, report: Arc<Parsed>, bytes: u64) {
        let mut reports = self.lock();
        reports.uses += 1;
        let kept = Kept { report, bytes, used: reports.uses };
        let before = reports.by_tick.insert(tick.clone(), kept).map_or(0, |k| k.bytes);
        reports.bytes = reports.bytes + bytes - before;
        while reports.bytes > MOST_BYTES {
            let last = reports.by_tick.iter().min_by_key(|(_, k)| k.used).map(|(tick, _)| tick.clone());
            let Some(gone) = last.and_then(|tick| reports.by_tick.remove(&tick)) else { break };
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

    fn tick(n: u64) -> RunId {
        RunId::new(time::OffsetDateTime::UNIX_EPOCH, n)
    }

    fn keep(kept: &KeptReports, n: u64, bytes: u64) {
        kept.keep(&tick(n), Arc::new(Err(Unreadable)), bytes);
    }

    fn left(kept: &KeptReports) -> Vec<u64> {
        (1..=9).filter(|n| kept.has(&tick(*n))).collect()
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_least_used_goes_first() {
        let kept = KeptReports::default();
        for n in 1..=4 {
            keep(&kept, n, MOST_BYTES / 4);
        }
        // Kept once more it counts once.
        keep(&kept, 2, MOST_BYTES / 4);
        assert_eq!(left(&kept), [1, 2, 3, 4]);
        assert!([1, 3, 4].iter().all(|n| kept.get(&tick(*n)).is_some()));
        keep(&kept, 5, MOST_BYTES / 4);
        assert_eq!(left(&kept), [1, 3, 4, 5]);
        // What is too large for the place is not kept, and the place is no smaller for it.
        keep(&kept, 6, MOST_BYTES + 1);
        assert!(!kept.has(&tick(6)));
        keep(&kept, 7, MOST_BYTES);
        assert_eq!(left(&kept), [7]);
    }
}
