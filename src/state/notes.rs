//! What stands in the margin of a feed's state: which tables are paused, and how the last runs went.
//!
//! A run that is under way takes no notice of a note that is made meanwhile: the state says the same as before, so the run's next write
//! goes by the new generation and keeps the note (`handle.rs`). Nothing of what keeps two runs apart stands here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::past_run::{Figures, PastRun};
use super::pause_reason::PauseReason;
use super::paused_by::PausedBy;
use super::verified::Verified;
use super::verifying::Verifying;

/// How many past runs are kept.
const KEPT: usize = 30;
/// How many tables' shares of those are kept, the newest: many tables must not make the state large.
const KEPT_SHARES: usize = 600;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Notes {
    /// Tables that no run reads until somebody resumes them, by target.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "if_readable")]
    pub paused: BTreeMap<String, Paused>,
    /// The last runs that changed something or failed, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "if_readable")]
    pub recent: Vec<PastRun>,
    /// What is known of each table, by target.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "if_readable")]
    pub tables: BTreeMap<String, TableNote>,
}

/// What is known of one table of a feed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TableNote {
    /// When a run last ended that had looked for the table's changes and left none behind.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub checked: Option<OffsetDateTime>,
    /// The last run that wrote the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<PastRun>,
    /// What the last comparison with the source has found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
    /// The comparison that goes on.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "if_readable")]
    pub verifying: Option<Verifying>,
    /// When a comparison last ended, whatever has come of it.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub compared: Option<OffsetDateTime>,
    /// The last comparison for `reconcile_every`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "if_readable")]
    pub reconciled: Option<Reconciled>,
}

/// What a comparison for `reconcile_every` has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    pub outcome: ReconcileOutcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReconcileOutcome {
    /// All of it was looked at, and what differed was read again.
    Compared,
    /// It could not be, so all rows are staged instead.
    NotCompared,
}

/// What a run has to tell of itself at its end.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Itself, where it is worth a note.
    pub past: Option<PastRun>,
    /// The targets that it has written, with their figures: of a load in chunks, those of all its runs so far.
    pub wrote: BTreeMap<String, Figures>,
    /// The targets that it has looked for changes of and left none behind, and when.
    pub checked: Option<(Vec<String>, OffsetDateTime)>,
    /// What comparisons with the source have found, by target.
    pub verified: BTreeMap<String, Verified>,
    /// How far comparisons have come, by target; `None` for one that is over.
    pub verifying: BTreeMap<String, Option<Verifying>>,
    /// The targets whose comparisons have ended, and when.
    pub compared: BTreeMap<String, OffsetDateTime>,
    /// What comparisons for `reconcile_every` have come to, by target.
    pub reconciled: BTreeMap<String, Reconciled>,
    /// The targets whose rows it has all replaced: a comparison of one that goes on starts again.
    pub filled: Vec<String>,
}

/// A note that cannot be read is none: it must not make the rest of the state unreadable.
fn if_readable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + serde::de::DeserializeOwned,
{
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// A table that rests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// In the words of who paused it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "if_readable")]
    pub reason: Option<PauseReason>,
    /// Who paused it; an older version did not say.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "if_readable")]
    pub by: Option<PausedBy>,
}

impl Notes {
    /// The last comparisons for `reconcile_every`, by target.
    pub fn reconciled(&self) -> BTreeMap<String, Reconciled> {
        self.tables.iter().filter_map(|(target, note)| Some((target.clone(), note.reconciled?))).collect()
    }

    /// Notes what a run tells. Of tables that are no longer the feed's nothing is kept.
    pub(super) fn note(&mut self, told: &Told, is_kept: impl Fn(&str) -> bool) {
        let (targets, at) = told.checked.clone().unzip();
        for target in targets.unwrap_or_default() {
            let note = self.tables.entry(target).or_default();
            note.checked = note.checked.max(at);
        }
        for (target, verified) in &told.verified {
            let note = &mut self.tables.entry(target.clone()).or_default().verified;
            *note = Some(verified.clone().after(note.as_ref()));
        }
        for (target, at) in &told.compared {
            self.tables.entry(target.clone()).or_default().compared = Some(*at);
        }
        for (target, reconciled) in &told.reconciled {
            self.tables.entry(target.clone()).or_default().reconciled = Some(*reconciled);
        }
        for target in &told.filled {
            if let Some(note) = self.tables.get_mut(target) {
                note.verifying = note.verifying.take().map(Verifying::restarted);
            }
        }
        for (target, verifying) in &told.verifying {
            self.tables.entry(target.clone()).or_default().verifying = verifying.clone().map(Verifying::kept);
        }
        if let Some(past) = &told.past {
            for (target, figures) in &told.wrote {
                let last = &mut self.tables.entry(target.clone()).or_default().last;
                // A merge of keys alone may find that nothing is to go.
                if last.is_none() || figures.has_rows() {
                    *last = Some(PastRun { figures: *figures, tables: BTreeMap::new(), ..past.clone() });
                }
            }
            self.add(past.clone());
        }
        self.tables.retain(|target, _| is_kept(target));
    }

