//! What the operator should know of a change log, as far as it concerns a table: `check` prints it.

use super::at_hand::LogAtHand;
use super::claim::Claim;
use super::diff::Judge;
use super::limits::unseen;
use crate::capture::caveats::blind;
use crate::capture::error::CaptureError;
use crate::capture::keyed::key_source::Reach;
use crate::model::ChangedColumns;
use crate::model::figures::period;
use crate::source::{Session, Sight, Table};

impl LogAtHand<'_> {
    /// The limits of the log, its indexes, and what its diffs are good for.
    pub async fn notes(
        &self,
        session: &Session,
        claims: &[Claim],
        table: Table<'_>,
        sight: Sight,
    ) -> Result<Vec<String>, CaptureError> {
        let (log, spec) = (&self.log, table.spec);
        let is_bounded_by_time = claims.iter().any(|c| log.is_bounded_by_time(c));
        let mut notes: Vec<String> =
            blind(sight, log.facts.dialect()).filter(|_| is_bounded_by_time).into_iter().collect();
        let doubt = self.cannot_judge(session, claims, table).await?;
        notes.push(format!("the change log does not see: {}", unseen(log.spec())));
        notes.push(match spec.reconcile_every {
            Some(every) => format!(
                "what it does not see is found by the reconcile pass, which reads the whole source and target every {}",
                period(every)
            ),
            None => "what it does not see is never found without reconcile_every = \"1d\"".to_owned(),
        });
        notes.extend(log.notes(claims));
        for note in claims.iter().flat_map(|claim| log.order_notes(claim, sight)) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        for claim in claims.iter().filter(|c| c.key.reach == Reach::Scope) {
            notes.push(format!(
                "an entry of {} is about many rows: its MERGE reads the whole target, for rows that are gone",
                claim.name
            ));
        }
        if spec.changed_columns == ChangedColumns::SkipUnpublished {
            notes.push(match doubt {
                Some(why) => format!("changed_columns: {why}; every changed row is read again"),
                None if log.is_by_trigger() => {
                    "updates are skipped that changed unpublished columns alone; columns the trigger is told to ignore must not \
                     be published"
                        .to_owned()
                }
                None => "updates are skipped whose logged diff names unpublished columns alone. The log tells what the \
                         application meant to change: a published field that is not logged, or an instance saved after somebody \
                         else changed the row, is then found by reconcile_every only"
                    .to_owned(),
            });
        }
        Ok(notes)
    }

    /// Why no diff can prove what `changed_columns` asks for.
    async fn cannot_judge(
        &self,
        session: &Session,
        claims: &[Claim],
        table: Table<'_>,
    ) -> Result<Option<&'static str>, CaptureError> {
        let Table { spec, relation, shape } = table;
        if spec.changed_columns == ChangedColumns::Reread {
            return Ok(None);
        }
        let below = session.dependencies(relation).await?;
        let judged = |c: &Claim| Judge::new(&self.log, c, spec, relation, shape, below.clone()).err();
        Ok(claims.iter().find_map(judged))
    }
}
