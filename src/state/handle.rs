//! Reading and changing a feed's state.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use time::OffsetDateTime;

use super::document::{Lease, StateDocument, object_name};
use super::error::StateError;
use super::notes::{Notes, Told};
use crate::batch::{Aside, Batch, Watermark};
use crate::failpoint::{Effect, around};
use crate::model::{FeedId, RunId};
use crate::storage::{Expect, StorageError, Store};

/// The identity of one attempt at a feed: a process may make many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder(pub String);

/// A feed's state as this attempt last saw it.
pub struct Handle {
    store: Store,
    holder: Holder,
    lease_time: Duration,
    document: StateDocument,
    expect: Expect,
    writes: u32,
    /// Whether a write was begun whose outcome nobody has waited for.
    unsettled: Unsettled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unsettled {
    Nothing,
    Write,
}

impl Handle {
    /// Reads the state; a feed that never ran has an empty one.
    pub async fn load(store: &Store, feed: &FeedId, holder: Holder, lease_time: Duration) -> Result<Self, StateError> {
        let (document, expect) = match store.get(&object_name(feed)).await? {
            Some((content, generation)) => (StateDocument::parse(feed, &content)?, Expect::Generation(generation)),
            None => {
                store.probe().await?;
                (StateDocument::new(feed.clone()), Expect::Absent)
            }
        };
        Ok(Self {
            store: store.clone(),
            holder,
            lease_time,
            document,
            expect,
            writes: 0,
            unsettled: Unsettled::Nothing,
        })
    }

    pub fn document(&self) -> &StateDocument {
        &self.document
    }

    /// Whether another attempt holds the feed at `now`.
    pub fn is_held_by_another(&self, now: OffsetDateTime) -> bool {
        self.document.live_lease(now).is_some_and(|l| l.holder != self.holder.0)
    }

    /// How often a lease that is kept has to be renewed.
    pub fn renewal_period(&self) -> Duration {
        self.lease_time / 3
    }

    /// Up to when this attempt holds the lease; `None` where it does not.
    pub fn held_until(&self) -> Option<OffsetDateTime> {
        self.document.lease.as_ref().filter(|l| l.holder == self.holder.0).map(|l| l.until)
    }

    fn holds_lease(&self) -> bool {
        self.document.lease.as_ref().is_some_and(|l| l.holder == self.holder.0)
    }

    fn lease(&self, run: &RunId) -> Lease {
        Lease { holder: self.holder.0.clone(), run: run.clone(), until: OffsetDateTime::now_utc() + self.lease_time }
    }

    /// Takes the lease, or renews it.
    pub async fn take_lease(&mut self, run: &RunId) -> Result<(), StateError> {
        let lease = Some(self.lease(run));
        around(Effect::Lease, self.write(StateDocument { lease, ..self.document.clone() })).await
    }

    /// Makes the batch pending: from here on the run only replays. Returns it as it is sealed, with its place among all batches.
    pub async fn seal(&mut self, batch: Batch) -> Result<Batch, StateError> {
        let (lease, sealed) = (Some(self.lease(&batch.run)), self.document.sealed + 1);
        let batch = Batch { ordinal: Some(sealed), ..batch };
        let document = StateDocument { lease, sealed, pending: Some(batch.clone()), ..self.document.clone() };
        around(Effect::Seal, self.write(document)).await?;
        Ok(batch)
    }

    /// Moves the watermark: the pending batch is in BigQuery, but for the tables that are set aside.
    pub async fn commit(
        &mut self,
        next: Watermark,
        aside: BTreeMap<String, Aside>,
        told: &Told,
    ) -> Result<(), StateError> {
        let (watermark, last) = (Some(next), told.past.clone());
        let done = StateDocument { watermark, aside, last, pending: None, lease: None, ..self.document.clone() };
        around(Effect::Commit, self.write_telling(done, told)).await
    }

    /// Moves the watermark over a stretch without changes.
    pub async fn advance(
        &mut self,
        next: Watermark,
        aside: BTreeMap<String, Aside>,
        told: &Told,
    ) -> Result<(), StateError> {
        let moved = StateDocument { watermark: Some(next), aside, lease: None, ..self.document.clone() };
        around(Effect::Advance, self.write_telling(moved, told)).await
    }

    /// Forgets a pending batch that a full load has made pointless.
    pub async fn discard_pending(&mut self) -> Result<(), StateError> {
        self.write(StateDocument { pending: None, ..self.document.clone() }).await
    }

    /// Forgets where a table stands here: from now on it is another feed's, and what is in the target that one's.
    pub async fn forget(&mut self, target: &str) -> Result<(), StateError> {
        let mut document = self.document.clone();
        if let Some(watermark) = &mut document.watermark {
            watermark.tables.remove(target);
        }
        if let Some(batch) = &mut document.pending {
            batch.tables.retain(|t| t.target.table != target);
            batch.next.tables.remove(target);
        }
        document.pending = document.pending.filter(|b| !b.tables.is_empty());
        document.aside.remove(target);
        if document == self.document { Ok(()) } else { self.write(document).await }
    }

