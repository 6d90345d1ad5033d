//! What stands in the margin of a feed's state: which tables are paused, and how the last runs went.
//!
//! A run that is under way takes no notice of a note that is made meanwhile: the state says the same as before, so the run's next write
//! goes by the new generation and keeps the note (`handle.rs`). Nothing of what keeps two runs apart stands here.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::document::{Figures, PastRun, StateDocument, object_name};
use super::error::StateError;
use super::handle::Holder;
use crate::model::FeedId;
use crate::storage::{Expect, StorageError, Store};

/// How many past runs are kept.
const KEPT: usize = 30;
/// How many tables' shares of those are kept, the newest: many tables must not make the state large.
const KEPT_SHARES: usize = 600;
/// How often somebody else's write may be quicker than ours.
const MOST_ATTEMPTS: u32 = 8;

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
}

impl Notes {
    /// Notes what a run tells. Of tables that are no longer the feed's nothing is kept.
    pub(super) fn note(&mut self, told: &Told, is_kept: impl Fn(&str) -> bool) {
        let (targets, at) = told.checked.clone().unzip();
        for target in targets.unwrap_or_default() {
            let note = self.tables.entry(target).or_default();
            note.checked = note.checked.max(at);
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

    /// Adds a run, unless its end is noted already.
    pub fn add(&mut self, past: PastRun) {
        if self.recent.iter().any(|r| r.run == past.run && r.finished == past.finished) {
            return;
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

/// Whether a feed that never ran gets a state for a note's sake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newborn {
    Create,
    LeaveAlone,
}

/// Makes a note; what changes nothing is not written. `change` may be called more than once, each time on what is there then.
pub async fn annotate(
    store: &Store,
    feed: &FeedId,
    writer: &Holder,
    newborn: Newborn,
    change: impl Fn(&mut Notes),
) -> Result<(), StateError> {
    let name = object_name(feed);
    for attempt in 1..=MOST_ATTEMPTS {
        let (mut document, expect) = match store.get(&name).await? {
            Some((content, generation)) => (StateDocument::parse(feed, &content)?, Expect::Generation(generation)),
            None if newborn == Newborn::LeaveAlone => return Ok(()),
            None => {
                store.probe().await?;
                (StateDocument::new(feed.clone()), Expect::Absent)
            }
        };
        let before = document.notes.clone();
        change(&mut document.notes);
        if document.notes == before {
            return Ok(());
        }
        document.stamp = format!("{}/note{attempt}", writer.0);
        let unreadable = |e: serde_json::Error| StateError::Unreadable { feed: feed.clone(), reason: e.to_string() };
        let content = Bytes::from(serde_json::to_vec_pretty(&document).map_err(unreadable)?);
        match store.put(&name, content, "application/json", expect).await {
            Ok(_) => return Ok(()),
            Err(StorageError::Conflict { .. }) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Err(StateError::Lost(feed.clone()))
}

#[cfg(test)]
mod tests {
    use super::super::document::Complaint;
    use super::*;
    use crate::model::RunId;

    fn run(number: u64, tables: &[&str]) -> PastRun {
        let figures = |upserts| Figures { upserts, ..Figures::default() };
        PastRun {
            figures: figures(7),
            tables: tables.iter().map(|t| ((*t).to_owned(), figures(number))).collect(),
            ..PastRun::of(&RunId::new(OffsetDateTime::UNIX_EPOCH, number), 0.1, None)
        }
    }

    #[test]
    fn a_table_has_its_own_share_of_a_run() {
        let (shared, own) = (FeedId::of_changelog(), FeedId::of_target("a"));
        let upserts = |run: &PastRun, feed, target| run.of_table(feed, target).map(|r| r.figures.upserts);
        let both = run(3, &["a", "b"]);
        assert_eq!((upserts(&both, &shared, "a"), upserts(&both, &shared, "c")), (Some(3), None));
        // An older version has noted the feed's figures alone: of a feed of one table they are the table's.
        let old = run(3, &[]);
        assert_eq!((upserts(&old, &own, "a"), upserts(&old, &shared, "a")), (Some(7), None));
        let (message, hint) = (String::new(), String::new());
        let failed = PastRun { error: Some(Complaint { message, hint }), figures: Figures::default(), ..old };
        assert_eq!(upserts(&failed, &shared, "a"), Some(0), "every table's");
        // A failure of some tables is no other's.
        let of_a = PastRun { tables: [("a".to_owned(), Figures::default())].into(), ..failed.clone() };
        assert_eq!((upserts(&of_a, &shared, "a"), upserts(&of_a, &shared, "b")), (Some(0), None));
        let recovered = PastRun { error: None, ..failed };
        assert_eq!(upserts(&recovered, &shared, "a"), Some(0), "nothing was to be done for any of them");
    }

    #[test]
    fn a_failure_stands_until_the_table_is_looked_at() {
        let (message, hint) = ("m".to_owned(), "h".to_owned());
        let mut document = StateDocument::new(FeedId::of_changelog());
        let failed = PastRun { error: Some(Complaint { message, hint }), figures: Figures::default(), ..run(1, &[]) };
        document.notes.add(PastRun { tables: [("a".to_owned(), Figures::default())].into(), ..failed.clone() });
        assert!(document.failure_of("a").is_some() && document.failure_of("b").is_none());
        // Another table's run says nothing of this one.
        document.notes.add(run(2, &["b"]));
        assert!(document.failure_of("a").is_some());
        let checked = Some((vec!["a".to_owned()], failed.finished + time::Duration::SECOND));
        document.notes.note(&Told { checked, ..Told::default() }, |_| true);
        assert!(document.failure_of("a").is_none());
    }

    #[test]
    fn many_tables_do_not_make_the_notes_large() {
        let names: Vec<String> = (0..250).map(|n| format!("t{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut notes = Notes::default();
        for number in 0..40 {
            let past = run(number, &names);
            let told = Told { wrote: past.tables.clone(), past: Some(past), checked: None };
            notes.note(&told, |target| target != "t0");
        }
        let shares: Vec<usize> = notes.recent.iter().rev().map(|r| r.tables.len()).collect();
        assert_eq!((shares.len(), &shares[..4]), (30, &[250, 250, 0, 0][..]));
        assert_eq!(notes.tables.len(), 249);
        assert_eq!(notes.tables["t9"].last.as_ref().map(|r| r.figures.upserts), Some(39));
    }
}
