//! A run that compares its tables with their source, and repairs them where it is asked to.

use std::collections::BTreeMap;
use std::sync::Arc;

use time::OffsetDateTime;

use crate::batch::TableMark;
use crate::bigquery::Billed;
use crate::capture::keyed::{GivenKeys, KeysAtHand};
use crate::model::{CaptureKind, Repair, TableSpec, Verification};
use crate::run::error::RunError;
use crate::run::feed::Run;
use crate::run::look_at_table::InSource;
use crate::run::order::Mode;
use crate::run::report::{VerifyReport, timed};
use crate::run::verbs::lease::keep_lease;
use crate::run::verify::{Again, Compared, Complete, Difference, FirstLook, Judged, first_look, judge, report};
use crate::run::when_due::rest;
use crate::source::{Catalog, Moment, Session, compared_columns};
use crate::state::{Handle, Told};

impl Run<'_> {
    /// Compares the tables whose `verify_every` has passed, where there is time left.
    pub(in crate::run) async fn verify_what_is_due(&mut self) -> Result<(), RunError> {
        let now = OffsetDateTime::now_utc();
        let has_time = now - self.started < self.context.config.run.budget / 4;
        let Some(document) = self.state.as_ref().map(Handle::document).filter(|_| has_time && self.keys.is_none())
        else {
            return Ok(());
        };
        let is_due = |spec: &&TableSpec| {
            let note = document.notes.tables.get(&spec.target);
            let last = note.and_then(|n| n.verified.as_ref()).map(|v| v.at);
            spec.verify_every.is_some_and(|every| last.is_none_or(|at| now - at >= rest(every)))
        };
        let due: Vec<TableSpec> = self.feed.tables.iter().filter(is_due).cloned().collect();
        let asked = Verification::default();
        // Of one that can't be compared now the next tick is asked again, silently.
        let (ready, _) = self.comparable(asked, &due);
        if ready.is_empty() { Ok(()) } else { self.verify(asked, ready).await }
    }

    /// Compares tables, once they are up to date.
    pub(in crate::run) async fn verify(&mut self, asked: Verification, tables: Vec<TableSpec>) -> Result<(), RunError> {
        self.order.mode = Mode::Now;
        let (ready, mut reports) = self.comparable(asked, &tables);
        if !ready.is_empty() {
            let (mut compared, failed) = self.look_first(ready, asked).await?;
            reports.extend(failed);
            if compared.iter().any(|c| c.look.again.is_some()) {
                self.look_again(&mut compared).await?;
            }
            if asked.repair == Repair::Yes && compared.iter().any(|c| self.is_to_be_repaired(c, asked)) {
                self.repair(&mut compared, asked).await?;
            }
            reports.extend(compared.into_iter().map(|c| report(c, asked)));
            let notes = reports.iter().filter_map(|r| Some((self.target_of(&r.source)?, r.note.clone()?)));
            let told = Told { verified: notes.collect(), ..Told::default() };
            if let Some(state) = self.state.as_mut() {
                timed(&mut self.verb_seconds.commit, state.conclude(&told)).await?;
            }
        }
        reports.iter().for_each(VerifyReport::log);
        self.report_verified(reports);
        Ok(())
    }

    /// Where nothing is read, nothing is compared either.
    pub(in crate::run) fn tell_of_not_compared(&mut self) {
        if let Some(asked) = self.order.verify {
            let (_, reports) = self.comparable(asked, &self.feed.tables);
            self.report_verified(reports);
        }
    }

    fn target_of(&self, source: &str) -> Option<String> {
        self.feed.tables.iter().find(|t| t.source.to_string() == source).map(|t| t.target.clone())
    }

    /// The tables that stand somewhere, and why the others can't be compared.
    fn comparable(&self, asked: Verification, tables: &[TableSpec]) -> (Vec<TableSpec>, Vec<VerifyReport>) {
        let Some(document) = self.state.as_ref().map(Handle::document) else { return (Vec::new(), Vec::new()) };
        let (mut ready, mut reports) = (Vec::new(), Vec::new());
        for spec in tables {
            let mark = document.watermark.as_ref().and_then(|w| w.tables.get(&spec.target));
            let reason = match mark {
                _ if self.is_paused(spec) => "it is paused",
                _ if document.aside.contains_key(&spec.target) => "it is set aside",
                _ if self.postponed.iter().any(|(p, _)| p == spec) => "something is in its way",
                None => "it was never loaded",
                Some(mark) => match goes_on(mark) {
                    Some(reason) => reason,
                    None => {
                        ready.push(spec.clone());
                        continue;
                    }
                },
            };
            let target = self.context.bigquery.target(&spec.target).to_string();
            reports.push(VerifyReport::not_compared(spec.source.to_string(), target, asked.level, reason));
        }
        (ready, reports)
    }

    async fn look_first(&mut self, tables: Vec<TableSpec>, asked: Verification) -> Result<Looked, RunError> {
        let Some(state) = self.state.as_mut() else { return Ok((Vec::new(), Vec::new())) };
        timed(&mut self.verb_seconds.lease, state.take_lease(&self.id)).await?;
        let session = self.context.session(&self.feed.id).await?;
        let moment = session.begin().await?;
        let period = state.renewal_period();
        let looks = self.context.look_at_all(&session, &moment, tables, asked);
        let compared = keep_lease(state, &self.id, period, looks).await?;
        session.end().await?;
        self.context.keep(&self.feed.id, session);
        Ok(compared)
    }

    /// Another run, whose snapshot notes what differed; then what the target has.
    async fn look_again(&mut self, compared: &mut [Compared]) -> Result<(), RunError> {
        let doubts = compared.iter().filter_map(|c| Some((c.spec.target.clone(), c.look.again.clone()?)));
        self.again = doubts.collect();
        let due: Vec<TableSpec> = compared.iter().filter(|c| c.look.again.is_some()).map(|c| c.spec.clone()).collect();
        self.run_and_judge(due, compared).await
    }

    async fn run_and_judge(&mut self, due: Vec<TableSpec>, compared: &mut [Compared]) -> Result<(), RunError> {
        if let Some(state) = self.state.as_mut() {
            state.release().await?;
        }
        self.noted.clear();
        self.id = self.context.new_run(OffsetDateTime::now_utc());
        let targets: Vec<String> = due.iter().map(|t| t.target.clone()).collect();
        self.at_hand.clone_from(&targets);
        self.capture_and_apply(due).await?;
        let mut noted = std::mem::take(&mut self.noted);
        let again = std::mem::take(&mut self.again);
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
                let noted = noted.remove(&c.spec.target).filter(|_| settled.contains(&c.spec.target));
                let Some(source) = noted else {
                    // It was left out of the run, set aside, or is read a part at a time: nobody knows.
                    (c.is_all, c.judged) = (Complete::No, Judged::default());
                    continue;
                };
                let target = again.of_target(bigquery, &c.target()).await?;
                c.judged = judge(source, target, &c.columns, c.key_len);
                c.is_all = again.is_all();
            }
            Ok(())
        };
        keep_lease(state, &self.id, period, judging).await
    }

    fn is_to_be_repaired(&self, c: &Compared, asked: Verification) -> bool {
        let Judged { missing, extra, different, .. } = c.judged;
        missing + different + if c.ignores_deletes(asked) { 0 } else { extra } > 0
    }

    /// Reads again what differs, by its keys where those are known, and compares that once more.
    async fn repair(&mut self, compared: &mut [Compared], asked: Verification) -> Result<(), RunError> {
        let before: BTreeMap<String, u64> = compared.iter().map(|c| (c.spec.target.clone(), c.judged.rows())).collect();
        let (mut given, mut by_key, mut whole) = (GivenKeys::default(), Vec::new(), Vec::new());
        let mut again = BTreeMap::new();
        for c in compared.iter().filter(|c| self.is_to_be_repaired(c, asked)) {
            let leaves_extra = c.ignores_deletes(asked);
            let keys = c.judged.keys.iter().filter(|(_, d)| !leaves_extra || *d != Difference::Extra);
            let keys: Vec<Vec<String>> = keys.map(|(key, _)| key.clone()).collect();
            let is_by_key = matches!(c.look.again, Some(Again::Keys { .. })) && c.is_all == Complete::Yes;
            match is_by_key && c.spec.capture != CaptureKind::Full {
                true => {
                    given = given.with(&c.spec.target, keys);
                    by_key.push(c.spec.clone());
                }
                // Read whole, it would lose the rows that the config lets be.
                false if leaves_extra => continue,
                false => whole.push(c.spec.clone()),
            }
            again.insert(c.spec.target.clone(), c.look.again.clone().unwrap_or(Again::Counts));
        }
        if !by_key.is_empty() {
            self.again = of_these(&again, &by_key);
            self.keys = Some(Arc::new(given));
            let done = self.run_and_judge(by_key, compared).await;
            self.keys = None;
            done?;
        }
        if !whole.is_empty() {
            self.again = of_these(&again, &whole);
            self.order.mode = Mode::Reconcile;
            let done = self.run_and_judge(whole, compared).await;
            self.order.mode = Mode::Now;
            done?;
        }
        for c in compared {
            let then = before.get(&c.spec.target).copied().unwrap_or(0);
            c.repaired = then.saturating_sub(c.judged.rows());
        }
        Ok(())
    }
}

