//! A run that compares its tables with their source: whole, or a stretch of keys after the other while there is time.

use time::OffsetDateTime;

use super::bills::Bills;
use crate::batch::TableMark;
use crate::failpoint::{Effect, around, lets};
use crate::model::{CompareDocuments, IgnoredDeletes, Repair, TableSpec, Verification, VerifyLevel};
use crate::run::error::RunError;
use crate::run::feed::Run;
use crate::run::order::Mode;
use crate::run::report::{VerifyReport, timed};
use crate::run::verbs::lease::keep_lease;
use crate::run::verify::{Asked, Compared, Complete, Ground, Judged, Looked, Verdict, judge, report};
use crate::run::when_due::rest;
use crate::state::{Handle, ReconcileOutcome, Reconciled, TableNote, Told, Verifying};

/// How a table is compared whose `reconcile_every` has passed: whatever differs is read again, and what only the target has goes.
const RECONCILE: Verification = Verification {
    level: VerifyLevel::Values,
    repair: Repair::Yes,
    ignored_deletes: IgnoredDeletes::Differ,
    documents: CompareDocuments::Structure,
};

impl Run<'_> {
    /// Goes on with comparisons that are not through, and begins those whose `verify_every` has passed, where there is time left.
    pub(in crate::run) async fn verify_what_is_due(&mut self) -> Result<(), RunError> {
        let now = OffsetDateTime::now_utc();
        if now - self.started >= self.context.config.run.budget / 4 {
            return self.stage_what_is_due().await;
        }
        let Some(document) = self.state.as_ref().map(Handle::document).filter(|_| self.keys.is_none()) else {
            return Ok(());
        };
        let due = |spec: &TableSpec| {
            let note = document.notes.tables.get(&spec.target);
            let so_far = note.and_then(|n| n.verifying.clone());
            let last = note.and_then(|n| n.compared.max(n.verified.as_ref().map(|v| v.at)));
            let is_due = spec.verify_every.is_some_and(|every| last.is_none_or(|at| now - at >= rest(every)));
            let reconciles = self.to_compare.contains(&spec.target).then_some(RECONCILE);
            let asked = so_far.as_ref().map(|v| v.asked).or(reconciles).or(is_due.then(Verification::default))?;
            Some(Asked::new(spec.clone(), asked, so_far))
        };
        let due: Vec<Asked> = self.feed.tables.iter().filter_map(due).collect();
        // Of one that can't be compared now the next tick is asked again, silently.
        let (ready, _) = self.comparable(due);
        self.compare(ready).await
    }

    /// A feed whose runs leave no time for a comparison has its tables staged, as those that can't be compared.
    async fn stage_what_is_due(&mut self) -> Result<(), RunError> {
        let mut told = Told::default();
        for target in std::mem::take(&mut self.to_compare) {
            told.reconciled.insert(target, not_compared());
        }
        match self.state.as_mut().filter(|_| !told.reconciled.is_empty()) {
            Some(state) => Ok(state.conclude(&told).await?),
            None => Ok(()),
        }
    }

    /// Compares the tables, once they are up to date. One whose comparison goes on, asked for in the same way, is not begun again.
    pub(in crate::run) async fn verify(&mut self, asked: Verification) -> Result<(), RunError> {
        let all = self.feed.tables.iter().map(|spec| {
            let so_far = self.noted(&spec.target).and_then(|n| n.verifying.clone()).filter(|v| v.asked == asked);
            Asked::new(spec.clone(), asked, so_far)
        });
        let (ready, reports) = self.comparable(all.collect());
        self.tell(reports);
        self.compare(ready).await
    }

    /// Where nothing is read, nothing is compared either.
    pub(in crate::run) fn tell_of_not_compared(&mut self) {
        if let Some(asked) = self.order.verify {
            let all = self.feed.tables.iter().map(|spec| Asked::new(spec.clone(), asked, None));
            let (_, reports) = self.comparable(all.collect());
            self.report_verified(reports, &[]);
        }
    }

    pub(super) fn noted(&self, target: &str) -> Option<&TableNote> {
        self.state.as_ref()?.document().notes.tables.get(target)
    }

    /// The tables that stand somewhere, and why the others can't be compared.
    fn comparable(&self, tables: Vec<Asked>) -> (Vec<Asked>, Vec<VerifyReport>) {
        let Some(document) = self.state.as_ref().map(Handle::document) else { return (Vec::new(), Vec::new()) };
        let (mut ready, mut reports) = (Vec::new(), Vec::new());
        for asked in tables {
            let spec = &asked.spec;
            let mark = document.watermark.as_ref().and_then(|w| w.tables.get(&spec.target));
            let reason = match mark {
                _ if self.is_paused(spec) => "it is paused",
                _ if document.aside.contains_key(&spec.target) => "it is set aside",
                _ if self.postponed.iter().any(|(p, _)| p == spec) => "something is in its way",
                None => "it was never loaded",
                Some(mark) => match goes_on(mark) {
                    Some(reason) => reason,
                    None => {
                        ready.push(asked);
                        continue;
                    }
                },
            };
            let target = self.context.bigquery.target(&spec.target).to_string();
            reports.push(VerifyReport::not_compared(spec.source.to_string(), target, asked.asked.level, reason));
        }
        (ready, reports)
    }

    /// Looks at all, and at the next stretches of those that have some, until the time is up.
    async fn compare(&mut self, tables: Vec<Asked>) -> Result<(), RunError> {
        self.order.mode = Mode::Now;
        let mut going = tables;
        while !going.is_empty() {
            let bills = Bills::of(self.context, &going);
            let looked = self.look_first(going).await;
            let Looked { mut compared, failed } = looked.inspect_err(|_| self.tell_bills(&bills))?;
            if compared.iter().any(|c| c.look.again.is_some()) {
                self.look_again(&mut compared).await.inspect_err(|_| self.tell_bills(&bills))?;
            }
            if compared.iter().any(is_to_be_repaired)
                && let Err(e) = self.repair(&mut compared).await
            {
                let for_reconcile = compared.iter().filter(|c| c.asked() == RECONCILE && is_to_be_repaired(c));
                let told = for_reconcile.map(|c| (c.spec.target.clone(), not_compared()));
                let told = Told { reconciled: told.collect(), ..Told::default() };
                if let Some(state) = self.state.as_mut().filter(|_| !told.reconciled.is_empty()) {
                    state.conclude(&told).await?;
                }
                self.tell_bills(&bills);
                return Err(e);
            }
            let failed = failed.into_iter().map(|(target, report)| (target, bills.with(report)));
            going = self.conclude(compared, failed.collect()).await?;
        }
        Ok(())
    }

    async fn look_first(&mut self, tables: Vec<Asked>) -> Result<Looked, RunError> {
        let (tables, late) = self.applied(tables).await?;
        let Some(state) = self.state.as_mut() else { return Ok(Looked::default()) };
        timed(&mut self.verb_seconds.lease, state.take_lease(&self.id)).await?;
        let session = self.context.session(&self.feed.id).await?;
        let moment = session.begin().await?;
        let period = state.renewal_period();
        let looks = self.context.look_at_all(&session, &moment, tables);
        let looked = keep_lease(state, &self.id, period, looks).await?;
        session.end().await?;
        self.context.keep(&self.feed.id, session);
        Ok(Looked { failed: looked.failed.into_iter().chain(late).collect(), ..looked })
    }

    /// Another run, whose snapshot notes what differed; then what the target has.
    async fn look_again(&mut self, compared: &mut [Compared]) -> Result<(), RunError> {
        let doubts = compared.iter().filter_map(|c| Some((c.spec.target.clone(), c.look_again()?)));
        self.again = doubts.collect();
        let due: Vec<TableSpec> = compared.iter().filter(|c| c.look.again.is_some()).map(|c| c.spec.clone()).collect();
        self.run_and_judge(due, compared).await?;
        for c in compared {
            let noted = self.noted(&c.spec.target).and_then(|n| n.verifying.as_ref());
            let is_same = c.so_far.after.is_none() || noted.is_some_and(|v| v.after == c.so_far.after);
            c.ground = if is_same { Ground::Same } else { Ground::FilledAnew };
        }
        Ok(())
    }

    pub(super) async fn run_and_judge(
        &mut self,
        due: Vec<TableSpec>,
        compared: &mut [Compared],
    ) -> Result<(), RunError> {
        if let Some(state) = self.state.as_mut() {
            state.release().await?;
        }
        // Somebody may have paused it meanwhile: that write has brought the notes along.
        let due: Vec<TableSpec> = due.into_iter().filter(|t| !self.is_paused(t)).collect();
        self.noted.clear();
        self.id = self.context.new_run(OffsetDateTime::now_utc());
        let targets: Vec<String> = due.iter().map(|t| t.target.clone()).collect();
        self.at_hand.clone_from(&targets);
        self.capture_and_apply(due).await?;
        let mut noted = std::mem::take(&mut self.noted);
        let again = std::mem::take(&mut self.again);
        let mut unseen = Vec::new();
        for c in compared.iter().filter(|c| again.contains_key(&c.spec.target)) {
            if self.why_not_seen(&c.spec).await?.is_some() {
                unseen.push(c.spec.target.clone());
            }
        }
        let Some(state) = self.state.as_mut() else { return Ok(()) };
        // Fails where another run has written the target since.
        state.take_lease(&self.id).await?;
        let (period, bigquery) = (state.renewal_period(), &self.context.bigquery);
        let marks = state.document().watermark.iter().flat_map(|w| &w.tables);
        // One that was set aside stands nowhere any more.
        let settled: Vec<String> =
            marks.filter(|(_, mark)| goes_on(mark).is_none()).map(|(target, _)| target.clone()).collect();
        let judging = async {
            for c in compared.iter_mut() {
                let Some(again) = again.get(&c.spec.target) else { continue };
                let is_settled = settled.contains(&c.spec.target) && !unseen.contains(&c.spec.target);
                let noted = noted.remove(&c.spec.target).filter(|_| is_settled);
                let Some(source) = noted else {
                    // It was left out of the run, set aside, is read a part at a time, or BigQuery has not applied it: nobody knows.
                    (c.is_all, c.judged, c.judged_again) = (Complete::No, Judged::default(), false);
                    continue;
                };
                let target = again.what.of_target(bigquery, &c.target()).await?;
                c.judged = judge(source, target, &c.columns, c.key_len);
                c.is_all = again.what.is_all();
                c.judged_again = true;
            }
            Ok(())
        };
        keep_lease(state, &self.id, period, around(Effect::SecondLook, judging)).await
    }

    /// Notes what was found and tells of it; the tables that go on at once.
    async fn conclude(
        &mut self,
        compared: Vec<Compared>,
        failed: Vec<(String, VerifyReport)>,
    ) -> Result<Vec<Asked>, RunError> {
        let mut told = told_of(compared.iter());
        let (ended, mut reports): (Vec<String>, Vec<VerifyReport>) = failed.into_iter().unzip();
        // What can't be compared is not tried again by each tick.
        for target in ended {
            let was_due = self.to_compare.contains(&target)
                || self.noted(&target).and_then(|n| n.verifying.as_ref()).is_some_and(|v| v.asked == RECONCILE);
            if was_due {
                told.reconciled.insert(target.clone(), not_compared());
            }
            told.compared.insert(target.clone(), OffsetDateTime::now_utc());
            told.verifying.insert(target, None);
        }
        let mut going = Vec::new();
        for c in &compared {
            let (spec, asked) = (c.spec.clone(), c.asked());
            let so_far = match c.verdict() {
                Verdict::GoesOn => Some(c.gone_on()),
                Verdict::StartsAgain => {
                    let noted = self.noted(&spec.target).and_then(|n| n.verifying.clone());
                    let again = noted.map(|place| c.billed_at(place));
                    told.verifying.insert(spec.target.clone(), again.clone());
                    again
                }
                Verdict::Through | Verdict::Unknown => {
                    reports.push(report(c));
                    continue;
                }
            };
            going.push((Asked::new(spec, asked, so_far), report(c)));
        }
        let has_time = OffsetDateTime::now_utc() - self.started < self.context.config.run.budget / 2;
        let goes_on = !going.is_empty() && has_time && lets(Effect::Stretch).await;
        let Some(state) = self.state.as_mut() else { return Ok(Vec::new()) };
        if goes_on {
            timed(&mut self.verb_seconds.commit, state.note(&self.id, &told)).await?;
            self.tell(reports);
            return Ok(going.into_iter().map(|(asked, _)| asked).collect());
        }
        // The report of this run tells what was billed so far.
        told.verifying.values_mut().for_each(|v| *v = v.take().map(Verifying::reported));
        timed(&mut self.verb_seconds.commit, state.conclude(&told)).await?;
        let targets: Vec<String> = going.iter().map(|(asked, _)| asked.spec.target.clone()).collect();
        reports.extend(going.into_iter().map(|(_, report)| report));
        reports.iter().for_each(VerifyReport::log);
        self.report_verified(reports, &targets);
        Ok(Vec::new())
    }

    pub(super) fn tell(&mut self, reports: Vec<VerifyReport>) {
        if !reports.is_empty() {
            reports.iter().for_each(VerifyReport::log);
            self.report_verified(reports, &[]);
        }
    }
}

