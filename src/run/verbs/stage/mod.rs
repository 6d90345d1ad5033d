//! Stage: the passes of one table, whose rows are read, encoded and stored as part files.

mod keyed;
mod keys_seen;
mod table_batch;

use futures_util::StreamExt;
use time::OffsetDateTime;

use keys_seen::KeysSeen;

use crate::batch::{Absent, Repeats};
use crate::bigquery::{MergeReach, PreparedTarget, TargetPlan};
use crate::capture::{Capture, Decision, Pass, Why};
use crate::encode::{KeyDigest, RowEncoder, RowKind};
use crate::model::{ApplyBy, Op, TableKey};
use crate::run::error::RunError;
use crate::run::partition_limit::Partitions;
use crate::run::staging_place::{Compared, Reading, StagingPlace};
use crate::run::verbs::encode::{Tally, encoder};
use crate::run::wanted_target::{is_another, present, why_unfit};
use crate::source::RowDecoder;
use crate::stage::{FilesPlace, TableFiles};

/// Progress is told once in so many rows.
const ROWS_A_REPORT: u64 = 4096;

/// How the passes over a table ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::run) enum Passed {
    Through(Absent),
    /// Changes can't be merged into what is there, if anything is: all rows have to be read, for this reason.
    TargetUnfit(Why),
    /// The log tells of rows that it does not name.
    NamesNoRow,
}

/// One table's passes and what they have left in storage.
pub(in crate::run) struct Staging<'a> {
    pub(in crate::run) place: StagingPlace<'a>,
    pub(in crate::run) reading: Reading<'a>,
    pub(in crate::run) capture: &'a Capture<'a>,
    pub(in crate::run) plan: TargetPlan,
    pub(in crate::run) prepared: Option<PreparedTarget>,
    pub(in crate::run) files: TableFiles,
    tally: Tally,
    pub(in crate::run) repeats: Repeats,
    pub(in crate::run) scopes: Vec<String>,
    pub(in crate::run) read: u64,
    partitions: Option<Partitions>,
    /// When the rows began to be read, by our clock.
    began: OffsetDateTime,
}

impl<'a> Staging<'a> {
    pub fn new(place: StagingPlace<'a>, reading: Reading<'a>, capture: &'a Capture<'a>, plan: TargetPlan) -> Self {
        let storage = &place.context.config.storage;
        let files = TableFiles::new(FilesPlace {
            store: place.store.clone(),
            folder: format!("{}{}/", place.folder, place.spec.target),
            part_size: storage.part_size,
            compression: storage.compression,
        });
        Self {
            place,
            reading,
            capture,
            plan,
            prepared: None,
            files,
            tally: Tally::default(),
            repeats: Repeats::Never,
            scopes: Vec::new(),
            read: 0,
            partitions: None,
            began: OffsetDateTime::now_utc(),
        }
    }

    /// Every row of the table.
    pub async fn read_all(&mut self) -> Result<Passed, RunError> {
        self.capture.refuse_repeated_keys(self.reading.session).await?;
        // A whole table is loaded even when it has no rows.
        if !self.prepare().await? {
            return Ok(self.unfit());
        }
        self.stage(&self.capture.upserts()).await?;
        Ok(Passed::Through(Absent::Remove))
    }

    /// A stretch of a load in chunks; with the last one go the rows of before.
    pub async fn read_chunk(&mut self) -> Result<Passed, RunError> {
        if !self.prepare().await? {
            return Ok(self.unfit());
        }
        for pass in self.capture.all() {
            let rows = self.stage(&pass).await?.unwrap_or(0);
            if pass.kind != RowKind::Change(Op::Key) {
                self.tally.found.rows = rows;
            }
        }
        let ends = self.capture.ends_a_load_over_rows();
        Ok(Passed::Through(if ends { Absent::Remove } else { Absent::Keep }))
    }

    /// What the table's own rows say has changed.
    pub async fn read_changes(&mut self, now: OffsetDateTime) -> Result<Passed, RunError> {
        let mut absent = Absent::Keep;
        // What is compared afterwards has to be without the rows that are gone.
        let is_compared = self.place.compared == Compared::Yes && self.capture.lists_keys();
        if is_compared || self.capture.keys_are_due(now) {
            let (digest, left_out) = self.digest_keys(&self.capture.all_keys()).await?;
            self.tally.found.left_out = left_out;
            if !self.capture.keys_are_unchanged(digest) {
                self.capture.refuse_repeated_keys(self.reading.session).await?;
                absent = Absent::Remove;
            }
            self.tally.found.keys = Some(digest);
        }
        for pass in self.capture.changes(absent) {
            if self.stage(&pass).await?.is_none() {
                return Ok(self.unfit());
            }
        }
        // No key is left at all: that has to be merged too.
        if absent == Absent::Remove && self.prepared.is_none() {
            self.prepare().await?;
        }
        Ok(Passed::Through(absent))
    }

    /// Asks how far the bulk of the cursor's values reaches: a few far ahead of it are not to hide what comes.
    pub async fn bound_cursor(&mut self) -> Result<(), RunError> {
        if let Some(cursor) = self.capture.bulk_cursor(&self.tally.found) {
            self.tally.found.cursor_bulk = self.reading.session.bulk(self.capture.table(), cursor).await?;
        }
        Ok(())
    }

