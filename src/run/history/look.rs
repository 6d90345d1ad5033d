//! A look at the reports of ticks, newest first.

use std::iter::Peekable;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt};
use serde::Serialize;
use time::{Duration, OffsetDateTime};

use super::cursor::{HistoryCursor, report_name, tick_of};
use super::filter::HistoryFilter;
use super::kept::{KeptReports, Parsed};
use super::names::{Back, Names};
use super::stored::{RunEntry, StoredReport, Unreadable};
use crate::model::RunId;
use crate::run::context::Context;
use crate::run::error::RunError;
use crate::storage::{Found, StorageError, Store};

/// Reports that are read at once.
pub(super) const AT_ONCE: usize = 20;
/// A report of a thousand tables has less than one. What is longer is no report of ours.
const LONGEST: u64 = 2 * 1024 * 1024;

/// What is asked of the history.
#[derive(Clone, Debug)]
pub struct HistoryRequest {
    pub filter: HistoryFilter,
    /// Runs of ticks before this alone.
    pub before: Option<HistoryCursor>,
    /// Runs of ticks that began no earlier.
    pub since: Option<OffsetDateTime>,
    /// How many runs are enough. A tick's runs are not parted, so there may be more.
    pub runs: usize,
    /// The most reports that are read. Those that this process has read before do not count.
    pub reads: usize,
    /// The most requests for names.
    pub lists: usize,
}

impl Default for HistoryRequest {
    /// A page: ten reads.
    fn default() -> Self {
        Self { filter: HistoryFilter::default(), before: None, since: None, runs: 50, reads: 10, lists: 8 }
    }
}

/// What a look has found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct HistoryLook {
    /// The newest tick first; of a tick, in the order of its report.
    pub runs: Vec<RunEntry>,
    /// Reports that can't be read, or not in full. What is asked for may be in them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableReport>,
    /// How many reports were read for it that this process had not read before.
    pub reads: usize,
    /// Where to go on, if there may be more.
    pub next: Option<HistoryCursor>,
    /// Since when all reports were looked at: those of ticks that began then, or later. `None` where all that there are were.
    #[serde(with = "time::serde::rfc3339::option")]
    pub looked_back_to: Option<OffsetDateTime>,
}

/// How many reports there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReportCount {
    pub reports: u64,
    /// There may be more: they were not counted to the end.
    pub at_least: bool,
}

/// A report that another version has written, or an object that is no report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnreadableReport {
    /// As it is called below the storage prefix.
    pub name: String,
}

impl Context {
    /// Runs that are over, the newest first, from the reports that their ticks have left. A tick that found nothing to do leaves none.
    pub async fn history(&self, request: &HistoryRequest) -> Result<HistoryLook, RunError> {
        let store = self.store.in_a_hurry();
        let kept = &self.kept_reports;
        let mut names = Names::new(&store, kept, request.before.as_ref(), request.since, request.lists);
        let mut look = HistoryLook::default();
        let mut reads = request.reads;
        loop {
            let found = match names.back().await? {
                Back::Some(found) => found,
                Back::Beginning => return Ok(look),
                Back::Enough(cursor) => return Ok(look.until(cursor)),
            };
            let mut done = None;
            let mut later = found.into_iter().peekable();
            while let Some(next) = later.peek() {
                let before = reads;
                let here = done.clone().or_else(|| after(next));
                let wave = wave(kept, &mut later, &mut reads);
                look.reads += before - reads;
                // What is next has to be read, and nothing more may be.
                if wave.is_empty() {
                    return Ok(match here {
                        Some(cursor) => look.until(cursor),
                        None => look,
                    });
                }
                let each = futures_util::stream::iter(wave).map(|next| read(&store, kept, next)).buffered(AT_ONCE);
                done = here;
                // All of a wave, so that none of it is read again where the look ends in its midst.
                for (name, tick, report) in each.try_collect::<Vec<_>>().await? {
                    look.add(name, report.as_deref(), &request.filter);
                    if let Some(tick) = tick {
                        let cursor = HistoryCursor::before(&tick);
                        if look.runs.len() >= request.runs {
                            return Ok(look.until(cursor));
                        }
                        done = Some(cursor);
                    }
                }
            }
        }
    }

    /// How many reports there are of ticks before a place, from a moment on.
    pub async fn count_reports(
        &self,
        before: &HistoryCursor,
        since: Option<OffsetDateTime>,
        lists: usize,
    ) -> Result<ReportCount, RunError> {
        let store = self.store.in_a_hurry();
        let mut names = Names::new(&store, &self.kept_reports, Some(before), since, lists);
        let mut count = ReportCount::default();
        loop {
            match names.back().await? {
                Back::Some(found) => count.reports += found.iter().filter_map(|f| tick_of(&f.name)).count() as u64,
                Back::Beginning => return Ok(count),
                Back::Enough(_) => return Ok(ReportCount { at_least: true, ..count }),
            }
        }
    }

