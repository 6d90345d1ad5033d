//! What is left of a table's changes once they are merged: one winner a key.

use std::collections::BTreeMap;
use std::time::Duration;

use super::kind::{Change, ChangeType, Key};
use crate::clock::Moment;

/// The change that decides what a key holds, and when it arrived.
#[derive(Clone, Debug)]
pub struct Winner {
    /// The change.
    pub change: Change,
    /// Its arrival.
    pub arrived: Moment,
}

/// The winners of all keys that ever had a change.
#[derive(Debug)]
pub struct Merged {
    winners: BTreeMap<Key, Winner>,
    random: fastrand::Rng,
    tombstones: Duration,
}

impl Merged {
    /// No change yet. Deleted keys are remembered for `tombstones`.
    pub fn new(seed: u64, tombstones: Duration) -> Self {
        Self { winners: BTreeMap::new(), random: fastrand::Rng::with_seed(seed), tombstones }
    }

    /// Merges a change in. Whether it won.
    pub fn take(&mut self, change: Change, arrived: Moment) -> bool {
        let wins = match self.winners.get(&change.key) {
            None => true,
            // The delete is forgotten: whatever comes is the first change of its key.
            Some(old) if self.is_forgotten(old, arrived) => true,
            Some(old) => match (change.number, old.change.number) {
                (Some(new), Some(old)) => new >= old,
                (None, None) => true,
                // Google calls the order unpredictable; so it is here.
                _ => self.random.bool(),
            },
        };
        if wins {
            self.winners.insert(change.key.clone(), Winner { change, arrived });
        }
        wins
    }

    /// What decides a key.
    pub fn winner(&self, key: &Key) -> Option<&Winner> {
        self.winners.get(key)
    }

    fn is_forgotten(&self, winner: &Winner, now: Moment) -> bool {
        winner.change.kind == ChangeType::Delete && now.since(winner.arrived) >= self.tombstones
    }
}

#[cfg(test)]
mod tests {
    use super::super::kind::Row;
    use super::super::number::SequenceNumber;
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn change(kind: ChangeType, number: Option<&str>) -> Change {
        let number = number.map(|text| SequenceNumber::parse(text).unwrap());
        Change { key: Key("[1]".into()), kind, number, row: Row::new().into() }
    }

    fn merged(seed: u64) -> Merged {
        Merged::new(seed, Duration::from_hours(48))
    }

    #[test]
    fn the_higher_number_wins_whatever_came_first_and_a_tie_goes_to_the_later() {
        let mut table = merged(1);
        assert!(table.take(change(ChangeType::Upsert, Some("2")), Moment(0)));
        assert!(!table.take(change(ChangeType::Delete, Some("1/F")), Moment(1)));
        assert!(table.take(change(ChangeType::Delete, Some("2")), Moment(2)));
        assert!(!table.take(change(ChangeType::Upsert, Some("1")), Moment(3)));
    }

    #[test]
    fn without_numbers_the_later_wins() {
        let mut table = merged(1);
        assert!(table.take(change(ChangeType::Upsert, None), Moment(0)));
        assert!(table.take(change(ChangeType::Delete, None), Moment(1)));
        assert!(table.take(change(ChangeType::Upsert, None), Moment(2)));
    }

    #[test]
    fn a_deleted_key_is_dead_for_48_hours_to_older_changes() {
        for (hours, alive) in [(47, false), (48, true)] {
            let mut table = merged(1);
            table.take(change(ChangeType::Delete, Some("2")), Moment(0));
            assert_eq!(table.take(change(ChangeType::Upsert, Some("1")), Moment(hours * HOUR)), alive);
        }
    }

    #[test]
    fn an_upsert_is_never_forgotten() {
        let mut table = merged(1);
        table.take(change(ChangeType::Upsert, Some("2")), Moment(0));
        assert!(!table.take(change(ChangeType::Upsert, Some("1")), Moment(1000 * HOUR)));
    }

    #[test]
    fn numbers_for_some_changes_alone_make_a_lottery() {
        let outcomes: std::collections::BTreeSet<bool> = (0..64)
            .map(|seed| {
                let mut table = merged(seed);
                table.take(change(ChangeType::Upsert, Some("2")), Moment(0));
                table.take(change(ChangeType::Delete, None), Moment(1))
            })
            .collect();
        assert_eq!(outcomes.len(), 2);
    }
}