    /// Asks for the target once; whether it is there.
    async fn prepare(&mut self) -> Result<bool, RunError> {
        if self.prepared.is_none() {
            let present = present(self.capture.decision, self.place.mode);
            let prepared = self.place.context.bigquery.prepare(&self.plan, present).await?;
            if let (Decision::Chunk(..), Some(found), ApplyBy::Merge) =
                (self.capture.decision, &prepared.partitioning, self.plan.apply)
            {
                // The stretches after this one are merged, and the last one looks for what is gone.
                found
                    .bound(&self.plan, if self.capture.is_over_rows() { MergeReach::All } else { MergeReach::Rows })?;
            }
            // A MERGE of all rows over those that are there writes only what differs.
            let found = prepared.partitioning.as_ref().filter(|_| !self.capture.compares());
            self.partitions = Partitions::of(found, self.reading.shape, &self.plan.target);
            self.prepared = Some(prepared);
        }
        Ok(self.in_the_way().is_none())
    }

    /// What keeps changes from being merged into the target.
    fn in_the_way(&self) -> Option<Why> {
        let PreparedTarget { state, rows, created, .. } = self.prepared.as_ref()?;
        let known = self.capture.expected_table().filter(|_| self.is_appended());
        if is_another(known, created.as_deref()) {
            return Some(Why::TargetMadeAgain);
        }
        why_unfit(*state, *rows, self.capture.expected_rows())
    }

    fn unfit(&self) -> Passed {
        Passed::TargetUnfit(self.in_the_way().unwrap_or(Why::TargetMissing))
    }

    /// Reads every key without keeping any; beside the digest, how many can't be held.
    async fn digest_keys(&self, pass: &Pass<'_>) -> Result<(KeyDigest, u64), RunError> {
        let policy = self.place.spec.on_unrepresentable;
        let decoder = RowDecoder::of(self.reading.relation.dialect);
        let mut encoder = RowEncoder::new(decoder, self.reading.shape, pass.kind, policy).digesting_keys();
        let (mut line, mut refused) = (Vec::new(), Vec::new());
        let mut rows = self.reading.session.rows(&pass.read).await?;
        while let Some(row) = rows.next().await.transpose()? {
            line.clear();
            refused.clear();
            encoder.encode(&row, &mut line, &mut refused)?;
        }
        Ok((encoder.digest().unwrap_or_default(), encoder.tally().left_out))
    }

    fn encoder_of(&self, kind: RowKind) -> RowEncoder<RowDecoder> {
        encoder(self.place, self.capture, &self.plan, self.began, kind)
    }

    /// Reads one pass; `None` where there is no target for its rows.
    async fn stage(&mut self, pass: &Pass<'_>) -> Result<Option<u64>, RunError> {
        let mut encoder = self.encoder_of(pass.kind).flagged(pass.flag);
        let rows = self.pour(pass, &mut encoder).await?;
        self.tally.add_up(pass.kind, &encoder);
        Ok(rows)
    }

    /// Reads the rows of a statement into part files: how many there were, or `None` where there is no target for them.
    async fn pour(&mut self, pass: &Pass<'_>, encoder: &mut RowEncoder<RowDecoder>) -> Result<Option<u64>, RunError> {
        let mut rows = self.reading.session.rows(&pass.read).await?;
        let Some(first) = rows.next().await.transpose()? else { return Ok(Some(0)) };
        if !self.prepare().await? {
            // All rows are read next, in this snapshot, which other tables may have been read in. An answer that is left half-read would take the
            // connection to a SQL Server with it, and the snapshot. What is passed over is what has changed, and so never more than is read then.
            while rows.next().await.transpose()?.is_some() {}
            return Ok(None);
        }
        let op = match pass.kind {
            RowKind::Change(op) => op,
            RowKind::Replacement => Op::Upsert,
        };
        let expected = self.reading.relation.rows.filter(|_| self.capture.is_whole());
        let mut next = Some(first);
        let mut refused = Vec::new();
        let mut read: u64 = 0;
        // Equal rows of a table without a key are told apart by how many there are.
        let may_repeat = op == Op::Upsert && self.is_appended() && self.place.spec.key != TableKey::Row;
        let mut keys = may_repeat.then(|| KeysSeen::of(self.reading)).flatten();
        while let Some(row) = next {
            if let Some(keys) = &mut keys {
                let mut key = keys.key();
                for column in keys.columns() {
                    key.add(encoder.plain_text(&row, *column).unwrap_or_default());
                }
                keys.see(&key);
            }
            if let (Op::Upsert, Some(partitions)) = (op, &mut self.partitions)
                && let Some(value) = encoder.plain_text(&row, partitions.column())
            {
                partitions.see(value)?;
            }
            encoder.encode(&row, self.files.buffer(op), &mut refused)?;
            self.files.flush_if_full(op).await?;
            if !refused.is_empty() {
                self.files.keep_refused(&mut refused).await?;
            }
            read += 1;
            self.read += 1;
            if self.read.is_multiple_of(ROWS_A_REPORT) {
                self.place.context.progress.reading(self.place.feed, self.read, expected);
            }
            next = rows.next().await.transpose()?;
        }
        self.place.context.progress.reading(self.place.feed, self.read, expected);
        // A MERGE would refuse two rows of one key; of two that are sent, the later one would silently win.
        if keys.is_some_and(|keys| keys.may_repeat()) {
            self.capture.refuse_repeated_keys(self.reading.session).await?;
        }
        Ok(Some(read))
    }
}
