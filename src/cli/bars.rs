//! A progress bar for each table, on a terminal.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::model::FeedId;
use crate::model::figures::count;
use crate::run::Progress;

/// Bars that appear when a run has something to read. Copies are of the same bars.
#[derive(Clone, Default)]
pub(super) struct Bars {
    all: MultiProgress,
    by_feed: Arc<Mutex<HashMap<FeedId, ProgressBar>>>,
}

impl Bars {
    /// Bars that nobody sees.
    pub fn hidden() -> Self {
        Self { all: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()), ..Self::default() }
    }

    /// What has to step aside for a line of the log.
    pub fn all(&self) -> MultiProgress {
        self.all.clone()
    }

    /// Takes the bars away: the answer comes in their place.
    pub fn clear(&self) {
        self.by_feed.lock().unwrap_or_else(PoisonError::into_inner).clear();
        // A terminal that can't be cleared keeps its bars.
        let _ = self.all.clear();
    }

    fn bar(&self, feed: &FeedId) -> ProgressBar {
        let mut bars = self.by_feed.lock().unwrap_or_else(PoisonError::into_inner);
        bars.entry(feed.clone())
            .or_insert_with(|| {
                let bar = self.all.add(ProgressBar::new_spinner());
                bar.set_prefix(feed.to_string());
                bar
            })
            .clone()
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style
        .with_key("rows", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = out.write_str(&count(state.pos()));
        })
        .with_key("expected", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = out.write_str(&count(state.len().unwrap_or_default()));
        })
        .with_key("rate", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            if let Some(rate) = rate(state.pos(), state.elapsed()) {
                let _ = write!(out, "{}/s", count(rate));
            }
        })
        .with_key("left", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let rest = state.len().unwrap_or_default().saturating_sub(state.pos());
            if let Some(rate) = rate(state.pos(), state.elapsed()).filter(|r| *r > 0) {
                let _ = write!(out, "{:#}", HumanDuration(Duration::from_secs(rest / rate)));
            }
        })
}

/// Rows a second so far; nothing before there has been time to tell.
fn rate(rows: u64, elapsed: Duration) -> Option<u64> {
    let rows = u128::from(rows) * 1000;
    (elapsed >= Duration::from_secs(1)).then(|| u64::try_from(rows / elapsed.as_millis()).unwrap_or(u64::MAX))
}

impl Progress for Bars {
    fn reading(&self, feed: &FeedId, rows: u64, expected: Option<u64>) {
        let bar = self.bar(feed);
        match expected.filter(|n| *n > 0) {
            Some(expected) => {
                bar.set_style(style("{prefix:24!} {wide_bar} {rows} of {expected} rows {rate} {left}"));
                // The planner's guess may be low.
                bar.set_length(expected.max(rows));
            }
            None => bar.set_style(style("{prefix:24!} {spinner} {rows} rows {rate}")),
        }
        bar.set_position(rows);
    }

    fn verb(&self, feed: &FeedId, verb: &'static str) {
        let bar = self.bar(feed);
        bar.set_style(style("{prefix:24!} {spinner} {msg} {elapsed}"));
        bar.set_message(verb);
        bar.enable_steady_tick(Duration::from_millis(120));
    }

    fn ended(&self, feed: &FeedId, how: &str) {
        let mut bars = self.by_feed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = bars.remove(feed) {
            bar.set_style(style("{prefix:24!} {msg}"));
            bar.finish_with_message(how.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rate_is_told_before_a_second_has_passed() {
        assert_eq!(rate(4096, Duration::from_micros(70)), None);
        assert_eq!(rate(4096, Duration::from_millis(999)), None);
        assert_eq!(rate(4096, Duration::from_secs(2)), Some(2048));
        assert_eq!(rate(u64::MAX, Duration::from_secs(1)), Some(u64::MAX));
    }
}
