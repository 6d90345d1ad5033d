//! A progress bar for each table, on a terminal.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::model::FeedId;
use crate::run::Progress;

/// Bars that appear when a run has something to read.
#[derive(Default)]
pub(super) struct Bars {
    all: MultiProgress,
    by_feed: Mutex<HashMap<FeedId, ProgressBar>>,
}

impl Bars {
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
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Progress for Bars {
    fn reading(&self, feed: &FeedId, rows: u64, expected: Option<u64>) {
        let bar = self.bar(feed);
        match expected.filter(|n| *n > 0) {
            Some(expected) => {
                bar.set_style(style("{prefix:24!} {wide_bar} {pos}/{len} rows {per_sec} {eta}"));
                // The planner's guess may be low.
                bar.set_length(expected.max(rows));
            }
            None => bar.set_style(style("{prefix:24!} {spinner} {pos} rows {per_sec}")),
        }
        bar.set_position(rows);
    }

    fn verb(&self, feed: &FeedId, verb: &'static str) {
        let bar = self.bar(feed);
        bar.set_style(style("{prefix:24!} {spinner} {msg} {elapsed}"));
        bar.set_message(verb);
        bar.enable_steady_tick(std::time::Duration::from_millis(120));
    }

    fn ended(&self, feed: &FeedId, how: &str) {
        let mut bars = self.by_feed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = bars.remove(feed) {
            bar.set_style(style("{prefix:24!} {msg}"));
            bar.finish_with_message(how.to_owned());
        }
    }
}
