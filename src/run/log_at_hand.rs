//! The change log during a run: found once, asked by each table.

use crate::batch::LogMark;
use crate::capture::Decision;
use crate::capture::keyed::log::{Judge, Log, Survey};
use crate::model::ChangedColumns;
use crate::run::error::RunError;
use crate::run::work::{ClaimReading, Looked};
use crate::source::{Moment, Session, dependencies};

/// The log and what was asked of it.
pub(super) struct LogAtHand<'a> {
    pub log: Log<'a>,
    pub survey: Survey,
}

/// What the log says of one table.
pub(super) enum Named<'a> {
    Nothing,
    Keys(Vec<ClaimReading<'a>>),
    NoRow,
}

impl LogAtHand<'_> {
    /// The claims of a table that have new entries.
    pub async fn concerning<'l>(&mut self, session: &Session, looked: &'l Looked<'_>) -> Result<Named<'l>, RunError> {
        let Some(mark) = looked.standing.and_then(|s| s.mark.log()) else { return Ok(Named::Nothing) };
        let mut readings = Vec::new();
        for claim in &looked.claims {
            let place = self.log.place(claim, mark);
            let scan = self.survey.scan(session, &self.log, claim, &place).await?;
            if scan.names_no_row(claim) {
                return Ok(Named::NoRow);
            }
            if scan.concerns(claim) {
                readings.push(ClaimReading { claim, place, judge: None });
            }
        }
        if looked.spec.changed_columns == ChangedColumns::SkipUnpublished && !readings.is_empty() {
            let Looked { spec, relation, shape, .. } = looked;
            let below = dependencies(session, relation.oid).await?;
            for reading in &mut readings {
                reading.judge = Judge::new(&self.log, reading.claim, spec, relation, shape, below.clone()).ok();
            }
        }
        Ok(if readings.is_empty() { Named::Nothing } else { Named::Keys(readings) })
    }

    pub fn next_mark(&self, looked: &Looked<'_>, decision: Decision, moment: &Moment) -> LogMark {
        let before = looked.standing.filter(|_| decision == Decision::Changes).and_then(|s| s.mark.log());
        self.survey.next_mark(&self.log, &looked.claims, before, moment)
    }
}
