//! The last runs of one table: charts, and the same figures as a table.

use maud::{Markup, html};

use super::charts::{self, Point, chart};
use super::links;
use super::spark::rows;
use super::standing::first_sentence;
use crate::model::figures::{age, bytes, count, counted, duration, moment};
use crate::run::{FeedStatus, RunEntry};
use crate::state::{Figures, PastRun};

/// The last runs that the state remembers: charts, and the same as a table.
pub(super) fn runs(table: &FeedStatus, entries: &[RunEntry]) -> Markup {
    if table.recent.is_empty() {
        return html! { p { "No run has changed it yet, and none has failed." } };
    }
    let points = |value: fn(&PastRun) -> (f64, String)| -> Vec<Point> {
        let point = |run: &PastRun| {
            let (value, text) = value(run);
            let outcome = if run.error.is_some() { charts::Outcome::Failed } else { charts::Outcome::Done };
            Point { at: moment(run.finished), value: Some(value), text, run: outcome }
        };
        table.recent.iter().map(point).collect()
    };
    // The state keeps no ages: those of runs whose reports were read.
    let age_of = |run: &PastRun| entries.iter().find(|e| e.report.run == run.run).and_then(|e| e.report.age_seconds);
    let age_text = |run: &PastRun| age_of(run).map_or("not known".to_owned(), age);
    let ages = table.recent.iter().map(|run| Point {
        at: moment(run.finished),
        value: age_of(run).and_then(|seconds| u64::try_from(seconds).ok()).map(approximate),
        text: age_text(run),
        run: charts::Outcome::Done,
    });
    html! {
        div.charts {
            (chart("Rows written and removed", &points(|run| (approximate(rows(run)), counted(rows(run), "row", "rows")))))
            (chart("Time it took", &points(|run| (run.seconds, duration(run.seconds)))))
            (chart("Age at its end", &ages.collect::<Vec<_>>()))
            (chart("Bytes billed", &points(|run| (approximate(run.figures.bytes_billed), bytes(run.figures.bytes_billed)))))
        }
        table {
            caption { "The last " (table.recent.len()) " runs, the newest first" }
            thead { tr { @for head in ["Ended", "What it did", "Took", "Billed", "Age then", "Quarantined"] { th scope="col" { (head) } } } }
            tbody {
                @for run in table.recent.iter().rev() {
                    tr {
                        th.whole scope="row" { a href=(links::run(&table.feed, run.run.as_str())) { (moment(run.finished)) } }
                        td data-label="What it did" {
                            @match &run.error {
                                Some(error) => { span.wrong { "✗ failed: " } (first_sentence(&error.message)) }
                                None => { (changes(&run.figures)) }
                            }
                        }
                        td.whole data-label="Took" { (duration(run.seconds)) }
                        td.whole data-label="Billed" { (bytes(run.figures.bytes_billed)) }
                        td.whole data-label="Age then" { (age_text(run)) }
                        td data-label="Quarantined" { (count(run.figures.quarantined)) }
                    }
                }
            }
        }
    }
}

/// For the height of a bar.
#[allow(clippy::cast_precision_loss, reason = "a bar has fewer pixels than a float digits")]
fn approximate(n: u64) -> f64 {
    n as f64
}

/// What a run did to the table. Of a load that replaced it only the rows before and after are known.
fn changes(figures: &Figures) -> String {
    match figures.rows_before {
        Some(before) => format!("{} replaced by {}", counted(before, "row", "rows"), count(figures.upserts)),
        None => format!(
            "{}, {}",
            counted(figures.upserts, "upsert", "upserts"),
            counted(figures.deletes, "delete", "deletes")
        ),
    }
}
