//! What is proposed: the words that the parts of this folder share.

use crate::model::{Dialect, RelationName};

/// From so many rows on, a scan or a list of all keys each tick is a burden.
pub const LARGE: u64 = 1_000_000;

/// Whether a line counts as it stands, or is there to be uncommented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    Live,
    Offered,
}

/// One key of a `[[table]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub key: &'static str,
    /// As TOML.
    pub value: String,
    /// What speaks for it; may be empty.
    pub why: String,
    pub written: Written,
}

/// Whether a table counts as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Active,
    /// It stands there as a comment, for these reasons.
    Commented(Vec<String>),
}

/// One `[[table]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    pub dialect: Dialect,
    pub name: RelationName,
    /// What it is and what of it reaches BigQuery, for people.
    pub heading: String,
    /// What else there is to know of it.
    pub remarks: Vec<String>,
    pub verdict: Verdict,
    /// Where it is not the table's own name.
    pub target: Option<String>,
    pub settings: Vec<Setting>,
}

/// Who writes a change log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogWriter {
    Triggers,
    Application,
}

/// A change log that the config can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedLog {
    pub preset: &'static str,
    /// Its table; of a log with a table for each type, one of them.
    pub table: RelationName,
    /// Where that is not where the preset says.
    pub at: Option<RelationName>,
    pub written: Written,
    pub writer: LogWriter,
    /// An example of a type of its entries.
    pub example: String,
}

/// What a file will say.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Host, port and database.
    pub label: String,
    pub dialect: Dialect,
    pub log: Option<ProposedLog>,
    pub tables: Vec<Proposed>,
    /// What is not listed one by one, and why.
    pub remarks: Vec<String>,
    /// Tables that the role may not read; `remarks` have the GRANT.
    pub unread: usize,
}

impl Proposal {
    /// How many tables the config has as it stands.
    pub fn active(&self) -> usize {
        self.tables.iter().filter(|t| t.verdict == Verdict::Active).count()
    }
}