    /// Gives the lease back, and notes what was found under it.
    pub async fn conclude(&mut self, told: &Told) -> Result<(), StateError> {
        self.write_telling(StateDocument { lease: None, ..self.document.clone() }, told).await
    }

    /// Notes what was found under the lease, and keeps it.
    pub async fn note(&mut self, run: &RunId, told: &Told) -> Result<(), StateError> {
        let lease = Some(self.lease(run));
        self.write_telling(StateDocument { lease, ..self.document.clone() }, told).await
    }

    /// Gives the lease back, if it is ours, so that the next tick need not wait for its end. A write that was given up half way may
    /// have taken it, or be about to: it is looked for, and what is still on its way no longer gets through.
    pub async fn release(&mut self) -> Result<(), StateError> {
        if self.unsettled == Unsettled::Write {
            let name = object_name(&self.document.feed);
            if let Some((content, generation)) = self.store.get(&name).await? {
                let found = StateDocument::parse(&self.document.feed, &content)?;
                if self.is_own(&found) {
                    (self.document, self.expect) = (found, Expect::Generation(generation));
                }
            }
        } else if !self.holds_lease() {
            return Ok(());
        }
        self.write(StateDocument { lease: None, ..self.document.clone() }).await
    }

    /// Whether this attempt wrote the document.
    fn is_own(&self, document: &StateDocument) -> bool {
        document.stamp.split_once('/').is_some_and(|(holder, _)| holder == self.holder.0)
    }

    async fn write(&mut self, document: StateDocument) -> Result<(), StateError> {
        self.write_telling(document, &Told::default()).await
    }

    /// Writes the document; the margin stays as it is there, but for what the run tells.
    async fn write_telling(&mut self, mut document: StateDocument, told: &Told) -> Result<(), StateError> {
        self.writes += 1;
        document.stamp = format!("{}/{}", self.holder.0, self.writes);
        let name = object_name(&document.feed);
        self.unsettled = Unsettled::Write;
        let generation = loop {
            document.notes = self.document.notes.clone();
            let (marks, aside) = (document.watermark.as_ref().map(|w| &w.tables), &document.aside);
            let is_kept = |target: &str| marks.is_some_and(|m| m.contains_key(target)) || aside.contains_key(target);
            document.notes.note(told, is_kept);
            let unreadable =
                |e: serde_json::Error| StateError::Unreadable { feed: document.feed.clone(), reason: e.to_string() };
            let content = Bytes::from(serde_json::to_vec_pretty(&document).map_err(unreadable)?);
            match self.store.put(&name, content, "application/json", self.expect).await {
                Ok(generation) => break generation,
                Err(StorageError::Conflict { .. }) => match self.own_write(&name, &document).await? {
                    OwnWrite::This(generation) => break generation,
                    OwnWrite::Earlier(generation) => self.expect = Expect::Generation(generation),
                    OwnWrite::Annotated(generation, notes) => {
                        self.expect = Expect::Generation(generation);
                        self.document.notes = notes;
                    }
                },
                Err(e) => return Err(e.into()),
            }
        };
        self.unsettled = Unsettled::Nothing;
        self.document = document;
        self.expect = Expect::Generation(generation);
        Ok(())
    }

    /// After a conflict: which of our own writes it was that was in our way, or whether it was but a note.
    async fn own_write(&mut self, name: &str, document: &StateDocument) -> Result<OwnWrite, StateError> {
        let found = match self.store.get(name).await? {
            Some((content, generation)) => Some((StateDocument::parse(&document.feed, &content)?, generation)),
            None => None,
        };
        match found {
            Some((found, generation)) if found.stamp == document.stamp => Ok(OwnWrite::This(generation)),
            // One that was given up half way has arrived after all.
            Some((found, generation)) if self.is_own(&found) && self.expect != Expect::Generation(generation) => {
                Ok(OwnWrite::Earlier(generation))
            }
            Some((found, generation)) if found.is_same_but_for_notes(&self.document) => {
                Ok(OwnWrite::Annotated(generation, found.notes))
            }
            // Ours, and a note in its margin.
            Some((found, generation)) if found.is_same_but_for_notes(document) => {
                Ok(OwnWrite::Annotated(generation, found.notes))
            }
            _ => {
                self.unsettled = Unsettled::Nothing;
                Err(StateError::Lost(document.feed.clone()))
            }
        }
    }
}

/// A write that is in the store and not in our way.
enum OwnWrite {
    This(i64),
    Earlier(i64),
    /// What we last saw, with other notes.
    Annotated(i64, Notes),
}
