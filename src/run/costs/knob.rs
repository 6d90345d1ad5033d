//! What would make a table cheaper, by what its figures show.

use serde::Serialize;

use super::prices::PRICES;
use super::spend::Spend;
use crate::bigquery::LEAST_BILLED;
use crate::model::figures::{bytes, count, counted, period};
use crate::model::{CaptureKind, Deletes, TableSpec};

/// A MERGE names two tables, and so is billed twice the least at any rate. Up to half as much again, what it reads hardly counts.
const LEAST_OF_A_MERGE: u64 = LEAST_BILLED * 3;

/// A MERGE that is billed so many times what was staged reads much that does not change.
const MUCH_MORE: u64 = 10;

/// Dollars a month below which nothing is worth a change.
const LITTLE: f64 = 0.01;

/// What would make a table cheaper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Knob {
    /// What its figures show.
    pub why: String,
    /// What to do about it.
    pub advice: String,
}

/// Where most of a table's money goes, and what would help.
pub(super) fn knob(spec: &TableSpec, spend: &Spend, days: f64) -> Knob {
    let merged = PRICES.of_billed(spend.merge_bytes_billed);
    let compared = PRICES.of_billed(spend.verify_bytes_billed);
    let written = PRICES.of_writes(spend.storage_writes);
    let kept = PRICES.of_staged(spend.staged_bytes);
    let sent = PRICES.of_sent(spend.sent_bytes);
    if days > 0.0 && (merged + compared + written + kept + sent) / days * 30.0 < LITTLE {
        return Knob { why: "less than a cent a month".to_owned(), advice: "leave it as it is".to_owned() };
    }
    let most = merged.max(compared).max(written).max(kept).max(sent);
    if sent >= most {
        let why = format!(
            "most of it is for {} of {} sent row by row, as if nothing of that were free",
            bytes(spend.sent_bytes),
            counted(spend.rows, "row", "rows")
        );
        Knob { why, advice: longer_every(spec, spend, days) }
    } else if compared >= most {
        comparisons(spec, spend)
    } else if written >= most {
        let writes = counted(spend.storage_writes, "object", "objects");
        Knob {
            why: format!("most of it is for {writes} written to the bucket in {}", runs(spend.runs)),
            advice: longer_every(spec, spend, days),
        }
    } else if kept >= most {
        staged(spec, spend, days)
    } else {
        merges(spec, spend, days)
    }
}

fn runs(n: u64) -> String {
    counted(n, "run", "runs")
}

fn comparisons(spec: &TableSpec, spend: &Spend) -> Knob {
    let billed = bytes(spend.verify_bytes_billed);
    let which = match spend.comparisons {
        0 => "a comparison that goes on".to_owned(),
        n => counted(n, "comparison", "comparisons"),
    };
    let why = format!("most of it is for {which} with the source, billed {billed}");
    let advice = match (spec.verify_every, spec.reconcile_every) {
        (Some(every), _) => format!("set a longer verify_every than {}", period(every)),
        (None, Some(every)) => format!("set a longer reconcile_every than {}", period(every)),
        (None, None) => "compare it less often, or by `plimsoll verify --level counts`".to_owned(),
    };
    Knob { why, advice }
}

/// Batches are kept for a month.
fn staged(spec: &TableSpec, spend: &Spend, days: f64) -> Knob {
    let why = format!(
        "most of it is for {} of batches, staged in {} and kept for a month",
        bytes(spend.staged_bytes),
        runs(spend.runs)
    );
    let advice = match spec.capture {
        CaptureKind::Full => format!(
            "use a capture that finds changes instead of capture = \"full\", or {}",
            longer_every(spec, spend, days)
        ),
        _ => "keep batches for fewer days: `bucket.batch_days` of the module".to_owned(),
    };
    Knob { why, advice }
}

fn merges(spec: &TableSpec, spend: &Spend, days: f64) -> Knob {
    let each = spend.merge_bytes_billed / spend.billed_runs.max(1);
    let times = counted(spend.billed_runs, "MERGE", "MERGEs");
    if each <= LEAST_OF_A_MERGE {
        let why = format!(
            "{times}, each billed about {}, the least that BigQuery bills: what counts is how many there are",
            bytes(each)
        );
        return Knob { why, advice: longer_every(spec, spend, days) };
    }
    let why = format!(
        "{times} were billed {} each for {} and {} staged",
        bytes(each),
        counted(spend.rows, "row", "rows"),
        bytes(spend.staged_bytes)
    );
    let reads_much = spend.merge_bytes_billed > spend.staged_bytes.saturating_mul(MUCH_MORE);
    let advice = match &spec.partition {
        _ if !reads_much => longer_every(spec, spend, days),
        _ if spec.deletes == Deletes::Keys && spec.capture != CaptureKind::Full && !spec.keeps_key_list() => match spec.deletes_every {
            Some(every) => format!("set a longer deletes_every than {}: each list of keys reads the whole target", period(every)),
            None => "set deletes_every = \"1d\": each list of keys reads the whole target, and now each run may bring one".to_owned(),
        },
        Some(partition) if !partition.immutable => format!(
            "set immutable = true for the partition by {}, if a row's value there never changes: a MERGE then reads only the partitions of the changed rows",
            partition.column
        ),
        None if spec.cluster.as_ref().is_some_and(Vec::is_empty) => {
            "cluster the target by the key: a MERGE then reads only the blocks that may hold the changed keys".to_owned()
        }
        None => "give it a partition with immutable = true, by a time that never changes, such as when the row was made: a MERGE then reads only the partitions of the changed rows".to_owned(),
        Some(_) => longer_every(spec, spend, days),
    };
    Knob { why, advice }
}

