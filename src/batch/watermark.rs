//! Where a feed and each of its tables stand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::position::{At, Position};
use crate::batch::table_mark::TableMark;

/// Where a feed stands: everything that was visible at this position of the source is in BigQuery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watermark {
    #[serde(flatten)]
    pub position: Position,
    /// The source's clock when the snapshot was taken.
    #[serde(with = "time::serde::rfc3339")]
    pub taken_at: OffsetDateTime,
    /// The feed's tables, by target. One that is not here is loaded afresh.
    pub tables: BTreeMap<String, TableMark>,
}

/// A table's place in a feed's watermark.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    pub at: At<'a>,
    pub taken_at: OffsetDateTime,
    pub mark: &'a TableMark,
}

impl Watermark {
    /// Where a table stands; `None` where it is to be loaded first.
    pub fn standing(&self, target: &str) -> Option<Standing<'_>> {
        let mark = self.tables.get(target)?;
        let own = mark.log().map(|log| (&log.position, log.taken_at));
        let own = own.or_else(|| mark.ct().map(|ct| (&ct.position, ct.taken_at)));
        let (at, taken_at) = match own {
            Some((position, taken_at)) => (position.of(self.position.at()), taken_at),
            None => (self.position.at(), self.taken_at),
        };
        Some(Standing { at, taken_at, mark })
    }
}
