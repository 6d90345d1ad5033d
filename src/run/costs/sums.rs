//! Sums by table and by day.

use std::collections::BTreeMap;

use time::{Date, OffsetDateTime};

use super::spend::Spend;
use crate::model::figures::{in_utc, total};
use crate::run::history::RunEntry;
use crate::run::report::{RunReport, VerifyReport, VerifyState};

/// What was added up so far.
#[derive(Clone, Default)]
pub(in crate::run) struct Sums {
    /// By source and target.
    pub(super) tables: BTreeMap<(String, String), Spend>,
    pub(super) days: BTreeMap<Date, Spend>,
    pub(super) total: Spend,
}

impl Sums {
    pub fn add(&mut self, entry: &RunEntry) {
        let began: OffsetDateTime = entry.tick.started().unwrap_or(entry.report.started);
        let mut run = Self::default();
        let mut all = Spend { runs: 1, ..Spend::default() };
        for (table, spend) in shares(&entry.report) {
            // A run of many tables is one.
            all.add(&Spend { runs: 0, ..spend });
            run.tables.insert(table, spend);
        }
        run.days.insert(in_utc(began).date(), all);
        run.total = all;
        self.plus(&run);
    }

    /// With the sums of other runs.
    pub(super) fn plus(&mut self, other: &Self) {
        for (table, spend) in &other.tables {
            match self.tables.get_mut(table) {
                Some(sum) => sum.add(spend),
                None => _ = self.tables.insert(table.clone(), *spend),
            }
        }
        for (day, spend) in &other.days {
            self.days.entry(*day).or_default().add(spend);
        }
        self.total.add(&other.total);
    }
}

/// Each table's share of a run. Objects that are no table's own, such as the state, are shared out evenly.
fn shares(run: &RunReport) -> Vec<((String, String), Spend)> {
    let mut shares: BTreeMap<(String, String), Spend> = BTreeMap::new();
    for t in &run.tables {
        let share = shares.entry((t.source.clone(), t.target.clone())).or_default();
        let billed = t.bytes_billed.unwrap_or(0);
        share.add(&Spend {
            merge_bytes_billed: billed,
            billed_runs: u64::from(billed > 0),
            sent_bytes: t.append.map_or(0, |append| append.bytes),
            staged_bytes: t.staged_bytes,
            storage_writes: u64::from(t.parts),
            rows: t.upserts.saturating_add(t.deletes),
            ..Spend::default()
        });
    }
    for v in &run.verified {
        let VerifyReport { bytes_billed, state, .. } = v;
        let share = shares.entry((v.source.clone(), v.target.clone())).or_default();
        share.verify_bytes_billed = share.verify_bytes_billed.saturating_add(bytes_billed.unwrap_or(0));
        // One that takes several runs is one.
        share.comparisons += u64::from(matches!(state, VerifyState::Equal | VerifyState::Differs));
    }
    if shares.is_empty() {
        shares.insert((run.source.clone(), String::new()), Spend::default());
    }
    let parts: u64 = total(shares.values().map(|s| s.storage_writes));
    let (others, tables) = (run.storage_writes.saturating_sub(parts), shares.len() as u64);
    for (n, share) in (0..).zip(shares.values_mut()) {
        share.runs = 1;
        share.storage_writes += others / tables + u64::from(n < others % tables);
    }
    shares.into_iter().collect()
}
