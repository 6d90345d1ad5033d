//! The keys that have changed since the lists of the last run, slice by slice.

use std::time::Instant;

use super::claim::{DigestClaim, columns_of, new_columns};
use super::list_store::ListStore;
use super::listed_rows::ListedRows;
use super::looked::{LastLook, Looked, bits_for};
use super::slice_lists::keep_sums;
use super::slice_merge::{SliceMerge, Step};
use super::split::{Split, split};
use super::sums_format::{KeptSums, digest};
use crate::batch::{DigestMark, SliceMark};
use crate::capture::error::CaptureError;
use crate::capture::keyed::key_source::{Chunk, KeyCounts, KeySource, keys_a_chunk};
use crate::capture::unique::refuse_repeated_keys;
use crate::failpoint::{Effect, lets};
use crate::source::{BucketSums, HashListing, Hashing, KeyRange, NamedKey, NextHashing, Origin, Session, Table};

/// A table and the lists that it is compared with.
pub struct DigestReading<'a> {
    pub(in crate::capture::keyed) table: Table<'a>,
    pub(in crate::capture::keyed) claim: &'a DigestClaim,
    pub(in crate::capture::keyed) mark: &'a DigestMark,
}

impl DigestReading<'_> {
    pub(in crate::capture::keyed) fn may_repeat(&self) -> bool {
        !self.mark.again.is_empty() || self.claim.may_repeat()
    }
}

/// Which of the keys that differ are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    All,
    /// Those that were there before: something else finds the rows that are new.
    Gone,
}

/// A slice that is being compared.
struct Open<'a> {
    merge: SliceMerge<'a>,
    /// The sums that the source has told; `None` where every row is listed.
    sums: Option<BucketSums>,
}

/// Yields the keys.
pub struct DigestKeys<'a> {
    last_look: &'a LastLook,
    store: &'a ListStore,
    session: &'a Session,
    reading: &'a DigestReading<'a>,
    wanted: Wanted,
    /// Keys that are read once more, whatever the lists say.
    again: Vec<NamedKey>,
    first: usize,
    /// The slice at hand.
    slice: usize,
    open: Option<Open<'a>>,
    next: DigestMark,
}

impl<'a> DigestKeys<'a> {
    pub(super) fn new(
        last_look: &'a LastLook,
        store: &'a ListStore,
        session: &'a Session,
        reading: &'a DigestReading<'a>,
    ) -> Self {
        let mut next = DigestMark { again: Vec::new(), round: None, ..reading.mark.clone() };
        let again = reading.mark.again.iter();
        let again = again.map(|key| NamedKey { values: key.clone(), origin: Origin::Before }).collect();
        let first = reading.mark.round.as_ref().map_or(0, |r| r.next).min(reading.mark.slices.len().saturating_sub(1));
        if !next.hashed.contains(&reading.claim.hashed) {
            next.hashed.push(reading.claim.hashed.clone());
        }
        Self { last_look, store, session, reading, wanted: Wanted::All, again, first, slice: first, open: None, next }
    }

    /// Names no others.
    pub(super) fn only(self, wanted: Wanted) -> Self {
        Self { wanted, ..self }
    }

    /// Compares the sums of the slice at hand; where they differ, begins to go through it.
    async fn look(&mut self, then: &'a SliceMark) -> Result<(), CaptureError> {
        let DigestReading { table, mark, claim } = *self.reading;
        let as_then = mark.hashed.get(then.hashed).ok_or(CaptureError::ListsLost)?;
        let columns = columns_of(table, as_then).ok_or(CaptureError::ListsLost)?;
        let range = slice_range(mark, self.slice);
        let of = Hashing { table, columns: &columns, range: &range };
        if *as_then != claim.hashed {
            let new = new_columns(table, as_then);
            let next = Some(NextHashing { columns: table.hashed_columns(), new: &new });
            return self.begin(then, HashListing { of, buckets: None, next }, None).await;
        }
        let sums = self.session.hash_sums(&of, then.bits).await?;
        if digest(&sums) == then.digest {
            return Ok(());
        }
        // Of many more rows than there were, more buckets are made: by listing them all, once.
        if bits_for(sums.rows()) > then.bits + 1 {
            return self.begin(then, HashListing { of, buckets: None, next: None }, None).await;
        }
        self.begin(then, HashListing { of, buckets: None, next: None }, Some(sums)).await
    }

