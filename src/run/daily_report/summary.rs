//! What there is to say.

use std::collections::BTreeMap;

use serde::Serialize;
use time::{Duration, OffsetDateTime};

use super::failures::{Failed, Failures};
use crate::run::context::Context;
use crate::run::costs::{Costs, Gathered, Sums};
use crate::run::history::{RunEntry, Swept};
use crate::run::report::TableReport;
use crate::run::status::{FeedStatus, Standing};
use crate::state::Complaint;

/// Reports that are read for it, at 0.0004 dollars a thousand.
const MOST_READS: usize = 5000;

/// Tables that are told of, each some 3 kB of text, page and figures, and at most a few times that.
const MOST_TABLES: usize = 500;

/// What happened in a span, and where the tables stand at its end.
#[derive(Clone, Debug, Serialize)]
pub struct DailyReport {
    /// The project and the dataset of the targets.
    pub target: String,
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
    /// Tables that somebody should look at.
    pub trouble: usize,
    pub table_count: usize,
    /// The worst first, 500 at most: Pub/Sub takes no message above 10 MB.
    pub tables: Vec<TableDay>,
    pub failures: Vec<Failed>,
    pub costs: Costs,
    /// Why the reports of runs could not be read: then what is said of runs and costs is not known.
    pub unread: Option<Complaint>,
}

/// A table's day.
#[derive(Clone, Debug, Serialize)]
pub struct TableDay {
    pub source: String,
    pub target: String,
    /// Where it stands now, as `failing`, `late` or `up to date`.
    pub standing: &'static str,
    pub is_trouble: bool,
    /// Since when it stands there, where that is known.
    #[serde(with = "time::serde::rfc3339::option")]
    pub since: Option<OffsetDateTime>,
    /// How old what BigQuery has is, and how old it may be.
    pub age_seconds: Option<i64>,
    pub age_limit_seconds: u64,
    /// What is wrong with it, and what to do.
    pub error: Option<Complaint>,
    /// In what its rows differ from the source, as the last comparison has found.
    pub differs: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub differs_since: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub paused_since: Option<OffsetDateTime>,
    /// Rows that BigQuery could not hold as they are, since all rows were last read.
    pub quarantined: u64,
    /// Runs of the span that did something to it.
    pub runs: u64,
    /// What these have staged, and what they have removed.
    pub upserts: u64,
    pub deletes: u64,
    pub bytes_billed: u64,
}

/// What runs have done to a table.
#[derive(Clone, Copy, Default)]
struct Done {
    runs: u64,
    upserts: u64,
    deletes: u64,
    bytes_billed: u64,
}

impl Context {
    /// What happened since a moment.
    pub async fn daily_report(&self, since: OffsetDateTime) -> DailyReport {
        let (mut sums, mut failures) = (Sums::default(), Failures::default());
        let mut done: BTreeMap<String, Done> = BTreeMap::new();
        let mut unreadable = 0;
        // A report is called by when its tick began, and stored when it has ended: what had not ended when the last mail was made is in none yet.
        let from = since.checked_sub(self.config.run.budget.try_into().unwrap_or_default()).unwrap_or(since);
        let sweep = self.sweep(
            from,
            MOST_READS,
            |_| false,
            |_, report| match report {
                Ok(stored) if stored.ended.is_some_and(|ended| ended < since) => {}
                Ok(stored) => {
                    unreadable += u64::from(stored.is_partly_read);
                    for entry in &stored.runs {
                        sums.add(entry);
                        failures.add(entry);
                        add(&mut done, entry);
                    }
                }
                Err(_) => unreadable += 1,
            },
        );
        let (swept, mut status) = tokio::join!(sweep, self.status());
        let (swept, unread) = match swept {
            Ok(swept) => (swept, None),
            Err(e) => (Swept::default(), Some(Complaint { message: e.to_string(), hint: e.hint() })),
        };
        status.sort_by_key(Standing::of);
        let failures = failures.all(&status);
        let mut tables: Vec<TableDay> =
            status.iter().map(|s| TableDay::of(s, done.get(&s.target).copied().unwrap_or_default())).collect();
        let (table_count, trouble) = (tables.len(), tables.iter().filter(|t| t.is_trouble).count());
        tables.truncate(MOST_TABLES);
        let mut costs = Costs::of(Gathered::of(sums, since, swept, unreadable), &self.config.tables);
        costs.tables.truncate(MOST_TABLES);
        let project_and_dataset = &self.config.bigquery;
        DailyReport {
            target: format!("{}.{}", project_and_dataset.project, project_and_dataset.dataset),
            since,
            until: OffsetDateTime::now_utc(),
            trouble,
            table_count,
            tables,
            failures,
            costs,
            unread,
        }
    }
}

fn add(done: &mut BTreeMap<String, Done>, entry: &RunEntry) {
    for table in &entry.report.tables {
        let sum = done.entry(table.target.clone()).or_default();
        sum.runs += 1;
        sum.upserts = sum.upserts.saturating_add(table.upserts);
        sum.deletes = sum.deletes.saturating_add(TableReport::removed(table));
        sum.bytes_billed = sum.bytes_billed.saturating_add(table.bytes_billed.unwrap_or(0));
    }
    for table in &entry.report.verified {
        let sum = done.entry(table.target.clone()).or_default();
        sum.bytes_billed = sum.bytes_billed.saturating_add(table.bytes_billed.unwrap_or(0));
    }
}

impl TableDay {
    fn of(status: &FeedStatus, done: Done) -> Self {
        let differs = status.differs();
        Self {
            source: status.source.clone(),
            target: status.target.clone(),
            standing: Standing::of(status).name(),
            is_trouble: status.is_trouble(),
            since: status.since(),
            age_seconds: status.age_seconds,
            age_limit_seconds: status.age_limit.as_secs(),
            error: status.complaint().cloned(),
            differs: differs.map(|d| d.text()),
            differs_since: differs.map(|d| d.since),
            paused_since: status.paused_since,
            quarantined: status.quarantined,
            runs: done.runs,
            upserts: done.upserts,
            deletes: done.deletes,
            bytes_billed: done.bytes_billed,
        }
    }
}

impl DailyReport {
    /// Of so long a time until now.
    pub fn begin(span: std::time::Duration) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc();
        Duration::try_from(span).ok().and_then(|span| now.checked_sub(span)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}
