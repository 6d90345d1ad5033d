//! What a run tells: its report, and what this process and the state remember of how it went.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use tracing::info;

use crate::model::TableSpec;
use crate::run::cancel_statement::LAST_WORDS;
use crate::run::error::RunError;
use crate::run::feed::Run;
use crate::run::report::{
    AsideReport, Failure, LoadingReport, PausedReport, PostponedReport, RunReport, RunState, TableReport, VerifyReport,
    seconds_since,
};
use crate::state::{Complaint, Figures, Handle, Newborn, Notes, PastRun, annotate};

impl Run<'_> {
    /// What is set aside or loading is not ready, however lately it was.
    fn note_trouble(&self) {
        if let Some(document) = self.state.as_ref().map(Handle::document) {
            self.context.note_state(document);
        }
    }

    /// Leaves word of a failure in the state, for whoever looks later: this process may be gone by then.
    pub(in crate::run) async fn note_failure(&self, error: &RunError) {
        let complaint = Complaint { message: error.to_string(), hint: error.hint() };
        self.context.note_failure(&self.feed.id, Some(complaint.clone()));
        let past = PastRun {
            tables: self.shares(&self.at_hand),
            ..PastRun::of(&self.id, seconds_since(self.started), Some(complaint))
        };
        let (store, writer) = (&self.store, self.context.new_holder());
        let noted =
            annotate(store, &self.feed.id, &writer, Newborn::Create, |notes: &mut Notes| notes.add(past.clone()));
        // The log has it anyway.
        if let Ok(Err(e)) = tokio::time::timeout(LAST_WORDS, noted).await {
            info!(reason = %e, "the failure is not noted in the state");
        }
    }

    /// How a note names the tables that a run was for, and has not changed: not at all, where they are all that the feed has.
    pub(super) fn shares(&self, targets: &[String]) -> BTreeMap<String, Figures> {
        let mut all = self.context.config.tables.iter().filter(|t| t.feed() == self.feed.id);
        if targets.is_empty() || all.all(|t| targets.contains(&t.target)) {
            return BTreeMap::new();
        }
        targets.iter().map(|t| (t.clone(), Figures::default())).collect()
    }

    pub(in crate::run) fn report(&mut self, state: RunState, tables: Vec<TableReport>, failure: Option<&RunError>) {
        tracing::Span::current().record("run", self.id.as_str());
        self.note_trouble();
        let writes = self.store.writes();
        let aside = self.state.iter().flat_map(|s| s.document().aside.iter());
        let report = RunReport {
            whole: self.whole_text().filter(|_| state != RunState::Busy),
            replayed: self.replayed,
            caveats: if self.replayed || state == RunState::Busy { Vec::new() } else { self.caveats.clone() },
            error: failure.map(Failure::from),
            verb_seconds: std::mem::take(&mut self.verb_seconds),
            storage_writes: writes - self.writes_told,
            age_seconds: self.age(),
            lease_seconds: self.others_lease().filter(|_| state == RunState::Busy),
            free_at: self.others_end().filter(|_| state == RunState::Busy),
            log: self.log,
            aside: aside.map(|(target, a)| AsideReport::new(target, a)).collect(),
            loading: self.loading_reports(),
            goes_on: std::mem::take(&mut self.goes_on),
            paused: match state {
                RunState::Paused => self.paused_reports(),
                _ => Vec::new(),
            },
            postponed: self.postponed.iter().map(|(spec, e)| PostponedReport::new(spec, e)).collect(),
            tables,
            ..RunReport::new(self.id.clone(), self.feed.id.clone(), self.feed.label(), state, self.step_began)
        };
        self.writes_told = writes;
        self.step_began = OffsetDateTime::now_utc();
        self.context.progress.ended(&self.feed.id, report.state.name());
        report.log();
        self.reports.push(report);
    }

    /// Adds what was compared to the report of the run before, or to one of its own; and the targets whose comparison goes on.
    pub(in crate::run) fn report_verified(&mut self, verified: Vec<VerifyReport>, goes_on: &[String]) {
        if self.reports.last().is_none_or(|r| r.state == RunState::Failed) {
            self.report(RunState::Empty, Vec::new(), None);
        }
        if let Some(last) = self.reports.last_mut() {
            last.verified.extend(verified);
            last.goes_on.extend(goes_on.iter().cloned());
            let writes = self.store.writes();
            last.storage_writes += writes - self.writes_told;
            self.writes_told = writes;
            last.seconds = seconds_since(last.started);
        }
    }

    /// Seconds since the moment of the source up to which BigQuery has all tables of the feed that were ever loaded.
    fn age(&self) -> Option<i64> {
        let document = self.state.as_ref()?.document();
        let standing = |t: &TableSpec| document.watermark.as_ref()?.standing(&t.target).map(|s| s.taken_at);
        let seen = |t: &TableSpec| standing(t).max(self.context.last_success(&t.target));
        let each = self.feed.tables.iter().filter(|t| !self.is_paused(t)).filter_map(seen);
        each.min().map(|oldest| (OffsetDateTime::now_utc() - oldest).whole_seconds().max(0))
    }

    /// Seconds for which another run has had the feed.
    fn others_lease(&self) -> Option<i64> {
        let now = OffsetDateTime::now_utc();
        let lease = || self.state.as_ref()?.document().live_lease(now)?.run.started();
        self.busy_since.or_else(lease).map(|began| (now - began).whole_seconds().max(0))
    }

    /// When the lease of another process ends, unless it is renewed.
    fn others_end(&self) -> Option<OffsetDateTime> {
        let document = self.state.as_ref().filter(|_| self.busy_since.is_none())?.document();
        document.live_lease(OffsetDateTime::now_utc()).map(|lease| lease.until)
    }

    fn paused_reports(&self) -> Vec<PausedReport> {
        let Some(state) = &self.state else { return Vec::new() };
        let paused = |spec: &TableSpec| Some(PausedReport::new(spec, state.document().notes.paused.get(&spec.target)?));
        self.feed.tables.iter().filter_map(paused).collect()
    }

    fn loading_reports(&self) -> Vec<LoadingReport> {
        let marks = self.state.iter().filter_map(|s| s.document().watermark.as_ref()).flat_map(|w| &w.tables);
        let each = marks.filter_map(|(target, mark)| Some((target, mark.loading.as_ref()?)));
        let tables = &self.context.config.tables;
        let source = |target: &String| {
            let spec = tables.iter().find(|t| t.target == *target);
            spec.map_or(target.clone(), |t| t.source.to_string())
        };
        each.map(|(target, l)| LoadingReport { source: source(target), target: target.clone(), rows: l.rows }).collect()
    }

    /// Why tables were read whole: of a shared feed each with its name.
    fn whole_text(&self) -> Option<String> {
        if self.whole.is_empty() || self.replayed {
            return None;
        }
        let each = self.whole.iter().map(|(target, why)| match self.feed.is_shared() {
            true => format!("{target}: {}", why.text()),
            false => why.text().to_owned(),
        });
        Some(each.collect::<Vec<_>>().join("; "))
    }
}
