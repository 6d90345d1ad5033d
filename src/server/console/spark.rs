//! The last runs as a row of bars: a higher one brought more rows, a failed one is marked in colour and shape.

use maud::{Markup, html};

use crate::model::figures::counted;
use crate::state::PastRun;

const BAR: usize = 4;
const GAP: usize = 1;
const HEIGHT: usize = 16;
/// As many as fit a line of the list.
const MOST: usize = 12;

/// The picture, and what it shows in words.
pub(super) fn sparkline(runs: &[PastRun]) -> Markup {
    let runs = &runs[runs.len().saturating_sub(MOST)..];
    if runs.is_empty() {
        return html! { span.spark.faint { "no run yet" } };
    }
    let failed = runs.iter().filter(|r| r.error.is_some()).count();
    let most = runs.iter().map(rows).max().unwrap_or(0);
    let last = if runs.len() == 1 { "Last run".to_owned() } else { format!("Last {} runs", runs.len()) };
    let told = format!("{last}: {failed} failed, at most {}", counted(most, "row", "rows"));
    let width = MOST * (BAR + GAP);
    // The newest on the right, wherever the row is short.
    let begin = (MOST - runs.len()) * (BAR + GAP);
    html! {
        svg.spark role="img" aria-label=(told) width=(width) height=(HEIGHT) viewBox={ "0 0 " (width) " " (HEIGHT) } {
            title { (told) }
            @for (n, run) in runs.iter().enumerate() {
                @let (x, height) = (begin + n * (BAR + GAP), height(rows(run), most));
                @if run.error.is_some() {
                    path.failed d={ "M" (x) " 4 l" (BAR) " 8 m0 -8 l-" (BAR) " 8" } {}
                } @else {
                    rect x=(x) y=(HEIGHT - height) width=(BAR) height=(height) {}
                }
            }
        }
    }
}

/// Rows that came or went.
pub(super) fn rows(run: &PastRun) -> u64 {
    run.figures.upserts.saturating_add(run.figures.deletes)
}

/// By the number's length rather than the number: a first load would leave the other bars flat.
fn height(rows: u64, most: u64) -> usize {
    let digits = |n: u64| n.saturating_add(1).ilog2() as usize;
    let share = (HEIGHT - 4) * digits(rows) / digits(most).max(1);
    share + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stay_within_the_picture() {
        for (rows, most) in [(0, 0), (0, 9), (9, 9), (u64::MAX, u64::MAX), (1, u64::MAX)] {
            assert!((2..=HEIGHT).contains(&height(rows, most)), "{rows} of {most}");
        }
        assert!(height(10, 1000) < height(1000, 1000));
    }
}
