//! The change tracking of a feed's tables during a run.

use std::collections::HashMap;

use super::keys::CtKeys;
use crate::batch::{CtMark, Standing};
use crate::capture::decision::Why;
use crate::capture::error::CaptureError;
use crate::capture::keyed::key_source::{Chunk, KeyColumns};
use crate::capture::keyed::reread::Reread;
use crate::capture::named_keys::NextPlace;
use crate::model::RelationName;
use crate::source::{Moment, RelationKind, Session, Table, Tracked, changed_keys_statement, statement};

/// What was asked of it.
pub struct CtAtHand {
    tracked: HashMap<RelationName, Tracked>,
    /// Where the database stood before the snapshot began; absent where nothing is to be looked for.
    version: Option<i64>,
}

impl CtAtHand {
    /// Asks for these tables, all at once.
    pub async fn find(session: &Session, version: Option<i64>, tables: &[RelationName]) -> Result<Self, CaptureError> {
        Ok(Self { tracked: session.tracked(tables).await?.into_iter().collect(), version })
    }

    /// What is known of one table; asked for where nobody has.
    async fn of(&mut self, session: &Session, table: &RelationName) -> Result<Tracked, CaptureError> {
        if !self.tracked.contains_key(table) {
            self.tracked.extend(session.tracked(std::slice::from_ref(table)).await?);
        }
        Ok(self.tracked.get(table).cloned().unwrap_or_default())
    }
}

/// A table that is tracked by its primary key.
#[derive(Clone, Debug)]
pub struct CtClaim {
    pub(in crate::capture::keyed) of: KeyColumns,
    table: RelationName,
}

impl CtClaim {
    pub fn new(table: Table<'_>) -> Result<Self, CaptureError> {
        let Table { spec, relation, shape } = table;
        if relation.kind != RelationKind::Table {
            return Err(CaptureError::ViewNotTracked(spec.source.clone()));
        }
        let key: Vec<&str> = shape.key().iter().map(|c| c.source.as_str()).collect();
        let is_primary =
            key.len() == relation.primary_key.len() && key.iter().all(|k| relation.primary_key.iter().any(|p| p == k));
        if !is_primary {
            let primary = relation.primary_key.clone();
            return Err(CaptureError::NotThePrimaryKey { table: spec.source.clone(), primary });
        }
        let of = KeyColumns::of_key(relation, shape);
        // A key that is written in capitals, or gets zeros at its end, is the same key to the source: of its old spelling nobody tells.
        if of.may_name_a_row_twice() && spec.reconcile_every.is_none() {
            let column = of.columns.iter().zip(&of.spelling).find(|(_, s)| s.counts()).map(|(c, _)| c.name.clone());
            return Err(CaptureError::SpellingNotTracked {
                table: spec.source.clone(),
                column: column.unwrap_or_default(),
            });
        }
        Ok(Self { of, table: spec.source.clone() })
    }
}

/// What a run of changes reads.
pub struct CtReading<'a> {
    table: Table<'a>,
    pub(in crate::capture::keyed) claim: &'a CtClaim,
    since: i64,
}

impl CtAtHand {
    /// Why what is tracked can't tell what has changed since a table's standing.
    pub async fn stale(
        &mut self,
        session: &Session,
        table: Table<'_>,
        standing: Option<Standing<'_>>,
    ) -> Result<Option<Why>, CaptureError> {
        let tracked = self.of(session, &table.spec.source).await?;
        let not_tracked = || CaptureError::NotTracked {
            table: table.spec.source.clone(),
            dialect: table.relation.dialect,
            database: session.database().unwrap_or_default().to_owned(),
        };
        let oldest = tracked.oldest.ok_or_else(not_tracked)?;
        let Some(standing) = standing else { return Ok(None) };
        let Some(mark) = standing.mark.ct() else { return Ok(Some(Why::NotTrackedThen)) };
        Ok(match standing.at.ct_version() {
            _ if mark.begin != tracked.begin => Some(Why::TrackingRestarted),
            None => Some(Why::NotTrackedThen),
            Some(version) if version < oldest => Some(Why::TrackingPruned),
            // Off and on again before any commit, it has the beginning that it had. Only the date of the table tells.
            Some(version) if mark.begin == Some(version) && mark.modified != tracked.modified => {
                Some(Why::TrackingRestarted)
            }
            Some(_) => None,
        })
    }

