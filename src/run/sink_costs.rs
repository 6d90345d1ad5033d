//! What either sink costs for a table, from its size and the feed's last runs.
//!
//! A MERGE is billed for what it reads of the table, each time. BigQuery applies what is sent row by row by itself, and reads all of the table
//! each time it does: at least once in each `max_staleness` in which something came. So with m merges a day that read a share f of the
//! table, and a applications a day, the MERGE is cheaper where m·f < a.

use std::time::Duration;

use time::OffsetDateTime;

use crate::bigquery::{LEAST_BILLED, TargetPlan};
use crate::model::ApplyBy;
use crate::model::figures::{bytes, dollars, total};
use crate::run::costs::PRICES;
use crate::state::PastRun;

const TIB: f64 = 1_099_511_627_776.0;
const GIB: f64 = 1_073_741_824.0;
/// With fewer runs that had changes nothing can be said.
const FEWEST_RUNS: usize = 3;
const DAY: f64 = 86_400.0;

/// What the last runs tell of a day.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Day {
    /// Runs that had changes.
    runs: f64,
    /// Of the table's bytes, those that are changed.
    changed: f64,
    /// Bytes that a MERGE was billed for; absent where none was.
    billed_a_merge: Option<f64>,
}

impl Day {
    /// `None` where too little is known.
    fn of(runs: &[PastRun], size: u64, rows: u64, now: OffsetDateTime) -> Option<Self> {
        let with_rows: Vec<&PastRun> = runs
            .iter()
            .filter(|r| r.figures.has_rows() && r.figures.rows_before.is_none() && r.error.is_none())
            .collect();
        let first = with_rows.iter().map(|r| r.finished).min()?;
        let days = (now - first).as_seconds_f64().max(60.0) / DAY;
        if with_rows.len() < FEWEST_RUNS {
            return None;
        }
        let changed: u64 = total(with_rows.iter().flat_map(|r| [r.figures.upserts, r.figures.deletes]));
        let billed: Vec<u64> = with_rows.iter().map(|r| r.figures.bytes_billed).filter(|b| *b > 0).collect();
        Some(Self {
            runs: with_rows.len() as f64 / days,
            changed: changed as f64 / days * (size as f64 / rows.max(1) as f64),
            billed_a_merge: (!billed.is_empty()).then(|| total(billed.iter().copied()) as f64 / billed.len() as f64),
        })
    }

    fn merged(self, size: u64) -> f64 {
        // What no MERGE has shown yet may be all of the table. A MERGE names two tables.
        self.runs * self.billed_a_merge.unwrap_or(size as f64).max(2.0 * LEAST_BILLED as f64) / TIB * PRICES.tib_billed
    }

    fn applied(self, size: u64, applications: f64) -> f64 {
        self.changed / GIB * PRICES.gib_sent
            + applications * (size as f64).max(LEAST_BILLED as f64) / TIB * PRICES.tib_billed
    }
}

/// A sentence about it; `None` where too little is known.
pub(super) fn costs(
    plan: &TargetPlan,
    size: Option<(u64, u64)>,
    runs: &[PastRun],
    now: OffsetDateTime,
) -> Option<String> {
    let (size, rows) = size?;
    let day = Day::of(runs, size, rows, now)?;
    let merged = day.merged(size);
    let staleness = plan.max_staleness.filter(|age| !age.is_zero());
    let own = match plan.apply {
        ApplyBy::Merge => "merge",
        ApplyBy::Append => "append",
    };
    let measured = if day.billed_a_merge.is_some() { "" } else { " if it reads all of the table" };
    let Some(staleness) = staleness.or((plan.apply == ApplyBy::Merge).then_some(QUARTER)) else {
        return Some(format!(
            "cost by list price ({}): apply = \"append\" without max_staleness has each query of the table merge and read all of it ({}, {} a \
             query); apply = \"merge\" would be about {} a day{measured}",
            PRICES.date,
            bytes(size),
            dollars(size as f64 / TIB * PRICES.tib_billed),
            dollars(merged)
        ));
    };
    let applications = day.runs.min(DAY / staleness.as_secs_f64().max(60.0));
    let applied = day.applied(size, applications);
    let cheaper = if merged <= applied { "merge" } else { "append" };
    Some(format!(
        "cost by list price ({}), as the last runs were: about {} a day with apply = \"merge\" ({:.0} merges{measured}), about {} with apply = \
         \"append\" and max_staleness = \"{}\" ({:.0} times all of the table); {}",
        PRICES.date,
        dollars(merged),
        day.runs,
        dollars(applied),
        humantime::format_duration(staleness),
        applications,
        if cheaper == own {
            format!("\"{own}\" is the cheaper one")
        } else {
            format!("\"{cheaper}\" would be cheaper")
        }
    ))
}

/// What `append` is reckoned with where nothing is configured.
const QUARTER: Duration = Duration::from_secs(900);

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::bigquery::TargetPlan;
    use crate::model::{DeleteStyle, Metadata, RunId, TargetRef};
    use crate::state::Figures;

    const NOW: OffsetDateTime = datetime!(2026-11-27 12:00 UTC);
    const GIB_100: u64 = 100 << 30;

    fn plan(apply: ApplyBy, max_staleness: Option<Duration>) -> TargetPlan {
        TargetPlan {
            target: TargetRef { project: "p".into(), dataset: "d".into(), table: "t".into() },
            columns: Vec::new(),
            key: Vec::new(),
            delete: DeleteStyle::Hard,
            partition: None,
            cluster: Vec::new(),
            description: String::new(),
            metadata: Metadata::default(),
            apply,
            max_staleness,
            filled_by: apply,
            held: Vec::new(),
        }
    }

    /// Every five minutes of two hours.
    fn runs(bytes_billed: u64) -> Vec<PastRun> {
        (0..24)
            .map(|n| PastRun {
                finished: NOW - Duration::from_secs(300 * (24 - n)),
                figures: Figures { upserts: 100, bytes_billed, ..Figures::default() },
                ..PastRun::of(&RunId::new(NOW, 0), 1.0, None)
            })
            .collect()
    }

    #[test]
    fn the_break_even_is_where_merges_read_as_much_as_applications() {
        // 288 merges a day; 96 applications of all of it.
        let told = |billed| costs(&plan(ApplyBy::Merge, None), Some((GIB_100, 1_000_000)), &runs(billed), NOW).unwrap();
        let pruned = told(GIB_100 / 20);
        assert!(pruned.contains("$8.79 a day with apply = \"merge\" (288 merges)"), "{pruned}");
        // 58.59 for what is read, and 2.9 GiB that are sent.
        assert!(pruned.contains("$58.67"), "{pruned}");
        assert!(pruned.ends_with("\"merge\" is the cheaper one"), "{pruned}");
        let whole = told(GIB_100);
        assert!(whole.contains("$175.78") && whole.ends_with("\"append\" would be cheaper"), "{whole}");
    }

    #[test]
    fn without_staleness_each_query_pays() {
        let told = costs(&plan(ApplyBy::Append, None), Some((GIB_100, 1_000_000)), &runs(0), NOW).unwrap();
        assert!(told.contains("$0.6104 a query") && told.contains("if it reads all of the table"), "{told}");
        let two = &runs(0)[..2];
        assert_eq!(costs(&plan(ApplyBy::Append, None), Some((GIB_100, 1)), two, NOW), None);
        assert_eq!(costs(&plan(ApplyBy::Append, None), None, &runs(0), NOW), None);
    }
}
