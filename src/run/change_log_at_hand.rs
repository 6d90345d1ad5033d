//! The change log during a run: found once, asked by each table.

use crate::batch::{LogMark, Standing};
use crate::capture::keyed::change_log::{Claim, Judge, Log, Survey};
use crate::model::ChangedColumns;
use crate::run::error::RunError;
use crate::source::{LogPlace, Moment, Session, Table};

/// The log and what was asked of it.
pub(super) struct LogAtHand<'a> {
    pub log: Log<'a>,
    pub survey: Survey,
}

/// Where one claim of a table reads the log.
pub(super) struct ClaimReading<'a> {
    pub claim: &'a Claim,
    pub place: LogPlace,
    pub judge: Option<Judge>,
}

/// What the log says of one table.
pub(super) enum Named<'a> {
    Nothing,
    Keys(Vec<ClaimReading<'a>>),
    NoRow,
}

impl LogAtHand<'_> {
    /// The claims of a table that have new entries.
    pub async fn concerning<'l>(
        &mut self,
        session: &Session,
        table: Table<'_>,
        claims: &'l [Claim],
        standing: Option<Standing<'_>>,
    ) -> Result<Named<'l>, RunError> {
        let Some(mark) = standing.and_then(|s| s.mark.log()) else { return Ok(Named::Nothing) };
        let mut readings = Vec::new();
        for claim in claims {
            let place = self.log.place(claim, mark);
            let scan = self.survey.scan(session, &self.log, claim, &place).await?;
            if scan.names_no_row(claim) {
                return Ok(Named::NoRow);
            }
            if scan.concerns(claim) {
                readings.push(ClaimReading { claim, place, judge: None });
            }
        }
        let Table { spec, relation, shape } = table;
        if spec.changed_columns == ChangedColumns::SkipUnpublished && !readings.is_empty() {
            let below = session.dependencies(relation).await?;
            for reading in &mut readings {
                reading.judge = Judge::new(&self.log, reading.claim, spec, relation, shape, below.clone()).ok();
            }
        }
        Ok(if readings.is_empty() { Named::Nothing } else { Named::Keys(readings) })
    }

    /// A table's place once what was found is in BigQuery; `before` is where it stood, of a run of changes.
    pub fn next_mark(&self, claims: &[Claim], before: Option<&LogMark>, moment: &Moment) -> LogMark {
        self.survey.next_mark(&self.log, claims, before, moment)
    }
}
