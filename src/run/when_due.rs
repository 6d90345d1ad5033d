//! When a table's time has come, and when a run without changes has to write the state all the same.

use std::time::Duration;

use time::OffsetDateTime;

use crate::batch::{LogCounts, Watermark};
use crate::model::TableSpec;

/// An empty run that has looked through so many entries of a change log is worth a write of the state.
const MANY_ENTRIES: u64 = 1000;
/// So is one that has looked through any, if the last write is so old: entries that were read may be pruned.
const LONG_AGO: Duration = Duration::from_secs(300);

/// How long a table rests between two runs. A scheduler is never quite on time; a tick a moment early should not cost a whole period.
pub(super) fn rest(every: Duration) -> Duration {
    every.saturating_sub((every / 10).min(Duration::from_secs(30)))
}

/// How old the state of a quiet table may get: other processes know by it when the table was last checked, and when it is due.
pub(super) fn longest_silence(spec: &TableSpec, heartbeat: Duration) -> Duration {
    spec.every.map_or(heartbeat, |every| heartbeat.min(rest(every)))
}

/// Whether the state is due for a sign of life of any of the tables.
pub(super) fn is_old(tables: &[TableSpec], previous: &Watermark, now: OffsetDateTime, heartbeat: Duration) -> bool {
    let stood: Vec<(&TableSpec, OffsetDateTime)> =
        tables.iter().filter_map(|t| Some((t, previous.standing(&t.target)?.taken_at))).collect();
    stood.is_empty() || stood.iter().any(|(spec, at)| now - *at >= longest_silence(spec, heartbeat))
}

/// Whether a run without changes is to move the watermark in the state all the same.
pub(super) fn is_worth_a_write(
    tables: &[TableSpec],
    previous: Option<&Watermark>,
    next: &Watermark,
    log: Option<LogCounts>,
    heartbeat: Duration,
) -> bool {
    // One that is set aside, or waits for something passing, does not get older by being looked at.
    let standing = tables.iter().filter(|t| next.tables.contains_key(&t.target));
    let stood: Vec<(&TableSpec, Option<OffsetDateTime>)> =
        standing.map(|t| (t, previous.and_then(|w| w.standing(&t.target)).map(|s| s.taken_at))).collect();
    let is_older = |than: &dyn Fn(&TableSpec) -> Duration| {
        stood.iter().any(|(spec, at)| at.is_none_or(|at| next.taken_at - at >= than(spec)))
    };
    // Entries that concern nobody are not read again and again.
    let entries = log.map_or(0, |l| l.entries);
    let is_long = entries >= MANY_ENTRIES || (entries > 0 && is_older(&|_| LONG_AGO));
    // A new column is known from now on: what comes into it is a change like any other.
    let is_another = previous.is_some_and(|p| {
        let (then, now) = (p.tables.values(), next.tables.values());
        // A look that takes several runs goes on where this one has ended.
        !then.map(|t| (&t.relation, t.lists())).eq(now.map(|t| (&t.relation, t.lists())))
    });
    is_older(&|spec| longest_silence(spec, heartbeat)) || is_long || is_another
}