    /// What a run of changes reads; `None` where it can't have changed.
    pub fn reading<'l>(
        &self,
        table: Table<'l>,
        claim: &'l CtClaim,
        standing: Option<Standing<'l>>,
    ) -> Option<CtReading<'l>> {
        let standing = standing?;
        let version = standing.at.ct_version()?;
        // No transaction has committed in the whole database.
        let is_idle = self.version == Some(version);
        let oldest = self.tracked.get(&claim.table).and_then(|t| t.oldest);
        let since = since(standing.mark.ct()?, version, oldest);
        (!is_idle).then_some(CtReading { table, claim, since })
    }

    /// Has the server list the keys.
    pub async fn keys<'s>(
        &self,
        session: &'s Session,
        number: usize,
        reading: &CtReading<'_>,
    ) -> Result<CtKeys<'s>, CaptureError> {
        Ok(CtKeys::new(session.changed_keys(number, reading.table, reading.since).await?))
    }

    /// Where a table stands once what was found is in BigQuery. `before` is where it stood, of a run of changes.
    pub fn next_place(&self, claim: &CtClaim, before: Option<Standing<'_>>, moment: &Moment) -> NextPlace {
        let Tracked { begin, modified, .. } = self.tracked.get(&claim.table).cloned().unwrap_or_default();
        let now = moment.position.at().ct_version().unwrap_or(0);
        let certain = before.and_then(|s| s.at.ct_version()).unwrap_or_else(|| now.saturating_sub(LATE).max(0));
        let (position, taken_at) = (moment.position.in_log(), moment.taken_at);
        NextPlace::Ct(CtMark { position, taken_at, begin, modified, certain })
    }

    /// The statements of a run of changes, with a place where the keys will stand; for people.
    pub fn statements(&self, claim: &CtClaim, standing: Option<Standing<'_>>, table: Table<'_>) -> Vec<String> {
        let since = standing.and_then(|s| Some(since(s.mark.ct()?, s.at.ct_version()?, None))).unwrap_or(0);
        let (reread, none) = (Reread { table, of: &claim.of }, Chunk::default());
        let passes = [reread.present(&none), reread.gone(&none)].map(|pass| statement(&pass.read));
        std::iter::once(changed_keys_statement(table, since)).chain(passes).collect()
    }

    /// Has the server look at the statements that the tick after this one sends.
    pub async fn try_out(
        &mut self,
        session: &Session,
        claim: &CtClaim,
        table: Table<'_>,
        moment: &Moment,
    ) -> Result<NextPlace, CaptureError> {
        self.stale(session, table, None).await?;
        let version = moment.position.at().ct_version().unwrap_or(0);
        let keys = session.changed_keys(0, table, version).await?;
        keys.close().await?;
        let (reread, none) = (Reread { table, of: &claim.of }, Chunk::default());
        session.try_read(&reread.present(&none).read).await?;
        session.try_read(&reread.gone(&none).read).await?;
        Ok(self.next_place(claim, None, moment))
    }
}

/// Nobody promises that a transaction with one version can be seen by all who are told of the next one. So what two runs have not looked at is
/// looked at once more, and after a load what was written shortly before it: rows that are sent again change nothing.
const LATE: i64 = 1000;

/// From where on changes are read.
fn since(mark: &CtMark, version: i64, oldest: Option<i64>) -> i64 {
    mark.certain.min(version).max(oldest.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::LogPosition;

    #[test]
    fn what_one_run_alone_has_looked_at_is_looked_at_again() {
        let mark = |certain| CtMark {
            position: LogPosition::SqlServer { ct_version: None, rowversion: 0 },
            taken_at: time::OffsetDateTime::UNIX_EPOCH,
            begin: None,
            modified: None,
            certain,
        };
        let from = |certain, version, oldest| since(&mark(certain), version, oldest);
        assert_eq!(from(0, 400, Some(0)), 0);
        assert_eq!(from(400, 900, Some(0)), 400);
        // No further back than there is.
        assert_eq!(from(400, 900, Some(700)), 700);
        assert_eq!(from(950, 900, None), 900);
    }
}
