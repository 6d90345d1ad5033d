//! How a note in the state names the tables that a run was for.

use std::collections::BTreeMap;

use super::context::Context;
use crate::model::FeedId;
use crate::state::Figures;

/// How a note names the tables that a run was for, and has not changed: not at all, where they are all that the feed has.
pub(super) fn shares(context: &Context, feed: &FeedId, targets: &[String]) -> BTreeMap<String, Figures> {
    let mut all = context.config.tables.iter().filter(|t| t.feed() == *feed);
    if targets.is_empty() || all.all(|t| targets.contains(&t.target)) {
        return BTreeMap::new();
    }
    targets.iter().map(|t| (t.clone(), Figures::default())).collect()
}
