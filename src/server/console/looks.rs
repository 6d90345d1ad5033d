//! What pages ask of the bucket beside the states: one answer for all people who look, so that ten who refresh cost no more than one.

use std::hash::Hash;
use std::sync::Arc;

use time::OffsetDateTime;
use tokio::time::Instant;

use super::patience::{PATIENCE, Told, told};
use super::{cost_page, runs_page};
use crate::model::{FeedId, RunId, TableSpec};
use crate::run::{Context, Costs, HistoryLook, HistoryRequest, PastBatch, RunEntry, SealedTable, not_answered_yet};
use crate::server::shared::Shared;
use crate::state::{Complaint, PastRun, StateDocument};

/// Answers that are shared.
#[derive(Default)]
pub(super) struct Looks {
    histories: Shared<Question, Told<HistoryLook>>,
    /// By target, and by which write of its feed's state.
    sealed: Shared<(String, String), Option<Arc<SealedTable>>>,
    /// By how many days.
    costs: Shared<i64, Told<Costs>>,
    notes: Shared<(FeedId, RunId), Told<Option<PastRun>>>,
    batches: Shared<(FeedId, RunId), Told<Option<PastBatch>>>,
    /// By the tick, where the address names it, and else by the run.
    reports: Shared<InReports, Told<Vec<RunEntry>>>,
}

/// Where the report of a run may be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum InReports {
    /// In the one of this tick.
    OfTick(RunId),
    /// In one of about the time when the run began.
    Around(RunId),
}

/// What is asked of the history.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Question {
    /// By the form of its page.
    Runs(runs_page::Asked),
    /// The last runs of a table, by its target.
    Table(String),
}

/// Who asks: with which context, and until when there is time.
pub(super) struct Asker<'a> {
    context: &'a Arc<Context>,
    deadline: Instant,
}

impl<'a> Asker<'a> {
    /// Somebody who begins to look now.
    pub fn now(context: &'a Arc<Context>) -> Self {
        Self { context, deadline: Instant::now() + PATIENCE }
    }

    /// The shared answer, or that there is none yet.
    async fn ask<Q, T, F>(
        &self,
        shared: &Shared<Q, Told<T>>,
        question: Q,
        read: impl FnOnce(Arc<Context>) -> F,
    ) -> Told<T>
    where
        Q: Clone + Eq + Hash + Send + 'static,
        T: Send + Sync + 'static,
        F: Future<Output = Told<T>> + Send + 'static,
    {
        let reading = || read(self.context.clone());
        let answer = shared.ask(question, self.context.doings(), self.deadline, reading).await;
        answer.unwrap_or_else(|| Err(not_answered_yet()))
    }
}

impl Looks {
    pub async fn runs(&self, asker: &Asker<'_>, asked: &runs_page::Asked) -> Told<HistoryLook> {
        let request = asked.request(&asker.context.config.tables);
        self.history(asker, Question::Runs(asked.clone()), request).await
    }

    pub async fn runs_of(&self, asker: &Asker<'_>, spec: &TableSpec) -> Told<HistoryLook> {
        self.history(asker, Question::Table(spec.target.clone()), runs_page::of_table(spec)).await
    }

    async fn history(&self, asker: &Asker<'_>, question: Question, request: HistoryRequest) -> Told<HistoryLook> {
        asker.ask(&self.histories, question, |context| async move { told(context.history(&request).await) }).await
    }

    /// What the last batch of a table says; nothing where it is gone, or the bucket too slow.
    pub async fn sealed(
        &self,
        Asker { context, deadline }: &Asker<'_>,
        spec: &TableSpec,
        state: &Arc<StateDocument>,
    ) -> Option<Arc<SealedTable>> {
        let reading = || {
            let (context, spec, state) = ((*context).clone(), spec.clone(), state.clone());
            async move { context.last_sealed(&spec, &state).await }
        };
        self.sealed
            .ask((spec.target.clone(), state.stamp.clone()), context.doings(), *deadline, reading)
            .await
            .flatten()
    }

    pub async fn costs(&self, asker: &Asker<'_>, days: i64) -> Told<Costs> {
        let since = OffsetDateTime::now_utc() - time::Duration::days(days);
        let read = |context: Arc<Context>| async move { told(context.costs(since, cost_page::READS).await) };
        asker.ask(&self.costs, days, read).await
    }

    /// How a run ended, by its feed's state.
    pub async fn run_note(&self, asker: &Asker<'_>, feed: &FeedId, run: &RunId) -> Told<Option<PastRun>> {
        let (of, id) = (feed.clone(), run.clone());
        let read = |context: Arc<Context>| async move { told(context.run_note(&of, &id).await) };
        asker.ask(&self.notes, (feed.clone(), run.clone()), read).await
    }

    /// What a run has sealed.
    pub async fn run_batch(&self, asker: &Asker<'_>, feed: &FeedId, run: &RunId) -> Told<Option<PastBatch>> {
        let (of, id) = (feed.clone(), run.clone());
        let read = |context: Arc<Context>| async move { told(context.run_batch(&of, &id).await) };
        asker.ask(&self.batches, (feed.clone(), run.clone()), read).await
    }

    /// The runs of the reports in which a run may be.
    pub async fn reported(&self, asker: &Asker<'_>, place: &InReports) -> Told<Vec<RunEntry>> {
        let at = place.clone();
        let read = |context: Arc<Context>| async move {
            match at {
                InReports::OfTick(tick) => told(context.tick_runs(&tick).await.map(Option::unwrap_or_default)),
                InReports::Around(run) => told(context.history(&runs_page::around(&run)).await).and_then(among_few),
            }
        };
        asker.ask(&self.reports, place.clone(), read).await
    }
}

/// The runs of the reports that were read; a complaint where none of them has the run, and there are more.
fn among_few(look: Arc<HistoryLook>) -> Told<Vec<RunEntry>> {
    match look.next {
        Some(_) if look.runs.is_empty() => Err(Complaint {
            message: "it is not among the few reports that were read".to_owned(),
            hint: "come to this page from the list of runs: its links say which report it is".to_owned(),
        }),
        _ => Ok(Arc::new(look.runs.clone())),
    }
}
