//! The report in a line.

use super::summary::DailyReport;
use crate::model::figures::{count, counted};

impl DailyReport {
    /// For the subject of a mail. Of names it has the target's alone.
    pub fn subject(&self) -> String {
        let all = counted(self.table_count as u64, "table", "tables");
        let failed = self.failures.iter().filter(|f| f.has_recovered).count() as u64;
        let what = match (self.trouble, failed) {
            (0, 0) => format!("{all} in order"),
            (0, n) => format!("{all} in order, {} failed for a while", n),
            (n, _) => format!("{} of {all} in trouble", count(n as u64)),
        };
        one_line(&format!("Plimsoll {}: {what}", self.target))
    }
}

/// A text without what a line, a terminal or a mail's head takes for an order.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
