//! The passes of one table: rows read, encoded and stored as part files.

use futures_util::StreamExt;
use time::OffsetDateTime;

use super::capture::Captured;
use super::context::Context;
use super::error::RunError;
use super::feed::Mode;
use crate::batch::{Absent, Apply, Batch, Counts, FORMAT_VERSION, KeyBounds, Parts, TableBatch};
use crate::bigquery::{Prepared, PreparedTarget, Present, TargetPlan};
use crate::capture::{Capture, Decision, Found, Pass};
use crate::encode::{KeyDigest, RowEncoder, RowKind, Shape, join_bounds};
use crate::model::{DeleteStyle, Deletes, Op, RunId, TableSpec};
use crate::source::{Moment, Relation, Session};
use crate::stage::{PartWriter, StagedFiles, store_empty_part, store_manifest};

/// Progress is told once in so many rows.
const ROWS_A_REPORT: u64 = 4096;

/// The bounds of all staged keys so far.
enum Bounds {
    Empty,
    Known(Option<KeyBounds>),
}

impl Bounds {
    fn add(&mut self, other: Option<KeyBounds>) {
        *self = match std::mem::replace(self, Self::Empty) {
            Self::Empty => Self::Known(other),
            Self::Known(known) => Self::Known(join_bounds(known, other)),
        };
    }
}

/// What is staged, for whom and where.
pub(super) struct Place<'a> {
    pub context: &'a Context,
    pub spec: &'a TableSpec,
    pub mode: Mode,
    /// The run's folder.
    pub folder: String,
}

/// One table's passes and what they have left in storage.
pub(super) struct Staging<'a> {
    context: &'a Context,
    spec: &'a TableSpec,
    session: &'a Session,
    relation: &'a Relation,
    shape: &'a Shape,
    capture: &'a Capture<'a>,
    plan: TargetPlan,
    mode: Mode,
    folder: String,
    prepared: Option<PreparedTarget>,
    parts: Parts,
    counts: Counts,
    bounds: Bounds,
    found: Found,
    quarantine: Option<PartWriter>,
}

/// Whether a pass had to be broken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passed {
    Through,
    TargetMissing,
}

impl<'a> Staging<'a> {
    pub fn new(
        place: Place<'a>,
        session: &'a Session,
        relation: &'a Relation,
        shape: &'a Shape,
        capture: &'a Capture<'a>,
        plan: TargetPlan,
    ) -> Self {
        let Place { context, spec, mode, folder } = place;
        Self {
            context,
            spec,
            session,
            relation,
            shape,
            capture,
            plan,
            mode,
            folder,
            prepared: None,
            parts: Parts::default(),
            counts: Counts::default(),
            bounds: Bounds::Empty,
            found: Found::default(),
            quarantine: None,
        }
    }

    /// Every pass in order; says what a key that is not staged means.
    pub async fn run_passes(&mut self, moment: &Moment) -> Result<Absent, RunError> {
        if self.is_whole() {
            // A whole table is loaded even when it has no rows.
            self.prepare().await?;
            self.stage(&self.capture.upserts()).await?;
            return Ok(Absent::Remove);
        }
        let mut absent = Absent::Keep;
        if self.capture.keys_are_due(moment.taken_at) {
            let digest = self.digest_keys(&self.capture.all_keys()).await?;
            if !self.capture.keys_are_unchanged(digest) {
                absent = Absent::Remove;
            }
            self.found.keys = Some(digest);
        }
        let changes = [Some(self.capture.upserts()), self.capture.leavers()];
        let others = Some(self.capture.other_keys()).filter(|_| absent == Absent::Remove).flatten();
        for pass in changes.into_iter().chain([others]).flatten() {
            if self.stage(&pass).await? == Passed::TargetMissing {
                return Ok(absent);
            }
        }
        // No key is left at all: that has to be merged too.
        if absent == Absent::Remove && self.prepared.is_none() {
            self.prepare().await?;
        }
        Ok(absent)
    }

