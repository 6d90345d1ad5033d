//! What must hold whatever is written: snapshots stay as they were, change tracking names every key that has changed, and a rowversion below
//! the floor belongs to a row that was seen.

use std::collections::{BTreeMap, BTreeSet};

use super::{DatabaseTracking, Model, Row, SnapshotState, Switch, Visibility, key_by};
use crate::matrix::{self, COMPARED, REPLACED, Traffic};
use crate::typed::{SortKey, Value};

/// How things stood once.
struct Then {
    commit: u64,
    version: i64,
    floor: u64,
    rows: BTreeMap<String, Vec<Row>>,
}

fn look(model: &Model) -> Then {
    // Versions first, then the rows: as a client has to.
    let (version, floor) = (model.current_version().unwrap(), model.min_active_rowversion());
    let commit = model.with(|database| database.commit);
    Then { commit, version, floor, rows: rows(model, commit) }
}

fn rows(model: &Model, commit: u64) -> BTreeMap<String, Vec<Row>> {
    model.with(|database| {
        let all = REPLACED.into_iter().chain(COMPARED);
        all.map(|name| (name.to_owned(), database.rows_of(name, Visibility::At(commit)).unwrap())).collect()
    })
}

fn by_key(model: &Model, table: &str, rows: &[Row]) -> BTreeMap<SortKey, Row> {
    let definition = model.definition(table).unwrap();
    rows.iter().map(|row| (key_by(&definition, &definition.key(), row), row.clone())).collect()
}

fn history(seed: u64) -> (Model, Vec<Then>) {
    let model = matrix::model().unwrap();
    model.set_snapshot_isolation(SnapshotState::On);
    model.set_tracking(Some(DatabaseTracking { retention_minutes: 2880, auto_cleanup: Switch::On }));
    let mut traffic = Traffic::new(&model, seed);
    traffic.fill(15, 40).unwrap();
    for table in model.names() {
        if model.definition(&table).is_some_and(|definition| !definition.key().is_empty()) {
            model.track(&table).unwrap();
        }
    }
    let mut then = vec![look(&model)];
    for _ in 0..25 {
        traffic.tick().unwrap();
        then.push(look(&model));
    }
    traffic.settle();
    then.push(look(&model));
    (model, then)
}

#[test]
fn a_snapshot_stays_as_it_was() {
    for seed in 0..5 {
        let (model, then) = history(seed);
        for then in &then {
            assert_eq!(rows(&model, then.commit), then.rows, "seed {seed}");
        }
        assert_ne!(then[0].rows, then[then.len() - 1].rows);
    }
}

#[test]
fn every_key_that_changed_is_told() {
    for seed in 0..5 {
        let (model, then) = history(seed);
        let last = &then[then.len() - 1];
        let mut told = 0;
        for (table, now) in &last.rows {
            let changes_since = |version| {
                model.with(|database| {
                    let tracking = database.table(table)?.tracking.as_ref()?;
                    Some(tracking.since(version, last.commit))
                })
            };
            for then in &then {
                let Some(changes) = changes_since(then.version) else { continue };
                let definition = model.definition(table).unwrap();
                let key = definition.key();
                let places: BTreeSet<SortKey> = changes
                    .iter()
                    .map(|change| {
                        let mut row = vec![Value::Null; definition.columns.len()];
                        key.iter().zip(&change.key).for_each(|(at, value)| row[*at] = value.clone());
                        key_by(&definition, &key, &row)
                    })
                    .collect();
                told += places.len();
                let (before, now) = (by_key(&model, table, &then.rows[table]), by_key(&model, table, now));
                for place in before.keys().chain(now.keys()).filter(|place| !places.contains(*place)) {
                    assert_eq!(before.get(place), now.get(place), "{table}, seed {seed}");
                }
            }
        }
        assert!(told > 1000, "{told}");
    }
}

#[test]
fn a_rowversion_below_the_floor_was_seen() {
    const TABLE: &str = "dbo.subscriber";
    let mut held_back = 0;
    for seed in 0..10 {
        let (_, then) = history(seed);
        let now = &then[then.len() - 1].rows[TABLE];
        for then in &then {
            for row in now {
                let Some(Value::Bytes(bytes)) = row.last() else { panic!("no rowversion at the end") };
                let version = u64::from_be_bytes(bytes.as_ref().try_into().unwrap());
                assert!(version >= then.floor || then.rows[TABLE].contains(row), "seed {seed}");
                held_back += usize::from(version >= then.floor && then.rows[TABLE].contains(row));
            }
        }
    }
    assert!(held_back > 0, "no transaction was open over a look");
}
