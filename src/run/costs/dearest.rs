//! The dearest tables.

use serde::Serialize;
use time::Duration;

use super::knob::{Knob, knob};
use super::spend::Spend;
use super::table_costs::TableCosts;
use crate::model::TableSpec;

/// So many are named.
const NAMED: usize = 5;
/// From how much time on a month is estimated.
const ENOUGH: Duration = Duration::hours(12);

/// A table that costs much, and what would help.
#[derive(Clone, Debug, Serialize)]
pub struct DearTable {
    pub source: String,
    pub target: String,
    #[serde(flatten)]
    pub spend: Spend,
    pub dollars: f64,
    /// If it goes on like that, in 30 days. Absent where the runs of less than half a day are known: a first load would count for many.
    pub dollars_a_month: Option<f64>,
    /// Of all that was spent, in hundredths.
    pub percent: f64,
    /// Absent of a table that the config has no more, and where nobody knows of how much time the figures are.
    pub knob: Option<Knob>,
}

/// The dearest tables of those that have cost something.
pub(super) fn dearest(sorted: &[TableCosts], specs: &[TableSpec], counted: Option<Duration>) -> Vec<DearTable> {
    let all: f64 = sorted.iter().map(|t| t.dollars).sum();
    let in_days = |time: Duration| time.as_seconds_f64() / 86_400.0;
    let dear = sorted.iter().filter(|t| t.dollars > 0.0 && !t.target.is_empty()).take(NAMED);
    let each = dear.map(|t| {
        let last = t.target.rsplit('.').next().unwrap_or_default();
        let spec = specs.iter().find(|s| s.target == last);
        DearTable {
            source: t.source.clone(),
            target: t.target.clone(),
            spend: t.spend,
            dollars: t.dollars,
            dollars_a_month: counted.filter(|time| *time >= ENOUGH).map(|time| t.dollars / in_days(time) * 30.0),
            percent: t.dollars / all * 100.0,
            knob: spec.zip(counted).map(|(spec, time)| knob(spec, &t.spend, in_days(time))),
        }
    });
    each.collect()
}
