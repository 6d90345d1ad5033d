//! The metadata columns in the lines of a load that replaces the target: a load job computes no value, so each line has them.

use time::OffsetDateTime;

use super::{END, RowEncoder};
use crate::encode::quarantine::append_name;
use crate::model::{RUN_COLUMN, RunId, SYNCED_AT_COLUMN};

/// What the metadata columns of a load's rows say.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    pub run: &'a RunId,
    /// When the run began to read the rows.
    pub at: OffsetDateTime,
}

impl RowEncoder {
    /// Ends each line with the metadata columns.
    pub fn stamped(mut self, stamp: Stamp<'_>) -> Self {
        let at = stamp.at.to_offset(time::UtcOffset::UTC);
        let (date, (h, min, s, us)) = (at.date(), at.time().as_hms_micro());
        let mut end = vec![b','];
        append_name(SYNCED_AT_COLUMN, &mut end);
        end.extend_from_slice(format!(":\"{date} {h:02}:{min:02}:{s:02}.{us:06}+00:00\",").as_bytes());
        append_name(RUN_COLUMN, &mut end);
        end.extend_from_slice(format!(":\"{}\"", stamp.run).as_bytes());
        end.extend_from_slice(END);
        self.end = end;
        self
    }
}
