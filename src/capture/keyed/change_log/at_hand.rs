//! The change log during a run: found once, asked by each table.

use super::claim::Claim;
use super::diff::Judge;
use super::health::Health;
use super::keys::{KeyReader, Opened};
use super::resolve::Log;
use super::survey::Survey;
use crate::batch::{LogCounts, LogMark, Standing};
use crate::capture::decision::Why;
use crate::capture::error::CaptureError;
use crate::capture::keyed::key_source::Chunk;
use crate::capture::keyed::reread::Reread;
use crate::model::{ChangedColumns, TableSpec};
use crate::source::{Condition, LogPlace, LogQuery, Moment, Session, Table, log_statement, statement};

/// The log and what was asked of it.
pub struct LogAtHand<'a> {
    pub log: Log<'a>,
    /// The tables of the config that it feeds.
    pub(super) tables: Vec<TableSpec>,
    pub(super) survey: Survey,
}

/// Where one claim of a table reads the log.
pub struct ClaimReading<'a> {
    pub claim: &'a Claim,
    place: LogPlace,
    judge: Option<Judge>,
}

impl ClaimReading<'_> {
    /// Whether updates are looked at one by one: two of them may bring the same row.
    pub fn is_judged(&self) -> bool {
        self.judge.is_some()
    }
}

/// What the log says of one table.
pub enum Concerned<'a> {
    Nothing,
    Claims(Vec<ClaimReading<'a>>),
    /// Some entry changed rows that it does not name.
    NoRow,
}

impl<'a> LogAtHand<'a> {
    pub fn new(log: Log<'a>, tables: Vec<TableSpec>) -> Self {
        Self { log, tables, survey: Survey::default() }
    }

    /// Why the log can't speak of all that has changed since a table's place in it.
    pub async fn stale(
        &mut self,
        session: &Session,
        claims: &[Claim],
        standing: Option<Standing<'_>>,
    ) -> Result<Option<Why>, CaptureError> {
        let mark = standing.and_then(|s| s.mark.log());
        if standing.is_some() && mark.is_none() {
            // It stands in no log: nobody knows which entries it has not had.
            return Ok(Some(Why::LogReplaced));
        }
        Ok(match self.survey.health(session, &self.log, claims, mark).await? {
            Health::Replaced => Some(Why::LogReplaced),
            Health::Pruned => Some(Why::LogPruned),
            Health::Renumbered => Some(Why::TypeRenumbered),
            Health::Whole => None,
        })
    }

    /// No new entry names the table's row.
    pub fn unnamed(&self, claims: &[Claim], mark: &LogMark) -> Option<Condition> {
        let places: Vec<LogPlace> = claims.iter().map(|claim| self.log.place(claim, mark)).collect();
        let each = claims.iter().zip(&places);
        let claims: Vec<_> = each.map(|(c, place)| (self.log.new_entries(c, place), c.claimed())).collect();
        self.log.facts.dialect().unnamed(&claims)
    }

    /// The claims of a table that have new entries.
    pub async fn concerning<'l>(
        &mut self,
        session: &Session,
        table: Table<'_>,
        claims: &'l [Claim],
        standing: Option<Standing<'_>>,
    ) -> Result<Concerned<'l>, CaptureError> {
        let Some(mark) = standing.and_then(|s| s.mark.log()) else { return Ok(Concerned::Nothing) };
        let mut readings = Vec::new();
        for claim in claims {
            let place = self.log.place(claim, mark);
            let scan = self.survey.scan(session, &self.log, claim, &place).await?;
            if scan.names_no_row(claim) {
                return Ok(Concerned::NoRow);
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
        Ok(if readings.is_empty() { Concerned::Nothing } else { Concerned::Claims(readings) })
    }

    /// Opens what a claim reads. `number` tells the readers of one table apart.
    pub async fn reader<'s>(
        &self,
        session: &'s Session,
        number: usize,
        reading: &'s ClaimReading<'_>,
    ) -> Result<Opened<'s>, CaptureError> {
        let ClaimReading { claim, place, judge } = reading;
        KeyReader::open(session, number, &self.log, claim, place, judge.as_ref()).await
    }

    /// A table's place once what was found is in BigQuery; `before` is where it stood, of a run of changes.
    pub fn next_mark(&self, claims: &[Claim], before: Option<&LogMark>, moment: &Moment) -> LogMark {
        self.survey.next_mark(&self.log, claims, before, moment)
    }

    /// The entries looked through, by what became of them.
    pub fn counts(&self) -> LogCounts {
        self.survey.counts(&self.log, &self.tables)
    }

    /// The statements of a run of changes, with a place where the keys will stand; for people.
    pub fn statements(&self, claims: &[Claim], mark: &LogMark, table: Table<'_>) -> Vec<String> {
        let mut sql = Vec::new();
        for claim in claims {
            let place = self.log.place(claim, mark);
            let scan = log_statement(LogQuery::Counts(self.log.new_entries(claim, &place)));
            if !sql.contains(&scan) {
                sql.push(scan);
            }
            sql.push(log_statement(self.log.keys_query(claim, &place)));
            let reread = Reread { table, of: &claim.key };
            let chunk = Chunk::default();
            sql.extend([reread.present(&chunk), reread.gone(&chunk)].map(|pass| statement(&pass.read)));
        }
        sql
    }

    /// The server's guess at how many rows the first of them gives.
    pub async fn estimate(&self, session: &Session, claims: &[Claim], mark: &LogMark) -> Result<u64, CaptureError> {
        let Some(claim) = claims.first() else { return Ok(0) };
        let place = self.log.place(claim, mark);
        Ok(session.estimate_log(LogQuery::Counts(self.log.new_entries(claim, &place))).await?)
    }

    /// Has the server look at the statements that the tick after this one sends; the place where that would begin.
    pub async fn try_out(
        &mut self,
        session: &Session,
        claims: &[Claim],
        table: Table<'_>,
        moment: &Moment,
    ) -> Result<LogMark, CaptureError> {
        self.survey.health(session, &self.log, claims, None).await?;
        let mark = self.next_mark(claims, None, moment);
        for claim in claims {
            let place = self.log.place(claim, &mark);
            let (reread, none) = (Reread { table, of: &claim.key }, Chunk::default());
            session.try_log(LogQuery::Counts(self.log.new_entries(claim, &place))).await?;
            session.try_log(self.log.keys_query(claim, &place)).await?;
            session.try_read(&reread.present(&none).read).await?;
            session.try_read(&reread.gone(&none).read).await?;
        }
        session.try_partitions(table).await?;
        Ok(mark)
    }
}
