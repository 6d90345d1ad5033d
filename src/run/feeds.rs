//! Which tables share a watermark.

use std::sync::Arc;

use crate::capture::keyed::GivenKeys;
use crate::model::{FeedId, TableSpec};

/// A feed and those of its tables that a tick is for.
#[derive(Clone, Debug)]
pub(super) struct Feed {
    pub id: FeedId,
    pub tables: Vec<TableSpec>,
    /// The keys that it is for alone, where somebody has named them: nothing else is looked for then.
    pub keys: Option<Arc<GivenKeys>>,
}

impl Feed {
    /// Groups tables by the feed that owns them, in the config's order.
    pub fn of(tables: &[&TableSpec]) -> Vec<Self> {
        let mut feeds: Vec<Self> = Vec::new();
        for spec in tables {
            let id = spec.feed();
            match feeds.iter_mut().find(|f| f.id == id) {
                Some(feed) => feed.tables.push((*spec).clone()),
                None => feeds.push(Self { id, tables: vec![(*spec).clone()], keys: None }),
            }
        }
        feeds
    }

    /// Whether the feed's tables come and go without each other.
    pub fn is_shared(&self) -> bool {
        self.id.is_shared()
    }

    /// What is read, for people.
    pub fn label(&self) -> String {
        match self.tables.as_slice() {
            [only] if !self.is_shared() => only.source.to_string(),
            _ => self.id.to_string(),
        }
    }
}