    async fn begin(
        &mut self,
        then: &SliceMark,
        listing: HashListing<'_>,
        sums: Option<BucketSums>,
    ) -> Result<(), CaptureError> {
        let kept = KeptSums::decode(&self.store.get(&then.sums).await?).ok_or(CaptureError::ListsLost)?;
        let differing = sums.as_ref().map(|sums| kept.sums.differing(sums));
        let listing = HashListing { buckets: differing.as_ref(), ..listing };
        let rows = ListedRows::new(self.session.list_hashes(&listing).await?);
        let merge = SliceMerge::new(self.store, rows, kept.lists, differing);
        self.open = Some(Open { merge, sums });
        Ok(())
    }

    /// Notes the new lists of the slice that was gone through.
    async fn end(&mut self, open: Open<'a>) -> Result<(), CaptureError> {
        let Open { merge, sums } = open;
        if merge.repeats {
            refuse_repeated_keys(self.session, self.reading.table).await?;
        }
        let (lists, written) = merge.finish().await?;
        let sums = sums.or(written.map(|all| all.coarser(bits_for(all.rows())))).ok_or(CaptureError::ListsLost)?;
        let hashed = self.next.hashed.iter().position(|h| *h == self.reading.claim.hashed).unwrap_or(0);
        let until = self.next.slices.get(self.slice).and_then(|s| s.until.clone());
        let mark = keep_sums(self.store, KeptSums { lists, sums }, until, hashed).await?;
        if let Some(slice) = self.next.slices.get_mut(self.slice) {
            *slice = mark;
        }
        Ok(())
    }

    /// Goes on with the next slice; the last one is cut where it has grown.
    async fn pass_on(&mut self) -> Result<(), CaptureError> {
        let at = self.slice;
        self.slice += 1;
        let Some(last) = self.next.slices.get(at).filter(|s| s.until.is_none()) else { return Ok(()) };
        let after = slice_range(&self.next, at).after;
        if let Some(Split { slices, order }) = split(self.session, self.store, self.reading.table, last, after).await? {
            self.next.slices.truncate(at);
            self.next.slices.extend(slices);
            self.next.order = order;
            self.slice = self.next.slices.len();
        }
        Ok(())
    }

    /// Whether there is no time for another slice: there always is for one.
    async fn is_late(&self) -> bool {
        let Some(deadline) = self.store.place.deadline else { return false };
        self.slice > self.first && (Instant::now() >= deadline || !lets(Effect::Stretch).await)
    }

    /// Tells where the table stands now.
    fn tell(&mut self) {
        let mut mark = forget_unused(std::mem::take(&mut self.next));
        // A list of an earlier moment knows nothing of what such a key's row is now: only a look at all slices does away with it.
        if self.first > 0 || self.slice < mark.slices.len() {
            mark.again.clone_from(&self.reading.mark.again);
        }
        self.last_look.note(Looked { mark, first: self.first, next: self.slice });
    }
}

impl KeySource for DigestKeys<'_> {
    async fn next(&mut self) -> Result<Option<Chunk>, CaptureError> {
        let mut keys = Vec::new();
        let wanted = keys_a_chunk(&self.reading.table.spec.key);
        while keys.len() < wanted {
            if !self.again.is_empty() {
                let rest = self.again.split_off(self.again.len().min(wanted));
                keys = std::mem::replace(&mut self.again, rest);
                break;
            }
            if let Some(mut open) = self.open.take() {
                let step = open.merge.step(&mut keys).await?;
                if self.wanted == Wanted::Gone {
                    keys.retain(|key| key.origin == Origin::Before);
                }
                match step {
                    Step::On => self.open = Some(open),
                    Step::Through => {
                        self.end(open).await?;
                        self.pass_on().await?;
                    }
                }
                continue;
            }
            let then = self.reading.mark.slices.get(self.slice);
            let Some(then) = (if then.is_some() && self.is_late().await { None } else { then }) else {
                if keys.is_empty() {
                    self.tell();
                    return Ok(None);
                }
                break;
            };
            self.look(then).await?;
            if self.open.is_none() {
                self.pass_on().await?;
            }
        }
        Ok(Some(Chunk { keys }))
    }

    fn counts(&self) -> KeyCounts {
        KeyCounts::default()
    }
}

/// The keys of a slice.
fn slice_range(mark: &DigestMark, slice: usize) -> KeyRange {
    let until = |n: usize| mark.slices.get(n).and_then(|s| s.until.clone());
    KeyRange { after: slice.checked_sub(1).and_then(until), until: until(slice), order: mark.order.clone() }
}

/// Leaves out what no slice was hashed as.
fn forget_unused(mut mark: DigestMark) -> DigestMark {
    let mut hashed = Vec::new();
    for slice in &mut mark.slices {
        let Some(used) = mark.hashed.get(slice.hashed) else { continue };
        slice.hashed = hashed.iter().position(|h| h == used).unwrap_or_else(|| {
            hashed.push(used.clone());
            hashed.len() - 1
        });
    }
    DigestMark { hashed, ..mark }
}
