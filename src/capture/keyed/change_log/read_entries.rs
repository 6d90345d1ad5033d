//! Which entries of a log were read, where its rows do not say which transaction wrote them: in SQL Server.
//!
//! A number is drawn when an entry is written, and seen when its transaction commits. So one that commits late has a lower number than entries
//! that were read long ago. Each run therefore keeps which numbers it has *not* seen: an entry is new to the next run iff its number is above
//! the highest that was read ([`ReadEntries::up_to`]), or in one of the gaps below it.
//!
//! **Nothing is lost.** Take an entry that commits after the snapshot *S* of a run. If its number is above the highest that *S* shows, it is above
//! `up_to`. Else no entry of *S* has its number, so it lies in a gap, and the gaps are looked for in *S* itself, from a number on that no open
//! transaction can have drawn:
//!
//! * Where *nothing was open* at the moment before *S*, all who had drawn a number then have ended: what the run before has seen had been drawn
//!   by then, so it is settled.
//! * Else a number is settled that had been given out at a moment after which the oldest open transaction began: whoever is open now, or begins
//!   later, draws a higher one. The clock of the server compares the two; [`MARGIN`] is for one that is set, and for the view that rounds it.
//! * Where the login may not see others' transactions, none is taken to be open for longer than [`LONGEST`]; `check` says so.
//! * `[changelog] lag` more numbers are kept in view, for those that were drawn before their transaction had written anything: by a sequence, or by a
//!   thread that waited. After a first load nothing is settled yet: what counts then are the gaps among the newest entries, and `lag` numbers before them.
//!
//! **An entry may be seen before the change it tells of**, where an application writes its log over another connection. Such a change was made by
//! a transaction that was open, and began before the entry was written. So while one is open, the entries above what is settled are read again,
//! as they are in PostgreSQL. A trigger's entries commit with the change. Without the right to see what is open nobody knows; `check` says that too.
//!
//! With a `rowversion` in the log, what is new is told by that (`source/sqlserver/change_log/since.rs`), and this only bounds the search.

use std::time::Duration;

use time::OffsetDateTime;

use crate::batch::{LogTableMark, Lower, ReadEntries, WaitingNumber};
use crate::model::Lag;
use crate::source::{CursorColumn, LogEnds, Moment, Numbers, Open};

/// A transaction's start is told in steps of 3 ms, and a clock may be set.
const MARGIN: Duration = Duration::from_secs(60);
/// How long a transaction is taken to be open where nobody tells.
pub(super) const LONGEST: Duration = Duration::from_secs(3600);

/// Whose hand writes the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    /// The change and its entry commit together.
    Triggers,
    Application,
}

/// Where numbers without an entry are looked for.
pub(super) fn among(ids: &CursorColumn, mark: Option<&LogTableMark>) -> Numbers {
    let Some(read) = mark.and_then(|m| m.read.as_ref()) else { return Numbers::OfTheNewest };
    Numbers::Above(match read.settled {
        Some(settled) => settled.saturating_sub_unsigned(steps(ids)),
        // Nothing is, so what was missing is: all of it, and nothing before it.
        None => read.gaps.first().map_or(read.up_to, |[first, _]| first.saturating_sub(1).min(read.up_to)),
    })
}

/// With the numbers before the first entry, and those of a log that is empty.
pub(super) fn all_gaps(
    ids: &CursorColumn,
    among: Numbers,
    mut between: Vec<[i64; 2]>,
    ends: &LogEnds,
) -> Vec<[i64; 2]> {
    let before = |number: i64| number.saturating_sub_unsigned(steps(ids));
    match (&ends.newest, ends.first, ends.drawn, among) {
        (None, _, Some(drawn), Numbers::Above(number)) => vec![[number.saturating_add(1), drawn]],
        (None, _, Some(drawn), Numbers::OfTheNewest) => vec![[before(drawn).saturating_add(1), drawn]],
        (Some(_), Some(first), _, Numbers::OfTheNewest) => {
            between.push([before(first), first.saturating_sub(1)]);
            between
        }
        _ => between,
    }
}

/// What a run has found of the numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct SeenNumbers<'a> {
    pub newest: i64,
    /// The newest first.
    pub gaps: &'a [[i64; 2]],
}

