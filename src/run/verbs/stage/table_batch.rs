//! What the passes over a table have left, put together for the seal.

use super::Staging;
use crate::batch::{Absent, Changes, Parts, Removal, TableBatch, Unstaged, Update, Way};
use crate::bigquery::{Destination, PreparedTarget};
use crate::capture::NextPlace;
use crate::model::{ApplyBy, Refusals};
use crate::run::captured_tables::StagedTable;
use crate::run::delete_guard;
use crate::run::error::RunError;
use crate::run::order::Guard;
use crate::run::staging_place::StagingPlace;
use crate::run::verbs::encode::Bounds;

impl Staging<'_> {
    /// Stores what is left and says what is to be sealed of the table. `place` is where it stands then in what names its keys.
    pub async fn finish(mut self, absent: Absent, place: NextPlace) -> Result<StagedTable, RunError> {
        let (parts, bytes) = self.files.finish().await?;
        self.tally.counts.staged_bytes = bytes;
        let since = self.capture.keeps_moment(&place);
        self.tally.found.place = place;
        let refusals = self.tally.found.refusals.clone().with(None);
        // What was left out is no row of the target, but one of the source.
        let (held, left_out) = match (absent, self.tally.found.keys) {
            (Absent::Remove, _) => {
                (Some(self.tally.counts.upserts + self.tally.counts.keys), self.tally.counts.left_out)
            }
            (Absent::Keep, Some(keys)) => (Some(keys.count), self.tally.found.left_out),
            (Absent::Keep, None) => (None, self.tally.counts.left_out),
        };
        self.tally.found.source_rows = held.map(|rows| rows + left_out);
        self.tally.found.left_out = left_out;
        let mut mark = self.capture.next_mark(std::mem::take(&mut self.tally.found));
        if let (Guard::Off, Some(loading)) = (self.place.guard, &mut mark.loading) {
            loading.removal = Removal::Allowed;
        }
        let counts = self.tally.counts;
        if self.prepared.is_some() {
            mark.relation.held = self.plan.column_names();
        }
        if let Some(created) = self.prepared.as_ref().and_then(|p| p.created.clone())
            && self.is_appended()
        {
            mark.created = Some(created);
        }
        let Some(prepared) = self.prepared.take() else { return Ok(StagedTable { table: None, mark, counts, since }) };
        self.reading.session.refuse_rewritten(self.reading.relation).await?;
        let mut table = self.table(absent, parts, &prepared, mark.incarnation)?;
        table.refusals = refusals;
        delete_guard::check(self.place, self.reading, self.capture, &table, prepared.rows).await?;
        // A load job wants a file. Without one, and nothing to conclude from that, every row was refused: the batch then
        // only moves the watermark, with the refused rows counted.
        if table.parts.total() == 0 && table.apply.unstaged() == Unstaged::Go {
            let files = self.files.store_empty().await?;
            table.parts.upserts = files.parts;
            table.counts.staged_bytes += files.bytes;
        }
        Ok(StagedTable { table: Some(table), mark, counts, since })
    }

    fn table(
        &self,
        absent: Absent,
        parts: Parts,
        prepared: &PreparedTarget,
        incarnation: u64,
    ) -> Result<TableBatch, RunError> {
        let StagingPlace { context, spec, run, .. } = self.place;
        let way = if self.capture.goes_beside() { Way::Job } else { Way::Rows };
        let destination =
            Destination { bigquery: &context.bigquery, plan: &self.plan, prepared, run, incarnation, way };
        let apply = if self.capture.replaces() {
            destination.replacement()
        } else {
            let update = if self.capture.compares() { Update::Different } else { Update::All };
            let changes = Changes { absent, repeats: self.repeats, scopes: self.scopes.clone(), update };
            destination.changes(changes, parts)?
        };
        Ok(TableBatch {
            source: spec.source.to_string(),
            target: self.plan.target.clone(),
            apply,
            columns: self.plan.columns.clone(),
            key: self.plan.key.clone(),
            delete: spec.delete.clone(),
            partition: self.plan.partition.clone(),
            cluster: self.plan.cluster.clone(),
            compression: context.config.storage.compression,
            parts,
            counts: self.tally.counts,
            refusals: Refusals::default(),
            lost_columns: prepared.lost.clone(),
            metadata: self.plan.metadata,
            max_staleness: self.plan.max_staleness.map(|d| d.as_secs()),
            // A first stretch is far from all that comes in the place of the old rows.
            rows_before: self.rows_before(prepared).filter(|_| self.capture.replaces() && self.capture.range.is_none()),
            bounds: match &self.tally.bounds {
                Bounds::Known(bounds) => bounds.clone(),
                Bounds::Empty => None,
            },
        })
    }

    /// Whether rows are sent one by one to the target that is there.
    pub(super) fn is_appended(&self) -> bool {
        self.place.spec.apply == ApplyBy::Append && !self.capture.replaces()
    }

    /// Rows that the target has: as the runs before have counted, else as its metadata say, which may lag behind.
    fn rows_before(&self, prepared: &PreparedTarget) -> Option<u64> {
        self.reading.standing.and_then(|s| s.mark.rows).or(prepared.rows)
    }
}
