//! Which runs of the history are wanted.

use super::stored::RunEntry;
use crate::model::TableSpec;
use crate::run::report::{RunReport, RunState, TickKind};

/// Which runs are wanted: those to which all of it applies.
#[derive(Clone, Debug, Default)]
pub struct HistoryFilter {
    /// Runs of one of these tables; every run where there is none.
    pub tables: Vec<TableSpec>,
    pub state: Option<RunState>,
    /// What the tick was asked for. A report of an older version does not say.
    pub kind: Option<TickKind>,
    /// Runs that failed, or left a table that waits for something.
    pub only_trouble: bool,
    /// A part of an error, a hint, a feed's or a table's name, in any case.
    pub text: String,
}

impl HistoryFilter {
    pub fn is_wanted(&self, entry: &RunEntry) -> bool {
        let run = &entry.report;
        self.state.is_none_or(|state| run.state == state)
            && (self.kind.is_none() || entry.kind == self.kind)
            && !(self.only_trouble && run.is_well())
            && (self.tables.is_empty() || self.tables.iter().any(|t| concerns(run, t)))
            && has_text(run, &self.text)
    }
}

/// Whether a run has to do with a table. One that failed before it had looked has to do with all tables of its feed.
fn concerns(run: &RunReport, table: &TableSpec) -> bool {
    if run.feed.as_str() == table.target {
        return true;
    }
    let is_named =
        |(source, target): (&str, &str)| is_target(target, &table.target) || *source == table.source.to_string();
    let names = names(run);
    names.iter().copied().any(is_named) || (names.is_empty() && run.feed == table.feed())
}

/// Of reports, some have the whole name of a target and some its last part.
fn is_target(reported: &str, target: &str) -> bool {
    reported == target || reported.rsplit_once('.').is_some_and(|(_, last)| last == target)
}

/// The tables that a report names, each by its source and its target.
fn names(run: &RunReport) -> Vec<(&str, &str)> {
    let tables = run.tables.iter().map(|t| (t.source.as_str(), t.target.as_str()));
    let aside = run.aside.iter().map(|t| (t.source.as_str(), t.target.as_str()));
    let loading = run.loading.iter().map(|t| (t.source.as_str(), t.target.as_str()));
    let postponed = run.postponed.iter().map(|t| (t.source.as_str(), t.target.as_str()));
    let verified = run.verified.iter().map(|t| (t.source.as_str(), t.target.as_str()));
    tables.chain(aside).chain(loading).chain(postponed).chain(verified).collect()
}

fn has_text(run: &RunReport, text: &str) -> bool {
    let text = text.trim().to_lowercase();
    if text.is_empty() {
        return true;
    }
    let said = run.error.iter().flat_map(|e| [e.message.as_str(), e.hint.as_str()]);
    let waiting =
        run.aside.iter().map(|a| (&a.message, &a.hint)).chain(run.postponed.iter().map(|p| (&p.message, &p.hint)));
    let waiting = waiting.flat_map(|(message, hint)| [message.as_str(), hint.as_str()]);
    let names = names(run).into_iter().flat_map(|(source, target)| [source, target]);
    let own = [run.feed.as_str(), run.source.as_str(), run.run.as_str()];
    said.chain(waiting).chain(names).chain(own).any(|have| have.to_lowercase().contains(&text))
}
