//! What the reports that were read have added up to, a day at a time: sums are small, and reports that never change need no second read.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use time::{Date, Duration, OffsetDateTime};

use super::sums::Sums;
use crate::model::RunId;
use crate::model::figures::in_utc;
use crate::run::history::Parsed;

/// Days that are kept: the longest span that a page has, and a little.
const MOST_DAYS: i64 = 32;
/// Ticks of all days together. Their names are most of what is kept: about 10 MB at the most.
const MOST_TICKS: usize = 100_000;

/// Sums of reports, for a process's life.
#[derive(Default)]
pub(in crate::run) struct CostLedger {
    days: Mutex<BTreeMap<Date, Day>>,
}

#[derive(Default)]
struct Day {
    /// Whose reports are in the sums.
    ticks: HashSet<RunId>,
    sums: Sums,
    unreadable: u64,
}

/// What is known of some days.
pub(super) struct Known {
    pub sums: Sums,
    /// When the oldest tick began whose report is in the sums.
    pub oldest: Option<OffsetDateTime>,
    /// Reports that could not be read, or not in full.
    pub unreadable: u64,
}

/// The day that a tick counts for: the one that it began on.
fn day_of(tick: &RunId) -> Option<Date> {
    tick.started().map(|at| at.date())
}

impl CostLedger {
    pub fn has(&self, tick: &RunId) -> bool {
        let days = self.lock();
        day_of(tick).and_then(|day| days.get(&day)).is_some_and(|day| day.ticks.contains(tick))
    }

    /// Adds a report, unless it was added before.
    pub fn add(&self, tick: &RunId, report: &Parsed) {
        let Some(date) = day_of(tick) else { return };
        let mut days = self.lock();
        let day = days.entry(date).or_default();
        if !day.ticks.insert(tick.clone()) {
            return;
        }
        match report {
            Ok(stored) => {
                stored.runs.iter().for_each(|entry| day.sums.add(entry));
                day.unreadable += u64::from(stored.is_partly_read);
            }
            Err(_) => day.unreadable += 1,
        }
    }

    /// What is known of all days from one on. Forgets what no page asks for.
    pub(super) fn since(&self, first: Date) -> Known {
        let mut days = self.lock();
        let oldest = in_utc(OffsetDateTime::now_utc()).date().saturating_sub(Duration::days(MOST_DAYS));
        days.retain(|date, _| *date >= oldest.min(first));
        let mut known = Known { sums: Sums::default(), oldest: None, unreadable: 0 };
        for day in days.range(first..).map(|(_, day)| day) {
            known.sums.plus(&day.sums);
            known.unreadable += day.unreadable;
            let began = day.ticks.iter().filter_map(RunId::started).min();
            known.oldest = known.oldest.or(began);
        }
        while days.len() > 1 && days.values().map(|day| day.ticks.len()).sum::<usize>() > MOST_TICKS {
            days.pop_first();
        }
        known
    }

    /// Each day is whole after any single step.
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Date, Day>> {
        self.days.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
