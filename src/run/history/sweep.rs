//! All runs of a span, a page at a time: what is added up of them is never in memory at once.

use time::OffsetDateTime;

use super::kept::Room;
use super::look::HistoryRequest;
use super::stored::RunEntry;
use crate::run::context::Context;
use crate::run::error::RunError;

/// Runs of a page.
const A_PAGE: usize = 200;

/// What a sweep has not seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::run) struct Swept {
    /// Reports before this were not looked at: there are too many. `None` where all were.
    pub looked_back_to: Option<OffsetDateTime>,
    /// Reports that could not be read, or not in full.
    pub unreadable: u64,
}

impl Context {
    /// Shows each run since a moment, the newest first, from at most so many reports that this process has not read before.
    pub(in crate::run) async fn sweep(
        &self,
        since: OffsetDateTime,
        reads: usize,
        mut see: impl FnMut(&RunEntry),
    ) -> Result<Swept, RunError> {
        let room = Room::OfTheOldest;
        let mut request = HistoryRequest { since: Some(since), runs: A_PAGE, reads, room, ..HistoryRequest::default() };
        let mut unreadable = 0;
        loop {
            let look = self.history(&request).await?;
            look.runs.iter().for_each(&mut see);
            unreadable += look.unreadable.len() as u64;
            request.reads -= look.reads.min(request.reads);
            match look.next {
                Some(next) if request.reads > 0 => request.before = Some(next),
                _ => return Ok(Swept { looked_back_to: look.looked_back_to, unreadable }),
            }
        }
    }
}