pub(super) fn is_to_be_repaired(c: &Compared) -> bool {
    c.asked().repair == Repair::Yes && c.ground == Ground::Same && c.differing() > 0
}

/// It is to be staged instead.
fn not_compared() -> Reconciled {
    Reconciled { at: OffsetDateTime::now_utc(), outcome: ReconcileOutcome::NotCompared }
}

/// What the state is told of tables that were looked at.
pub(super) fn told_of<'a>(compared: impl Iterator<Item = &'a Compared>) -> Told {
    let mut told = Told::default();
    for c in compared {
        let target = &c.spec.target;
        let so_far: Option<Verifying> = match c.verdict() {
            Verdict::GoesOn => Some(c.gone_on()),
            Verdict::Through => {
                told.verified.extend(report(c).note.map(|note| (target.clone(), note)));
                told.compared.insert(target.clone(), c.taken_at);
                if c.asked() == RECONCILE {
                    let outcome = ReconcileOutcome::Compared;
                    told.reconciled.insert(target.clone(), Reconciled { at: c.taken_at, outcome });
                }
                None
            }
            Verdict::Unknown => {
                told.compared.insert(target.clone(), c.taken_at);
                match c.asked() == RECONCILE {
                    true => {
                        told.reconciled.insert(target.clone(), not_compared());
                        None
                    }
                    // Who asks again looks at the same stretch.
                    false if c.so_far.after.is_some() || c.so_far.found.bytes_billed.is_some() => {
                        Some(c.billed_at(c.so_far.clone()).reported())
                    }
                    false => continue,
                }
            }
            Verdict::StartsAgain => continue,
        };
        told.verifying.insert(target.clone(), so_far);
    }
    told
}

/// Why a table is not all in BigQuery yet.
fn goes_on(mark: &TableMark) -> Option<&'static str> {
    let round = mark.lists().and_then(|d| d.round.as_ref());
    mark.loading
        .as_ref()
        .map(|_| "its load goes on")
        .or(round.map(|_| "it is looked at a part at a time, and not all of it yet"))
}