/// A longer time between two runs, by how many there were.
fn longer_every(spec: &TableSpec, spend: &Spend, days: f64) -> String {
    let now = spec.every.map_or("each tick".to_owned(), period);
    let a_day = if days > 0.0 { whole(runs_a_day(spend.runs, days)) } else { 0 };
    // The next step that makes a difference.
    let step = [(24, "1h"), (4, "6h"), (1, "1d")].into_iter().find(|(most, _)| a_day >= most * 2);
    match step {
        Some((most, every)) => format!(
            "set every = \"{every}\" (it is {now} now): at most {} a day instead of {}, and its data is then older",
            counted(most, "run", "runs"),
            count(a_day)
        ),
        None => format!("set a longer every (it is {now} now); its data is then older"),
    }
}

#[allow(clippy::cast_precision_loss, reason = "a count of runs is small")]
fn runs_a_day(runs: u64, days: f64) -> f64 {
    runs as f64 / days
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of runs, which is no negative number and small"
)]
fn whole(n: f64) -> u64 {
    n.round() as u64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{Partition, PartitionBy, plain_spec};

    const GB: u64 = 1 << 30;

    fn spec() -> TableSpec {
        TableSpec { deletes: Deletes::Ignore, ..plain_spec() }
    }

    fn advice(spec: &TableSpec, spend: Spend) -> String {
        let Knob { why, advice } = knob(spec, &spend, 1.0);
        format!("{why} | {advice}")
    }

    /// Each of these tables has another reason to be dear, and the knob is the one that helps against it.
    #[test]
    fn the_knob_is_chosen_by_what_the_figures_show() {
        let small = Spend {
            runs: 288,
            billed_runs: 288,
            merge_bytes_billed: 288 * 2 * LEAST_BILLED,
            rows: 300,
            staged_bytes: 10_000,
            storage_writes: 1_400,
            ..Spend::default()
        };
        let text = advice(&spec(), small);
        assert!(
            text.contains("the least that BigQuery bills")
                && text.contains("set every = \"1h\" (it is each tick now): at most 24 runs a day instead of 288"),
            "{text}"
        );
        // A table that runs each hour already gains by the next step alone.
        let hourly = TableSpec { every: Some(Duration::from_secs(3600)), ..spec() };
        let few = Spend {
            runs: 24,
            billed_runs: 24,
            merge_bytes_billed: 24 * 2 * LEAST_BILLED,
            storage_writes: 100,
            ..small
        };
        assert!(advice(&hourly, few).contains("every = \"6h\" (it is 1h now)"), "{}", advice(&hourly, few));
        let large = Spend { merge_bytes_billed: 288 * GB, ..small };
        assert!(advice(&spec(), large).contains("a partition with immutable = true"), "{}", advice(&spec(), large));
        let partition = |immutable| Some(Partition { column: "made".to_owned(), by: PartitionBy::Day, immutable });
        let of = |immutable| TableSpec { partition: partition(immutable), ..spec() };
        assert!(advice(&of(false), large).contains("immutable = true for the partition by made"));
        assert!(advice(&of(true), large).contains("every = \"1h\""));
        let scattered = TableSpec { cluster: Some(vec![]), ..spec() };
        assert!(advice(&scattered, large).contains("cluster the target by the key"));
        let keys = TableSpec { deletes: Deletes::Keys, ..of(false) };
        assert!(advice(&keys, large).contains("deletes_every = \"1d\""));
        // What is billed is what changed: no partition helps.
        let busy = Spend { staged_bytes: 200 * GB, rows: 1_000_000, ..large };
        assert!(!advice(&of(false), busy).contains("immutable"), "{}", advice(&of(false), busy));
        let compared = Spend { verify_bytes_billed: 900 * GB, comparisons: 24, ..small };
        let verify_every = TableSpec { verify_every: Some(Duration::from_secs(3600)), ..spec() };
        assert!(
            advice(&verify_every, compared).contains("24 comparisons")
                && advice(&verify_every, compared).contains("a longer verify_every than 1h")
        );
        assert!(advice(&spec(), compared).contains("--level counts"));
        let whole = Spend { merge_bytes_billed: 0, billed_runs: 0, staged_bytes: 500 * GB, ..small };
        let full = TableSpec { capture: CaptureKind::Full, ..spec() };
        assert!(advice(&full, whole).contains("capture = \"full\""), "{}", advice(&full, whole));
        assert!(advice(&spec(), whole).contains("batch_days"));
        let cheap = Spend { runs: 1, merge_bytes_billed: 2 * LEAST_BILLED, storage_writes: 5, ..Spend::default() };
        assert!(advice(&spec(), cheap).contains("leave it"), "{}", advice(&spec(), cheap));
        let objects = Spend { merge_bytes_billed: 0, billed_runs: 0, storage_writes: 100_000, ..small };
        assert!(advice(&spec(), objects).contains("100,000 objects"), "{}", advice(&spec(), objects));
    }
}
