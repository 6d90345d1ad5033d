//! What a job is called: its id says of which run, table and verb it is.

use sha2::{Digest, Sha256};

use crate::batch::{Batch, TableBatch};
use crate::failpoint::Effect;
use crate::model::{FeedId, RunId, TargetRef};

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Load,
    Merge,
    /// Creates the target again.
    Recreate,
}

impl Verb {
    /// In a job's id.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Merge => "merge",
            Self::Recreate => "recreate",
        }
    }

    /// Starting it, and waiting for its end.
    pub(super) fn effects(self) -> (Effect, Effect) {
        match self {
            Self::Load => (Effect::LoadSubmit, Effect::LoadWait),
            Self::Recreate => (Effect::RecreateSubmit, Effect::RecreateWait),
            Self::Merge => (Effect::MergeSubmit, Effect::MergeWait),
        }
    }
}

/// The name of a job without its attempt.
#[derive(Clone, Debug)]
pub(super) struct JobName {
    /// Every attempt's id begins so.
    stem: String,
    pub verb: Verb,
    /// The source's relation: what an error is about.
    pub table: String,
    /// Names that a message may quote: of the table, its columns and its datasets.
    pub names: Vec<String>,
}

impl JobName {
    pub fn of(batch: &Batch, table: &TableBatch, verb: Verb) -> Self {
        let t = &table.target;
        let mut names: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
        names.extend(table.metadata.columns().into_iter().map(|c| c.name));
        let mut add = |t: &TargetRef| {
            names.extend([t.project.clone(), t.dataset.clone(), t.table.clone(), t.to_string()]);
            names.push(format!("{}:{}.{}", t.project, t.dataset, t.table));
        };
        add(t);
        if let Some(staging) = table.apply.staging() {
            add(staging);
        }
        Self { table: table.source.clone(), names, ..Self::new(&batch.feed, &batch.run, &t.table, verb) }
    }

    fn new(feed: &FeedId, run: &RunId, table: &str, verb: Verb) -> Self {
        let word = verb.word();
        // Job ids take letters, digits, underscores and dashes. A name that has to be changed for that gets a digest: two
        // tables of one run must not meet in one job.
        let legal = |s: &str| -> String {
            let plain: String =
                s.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(200).collect();
            if plain == s { plain } else { format!("{plain}-{}", digest(s)) }
        };
        Self {
            stem: format!("plimsoll_{}_{run}_{}_{word}", legal(feed.as_str()), legal(table)),
            verb,
            table: String::new(),
            names: Vec::new(),
        }
    }

    /// The id of an attempt, counted from 1.
    pub fn attempt(&self, n: u32) -> String {
        format!("{}_{n}", self.stem)
    }
}

fn digest(name: &str) -> String {
    Sha256::digest(name.as_bytes())[..6].iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_one_run_never_share_a_job() {
        let run = RunId::new(time::OffsetDateTime::UNIX_EPOCH, 1);
        let name = |table: &str| JobName::new(&FeedId::of_changelog(), &run, table, Verb::Merge).stem;
        let long = "x".repeat(250);
        let names = ["orders", "größe", "gräße", "注文", "顧客", "gr__e", &long, &format!("{long}y")].map(name);
        let distinct: std::collections::HashSet<&String> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "{names:?}");
        assert!(names.iter().all(|n| n.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')));
        assert!(names[0].contains("_orders_merge"));
    }
}