/// What was read, once what a run has found is in BigQuery. `before` and `known` are what was, and the newest number that was seen then.
pub(super) fn next(
    ids: &CursorColumn,
    (before, known): (Option<&ReadEntries>, Option<i64>),
    seen: SeenNumbers<'_>,
    moment: &Moment,
    writer: Writer,
) -> ReadEntries {
    let (settled, waiting) = settle(before, known, moment);
    let lag = steps(ids);
    let in_doubt = settled.unwrap_or_else(|| seen.newest.saturating_sub_unsigned(lag));
    let up_to = match (moment.open, writer) {
        (Open::Since(_), Writer::Application) => in_doubt.min(seen.newest),
        (Open::None | Open::Unknown, _) | (_, Writer::Triggers) => seen.newest,
    };
    let from = settled.map_or(i64::MIN, |settled| settled.saturating_sub_unsigned(lag).saturating_add(1));
    let gaps = seen.gaps.iter().rev().map(|[first, last]| [(*first).max(from), (*last).min(up_to)]);
    let gaps: Vec<[i64; 2]> = gaps.filter(|[first, last]| first <= last).collect();
    // Who was not open at the moment has drawn a number since, and that is above all that had been seen before.
    let lower = match (moment.open, known, gaps.last()) {
        (Open::None, Some(known), Some([_, last])) if *last <= known => Lower::None,
        (Open::None, Some(_), None) => Lower::None,
        (Open::None, None, _) if seen.newest == 0 => Lower::None,
        _ => Lower::MayCome,
    };
    ReadEntries { up_to, settled, waiting, gaps, lower }
}

/// The number up to which no entry can come any more, and one that will be such a number.
fn settle(before: Option<&ReadEntries>, known: Option<i64>, moment: &Moment) -> (Option<i64>, Option<WaitingNumber>) {
    let settled = before.and_then(|b| b.settled);
    let waiting = before.and_then(|b| b.waiting.clone());
    // What the last run had seen was given out before this moment.
    let fresh = known.map(|number| WaitingNumber { number, at: moment.taken_at });
    let oldest = match moment.open {
        Open::None => return (known.max(settled), None),
        Open::Since(began) => began - MARGIN,
        Open::Unknown => moment.taken_at - LONGEST,
    };
    match waiting {
        Some(waiting) if is_before(waiting.at, oldest) => (Some(waiting.number).max(settled), fresh),
        Some(waiting) => (settled, Some(waiting)),
        None => (settled, fresh),
    }
}

fn is_before(at: OffsetDateTime, oldest: OffsetDateTime) -> bool {
    at < oldest
}

