//! What is known of a table that a run found, or left, up to date.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::batch::{Aside, TableMark, Watermark};

/// What this process has last seen of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::run) struct Seen {
    /// The moment of the source that BigQuery is known to be equal to.
    pub moment: OffsetDateTime,
    /// When the run ended that looked.
    pub checked: OffsetDateTime,
}

/// Of the tables that a run has looked at, those that are up to date where it ends: neither set aside, nor in the middle of a load
/// or of a look that takes several runs, nor to be loaded afresh.
pub(in crate::run) fn up_to_date(
    looked_at: &[String],
    watermark: &Watermark,
    aside: &BTreeMap<String, Aside>,
) -> Vec<String> {
    let is_through = |mark: &TableMark| mark.loading.is_none() && mark.lists().is_none_or(|d| d.round.is_none());
    let stands = |target: &String| watermark.tables.get(target).is_some_and(is_through);
    looked_at.iter().filter(|t| stands(t) && !aside.contains_key(*t)).cloned().collect()
}