/// What was looked at, and what could not be.
type Looked = (Vec<Compared>, Vec<VerifyReport>);

/// Why a table is not all in BigQuery yet.
fn goes_on(mark: &TableMark) -> Option<&'static str> {
    let round = mark.digest().and_then(|d| d.round.as_ref());
    mark.loading
        .as_ref()
        .map(|_| "its load goes on")
        .or(round.map(|_| "it is looked at a part at a time, and not all of it yet"))
}

fn of_these(again: &BTreeMap<String, Again>, tables: &[TableSpec]) -> BTreeMap<String, Again> {
    let of = |t: &TableSpec| Some((t.target.clone(), again.get(&t.target)?.clone()));
    tables.iter().filter_map(of).collect()
}

impl crate::run::context::Context {
    async fn look_at_all(
        &self,
        session: &Session,
        moment: &Moment,
        tables: Vec<TableSpec>,
        asked: Verification,
    ) -> Result<Looked, RunError> {
        let names: Vec<_> = tables.iter().map(|t| t.source.clone()).collect();
        let catalog = session.read_catalog(&names).await?;
        let (mut compared, mut failed) = (Vec::with_capacity(tables.len()), Vec::new());
        session.savepoint().await?;
        for spec in tables {
            match self.look_at_one(session, moment, &catalog, &spec, asked).await {
                Ok(one) => compared.push(one),
                Err(e) if e.is_transient() => return Err(e),
                // One table's trouble is no other's.
                Err(e) => {
                    session.back_to_savepoint().await?;
                    let (source, target) = (spec.source.to_string(), self.bigquery.target(&spec.target).to_string());
                    failed.push(VerifyReport::not_compared(source, target, asked.level, &e.to_string()));
                }
            }
        }
        Ok((compared, failed))
    }

    async fn look_at_one(
        &self,
        session: &Session,
        moment: &Moment,
        catalog: &Catalog,
        spec: &TableSpec,
        asked: Verification,
    ) -> Result<Compared, RunError> {
        let found = InSource::find(session, catalog, spec, &KeysAtHand::Rows).await?;
        let table = found.table();
        let mut one = Compared {
            target: self.bigquery.target(&spec.target),
            columns: compared_columns(table),
            key_len: found.shape.key_len,
            taken_at: moment.taken_at,
            look: FirstLook::default(),
            judged: Judged::default(),
            is_all: Complete::Yes,
            repaired: 0,
            billed: Billed::default(),
            began: OffsetDateTime::now_utc(),
            spec: spec.clone(),
        };
        one.look = first_look(session, table, &self.bigquery, &one.target(), asked).await?;
        Ok(one)
    }
}