fn steps(ids: &CursorColumn) -> u64 {
    match ids.lag {
        Lag::Steps(steps) => steps,
        Lag::Time(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{Position, SqlServerIdentity};
    use crate::encode::Nullability;
    use crate::source::{CursorType, Durable, Prepared, Search, Sight};

    fn ids(lag: u64) -> CursorColumn {
        CursorColumn {
            name: "id".to_owned(),
            kind: CursorType::Integer,
            lag: Lag::Steps(lag),
            nullability: Nullability::NotNull,
            search: Search::Order,
        }
    }

    fn minute(n: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + time::Duration::minutes(n)
    }

    fn moment(now: i64, open: Open) -> Moment {
        let server = SqlServerIdentity { broker: "b".to_owned(), history: "h".to_owned() };
        Moment {
            position: Position::SqlServer { ct_version: None, rowversion: 1, server },
            taken_at: minute(now),
            oldest_open: String::new(),
            open,
            sight: Sight::Everybodys,
            prepared: Prepared::None,
            durable: Durable::Already,
        }
    }

    /// A log, and one reader of it: which numbers are committed, and which the runs have read.
    struct Run {
        read: Option<ReadEntries>,
        known: Option<i64>,
        writer: Writer,
        lag: u64,
    }

    impl Run {
        fn new(writer: Writer, lag: u64) -> Self {
            Self { read: None, known: None, writer, lag }
        }

        /// The numbers that a run reads of those that are there.
        fn tick(&mut self, there: &[i64], now: i64, open: Open) -> Vec<i64> {
            let is_new = |n: &i64| {
                self.read.as_ref().is_none_or(|r| *n > r.up_to || r.gaps.iter().any(|[a, b]| (a..=b).contains(&n)))
            };
            let new: Vec<i64> = there.iter().copied().filter(is_new).collect();
            let mut sorted = there.to_vec();
            sorted.sort_unstable();
            let newest = there.iter().copied().max().unwrap_or(0);
            let mark = LogTableMark { name: String::new(), oid: 1, ids: None, proof: None, read: self.read.clone() };
            let among = among(&ids(self.lag), Some(&mark));
            let low = if let Numbers::Above(number) = among { Some(number) } else { None };
            let ends = LogEnds {
                newest: sorted.last().map(i64::to_string),
                first: sorted.first().copied(),
                drawn: Some(newest),
                ..LogEnds::default()
            };
            let inside: Vec<i64> =
                low.into_iter().chain(sorted.into_iter().filter(|n| low.is_none_or(|l| *n > l))).collect();
            let between: Vec<[i64; 2]> =
                inside.windows(2).filter(|w| w[1] - w[0] > 1).map(|w| [w[0] + 1, w[1] - 1]).rev().collect();
            let gaps = all_gaps(&ids(self.lag), among, between, &ends);
            let seen = SeenNumbers { newest, gaps: &gaps };
            let next = next(&ids(self.lag), (self.read.as_ref(), self.known), seen, &moment(now, open), self.writer);
            self.read = Some(next);
            self.known = Some(newest);
            new
        }
    }

    #[test]
    fn a_late_commit_is_in_a_gap_however_late_it_is() {
        for open in [Open::Since(minute(1)), Open::Unknown] {
            let mut run = Run::new(Writer::Triggers, 2);
            run.tick(&[1, 2], 0, Open::None);
            // 3 is drawn and open while hundreds commit.
            let mut there = vec![1, 2];
            for n in 1..40 {
                there.extend([n * 10 + 1, n * 10 + 2]);
                let new = run.tick(&there, n, open);
                assert_eq!(new, [n * 10 + 1, n * 10 + 2], "{open:?} {n}: nothing twice");
            }
            there.push(3);
            assert_eq!(run.tick(&there, 41, Open::None), [3], "{open:?}");
            assert_eq!(run.tick(&there, 42, Open::None), [0_i64; 0]);
            // Nothing was open: what was never seen will never come, but for the last few.
            run.tick(&there, 43, Open::None);
            assert!(run.read.as_ref().unwrap().gaps.is_empty(), "{:?}", run.read);
        }
    }

    /// All numbers may be open when a log is looked at for the first time.
    #[test]
    fn what_is_open_at_the_first_load_is_not_lost() {
        for (there, late) in [(vec![], 1), (vec![4, 5], 3), (vec![4, 9], 6)] {
            let mut run = Run::new(Writer::Triggers, 5);
            run.tick(&there, 0, Open::Since(minute(0)));
            let mut all = there.clone();
            all.extend([20, 21]);
            assert_eq!(run.tick(&all, 1, Open::Since(minute(0))), [20, 21], "{there:?}");
            all.push(late);
            assert_eq!(run.tick(&all, 2, Open::None), [late], "{there:?}");
        }
    }

    /// The change of an entry that is there may come as long as somebody is open who was when it was written.
    #[test]
    fn what_an_application_has_written_is_read_again_while_somebody_is_open() {
        let mut run = Run::new(Writer::Application, 0);
        run.tick(&[1, 2], 0, Open::None);
        run.tick(&[1, 2], 1, Open::None);
        let since = Open::Since(minute(2));
        assert_eq!(run.tick(&[1, 2, 3], 3, since), [3]);
        assert_eq!(run.tick(&[1, 2, 3, 4], 4, since), [3, 4]);
        assert_eq!(run.tick(&[1, 2, 3, 4], 5, Open::None), [3, 4]);
        assert_eq!(run.tick(&[1, 2, 3, 4], 6, Open::None), [0_i64; 0]);
        // Others are open all the time, but not the same ones.
        for n in 20..24_i64 {
            let there: Vec<i64> = (1..=n).collect();
            let new = run.tick(&there, n * 10, Open::Since(minute(n * 10)));
            assert!(new.contains(&n) && new.len() <= 19, "{new:?}");
        }
        assert_eq!(run.read.as_ref().unwrap().settled, Some(21));
    }

    #[test]
    fn where_nobody_tells_what_is_open_a_number_waits_for_an_hour() {
        let mut run = Run::new(Writer::Application, 0);
        for n in 1..=14 {
            run.tick(&(1..=n).collect::<Vec<i64>>(), n * 10, Open::Unknown);
        }
        // What the second run knew of was settled an hour later, and the next one waits.
        let read = run.read.unwrap();
        assert_eq!((read.settled, read.waiting.unwrap().number, read.up_to), (Some(1), 8, 14));
    }
}
