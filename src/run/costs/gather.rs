//! What the runs of a span have cost.

use std::collections::BTreeMap;

use serde::Serialize;
use time::{Duration, OffsetDateTime, Time};

use super::dearest::{DearTable, dearest};
use super::ledger::Known;
use super::prices::{PRICES, Prices};
use super::spend::Spend;
use super::sums::Sums;
use super::table_costs::TableCosts;
use crate::model::TableSpec;
use crate::model::figures::in_utc;
use crate::run::context::Context;
use crate::run::error::RunError;
use crate::run::history::Swept;

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
    /// The newest first. A run counts for the day that its tick began on, in UTC.
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
    /// What runs have cost since the day of a moment began, in UTC, from at most so many reports that this process has not read before.
    pub async fn costs(&self, since: OffsetDateTime, reads: usize) -> Result<Costs, RunError> {
        let since = in_utc(since).replace_time(Time::MIDNIGHT);
        let ledger = &self.cost_ledger;
        let swept = self.sweep(since, reads, |tick| ledger.has(tick), |tick, report| ledger.add(tick, report)).await?;
        let Known { sums, oldest, unreadable } = ledger.since(swept.looked_back_to.unwrap_or(since).max(since).date());
        // An earlier look may have added up what lies behind a gap: then nobody knows of how much time the sums are.
        let has_gap = swept.looked_back_to.zip(oldest).is_some_and(|(back_to, oldest)| oldest < back_to);
        let gathered = Gathered::of(sums, since, swept, unreadable);
        let gathered = match has_gap {
            true => Gathered { counted: None, looked_back_to: Some(since), ..gathered },
            // Reports may have expired that are in the sums.
            false => gathered.at_least_from(oldest),
        };
        Ok(Costs::of(gathered, &self.config.tables))
    }
}

/// What was added up of a span.
pub(in crate::run) struct Gathered {
    sums: Sums,
    since: OffsetDateTime,
    until: OffsetDateTime,
    looked_back_to: Option<OffsetDateTime>,
    /// Of how much time it is; `None` where nobody knows.
    counted: Option<Duration>,
    unreadable: u64,
}

impl Gathered {
    pub fn of(sums: Sums, since: OffsetDateTime, swept: Swept, unreadable: u64) -> Self {
        let Swept { looked_back_to, first_report, foreign } = swept;
        let until = OffsetDateTime::now_utc();
        let counted = Some(until - looked_back_to.or(first_report).unwrap_or(since).max(since));
        Self { sums, since, until, looked_back_to, counted, unreadable: unreadable.saturating_add(foreign) }
    }

    /// Where something of a moment is in it, it is of all the time since.
    fn at_least_from(self, oldest: Option<OffsetDateTime>) -> Self {
        let since_then = oldest.map(|oldest| self.until - oldest.max(self.since));
        Self { counted: self.counted.max(since_then), ..self }
    }
}

impl Costs {
    pub(in crate::run) fn of(gathered: Gathered, specs: &[TableSpec]) -> Self {
        let Gathered { sums, since, until, looked_back_to, counted, unreadable } = gathered;
        let Sums { tables, days, total } = sums;
        let tables = in_one_row(tables).into_iter().map(|((source, target), spend)| TableCosts {
            source,
            target,
            dollars: spend.dollars(),
            spend,
        });
        let mut tables: Vec<TableCosts> = tables.collect();
        tables.sort_by(|a, b| b.dollars.total_cmp(&a.dollars));
        let days = days.into_iter().rev();
        let days = days.map(|(day, spend)| DayCosts { day: day.to_string(), dollars: spend.dollars(), spend });
        Self {
            since,
            until,
            prices: PRICES,
            dollars: total.dollars(),
            total,
            dearest: dearest(&tables, specs, counted),
            tables,
            days: days.collect(),
            looked_back_to,
            unreadable,
        }
    }
}

/// A run that failed before it had looked at its table, or found nothing, is the table's all the same, where its feed is one table's.
fn in_one_row(tables: BTreeMap<(String, String), Spend>) -> BTreeMap<(String, String), Spend> {
    let (no_tables, rows): (Vec<_>, Vec<_>) = tables.into_iter().partition(|((_, target), _)| target.is_empty());
    let mut rows: BTreeMap<_, _> = rows.into_iter().collect();
    for ((source, target), spend) in no_tables {
        let mut own = rows.range_mut((source.clone(), String::new())..).take_while(|((of, _), _)| *of == source);
        match (own.next(), own.next()) {
            (Some((_, row)), None) => row.add(&spend),
            _ => _ = rows.insert((source, target), spend),
        }
    }
    rows
}
