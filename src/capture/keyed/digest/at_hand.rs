//! The digest of a table during a run.

use time::OffsetDateTime;

use super::claim::{DigestClaim, can_be_compared};
use super::list_store::{Kept, ListPlace, ListStore};
use super::looked::{LastLook, Looked};
use super::reader::{DigestKeys, DigestReading, Wanted};
use super::slice_lists::{keep_sums, list_all};
use crate::batch::{DigestMark, Position, Round, Standing};
use crate::capture::decision::Why;
use crate::capture::error::CaptureError;
use crate::capture::keyed::key_source::Chunk;
use crate::capture::keyed::reread::Reread;
use crate::capture::named_keys::NextPlace;
use crate::source::{HashListing, Hashing, KeyRange, Moment, Session, Table, hash_statements, statement};

/// Where lists are read and written, and what a look has left there.
pub struct DigestAtHand {
    wanted: Wanted,
    /// Absent where nothing is to be looked for.
    store: Option<ListStore>,
    looked: LastLook,
}

impl DigestAtHand {
    pub fn new(place: Option<ListPlace>, wanted: Wanted) -> Self {
        Self { wanted, store: place.map(ListStore::new), looked: LastLook::default() }
    }

    /// Why the lists can't tell what has changed since a table's standing.
    pub async fn stale(
        &self,
        session: &Session,
        table: Table<'_>,
        standing: Option<Standing<'_>>,
    ) -> Result<Option<Why>, CaptureError> {
        if self.store.as_ref().is_some_and(|s| s.place.kept == Kept::Lost) {
            return Ok(Some(Why::ListsLost));
        }
        let mark = standing.and_then(|s| s.mark.lists()).filter(|m| !m.slices.is_empty());
        let Some(mark) = mark else { return Ok(Some(Why::NoLists)) };
        if !can_be_compared(table, mark) {
            return Ok(Some(Why::HashChanged));
        }
        let has_ends = mark.slices.iter().any(|s| s.until.is_some());
        let is_moved = has_ends && session.key_order(table).await? != mark.order;
        Ok(is_moved.then_some(Why::SlicesMoved))
    }

    /// What a run of changes reads; `None` where nothing is to be looked for.
    pub fn reading<'l>(
        &self,
        table: Table<'l>,
        claim: &'l DigestClaim,
        standing: Option<Standing<'l>>,
    ) -> Option<DigestReading<'l>> {
        let mark = standing?.mark.lists().filter(|_| self.store.is_some())?;
        Some(DigestReading { table, claim, mark })
    }

    /// Opens it.
    pub fn keys<'s>(&'s self, session: &'s Session, reading: &'s DigestReading<'_>) -> Option<DigestKeys<'s>> {
        Some(DigestKeys::new(&self.looked, self.store.as_ref()?, session, reading).only(self.wanted))
    }

    /// Makes the lists of all rows that are read, or of a stretch of them, in the same snapshot; `loaded` has those of the stretches before.
    pub async fn keep_all(
        &self,
        session: &Session,
        table: Table<'_>,
        claim: &DigestClaim,
        loaded: Option<&DigestMark>,
        range: Option<&KeyRange>,
    ) -> Result<(), CaptureError> {
        let Some(store) = &self.store else { return Ok(()) };
        let all = KeyRange::default();
        let range = range.unwrap_or(&all);
        let kept = list_all(session, store, table, table.hashed_columns(), range).await?;
        let slice = keep_sums(store, kept, range.until.clone(), 0).await?;
        let mut mark = loaded.cloned().unwrap_or_default();
        (mark.hashed, mark.order) = (vec![claim.hashed.clone()], range.order.clone());
        mark.slices.push(slice);
        let next = mark.slices.len();
        self.looked.note(Looked { mark, first: 0, next });
        Ok(())
    }

    /// Where a table stands once what was found is in BigQuery; `before` is where it stood, of a run of changes.
    pub fn next_place(&self, before: Option<Standing<'_>>, moment: &Moment) -> NextPlace {
        let Some(Looked { mut mark, first, next }) = self.looked.take() else { return NextPlace::Rows };
        let begun: Option<(Position, OffsetDateTime)> = match before.and_then(|s| s.mark.lists()?.round.as_ref()) {
            Some(round) if first > 0 => Some((round.position.clone(), round.taken_at)),
            _ => None,
        };
        if next >= mark.slices.len() {
            // What was looked at first was looked at then.
            return NextPlace::Digest { mark, since: begun };
        }
        let (position, taken_at) = begun.unwrap_or_else(|| (moment.position.clone(), moment.taken_at));
        mark.round = Some(Round { next, position, taken_at });
        NextPlace::Digest { mark, since: before.map(|s| (s.at.owned(), s.taken_at)) }
    }

    /// The statements of a run of changes, with a place where keys and buckets will stand; for people.
    pub fn statements(&self, claim: &DigestClaim, standing: Option<Standing<'_>>, table: Table<'_>) -> Vec<String> {
        let bits = standing.and_then(|s| s.mark.lists()?.slices.first().map(|s| s.bits)).unwrap_or(0);
        let all = KeyRange::default();
        let of = Hashing { table, columns: table.hashed_columns(), range: &all };
        let [sums, list] = hash_statements(&HashListing { of, buckets: None, next: None }, bits);
        let (reread, none) = (Reread { table, of: &claim.of }, Chunk::default());
        let (present, gone) = (reread.present(&none), reread.gone(&none));
        let present = Some(present).filter(|_| self.wanted == Wanted::All);
        let passes = present.into_iter().chain([gone]).map(|pass| statement(&pass.read));
        [sums, list].into_iter().chain(passes).collect()
    }

    /// Has the server look at the statements that the tick after this one sends.
    pub async fn try_out(&self, session: &Session, claim: &DigestClaim, table: Table<'_>) -> Result<(), CaptureError> {
        let all = KeyRange::default();
        let of = Hashing { table, columns: table.hashed_columns(), range: &all };
        session.try_hashes(&HashListing { of, buckets: None, next: None }).await?;
        let (reread, none) = (Reread { table, of: &claim.of }, Chunk::default());
        session.try_read(&reread.present(&none).read).await?;
        session.try_read(&reread.gone(&none).read).await?;
        Ok(())
    }
}
