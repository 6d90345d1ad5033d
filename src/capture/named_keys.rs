//! What a key source tells of a table, beside the keys.

use time::OffsetDateTime;

use super::decision::Why;
use crate::batch::{CtMark, DigestMark, LogMark, Position};
use crate::source::Condition;

/// What it says to a run that wants to read changes. By itself: it says nothing.
#[derive(Default)]
pub struct KeyWord {
    /// Why it can't speak of all that has changed since the table's place in it.
    pub stale: Option<Why>,
    /// Tells the rows that it does not name.
    pub unnamed: Option<Condition>,
}

/// Where a table stands in what names its keys, once what was found is in BigQuery.
#[derive(Clone, Debug, Default)]
pub enum NextPlace {
    /// Nothing names keys: its own rows tell.
    #[default]
    Rows,
    Log(LogMark),
    Digest {
        mark: DigestMark,
        /// What the watermark speaks of, where that is not the run's own moment: not every row was looked at in it.
        since: Option<(Position, OffsetDateTime)>,
    },
    /// Its own rows tell, and these lists which keys are gone.
    KeyLists(DigestMark),
    Ct(CtMark),
    /// Where it stood, and so does its watermark: nothing was looked for. Of what is compared with lists, these keys were read again.
    Stays {
        again: Vec<Vec<String>>,
    },
}
