//! What has failed in a span.

use std::collections::BTreeMap;

use serde::Serialize;
use time::OffsetDateTime;

use crate::run::history::RunEntry;
use crate::run::report::RunState;
use crate::run::status::FeedStatus;
use crate::state::Complaint;

/// So many are told: more say no more.
const MOST: usize = 100;

/// A table, or a feed that tables share, of which runs have failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failed {
    pub source: String,
    pub runs: u64,
    #[serde(with = "time::serde::rfc3339")]
    pub first: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub last: OffsetDateTime,
    /// What the last one failed with.
    pub error: Complaint,
    /// A later run has done its work.
    pub has_recovered: bool,
}

/// What has failed so far.
#[derive(Default)]
pub(super) struct Failures {
    by_source: BTreeMap<String, Failed>,
    /// When a run of the source was last well.
    well: BTreeMap<String, OffsetDateTime>,
}

impl Failures {
    pub fn add(&mut self, entry: &RunEntry) {
        let run = &entry.report;
        // One that was paused, or met another at work, has done nothing.
        if run.is_well() && matches!(run.state, RunState::Done | RunState::Empty) {
            let at = self.well.entry(run.source.clone()).or_insert(run.started);
            *at = run.started.max(*at);
        }
        let own = run.error.iter().map(|e| (&run.source, &e.message, &e.hint));
        let aside = run.aside.iter().map(|a| (&a.source, &a.message, &a.hint));
        let postponed = run.postponed.iter().map(|p| (&p.source, &p.message, &p.hint));
        for (source, message, hint) in own.chain(aside).chain(postponed) {
            let error = || Complaint { message: message.clone(), hint: hint.clone() };
            let at = run.started;
            match self.by_source.get_mut(source) {
                None => {
                    let (source, error) = (source.clone(), error());
                    let failed =
                        Failed { source: source.clone(), runs: 1, first: at, last: at, error, has_recovered: false };
                    self.by_source.insert(source, failed);
                }
                Some(known) => {
                    if at > known.last {
                        known.error = error();
                    }
                    (known.runs, known.first, known.last) = (known.runs + 1, known.first.min(at), known.last.max(at));
                }
            }
        }
    }

    /// Those that have not recovered first, then by how often they failed. A run that found nothing leaves no report, and one of a shared
    /// feed names only the tables that it wrote: so where the tables stand now counts as well.
    pub fn all(self, status: &[FeedStatus]) -> Vec<Failed> {
        let Self { by_source, well } = self;
        let recovered = |f: &Failed| {
            let ran_well = well.get(&f.source).is_some_and(|at| *at > f.last);
            // What is paused has no runs, and none that could show that it is well.
            let own = status.iter().filter(|s| s.source == f.source || s.feed == f.source);
            let mut own = own.filter(|s| s.paused_since.is_none()).peekable();
            match own.peek() {
                Some(_) => {
                    own.all(|s| s.complaint().is_none() && (ran_well || s.checked.is_some_and(|at| at > f.last)))
                }
                None => ran_well,
            }
        };
        let mut all: Vec<Failed> =
            by_source.into_values().map(|f| Failed { has_recovered: recovered(&f), ..f }).collect();
        all.sort_by_key(|f| (f.has_recovered, std::cmp::Reverse(f.runs)));
        all.truncate(MOST);
        all
    }
}