    /// Since when runs have failed for the tables that this failure is of: more runs may have than are kept.
    fn failing_since(&self, failed: &PastRun) -> Option<OffsetDateTime> {
        let is_of_them = |r: &&PastRun| r.tables.keys().eq(failed.tables.keys());
        let before = self.recent.iter().rfind(is_of_them).filter(|r| r.error.is_some())?;
        let is_theirs = |target: &String| failed.tables.is_empty() || failed.tables.contains_key(target);
        let theirs = self.tables.iter().filter(|(target, _)| is_theirs(target));
        // One that has found nothing to do is kept nowhere else.
        let has_recovered = theirs.filter_map(|(_, note)| note.checked).any(|at| at > before.finished);
        before.failing_since.or_else(|| before.run.started()).filter(|_| !has_recovered)
    }

    /// Adds a run, unless its end is noted already.
    pub fn add(&mut self, mut past: PastRun) {
        if self.recent.iter().any(|r| r.run == past.run && r.finished == past.finished) {
            return;
        }
        if past.error.is_some() {
            past.failing_since = self.failing_since(&past).min(past.failing_since).or(past.failing_since);
        }
        self.recent.push(past);
        let too_many = self.recent.len().saturating_sub(KEPT);
        self.recent.drain(..too_many);
        let mut shares = 0;
        for run in self.recent.iter_mut().rev() {
            shares += run.tables.len();
            if shares > KEPT_SHARES {
                run.tables.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::model::{Difference, RunId, Verification};
    use crate::state::past_run::tests::run;
    use crate::state::{Complaint, Found, FoundKey};

    fn verifying(keys: usize) -> Verifying {
        let key = |n| FoundKey { kind: Difference::Extra, key: vec![format!("{n}")] };
        let found = Found { extra: 7, bytes_billed: Some(9), keys: (0..keys).map(key).collect(), ..Found::default() };
        let (began, asked) = (datetime!(2026-11-26 17:41 UTC), Verification::default());
        Verifying {
            began,
            asked,
            basis: "b".to_owned(),
            after: Some(vec!["7".to_owned()]),
            about: 9,
            found,
            reported_bytes: 3,
        }
    }

    /// A comparison that goes on: few keys are kept, it starts again where the target was filled anew, and an unreadable one is none.
    #[test]
    fn a_comparison_goes_on() {
        let mut notes = Notes::default();
        let told = Told { verifying: [("t".to_owned(), Some(verifying(2000)))].into(), ..Told::default() };
        notes.note(&told, |_| true);
        let mut json = serde_json::to_value(&notes).unwrap();
        assert_eq!(serde_json::from_value::<Notes>(json.clone()).unwrap(), notes);
        let kept = notes.tables["t"].verifying.clone().unwrap();
        assert_eq!((kept.found.keys.len(), kept.found.extra), (1000, 7));
        json["tables"]["t"]["verifying"]["asked"] = serde_json::json!("something else");
        assert_eq!(serde_json::from_value::<Notes>(json).unwrap().tables["t"], TableNote::default());
        notes.note(&Told { filled: vec!["t".to_owned(), "other".to_owned()], ..Told::default() }, |_| true);
        let again = notes.tables["t"].verifying.clone().unwrap();
        assert_eq!(
            (again.after, again.found, again.asked),
            (None, Found { bytes_billed: Some(9), ..Found::default() }, kept.asked)
        );
        assert!(!notes.tables.contains_key("other"));
    }

    /// More runs may fail than are kept: each has noted since when.
    #[test]
    fn since_when_runs_fail_outlasts_the_runs() {
        let began = datetime!(2026-11-26 17:00 UTC);
        let failed = |minutes: i64, tables: &[&str]| {
            let at = began + time::Duration::minutes(minutes);
            let error = Some(Complaint { message: "m".to_owned(), hint: "h".to_owned() });
            let past = PastRun::of(&RunId::new(at, 1), 0.1, error);
            let tables = tables.iter().map(|t| ((*t).to_owned(), Figures::default())).collect();
            PastRun { finished: at, tables, ..past }
        };
        let mut notes = Notes::default();
        for minutes in 0..100 {
            notes.add(failed(minutes, &[]));
            // Another table of the feed fails by itself.
            notes.add(failed(minutes, &["b"]));
        }
        assert_eq!(notes.recent.len(), 30);
        assert!(notes.recent.iter().all(|r| r.failing_since == Some(began)), "{:?}", notes.recent);
        // A run in between that found nothing to do has left no run, but a note.
        let checked = Some((vec!["b".to_owned()], began + time::Duration::minutes(100)));
        notes.note(&Told { checked, ..Told::default() }, |_| true);
        notes.add(failed(101, &["b"]));
        let last = notes.recent.last().unwrap();
        assert_eq!(last.failing_since, last.run.started());
        // And one that did something.
        let (done, at) = (failed(102, &[]), began + time::Duration::minutes(103));
        notes.add(PastRun { error: None, failing_since: None, ..done });
        notes.add(failed(103, &[]));
        assert_eq!(notes.recent.last().unwrap().failing_since, Some(at));
    }

    #[test]
    fn many_tables_do_not_make_the_notes_large() {
        let names: Vec<String> = (0..250).map(|n| format!("t{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut notes = Notes::default();
        for number in 0..40 {
            let past = run(number, &names);
            let told = Told { wrote: past.tables.clone(), past: Some(past), ..Told::default() };
            notes.note(&told, |target| target != "t0");
        }
        let shares: Vec<usize> = notes.recent.iter().rev().map(|r| r.tables.len()).collect();
        assert_eq!((shares.len(), &shares[..4]), (30, &[250, 250, 0, 0][..]));
        assert_eq!(notes.tables.len(), 249);
        assert_eq!(notes.tables["t9"].last.as_ref().map(|r| r.figures.upserts), Some(39));
    }
}
