//! What is known of one run, from the three places where something of it is kept.

use super::looks::{Asker, InReports, Looks};
use super::patience::Told;
use crate::model::RunId;
use crate::run::{Context, PastBatch, RunEntry, RunReport, RunState, TableReport};
use crate::state::{Complaint, PastRun};

/// What is known of a run.
pub(super) struct RunDetail {
    pub feed: String,
    pub run: RunId,
    /// How it ended, by its feed's state.
    pub note: Option<PastRun>,
    /// What it has sealed.
    pub batch: Option<PastBatch>,
    /// Its share of its tick's report.
    pub report: Option<RunReport>,
    /// What could not be read. What is in none of the others may be there.
    pub unread: Vec<Unread>,
}

/// A place that could not be read, and why.
pub(super) struct Unread {
    pub place: &'static str,
    pub complaint: Complaint,
}

/// Nothing is known of a run.
pub(super) enum NotKnown {
    /// It never was, or was long ago.
    NothingIsKept,
    /// What is kept could not be read.
    Unread(Complaint),
}

impl RunDetail {
    pub async fn read(
        context: &Context,
        (shared, asker): (&Looks, &Asker<'_>),
        (feed, run): (String, RunId),
        tick: Option<RunId>,
    ) -> Result<Self, NotKnown> {
        let place = tick.map_or_else(|| InReports::Around(run.clone()), InReports::OfTick);
        let known = context.feed_called(&feed);
        let note = async { Some(shared.run_note(asker, known.as_ref()?, &run).await) };
        let batch = async { Some(shared.run_batch(asker, known.as_ref()?, &run).await) };
        let (note, batch, reported) = tokio::join!(note, batch, shared.reported(asker, &place));
        let mut unread = Vec::new();
        let note = note.and_then(|told| read("The state of its feed", told, &mut unread)).and_then(|n| (*n).clone());
        let batch =
            batch.and_then(|told| read("The folder of its batch", told, &mut unread)).and_then(|b| (*b).clone());
        let reported = read("The report of its tick", reported, &mut unread);
        let is_it = |entry: &&RunEntry| entry.report.run == run && entry.report.feed.as_str() == feed;
        let report = reported.and_then(|all| all.iter().find(is_it).map(|entry| entry.report.clone()));
        if note.is_none() && report.is_none() && batch.as_ref().is_none_or(|b| b.statements.is_empty()) {
            return Err(unread.into_iter().next().map_or(NotKnown::NothingIsKept, |u| NotKnown::Unread(u.complaint)));
        }
        Ok(Self { feed, run, note, batch, report, unread })
    }

    /// What the run did to each table: by the tick's report, or by the one in the batch's folder, which has nothing else.
    pub fn tables(&self) -> Vec<TableReport> {
        if let Some(report) = &self.report {
            return report.tables.clone();
        }
        let stored = self.batch.as_ref().and_then(|b| b.report.as_ref()).map(|r| r["tables"].clone());
        stored.and_then(|tables| serde_json::from_value(tables).ok()).unwrap_or_default()
    }

    pub fn state(&self) -> Option<RunState> {
        let stored = || RunState::parse(self.batch.as_ref()?.report.as_ref()?["state"].as_str()?);
        self.report.as_ref().map(|r| r.state).or_else(stored)
    }
}

/// What was read of a place, or a note that it was not.
fn read<T>(place: &'static str, told: Told<T>, unread: &mut Vec<Unread>) -> Option<std::sync::Arc<T>> {
    told.map_err(|complaint| unread.push(Unread { place, complaint })).ok()
}