    fn is_whole(&self) -> bool {
        matches!(self.capture.decision, Decision::Whole(_))
    }

    pub fn is_missing(&self) -> bool {
        self.prepared.as_ref().is_some_and(|p| p.state == Prepared::Missing)
    }

    /// Asks for the target once.
    async fn prepare(&mut self) -> Result<(), RunError> {
        if self.prepared.is_some() {
            return Ok(());
        }
        let present = match (self.capture.decision, self.mode) {
            (Decision::Changes, _) => Present::Merge,
            (Decision::Whole(_), Mode::Resync) => Present::Overwrite,
            (Decision::Whole(_), _) => Present::Replace,
        };
        self.prepared = Some(self.context.bigquery.prepare(&self.plan, present).await?);
        Ok(())
    }

    /// Reads every key without keeping any.
    async fn digest_keys(&self, pass: &Pass) -> Result<KeyDigest, RunError> {
        let mut encoder = RowEncoder::new(self.shape, pass.kind, self.spec.on_unrepresentable).digesting_keys();
        let (mut line, mut refused) = (Vec::new(), Vec::new());
        let mut rows = self.session.copy(&pass.copy()).await?;
        while let Some(row) = rows.next().await.transpose()? {
            line.clear();
            refused.clear();
            encoder.encode(&row, &mut line, &mut refused)?;
        }
        Ok(encoder.digest().unwrap_or_default())
    }

    /// Reads one pass into part files.
    async fn stage(&mut self, pass: &Pass) -> Result<Passed, RunError> {
        let mut rows = self.session.copy(&pass.copy()).await?;
        let Some(first) = rows.next().await.transpose()? else { return Ok(Passed::Through) };
        self.prepare().await?;
        if self.is_missing() {
            return Ok(Passed::TargetMissing);
        }
        let mut encoder = self.encoder(pass);
        let stem = match pass.kind {
            RowKind::Change(op) => op.file_stem(),
            RowKind::Replacement => Op::Upsert.file_stem(),
        };
        let mut writer = self.writer(stem);
        let feed = self.spec.feed();
        let expected = self.relation.rows.filter(|_| self.is_whole());
        let mut next = Some(first);
        let mut refused = Vec::new();
        let mut read: u64 = 0;
        while let Some(row) = next {
            encoder.encode(&row, writer.buffer(), &mut refused)?;
            if writer.flush_if_full().await.is_err() {
                return Err(writer.failure().await.into());
            }
            if !refused.is_empty() {
                self.keep_refused(&mut refused).await?;
            }
            read += 1;
            if read.is_multiple_of(ROWS_A_REPORT) {
                self.context.progress.reading(&feed, read, expected);
            }
            next = rows.next().await.transpose()?;
        }
        self.context.progress.reading(&feed, read, expected);
        let files = writer.finish().await?;
        self.add_up(pass.kind, &encoder, files);
        Ok(Passed::Through)
    }

    fn encoder(&self, pass: &Pass) -> RowEncoder {
        let mut encoder = RowEncoder::new(self.shape, pass.kind, self.spec.on_unrepresentable).flagged(pass.flag);
        if matches!(pass.kind, RowKind::Change(Op::Upsert) | RowKind::Replacement) {
            if let Some(cursor) = &self.capture.cursor {
                encoder = encoder.watching_cursor(&cursor.name, cursor.kind.target_type());
            }
            if self.is_whole() && self.spec.deletes == Deletes::Keys {
                encoder = encoder.digesting_keys();
            }
        }
        encoder
    }

    fn writer(&self, stem: &'static str) -> PartWriter {
        let storage = &self.context.config.storage;
        PartWriter::start(self.context.store.clone(), self.table_folder(), stem, storage.part_size, storage.compression)
    }

    fn table_folder(&self) -> String {
        format!("{}{}/", self.folder, self.spec.target)
    }

