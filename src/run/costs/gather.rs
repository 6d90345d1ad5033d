//! Adds up what runs have used, by table and by day.

use std::collections::BTreeMap;

use serde::Serialize;
use time::{Date, OffsetDateTime};

use super::dearest::{DearTable, dearest};
use super::prices::{PRICES, Prices};
use super::spend::Spend;
use super::table_costs::TableCosts;
use crate::model::TableSpec;
use crate::model::figures::in_utc;
use crate::run::context::Context;
use crate::run::error::RunError;
use crate::run::history::{RunEntry, Swept};
use crate::run::report::{RunReport, VerifyReport, VerifyState};

/// What the runs of a span have cost.
#[derive(Clone, Debug, Serialize)]
pub struct Costs {
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
    pub prices: Prices,
    pub total: Spend,
    /// Of all of it, by the list prices.
    pub dollars: f64,
    /// The dearest first.
    pub tables: Vec<TableCosts>,
    /// The newest first. A run counts for the day that it began on, in UTC.
    pub days: Vec<DayCosts>,
    pub dearest: Vec<DearTable>,
    /// Reports before this were not looked at: there are too many. `None` where all were.
    #[serde(with = "time::serde::rfc3339::option")]
    pub looked_back_to: Option<OffsetDateTime>,
    /// Reports that could not be read.
    pub unreadable: u64,
}

/// What the runs of a day have cost.
#[derive(Clone, Debug, Serialize)]
pub struct DayCosts {
    /// As `2026-11-27`.
    pub day: String,
    #[serde(flatten)]
    pub spend: Spend,
    pub dollars: f64,
}

impl Context {
    /// What runs have cost since a moment, from at most so many reports that this process has not read before.
    pub async fn costs(&self, since: OffsetDateTime, reads: usize) -> Result<Costs, RunError> {
        let mut sums = Sums::default();
        let swept = self.sweep(since, reads, |entry| sums.add(entry)).await?;
        Ok(sums.costs(since, swept, &self.config.tables))
    }
}

/// What was added up so far.
#[derive(Default)]
pub(in crate::run) struct Sums {
    tables: BTreeMap<(String, String), Spend>,
    days: BTreeMap<Date, Spend>,
    total: Spend,
}

impl Sums {
    pub fn add(&mut self, entry: &RunEntry) {
        let day = in_utc(entry.report.started).date();
        for (table, spend) in shares(&entry.report) {
            self.tables.entry(table).or_default().add(&spend);
            // A run of many tables is one.
            let spend = Spend { runs: 0, ..spend };
            self.days.entry(day).or_default().add(&spend);
            self.total.add(&spend);
        }
        self.days.entry(day).or_default().runs += 1;
        self.total.runs += 1;
    }

    pub fn costs(self, since: OffsetDateTime, swept: Swept, specs: &[TableSpec]) -> Costs {
        let Swept { looked_back_to, unreadable } = swept;
        let until = OffsetDateTime::now_utc();
        let tables = self.tables.into_iter();
        let tables =
            tables.map(|((source, target), spend)| TableCosts { source, target, dollars: spend.dollars(), spend });
        let mut tables: Vec<TableCosts> = tables.collect();
        tables.sort_by(|a, b| b.dollars.total_cmp(&a.dollars));
        let days = self.days.into_iter().rev();
        let days = days.map(|(day, spend)| DayCosts { day: day.to_string(), dollars: spend.dollars(), spend });
        let counted = until - looked_back_to.unwrap_or(since).max(since);
        Costs {
            since,
            until,
            prices: PRICES,
            dollars: self.total.dollars(),
            total: self.total,
            dearest: dearest(&tables, specs, counted),
            tables,
            days: days.collect(),
            looked_back_to,
            unreadable,
        }
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
            rows: t.upserts + t.deletes,
            ..Spend::default()
        });
    }
    for v in &run.verified {
        let VerifyReport { bytes_billed, state, .. } = v;
        let share = shares.entry((v.source.clone(), v.target.clone())).or_default();
        share.verify_bytes_billed += bytes_billed.unwrap_or(0);
        // One that takes several runs is one.
        share.comparisons += u64::from(matches!(state, VerifyState::Equal | VerifyState::Differs));
    }
    if shares.is_empty() {
        shares.insert((run.source.clone(), String::new()), Spend::default());
    }
    let parts: u64 = shares.values().map(|s| s.storage_writes).sum();
    let (others, tables) = (run.storage_writes.saturating_sub(parts), shares.len() as u64);
    for (n, share) in (0..).zip(shares.values_mut()) {
        share.runs = 1;
        share.storage_writes += others / tables + u64::from(n < others % tables);
    }
    shares.into_iter().collect()
}