    /// The runs of one tick; `None` where its report is gone, or was never stored.
    pub async fn tick_runs(&self, tick: &RunId) -> Result<Option<Vec<RunEntry>>, RunError> {
        let next = Next { found: Found { name: report_name(tick), size: 0 }, at_hand: None };
        let (_, _, report) = read(&self.store.in_a_hurry(), &self.kept_reports, next).await?;
        Ok(report.and_then(|r| r.as_ref().as_ref().ok().map(|stored| stored.runs.clone())))
    }
}

/// Where a look goes on that stops at a report and has not come to it.
fn after(found: &Found) -> Option<HistoryCursor> {
    let next = tick_of(&found.name)?.started()?.checked_add(Duration::SECOND)?;
    Some(HistoryCursor::before_moment(next))
}

/// A report to look at.
struct Next {
    found: Found,
    /// Its content, where nothing has to be read for it. Others may have it forgotten before it is its turn.
    at_hand: Option<Arc<Parsed>>,
}

fn at_hand(kept: &KeptReports, found: &Found) -> Option<Arc<Parsed>> {
    match own_tick(found) {
        Some(tick) => kept.get(&tick),
        None => Some(Arc::new(Err(Unreadable))),
    }
}

/// The tick of a report that may be one of ours.
pub(super) fn own_tick(found: &Found) -> Option<RunId> {
    tick_of(&found.name).filter(|_| found.size <= LONGEST)
}

/// The next reports to look at together: those that are kept, which cost nothing, or some that have to be read.
fn wave(kept: &KeptReports, later: &mut Peekable<std::vec::IntoIter<Found>>, reads: &mut usize) -> Vec<Next> {
    let mut free = Vec::new();
    while let Some(at_hand) = later.peek().and_then(|found| at_hand(kept, found)) {
        free.extend(later.next().map(|found| Next { found, at_hand: Some(at_hand) }));
    }
    if !free.is_empty() {
        return free;
    }
    let most = AT_ONCE.min(*reads);
    let dear = std::iter::from_fn(|| later.next_if(|found| at_hand(kept, found).is_none())).take(most);
    let wave: Vec<Next> = dear.map(|found| Next { found, at_hand: None }).collect();
    *reads -= wave.len();
    wave
}

/// A report, as it is kept or stored; `None` where it is gone since.
async fn read(
    store: &Store,
    kept: &KeptReports,
    Next { found, at_hand }: Next,
) -> Result<(String, Option<RunId>, Option<Arc<Parsed>>), StorageError> {
    let tick = own_tick(&found);
    let at_hand = at_hand.or_else(|| self::at_hand(kept, &found));
    let (Some(tick), None) = (&tick, &at_hand) else { return Ok((found.name, tick, at_hand)) };
    let fetched = fetch(store, &found.name, tick).await?;
    if let Some(Fetched { report, bytes }) = &fetched {
        kept.keep(tick, report.clone(), *bytes);
    }
    Ok((found.name, Some(tick.clone()), fetched.map(|f| f.report)))
}

/// A report that was read, and its length where it is stored.
pub(super) struct Fetched {
    pub report: Arc<Parsed>,
    bytes: u64,
}

/// A report as it is stored; `None` where it is gone since.
pub(super) async fn fetch(store: &Store, name: &str, tick: &RunId) -> Result<Option<Fetched>, StorageError> {
    let Some((content, _)) = store.get(name).await? else { return Ok(None) };
    Ok(Some(Fetched { report: Arc::new(StoredReport::parse(tick, &content)), bytes: content.len() as u64 }))
}

impl HistoryLook {
    fn add(&mut self, name: String, report: Option<&Parsed>, filter: &HistoryFilter) {
        match report {
            Some(Ok(stored)) => {
                self.runs.extend(stored.runs.iter().filter(|run| filter.is_wanted(run)).cloned());
                if stored.is_partly_read {
                    self.unreadable.push(UnreadableReport { name });
                }
            }
            Some(Err(Unreadable)) => self.unreadable.push(UnreadableReport { name }),
            None => {}
        }
    }

    fn until(self, next: HistoryCursor) -> Self {
        Self { looked_back_to: next.moment(), next: Some(next), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(n: u64) -> (RunId, Found) {
        let tick = RunId::new(OffsetDateTime::UNIX_EPOCH, n);
        let name = report_name(&tick);
        (tick, Found { name, size: 1 })
    }

    /// What is free is free to the end: it is at hand, though another look has it forgotten meanwhile.
    #[test]
    fn what_costs_nothing_is_at_hand() {
        let kept = KeptReports::default();
        let (tick, _) = found(1);
        kept.keep(&tick, Arc::new(Err(Unreadable)), 1);
        let all: Vec<Found> = [1, 2, 3].map(|n| found(n).1).into();
        let (mut later, mut reads) = (all.into_iter().peekable(), 1);
        let free = wave(&kept, &mut later, &mut reads);
        assert_eq!((free.len(), reads), (1, 1));
        assert!(free.iter().all(|next| next.at_hand.is_some()));
        let dear = wave(&kept, &mut later, &mut reads);
        assert!(dear.len() == 1 && dear[0].at_hand.is_none() && reads == 0);
        assert!(wave(&kept, &mut later, &mut reads).is_empty(), "nothing more may be read");
    }
}