    async fn keep_refused(&mut self, refused: &mut Vec<u8>) -> Result<(), RunError> {
        let mut writer = match self.quarantine.take() {
            Some(writer) => writer,
            None => self.writer("quarantine"),
        };
        writer.buffer().append(refused);
        if writer.flush_if_full().await.is_err() {
            return Err(writer.failure().await.into());
        }
        self.quarantine = Some(writer);
        Ok(())
    }

    fn add_up(&mut self, kind: RowKind, encoder: &RowEncoder, files: StagedFiles) {
        let tally = encoder.tally();
        let (rows, parts) = match kind {
            RowKind::Change(Op::Delete) => (&mut self.counts.deletes, &mut self.parts.deletes),
            RowKind::Change(Op::Key) => (&mut self.counts.keys, &mut self.parts.keys),
            RowKind::Change(Op::Upsert) | RowKind::Replacement => (&mut self.counts.upserts, &mut self.parts.upserts),
        };
        *rows += tally.rows;
        *parts += files.parts;
        self.counts.resent += tally.resent;
        self.counts.quarantined += tally.quarantined;
        self.counts.nulled += tally.nulled;
        self.counts.staged_bytes += files.bytes;
        self.bounds.add(encoder.bounds());
        self.found.upserts += if kind == RowKind::Change(Op::Upsert) { tally.rows } else { 0 };
        self.found.cursor_max = encoder.cursor_max().or(self.found.cursor_max.take());
        self.found.keys = encoder.digest().or(self.found.keys);
    }

    /// Ends the quarantine file, stores the manifest and hands over what is to be sealed.
    pub async fn seal_ready(
        mut self,
        run: &RunId,
        started: OffsetDateTime,
        absent: Absent,
    ) -> Result<Captured, RunError> {
        if let Some(quarantine) = self.quarantine.take() {
            quarantine.finish().await?;
        }
        let found = std::mem::take(&mut self.found);
        let next = self.capture.next_watermark(found);
        let Some(prepared) = self.prepared.take() else { return Ok(Captured::Empty { next }) };
        // A load job wants a file. Without one, and nothing to conclude from that, every row was refused: the batch then
        // only moves the watermark, with the refused rows counted.
        if self.parts.total() == 0 && absent == Absent::Remove {
            self.store_empty().await?;
        }
        let whole = match self.capture.decision {
            Decision::Whole(why) => Some(why),
            Decision::Changes => None,
        };
        let apply = match (whole, &self.spec.delete) {
            (Some(_), DeleteStyle::Hard) => {
                Apply::Replace { schema: prepared.replace_schema(), fields: prepared.fields }
            }
            _ => Apply::Merge { staging: self.context.bigquery.staging(&self.spec.target, run), absent },
        };
        let table = TableBatch {
            source: self.spec.source.to_string(),
            target: self.plan.target.clone(),
            apply,
            columns: self.plan.columns.clone(),
            key: self.plan.key.clone(),
            delete: self.spec.delete.clone(),
            partition: self.plan.partition.clone(),
            cluster: self.plan.cluster.clone(),
            compression: self.context.config.storage.compression,
            parts: self.parts,
            counts: self.counts,
            bounds: match self.bounds {
                Bounds::Known(bounds) => bounds,
                Bounds::Empty => None,
            },
        };
        let batch = Batch {
            version: FORMAT_VERSION,
            run: run.clone(),
            feed: self.spec.feed(),
            started,
            folder: self.folder,
            tables: vec![table],
            next,
        };
        store_manifest(&self.context.store, &batch).await?;
        Ok(Captured::Batch { batch, whole })
    }

    async fn store_empty(&mut self) -> Result<(), RunError> {
        let compression = self.context.config.storage.compression;
        let folder = self.table_folder();
        let files = store_empty_part(&self.context.store, &folder, Op::Upsert.file_stem(), compression).await?;
        self.parts.upserts = files.parts;
        self.counts.staged_bytes += files.bytes;
        Ok(())
    }
}
