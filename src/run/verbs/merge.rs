//! Merge: what was loaded gets into its target; and whose failure holds up the other tables.

use crate::bigquery::{Applied, BigQueryError, Loaded, Sealed};
use crate::model::FeedId;
use crate::run::context::Context;
use crate::run::error::RunError;

/// Brings the loaded rows of a table into its target.
pub(in crate::run) async fn merge(
    context: &Context,
    sealed: Sealed<'_>,
    loaded: Loaded,
) -> Result<Applied, BigQueryError> {
    context.bigquery.merge(sealed, loaded).await
}

/// What became of a table of a sealed batch.
#[derive(Debug)]
pub(in crate::run) enum TableOutcome {
    InTarget(Applied),
    /// For good, and by itself.
    Failed(BigQueryError),
    /// It belongs to another feed now.
    LeftFeed,
}

impl TableOutcome {
    /// In a feed that tables share, one that fails for good does not hold up the others; what may pass by itself keeps the batch pending.
    pub fn of(applied: Result<Applied, BigQueryError>, feed: &FeedId) -> Result<Self, RunError> {
        let is_shared = feed.is_shared();
        match applied {
            Ok(applied) => Ok(Self::InTarget(applied)),
            Err(e) if is_shared && e.may_be_of_one_table() => Ok(Self::Failed(e)),
            Err(e) => Err(e.into()),
        }
    }
}

/// The outcomes as they are, or the failure that all tables have met: it is no one's own fault.
pub(in crate::run) fn refuse_common_failure(mut outcomes: Vec<TableOutcome>) -> Result<Vec<TableOutcome>, RunError> {
    let is_everyones = |o: &TableOutcome| matches!(o, TableOutcome::Failed(e) if !e.is_of_one_table());
    let Some(at) = outcomes.iter().position(is_everyones) else { return Ok(outcomes) };
    if !outcomes.iter().all(|o| matches!(o, TableOutcome::LeftFeed) || is_everyones(o)) {
        return Ok(outcomes);
    }
    match outcomes.swap_remove(at) {
        TableOutcome::Failed(e) => Err(e.into()),
        TableOutcome::InTarget(_) | TableOutcome::LeftFeed => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bigquery::{ApiRefusal, TableFault};

    fn denied() -> TableOutcome {
        let (doing, what, reason) = ("start", "x".to_owned(), "no".to_owned());
        let e = TableOutcome::of(Err(ApiRefusal::Denied { doing, what, reason }.into()), &FeedId::of_changelog());
        e.unwrap()
    }

    fn foreign() -> TableOutcome {
        TableOutcome::of(Err(TableFault::Foreign("p.d.t".into()).into()), &FeedId::of_changelog()).unwrap()
    }

    #[test]
    fn what_every_table_met_is_no_ones_own_fault() {
        assert!(refuse_common_failure(vec![TableOutcome::LeftFeed, denied(), denied()]).is_err());
        assert_eq!(refuse_common_failure(vec![denied(), foreign()]).unwrap().len(), 2);
        assert_eq!(refuse_common_failure(vec![denied(), TableOutcome::InTarget(Applied::NOTHING)]).unwrap().len(), 2);
        assert_eq!(refuse_common_failure(vec![foreign()]).unwrap().len(), 1);
    }

    #[test]
    fn a_feed_of_one_table_fails_with_it() {
        let feed = FeedId::of_target("t");
        assert!(TableOutcome::of(Err(TableFault::Foreign("p.d.t".into()).into()), &feed).is_err());
    }
}
