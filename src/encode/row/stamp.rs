//! What closes a line: the metadata columns of a load that replaces the target. A load job computes no value, so each line has them.

use time::OffsetDateTime;

use crate::encode::value::string;
use crate::model::{RUN_COLUMN, RunId, SYNCED_AT_COLUMN};

/// What closes a line that has nothing more to say.
pub(super) const END: &[u8] = b"}\n";

/// What the metadata columns of a load's rows say.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    pub run: &'a RunId,
    /// When the run began to read the rows.
    pub at: OffsetDateTime,
}

impl Stamp<'_> {
    /// The end of a line that has the metadata columns.
    pub(super) fn end(&self) -> Vec<u8> {
        let at = self.at.to_offset(time::UtcOffset::UTC);
        let (date, (h, min, s, us)) = (at.date(), at.time().as_hms_micro());
        let mut end = vec![b','];
        string(SYNCED_AT_COLUMN.as_bytes(), &mut end);
        end.extend_from_slice(format!(":\"{date} {h:02}:{min:02}:{s:02}.{us:06}+00:00\",").as_bytes());
        string(RUN_COLUMN.as_bytes(), &mut end);
        end.extend_from_slice(format!(":\"{}\"", self.run).as_bytes());
        end.extend_from_slice(END);
        end
    }
}
