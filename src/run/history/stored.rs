//! A report as it is stored.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use crate::model::RunId;
use crate::model::figures::total;
use crate::run::report::{RunReport, TickKind};

/// A run of a tick that is over.
#[derive(Clone, Debug, Serialize)]
pub struct RunEntry {
    pub tick: RunId,
    /// What the tick was asked for; a report of an older version does not say.
    pub kind: Option<TickKind>,
    #[serde(flatten)]
    pub report: RunReport,
}

impl RunEntry {
    /// What BigQuery billed, for writing and for comparing.
    pub fn bytes_billed(&self) -> u64 {
        let written = self.report.tables.iter().filter_map(|t| t.bytes_billed);
        total(written.chain(self.report.verified.iter().filter_map(|v| v.bytes_billed)))
    }

    /// Bytes of part files.
    pub fn staged_bytes(&self) -> u64 {
        total(self.report.tables.iter().map(|t| t.staged_bytes))
    }
}

/// The runs of a report.
#[derive(Clone, Debug)]
pub(in crate::run) struct StoredReport {
    pub runs: Vec<RunEntry>,
    /// When the tick ended; when it began, where the report does not say.
    pub ended: Option<OffsetDateTime>,
    /// Something of it can't be read: another version has written it, or somebody else.
    pub is_partly_read: bool,
}

/// Nothing of an object can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::run) struct Unreadable;

/// What is read of every version. A run is read by itself: one that can't be must not hide the others.
#[derive(Deserialize)]
struct Tick {
    #[serde(default)]
    kind: Value,
    #[serde(default)]
    seconds: Value,
    runs: Vec<Value>,
}

impl StoredReport {
    pub fn parse(tick: &RunId, content: &[u8]) -> Result<Self, Unreadable> {
        let stored: Tick = serde_json::from_slice(content).map_err(|_| Unreadable)?;
        let kind: Option<TickKind> = serde_json::from_value(stored.kind).unwrap_or_default();
        let all = stored.runs.len();
        let length = stored.seconds.as_f64().and_then(|s| Duration::try_from_secs_f64(s).ok()).unwrap_or_default();
        let ended = tick.started().and_then(|began| began.checked_add(length.try_into().ok()?));
        let read = stored.runs.into_iter().filter_map(|run| serde_json::from_value::<RunReport>(run).ok());
        let runs: Vec<RunEntry> = read.map(|report| RunEntry { tick: tick.clone(), kind, report }).collect();
        Ok(Self { is_partly_read: runs.len() < all, ended, runs })
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::model::FeedId;
    use crate::run::report::{RunState, TickReport};

    fn tick() -> RunId {
        RunId::new(datetime!(2026-11-27 10:38:50 UTC), 7)
    }

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let (at, feed) = (datetime!(2026-11-27 10:38:51 UTC), FeedId::of_target("t"));
        let run = RunReport::new(RunId::new(at, 1), feed, "public.t".to_owned(), RunState::Done, at);
        let report = TickReport { kind: TickKind::Resync, ..TickReport::new(at, vec![run]) };
        let content = serde_json::to_value(&report).unwrap();
        let stored = StoredReport::parse(&tick(), content.to_string().as_bytes()).unwrap();
        assert_eq!(stored.runs[0].kind, Some(TickKind::Resync));
        assert_eq!(serde_json::to_value(&stored.runs[0].report).unwrap(), content["runs"][0]);
        assert!(!stored.is_partly_read);
    }

    #[test]
    fn other_versions_are_read_as_far_as_they_go() {
        let old = r#"{"ok":true,"started":"2026-11-20T10:00:00Z","seconds":1,"runs":[
            {"run":"20261120t100000_000000000001","feed":"t","source":"t","state":"done","started":"2026-11-20T10:00:00Z","tables":[{"source":"t","target":"p.d.t","upserts":3}]},
            {"run":"20261120t100000_000000000002","feed":"t","source":"t","state":"from the future","started":"2026-11-20T10:00:00Z"}]}"#;
        let stored = StoredReport::parse(&tick(), old.as_bytes()).unwrap();
        assert_eq!((stored.runs.len(), stored.is_partly_read, stored.runs[0].kind), (1, true, None));
        assert_eq!(stored.runs[0].report.tables[0].upserts, 3);
        for foreign in ["", "{}", "[]", "null", "not json", "{\"runs\":7}"] {
            assert!(StoredReport::parse(&tick(), foreign.as_bytes()).is_err(), "{foreign}");
        }
        let later = StoredReport::parse(&tick(), br#"{"kind":"from the future","runs":[]}"#).unwrap();
        assert!(later.runs.is_empty() && !later.is_partly_read);
    }
}
