//! The passes of a table whose changed keys are named by something else than its rows.

use super::{Passed, Staging};
use crate::batch::{Absent, Repeats};
use crate::capture::keyed::{KeyColumns, KeyReading, KeySource, KeysAtHand, OpenedKeys, Reach, Reread};
use crate::encode::{Flag, RowEncoder, RowKind};
use crate::model::Op;
use crate::run::error::RunError;
use crate::source::RowDecoder;

impl Staging<'_> {
    /// The rows that key sources name.
    pub async fn read_named(
        &mut self,
        at_hand: &KeysAtHand<'_>,
        readings: &[KeyReading<'_>],
    ) -> Result<Passed, RunError> {
        let session = self.reading.session;
        let OpenedKeys::All(readers) = at_hand.open(session, readings).await? else {
            session.close_cursors().await?;
            return Ok(Passed::NamesNoRow);
        };
        for (of, keys) in readers {
            let passed = self.read_keys(of, keys).await?;
            if passed != Passed::Through(Absent::Keep) {
                session.close_cursors().await?;
                return Ok(passed);
            }
        }
        // Each list brings a row once, but two may bring the same.
        if readings.len() > 1 || readings.iter().any(KeyReading::may_repeat) {
            self.repeats = Repeats::Possible;
        }
        Ok(Passed::Through(Absent::Keep))
    }

    /// The rows that one of them names.
    async fn read_keys(&mut self, of: &KeyColumns, mut keys: impl KeySource) -> Result<Passed, RunError> {
        let reread = Reread { table: self.capture.table(), of };
        let mut present = self.encoder_of(RowKind::Change(Op::Upsert));
        let policy = self.place.spec.on_unrepresentable;
        let scope = reread.scope();
        let mut gone = match scope {
            Some(column) => RowEncoder::of_scope(RowDecoder::of(self.reading.relation.dialect), column, policy),
            None => self.encoder_of(RowKind::Change(Op::Delete)).flagged(Flag::Leading),
        };
        let is_unique = self.is_unique(of);
        let (mut chunks, mut added) = (0, 0);
        while let Some(chunk) = keys.next().await? {
            chunks += 1;
            added += chunk.added();
            let Some(rows) = self.pour(&reread.present(&chunk), &mut present).await? else {
                return Ok(self.unfit());
            };
            // As many rows as keys, and no key twice: none is gone. A row may have another spelling of its key than was named.
            let all_there = is_unique && !of.may_name_a_row_twice() && rows == chunk.keys.len() as u64;
            if !all_there && self.pour(&reread.gone(&chunk), &mut gone).await?.is_none() {
                return Ok(self.unfit());
            }
        }
        // Two spellings of one key may lie in two chunks.
        if chunks > 1 && of.may_name_a_row_twice() {
            self.repeats = Repeats::Possible;
        }
        self.tally.counts.added += added.saturating_sub(gone.tally().flagged);
        let passed_over = keys.counts();
        self.tally.counts.skipped += passed_over.skipped;
        self.tally.counts.unreadable += passed_over.unreadable;
        self.tally.counts.resent += passed_over.resent;
        self.tally.add_up(RowKind::Change(Op::Upsert), &present);
        match scope {
            Some(column) => {
                self.tally.add_up(RowKind::Change(Op::Scope), &gone);
                if !self.scopes.contains(&column.target.name) {
                    self.scopes.push(column.target.name.clone());
                }
            }
            None => self.tally.add_up(RowKind::Change(Op::Delete), &gone),
        }
        Ok(Passed::Through(Absent::Keep))
    }

    /// Whether the source keeps the named key unique; of a view nobody knows.
    fn is_unique(&self, of: &KeyColumns) -> bool {
        let key: Vec<&str> = self.reading.shape.key().iter().map(|c| c.source.as_str()).collect();
        of.reach == Reach::Key && self.reading.relation.keeps_unique(&key)
    }
}
