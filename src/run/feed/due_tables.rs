//! Which tables of a feed a run is for.

use time::OffsetDateTime;

use crate::batch::Loading;
use crate::model::TableSpec;
use crate::run::feed::Run;
use crate::run::order::{Guard, Mode};
use crate::run::set_aside::must_wait;
use crate::run::when_due::rest;
use crate::state::{Handle, StateDocument};

impl Run<'_> {
    /// The tables this run is for; those of a shared feed come and go each by itself.
    pub(in crate::run) fn due_tables(&self) -> Vec<TableSpec> {
        let document = self.state.as_ref().map(Handle::document);
        let tables = self.feed.tables.iter().filter(|t| !self.is_paused(t));
        tables.filter(|spec| self.order.mode != Mode::IfDue || self.is_due(spec, document)).cloned().collect()
    }

    pub(in crate::run) fn is_paused(&self, spec: &TableSpec) -> bool {
        self.state.as_ref().is_some_and(|s| s.document().notes.paused.contains_key(&spec.target))
    }

    fn is_due(&self, spec: &TableSpec, document: Option<&StateDocument>) -> bool {
        let now = OffsetDateTime::now_utc();
        let waits = self.order.guard == Guard::On && document.is_some_and(|d| must_wait(&d.aside, spec, now));
        if waits {
            return false;
        }
        let Some(every) = spec.every.filter(|_| self.loading(&spec.target).is_none()) else { return true };
        let committed = document.and_then(|d| d.watermark.as_ref()).and_then(|w| w.standing(&spec.target));
        let Some(last) = committed.map(|s| s.taken_at).max(self.context.last_success(&spec.target)) else {
            return true;
        };
        now - last >= rest(every)
    }

    /// How far a table's load in chunks has come.
    pub(in crate::run) fn loading(&self, target: &str) -> Option<&Loading> {
        let watermark = self.state.as_ref()?.document().watermark.as_ref()?;
        watermark.tables.get(target)?.loading.as_ref()
    }
}
